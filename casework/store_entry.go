package casework

import (
	"encoding/json"
	"fmt"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/platform/db"
	"lintas/platform/keys"
)

const entryColumns = `id, case_id, kind, class, state, code, parent, owner, at, due_at, sealed, by_person, made_at, changed_at FROM casework_entry`

func scanEntry(s db.Scanner) (e Entry, err error) {
	var at, due, made, changed int64
	err = s.Scan(&e.ID, &e.Case, &e.Kind, &e.Class, &e.State, &e.Code, &e.Parent, &e.Owner, &at, &due, &e.sealed, &e.By, &made, &changed)
	e.At, e.DueAt, e.MadeAt, e.ChangedAt = clock.FromMillis(at), clock.FromMillis(due), clock.FromMillis(made), clock.FromMillis(changed)
	return e, err
}

// stored is what the audit leaf of an entry vouches for.
func (e Entry) stored() []byte {
	return append([]byte(fmt.Sprintf("%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%d %d\n", e.ID, e.Case, e.Kind, e.Class, e.State, e.Code, e.Parent, e.Owner, ms(e.At), ms(e.DueAt))), e.sealed...)
}

func insertEntry(t *db.Tx, e Entry, blob []byte) error {
	_, err := t.Exec(`INSERT INTO casework_entry (id, case_id, kind, class, state, code, parent, owner, at, due_at, sealed, blob, by_person, made_at, changed_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		e.ID, e.Case, e.Kind, e.Class, e.State, e.Code, e.Parent, e.Owner, ms(e.At), ms(e.DueAt), e.sealed, blob, e.By, ms(e.MadeAt), ms(e.ChangedAt))
	return err
}

func updateEntry(t *db.Tx, e Entry) error {
	_, err := t.Exec(`UPDATE casework_entry SET state = ?, owner = ?, due_at = ?, sealed = ?, changed_at = ? WHERE id = ?`, e.State, e.Owner, ms(e.DueAt), e.sealed, ms(e.ChangedAt), e.ID)
	return err
}

func entryByID(t *db.Tx, caseID, id string) (Entry, bool, error) {
	return db.One(t, scanEntry, `SELECT `+entryColumns+` WHERE case_id = ? AND id = ?`, caseID, id)
}

func entryBlob(t *db.Tx, caseID, id string) ([]byte, error) {
	blob, _, err := db.One(t, func(s db.Scanner) (b []byte, err error) { return b, s.Scan(&b) }, `SELECT blob FROM casework_entry WHERE case_id = ? AND id = ?`, caseID, id)
	return blob, err
}

func entriesOf(t *db.Tx, caseID string) ([]Entry, error) {
	return db.All(t, scanEntry, `SELECT `+entryColumns+` WHERE case_id = ? ORDER BY at, id`, caseID)
}

// datedEntries are the goals and tasks that are open and have a term.
func datedEntries(t *db.Tx, caseID string) ([]Entry, error) {
	return db.All(t, scanEntry, `SELECT `+entryColumns+` WHERE case_id = ? AND kind IN ('goal','task') AND state = 'open' AND due_at > 0 ORDER BY due_at`, caseID)
}

// followUpsOf are a return's follow-up tasks in a state.
func followUpsOf(t *db.Tx, returnID, state string) ([]Entry, error) {
	return db.All(t, scanEntry, `SELECT `+entryColumns+` WHERE parent = ? AND kind = 'task' AND state = ? ORDER BY due_at`, returnID, state)
}

// Approvals.

const approvalColumns = `id, case_id, what, state, reason, asked_by, asked_at, decided_by, decided_at FROM casework_approval`

func scanApproval(s db.Scanner) (a Approval, err error) {
	var asked, decided int64
	err = s.Scan(&a.ID, &a.Case, &a.What, &a.State, &a.Reason, &a.AskedBy, &asked, &a.DecidedBy, &decided)
	a.AskedAt, a.DecidedAt = clock.FromMillis(asked), clock.FromMillis(decided)
	return a, err
}

func insertApproval(t *db.Tx, a Approval) error {
	_, err := t.Exec(`INSERT INTO casework_approval (id, case_id, what, state, reason, asked_by, asked_at, decided_by, decided_at) VALUES (?,?,?,?,?,?,?,'',0)`, a.ID, a.Case, a.What, a.State, a.Reason, a.AskedBy, ms(a.AskedAt))
	return err
}

func updateApproval(t *db.Tx, a Approval) error {
	_, err := t.Exec(`UPDATE casework_approval SET state = ?, decided_by = ?, decided_at = ? WHERE id = ?`, a.State, a.DecidedBy, ms(a.DecidedAt), a.ID)
	return err
}

func approvalByID(t *db.Tx, caseID, id string) (Approval, bool, error) {
	return db.One(t, scanApproval, `SELECT `+approvalColumns+` WHERE case_id = ? AND id = ?`, caseID, id)
}

func approvalsOf(t *db.Tx, caseID string) ([]Approval, error) {
	return db.All(t, scanApproval, `SELECT `+approvalColumns+` WHERE case_id = ? ORDER BY asked_at, id`, caseID)
}

// Returns.

const returnColumns = `id, case_id, person, state, before, country, sealed, made_at, changed_at, received_at FROM casework_return`

func scanReturn(s db.Scanner) (r Return, err error) {
	var made, changed, received int64
	err = s.Scan(&r.ID, &r.Case, &r.Person, &r.State, &r.Before, &r.Country, &r.sealed, &made, &changed, &received)
	r.MadeAt, r.ChangedAt, r.ReceivedAt = clock.FromMillis(made), clock.FromMillis(changed), clock.FromMillis(received)
	return r, err
}

func (r Return) stored() []byte {
	return append([]byte(fmt.Sprintf("%s\n%s\n%s\n%s\n%s\n%d\n", r.ID, r.Case, r.State, r.Before, r.Country, ms(r.ReceivedAt))), r.sealed...)
}

func insertReturn(t *db.Tx, r Return) error {
	_, err := t.Exec(`INSERT INTO casework_return (id, case_id, person, state, before, country, sealed, made_at, changed_at, received_at) VALUES (?,?,?,?,?,?,?,?,?,?)`,
		r.ID, r.Case, r.Person, r.State, r.Before, r.Country, r.sealed, ms(r.MadeAt), ms(r.ChangedAt), ms(r.ReceivedAt))
	return err
}

func updateReturn(t *db.Tx, r Return) error {
	_, err := t.Exec(`UPDATE casework_return SET state = ?, before = ?, sealed = ?, changed_at = ?, received_at = ? WHERE id = ?`, r.State, r.Before, r.sealed, ms(r.ChangedAt), ms(r.ReceivedAt), r.ID)
	return err
}

func returnByID(t *db.Tx, caseID, id string) (Return, bool, error) {
	return db.One(t, scanReturn, `SELECT `+returnColumns+` WHERE case_id = ? AND id = ?`, caseID, id)
}

func returnsOf(t *db.Tx, caseID string) ([]Return, error) {
	return db.All(t, scanReturn, `SELECT `+returnColumns+` WHERE case_id = ? ORDER BY made_at`, caseID)
}

// Notices.

func insertNotice(t *db.Tx, n Notice) error {
	_, err := t.Exec(`INSERT INTO casework_notice (id, key, organisation, person, kind, case_id, referral, made_at, read_at, sent_at, tries) VALUES (?,?,?,?,?,?,?,?,0,0,0) ON CONFLICT (key) DO NOTHING`,
		n.ID, n.Key, n.Organisation, n.Person, n.Kind, n.Case, n.Referral, ms(n.MadeAt))
	return err
}

// noticeIsFor is the condition that a notice is for somebody: for them, or for a group that they are in. Its
// placeholders are the organisation and the person.
func noticeIsFor(who actor.Actor) string {
	switch {
	case who.Has(actor.Supervisor):
		return "organisation = ? AND (person = ? OR person IN ('', '*'))"
	case who.Has(actor.Caseworker):
		return "organisation = ? AND (person = ? OR person = '*')"
	}
	return "organisation = ? AND person = ?"
}

func noticesOf(t *db.Tx, who actor.Actor, most int) ([]Notice, error) {
	return db.All(t, func(s db.Scanner) (n Notice, err error) {
		var made int64
		err = s.Scan(&n.ID, &n.Kind, &n.Case, &n.Code, &n.Referral, &made)
		n.MadeAt = clock.FromMillis(made)
		return n, err
	}, fmt.Sprintf(`SELECT id, kind, case_id, COALESCE((SELECT code FROM casework_case WHERE casework_case.id = case_id), ''), referral, made_at FROM casework_notice WHERE %s AND read_at = 0 ORDER BY made_at DESC, id LIMIT %d`, noticeIsFor(who), most), who.Organisation, who.Person)
}

func readNotice(t *db.Tx, who actor.Actor, id string, now time.Time) error {
	_, err := t.Exec(`UPDATE casework_notice SET read_at = ? WHERE id = ? AND `+noticeIsFor(who), ms(now), id, who.Organisation, who.Person)
	return err
}

type channel struct {
	Person, Kind string
	Sealed       []byte
}

type queued = Notice

// unsent are notices that were not sent yet, the oldest first.
func unsent(t *db.Tx, most int) ([]queued, error) {
	return db.All(t, func(s db.Scanner) (q queued, err error) {
		return q, s.Scan(&q.ID, &q.Organisation, &q.Person)
	}, `SELECT id, organisation, person FROM casework_notice WHERE sent_at = 0 AND tries < 5 ORDER BY made_at LIMIT ?`, most)
}

func channelsOf(t *db.Tx, persons []string) (out []channel, err error) {
	for _, p := range persons {
		more, err := db.All(t, func(s db.Scanner) (c channel, err error) { return c, s.Scan(&c.Person, &c.Kind, &c.Sealed) },
			`SELECT person, kind, sealed FROM casework_channel WHERE person = ? ORDER BY kind`, p)
		if err != nil {
			return nil, err
		}
		out = append(out, more...)
	}
	return out, nil
}

func triedNotice(t *db.Tx, id string, sent bool, now time.Time) error {
	if sent {
		_, err := t.Exec(`UPDATE casework_notice SET sent_at = ?, tries = tries + 1 WHERE id = ?`, ms(now), id)
		return err
	}
	_, err := t.Exec(`UPDATE casework_notice SET tries = tries + 1 WHERE id = ?`, id)
	return err
}

func putChannel(t *db.Tx, person, kind string, sealed []byte) error {
	_, err := t.Exec(`INSERT INTO casework_channel (person, kind, sealed) VALUES (?,?,?) ON CONFLICT (person, kind) DO UPDATE SET sealed = excluded.sealed`, person, kind, sealed)
	return err
}

func deleteChannel(t *db.Tx, person, kind string) error {
	_, err := t.Exec(`DELETE FROM casework_channel WHERE person = ? AND kind = ?`, person, kind)
	return err
}

// Erasure.

func eraseCode(t *db.Tx, id string) error {
	_, err := t.Exec(`UPDATE casework_entry SET code = '' WHERE id = ?`, id)
	return err
}

func deleteNotices(t *db.Tx, caseID string) error {
	_, err := t.Exec(`DELETE FROM casework_notice WHERE case_id = ?`, caseID)
	return err
}

type sealedValue struct {
	Class  string
	Place  keys.Place
	Sealed []byte
}

// sealedOf lists every sealed value of a case in some classes.
func sealedOf(t *db.Tx, caseID string, classes []string) ([]sealedValue, error) {
	in := map[string]bool{}
	for _, c := range classes {
		in[c] = true
	}
	var out []sealedValue
	add := func(class, table, row, field string, sealed []byte) {
		if in[class] && len(sealed) > 0 {
			out = append(out, sealedValue{class, place(table, row, field), sealed})
		}
	}
	sheets, err := sheetsOf(t, caseID)
	if err != nil {
		return nil, err
	}
	for _, s := range sheets {
		add(s.Class, "sheet", caseID, s.Class, s.Sealed)
	}
	conflicts, err := everyConflict(t, caseID)
	if err != nil {
		return nil, err
	}
	for _, x := range conflicts {
		add(x.Class, "conflict", x.ID, x.Field, x.sealed)
	}
	entries, err := entriesOf(t, caseID)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		add(e.Class, "entry", e.ID, "text", e.sealed)
		blob, err := entryBlob(t, caseID, e.ID)
		if err != nil {
			return nil, err
		}
		add(e.Class, "entry", e.ID, "blob", blob)
	}
	returns, err := returnsOf(t, caseID)
	if err != nil {
		return nil, err
	}
	for _, r := range returns {
		add(Narrative, "return", r.ID, "recorded", r.sealed)
	}
	err = addReferrals(t, caseID, add)
	return out, err
}

func addReferrals(t *db.Tx, caseID string, add func(class, table, row, field string, sealed []byte)) error {
	receipts, err := receiptsOf(t, caseID)
	if err != nil {
		return err
	}
	for _, r := range receipts {
		add(Narrative, "receipt", r.ID, "text", r.sealed)
	}
	refs, err := referralsOfCase(t, caseID)
	if err != nil {
		return err
	}
	for _, r := range refs {
		add(Narrative, "referral", r.ID, "asked", r.sealed)
		steps, err := stepsOf(t, r.ID)
		if err != nil {
			return err
		}
		for _, s := range steps {
			add(Narrative, "step", r.ID, itoa(s.N), s.sealed)
		}
	}
	return nil
}

func unlist(text string, to *[]string) error { return json.Unmarshal([]byte(text), to) }
