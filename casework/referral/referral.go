// Package referral is the life of one referral, written down once.
//
// A referral is a request by one agency to one service on behalf of one
// person. Table is the whole of what may happen to it; the drawing in
// docs/desks/casework.md is made from Table and a test holds the two together.
// Everything here is a pure function: the caller brings the instant, the time
// zone and the record, and stores what comes back.
package referral

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// State is where a referral stands.
type State string

const (
	// Offered: put to the person; nothing has left the agency yet.
	Offered State = "offered"
	// Sent: disclosed to the receiver, who has not opened it.
	Sent State = "sent"
	// Seen: the receiver has opened it and not answered.
	Seen State = "seen"
	// Accepted: the receiver has taken the person on.
	Accepted State = "accepted"
	// Declined: the receiver said no, and why.
	Declined State = "declined"
	// Done: the service was given; the only end that needs nobody's action.
	Done State = "done"
	// Returned: the receiver gave the person back after accepting.
	Returned State = "returned"
	// Expired: nobody answered in time.
	Expired State = "expired"
	// Withdrawn: the person took their consent back.
	Withdrawn State = "withdrawn"
	// Revoked: the sender took the referral back.
	Revoked State = "revoked"
	// Rescoped: what is asked or disclosed is being changed; the receiver's
	// view is closed until it is sent again.
	Rescoped State = "re-scoped"
)

// States lists every state in the order a reader meets them.
var States = []State{Offered, Sent, Seen, Accepted, Done, Declined, Returned, Expired, Withdrawn, Revoked, Rescoped}

// Event is what somebody, or the clock, does to a referral.
type Event string

const (
	Send       Event = "send"
	See        Event = "see"
	Accept     Event = "accept"
	Decline    Event = "decline"
	Progress   Event = "progress"
	Finish     Event = "finish"
	GiveBack   Event = "give_back"
	Expire     Event = "expire"
	Withdraw   Event = "withdraw"
	Revoke     Event = "revoke"
	Rescope    Event = "rescope"
	OfferAgain Event = "offer_again"
	AskAgain   Event = "ask_again"
	Extend     Event = "extend"
)

// Events lists every event.
var Events = []Event{Send, See, Accept, Decline, Progress, Finish, GiveBack, Expire, Withdraw, Revoke, Rescope, OfferAgain, AskAgain, Extend}

// Party is a side of the referral, not a role in an agency.
type Party string

const (
	// Sender is the caseworker (or whoever holds the case) who refers.
	Sender Party = "sender"
	// Supervisor is the sender's supervisor.
	Supervisor Party = "supervisor"
	// Receiver is the service, with an account or by a link.
	Receiver Party = "receiver"
	// Person is the one who is referred, usually through somebody who
	// records their word.
	Person Party = "person"
	// Clock is time itself.
	Clock Party = "clock"
)

// Rule is one row of Table.
type Rule struct {
	From  State   `json:"from"`
	Event Event   `json:"event"`
	To    State   `json:"to"`
	Who   []Party `json:"who"`
	// Reason says that the event is refused without a reason.
	Reason bool `json:"reason"`
	// Receipt says that a consent receipt in force (or a recorded override)
	// must cover every field disclosed.
	Receipt bool `json:"receipt"`
	// Tell lists who is told that it happened.
	Tell []Party `json:"tell"`
}

// Table is the referral's whole life. It is the only place where it is
// written: the store, the pages, the policies and the documents read it here.
var Table = []Rule{
	{From: Offered, Event: Send, To: Sent, Who: []Party{Sender}, Receipt: true, Tell: []Party{Receiver}},
	{From: Offered, Event: Rescope, To: Offered, Who: []Party{Sender}},
	{From: Offered, Event: Withdraw, To: Withdrawn, Who: []Party{Person, Sender}, Tell: []Party{Sender}},
	{From: Offered, Event: Revoke, To: Revoked, Who: []Party{Sender, Supervisor}, Reason: true, Tell: []Party{Sender}},
	{From: Offered, Event: Expire, To: Expired, Who: []Party{Clock}, Tell: []Party{Sender, Supervisor}},

	{From: Sent, Event: See, To: Seen, Who: []Party{Receiver}, Tell: []Party{Sender}},
	{From: Sent, Event: Accept, To: Accepted, Who: []Party{Receiver}, Tell: []Party{Sender}},
	{From: Sent, Event: Decline, To: Declined, Who: []Party{Receiver}, Reason: true, Tell: []Party{Sender}},
	{From: Sent, Event: Rescope, To: Rescoped, Who: []Party{Sender}, Reason: true, Tell: []Party{Receiver}},
	{From: Sent, Event: Withdraw, To: Withdrawn, Who: []Party{Person, Sender, Receiver}, Tell: []Party{Sender, Receiver}},
	{From: Sent, Event: Revoke, To: Revoked, Who: []Party{Sender, Supervisor}, Reason: true, Tell: []Party{Sender, Receiver}},
	{From: Sent, Event: Expire, To: Expired, Who: []Party{Clock}, Tell: []Party{Sender, Supervisor, Receiver}},

	{From: Seen, Event: Accept, To: Accepted, Who: []Party{Receiver}, Tell: []Party{Sender}},
	{From: Seen, Event: Decline, To: Declined, Who: []Party{Receiver}, Reason: true, Tell: []Party{Sender}},
	{From: Seen, Event: Rescope, To: Rescoped, Who: []Party{Sender}, Reason: true, Tell: []Party{Receiver}},
	{From: Seen, Event: Withdraw, To: Withdrawn, Who: []Party{Person, Sender, Receiver}, Tell: []Party{Sender, Receiver}},
	{From: Seen, Event: Revoke, To: Revoked, Who: []Party{Sender, Supervisor}, Reason: true, Tell: []Party{Sender, Receiver}},
	{From: Seen, Event: Expire, To: Expired, Who: []Party{Clock}, Tell: []Party{Sender, Supervisor, Receiver}},

	{From: Accepted, Event: Progress, To: Accepted, Who: []Party{Receiver}, Tell: []Party{Sender}},
	{From: Accepted, Event: Finish, To: Done, Who: []Party{Receiver}, Tell: []Party{Sender}},
	{From: Accepted, Event: GiveBack, To: Returned, Who: []Party{Receiver}, Reason: true, Tell: []Party{Sender, Supervisor}},
	{From: Accepted, Event: Rescope, To: Rescoped, Who: []Party{Sender}, Reason: true, Tell: []Party{Receiver}},
	{From: Accepted, Event: Withdraw, To: Withdrawn, Who: []Party{Person, Sender, Receiver}, Tell: []Party{Sender, Receiver}},
	{From: Accepted, Event: Revoke, To: Revoked, Who: []Party{Sender, Supervisor}, Reason: true, Tell: []Party{Sender, Receiver}},

	{From: Rescoped, Event: Send, To: Sent, Who: []Party{Sender}, Receipt: true, Tell: []Party{Receiver}},
	{From: Rescoped, Event: Withdraw, To: Withdrawn, Who: []Party{Person, Sender, Receiver}, Tell: []Party{Sender, Receiver}},
	{From: Rescoped, Event: Revoke, To: Revoked, Who: []Party{Sender, Supervisor}, Reason: true, Tell: []Party{Sender, Receiver}},
	{From: Rescoped, Event: Expire, To: Expired, Who: []Party{Clock}, Tell: []Party{Sender, Supervisor, Receiver}},

	{From: Declined, Event: OfferAgain, To: Offered, Who: []Party{Sender}},
	{From: Returned, Event: OfferAgain, To: Offered, Who: []Party{Sender}},
	{From: Expired, Event: OfferAgain, To: Offered, Who: []Party{Sender}},
	{From: Expired, Event: Extend, To: Sent, Who: []Party{Supervisor}, Reason: true, Receipt: true, Tell: []Party{Sender, Receiver}},
	{From: Revoked, Event: OfferAgain, To: Offered, Who: []Party{Sender}},
	{From: Withdrawn, Event: AskAgain, To: Offered, Who: []Party{Person, Sender}, Reason: true},
}

// Owner is the one side that has to act next; every state but Done has one.
func (s State) Owner() Party {
	switch s {
	case Sent, Seen, Accepted:
		return Receiver
	case Done:
		return ""
	default:
		return Sender
	}
}

// Disclosed says whether the receiver may read the disclosed fields now.
func (s State) Disclosed() bool {
	return s == Sent || s == Seen || s == Accepted
}

// Waiting says whether a deadline for an answer is running.
func (s State) Waiting() bool {
	return s == Offered || s == Sent || s == Seen || s == Rescoped
}

// Unserved says that the referral stopped without a service: the person still
// needs something, so the case keeps it on the sender's list.
func (s State) Unserved() bool {
	switch s {
	case Declined, Returned, Expired, Revoked:
		return true
	}
	return false
}

// Find returns the rule for an event in a state.
func Find(from State, event Event) (Rule, bool) {
	for _, rule := range Table {
		if rule.From == from && rule.Event == event {
			return rule, true
		}
	}
	return Rule{}, false
}

// Allowed lists the events that a party may bring about in a state, in the
// order of Events: what a page draws as buttons.
func Allowed(from State, who Party) []Event {
	var out []Event
	for _, event := range Events {
		if rule, ok := Find(from, event); ok && slices.Contains(rule.Who, who) {
			out = append(out, event)
		}
	}
	return out
}

// Refusals. The desk gives them their sentences and HTTP status.
var (
	ErrNoSuchStep   = errors.New("referral: this cannot happen in this state")
	ErrNotYours     = errors.New("referral: this step is not yours to take")
	ErrReason       = errors.New("referral: a reason is needed")
	ErrReceipt      = errors.New("referral: no consent covers what would be disclosed")
	ErrNotYet       = errors.New("referral: the deadline has not come")
	ErrUnknownValue = errors.New("referral: unknown priority")
)

// Referral is the part of a referral that its life depends on.
type Referral struct {
	State    State
	Priority Priority
	// Zone is the sender's time zone: the calendar a normal deadline is
	// counted in.
	Zone *time.Location
	// Round counts the times it was offered, from 1.
	Round int
	// Deadline is when an answer is due; zero unless the state is Waiting.
	Deadline time.Time
	// Began is when the running deadline began.
	Began time.Time
	// OutcomeDue is when the sender next asks what came of it; zero unless
	// Accepted.
	OutcomeDue time.Time
}

// Step is one thing done.
type Step struct {
	Event  Event
	By     Party
	At     time.Time
	Reason string
	// Covered says that a consent receipt in force (or a recorded override)
	// covers every field disclosed. The caller finds that out, in the same
	// transaction.
	Covered bool
}

// Outcome is the referral after a step, and who is to be told.
type Outcome struct {
	Referral Referral
	Rule     Rule
}

// New is a referral as it is first offered.
func New(p Priority, at time.Time, zone *time.Location) (Referral, error) {
	due, err := Deadline(p, at, zone)
	if err != nil {
		return Referral{}, err
	}
	return Referral{State: Offered, Priority: p, Zone: zone, Round: 1, Began: at, Deadline: due}, nil
}

// Apply takes one step, or refuses it and changes nothing.
func (r Referral) Apply(s Step) (Outcome, error) {
	rule, ok := Find(r.State, s.Event)
	switch {
	case !ok:
		return Outcome{}, fmt.Errorf("%w: %s when %s", ErrNoSuchStep, s.Event, r.State)
	case !slices.Contains(rule.Who, s.By):
		return Outcome{}, fmt.Errorf("%w: %s by %s", ErrNotYours, s.Event, s.By)
	case rule.Reason && s.Reason == "":
		return Outcome{}, ErrReason
	case rule.Receipt && !s.Covered:
		return Outcome{}, ErrReceipt
	case s.Event == Expire && s.At.Before(r.Deadline):
		return Outcome{}, ErrNotYet
	}
	next := r
	next.State = rule.To
	if err := next.wind(r.State, s); err != nil {
		return Outcome{}, err
	}
	return Outcome{Referral: next, Rule: rule}, nil
}

// wind sets the clocks after a step. A receiver who opens a referral gains no
// time by it; whoever is newly asked gets the whole term.
func (r *Referral) wind(from State, s Step) error {
	switch s.Event {
	case OfferAgain, AskAgain:
		r.Round++
	case See:
		return nil
	case Rescope:
		if from == Offered {
			return nil
		}
	}
	r.OutcomeDue = time.Time{}
	if r.State == Accepted {
		r.OutcomeDue = addDays(s.At, OutcomeDays, r.Zone)
	}
	if !r.State.Waiting() {
		r.Began, r.Deadline = time.Time{}, time.Time{}
		return nil
	}
	due, err := Deadline(r.Priority, s.At, r.Zone)
	r.Began, r.Deadline = s.At, due
	return err
}
