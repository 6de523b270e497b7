package casework

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// Referral is a referral as one end knows it.
type Referral struct {
	ID           string            `json:"id"`
	Case         string            `json:"case,omitempty"`
	Person       string            `json:"-"`
	Organisation string            `json:"organisation,omitempty" doc:"Sender, when of this node"`
	Sender       string            `json:"sender,omitempty"`
	Service      string            `json:"service"`
	ServiceName  string            `json:"service_name,omitempty"`
	Receiver     string            `json:"receiver,omitempty" doc:"Organisation with accounts on this node"`
	Peer         string            `json:"peer,omitempty"`
	State        referral.State    `json:"state"`
	Priority     referral.Priority `json:"priority"`
	Zone         string            `json:"zone"`
	Round        int               `json:"round"`
	Began        time.Time         `json:"began"`
	Deadline     time.Time         `json:"deadline"`
	OutcomeDue   time.Time         `json:"outcome_due"`
	Receipt      string            `json:"receipt,omitempty"`
	Fields       []string          `json:"fields"`
	Needs        []string          `json:"needs"`
	Seq          int64             `json:"seq"`
	MadeAt       time.Time         `json:"made_at"`
	ChangedAt    time.Time         `json:"changed_at"`
	Steps        []Step            `json:"steps,omitempty"`

	sealed []byte
	ringAt time.Time // when the clock next has something to do; zero = nothing
}

// Step is one thing that happened to a referral.
type Step struct {
	N      int64          `json:"n"`
	Key    string         `json:"-"`
	Event  referral.Event `json:"event"`
	Party  referral.Party `json:"party"`
	By     string         `json:"by"`
	Reason string         `json:"reason"`
	State  referral.State `json:"state"`
	At     time.Time      `json:"at"`

	sealed []byte
}

// Asked is what is sealed of a referral: what is asked, and, at a receiving
// node, what was disclosed.
type Asked struct {
	Text   string            `json:"text"`
	Values map[string]string `json:"values,omitempty"`
	From   string            `json:"from,omitempty"`
}

// NewReferral is what is needed to offer a referral.
type NewReferral struct {
	Service  string            `json:"service"`
	Receiver string            `json:"receiver,omitempty" doc:"Organisation with accounts on this node; empty for a link"`
	Peer     string            `json:"peer,omitempty" doc:"Another node"`
	Priority referral.Priority `json:"priority" enum:"emergency,urgent,normal"`
	Needs    []string          `json:"needs"`
	Fields   []string          `json:"fields" doc:"Field names to disclose: the least the service needs"`
	Receipt  string            `json:"receipt,omitempty"`
	Text     string            `json:"text,omitempty" maxLength:"5000"`
}

// Offer makes a referral to be offered to the person. Nothing leaves yet.
func (d *Desk) Offer(ctx context.Context, caseID string, n NewReferral) (r Referral, err error) {
	dir, err := d.dir(ctx)
	if err != nil {
		return r, err
	}
	if _, ok := dir.service(n.Service); !ok {
		return r, errNoService
	}
	for _, f := range n.Fields {
		if _, ok := fieldByName[f]; !ok {
			return r, problem.New(problem.Invalid, "casework.field-unknown", "%q is not a field of a case.", f).With("body.fields", "holds an unknown field")
		}
	}
	c, err := d.GetCase(ctx, caseID)
	if err != nil {
		return r, err
	}
	if err := d.ensureOpen(ctx, c, Narrative); err != nil {
		return r, err
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if c, _, err = d.allowed(t, ctx, caseID, Refer, Administrative); err != nil {
			return err
		}
		if err := c.takesNothing(); err != nil {
			return err
		}
		if n.Receiver == "" && n.Peer == "" {
			if n.Receiver, err = receiverOf(t, n.Service); err != nil {
				return err
			}
		}
		r, err = d.storeOffer(t, ctx, c, n)
		return err
	})
	return r, err
}

func (d *Desk) storeOffer(t *db.Tx, ctx context.Context, c Case, n NewReferral) (Referral, error) {
	zone := d.profile(c.Profile).Location()
	now := d.Clock.Now()
	life, err := referral.New(n.Priority, now, zone)
	if err != nil {
		return Referral{}, problem.New(problem.Invalid, "casework.priority", "A referral is an emergency, urgent or normal.").With("body.priority", "is unknown")
	}
	r := Referral{
		ID: id.New(), Case: c.ID, Person: c.Person, Organisation: c.Organisation, Sender: actor.From(ctx).Person, Service: n.Service, Receiver: n.Receiver, Peer: n.Peer,
		Receipt: n.Receipt, Fields: n.Fields, Needs: n.Needs, Zone: zone.String(), MadeAt: now, ChangedAt: now,
	}
	r.take(life)
	if err := d.sealAsked(ctx, &r, Asked{Text: n.Text}); err != nil {
		return r, err
	}
	if err := insertReferral(t, r); err != nil {
		return r, err
	}
	if err := d.leaf(t, ctx, "offer", "referral:"+r.ID, r.Person, map[string]any{"case": c.ID, "service": r.Service, "fields": r.Fields}, r.stored()); err != nil {
		return r, err
	}
	return r, d.windDues(t, ctx, c)
}

func (d *Desk) sealAsked(ctx context.Context, r *Referral, a Asked) error {
	plain, err := json.Marshal(a)
	if err != nil {
		return err
	}
	r.sealed, err = d.seal(ctx, r.Person, Narrative, place("referral", r.ID, "asked"), plain)
	return err
}

func (d *Desk) openAsked(ctx context.Context, r Referral) (a Asked, err error) {
	plain, err := d.unseal(ctx, r.Person, Narrative, place("referral", r.ID, "asked"), r.sealed)
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(plain, &a)
}

// take copies what the state machine decides.
func (r *Referral) take(l referral.Referral) {
	r.State, r.Priority, r.Round = l.State, l.Priority, l.Round
	r.Began, r.Deadline, r.OutcomeDue = l.Began, l.Deadline, l.OutcomeDue
	r.ringAt = time.Time{}
	if alarms := l.Alarms(); len(alarms) > 0 {
		r.ringAt = alarms[0].At
	}
}

// life is the referral as the state machine sees it.
func (r Referral) life() (referral.Referral, error) {
	zone, err := time.LoadLocation(r.Zone)
	return referral.Referral{State: r.State, Priority: r.Priority, Zone: zone, Round: r.Round, Began: r.Began, Deadline: r.Deadline, OutcomeDue: r.OutcomeDue}, err
}

// StepIn is what somebody does to a referral.
type StepIn struct {
	Event  referral.Event `json:"event"`
	Reason string         `json:"reason,omitempty" doc:"Code of the reason"`
	Words  string         `json:"words,omitempty" maxLength:"2000"`
	Key    string         `json:"key,omitempty" doc:"The caller's own id of this step: sent twice counts once" maxLength:"100"`
	// For rescope and send: what is now disclosed and asked; nil leaves it.
	Fields  *[]string `json:"fields,omitempty"`
	Needs   *[]string `json:"needs,omitempty"`
	Receipt *string   `json:"receipt,omitempty"`
}

// referralFor is a referral with the sides that the actor may speak for, which may be none.
func (d *Desk) referralFor(t *db.Tx, ctx context.Context, id string) (Referral, []referral.Party, error) {
	r, found, err := referralByID(t, id)
	if err != nil || !found {
		return r, nil, orProblem(err, errNoReferral)
	}
	sides, err := d.parties(t, ctx, r)
	return r, sides, err
}

// parties are the sides that the actor may speak for.
func (d *Desk) parties(t *db.Tx, ctx context.Context, r Referral) ([]referral.Party, error) {
	who := actor.From(ctx)
	var out []referral.Party
	if r.Case != "" {
		c, found, err := caseByID(t, r.Case)
		if err != nil {
			return nil, err
		}
		if found && !c.gone() {
			g, err := d.guard(t, c)
			if err != nil {
				return nil, err
			}
			if d.may(who, Refer, g, Administrative, "") {
				out = append(out, referral.Sender)
			}
			if d.may(who, Override, g, Administrative, "") {
				out = append(out, referral.Supervisor)
			}
		}
	}
	if r.Receiver != "" && r.Receiver == who.Organisation && who.Has(actor.Caseworker, actor.Supervisor) {
		out = append(out, referral.Receiver)
	}
	return out, nil
}

// eventsFor lists what the actor may do with a referral of a case it may see;
// it does not read the store.
func (d *Desk) eventsFor(ctx context.Context, r Referral) []string {
	who := actor.From(ctx)
	out := []string{}
	for _, e := range referral.Events {
		rule, ok := referral.Find(r.State, e)
		if !ok {
			continue
		}
		sender := r.Organisation == who.Organisation && (slices.Contains(rule.Who, referral.Sender) && who.Has(actor.Caseworker, actor.Supervisor) ||
			slices.Contains(rule.Who, referral.Supervisor) && who.Has(actor.Supervisor))
		receiver := r.Receiver != "" && r.Receiver == who.Organisation && slices.Contains(rule.Who, referral.Receiver)
		if sender || receiver {
			out = append(out, string(e))
		}
	}
	return out
}

// TakeStep takes a step on a referral for the side that the actor speaks for.
func (d *Desk) TakeStep(ctx context.Context, referralID string, in StepIn) (r Referral, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		var found bool
		if r, found, err = referralByID(t, referralID); err != nil || !found {
			return orProblem(err, errNoReferral)
		}
		sides, err := d.parties(t, ctx, r)
		if err != nil {
			return err
		}
		if len(sides) == 0 {
			return errNoReferral
		}
		side := sides[0]
		if rule, ok := referral.Find(r.State, in.Event); ok {
			for _, s := range sides {
				if slices.Contains(rule.Who, s) {
					side = s
				}
			}
		}
		r, err = d.step(t, ctx, r, in, side)
		return err
	})
	return r, err
}

// step takes one step in the transaction: the referral, the step, the notices,
// the message to another node and the audit leaf stand or fall together.
func (d *Desk) step(t *db.Tx, ctx context.Context, r Referral, in StepIn, side referral.Party) (Referral, error) {
	if in.Key != "" {
		if done, err := stepKnown(t, r.ID, in.Key); err != nil || done {
			return r, err
		}
	}
	now := d.Clock.Now()
	if err := d.exerciseStays(t, r, in.Event); err != nil {
		return r, err
	}
	if in.Event == referral.Rescope || in.Event == referral.Send || in.Event == referral.Extend {
		if err := in.rescope(&r); err != nil {
			return r, err
		}
	}
	life, err := r.life()
	if err != nil {
		return r, err
	}
	s := referral.Step{Event: in.Event, By: side, At: now, Reason: in.Reason}
	if rule, ok := referral.Find(r.State, in.Event); ok && rule.Receipt {
		if s.Covered, err = d.covered(t, r, now); err != nil {
			return r, err
		}
	}
	out, err := life.Apply(s)
	if err != nil {
		return r, asProblem(err)
	}
	r.take(out.Referral)
	return r, d.storeStep(t, ctx, &r, in, side, out.Rule.Tell)
}

// exerciseStays refuses the steps by which something would reach a receiver
// when the case is an exercise.
func (d *Desk) exerciseStays(t *db.Tx, r Referral, event referral.Event) error {
	if r.Case == "" || event != referral.Send && event != referral.Extend {
		return nil
	}
	c, found, err := caseByID(t, r.Case)
	if err == nil && found && c.Exercise {
		return errExercise
	}
	return err
}

// rescope lays a changed scope over the referral before a step is taken.
func (in StepIn) rescope(r *Referral) error {
	if in.Fields != nil {
		for _, f := range *in.Fields {
			if _, ok := fieldByName[f]; !ok {
				return problem.New(problem.Invalid, "casework.field-unknown", "%q is not a field of a case.", f).With("body.fields", "holds an unknown field")
			}
		}
		r.Fields = *in.Fields
	}
	if in.Needs != nil {
		r.Needs = *in.Needs
	}
	if in.Receipt != nil {
		r.Receipt = *in.Receipt
	}
	return nil
}

// covered looks, in the same transaction, whether the consent is in force.
func (d *Desk) covered(t *db.Tx, r Referral, now time.Time) (bool, error) {
	if r.Receipt == "" {
		return false, nil
	}
	receipt, found, err := receiptByID(t, r.Receipt)
	if err != nil || !found || receipt.Case != r.Case {
		return false, err
	}
	return receipt.covers(r.Fields, r.Service, now), nil
}

func (d *Desk) storeStep(t *db.Tx, ctx context.Context, r *Referral, in StepIn, side referral.Party, tell []referral.Party) error {
	r.Seq++
	r.ChangedAt = d.Clock.Now()
	if err := d.forget(ctx, r); err != nil {
		return err
	}
	if err := updateReferral(t, *r); err != nil {
		return err
	}
	s := Step{N: r.Seq, Key: in.Key, Event: in.Event, Party: side, By: actor.From(ctx).Label(), Reason: in.Reason, State: r.State, At: r.ChangedAt}
	if in.Words != "" {
		var err error
		if s.sealed, err = d.seal(ctx, r.Person, Narrative, place("step", r.ID, itoa(s.N)), []byte(in.Words)); err != nil {
			return err
		}
	}
	if err := insertStep(t, r.ID, s); err != nil {
		return err
	}
	key := r.ID + ":" + itoa(s.N)
	if err := d.tell(t, *r, "referral_"+string(in.Event), key, tell); err != nil {
		return err
	}
	if err := d.tellPeer(t, ctx, *r, s, in); err != nil {
		return err
	}
	if err := d.leaf(t, ctx, "referral-"+string(in.Event), "referral:"+r.ID, r.Person, map[string]any{"state": r.State, "reason": in.Reason, "by": side}, r.stored()); err != nil {
		return err
	}
	if !r.State.Disclosed() {
		if err := endSessions(t, r.ID); err != nil {
			return err
		}
	}
	if r.Case == "" {
		return nil
	}
	c, found, err := caseByID(t, r.Case)
	if err != nil || !found {
		return err
	}
	return d.windDues(t, ctx, c)
}

// asProblem gives the state machine's refusals their sentences.
func asProblem(err error) error {
	switch {
	case errors.Is(err, referral.ErrNoSuchStep):
		return problem.New(problem.Conflict, "casework.no-such-step", "This cannot be done with the referral as it stands now. Load it again.").Because(err)
	case errors.Is(err, referral.ErrNotYours):
		return problem.New(problem.Forbidden, "casework.step-not-yours", "This step is for another side of the referral to take.").Because(err)
	case errors.Is(err, referral.ErrReason):
		return problem.New(problem.Invalid, "casework.reason-missing", "Choose a reason.").With("body.reason", "is empty").Because(err)
	case errors.Is(err, referral.ErrReceipt):
		return problem.New(problem.Conflict, "casework.no-consent", "No consent in force covers every field that would be disclosed to this service. Ask the person, or disclose less.").Because(err)
	case errors.Is(err, referral.ErrNotYet):
		return problem.New(problem.Conflict, "casework.not-yet", "The deadline has not come.").Because(err)
	}
	return err
}

// Box lists a page of the organisation's referrals: those sent to it (inbox) or
// those it sent.
func (d *Desk) Box(ctx context.Context, inbox bool, state referral.State, before time.Time) (out []Referral, err error) {
	who := actor.From(ctx)
	dir, err := d.dir(ctx)
	if err != nil {
		return nil, err
	}
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		if inbox {
			out, err = inboxOf(t, who.Organisation, state, before, 100)
			return err
		}
		where, args := d.visible(who)
		out, err = outboxOf(t, where, args, state, before, 100)
		return err
	})
	for i := range out {
		if inbox { // the sender's case and people are the sender's
			out[i].Case, out[i].Sender, out[i].Receipt = "", "", ""
		}
		if s, ok := dir.service(out[i].Service); ok {
			out[i].ServiceName = s.Name
		}
	}
	return out, err
}

// Disclosed is a referral as its receiver sees it: nothing but what the receipt
// names.
type Disclosed struct {
	Referral Referral          `json:"referral"`
	Text     string            `json:"text"`
	Values   map[string]string `json:"values"`
	From     string            `json:"from"`
	Events   []string          `json:"events"`
}

// OpenReferral reads a referral for its receiver; reading it the first time is
// the step "see". A receiver whose view was closed sees that and why, not what.
func (d *Desk) OpenReferral(ctx context.Context, referralID string) (v Disclosed, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		r, sides, err := d.referralFor(t, ctx, referralID)
		if err != nil {
			return err
		}
		if !slices.Contains(sides, referral.Receiver) || r.State == referral.Offered && r.Round == 1 {
			return errNoReferral
		}
		v, err = d.disclose(t, ctx, r)
		return err
	})
	if err != nil {
		return v, err
	}
	v.Events = d.eventsFor(ctx, v.Referral)
	return v, d.nameService(ctx, &v.Referral)
}

// disclose builds the receiver's view and logs it.
func (d *Desk) disclose(t *db.Tx, ctx context.Context, r Referral) (v Disclosed, err error) {
	if r.State == referral.Sent {
		if r, err = d.step(t, ctx, r, StepIn{Event: referral.See}, referral.Receiver); err != nil {
			return v, err
		}
	}
	v = Disclosed{Values: map[string]string{}, Events: []string{}}
	if r.State.Disclosed() {
		a, err := d.openAsked(ctx, r)
		if err != nil {
			return v, err
		}
		v.Text, v.From, v.Values = a.Text, a.From, a.Values
		if r.Case != "" {
			if v.Values, err = d.disclosedValues(t, ctx, r); err != nil {
				return v, err
			}
		}
	}
	if v.Values == nil {
		v.Values = map[string]string{}
	}
	if v.From == "" && d.OrganisationName != nil && r.Organisation != "" { // of this node
		v.From = d.OrganisationName(t.Context(), r.Organisation)
	}
	v.Referral = r
	if v.Referral.Steps, err = stepsOf(t, r.ID); err != nil {
		return v, err
	}
	v.Referral.Case, v.Referral.Sender, v.Referral.Receipt = "", "", ""
	return v, d.leaf(t, ctx, "read-referral", "referral:"+r.ID, r.Person, map[string]any{"fields": sortedKeys(v.Values)}, nil)
}

// disclosedValues reads exactly the fields that both the referral and the
// receipt name, as they stand now. A receipt that has run out discloses
// nothing.
func (d *Desk) disclosedValues(t *db.Tx, ctx context.Context, r Referral) (map[string]string, error) {
	out := map[string]string{}
	receipt, found, err := receiptByID(t, r.Receipt)
	if err != nil || !found || !receipt.covers(r.Fields, r.Service, d.Clock.Now()) {
		return out, err
	}
	c, _, err := caseByID(t, r.Case)
	if err != nil {
		return out, err
	}
	rows, err := sheetsOf(t, r.Case)
	if err != nil {
		return out, err
	}
	for _, row := range rows {
		if !slices.ContainsFunc(r.Fields, func(f string) bool { return fieldByName[f].Class == row.Class }) {
			continue
		}
		fields, _, err := d.openSheet(ctx, c, row)
		if err != nil {
			return out, err
		}
		for _, name := range r.Fields {
			if v := fields[name].Value; v != "" {
				out[name] = v
			}
		}
	}
	if slices.Contains(r.Fields, "age") && out["age"] == "" {
		age, err := d.ageOf(ctx, c, rows)
		if err != nil || age == "" {
			return out, err
		}
		out["age"] = age
	}
	return out, nil
}

// ageOf counts the age from the day of birth: whoever may know the age need not
// be told the day.
func (d *Desk) ageOf(ctx context.Context, c Case, rows []sheetRow) (string, error) {
	for _, row := range rows {
		if row.Class != fieldByName["birth_date"].Class {
			continue
		}
		fields, _, err := d.openSheet(ctx, c, row)
		if err != nil {
			return "", err
		}
		born, err := time.Parse(time.DateOnly, fields["birth_date"].Value)
		if err != nil {
			return "", nil // none is written down
		}
		return strconv.Itoa(yearsSince(born, d.Clock.Now().In(d.profile(c.Profile).Location()))), nil
	}
	return "", nil
}

// yearsSince counts whole years; who was born on 29 February has a birthday on
// 1 March in other years.
func yearsSince(born, now time.Time) int {
	years := now.Year() - born.Year()
	if now.Month() < born.Month() || now.Month() == born.Month() && now.Day() < born.Day() {
		years--
	}
	return max(years, 0)
}

func (d *Desk) nameService(ctx context.Context, r *Referral) error {
	dir, err := d.dir(ctx)
	if err != nil {
		return err
	}
	if s, ok := dir.service(r.Service); ok {
		r.ServiceName = s.Name
	}
	return nil
}
