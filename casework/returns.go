package casework

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"lintas/casework/clocks"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// Return is a voluntary return and the reintegration after it. There is no
// other kind here: a removal is not a service.
type Return struct {
	ID         string            `json:"id"`
	Case       string            `json:"case"`
	Person     string            `json:"-"`
	State      string            `json:"state"`
	Before     string            `json:"before,omitempty" doc:"State before a suspension"`
	Country    string            `json:"country"`
	Recorded   map[string]string `json:"recorded" doc:"What each stage recorded"`
	MadeAt     time.Time         `json:"made_at"`
	ChangedAt  time.Time         `json:"changed_at"`
	ReceivedAt time.Time         `json:"received_at"`

	sealed []byte
}

// ReturnRule is one row of ReturnTable.
type ReturnRule struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Needs must be recorded, in words, before the step can be taken.
	Needs []string `json:"needs"`
}

// ReturnTable is the whole life of a return. Suspending is open from every
// state between the decision and the end, and resuming needs a new risk
// assessment; stopping is the person's right at any time before travel.
var ReturnTable = []ReturnRule{
	{"considering", "decided", []string{"information_given", "language", "decision"}},
	{"decided", "assessed", []string{"risk_assessment", "family_assessment"}},
	{"assessed", "preparing", []string{"documents", "travel_plan"}},
	{"preparing", "travelling", []string{"fit_to_travel", "reception_confirmed"}},
	{"travelling", "received", []string{"received_by"}},
	{"received", "reintegrating", []string{"economic", "social", "psychosocial"}},
	{"reintegrating", "finished", []string{"outcome"}},

	{"considering", "stopped", []string{"reason"}},
	{"decided", "stopped", []string{"reason"}},
	{"assessed", "stopped", []string{"reason"}},
	{"preparing", "stopped", []string{"reason"}},
	{"suspended", "stopped", []string{"reason"}},

	{"decided", "suspended", []string{"risk"}},
	{"assessed", "suspended", []string{"risk"}},
	{"preparing", "suspended", []string{"risk"}},
	{"travelling", "suspended", []string{"risk"}},
	{"received", "suspended", []string{"risk"}},
	{"reintegrating", "suspended", []string{"risk"}},
	{"suspended", "resume", []string{"risk_assessment"}},
}

// followUps are the months after reception at which somebody asks how it goes.
var followUps = []int{1, 3, 6, 12}

// StartReturn opens a return on a case: the person is considering it.
func (d *Desk) StartReturn(ctx context.Context, caseID, country string) (r Return, err error) {
	c, err := d.GetCase(ctx, caseID)
	if err != nil {
		return r, err
	}
	if err := d.ensureOpen(ctx, c, Narrative); err != nil {
		return r, err
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if c, _, err = d.allowed(t, ctx, caseID, Write, Administrative); err != nil {
			return err
		}
		have, err := returnsOf(t, caseID)
		if err != nil {
			return err
		}
		for _, h := range have {
			if h.State != "finished" && h.State != "stopped" {
				return problem.New(problem.Conflict, "casework.return-open", "A return of this person is open already.")
			}
		}
		now := d.Clock.Now()
		r = Return{ID: id.New(), Case: caseID, Person: c.Person, State: "considering", Country: country, Recorded: map[string]string{}, MadeAt: now, ChangedAt: now}
		if err := d.sealReturn(ctx, &r); err != nil {
			return err
		}
		if err := insertReturn(t, r); err != nil {
			return err
		}
		return d.leaf(t, ctx, "return-start", "return:"+r.ID, c.Person, map[string]any{"case": c.ID}, r.stored())
	})
	return r, err
}

// MoveReturn takes a return one step on. recorded holds the words that the
// step needs.
func (d *Desk) MoveReturn(ctx context.Context, caseID, returnID, to string, recorded map[string]string) (r Return, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		do := Write
		if to == "resume" {
			do = Approve // a second pair of eyes on the new risk assessment
		}
		c, _, err := d.allowed(t, ctx, caseID, do, Administrative)
		if err != nil {
			return err
		}
		var found bool
		if r, found, err = returnByID(t, caseID, returnID); err != nil || !found {
			return orProblem(err, problem.New(problem.NotFound, "casework.return-unknown", "There is no such return on this case."))
		}
		d.openReturn(ctx, &r)
		if err := r.move(to, recorded, d.Clock.Now()); err != nil {
			return err
		}
		if err := d.storeMove(t, ctx, c, &r, to); err != nil {
			return err
		}
		return d.windDues(t, ctx, c)
	})
	return r, err
}

// riskRises suspends a return under way when a risk is written on its case, or
// one that was lower or gone is open again: whoever goes on must look at it
// first, and a supervisor with them. before is the entry's earlier state, empty
// for a new one.
func (d *Desk) riskRises(t *db.Tx, ctx context.Context, c Case, e Entry, before string) error {
	if e.Kind != "risk" || e.State != "open" || before == "open" || strings.HasPrefix(e.Code, "strength.") {
		return nil
	}
	list, err := returnsOf(t, c.ID)
	if err != nil {
		return err
	}
	for _, r := range list {
		if !slices.ContainsFunc(ReturnTable, func(x ReturnRule) bool { return x.From == r.State && x.To == "suspended" }) {
			continue
		}
		d.openReturn(ctx, &r)
		words := cmp.Or(e.Text["text"], e.Code, "risk")
		if err := r.move("suspended", map[string]string{"risk": words}, d.Clock.Now()); err != nil {
			return err
		}
		if err := d.storeMove(t, ctx, c, &r, "suspended"); err != nil {
			return err
		}
		if err := d.notify(t, Notice{Organisation: c.Organisation, Kind: "return_suspended", Case: c.ID, Key: "return-suspended:" + r.ID + ":" + e.ID + ":" + itoa(ms(r.ChangedAt))}); err != nil {
			return err
		}
	}
	return nil
}

// storeMove stores a return after a step, with what follows from it.
func (d *Desk) storeMove(t *db.Tx, ctx context.Context, c Case, r *Return, to string) error {
	if err := d.sealReturn(ctx, r); err != nil {
		return err
	}
	if err := updateReturn(t, *r); err != nil {
		return err
	}
	if err := d.followUp(t, ctx, c, *r, to); err != nil {
		return err
	}
	return d.leaf(t, ctx, "return", "return:"+r.ID, c.Person, map[string]any{"case": c.ID, "state": r.State}, r.stored())
}

func (r *Return) move(to string, recorded map[string]string, now time.Time) error {
	i := slices.IndexFunc(ReturnTable, func(x ReturnRule) bool { return x.From == r.State && x.To == to })
	if i < 0 {
		return problem.New(problem.Conflict, "casework.return-step", "A return that is %q cannot become %q.", r.State, to)
	}
	p := problem.New(problem.Invalid, "casework.return-incomplete", "Something must be written down before this step. Nothing was changed.")
	if r.Recorded == nil {
		r.Recorded = map[string]string{}
	}
	for _, need := range ReturnTable[i].Needs {
		if strings.TrimSpace(recorded[need]) == "" {
			p.With("body.recorded."+need, "is empty")
		}
	}
	if len(p.Fields) > 0 {
		return p
	}
	for k, v := range recorded {
		k = r.State + "." + k
		if before := r.Recorded[k]; before != "" { // suspended a second time, say: the first risk stays on record
			v = before + "\n" + now.UTC().Format(time.DateOnly) + ": " + v
		}
		r.Recorded[k] = v
	}
	switch to {
	case "suspended":
		r.Before, r.State = r.State, "suspended"
	case "resume":
		r.State, r.Before = r.Before, ""
	default:
		r.State = to
	}
	if to == "received" {
		r.ReceivedAt = now
	}
	r.ChangedAt = now
	return nil
}

// followUp makes the follow-up tasks when somebody is received, sets them aside
// while the return is suspended, and takes them up again.
func (d *Desk) followUp(t *db.Tx, ctx context.Context, c Case, r Return, to string) error {
	switch to {
	case "received":
		p := d.profile(r.Country)
		for _, months := range followUps {
			due := p.End(r.ReceivedAt, clocks.Span{Months: months})
			e := NewEntry{Kind: "task", Code: "follow_up_" + itoa(int64(months)), Parent: r.ID, DueAt: due}
			if _, err := d.addEntry(t, ctx, c, e); err != nil {
				return err
			}
		}
	case "suspended":
		return d.moveFollowUps(t, ctx, c, r, "open", "waiting")
	case "resume":
		return d.moveFollowUps(t, ctx, c, r, "waiting", "open")
	case "stopped":
		return d.moveFollowUps(t, ctx, c, r, "waiting", "dropped")
	}
	return nil
}

func (d *Desk) moveFollowUps(t *db.Tx, ctx context.Context, c Case, r Return, from, to string) error {
	tasks, err := followUpsOf(t, r.ID, from)
	if err != nil {
		return err
	}
	for _, e := range tasks {
		e.State, e.ChangedAt = to, d.Clock.Now()
		if err := updateEntry(t, e); err != nil {
			return err
		}
		if err := d.leaf(t, ctx, "entry-change", "entry:"+e.ID, c.Person, map[string]any{"case": c.ID, "state": to}, e.stored()); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) sealReturn(ctx context.Context, r *Return) error {
	plain, err := json.Marshal(r.Recorded)
	if err != nil {
		return err
	}
	r.sealed, err = d.seal(ctx, r.Person, Narrative, place("return", r.ID, "recorded"), plain)
	return err
}

func (d *Desk) openReturn(ctx context.Context, r *Return) {
	r.Recorded = map[string]string{}
	if plain, err := d.unseal(ctx, r.Person, Narrative, place("return", r.ID, "recorded"), r.sealed); err == nil {
		json.Unmarshal(plain, &r.Recorded)
	}
}
