package casework

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"lintas/casework/clocks"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/platform/db"
)

func ms(t time.Time) int64 { return clock.Millis(t) }

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

func listJSON(list []string) string {
	if list == nil {
		list = []string{}
	}
	raw, _ := json.Marshal(list) // texts always marshal
	return string(raw)
}

// Persons and cases.

func insertPerson(t *db.Tx, id, organisation string, now time.Time) error {
	_, err := t.Exec(`INSERT INTO casework_person (id, organisation, made_at, erased_at) VALUES (?,?,?,0)`, id, organisation, ms(now))
	return err
}

func erasePerson(t *db.Tx, id string, now time.Time) error {
	_, err := t.Exec(`UPDATE casework_person SET erased_at = ? WHERE id = ?`, ms(now), id)
	return err
}

const caseColumns = `c.id, c.person, c.organisation, c.code, c.state, c.reason, c.owner, c.source, c.source_ref, c.child, c.profile, c.place, c.non_punishment, c.released, c.hold, c.exercise, c.revision, c.opened_at, c.changed_at, c.closed_at`

func scanCase(s db.Scanner) (c Case, err error) {
	var child, punish, hold, exercise, opened, changed, closed int64
	var released string
	if err = s.Scan(&c.ID, &c.Person, &c.Organisation, &c.Code, &c.State, &c.Reason, &c.Owner, &c.Source, &c.SourceRef, &child, &c.Profile, &c.Place, &punish, &released, &hold, &exercise, &c.Revision, &opened, &changed, &closed); err != nil {
		return c, err
	}
	c.Child, c.NonPunishment, c.Hold, c.Exercise = child == 1, punish == 1, hold == 1, exercise == 1
	c.OpenedAt, c.ChangedAt, c.ClosedAt = clock.FromMillis(opened), clock.FromMillis(changed), clock.FromMillis(closed)
	return c, json.Unmarshal([]byte(released), &c.Released)
}

// stored is what the audit leaf of a case vouches for.
func (c Case) stored() []byte {
	out := []byte(fmt.Sprintf("%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%t %t %t\n%s\n%s\n%d %d %d %d", c.ID, c.Person, c.Organisation, c.Code, c.State, c.Reason, c.Owner, c.Source, c.SourceRef,
		c.Profile, c.Child, c.NonPunishment, c.Hold, c.Place, listJSON(c.Released), c.Revision, ms(c.OpenedAt), ms(c.ChangedAt), ms(c.ClosedAt)))
	if c.Exercise { // beside the rest, so that leaves from before there were exercises still hold
		out = append(out, "\nexercise"...)
	}
	return out
}

func insertCase(t *db.Tx, c Case) error {
	_, err := t.Exec(`INSERT INTO casework_case (id, person, organisation, code, state, reason, owner, source, source_ref, child, profile, place, non_punishment, released, hold, exercise, revision, opened_at, changed_at, closed_at)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		c.ID, c.Person, c.Organisation, c.Code, c.State, c.Reason, c.Owner, c.Source, c.SourceRef, flag(c.Child), c.Profile, c.Place, flag(c.NonPunishment), listJSON(c.Released), flag(c.Hold), flag(c.Exercise), c.Revision, ms(c.OpenedAt), ms(c.ChangedAt), ms(c.ClosedAt))
	return err
}

func updateCase(t *db.Tx, c Case) error {
	_, err := t.Exec(`UPDATE casework_case SET state = ?, reason = ?, owner = ?, child = ?, profile = ?, place = ?, non_punishment = ?, released = ?, hold = ?, revision = ?, changed_at = ?, closed_at = ? WHERE id = ?`,
		c.State, c.Reason, c.Owner, flag(c.Child), c.Profile, c.Place, flag(c.NonPunishment), listJSON(c.Released), flag(c.Hold), c.Revision, ms(c.ChangedAt), ms(c.ClosedAt), c.ID)
	return err
}

// updateErased also takes the source's own number of a case away.
func updateErased(t *db.Tx, c Case) error {
	if err := updateCase(t, c); err != nil {
		return err
	}
	_, err := t.Exec(`UPDATE casework_case SET source_ref = ? WHERE id = ?`, c.SourceRef, c.ID)
	return err
}

func caseByID(t *db.Tx, id string) (Case, bool, error) {
	return db.One(t, scanCase, `SELECT `+caseColumns+` FROM casework_case c WHERE c.id = ?`, id)
}

func caseBySource(t *db.Tx, organisation, source, ref string) (Case, bool, error) {
	return db.One(t, scanCase, `SELECT `+caseColumns+` FROM casework_case c WHERE c.organisation = ? AND c.source = ? AND c.source_ref = ?`, organisation, source, ref)
}

func caseByCode(t *db.Tx, organisation, code string) (Case, bool, error) {
	return db.One(t, scanCase, `SELECT `+caseColumns+` FROM casework_case c WHERE c.organisation = ? AND c.code = ?`, organisation, code)
}

// closedCases pages through the closed cases without legal hold, by id.
func closedCases(t *db.Tx, after string, most int) ([]Case, error) {
	return db.All(t, scanCase, `SELECT `+caseColumns+` FROM casework_case c JOIN casework_person p ON p.id = c.person
		WHERE c.state = 'closed' AND c.hold = 0 AND p.erased_at = 0 AND c.id > ? ORDER BY c.id LIMIT ?`, after, most)
}

// exercisesBefore are the exercises under way that were opened before an instant.
func exercisesBefore(t *db.Tx, before time.Time) ([]Case, error) {
	return db.All(t, scanCase, `SELECT `+caseColumns+` FROM casework_case c WHERE c.exercise = 1 AND c.opened_at < ? AND c.state <> 'closed'`, ms(before))
}

// real leaves out exercises.
const real = ` AND c.exercise = 0`

// listCases applies the actor's prefilter and the search.
func listCases(t *db.Tx, where string, args []any, s Search, code string, marks []Mark) ([]Case, error) {
	where = "(" + where + ")" + real
	if s.Exercises {
		where = strings.TrimSuffix(where, real) + ` AND c.exercise = 1 AND c.state <> 'closed'`
	}
	if s.State != "" {
		where, args = "("+where+") AND c.state = ?", append(args, s.State)
	}
	if s.Owner != "" {
		where, args = "("+where+") AND c.owner = ?", append(args, s.Owner)
	}
	if !s.Before.IsZero() {
		where, args = "("+where+") AND c.changed_at < ?", append(args, ms(s.Before))
	}
	if code != "" {
		where, args = "("+where+") AND c.code = ?", append(args, code)
	}
	from := `casework_case c`
	if len(marks) > 0 {
		// The marks come first: left to itself, the planner walks through every
		// case of the organisation. CROSS JOIN keeps SQLite to this order.
		set, more := markSet(marks)
		from = `(SELECT case_id FROM (` + set + `) AS found) AS hit CROSS JOIN casework_case c`
		where, args = "c.id = hit.case_id AND ("+where+")", append(more, args...)
	}
	return db.All(t, scanCase, `SELECT `+caseColumns+` FROM `+from+` WHERE `+where+` ORDER BY c.changed_at DESC, c.id LIMIT `+fmt.Sprint(s.Limit), args...)
}

// markSet selects the cases that have every name word (or every sound), or any
// other mark.
func markSet(marks []Mark) (string, []any) {
	var names, others []string
	var nameArgs, otherArgs []any
	for _, m := range marks {
		one := `SELECT case_id FROM casework_mark WHERE mark = ? AND kind = ?`
		if m.Kind == "name" || strings.HasSuffix(m.Kind, "sound") {
			names, nameArgs = append(names, one), append(nameArgs, m.Mark, m.Kind)
		} else {
			others, otherArgs = append(others, one), append(otherArgs, m.Mark, m.Kind)
		}
	}
	var parts []string
	if len(names) > 0 {
		parts = append(parts, `SELECT case_id FROM (`+strings.Join(names, " INTERSECT ")+`) AS every`)
	}
	return strings.Join(append(parts, others...), " UNION "), append(nameArgs, otherArgs...)
}

// Members.

// Member is somebody who sees a case beside its owner.
type Member struct {
	Case, Person, Kind string
	Until              time.Time
}

func membersOf(t *db.Tx, caseID string, now time.Time) ([]Member, error) {
	return db.All(t, func(s db.Scanner) (m Member, err error) {
		var until int64
		err = s.Scan(&m.Case, &m.Person, &m.Kind, &until)
		m.Until = clock.FromMillis(until)
		return m, err
	}, `SELECT case_id, person, kind, until FROM casework_member WHERE case_id = ? AND (until = 0 OR until > ?) ORDER BY person, kind`, caseID, ms(now))
}

func putMember(t *db.Tx, m Member) error {
	_, err := t.Exec(`INSERT INTO casework_member (case_id, person, kind, until) VALUES (?,?,?,?) ON CONFLICT (case_id, person, kind) DO UPDATE SET until = excluded.until`, m.Case, m.Person, m.Kind, ms(m.Until))
	return err
}

func setMembers(t *db.Tx, caseID string, persons []string) error {
	if _, err := t.Exec(`DELETE FROM casework_member WHERE case_id = ? AND kind = 'member'`, caseID); err != nil {
		return err
	}
	for _, p := range persons {
		if err := putMember(t, Member{caseID, p, "member", time.Time{}}); err != nil {
			return err
		}
	}
	return nil
}

// Sheets and marks.

func scanSheet(s db.Scanner) (r sheetRow, err error) {
	return r, s.Scan(&r.Case, &r.Class, &r.Sealed, &r.Revision)
}

func sheetOf(t *db.Tx, caseID, class string) (sheetRow, bool, error) {
	r, found, err := db.One(t, scanSheet, `SELECT case_id, class, sealed, revision FROM casework_sheet WHERE case_id = ? AND class = ?`, caseID, class)
	r.Case, r.Class = caseID, class
	return r, found, err
}

func sheetsOf(t *db.Tx, caseID string) ([]sheetRow, error) {
	return db.All(t, scanSheet, `SELECT case_id, class, sealed, revision FROM casework_sheet WHERE case_id = ? ORDER BY class`, caseID)
}

func putSheet(t *db.Tx, r sheetRow) error {
	_, err := t.Exec(`INSERT INTO casework_sheet (case_id, class, sealed, revision) VALUES (?,?,?,?) ON CONFLICT (case_id, class) DO UPDATE SET sealed = excluded.sealed, revision = excluded.revision`, r.Case, r.Class, r.Sealed, r.Revision)
	return err
}

func putMarks(t *db.Tx, caseID, class string, marks []Mark) error {
	if err := deleteMarks(t, caseID, class); err != nil {
		return err
	}
	for _, m := range marks {
		if _, err := t.Exec(`INSERT INTO casework_mark (case_id, class, kind, mark) VALUES (?,?,?,?) ON CONFLICT DO NOTHING`, caseID, class, m.Kind, m.Mark); err != nil {
			return err
		}
	}
	return nil
}

func deleteMarks(t *db.Tx, caseID, class string) error {
	_, err := t.Exec(`DELETE FROM casework_mark WHERE case_id = ? AND class = ?`, caseID, class)
	return err
}

func insertErased(t *db.Tx, caseID, class string, now time.Time) error {
	_, err := t.Exec(`INSERT INTO casework_erased (case_id, class, at) VALUES (?,?,?) ON CONFLICT DO NOTHING`, caseID, class, ms(now))
	return err
}

func erasedOf(t *db.Tx, caseID string) ([]string, error) {
	return db.All(t, func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) }, `SELECT class FROM casework_erased WHERE case_id = ?`, caseID)
}

// markKinds are the kinds of marks by which cases resemble each other.
var markKinds = []string{"birth", "document", "email", "long_sound", "name", "phone", "sound", "whole_sound"}

// markHit is a case and how many marks of each kind it shares.
type markHit struct {
	Case, Code string
	State      State
	Shared     map[string]int
}

func scanHit(s db.Scanner) (h markHit, err error) {
	counts := make([]int, len(markKinds))
	to := []any{&h.Case, &h.Code, &h.State}
	for i := range counts {
		to = append(to, &counts[i])
	}
	if err = s.Scan(to...); err != nil {
		return h, err
	}
	h.Shared = map[string]int{}
	for i, kind := range markKinds {
		h.Shared[kind] = counts[i]
	}
	return h, nil
}

// markHits are the newest hundred cases of an organisation that share enough of
// the marks. What is enough is decided here, before anything is cut off (a
// common name is shared by thousands), and says the same as alike.
func markHits(t *db.Tx, organisation string, q question) ([]markHit, error) {
	if len(q.marks) == 0 {
		return nil, nil
	}
	var each, sums, out []string
	var args []any
	for _, m := range q.marks {
		each = append(each, `SELECT case_id, kind FROM casework_mark WHERE mark = ? AND kind = ?`)
		args = append(args, m.Mark, m.Kind)
	}
	for _, kind := range markKinds {
		sums = append(sums, `SUM(CASE WHEN kind = '`+kind+`' THEN 1 ELSE 0 END) AS n_`+kind)
		out = append(out, "h.n_"+kind)
	}
	enough := fmt.Sprintf(`h.n_document + h.n_phone + h.n_email > 0 OR h.n_birth > 0 AND h.n_name + h.n_sound + h.n_long_sound + h.n_whole_sound > 0
		OR h.n_name >= 2 AND (h.n_name >= %d OR h.n_sound + h.n_long_sound >= %d OR h.n_name >= (SELECT COUNT(*) FROM casework_mark w WHERE w.case_id = h.case_id AND w.kind = 'name'))`, q.words, q.sounds)
	if !q.birthKnown {
		enough += ` OR h.n_long_sound >= 2`
	}
	if !q.birthKnown && q.sounds >= 2 {
		enough += fmt.Sprintf(` OR h.n_name > 0 AND h.n_sound + h.n_long_sound >= %d`, q.sounds)
	}
	// The marks come first, as in listCases.
	return db.All(t, scanHit, `SELECT c.id, c.code, c.state, `+strings.Join(out, ", ")+` FROM (SELECT case_id, `+strings.Join(sums, ", ")+` FROM (`+strings.Join(each, " UNION ALL ")+`) AS one GROUP BY case_id) AS h
CROSS JOIN casework_case c WHERE c.id = h.case_id AND c.organisation = ?`+real+` AND (`+enough+`) ORDER BY c.id DESC LIMIT 100`, append(args, organisation)...)
}

// Conflicts.

type conflictRow struct {
	Conflict
	sealed []byte
}

func scanConflict(s db.Scanner) (r conflictRow, err error) {
	var at int64
	err = s.Scan(&r.ID, &r.Case, &r.Class, &r.Field, &r.By, &at, &r.sealed)
	r.At = clock.FromMillis(at)
	return r, err
}

const conflictColumns = `id, case_id, class, field, by_person, made_at, sealed FROM casework_conflict`

func insertConflict(t *db.Tx, x Conflict, sealed []byte) error {
	_, err := t.Exec(`INSERT INTO casework_conflict (id, case_id, class, field, sealed, by_person, made_at, resolved_at) VALUES (?,?,?,?,?,?,?,0)`, x.ID, x.Case, x.Class, x.Field, sealed, x.By, ms(x.At))
	return err
}

func conflictRows(t *db.Tx, caseID string) ([]conflictRow, error) {
	return db.All(t, scanConflict, `SELECT `+conflictColumns+` WHERE case_id = ? AND resolved_at = 0 ORDER BY made_at`, caseID)
}

// everyConflict are the settled ones, too: their other value is sealed as well.
func everyConflict(t *db.Tx, caseID string) ([]conflictRow, error) {
	return db.All(t, scanConflict, `SELECT `+conflictColumns+` WHERE case_id = ? ORDER BY made_at`, caseID)
}

func conflictsOf(t *db.Tx, caseID string) ([]Conflict, error) {
	rows, err := conflictRows(t, caseID)
	out := make([]Conflict, 0, len(rows))
	for _, r := range rows {
		out = append(out, r.Conflict)
	}
	return out, err
}

func conflictByID(t *db.Tx, caseID, id string) (Conflict, []byte, bool, error) {
	r, found, err := db.One(t, scanConflict, `SELECT `+conflictColumns+` WHERE case_id = ? AND id = ? AND resolved_at = 0`, caseID, id)
	return r.Conflict, r.sealed, found, err
}

func resolveConflict(t *db.Tx, id string, now time.Time) error {
	_, err := t.Exec(`UPDATE casework_conflict SET resolved_at = ? WHERE id = ?`, ms(now), id)
	return err
}

// Work.

func scanDue(s db.Scanner) (x Due, err error) {
	var at int64
	err = s.Scan(&x.Case, &x.Code, &x.Kind, &x.Ref, &x.What, &at, &x.Owner)
	x.At = clock.FromMillis(at)
	return x, err
}

const dueColumns = `u.case_id, c.code, u.kind, u.ref, u.code, u.at, u.owner FROM casework_due u JOIN casework_case c ON c.id = u.case_id`

func replaceDues(t *db.Tx, caseID string, dues []Due) error {
	if _, err := t.Exec(`DELETE FROM casework_due WHERE case_id = ?`, caseID); err != nil {
		return err
	}
	for _, x := range dues {
		if _, err := t.Exec(`INSERT INTO casework_due (case_id, kind, ref, code, at, owner, organisation) VALUES (?,?,?,?,?,?,?)
			ON CONFLICT (case_id, kind, ref) DO UPDATE SET at = excluded.at`, x.Case, x.Kind, x.Ref, x.What, ms(x.At), x.Owner, x.Organisation); err != nil {
			return err
		}
	}
	return nil
}

// notFloor and noFloor leave out the minimum terms: nobody is late when they end.
const (
	notFloor = `u.ref NOT LIKE '` + floor + `%'`
	noFloor  = ` AND ` + notFloor
)

// duesOf lists what is due for somebody until an instant, the oldest first; a
// supervisor also gets what waits for any supervisor.
func duesOf(t *db.Tx, who actor.Actor, now, until time.Time, most int) ([]Due, error) {
	list := func(owner string) ([]Due, error) {
		return db.All(t, scanDue, `SELECT `+dueColumns+` WHERE u.owner = ? AND u.at <= ? AND u.organisation = ? AND (u.at > ? OR `+notFloor+`) ORDER BY u.at, u.ref LIMIT ?`, owner, ms(until), who.Organisation, ms(now), most)
	}
	mine, err := list(who.Person)
	if err != nil || !who.Has(actor.Supervisor) {
		return mine, err
	}
	open, err := list("")
	mine = append(mine, open...)
	slices.SortStableFunc(mine, func(a, b Due) int { return a.At.Compare(b.At) })
	return mine[:min(len(mine), most)], err
}

func overdueOf(t *db.Tx, organisation string, now time.Time, most int) ([]Due, error) {
	return db.All(t, scanDue, `SELECT `+dueColumns+` WHERE u.organisation = ? AND u.at <= ?`+noFloor+` ORDER BY u.at, u.ref LIMIT ?`, organisation, ms(now), most)
}

// termsUntil pages through the statutory clocks and tasks that end until an
// instant.
func termsUntil(t *db.Tx, until time.Time, from, most int) ([]Due, error) {
	return db.All(t, scanDue, `SELECT `+dueColumns+` WHERE u.kind IN ('clock','task') AND u.at <= ? ORDER BY u.at, u.case_id, u.kind, u.ref LIMIT ? OFFSET ?`, ms(until), most, from)
}

func counts(t *db.Tx, query string, args ...any) (map[string]int, error) {
	type pair struct {
		name string
		n    int
	}
	rows, err := db.All(t, func(s db.Scanner) (p pair, err error) { return p, s.Scan(&p.name, &p.n) }, query, args...)
	out := map[string]int{}
	for _, p := range rows {
		out[p.name] = p.n
	}
	return out, err
}

// eventsOf reads a case's events as the clocks count them.
func eventsOf(t *db.Tx, caseID string) ([]clocks.Event, error) {
	return db.All(t, func(s db.Scanner) (e clocks.Event, err error) {
		var at int64
		err = s.Scan(&e.Code, &at)
		e.At = clock.FromMillis(at)
		if code, of, ok := strings.Cut(e.Code, ":"); ok && code == clocks.Extended {
			e.Code, e.Clock = code, of
		}
		return e, err
	}, `SELECT code, at FROM casework_entry WHERE case_id = ? AND kind = 'event' ORDER BY at, id`, caseID)
}
