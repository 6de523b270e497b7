package casework

import (
	"context"
	"crypto/rand"
	"math/big"
	"slices"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

var errNotAllowed = problem.New(problem.Forbidden, "casework.not-allowed", "You may see this case but not do this with it. Ask its caseworker or your supervisor.")

// State of a case. That somebody was identified and is not helped is a state
// with a reason, not an absence of data.
type State string

const (
	Opened     State = "open"
	Suspended  State = "suspended"
	Declined   State = "identified_declined"     // does not want to be identified or helped
	Unreferred State = "identified_not_referred" // wants help and nobody was found
	Closed     State = "closed"
)

// CaseRule is one row of CaseTable.
type CaseRule struct {
	From    State    `json:"from"`
	To      State    `json:"to"`
	Reasons []string `json:"reasons"`
}

// CaseTable is the whole life of a case. Closing goes through the approval of
// a supervisor, so it is no row here.
var CaseTable = []CaseRule{
	{Opened, Suspended, []string{"cannot_be_reached", "in_detention", "moved", "person_asked", "other"}},
	{Opened, Declined, []string{"fear_of_reprisal", "fear_of_authorities", "does_not_see_themselves_so", "wants_to_work", "wants_to_go_home", "no_trust", "other"}},
	{Opened, Unreferred, []string{"no_service", "service_full", "not_eligible_anywhere", "no_interpreter", "transport", "other"}},
	{Suspended, Opened, []string{"found_again", "person_asked", "other"}},
	{Declined, Opened, []string{"person_asked", "other"}},
	{Unreferred, Opened, []string{"service_found", "person_asked", "other"}},
	{Closed, Opened, []string{"new_need", "closed_by_mistake", "person_asked", "other"}},
}

// ClosureReasons are why a case may close.
var ClosureReasons = []string{"goals_reached", "person_asked", "lost_contact", "moved", "died", "duplicate", "not_in_need", "other"}

// Case is a case without its sheets.
type Case struct {
	ID            string    `json:"id"`
	Person        string    `json:"person"`
	Organisation  string    `json:"organisation"`
	Code          string    `json:"code"`
	State         State     `json:"state"`
	Reason        string    `json:"reason"`
	Owner         string    `json:"owner"`
	Source        string    `json:"source"`
	SourceRef     string    `json:"source_ref"`
	Child         bool      `json:"child"`
	Profile       string    `json:"profile"`
	Place         string    `json:"place"`
	NonPunishment bool      `json:"non_punishment"`
	Released      []string  `json:"released"`
	Hold          bool      `json:"hold"`
	Exercise      bool      `json:"exercise" doc:"About nobody; left out wherever cases are listed, counted, sent or told"`
	Revision      int64     `json:"revision"`
	OpenedAt      time.Time `json:"opened_at"`
	ChangedAt     time.Time `json:"changed_at"`
	ClosedAt      time.Time `json:"closed_at"`
}

// NewCase is what is needed to open a case.
type NewCase struct {
	// Screening is the submission it comes from; empty opens by hand.
	Screening string            `json:"screening,omitempty"`
	Values    map[string]string `json:"values,omitempty" doc:"Sheet fields by name"`
	Needs     []string          `json:"needs,omitempty"`
	Place     string            `json:"place,omitempty"`
	Child     bool              `json:"child,omitempty"`
	Exercise  bool              `json:"exercise,omitempty" doc:"A case about nobody, to learn on; cannot be changed later"`
	// NotDuplicateOf lists the possible duplicates that were looked at. A case
	// is not saved while one was not.
	NotDuplicateOf []string `json:"not_duplicate_of,omitempty"`

	source, sourceRef string
	risks             []string
}

// OpenCase opens a case. When a possible duplicate was not looked at, nothing
// is saved and the problem names the cases.
func (d *Desk) OpenCase(ctx context.Context, n NewCase) (Case, error) {
	who := actor.From(ctx)
	if n.source == "" {
		n.source = "hand"
	}
	if err := n.checkExercise(); err != nil {
		return Case{}, err
	}
	if n.Screening != "" {
		if err := d.fromScreening(ctx, &n); err != nil {
			return Case{}, err
		}
	}
	if err := checkValues(n.Values); err != nil {
		return Case{}, err
	}
	c := d.freshCase(n, who)
	sheets := byClass(n.Values)
	if err := d.ensure(ctx, c.Person, append(sortedKeys(sheets), Narrative, Administrative)...); err != nil {
		return c, err
	}
	err := d.DB.Write(ctx, func(t *db.Tx) error {
		if n.sourceRef != "" { // a person who was erased does not come back by what they came from
			if _, erased, err := caseBySource(t, c.Organisation, c.Source, d.erasedSource(n.sourceRef)); err != nil || erased {
				return orProblem(err, errScreeningUsed)
			}
		}
		if err := d.refuseDuplicates(t, ctx, n, c.Organisation); err != nil {
			return err
		}
		var err error
		if c.Code, err = freeCode(t, caseCode); err != nil {
			return err
		}
		return d.storeNewCase(t, ctx, c, n, sheets)
	})
	return c, err
}

func (d *Desk) freshCase(n NewCase, who actor.Actor) Case {
	now := d.Clock.Now()
	c := Case{
		ID: id.New(), Person: id.New(), Organisation: who.Organisation, State: Opened, Owner: who.Person,
		Source: n.source, SourceRef: n.sourceRef, Child: n.Child || underAge(n.Values, now), Profile: d.Country,
		Place: n.Place, Exercise: n.Exercise, Released: []string{}, Revision: 1, OpenedAt: now, ChangedAt: now,
	}
	return c
}

func (d *Desk) storeNewCase(t *db.Tx, ctx context.Context, c Case, n NewCase, sheets map[string]map[string]string) error {
	if err := insertPerson(t, c.Person, c.Organisation, c.OpenedAt); err != nil {
		return err
	}
	if err := insertCase(t, c); db.Unique(err) {
		return errScreeningUsed
	} else if err != nil {
		return err
	}
	for _, class := range sortedKeys(sheets) {
		if _, _, err := d.editSheet(t, ctx, c, class, sheets[class], 0); err != nil {
			return err
		}
	}
	for kind, codes := range map[string][]string{"need": n.Needs, "risk": n.risks} {
		for _, code := range codes {
			if _, err := d.addEntry(t, ctx, c, NewEntry{Kind: kind, Code: code}); err != nil {
				return err
			}
		}
	}
	if err := d.leaf(t, ctx, "open", "case:"+c.ID, c.Person, map[string]any{"source": c.Source}, c.stored()); err != nil {
		return err
	}
	return d.windDues(t, ctx, c)
}

// fromScreening takes over what the screening desk hands out.
func (d *Desk) fromScreening(ctx context.Context, n *NewCase) error {
	if d.Screening == nil {
		return problem.New(problem.Unavailable, "casework.no-screening", "This node has no screening desk. Open the case by hand.")
	}
	s, err := d.Screening(ctx, n.Screening)
	if err != nil {
		return err
	}
	values := map[string]string{}
	for name, v := range s.Values {
		if _, ok := fieldByName[name]; ok {
			values[name] = v
		}
	}
	for name, v := range n.Values { // what the caseworker typed goes before
		values[name] = v
	}
	n.Values, n.source, n.sourceRef, n.risks = values, "screening", n.Screening, s.Risks
	for _, need := range s.Needs {
		if !slices.Contains(n.Needs, need) {
			n.Needs = append(n.Needs, need)
		}
	}
	if n.Place == "" {
		n.Place = s.Place
	}
	return nil
}

// codeLetters leave out letters and digits that sound or look alike.
const codeLetters = "23456789ACDEFGHJKMNPQRTVWXY"

// caseCode is seven random signs: a code that can be told over the telephone
// and says nothing about the person or the number of cases.
func caseCode() string {
	var b strings.Builder
	for i := range 7 {
		if i == 3 {
			b.WriteByte('-')
		}
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeLetters))))
		if err != nil {
			panic("casework: the system's random source failed: " + err.Error())
		}
		b.WriteByte(codeLetters[n.Int64()])
	}
	return b.String()
}

// freeCode draws until a code is not in use: with a hundred thousand cases a double is drawn in two tries of five.
func freeCode(t *db.Tx, draw func() string) (string, error) {
	for {
		code := draw()
		var uses int
		if err := t.Row(`SELECT COUNT(*) FROM casework_case WHERE code = ?`, code).Scan(&uses); err != nil || uses == 0 {
			return code, err
		}
	}
}

// underAge says whether the values make somebody a child now.
func underAge(values map[string]string, now time.Time) bool {
	if born, err := time.Parse(time.DateOnly, values["birth_date"]); err == nil {
		return born.AddDate(18, 0, 0).After(now)
	}
	age := values["age"]
	return len(age) == 1 || age == "10" || age == "11" || age == "12" || age == "13" || age == "14" || age == "15" || age == "16" || age == "17"
}

// GetCase reads a case without its sheets.
func (d *Desk) GetCase(ctx context.Context, caseID string) (c Case, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		c, _, err = d.allowed(t, ctx, caseID, See, Administrative)
		return err
	})
	return c, err
}

// SetState moves a case through CaseTable.
func (d *Desk) SetState(ctx context.Context, caseID string, to State, reason string) (c Case, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if c, _, err = d.allowed(t, ctx, caseID, Write, Administrative); err != nil {
			return err
		}
		if c.Reason == erasedCase {
			return errErased
		}
		i := slices.IndexFunc(CaseTable, func(r CaseRule) bool { return r.From == c.State && r.To == to })
		if i < 0 {
			return problem.New(problem.Conflict, "casework.case-step", "A case that is %q cannot become %q. Closing goes through your supervisor.", c.State, to)
		}
		if !slices.Contains(CaseTable[i].Reasons, reason) {
			return problem.New(problem.Invalid, "casework.reason-unknown", "Choose one of the reasons: %s.", strings.Join(CaseTable[i].Reasons, ", ")).With("body.reason", "is not one of them")
		}
		return d.moveCase(t, ctx, &c, to, reason)
	})
	return c, err
}

func (d *Desk) moveCase(t *db.Tx, ctx context.Context, c *Case, to State, reason string) error {
	c.State, c.Reason, c.ChangedAt, c.Revision = to, reason, d.Clock.Now(), c.Revision+1
	c.ClosedAt = time.Time{}
	if to == Closed {
		c.ClosedAt = c.ChangedAt
	}
	if err := updateCase(t, *c); err != nil {
		return err
	}
	if err := d.leaf(t, ctx, "state", "case:"+c.ID, c.Person, map[string]any{"state": to, "reason": reason}, c.stored()); err != nil {
		return err
	}
	return d.windDues(t, ctx, *c)
}

// CaseChange is what may be changed about a case as such; nil leaves as it is.
type CaseChange struct {
	Owner         *string   `json:"owner,omitempty"`
	Place         *string   `json:"place,omitempty"`
	Child         *bool     `json:"child,omitempty"`
	Profile       *string   `json:"profile,omitempty"`
	NonPunishment *bool     `json:"non_punishment,omitempty"`
	Hold          *bool     `json:"hold,omitempty"`
	Released      *[]string `json:"released,omitempty" doc:"Field classes opened to enforcement roles"`
	Members       *[]string `json:"members,omitempty" doc:"Who sees the case beside its owner"`
}

// ChangeCase changes a case as such. Each kind of change needs its own right.
func (d *Desk) ChangeCase(ctx context.Context, caseID string, ch CaseChange) (c Case, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if c, _, err = d.allowed(t, ctx, caseID, Write, Administrative); err != nil {
			return err
		}
		needs := map[Action]bool{Assign: ch.Owner != nil || ch.Members != nil, Hold: ch.Hold != nil, Release: ch.Released != nil}
		for do, asked := range needs {
			if asked {
				if _, _, err := d.allowed(t, ctx, caseID, do, Administrative); err != nil {
					return err
				}
			}
		}
		detail, err := ch.apply(t, &c)
		if err != nil {
			return err
		}
		c.ChangedAt, c.Revision = d.Clock.Now(), c.Revision+1
		if err := updateCase(t, c); err != nil {
			return err
		}
		if err := d.leaf(t, ctx, "change", "case:"+c.ID, c.Person, detail, c.stored()); err != nil {
			return err
		}
		return d.windDues(t, ctx, c)
	})
	return c, err
}

func (ch CaseChange) apply(t *db.Tx, c *Case) (map[string]any, error) {
	detail := map[string]any{}
	set := func(name string, v any) { detail[name] = v }
	if ch.Owner != nil {
		c.Owner = *ch.Owner
		set("owner", c.Owner)
	}
	if ch.Place != nil {
		c.Place = *ch.Place
		set("place", "changed")
	}
	if ch.Child != nil {
		c.Child = *ch.Child
		set("child", c.Child)
	}
	if ch.Profile != nil {
		c.Profile = *ch.Profile
		set("profile", c.Profile)
	}
	if ch.NonPunishment != nil {
		c.NonPunishment = *ch.NonPunishment
		set("non_punishment", c.NonPunishment)
	}
	if ch.Hold != nil {
		c.Hold = *ch.Hold
		set("hold", c.Hold)
	}
	if ch.Released != nil {
		for _, class := range *ch.Released {
			if !slices.Contains(Classes, class) {
				return nil, problem.New(problem.Invalid, "casework.class-unknown", "There is no field class %q.", class)
			}
		}
		c.Released = *ch.Released
		set("released", c.Released)
	}
	if ch.Members != nil {
		set("members", *ch.Members)
		return detail, setMembers(t, c.ID, *ch.Members)
	}
	return detail, nil
}

// BreakGlass opens a colleague's case for reading for four hours. It needs a
// reason and every supervisor of the organisation is alerted.
func (d *Desk) BreakGlass(ctx context.Context, caseID, reason string) error {
	reason = strings.TrimSpace(reason)
	if len([]rune(reason)) < 10 {
		return problem.New(problem.Invalid, "casework.glass-reason", "Say in a sentence why you must see this case now; it is kept and your supervisor is told.").With("body.reason", "is too short")
	}
	var c Case
	err := d.DB.Read(ctx, func(t *db.Tx) error {
		var found bool
		var err error
		if c, found, err = caseByID(t, caseID); err != nil || !found || c.gone() {
			return orNoCase(err)
		}
		g, err := d.guard(t, c)
		if err == nil && !d.may(actor.From(ctx), BreakGlass, g, Administrative, "") {
			return errNoCase
		}
		return err
	})
	if err != nil {
		return err
	}
	if err := d.ensureOpen(ctx, c, Narrative); err != nil {
		return err
	}
	return d.DB.Write(ctx, func(t *db.Tx) error {
		now := d.Clock.Now()
		if err := putMember(t, Member{c.ID, actor.From(ctx).Person, "glass", now.Add(4 * time.Hour)}); err != nil {
			return err
		}
		if _, err := d.addEntry(t, ctx, c, NewEntry{Kind: "event", Code: "glass_broken", Text: map[string]string{"text": reason}}); err != nil {
			return err
		}
		if err := d.notify(t, Notice{Organisation: c.Organisation, Kind: "glass_broken", Case: c.ID, Key: "glass:" + id.New()}); err != nil {
			return err
		}
		return d.leaf(t, ctx, "break-glass", "case:"+c.ID, c.Person, nil, nil)
	})
}
