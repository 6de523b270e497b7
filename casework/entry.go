package casework

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/keys"
)

// EntryKind describes one kind of entry on a case's timeline.
type EntryKind struct {
	Class  string   // who may read its words
	States []string // the first is the new one's
	Dated  bool     // it may have a term
}

// EntryKinds lists what a timeline is made of.
var EntryKinds = map[string]EntryKind{
	"need":           {Administrative, []string{"open", "met", "not_met", "dropped"}, false},
	"risk":           {Narrative, []string{"open", "lower", "gone"}, false},
	"goal":           {Narrative, []string{"open", "reached", "dropped"}, true},
	"task":           {Narrative, []string{"open", "done", "dropped", "waiting"}, true},
	"note":           {Narrative, []string{"kept"}, false},
	"event":          {Narrative, []string{"kept"}, false},
	"assessment":     {Narrative, []string{"draft", "approved"}, false},
	"best_interests": {Narrative, []string{"kept"}, false},
	"family":         {Identity, []string{"known", "sought", "found", "ended"}, false},
	"document":       {Legal, []string{"kept"}, false},
}

// RiskLevels are the levels at which IOM's determinants of vulnerability look;
// a risk's code is "<level>.<factor>", a strength's "strength.<level>.<factor>".
var RiskLevels = []string{"individual", "household", "community", "structural"}

// Entry is one thing on a case's timeline.
type Entry struct {
	ID        string            `json:"id"`
	Case      string            `json:"case"`
	Kind      string            `json:"kind"`
	Class     string            `json:"class"`
	State     string            `json:"state"`
	Code      string            `json:"code"`
	Parent    string            `json:"parent"`
	Owner     string            `json:"owner"`
	At        time.Time         `json:"at"`
	DueAt     time.Time         `json:"due_at"`
	By        string            `json:"by"`
	MadeAt    time.Time         `json:"made_at"`
	ChangedAt time.Time         `json:"changed_at"`
	Text      map[string]string `json:"text"`
	// Hidden says that the reader may not read the words, or that they were
	// erased.
	Hidden bool `json:"hidden,omitempty"`

	sealed []byte
}

// NewEntry is what is needed to add an entry.
type NewEntry struct {
	Kind   string            `json:"kind"`
	Class  string            `json:"class,omitempty" doc:"Of a document: who may read it; else fixed by the kind"`
	Code   string            `json:"code,omitempty"`
	Parent string            `json:"parent,omitempty"`
	Owner  string            `json:"owner,omitempty"`
	State  string            `json:"state,omitempty"`
	At     time.Time         `json:"at,omitempty"`
	DueAt  time.Time         `json:"due_at,omitempty"`
	DueDay string            `json:"due_day,omitempty" doc:"Instead of due_at: a day such as 2026-03-01; it ends in the case's own time zone"`
	Text   map[string]string `json:"text,omitempty"`
	Blob   []byte            `json:"blob,omitempty" doc:"A document's bytes, base64"`
}

// MaxDocument bounds one document, in bytes.
const MaxDocument = 10 << 20

func (n *NewEntry) check() error {
	kind, ok := EntryKinds[n.Kind]
	if !ok {
		return problem.New(problem.Invalid, "casework.entry-kind", "There is no entry of the kind %q.", n.Kind).With("body.kind", "is unknown")
	}
	if n.State == "" {
		n.State = kind.States[0]
	}
	if !slices.Contains(kind.States, n.State) {
		return problem.New(problem.Invalid, "casework.entry-state", "A %s is one of: %s.", n.Kind, strings.Join(kind.States, ", ")).With("body.state", "is unknown")
	}
	if n.Class == "" || n.Kind != "document" {
		n.Class = kind.Class
	}
	if !slices.Contains(Classes, n.Class) {
		return problem.New(problem.Invalid, "casework.class-unknown", "There is no field class %q.", n.Class)
	}
	if len(n.Blob) > MaxDocument {
		return problem.New(problem.TooLarge, "casework.document-too-large", "The document is larger than 10 MiB. Send it in parts or as smaller pictures.")
	}
	if (!n.DueAt.IsZero() || n.DueDay != "") && !kind.Dated {
		return problem.New(problem.Invalid, "casework.entry-due", "A %s has no term; add a task instead.", n.Kind).With("body.due_at", "is not allowed here")
	}
	return nil
}

// AddEntry adds an entry to a case.
func (d *Desk) AddEntry(ctx context.Context, caseID string, n NewEntry) (e Entry, err error) {
	if err := n.check(); err != nil {
		return e, err
	}
	c, err := d.GetCase(ctx, caseID)
	if err != nil {
		return e, err
	}
	if err := d.ensureOpen(ctx, c, n.Class); err != nil {
		return e, err
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if c, _, err = d.allowed(t, ctx, caseID, Write, n.Class); err != nil {
			return err
		}
		if err := c.takesNothing(); err != nil {
			return err
		}
		if e, err = d.addEntry(t, ctx, c, n); err != nil {
			return err
		}
		if err := d.riskRises(t, ctx, c, e, ""); err != nil {
			return err
		}
		return d.windDues(t, ctx, c)
	})
	return e, err
}

// addEntry stores an entry whose rights were checked and whose key exists.
func (d *Desk) addEntry(t *db.Tx, ctx context.Context, c Case, n NewEntry) (Entry, error) {
	if err := n.check(); err != nil {
		return Entry{}, err
	}
	now, who := d.Clock.Now(), actor.From(ctx)
	if err := d.endOfDay(c, n.DueDay, "body.due_day", &n.DueAt); err != nil {
		return Entry{}, err
	}
	e := Entry{
		ID: id.New(), Case: c.ID, Kind: n.Kind, Class: n.Class, State: n.State, Code: n.Code, Parent: n.Parent, Owner: n.Owner,
		At: n.At, DueAt: n.DueAt, By: who.Label(), MadeAt: now, ChangedAt: now, Text: n.Text,
	}
	if e.Owner == "" {
		e.Owner = c.Owner
	}
	if e.At.IsZero() {
		e.At = now
	}
	var blob []byte
	if err := d.sealEntry(ctx, c.Person, &e); err != nil {
		return e, err
	}
	if n.Blob != nil {
		var err error
		if blob, err = d.seal(ctx, c.Person, e.Class, place("entry", e.ID, "blob"), n.Blob); err != nil {
			return e, err
		}
	}
	if err := insertEntry(t, e, blob); err != nil {
		return e, err
	}
	return e, d.leaf(t, ctx, "entry", "entry:"+e.ID, c.Person, map[string]any{"case": c.ID, "kind": e.Kind, "state": e.State}, e.stored())
}

// endOfDay turns a day that somebody typed into the instant at which it ends
// where the case is; an empty day leaves the instant as it was.
func (d *Desk) endOfDay(c Case, day, field string, at *time.Time) error {
	if day == "" {
		return nil
	}
	typed, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return problem.New(problem.Invalid, "casework.day", "This is not a day; write it as 2026-03-01.").With(field, "is not a day")
	}
	*at = d.profile(c.Profile).DayEnd(typed)
	return nil
}

func (d *Desk) sealEntry(ctx context.Context, person string, e *Entry) error {
	if e.Text == nil {
		e.Text = map[string]string{}
	}
	plain, err := json.Marshal(e.Text)
	if err != nil {
		return err
	}
	e.sealed, err = d.seal(ctx, person, e.Class, place("entry", e.ID, "text"), plain)
	return err
}

func (d *Desk) openEntry(ctx context.Context, person string, e *Entry) error {
	plain, err := d.unseal(ctx, person, e.Class, place("entry", e.ID, "text"), e.sealed)
	if errors.Is(err, keys.ErrErased) {
		e.Hidden, e.Text = true, map[string]string{}
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(plain, &e.Text)
}

// EntryChange changes an entry; nil leaves as it is. Notes and events are
// records of what was: they are corrected by a new one.
type EntryChange struct {
	State  *string            `json:"state,omitempty"`
	DueAt  *time.Time         `json:"due_at,omitempty"`
	DueDay string             `json:"due_day,omitempty" doc:"Instead of due_at: a day; it ends in the case's own time zone"`
	Owner  *string            `json:"owner,omitempty"`
	Text   *map[string]string `json:"text,omitempty"`
}

// ChangeEntry changes a need, risk, goal, task, family link or draft.
func (d *Desk) ChangeEntry(ctx context.Context, caseID, entry string, ch EntryChange) (e Entry, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		var found bool
		if e, found, err = entryByID(t, caseID, entry); err != nil {
			return err
		}
		class := Administrative
		if found {
			class = e.Class
		}
		c, _, err := d.allowed(t, ctx, caseID, Write, class)
		if err != nil {
			return err
		}
		if !found {
			return problem.New(problem.NotFound, "casework.entry-unknown", "There is no such entry on this case.")
		}
		kind := EntryKinds[e.Kind]
		if len(kind.States) == 1 {
			return problem.New(problem.Conflict, "casework.entry-kept", "A %s is a record of what was and is not changed. Add a new one that corrects it.", e.Kind)
		}
		if err := d.openEntry(ctx, c.Person, &e); err != nil {
			return err
		}
		before := e.State
		if err := ch.apply(&e, kind); err != nil {
			return err
		}
		if err := d.endOfDay(c, ch.DueDay, "body.due_day", &e.DueAt); err != nil {
			return err
		}
		e.ChangedAt = d.Clock.Now()
		if err := d.sealEntry(ctx, c.Person, &e); err != nil {
			return err
		}
		if err := updateEntry(t, e); err != nil {
			return err
		}
		if err := d.leaf(t, ctx, "entry-change", "entry:"+e.ID, c.Person, map[string]any{"case": c.ID, "state": e.State}, e.stored()); err != nil {
			return err
		}
		if err := d.riskRises(t, ctx, c, e, before); err != nil {
			return err
		}
		return d.windDues(t, ctx, c)
	})
	return e, err
}

func (ch EntryChange) apply(e *Entry, kind EntryKind) error {
	if ch.State != nil {
		if !slices.Contains(kind.States, *ch.State) || *ch.State == "approved" {
			return problem.New(problem.Invalid, "casework.entry-state", "A %s is one of: %s.", e.Kind, strings.Join(kind.States, ", ")).With("body.state", "is unknown")
		}
		e.State = *ch.State
	}
	if ch.DueAt != nil {
		e.DueAt = *ch.DueAt
	}
	if ch.Owner != nil {
		e.Owner = *ch.Owner
	}
	if ch.Text != nil {
		e.Text = *ch.Text
	}
	return nil
}

// Document reads a document's bytes; the reading is logged.
func (d *Desk) Document(ctx context.Context, caseID, entry string) (name, kind string, data []byte, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		e, found, err := entryByID(t, caseID, entry)
		if err != nil {
			return err
		}
		class := Administrative
		if found {
			class = e.Class
		}
		c, _, err := d.allowed(t, ctx, caseID, Read, class)
		if err != nil {
			return err
		}
		blob, err := entryBlob(t, caseID, entry)
		if err != nil || !found || blob == nil {
			return orProblem(err, problem.New(problem.NotFound, "casework.document-unknown", "There is no such document on this case."))
		}
		if err := d.openEntry(ctx, c.Person, &e); err != nil {
			return err
		}
		if data, err = d.unseal(ctx, c.Person, e.Class, place("entry", e.ID, "blob"), blob); err != nil {
			return err
		}
		name, kind = e.Text["name"], e.Text["media_type"]
		return d.leaf(t, ctx, "read", "case:"+c.ID, c.Person, map[string]any{"document": e.ID}, nil)
	})
	return name, kind, data, err
}

func orProblem(err error, p *problem.Problem) error {
	if err != nil {
		return err
	}
	return p
}

// Approval is a supervisor's word on an assessment, a plan or a closure.
type Approval struct {
	ID        string    `json:"id"`
	Case      string    `json:"case"`
	What      string    `json:"what"`
	State     string    `json:"state"`
	Reason    string    `json:"reason"`
	AskedBy   string    `json:"asked_by"`
	AskedAt   time.Time `json:"asked_at"`
	DecidedBy string    `json:"decided_by"`
	DecidedAt time.Time `json:"decided_at"`
}

// AskApproval asks a supervisor to approve. A closure needs one of
// ClosureReasons and no referral under way.
func (d *Desk) AskApproval(ctx context.Context, caseID, what, reason string) (a Approval, err error) {
	if !slices.Contains([]string{"assessment", "plan", "closure"}, what) {
		return a, problem.New(problem.Invalid, "casework.approval-kind", "An assessment, a plan or a closure can be approved.").With("body.what", "is unknown")
	}
	if what == "closure" && !slices.Contains(ClosureReasons, reason) {
		return a, problem.New(problem.Invalid, "casework.reason-unknown", "Choose one of the reasons: %s.", strings.Join(ClosureReasons, ", ")).With("body.reason", "is not one of them")
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		c, _, err := d.allowed(t, ctx, caseID, AskApproval, Administrative)
		if err != nil {
			return err
		}
		if what == "closure" {
			if err := noReferralUnderWay(t, c.ID); err != nil {
				return err
			}
		}
		a = Approval{ID: id.New(), Case: c.ID, What: what, State: "asked", Reason: reason, AskedBy: actor.From(ctx).Person, AskedAt: d.Clock.Now()}
		if err := insertApproval(t, a); err != nil {
			return err
		}
		if err := d.notify(t, Notice{Organisation: c.Organisation, Kind: "approval_asked", Case: c.ID, Key: "approval:" + a.ID}); err != nil {
			return err
		}
		if err := d.leaf(t, ctx, "ask-approval", "case:"+c.ID, c.Person, map[string]any{"what": what}, nil); err != nil {
			return err
		}
		return d.windDues(t, ctx, c)
	})
	return a, err
}

func noReferralUnderWay(t *db.Tx, caseID string) error {
	rs, err := referralsOfCase(t, caseID)
	if err != nil {
		return err
	}
	for _, r := range rs {
		if r.State.Waiting() || r.State.Disclosed() {
			return problem.New(problem.Conflict, "casework.referral-under-way", "A referral of this case is still under way. Take it back or wait for its end before you close the case.")
		}
	}
	return nil
}

// DecideApproval approves or sends back; whoever asked cannot decide.
func (d *Desk) DecideApproval(ctx context.Context, caseID, approval string, approve bool, reason string) (a Approval, err error) {
	if !approve && strings.TrimSpace(reason) == "" {
		return a, problem.New(problem.Invalid, "casework.approval-reason", "Say what is missing, so that the caseworker can go on.").With("body.reason", "is empty")
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		c, g, err := d.allowed(t, ctx, caseID, See, Administrative)
		if err != nil {
			return err
		}
		var found bool
		if a, found, err = approvalByID(t, caseID, approval); err != nil {
			return err
		}
		if !d.may(actor.From(ctx), Approve, g, Administrative, a.AskedBy) {
			return errNotAllowed
		}
		if !found || a.State != "asked" {
			return problem.New(problem.Conflict, "casework.approval-decided", "This was decided already.")
		}
		a.State, a.DecidedBy, a.DecidedAt = "sent_back", actor.From(ctx).Person, d.Clock.Now()
		if approve {
			a.State = "approved"
		}
		if err := updateApproval(t, a); err != nil {
			return err
		}
		if err := d.afterApproval(t, ctx, &c, a, reason); err != nil {
			return err
		}
		if err := d.notify(t, Notice{Organisation: c.Organisation, Person: a.AskedBy, Kind: "approval_" + a.State, Case: c.ID, Key: "approval-decided:" + a.ID}); err != nil {
			return err
		}
		if err := d.leaf(t, ctx, "decide-approval", "case:"+c.ID, c.Person, map[string]any{"what": a.What, "state": a.State}, nil); err != nil {
			return err
		}
		return d.windDues(t, ctx, c)
	})
	return a, err
}

// afterApproval does what the approval allows: the event that statutory clocks
// start from, and the closing itself.
func (d *Desk) afterApproval(t *db.Tx, ctx context.Context, c *Case, a Approval, reason string) error {
	text := map[string]string{}
	if reason != "" {
		text["text"] = reason
	}
	code := a.What + "_" + a.State
	if _, err := d.addEntry(t, ctx, *c, NewEntry{Kind: "event", Code: code, Text: text}); err != nil {
		return err
	}
	if a.What == "closure" && a.State == "approved" {
		if err := noReferralUnderWay(t, c.ID); err != nil {
			return err
		}
		return d.moveCase(t, ctx, c, Closed, a.Reason)
	}
	return nil
}
