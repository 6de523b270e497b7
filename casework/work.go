package casework

import (
	"context"
	"slices"
	"strings"
	"time"

	"lintas/casework/clocks"
	"lintas/casework/names"
	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// Due is something that must happen by an instant.
type Due struct {
	Case         string    `json:"case"`
	Code         string    `json:"case_code"`
	Kind         string    `json:"kind" enum:"task,goal,referral,outcome,clock,approval,conflict"`
	Ref          string    `json:"ref"`
	What         string    `json:"what" doc:"Code of the task, clock or state"`
	At           time.Time `json:"at"`
	Owner        string    `json:"owner"`
	Organisation string    `json:"-"`
	Overdue      bool      `json:"overdue"`
}

// windDues writes anew whatever a case has due. It is called at the end of
// every verb that changes a case, in the same transaction, so the work list is
// never older than the case.
func (d *Desk) windDues(t *db.Tx, ctx context.Context, c Case) error {
	var dues []Due
	if c.Exercise {
		return replaceDues(t, c.ID, nil) // nobody's day
	}
	add := func(kind, ref, what string, at time.Time, owner string) {
		if !at.IsZero() {
			dues = append(dues, Due{Case: c.ID, Kind: kind, Ref: ref, What: what, At: at, Owner: owner, Organisation: c.Organisation})
		}
	}
	refs, err := referralsOfCase(t, c.ID)
	if err != nil {
		return err
	}
	for _, r := range refs {
		add("referral", r.ID, string(r.State), r.Deadline, c.Owner)
		add("outcome", r.ID, string(r.State), r.OutcomeDue, c.Owner)
		if r.State.Unserved() && c.State == Opened {
			add("referral", r.ID, string(r.State), r.ChangedAt, c.Owner)
		}
	}
	if c.State != Closed {
		if err := d.windCase(t, c, add); err != nil {
			return err
		}
	}
	return replaceDues(t, c.ID, dues)
}

// floor begins the reference of a term that is a minimum. It is announced, and
// when it has ended it is off the list: nobody is late.
const floor = "floor:"

// windCase adds what an open case has due beside its referrals.
func (d *Desk) windCase(t *db.Tx, c Case, add func(kind, ref, what string, at time.Time, owner string)) error {
	entries, err := datedEntries(t, c.ID)
	if err != nil {
		return err
	}
	for _, e := range entries {
		add(e.Kind, e.ID, e.Code, e.DueAt, e.Owner)
	}
	running, err := d.running(t, c)
	if err != nil {
		return err
	}
	for _, r := range running {
		if r.Stopped.IsZero() {
			ref := r.Clock.Code
			if r.Clock.Minimum {
				ref = floor + ref
			}
			add("clock", ref, r.Clock.Code, r.End, c.Owner)
		}
	}
	asked, err := approvalsOf(t, c.ID)
	if err != nil {
		return err
	}
	for _, a := range asked {
		if a.State == "asked" {
			add("approval", a.ID, a.What, a.AskedAt, "") // any supervisor
		}
	}
	conflicts, err := conflictsOf(t, c.ID)
	if err != nil {
		return err
	}
	for _, x := range conflicts {
		add("conflict", x.ID, x.Field, x.At, c.Owner)
	}
	return nil
}

// running are the statutory clocks that a case's events have started.
func (d *Desk) running(t *db.Tx, c Case) ([]clocks.Running, error) {
	events, err := eventsOf(t, c.ID)
	if err != nil {
		return nil, err
	}
	return d.profile(c.Profile).Start(events), nil
}

// Work is a caseworker's day.
type Work struct {
	Dues    []Due    `json:"dues" doc:"Overdue first, then by time"`
	Notices []Notice `json:"notices"`
	Inbox   int      `json:"inbox" doc:"Referrals to my organisation that wait for an answer"`
	More    bool     `json:"more" doc:"There is more due than is shown"`
}

// WorkToday lists what is overdue and what falls due within a week, for the
// actor. Supervisors also see approvals that wait.
func (d *Desk) WorkToday(ctx context.Context) (w Work, err error) {
	who, now := actor.From(ctx), d.Clock.Now()
	const most = 200
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		if w.Dues, err = duesOf(t, who, now, now.AddDate(0, 0, 7), most+1); err != nil {
			return err
		}
		if w.Notices, err = noticesOf(t, who, 50); err != nil {
			return err
		}
		w.Inbox, err = waitingFor(t, who.Organisation)
		return err
	})
	if len(w.Dues) > most {
		w.Dues, w.More = w.Dues[:most], true
	}
	for i := range w.Dues {
		w.Dues[i].Overdue = !w.Dues[i].At.After(now)
	}
	return w, err
}

// Board is a supervisor's view of the organisation: counts, never persons.
type Board struct {
	Cases     map[string]int `json:"cases" doc:"By state"`
	Referrals map[string]int `json:"referrals" doc:"By state"`
	Overdue   map[string]int `json:"overdue" doc:"By owner"`
	Load      map[string]int `json:"load" doc:"Open cases by owner"`
	Dues      []Due          `json:"dues" doc:"What is overdue, oldest first"`
	Stale     int            `json:"stale_services" doc:"Services whose confirmation is overdue"`
}

// SupervisorBoard reads the board.
func (d *Desk) SupervisorBoard(ctx context.Context) (b Board, err error) {
	who, now := actor.From(ctx), d.Clock.Now()
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		if b.Cases, err = counts(t, `SELECT state, COUNT(*) FROM casework_case c WHERE organisation = ?`+real+` GROUP BY state`, who.Organisation); err != nil {
			return err
		}
		if b.Referrals, err = counts(t, `SELECT state, COUNT(*) FROM casework_referral WHERE organisation = ? AND case_id NOT IN (SELECT id FROM casework_case c WHERE c.exercise = 1) GROUP BY state`, who.Organisation); err != nil {
			return err
		}
		if b.Overdue, err = counts(t, `SELECT u.owner, COUNT(*) FROM casework_due u WHERE u.organisation = ? AND u.at <= ?`+noFloor+` GROUP BY u.owner`, who.Organisation, now.UnixMilli()); err != nil {
			return err
		}
		if b.Load, err = counts(t, `SELECT owner, COUNT(*) FROM casework_case c WHERE organisation = ? AND state <> 'closed'`+real+` GROUP BY organisation, owner`, who.Organisation); err != nil {
			return err
		}
		b.Dues, err = overdueOf(t, who.Organisation, now, 100)
		return err
	})
	if err != nil {
		return b, err
	}
	for i := range b.Dues {
		b.Dues[i].Overdue = true
	}
	dir, err := d.dir(ctx)
	if err != nil {
		return b, err
	}
	b.Stale = dir.stale(now)
	return b, nil
}

// Search chooses cases to list.
type Search struct {
	Text   string    // a case code, a name, a number; exact by word
	State  State     // empty = every state
	Owner  string    // empty = everybody
	Before time.Time // changed before this; zero = from the newest
	Limit  int       // 1..100; 0 = 50
	// Exercises lists the exercises under way, and no real case.
	Exercises bool
}

// Cases lists cases that the actor may see, newest change first. A list shows
// codes and states and no personal field.
func (d *Desk) Cases(ctx context.Context, s Search) (out []Case, err error) {
	if s.Limit <= 0 || s.Limit > 100 {
		s.Limit = 50
	}
	var marks []Mark
	code := ""
	if text := strings.TrimSpace(s.Text); text != "" {
		if isCode(text) {
			code = strings.ToUpper(text)
		} else if marks = d.searchMarks(text); len(marks) == 0 {
			return []Case{}, nil
		}
	}
	where, args := d.visible(actor.From(ctx))
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		if out, err = listCases(t, where, args, s, code, marks); err != nil || len(out) > 0 {
			return err
		}
		if marks = d.soundMarks(s.Text); len(marks) > 0 { // nobody is written so: who sounds so?
			out, err = listCases(t, where, args, s, "", marks)
		}
		return err
	})
	return out, err
}

// soundMarks are the marks of how a searched name sounds; a single short sound
// would list half a town.
func (d *Desk) soundMarks(text string) (out []Mark) {
	length := 0
	for _, word := range nameWords(text) {
		if sound := names.Sound(word); sound != "" {
			length += len(sound)
			out = append(out, Mark{soundKind(sound), d.Keys.Index("casework."+soundKind(sound), sound)})
		}
	}
	if length < 2 {
		return nil
	}
	return out
}

// isCode says whether a text is a case code: seven of its letters, with or
// without the hyphen.
func isCode(text string) bool {
	if len(text) != 8 || text[3] != '-' {
		return false
	}
	for _, r := range strings.ToUpper(text[:3] + text[4:]) {
		if !strings.ContainsRune(codeLetters, r) {
			return false
		}
	}
	return true
}

// searchMarks are the marks that a search text may stand for: every word as a
// name, or the whole as a number, an e-mail or a day of birth.
func (d *Desk) searchMarks(text string) []Mark {
	mark := func(kind, v string) Mark { return Mark{kind, d.Keys.Index("casework."+kind, v)} }
	if strings.Contains(text, "@") {
		return []Mark{mark("email", plainForm("email", text))}
	}
	if digits := plainForm("phone", text); len(digits) >= 6 && !strings.ContainsFunc(text, func(r rune) bool { return r >= 'A' }) {
		if _, err := time.Parse(time.DateOnly, text); err == nil {
			return []Mark{mark("birth", text)}
		}
		return []Mark{mark("phone", digits), mark("document", plainForm("document", text))}
	}
	var out []Mark
	for _, word := range nameWords(text) {
		out = append(out, mark("name", word))
	}
	if len(out) == 1 {
		out = append(out, mark("document", plainForm("document", text)))
	}
	return out
}

// Page is a case as its reader may see it.
type Page struct {
	Case      Case                `json:"case"`
	Classes   []string            `json:"classes" doc:"Field classes that this reader may read"`
	Sheets    map[string]Sheet    `json:"sheets"`
	Entries   []Entry             `json:"entries"`
	Clocks    []clocks.Running    `json:"clocks"`
	Events    []string            `json:"events" doc:"Codes of events that start or stop a clock of this case's country"`
	Zone      string              `json:"zone" doc:"Time zone in which the case's days end"`
	Draft     bool                `json:"draft_profile" doc:"Nobody versed in that country's law has checked its terms"`
	Approvals []Approval          `json:"approvals"`
	Receipts  []Receipt           `json:"receipts"`
	Referrals []Referral          `json:"referrals"`
	Returns   []Return            `json:"returns"`
	Conflicts []Conflict          `json:"conflicts"`
	Members   []string            `json:"members"`
	May       []Action            `json:"may"`
	Steps     map[string][]string `json:"steps" doc:"For each referral, the events this reader may bring about"`
}

// Sheet is one field class of a case.
type Sheet struct {
	Values map[string]string `json:"values"`
	Erased bool              `json:"erased,omitempty"`
}

// CasePage reads a case whole, as far as the reader may; the reading is
// logged with the classes that were seen.
func (d *Desk) CasePage(ctx context.Context, caseID string) (p Page, err error) {
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		c, g, err := d.allowed(t, ctx, caseID, See, Administrative)
		if err != nil {
			return err
		}
		who := actor.From(ctx)
		p = Page{Case: c, Members: append([]string{}, g.Members...), May: []Action{}, Conflicts: []Conflict{}, Sheets: map[string]Sheet{}, Steps: map[string][]string{}, Classes: []string{}}
		for _, class := range Classes {
			if d.may(who, Read, g, class, "") {
				p.Classes = append(p.Classes, class)
			}
		}
		for _, do := range []Action{Write, Refer, AskApproval, Approve, Assign, Release, Hold, Erase, Override, Export} {
			if d.may(who, do, g, Administrative, "") {
				p.May = append(p.May, do)
			}
		}
		if err := d.pageSheets(t, ctx, c, &p); err != nil {
			return err
		}
		if err := d.pageTimeline(t, ctx, c, &p); err != nil {
			return err
		}
		return d.leaf(t, ctx, "read", "case:"+c.ID, c.Person, map[string]any{"classes": p.Classes}, nil)
	})
	if err != nil {
		return p, err
	}
	for i := range p.Referrals {
		if err := d.nameService(ctx, &p.Referrals[i]); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (d *Desk) pageSheets(t *db.Tx, ctx context.Context, c Case, p *Page) error {
	rows, err := sheetsOf(t, c.ID)
	if err != nil {
		return err
	}
	for _, row := range rows {
		if !slices.Contains(p.Classes, row.Class) {
			continue
		}
		fields, erased, err := d.openSheet(ctx, c, row)
		if err != nil {
			return err
		}
		s := Sheet{Values: map[string]string{}, Erased: erased}
		for name, f := range fields {
			if f.Value != "" {
				s.Values[name] = f.Value
			}
		}
		p.Sheets[row.Class] = s
	}
	conflicts, err := conflictRows(t, c.ID)
	if err != nil {
		return err
	}
	for _, x := range conflicts {
		if slices.Contains(p.Classes, x.Class) {
			if mine, err := d.unseal(ctx, c.Person, x.Class, place("conflict", x.ID, x.Field), x.sealed); err == nil {
				x.Mine = string(mine)
			}
		}
		p.Conflicts = append(p.Conflicts, x.Conflict)
	}
	return nil
}

func (d *Desk) pageTimeline(t *db.Tx, ctx context.Context, c Case, p *Page) (err error) {
	if p.Entries, err = entriesOf(t, c.ID); err != nil {
		return err
	}
	for i := range p.Entries {
		e := &p.Entries[i]
		e.Text, e.Hidden = map[string]string{}, true
		if slices.Contains(p.Classes, e.Class) {
			e.Hidden = false
			if err := d.openEntry(ctx, c.Person, e); err != nil {
				return err
			}
		}
	}
	if p.Clocks, err = d.running(t, c); err != nil {
		return err
	}
	profile := d.profile(c.Profile)
	p.Events, p.Draft, p.Zone = profile.Events(), profile.Draft, profile.Location().String()
	if p.Approvals, err = approvalsOf(t, c.ID); err != nil {
		return err
	}
	if p.Receipts, err = receiptsOf(t, c.ID); err != nil {
		return err
	}
	for i := range p.Receipts {
		if slices.Contains(p.Classes, Narrative) {
			d.openReceipt(ctx, &p.Receipts[i])
		}
	}
	if p.Returns, err = returnsOf(t, c.ID); err != nil {
		return err
	}
	for i := range p.Returns {
		if slices.Contains(p.Classes, Narrative) {
			d.openReturn(ctx, &p.Returns[i])
		}
	}
	if p.Referrals, err = referralsOfCase(t, c.ID); err != nil {
		return err
	}
	for i := range p.Referrals {
		r := &p.Referrals[i]
		p.Steps[r.ID] = d.eventsFor(ctx, *r)
		if c.Exercise {
			p.Steps[r.ID] = slices.DeleteFunc(p.Steps[r.ID], func(e string) bool { return e == string(referral.Send) || e == string(referral.Extend) })
		}
		if r.Steps, err = stepsOf(t, r.ID); err != nil {
			return err
		}
	}
	return nil
}

// Seen is a leaf with who it was in words: a list that is shown to the person
// must not answer with numbers. The name is looked up when the list is read;
// the log itself holds ids.
type Seen struct {
	audit.Leaf
	Name         string `json:"name,omitempty" doc:"Of staff of this node; a partner by link and the node itself have none"`
	Organisation string `json:"organisation,omitempty"`
}

// WhoHasSeen lists everything that was done to or seen of a case's person,
// newest first: what may be shown to the person.
func (d *Desk) WhoHasSeen(ctx context.Context, caseID string) (out []Seen, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		c, _, err := d.allowed(t, ctx, caseID, Read, Administrative)
		if err != nil {
			return err
		}
		leaves, err := audit.List(t, audit.Filter{Subject: c.Person, Limit: 500})
		for _, leaf := range leaves {
			out = append(out, Seen{Leaf: leaf})
		}
		return err
	})
	if err != nil || d.NameOf == nil {
		return out, err
	}
	known := map[string]Seen{}
	for i := range out {
		person, staff := strings.CutPrefix(out[i].Actor, "person:")
		if !staff {
			continue
		}
		who, ok := known[person]
		if !ok {
			who.Name, who.Organisation = d.NameOf(ctx, person)
			if d.OrganisationName != nil && who.Organisation != "" {
				who.Organisation = d.OrganisationName(ctx, who.Organisation)
			}
			known[person] = who
		}
		out[i].Name, out[i].Organisation = who.Name, who.Organisation
	}
	return out, nil
}

// ExtendClock lengthens a statutory clock as often as the profile allows.
func (d *Desk) ExtendClock(ctx context.Context, caseID, clock, reason string) error {
	return d.DB.Write(ctx, func(t *db.Tx) error {
		c, _, err := d.allowed(t, ctx, caseID, Approve, Administrative)
		if err != nil {
			return err
		}
		running, err := d.running(t, c)
		if err != nil {
			return err
		}
		for _, r := range running {
			if r.Clock.Code == clock && r.Stopped.IsZero() && r.Extensions < r.Clock.Extensions {
				e := NewEntry{Kind: "event", Code: clocks.Extended + ":" + clock, Text: map[string]string{"text": reason}}
				if _, err := d.addEntry(t, ctx, c, e); err != nil {
					return err
				}
				return d.windDues(t, ctx, c)
			}
		}
		return problem.New(problem.Conflict, "casework.clock-not-extended", "This term is not running or cannot be extended (again).")
	})
}
