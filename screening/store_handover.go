package screening

import (
	"time"

	"lintas/kernel/clock"
	"lintas/platform/db"
)

// placeRow is an officer on one device. Rows are never removed: a hand-over names them.
type placeRow struct {
	ID           string
	Organisation string
	Person       string
	Device       string
	PublicKey    string
	MadeAt       time.Time
	SeenAt       time.Time
	Withdrawn    bool
}

const placeColumns = `id, organisation, person, device, public_key, made_at, seen_at, withdrawn_at`

func scanPlace(s db.Scanner) (p placeRow, err error) {
	var made, seen, withdrawn int64
	err = s.Scan(&p.ID, &p.Organisation, &p.Person, &p.Device, &p.PublicKey, &made, &seen, &withdrawn)
	p.MadeAt, p.SeenAt, p.Withdrawn = clock.FromMillis(made), clock.FromMillis(seen), withdrawn != 0
	return p, err
}

func insertPlace(t *db.Tx, p placeRow) error {
	_, err := t.Exec(`INSERT INTO screening_place (`+placeColumns+`) VALUES (?,?,?,?,?,?,?,0)`,
		p.ID, p.Organisation, p.Person, p.Device, p.PublicKey, clock.Millis(p.MadeAt), clock.Millis(p.SeenAt))
	return err
}

func placeByID(t *db.Tx, id string) (placeRow, bool, error) {
	return db.One(t, scanPlace, `SELECT `+placeColumns+` FROM screening_place WHERE id = ?`, id)
}

func placesOf(t *db.Tx, organisation string) ([]placeRow, error) {
	return db.All(t, scanPlace, `SELECT `+placeColumns+` FROM screening_place WHERE organisation = ? AND withdrawn_at = 0 ORDER BY made_at, id`, organisation)
}

// formerPlaces are those that the same person had on the same device before.
func formerPlaces(t *db.Tx, p placeRow) ([]placeRow, error) {
	return db.All(t, scanPlace, `SELECT `+placeColumns+` FROM screening_place WHERE person = ? AND device = ? AND id <> ? AND withdrawn_at = 0`, p.Person, p.Device, p.ID)
}

func withdrawPlace(t *db.Tx, id string, now time.Time) (int64, error) {
	return t.Exec(`UPDATE screening_place SET withdrawn_at = ? WHERE id = ? AND withdrawn_at = 0`, clock.Millis(now), id)
}

func seePlace(t *db.Tx, id string, now time.Time) error {
	_, err := t.Exec(`UPDATE screening_place SET seen_at = ? WHERE id = ?`, clock.Millis(now), id)
	return err
}

// handoverRow is one interview on its way from one place to another, without the sealed bytes.
type handoverRow struct {
	ID           string
	Organisation string
	From, To     string
	State        string
	MadeAt       time.Time
	EndsAt       time.Time
	SettledAt    time.Time
	Hash         string
	Size         int64
}

const handoverColumns = `h.id, h.organisation, h.from_place, h.to_place, h.state, h.made_at, h.ends_at, h.settled_at, h.hash, h.size`

func scanHandover(s db.Scanner) (h handoverRow, err error) {
	var made, ends, settled int64
	err = s.Scan(&h.ID, &h.Organisation, &h.From, &h.To, &h.State, &made, &ends, &settled, &h.Hash, &h.Size)
	h.MadeAt, h.EndsAt, h.SettledAt = clock.FromMillis(made), clock.FromMillis(ends), clock.FromMillis(settled)
	return h, err
}

func insertHandover(t *db.Tx, h handoverRow, sealed []byte) error {
	_, err := t.Exec(`INSERT INTO screening_handover (id, organisation, from_place, to_place, state, made_at, ends_at, settled_at, hash, size, sealed) VALUES (?,?,?,?,?,?,?,?,?,?,?)`,
		h.ID, h.Organisation, h.From, h.To, h.State, clock.Millis(h.MadeAt), clock.Millis(h.EndsAt), clock.Millis(h.SettledAt), h.Hash, h.Size, sealed)
	return err
}

func handoverByID(t *db.Tx, id string) (handoverRow, bool, error) {
	return db.One(t, scanHandover, `SELECT `+handoverColumns+` FROM screening_handover h WHERE h.id = ?`, id)
}

// handoversTo lists what waits for a place, oldest first.
func handoversTo(t *db.Tx, place string, now time.Time) ([]handoverRow, error) {
	return db.All(t, scanHandover, `SELECT `+handoverColumns+` FROM screening_handover h WHERE h.to_place = ? AND h.state = ? AND h.ends_at > ? ORDER BY h.made_at, h.id`,
		place, handoverWaiting, clock.Millis(now))
}

// handoversWaiting lists everything that waits, at every organisation.
func handoversWaiting(t *db.Tx) ([]handoverRow, error) {
	return db.All(t, scanHandover, `SELECT `+handoverColumns+` FROM screening_handover h WHERE h.state = ? ORDER BY h.made_at, h.id`, handoverWaiting)
}

func countWaiting(t *db.Tx, from, to string) (n int, err error) {
	return n, t.Row(`SELECT COUNT(*) FROM screening_handover WHERE state = ? AND (from_place = ? OR to_place = ?)`, handoverWaiting, from, to).Scan(&n)
}

func handoverSealed(t *db.Tx, id string) ([]byte, bool, error) {
	sealed, found, err := db.One(t, func(s db.Scanner) (b []byte, err error) { return b, s.Scan(&b) }, `SELECT sealed FROM screening_handover WHERE id = ?`, id)
	return sealed, found && sealed != nil, err
}

// settleHandover ends a hand-over that waits, and erases what it held; false when it had ended before. The
// condition stands in the statement: of two that come at once, on whichever database, one wins.
func settleHandover(t *db.Tx, id, state string, now time.Time) (bool, error) {
	n, err := t.Exec(`UPDATE screening_handover SET state = ?, settled_at = ?, sealed = NULL WHERE id = ? AND state = ?`, state, clock.Millis(now), id, handoverWaiting)
	return n == 1, err
}
