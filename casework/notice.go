package casework

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"net/mail"
	"time"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/locale"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/push"
)

// Notice tells somebody of the staff that something happened. It holds ids and
// codes only; what leaves the node by e-mail or push holds not even those.
type Notice struct {
	ID           string    `json:"id"`
	Key          string    `json:"-"` // what it is about; the same is told once
	Organisation string    `json:"-"`
	Person       string    `json:"-"` // empty = the organisation's supervisors; everybody = its caseworkers, too
	Kind         string    `json:"kind"`
	Case         string    `json:"case,omitempty"`
	Code         string    `json:"case_code,omitempty"`
	Referral     string    `json:"referral,omitempty"`
	MadeAt       time.Time `json:"made_at"`
}

// everybody stands for all of an organisation's caseworkers and supervisors: a
// referral that has come is for whoever is there.
const everybody = "*"

// notify queues a notice in the transaction of what it tells: what happened is
// told, and what did not happen is not.
func (d *Desk) notify(t *db.Tx, n Notice) error {
	if n.Case != "" {
		if c, found, err := caseByID(t, n.Case); err != nil || found && c.Exercise {
			return err // an exercise alarms nobody
		}
	}
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
			n.Organisation, n.Case, n.Person = r.Receiver, "", everybody
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

// noticeWords is what a notice says outside the node, in one language: that
// there is something, never what. A push is cut at 100 characters by the page
// that shows it.
type noticeWords struct {
	Subject string `json:"subject"`
	Text    string `json:"text"`
	Push    string `json:"push"`
}

//go:embed notices.json
var noticeFile []byte

// noticesIn are the words by the language's code.
var noticesIn = func() map[string]noticeWords {
	var f struct {
		Locales map[string]noticeWords `json:"locales"`
	}
	if err := json.Unmarshal(noticeFile, &f); err != nil {
		panic("casework/notices.json: " + err.Error()) // embedded: a test reads it, too
	}
	return f.Locales
}()

// wordsFor are the words in the language that a person reads.
func (d *Desk) wordsFor(ctx context.Context, person string) (noticeWords, error) {
	code := locale.Interface[0].Code
	if d.LocaleOf != nil {
		var err error
		if code, err = d.LocaleOf(ctx, person); err != nil {
			return noticeWords{}, err
		}
	}
	if w, ok := noticesIn[code]; ok {
		return w, nil
	}
	return noticesIn[locale.Interface[0].Code], nil
}

// SendNotices sends queued notices to those who asked for them elsewhere than
// on the page. A notice that reached nobody is tried again, five times in all.
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

// sendNotice sends one notice by every channel of everybody it is for. It is an
// error when there are channels and none of them took it: one that is broken
// must not make the others ring five times.
func (d *Desk) sendNotice(ctx context.Context, q queued) error {
	persons, err := d.whoIs(ctx, q)
	if err != nil {
		return err
	}
	var channels []channel
	err = d.DB.Read(ctx, func(t *db.Tx) (err error) { channels, err = channelsOf(t, persons); return err })
	if err != nil {
		return err
	}
	var failed []error
	reached := false
	for _, c := range channels {
		err := d.sendBy(ctx, c)
		reached = reached || err == nil
		failed = append(failed, err)
	}
	if reached {
		return nil
	}
	return errors.Join(failed...)
}

// whoIs are the persons that a notice is for.
func (d *Desk) whoIs(ctx context.Context, q queued) ([]string, error) {
	switch {
	case q.Person != "" && q.Person != everybody:
		return []string{q.Person}, nil
	case d.Staff == nil:
		return nil, nil
	case q.Person == everybody:
		return d.Staff(ctx, q.Organisation, actor.Caseworker, actor.Supervisor)
	}
	return d.Staff(ctx, q.Organisation, actor.Supervisor)
}

// sendBy sends to one address. A subscription that the browser has ended is
// forgotten.
func (d *Desk) sendBy(ctx context.Context, c channel) error {
	value, err := d.unseal(ctx, c.Person, Contact, place("channel", c.Person, c.Kind), c.Sealed)
	if err != nil {
		return err
	}
	words, err := d.wordsFor(ctx, c.Person)
	if err != nil {
		return err
	}
	switch {
	case c.Kind == "email" && d.Mail != nil:
		return d.Mail(ctx, string(value), words.Subject, words.Text)
	case c.Kind == "push" && d.Push != nil:
		err = d.Push(ctx, value, words.Push)
		if errors.Is(err, push.ErrGone) {
			return d.DB.Write(ctx, func(t *db.Tx) error { return deleteChannel(t, c.Person, c.Kind) })
		}
	}
	return err
}
