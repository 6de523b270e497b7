package agency

import (
	"context"
	"encoding/json"
	"time"

	"lintas/kernel/clock"
	"lintas/platform/db"
	"lintas/platform/keys"
)

// personRow is a person as stored: login and name sealed.
type personRow struct {
	Person
	mark      string
	login     []byte
	name      []byte
	password  string
	totp      []byte
	totpStep  int64
	rolesText string
}

// stored is what the audit leaf of a person vouches for.
func (r personRow) stored() []byte {
	return []byte(r.ID + "\n" + r.Organisation.ID + "\n" + r.rolesText + "\n" + r.State + "\n" + string(r.login) + "\n" + string(r.name))
}

func place(person, field string) keys.Place {
	return keys.Place{Table: "agency_person", Row: person, Field: field}
}

func (d *Desk) sealPerson(ctx context.Context, p Person) (personRow, error) {
	row := personRow{Person: p, mark: d.mark(p.Login), rolesText: rolesJSON(p.Roles)}
	if err := d.Keys.Ensure(ctx, p.ID); err != nil {
		return row, err
	}
	var err error
	if row.login, err = d.Keys.Seal(ctx, p.ID, place(p.ID, "login"), []byte(p.Login)); err != nil {
		return row, err
	}
	row.name, err = d.Keys.Seal(ctx, p.ID, place(p.ID, "name"), []byte(p.Name))
	return row, err
}

func (d *Desk) openPerson(ctx context.Context, row personRow) (Person, error) {
	p := row.Person
	login, err := d.Keys.Open(ctx, p.ID, place(p.ID, "login"), row.login)
	if err != nil {
		return p, err
	}
	name, err := d.Keys.Open(ctx, p.ID, place(p.ID, "name"), row.name)
	p.Login, p.Name = string(login), string(name)
	return p, err
}

func insertOrganisation(t *db.Tx, o Organisation, now time.Time) error {
	_, err := t.Exec(`INSERT INTO agency_organisation (id, name, country, kind, made_at) VALUES (?,?,?,?,?)`, o.ID, o.Name, o.Country, o.Kind, clock.Millis(now))
	return err
}

func scanOrganisation(s db.Scanner) (o Organisation, err error) {
	return o, s.Scan(&o.ID, &o.Name, &o.Country, &o.Kind)
}

func organisationByID(t *db.Tx, id string) (Organisation, bool, error) {
	return db.One(t, scanOrganisation, `SELECT id, name, country, kind FROM agency_organisation WHERE id = ?`, id)
}

func organisations(t *db.Tx) ([]Organisation, error) {
	return db.All(t, scanOrganisation, `SELECT id, name, country, kind FROM agency_organisation ORDER BY made_at, id`)
}

func insertPerson(t *db.Tx, r personRow) error {
	_, err := t.Exec(`INSERT INTO agency_person (id, organisation, login_mark, login, name, roles, locale, state, password, must_change, totp, totp_on, totp_step, made_at)
		VALUES (?,?,?,?,?,?,?,?,?,?,NULL,0,0,?)`,
		r.ID, r.Organisation.ID, r.mark, r.login, r.name, r.rolesText, r.Locale, r.State, r.password, flag(r.MustChange), clock.Millis(r.MadeAt))
	return err
}

// updatePerson changes the person that was read as before: what is sealed differs after every change.
func updatePerson(t *db.Tx, r, before personRow) error {
	n, err := t.Exec(`UPDATE agency_person SET login = ?, name = ?, roles = ?, locale = ?, state = ? WHERE id = ? AND name = ?`, r.login, r.name, r.rolesText, r.Locale, r.State, r.ID, before.name)
	if err == nil && n == 0 {
		return errChangedMeanwhile
	}
	return err
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

const personColumns = `p.id, p.organisation, o.name, o.country, o.kind, p.login_mark, p.login, p.name, p.roles, p.locale, p.state, p.password, p.must_change, p.totp, p.totp_on, p.totp_step, p.made_at
	FROM agency_person p JOIN agency_organisation o ON o.id = p.organisation`

func scanPerson(s db.Scanner) (personRow, error) {
	var r personRow
	var mustChange, totpOn, made int64
	o := &r.Organisation
	err := s.Scan(&r.ID, &o.ID, &o.Name, &o.Country, &o.Kind, &r.mark, &r.login, &r.name, &r.rolesText, &r.Locale, &r.State, &r.password, &mustChange, &r.totp, &totpOn, &r.totpStep, &made)
	if err != nil {
		return r, err
	}
	r.MustChange, r.CodeOn, r.MadeAt = mustChange == 1, totpOn == 1, clock.FromMillis(made)
	return r, json.Unmarshal([]byte(r.rolesText), &r.Roles)
}

func personByID(t *db.Tx, id string) (personRow, bool, error) {
	return db.One(t, scanPerson, `SELECT `+personColumns+` WHERE p.id = ?`, id)
}

const personByMarkSQL = `SELECT ` + personColumns + ` WHERE p.login_mark = ?`

func personByMark(t *db.Tx, mark string) (personRow, bool, error) {
	return db.One(t, scanPerson, personByMarkSQL, mark)
}

func peopleOf(t *db.Tx, organisation string) ([]personRow, error) {
	return db.All(t, scanPerson, `SELECT `+personColumns+` WHERE p.organisation = ? ORDER BY p.made_at, p.id`, organisation)
}

func setPassword(t *db.Tx, person, hash string, mustChange bool) error {
	_, err := t.Exec(`UPDATE agency_person SET password = ?, must_change = ? WHERE id = ?`, hash, flag(mustChange), person)
	return err
}

func setCode(t *db.Tx, person string, secret []byte, on bool, step int64) error {
	_, err := t.Exec(`UPDATE agency_person SET totp = ?, totp_on = ?, totp_step = ? WHERE id = ?`, secret, flag(on), step, person)
	return err
}

// useCode marks a one-time code's step as used; false when it or a later one was used already.
func useCode(t *db.Tx, person string, step int64) (bool, error) {
	n, err := t.Exec(`UPDATE agency_person SET totp_step = ? WHERE id = ? AND totp_step < ?`, step, person, step)
	return n == 1, err
}

// Sessions.

type sessionRow struct {
	ID     string
	Person string
	EndsAt time.Time
}

func insertSession(t *db.Tx, s sessionRow, secret string, now time.Time) error {
	_, err := t.Exec(`INSERT INTO agency_session (id, secret, person, made_at, ends_at) VALUES (?,?,?,?,?)`, s.ID, secret, s.Person, clock.Millis(now), clock.Millis(s.EndsAt))
	return err
}

func sessionBySecret(t *db.Tx, secret string) (sessionRow, bool, error) {
	return db.One(t, func(s db.Scanner) (r sessionRow, err error) {
		var ends int64
		err = s.Scan(&r.ID, &r.Person, &ends)
		r.EndsAt = clock.FromMillis(ends)
		return r, err
	}, `SELECT id, person, ends_at FROM agency_session WHERE secret = ?`, secret)
}

func sessionEndsAt(t *db.Tx, id string) (time.Time, error) {
	ends, _, err := db.One(t, func(s db.Scanner) (ms int64, err error) { return ms, s.Scan(&ms) }, `SELECT ends_at FROM agency_session WHERE id = ?`, id)
	return clock.FromMillis(ends), err
}

func deleteSession(t *db.Tx, id string) error {
	_, err := t.Exec(`DELETE FROM agency_session WHERE id = ?`, id)
	return err
}

func deleteSessions(t *db.Tx, person string) error {
	_, err := t.Exec(`DELETE FROM agency_session WHERE person = ?`, person)
	return err
}

func deleteEndedSessions(t *db.Tx, now time.Time) (int64, error) {
	return t.Exec(`DELETE FROM agency_session WHERE ends_at < ?`, clock.Millis(now))
}

// Lock-out.

func lockOf(t *db.Tx, mark string) (failures int64, until time.Time, err error) {
	type lock struct{ failures, until int64 }
	l, _, err := db.One(t, func(s db.Scanner) (l lock, err error) { return l, s.Scan(&l.failures, &l.until) }, `SELECT failures, until FROM agency_lock WHERE login_mark = ?`, mark)
	return l.failures, clock.FromMillis(l.until), err
}

func setLock(t *db.Tx, mark string, failures int64, until time.Time) error {
	_, err := t.Exec(`INSERT INTO agency_lock (login_mark, failures, until) VALUES (?,?,?) ON CONFLICT (login_mark) DO UPDATE SET failures = excluded.failures, until = excluded.until`, mark, failures, clock.Millis(until))
	return err
}

func clearLock(t *db.Tx, mark string) error {
	_, err := t.Exec(`DELETE FROM agency_lock WHERE login_mark = ?`, mark)
	return err
}

func deleteLocks(t *db.Tx, endedBefore time.Time) error {
	_, err := t.Exec(`DELETE FROM agency_lock WHERE until < ?`, clock.Millis(endedBefore))
	return err
}

// Passkeys.

type passkeyRow struct {
	ID, Person, Name string
	Credential       []byte
	MadeAt, UsedAt   time.Time
}

func insertPasskey(t *db.Tx, p passkeyRow) error {
	_, err := t.Exec(`INSERT INTO agency_passkey (id, person, name, credential, made_at, used_at) VALUES (?,?,?,?,?,0)`, p.ID, p.Person, p.Name, p.Credential, clock.Millis(p.MadeAt))
	return err
}

func usedPasskey(t *db.Tx, id string, credential []byte, now time.Time) error {
	_, err := t.Exec(`UPDATE agency_passkey SET credential = ?, used_at = ? WHERE id = ?`, credential, clock.Millis(now), id)
	return err
}

func deletePasskey(t *db.Tx, id, person string) (int64, error) {
	return t.Exec(`DELETE FROM agency_passkey WHERE id = ? AND person = ?`, id, person)
}

func deletePasskeys(t *db.Tx, person string) error {
	_, err := t.Exec(`DELETE FROM agency_passkey WHERE person = ?`, person)
	return err
}

func passkeysOf(t *db.Tx, person string) ([]passkeyRow, error) {
	return db.All(t, func(s db.Scanner) (p passkeyRow, err error) {
		var made, used int64
		err = s.Scan(&p.ID, &p.Person, &p.Name, &p.Credential, &made, &used)
		p.MadeAt, p.UsedAt = clock.FromMillis(made), clock.FromMillis(used)
		return p, err
	}, `SELECT id, person, name, credential, made_at, used_at FROM agency_passkey WHERE person = ? ORDER BY made_at, id`, person)
}
