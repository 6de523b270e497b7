package casework

import (
	"context"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// AnswerFor says that the actor's organisation answers, with accounts on this
// node, for a service of the directory (or no longer does): referrals to it
// then come into the organisation's inbox instead of going out by link. Nobody
// takes a service away from another organisation.
func (d *Desk) AnswerFor(ctx context.Context, service string, answers bool) error {
	dir, err := d.dir(ctx)
	if err != nil {
		return err
	}
	if _, ok := dir.service(service); !ok {
		return errNoService
	}
	who := actor.From(ctx)
	return d.DB.Write(ctx, func(t *db.Tx) error {
		now, err := receiverOf(t, service)
		if err != nil {
			return err
		}
		if now != "" && now != who.Organisation {
			return problem.New(problem.Conflict, "casework.answered-by-another", "Another organisation of this node answers for this service. Ask its supervisor to give it up first.")
		}
		if answers {
			err = putReceiver(t, service, who.Organisation, who.Person, d.Clock.Now())
		} else {
			err = deleteReceiver(t, service)
		}
		if err != nil {
			return err
		}
		return d.leaf(t, ctx, "answer-for", "service:"+service, "", map[string]any{"organisation": who.Organisation, "answers": answers}, nil)
	})
}

// answerers names, for each of the services, the organisation that answers for
// it here.
func (d *Desk) answerers(t *db.Tx, offered []Offered) error {
	all, err := receivers(t)
	if err != nil {
		return err
	}
	for i := range offered {
		offered[i].Receiver = all[offered[i].ID]
		if offered[i].Receiver != "" && d.OrganisationName != nil {
			offered[i].ReceiverName = d.OrganisationName(t.Context(), offered[i].Receiver)
		}
	}
	return nil
}
