package casework

import (
	"context"
	"errors"
	"net/mail"
	"time"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// Notice tells somebody of the staff that something happened. It holds ids and
// codes only; what leaves the node by e-mail or push holds not even those.
type Notice struct {
	ID           string    `json:"id"`
	Key          string    `json:"-"` // what it is about; the same is told once
	Organisation string    `json:"-"`
	Person       string    `json:"-"` // empty = the organisation's supervisors
	Kind         string    `json:"kind"`
	Case         string    `json:"case,omitempty"`
	Referral     string    `json:"referral,omitempty"`
	MadeAt       time.Time `json:"made_at"`
}

// notify queues a notice in the transaction of what it tells: what happened is
// told, and what did not happen is not.
func (d *Desk) notify(t *db.Tx, n Notice) error {
	n.ID, n.MadeAt = id.New(), d.Clock.Now()
	return insertNotice(t, n)
}

// tell notifies the parties of a referral's step that are of this node.
func (d *Desk) tell(t *db.Tx, r Referral, kind, key string, parties []referral.Party) error {
	for _, p := range parties {
		n := Notice{Kind: kind, Case: r.Case, Referral: r.ID, Key: key + ":" + string(p), Organisation: r.Organisation}
		switch p {
		case referral.Sender:
			n.Person = r.Sender
		case referral.Supervisor:
		case referral.Receiver:
			if r.Receiver == "" || r.Peer != "" && r.Case != "" {
				continue // by link or on another node: told on their page or by message
			}
			n.Organisation, n.Case = r.Receiver, ""
		default:
			continue
		}
		if n.Organisation == "" {
			continue
		}
		if err := d.notify(t, n); err != nil {
			return err
		}
	}
	return nil
}

// ReadNotice takes a notice off the actor's list.
func (d *Desk) ReadNotice(ctx context.Context, notice string) error {
	return d.DB.Write(ctx, func(t *db.Tx) error { return readNotice(t, actor.From(ctx), notice, d.Clock.Now()) })
}

// SetChannel stores where the actor wants notices: an e-mail address, or a web
// push subscription as the browser gave it. Empty removes it.
func (d *Desk) SetChannel(ctx context.Context, kind, value string) error {
	who := actor.From(ctx).Person
	if kind != "email" && kind != "push" {
		return problem.New(problem.Invalid, "casework.channel-kind", "Notices go by email or push.")
	}
	if _, err := mail.ParseAddress(value); kind == "email" && value != "" && err != nil {
		return problem.New(problem.Invalid, "casework.channel-address", "This is not an e-mail address.").With("body.value", "is not an e-mail address")
	}
	if err := d.ensure(ctx, who, Contact); err != nil {
		return err
	}
	return d.DB.Write(ctx, func(t *db.Tx) error {
		if value == "" {
			return deleteChannel(t, who, kind)
		}
		sealed, err := d.seal(ctx, who, Contact, place("channel", who, kind), []byte(value))
		if err != nil {
			return err
		}
		return putChannel(t, who, kind, sealed)
	})
}

// What a notice says outside the node: that there is something, never what.
const (
	noticeSubject = "There is something for you in Lintas"
	noticeText    = "There is something for you in Lintas. Sign in to see it. This message holds no names and needs no answer."
)

// SendNotices sends queued notices to those who asked for them elsewhere than
// on the page. A notice that cannot be sent is tried again five times.
func (d *Desk) SendNotices(ctx context.Context) error {
	var queue []queued
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) { queue, err = unsent(t, 200); return err })
	if err != nil {
		return err
	}
	var failed []error
	for _, q := range queue {
		sendErr := d.sendNotice(ctx, q)
		err := d.DB.Write(ctx, func(t *db.Tx) error { return triedNotice(t, q.ID, sendErr == nil, d.Clock.Now()) })
		failed = append(failed, sendErr, err)
	}
	return errors.Join(failed...)
}

func (d *Desk) sendNotice(ctx context.Context, q queued) error {
	for _, c := range q.Channels {
		value, err := d.unseal(ctx, c.Person, Contact, place("channel", c.Person, c.Kind), c.Sealed)
		if err != nil {
			return err
		}
		switch {
		case c.Kind == "email" && d.Mail != nil:
			err = d.Mail(ctx, string(value), noticeSubject, noticeText)
		case c.Kind == "push" && d.Push != nil:
			err = d.Push(ctx, value, noticeText)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
