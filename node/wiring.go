package node

import (
	"context"
	"slices"

	"lintas/agency"
	"lintas/casework"
	"lintas/displacement"
	"lintas/kernel/actor"
	"lintas/platform/audit"
	"lintas/platform/gate"
	"lintas/platform/jobs"
	"lintas/platform/mail"
	"lintas/platform/push"
	"lintas/screening"
)

// desks are the rooms of the node beside the agency.
type desks struct {
	Screening    *screening.Desk
	Casework     *casework.Desk
	Displacement *displacement.Desk
}

// wire builds the desks and draws every arrow between them. This is the one place that answers "who
// listens to whom".
func (n *Node) wire(ctx context.Context) (err error) {
	n.Agency, err = agency.Open(ctx, agency.Deps{
		DB: n.DB, Keys: n.Keys, Clock: n.Clock, Log: n.Log,
		PublicURL: n.Config.PublicURL, NodeName: n.Config.Name, Country: n.Config.Country, DemoSignIns: n.demoSignIns(), Version: Version(),
	})
	if err != nil {
		return err
	}
	n.Screening, err = screening.Open(ctx, screening.Deps{
		DB: n.DB, Keys: n.Keys, Clock: n.Clock, Log: n.Log, PublicURL: n.Config.PublicURL,
		PersonNames: n.Agency.NamesOf, DeviceNames: n.Agency.DeviceNames, Services: n.phoneServices, // what a phone must know offline
		DeviceByToken: n.Agency.DeviceByToken, LiveDevices: n.Agency.LiveDevices, Staff: n.staff, // to whom an interview can be handed over
	})
	if err != nil {
		return err
	}
	mail, push, err := n.notices()
	if err != nil {
		return err
	}
	rules, err := readHandOver()
	if err != nil {
		return err
	}
	n.Casework, err = casework.Open(ctx, casework.Deps{
		DB: n.DB, Keys: n.Keys, Clock: n.Clock, Log: n.Log,
		Country: n.Config.Country, PublicURL: n.Config.PublicURL, NodeName: n.Config.Name, PublicDirectory: n.Config.PublicHSDS,
		NameOf: n.Agency.NameOf, LocaleOf: n.Agency.LocaleOf, OrganisationName: n.Agency.OrganisationName, Staff: n.staff, Ours: n.FirstOrganisation,
		Screening: n.screened(rules), // a case is opened from a screening that the caseworker may read
		Mail:      mail, Push: push, PushKey: n.Push.PublicKey(),
	})
	if err != nil {
		return err
	}
	if n.Displacement, err = displacement.Open(ctx, displacement.Deps{DB: n.DB, Clock: n.Clock, Log: n.Log, Version: Version()}); err != nil {
		return err
	}
	n.Displacement.Names = n.Agency.NamesOf
	n.Displacement.OrganisationName = n.Agency.OrganisationName
	if n.Config.Workers != "" {
		n.Displacement.Hub = n.workers.get // runs of scenarios are handed out to workers that joined
	}
	return nil
}

// staff are the people of an organisation who have one of the roles and have not left: notices to a group go
// to whoever is in it when they are sent.
func (n *Node) staff(ctx context.Context, organisation string, roles ...actor.Role) (out []string, err error) {
	people, err := n.Agency.People(actor.With(ctx, actor.Actor{System: "node.staff", Organisation: organisation}))
	for _, p := range people {
		if p.State == "active" && (actor.Actor{Roles: p.Roles}).Has(roles...) {
			out = append(out, p.ID)
		}
	}
	return out, err
}

// notices are the ways in which the node tells people that something waits; nil where there is none.
func (n *Node) notices() (byMail func(ctx context.Context, to, subject, text string) error, byPush func(ctx context.Context, subscription []byte, text string) error, err error) {
	if n.Config.SMTP != "" {
		sender, err := mail.Open(n.Config.SMTP, n.Config.MailFrom)
		if err != nil {
			return nil, nil, err
		}
		byMail = sender.Send
	}
	n.Push, err = push.Open(n.Keys.Derive("web push"), n.Config.PublicURL)
	if err != nil {
		return nil, nil, err
	}
	return byMail, n.Push.Send, nil
}

func (n *Node) deskRoutes(g *gate.Gate) {
	n.Screening.Routes(g)
	n.Casework.Routes(g)
	n.Displacement.Routes(g)
}

func (n *Node) deskJobs() []jobs.Job {
	return slices.Concat(n.Screening.Jobs(), n.Casework.Jobs(), n.Displacement.Jobs())
}

// takeAway are the verbs after whose leaf a row that the log vouches for may be gone.
var takeAway = []string{
	"screening.erase", "screening.entity-delete", "displacement.erase",
	"screening.handover-taken", "screening.handover-refused", "screening.handover-withdrawn", "screening.handover-expired", "screening.handover-unreachable",
}

// storedKinds says for each kind of object how to read the bytes its audit leaf vouches for.
func (n *Node) storedKinds() map[string]audit.Stored {
	all := map[string]audit.Stored{"person": n.Agency.Stored, "screening": screening.Stored, "screening-procedure": screening.StoredProcedure, "screening-entity": screening.StoredEntity, "screening-place": screening.StoredPlace, "screening-handover": screening.StoredHandover, "displacement": displacement.Stored}
	for kind, stored := range n.Casework.Stored() {
		all[kind] = stored
	}
	return all
}
