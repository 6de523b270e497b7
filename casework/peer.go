package casework

import (
	"context"
	"strconv"
	"time"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// PeerMessage is one step of a referral as it goes to, or comes from, another
// node. The exchange desk seals and carries it; it may come twice.
type PeerMessage struct {
	Referral string `json:"referral"`
	Key      string `json:"key"` // the same step has the same key
	N        int64  `json:"n"`   // steps at the end it comes from
	// Basis is, in a receiver's message, the N of the sender's newest message
	// that the receiver knew. A step taken in ignorance of a newer one crossed
	// with it and does not count.
	Basis    int64             `json:"basis,omitempty"`
	Event    referral.Event    `json:"event"`
	Party    referral.Party    `json:"party"`
	Reason   string            `json:"reason"`
	State    referral.State    `json:"state"`
	At       time.Time         `json:"at"`
	Round    int               `json:"round"`
	Priority referral.Priority `json:"priority"`
	Zone     string            `json:"zone"`
	Began    time.Time         `json:"began"`
	Deadline time.Time         `json:"deadline"`
	// Only with a step that discloses.
	Service  string            `json:"service,omitempty"`
	Receiver string            `json:"receiver,omitempty"`
	From     string            `json:"from,omitempty"`
	Needs    []string          `json:"needs,omitempty"`
	Fields   []string          `json:"fields,omitempty"`
	Text     string            `json:"text,omitempty"`
	Values   map[string]string `json:"values,omitempty"`
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }

// tellPeer hands a step to the exchange when the other end is another node.
// Nothing of an offer leaves before it is sent.
func (d *Desk) tellPeer(t *db.Tx, ctx context.Context, r Referral, s Step, in StepIn) error {
	if r.Peer == "" {
		return nil
	}
	if r.Case != "" && r.State != referral.Sent {
		if went, err := wentOut(t, r.ID); err != nil || !went || r.State == referral.Offered {
			return err
		}
	}
	if d.Peer == nil {
		return problem.New(problem.Unavailable, "casework.no-exchange", "This node is not connected to other nodes. Send the referral by link.")
	}
	m := PeerMessage{
		Referral: r.ID, Key: r.ID + ":" + map[bool]string{true: "s", false: "r"}[r.Case != ""] + itoa(s.N), N: s.N, Event: s.Event, Party: s.Party, Reason: s.Reason, State: r.State,
		At: s.At, Round: r.Round, Priority: r.Priority, Zone: r.Zone, Began: r.Began, Deadline: r.Deadline,
	}
	if r.Case == "" {
		var err error
		if m.Basis, err = lastFromPeer(t, r.ID); err != nil {
			return err
		}
	}
	if r.Case != "" && r.State == referral.Sent {
		a, err := d.openAsked(ctx, r)
		if err != nil {
			return err
		}
		values, err := d.disclosedValues(t, ctx, r)
		if err != nil {
			return err
		}
		m.Service, m.Receiver, m.Needs, m.Fields, m.Text, m.Values = r.Service, r.Receiver, r.Needs, r.Fields, a.Text, values
		m.From = d.NodeName
	}
	return d.Peer(t, r.Peer, m)
}

// EnsurePeer makes the keys that a message's disclosure will be sealed under;
// call it before the transaction that calls ReceivePeer.
func (d *Desk) EnsurePeer(ctx context.Context, m PeerMessage) error {
	return d.ensure(ctx, m.Referral, Narrative)
}

// ReceivePeer takes in a step from another node, inside the exchange's
// transaction. A message that came before changes nothing. The sender's word
// on the state counts; a receiver's step that crossed with it is kept on the
// record and does not change the state.
func (d *Desk) ReceivePeer(t *db.Tx, ctx context.Context, peer string, m PeerMessage) error {
	if done, err := stepKnown(t, m.Referral, m.Key); err != nil || done {
		return err
	}
	r, found, err := referralByID(t, m.Referral)
	if err != nil {
		return err
	}
	if !found {
		if m.State != referral.Sent {
			return problem.New(problem.Conflict, "casework.peer-unknown", "The message speaks of a referral that has not come.")
		}
		r = Referral{ID: m.Referral, Person: m.Referral, Peer: peer, Receiver: m.Receiver, Service: m.Service, MadeAt: d.Clock.Now()}
		if err := d.sealAsked(ctx, &r, Asked{}); err != nil {
			return err
		}
		r.Zone, r.State, r.Priority = m.Zone, m.State, m.Priority
		if err := insertReferral(t, r); err != nil {
			return err
		}
	}
	if r.Peer != peer {
		return errNoReferral // another node speaks of it: as if it were not there
	}
	ctx = actor.With(ctx, actor.Actor{System: "casework.peer"})
	if r.Case != "" {
		return d.receiverSays(t, ctx, r, m)
	}
	return d.senderSays(t, ctx, r, m)
}

// senderSays follows the sender's state.
func (d *Desk) senderSays(t *db.Tx, ctx context.Context, r Referral, m PeerMessage) error {
	r.State, r.Priority, r.Zone, r.Round, r.Began, r.Deadline = m.State, m.Priority, m.Zone, m.Round, m.Began, m.Deadline
	if m.State == referral.Sent {
		r.Needs, r.Fields = m.Needs, m.Fields
		if err := d.sealAsked(ctx, &r, Asked{Text: m.Text, Values: m.Values, From: m.From}); err != nil {
			return err
		}
	} else if err := d.forget(ctx, &r); err != nil {
		return err
	}
	return d.recordPeer(t, ctx, r, m, []referral.Party{referral.Receiver})
}

// forget drops, at a receiving node, what was disclosed once it no longer is.
func (d *Desk) forget(ctx context.Context, r *Referral) error {
	if r.Case != "" || r.State.Disclosed() {
		return nil
	}
	r.Fields = nil
	return d.sealAsked(ctx, r, Asked{})
}

// receiverSays takes the receiver's step if the table allows it, else keeps it
// on the record.
func (d *Desk) receiverSays(t *db.Tx, ctx context.Context, r Referral, m PeerMessage) error {
	life, err := r.life()
	if err != nil {
		return err
	}
	out, err := life.Apply(referral.Step{Event: m.Event, By: referral.Receiver, At: d.Clock.Now(), Reason: m.Reason})
	tell := []referral.Party{referral.Sender}
	basis, lookErr := lastOwn(t, r.ID)
	if lookErr != nil {
		return lookErr
	}
	if err == nil && m.Basis == basis {
		r.take(out.Referral)
		tell = out.Rule.Tell
	}
	if err := d.recordPeer(t, ctx, r, m, tell); err != nil {
		return err
	}
	c, found, err := caseByID(t, r.Case)
	if err != nil || !found {
		return err
	}
	return d.windDues(t, ctx, c)
}

func (d *Desk) recordPeer(t *db.Tx, ctx context.Context, r Referral, m PeerMessage, tell []referral.Party) error {
	r.Seq++
	r.ChangedAt = d.Clock.Now()
	if err := updateReferral(t, r); err != nil {
		return err
	}
	s := Step{N: r.Seq, Key: m.Key, Event: m.Event, Party: m.Party, By: "peer:" + r.Peer, Reason: m.Reason, State: r.State, At: r.ChangedAt}
	if err := insertStep(t, r.ID, s); err != nil {
		return err
	}
	if err := d.tell(t, r, "referral_"+string(m.Event), r.ID+":"+itoa(s.N), tell); err != nil {
		return err
	}
	return d.leaf(t, ctx, "referral-"+string(m.Event), "referral:"+r.ID, r.Person, map[string]any{"state": r.State, "from": "peer"}, r.stored())
}
