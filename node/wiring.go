package node

import (
	"context"

	"lintas/agency"
	"lintas/platform/audit"
	"lintas/platform/gate"
	"lintas/platform/jobs"
	"lintas/screening"
)

// desks are the rooms of the node beside the agency.
type desks struct {
	Screening *screening.Desk
}

// wire builds the desks and draws every arrow between them. This is the one place that answers "who
// listens to whom".
func (n *Node) wire(ctx context.Context) (err error) {
	n.Agency, err = agency.Open(ctx, agency.Deps{
		DB: n.DB, Keys: n.Keys, Clock: n.Clock, Log: n.Log,
		PublicURL: n.Config.PublicURL, NodeName: n.Config.Name, Country: n.Config.Country, Demo: n.Demo, Version: Version(),
	})
	if err != nil {
		return err
	}
	n.Screening, err = screening.Open(ctx, screening.Deps{
		DB: n.DB, Keys: n.Keys, Clock: n.Clock, Log: n.Log, PublicURL: n.Config.PublicURL,
		PersonNames: n.Agency.NamesOf,
	})
	return err
}

func (n *Node) deskRoutes(g *gate.Gate) {
	n.Screening.Routes(g)
}

func (n *Node) deskJobs() []jobs.Job { return nil }

// storedKinds says for each kind of object how to read the bytes its audit leaf vouches for.
func (n *Node) storedKinds() map[string]audit.Stored {
	return map[string]audit.Stored{"person": n.Agency.Stored, "screening": screening.Stored}
}

// demoDesks fills the desks of a demo node; people are the demo's persons by login.
func (n *Node) demoDesks(ctx context.Context, people map[string]agency.Person) error { return nil }
