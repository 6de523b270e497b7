package screening

import (
	"strings"
	"time"

	"lintas/kernel/clock"
	"lintas/platform/db"
)

// States of a record.
const (
	stateReceived = "received"
	stateErased   = "erased"
)

// recordRow is one screening: one interview with one person, whatever was corrected since.
type recordRow struct {
	ID           string
	Instrument   string
	Revision     string
	Submission   string
	InstanceID   string
	Person       string
	Organisation string
	Officer      string
	Device       string
	ReceivedAt   time.Time
	ChangedAt    time.Time
	State        string
	Complete     bool
	ReviewedAt   time.Time
	ReviewedBy   string
	KeyGone      bool
	Summary      []byte
}

const recordColumns = `r.id, r.instrument, r.revision, r.submission, r.instance_id, r.person, r.organisation, r.officer, r.device, r.received_at, r.changed_at, r.state, r.complete, r.reviewed_at, r.reviewed_by, r.key_gone, r.summary`

func scanRecord(s db.Scanner) (r recordRow, err error) {
	var received, changed, reviewed int64
	err = s.Scan(&r.ID, &r.Instrument, &r.Revision, &r.Submission, &r.InstanceID, &r.Person, &r.Organisation, &r.Officer, &r.Device,
		&received, &changed, &r.State, &r.Complete, &reviewed, &r.ReviewedBy, &r.KeyGone, &r.Summary)
	r.ReceivedAt, r.ChangedAt, r.ReviewedAt = clock.FromMillis(received), clock.FromMillis(changed), clock.FromMillis(reviewed)
	return r, err
}

func insertRecord(t *db.Tx, r recordRow) error {
	return t.Later(`INSERT INTO screening_record (id, instrument, revision, submission, instance_id, person, organisation, officer, device,
		received_at, changed_at, state, complete, reviewed_at, reviewed_by, key_gone, summary) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,0,'',0,?)`,
		r.ID, r.Instrument, r.Revision, r.Submission, r.InstanceID, r.Person, r.Organisation, r.Officer, r.Device,
		clock.Millis(r.ReceivedAt), clock.Millis(r.ChangedAt), r.State, flag(r.Complete), r.Summary)
}

// moveRecord points a record at its new submission; what was reviewed is to be reviewed again.
func moveRecord(t *db.Tx, r recordRow) error {
	_, err := t.Exec(`UPDATE screening_record SET revision = ?, submission = ?, instance_id = ?, changed_at = ?, complete = ?, reviewed_at = 0, reviewed_by = '', summary = ? WHERE id = ?`,
		r.Revision, r.Submission, r.InstanceID, clock.Millis(r.ChangedAt), flag(r.Complete), r.Summary, r.ID)
	return err
}

func touchRecord(t *db.Tx, id string, now time.Time, complete bool) error {
	_, err := t.Exec(`UPDATE screening_record SET changed_at = ?, complete = ? WHERE id = ?`, clock.Millis(now), flag(complete), id)
	return err
}

func recordByID(t *db.Tx, id string) (recordRow, bool, error) {
	return db.One(t, scanRecord, `SELECT `+recordColumns+` FROM screening_record r WHERE r.id = ?`, id)
}

// submissionRow is one version of a record as it was sent.
type submissionRow struct {
	ID           string
	Instrument   string
	Revision     string
	InstanceID   string
	DeprecatedID string
	ReceivedAt   time.Time
	Sender       string
	ClientDevice string
	UserAgent    string

	record  string
	xml     []byte // sealed
	xmlMark string

	// of the record, when looked up by instance
	state, current, organisation string
}

func insertSubmission(t *db.Tx, s submissionRow) error {
	return t.Later(`INSERT INTO screening_submission (id, record, instrument, revision, instance_id, deprecated_id, received_at, sender, client_device, user_agent, xml, xml_mark)
		VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`,
		s.ID, s.record, s.Instrument, s.Revision, s.InstanceID, s.DeprecatedID, clock.Millis(s.ReceivedAt), s.Sender, s.ClientDevice, s.UserAgent, s.xml, s.xmlMark)
}

const submissionColumns = `id, record, instrument, revision, instance_id, deprecated_id, received_at, sender, client_device, user_agent, xml, xml_mark`

func scanSubmission(s db.Scanner) (r submissionRow, err error) {
	var at int64
	err = s.Scan(&r.ID, &r.record, &r.Instrument, &r.Revision, &r.InstanceID, &r.DeprecatedID, &at, &r.Sender, &r.ClientDevice, &r.UserAgent, &r.xml, &r.xmlMark)
	r.ReceivedAt = clock.FromMillis(at)
	return r, err
}

// submissionsOf lists every version of a record, newest first.
func submissionsOf(t *db.Tx, record string) ([]submissionRow, error) {
	return db.All(t, scanSubmission, `SELECT `+submissionColumns+` FROM screening_submission WHERE record = ? ORDER BY id DESC`, record)
}

// resultRow is what one pack said about one submission.
type resultRow struct {
	ID          string
	Record      string
	Submission  string
	PackID      string
	PackVersion string
	PackHash    string
	MadeAt      time.Time
	MadeBy      string
	Sealed      []byte
}

const resultColumns = `id, record, submission, pack_id, pack_version, pack_hash, made_at, made_by, sealed`

func scanResult(s db.Scanner) (r resultRow, err error) {
	var at int64
	err = s.Scan(&r.ID, &r.Record, &r.Submission, &r.PackID, &r.PackVersion, &r.PackHash, &at, &r.MadeBy, &r.Sealed)
	r.MadeAt = clock.FromMillis(at)
	return r, err
}

func insertResult(t *db.Tx, r resultRow) error {
	return t.Later(`INSERT INTO screening_result (`+resultColumns+`) VALUES (?,?,?,?,?,?,?,?,?)`,
		r.ID, r.Record, r.Submission, r.PackID, r.PackVersion, r.PackHash, clock.Millis(r.MadeAt), r.MadeBy, r.Sealed)
}

func resultsOf(t *db.Tx, record string) ([]resultRow, error) {
	return db.All(t, scanResult, `SELECT `+resultColumns+` FROM screening_result WHERE record = ? ORDER BY id DESC`, record)
}

func clearOutcomes(t *db.Tx, record string) error {
	_, err := t.Exec(`DELETE FROM screening_outcome WHERE record = ?`, record)
	return err
}

// insertOutcomes puts up the marks that lists are narrowed by.
func insertOutcomes(t *db.Tx, record string, marks []string) error {
	if len(marks) == 0 {
		return nil
	}
	args := make([]any, 0, 2*len(marks))
	for _, m := range marks {
		args = append(args, record, m)
	}
	return t.Later(`INSERT INTO screening_outcome (record, mark) VALUES `+db.MarkRows(len(marks))+` ON CONFLICT DO NOTHING`, args...)
}

// Stored gives the bytes that the audit log vouches for: everything sealed that is kept of a screening, in
// the order of ids. ok is false for another kind of object, and for one that was erased.
func Stored(t *db.Tx, object string) (stored []byte, ok bool, err error) {
	record, is := strings.CutPrefix(object, "screening:")
	if !is {
		return nil, false, nil
	}
	rows, err := db.All(t, func(s db.Scanner) (b []byte, err error) { return b, s.Scan(&b) },
		`SELECT sealed FROM (
			SELECT 1 AS kind, id, xml AS sealed FROM screening_submission WHERE record = ?
			UNION ALL SELECT 2, id, sealed FROM screening_file WHERE owner = ?
			UNION ALL SELECT 3, id, sealed FROM screening_result WHERE record = ?) AS kept
		WHERE sealed IS NOT NULL ORDER BY kind, id`, record, record, record)
	for _, b := range rows {
		stored = append(stored, b...)
	}
	return stored, len(rows) > 0, err
}

func insertQuarantine(t *db.Tx, q quarantineRow) error {
	_, err := t.Exec(`INSERT INTO screening_quarantine (`+quarantineColumns+`) VALUES (?,?,?,1,?,?,?,?,?,?,?,?,?,?,?)`,
		q.ID, clock.Millis(q.ReceivedAt), clock.Millis(q.ReceivedAt), string(q.Reason), q.Answered, q.Person, q.Organisation, q.Sender, q.ClientDevice, q.UserAgent, q.Size, q.mark, q.State, q.Record)
	return err
}

func quarantineByMark(t *db.Tx, mark string) (quarantineRow, bool, error) {
	return db.One(t, scanQuarantine, `SELECT `+quarantineColumns+` FROM screening_quarantine WHERE mark = ?`, mark)
}

func countQuarantine(t *db.Tx, id string, q quarantineRow) error {
	_, err := t.Exec(`UPDATE screening_quarantine SET times = times + 1, last_at = ?, reason = ?, answered = ? WHERE id = ?`, clock.Millis(q.ReceivedAt), string(q.Reason), q.Answered, id)
	return err
}

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}
