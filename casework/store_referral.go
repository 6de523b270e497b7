package casework

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"lintas/casework/referral"
	"lintas/kernel/clock"
	"lintas/platform/db"
)

// Receipts.

const receiptColumns = `id, case_id, person, kind, purpose, fields, recipient, language, how, given_by, assent, sealed, until, given_at, taken_by, withdrawn_at, withdrawn_by FROM casework_receipt`

func scanReceipt(s db.Scanner) (r Receipt, err error) {
	var fields string
	var assent, until, given, withdrawn int64
	if err = s.Scan(&r.ID, &r.Case, &r.Person, &r.Kind, &r.Purpose, &fields, &r.Recipient, &r.Language, &r.How, &r.GivenBy, &assent, &r.sealed, &until, &given, &r.TakenBy, &withdrawn, &r.WithdrawnBy); err != nil {
		return r, err
	}
	r.Assent, r.Until, r.GivenAt, r.WithdrawnAt = assent == 1, clock.FromMillis(until), clock.FromMillis(given), clock.FromMillis(withdrawn)
	return r, unlist(fields, &r.Fields)
}

func (r Receipt) stored() []byte {
	return append([]byte(fmt.Sprintf("%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s\n%t\n%d %d %d %s\n", r.ID, r.Case, r.Kind, r.Purpose, listJSON(r.Fields), r.Recipient, r.Language, r.How, r.GivenBy, r.Assent,
		ms(r.Until), ms(r.GivenAt), ms(r.WithdrawnAt), r.WithdrawnBy)), r.sealed...)
}

func insertReceipt(t *db.Tx, r Receipt) error {
	_, err := t.Exec(`INSERT INTO casework_receipt (id, case_id, person, kind, purpose, fields, recipient, language, how, given_by, assent, sealed, until, given_at, taken_by, withdrawn_at, withdrawn_by) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,0,'')`,
		r.ID, r.Case, r.Person, r.Kind, r.Purpose, listJSON(r.Fields), r.Recipient, r.Language, r.How, r.GivenBy, flag(r.Assent), r.sealed, ms(r.Until), ms(r.GivenAt), r.TakenBy)
	return err
}

func withdrawReceipt(t *db.Tx, r Receipt) error {
	_, err := t.Exec(`UPDATE casework_receipt SET withdrawn_at = ?, withdrawn_by = ? WHERE id = ?`, ms(r.WithdrawnAt), r.WithdrawnBy, r.ID)
	return err
}

func receiptByID(t *db.Tx, id string) (Receipt, bool, error) {
	return db.One(t, scanReceipt, `SELECT `+receiptColumns+` WHERE id = ?`, id)
}

func receiptsOf(t *db.Tx, caseID string) ([]Receipt, error) {
	return db.All(t, scanReceipt, `SELECT `+receiptColumns+` WHERE case_id = ? ORDER BY given_at, id`, caseID)
}

// Referrals.

const referralColumns = `r.id, r.case_id, r.person, r.organisation, r.sender, r.service, r.receiver, r.peer, r.state, r.priority, r.zone, r.round, r.began, r.deadline, r.outcome_due, r.receipt, r.fields, r.needs, r.sealed, r.seq, r.made_at, r.changed_at, r.ring_at FROM casework_referral r`

func scanReferral(s db.Scanner) (r Referral, err error) {
	var began, deadline, outcome, made, changed, ring int64
	var fields, needs string
	if err = s.Scan(&r.ID, &r.Case, &r.Person, &r.Organisation, &r.Sender, &r.Service, &r.Receiver, &r.Peer, &r.State, &r.Priority, &r.Zone, &r.Round, &began, &deadline, &outcome, &r.Receipt, &fields, &needs, &r.sealed, &r.Seq, &made, &changed, &ring); err != nil {
		return r, err
	}
	r.ringAt = clock.FromMillis(ring)
	r.Began, r.Deadline, r.OutcomeDue = clock.FromMillis(began), clock.FromMillis(deadline), clock.FromMillis(outcome)
	r.MadeAt, r.ChangedAt = clock.FromMillis(made), clock.FromMillis(changed)
	if err = unlist(fields, &r.Fields); err != nil {
		return r, err
	}
	return r, unlist(needs, &r.Needs)
}

func (r Referral) stored() []byte {
	return append([]byte(fmt.Sprintf("%s\n%s\n%s\n%s\n%s\n%s\n%s\n%s %s %s %d %d\n%d %d %d\n%s\n%s\n%s\n", r.ID, r.Case, r.Organisation, r.Sender, r.Service, r.Receiver, r.Peer, r.State, r.Priority, r.Zone, r.Round, r.Seq,
		ms(r.Began), ms(r.Deadline), ms(r.OutcomeDue), r.Receipt, listJSON(r.Fields), listJSON(r.Needs))), r.sealed...)
}

func insertReferral(t *db.Tx, r Referral) error {
	_, err := t.Exec(`INSERT INTO casework_referral (id, case_id, person, organisation, sender, service, receiver, peer, state, priority, zone, round, began, deadline, outcome_due, receipt, fields, needs, sealed, seq, made_at, changed_at, ring_at) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)`,
		r.ID, r.Case, r.Person, r.Organisation, r.Sender, r.Service, r.Receiver, r.Peer, r.State, r.Priority, r.Zone, r.Round, ms(r.Began), ms(r.Deadline), ms(r.OutcomeDue), r.Receipt, listJSON(r.Fields), listJSON(r.Needs), r.sealed, r.Seq, ms(r.MadeAt), ms(r.ChangedAt), ms(r.ringAt))
	return err
}

func updateReferral(t *db.Tx, r Referral) error {
	_, err := t.Exec(`UPDATE casework_referral SET sender = ?, service = ?, state = ?, priority = ?, zone = ?, round = ?, began = ?, deadline = ?, outcome_due = ?, receipt = ?, fields = ?, needs = ?, sealed = ?, seq = ?, changed_at = ?, ring_at = ? WHERE id = ?`,
		r.Sender, r.Service, r.State, r.Priority, r.Zone, r.Round, ms(r.Began), ms(r.Deadline), ms(r.OutcomeDue), r.Receipt, listJSON(r.Fields), listJSON(r.Needs), r.sealed, r.Seq, ms(r.ChangedAt), ms(r.ringAt), r.ID)
	return err
}

func referralByID(t *db.Tx, id string) (Referral, bool, error) {
	return db.One(t, scanReferral, `SELECT `+referralColumns+` WHERE r.id = ?`, id)
}

func referralsOfCase(t *db.Tx, caseID string) ([]Referral, error) {
	return db.All(t, scanReferral, `SELECT `+referralColumns+` WHERE r.case_id = ? ORDER BY r.made_at, r.id`, caseID)
}

func referralsOfReceipt(t *db.Tx, receipt string) ([]Referral, error) {
	return db.All(t, scanReferral, `SELECT `+referralColumns+` WHERE r.receipt = ? ORDER BY r.id`, receipt)
}

func inboxOf(t *db.Tx, organisation string, state referral.State, before time.Time, most int) ([]Referral, error) {
	where, args := `r.receiver = ? AND NOT (r.peer <> '' AND r.case_id <> '') AND NOT (r.state = 'offered' AND r.round = 1) AND r.seq > 0`, []any{organisation}
	return box(t, where, args, state, before, most)
}

func outboxOf(t *db.Tx, where string, args []any, state referral.State, before time.Time, most int) ([]Referral, error) {
	return box(t, `r.case_id IN (SELECT c.id FROM casework_case c WHERE (`+where+`)`+real+`)`, args, state, before, most)
}

func box(t *db.Tx, where string, args []any, state referral.State, before time.Time, most int) ([]Referral, error) {
	if state != "" {
		where, args = where+" AND r.state = ?", append(args, state)
	}
	if !before.IsZero() {
		where, args = where+" AND r.changed_at < ?", append(args, ms(before))
	}
	return db.All(t, scanReferral, fmt.Sprintf(`SELECT %s WHERE %s ORDER BY r.changed_at DESC, r.id LIMIT %d`, referralColumns, where, most), args...)
}

// waitingFor counts the referrals that wait for an organisation's answer.
func waitingFor(t *db.Tx, organisation string) (n int, err error) {
	err = t.Row(`SELECT COUNT(*) FROM casework_referral WHERE receiver = ? AND state IN ('sent','seen') AND NOT (peer <> '' AND case_id <> '')`, organisation).Scan(&n)
	return n, err
}

// ringing are the referrals of our cases for which the clock has something to
// do now.
func ringing(t *db.Tx, now time.Time, most int) ([]Referral, error) {
	return db.All(t, scanReferral, `SELECT `+referralColumns+` WHERE r.ring_at > 0 AND r.ring_at <= ? AND r.case_id <> '' ORDER BY r.ring_at, r.id LIMIT ?`, ms(now), most)
}

func setRing(t *db.Tx, id string, at time.Time) error {
	_, err := t.Exec(`UPDATE casework_referral SET ring_at = ? WHERE id = ?`, ms(at), id)
	return err
}

// Steps.

func stepsOf(t *db.Tx, referralID string) ([]Step, error) {
	return db.All(t, func(s db.Scanner) (x Step, err error) {
		var at int64
		err = s.Scan(&x.N, &x.Key, &x.Event, &x.Party, &x.By, &x.Reason, &x.State, &at, &x.sealed)
		x.At = clock.FromMillis(at)
		return x, err
	}, `SELECT n, key, event, party, by_label, reason, state, at, sealed FROM casework_step WHERE referral = ? ORDER BY n`, referralID)
}

func insertStep(t *db.Tx, referralID string, s Step) error {
	_, err := t.Exec(`INSERT INTO casework_step (referral, n, key, event, party, by_label, reason, sealed, state, at) VALUES (?,?,?,?,?,?,?,?,?,?)`, referralID, s.N, s.Key, s.Event, s.Party, s.By, s.Reason, s.sealed, s.State, ms(s.At))
	return err
}

func stepKnown(t *db.Tx, referralID, key string) (bool, error) {
	var n int
	err := t.Row(`SELECT COUNT(*) FROM casework_step WHERE referral = ? AND key = ?`, referralID, key).Scan(&n)
	return n > 0, err
}

// lastFromPeer is the number of the sender's newest message that a receiving
// node has taken in.
func lastFromPeer(t *db.Tx, referralID string) (int64, error) {
	key, _, err := db.One(t, func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) }, `SELECT key FROM casework_step WHERE referral = ? AND by_label LIKE 'peer:%' ORDER BY n DESC LIMIT 1`, referralID)
	if err != nil {
		return 0, err
	}
	n, _ := strconv.ParseInt(strings.TrimPrefix(key, referralID+":s"), 10, 64) // 0 when none has come
	return n, nil
}

// lastOwn is the number of the newest step taken at this end.
func lastOwn(t *db.Tx, referralID string) (n int64, err error) {
	err = t.Row(`SELECT COALESCE(MAX(n), 0) FROM casework_step WHERE referral = ? AND by_label NOT LIKE 'peer:%'`, referralID).Scan(&n)
	return n, err
}

// wentOut says whether a referral was ever sent.
func wentOut(t *db.Tx, referralID string) (bool, error) {
	var n int
	err := t.Row(`SELECT COUNT(*) FROM casework_step WHERE referral = ? AND state = 'sent'`, referralID).Scan(&n)
	return n > 0, err
}

// Who answers for a service here.

func receivers(t *db.Tx) (map[string]string, error) {
	rows, err := db.All(t, func(s db.Scanner) (p [2]string, err error) { return p, s.Scan(&p[0], &p[1]) }, `SELECT service, organisation FROM casework_receiver`)
	out := map[string]string{}
	for _, p := range rows {
		out[p[0]] = p[1]
	}
	return out, err
}

func receiverOf(t *db.Tx, service string) (string, error) {
	organisation, _, err := db.One(t, func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) }, `SELECT organisation FROM casework_receiver WHERE service = ?`, service)
	return organisation, err
}

func putReceiver(t *db.Tx, service, organisation, person string, now time.Time) error {
	_, err := t.Exec(`INSERT INTO casework_receiver (service, organisation, by_person, at) VALUES (?,?,?,?) ON CONFLICT (service) DO UPDATE SET organisation = excluded.organisation, by_person = excluded.by_person, at = excluded.at`, service, organisation, person, ms(now))
	return err
}

func deleteReceiver(t *db.Tx, service string) error {
	_, err := t.Exec(`DELETE FROM casework_receiver WHERE service = ?`, service)
	return err
}

// Links.

const linkColumns = `id, referral, code, attempts, session_end, ends_at, made_by, made_at FROM casework_link`

func scanLink(s db.Scanner) (l Link, err error) {
	var session, ends, made int64
	err = s.Scan(&l.ID, &l.Referral, &l.Code, &l.Attempts, &session, &ends, &l.MadeBy, &made)
	l.SessionEnd, l.EndsAt, l.MadeAt = clock.FromMillis(session), clock.FromMillis(ends), clock.FromMillis(made)
	return l, err
}

func insertLink(t *db.Tx, l Link, secret string) error {
	_, err := t.Exec(`INSERT INTO casework_link (id, referral, secret, code, attempts, session, session_end, ends_at, made_by, made_at) VALUES (?,?,?,?,0,'',0,?,?,?)`, l.ID, l.Referral, secret, l.Code, ms(l.EndsAt), l.MadeBy, ms(l.MadeAt))
	return err
}

func linkBySecret(t *db.Tx, secret string) (Link, bool, error) {
	return db.One(t, scanLink, `SELECT `+linkColumns+` WHERE secret = ?`, secret)
}

func linkBySession(t *db.Tx, session string) (Link, bool, error) {
	return db.One(t, scanLink, `SELECT `+linkColumns+` WHERE session = ?`, session)
}

func deleteLinks(t *db.Tx, referralID string) error {
	_, err := t.Exec(`DELETE FROM casework_link WHERE referral = ?`, referralID)
	return err
}

func countAttempt(t *db.Tx, id string) error {
	_, err := t.Exec(`UPDATE casework_link SET attempts = attempts + 1 WHERE id = ?`, id)
	return err
}

func startSession(t *db.Tx, id, session string, end time.Time) error {
	_, err := t.Exec(`UPDATE casework_link SET code = '', session = ?, session_end = ? WHERE id = ?`, session, ms(end), id)
	return err
}

// endSessions ends no session: a partner whose view was closed should see that
// it was, and why, until the session runs out. It only forbids new ones.
func endSessions(t *db.Tx, referralID string) error {
	_, err := t.Exec(`UPDATE casework_link SET code = '' WHERE referral = ?`, referralID)
	return err
}

func insertAssurance(t *db.Tx, secret, service string, end time.Time) error {
	_, err := t.Exec(`INSERT INTO casework_assurance (secret, service, ends_at, used_at) VALUES (?,?,?,0)`, secret, service, ms(end))
	return err
}

// assuranceOf is the service whose live link this is.
func assuranceOf(t *db.Tx, secret string, now time.Time) (string, error) {
	service, found, err := db.One(t, func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) }, `SELECT service FROM casework_assurance WHERE secret = ? AND used_at = 0 AND ends_at > ?`, secret, ms(now))
	if err == nil && !found {
		err = errLink
	}
	return service, err
}

func useAssurance(t *db.Tx, secret string, now time.Time) error {
	_, err := t.Exec(`UPDATE casework_assurance SET used_at = ? WHERE secret = ?`, ms(now), secret)
	return err
}
