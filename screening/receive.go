package screening

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/keys"
)

// Receipt is what became of a posting.
type Receipt struct {
	Status     int    // HTTP status of the OpenRosa protocol
	Message    string // for the enumerator
	Record     string // id of the screening; empty when it became none
	Quarantine string // id of the quarantine entry; empty when there is none
	Doubt      Doubt
	Refusal    *problem.Problem // the message with its code, when Status is 400 or more
}

const textReceived = "Thank you. The interview is stored on the server."

// errMoved says that the store changed between looking and writing: look again.
var errMoved = errors.New("screening: the store moved on")

// Receive stores a posting: as a new interview, as more files of one that is here, as the correction of
// one, or in the quarantine. When it returns without an error, what the receipt says is durable.
func (d *Desk) Receive(ctx context.Context, p *Posting) (Receipt, error) {
	if p.Doubt != "" {
		return d.refuse(ctx, p, p.Doubt, "")
	}
	env, err := ReadEnvelope(p.XML)
	if err != nil {
		return d.refuse(ctx, p, DoubtOf(err), "")
	}
	if env.InstanceID == "" {
		// As ODK Central does; a resend without an id cannot be told from a second interview. What is released twice can.
		env.InstanceID = "uuid:" + firstOf(p.entry, id.New())
	}
	defer d.sending.lock(env.InstanceID)()
	for range 3 {
		r, err := d.receive(ctx, p, env)
		if !errors.Is(err, errMoved) {
			return r, err
		}
	}
	return Receipt{}, problem.New(problem.Unavailable, "screening.busy", "The server is busy. Nothing was stored. Send again in a moment.")
}

// standing is what the store knows that bears on a posting.
type standing struct {
	instrument storedInstrument
	revision   string
	same       *submissionRow // with the same instanceID
	corrected  *submissionRow // with the instanceID that this one corrects
}

func (d *Desk) receive(ctx context.Context, p *Posting, env *Envelope) (Receipt, error) {
	s, why, err := d.look(ctx, env)
	if err != nil {
		return Receipt{}, err
	}
	if why != "" {
		return d.refuse(ctx, p, why, "")
	}
	mark := d.xmlMark(p.XML)
	switch {
	case s.same != nil && s.same.state == stateErased:
		return refusal(DoubtGone), nil // keeping a copy would undo the erasure
	case s.same != nil && s.same.xmlMark == mark:
		return d.addFiles(ctx, p, env, s)
	case s.same != nil && env.DeprecatedID != "":
		return d.refuse(ctx, p, DoubtIDReused, s.same.record)
	case s.same != nil:
		return d.refuse(ctx, p, DoubtConflict, s.same.record)
	case env.DeprecatedID != "":
		return d.correct(ctx, p, env, s)
	case s.instrument.State == StateClosed:
		return d.refuse(ctx, p, DoubtClosed, "")
	}
	return d.create(ctx, p, env, s)
}

// look gathers the standing of a posting, or the doubt about its form. What it finds may have moved when the
// transaction that stores the posting runs: that one looks again at what matters.
func (d *Desk) look(ctx context.Context, env *Envelope) (standing, Doubt, error) {
	s, found, err := db.ReadOne(ctx, d.db, scanStanding, standingOf, env.Version, env.InstanceID, env.FormID)
	switch {
	case err != nil:
		return s, "", err
	case !found:
		return s, DoubtUnknownForm, nil
	case s.revision == "":
		return s, DoubtVersion, nil
	case env.DeprecatedID == "":
		return s, "", nil
	}
	corrected, found, err := db.ReadOne(ctx, d.db, scanStanding, standingOf, env.Version, env.DeprecatedID, env.FormID)
	if found {
		s.corrected = corrected.same
	}
	return s, "", err
}

// standingOf looks up the version, an instanceID and the form in one statement: it is the first thing that every
// posting asks.
const standingOf = `SELECT i.id, i.form_id, i.state, i.current, COALESCE(v.id, ''), COALESCE(s.id, ''), COALESCE(s.record, ''), COALESCE(s.xml_mark, ''),
		COALESCE(r.state, ''), COALESCE(r.submission, ''), COALESCE(r.organisation, '')
	FROM screening_instrument i
	LEFT JOIN screening_revision v ON v.instrument = i.id AND v.version = ?
	LEFT JOIN screening_submission s ON s.instrument = i.id AND s.instance_id = ?
	LEFT JOIN screening_record r ON r.id = s.record
	WHERE i.form_id = ?`

func scanStanding(row db.Scanner) (s standing, err error) {
	var same submissionRow
	err = row.Scan(&s.instrument.ID, &s.instrument.FormID, &s.instrument.State, &s.instrument.Current, &s.revision,
		&same.ID, &same.record, &same.xmlMark, &same.state, &same.current, &same.organisation)
	if same.ID != "" {
		s.same = &same
	}
	return s, err
}

// arrival is everything of a posting, sealed and ready to be written.
type arrival struct {
	record  recordRow
	sub     submissionRow
	files   []storedFile
	results []resultRow
	marks   []string

	entities []*entityState // changes to entities, worked out before the transaction
	faults   int            // entities said wrongly

	now time.Time
	who actor.Actor
}

func (d *Desk) create(ctx context.Context, p *Posting, env *Envelope, s standing) (Receipt, error) {
	a := arrival{now: d.clock.Now(), who: actor.From(ctx)}
	sender := a.who
	if !p.Sender.Nobody() {
		sender = p.Sender
	}
	a.record = recordRow{ID: id.New(), Instrument: s.instrument.ID, Person: id.New(), Organisation: a.who.Organisation,
		Officer: sender.Person, Device: sender.Device, ReceivedAt: a.now, State: stateReceived}
	if err := d.keys.Make(ctx, a.record.Person); err != nil {
		return Receipt{}, err
	}
	if err := d.fill(ctx, &a, p, env, s, nil); err != nil {
		return Receipt{}, err
	}
	c, err := d.revision(ctx, s.revision)
	if err != nil {
		return Receipt{}, err
	}
	if len(c.form.Lists) > 0 { // a correction changes no entity, as in ODK Central
		if a.entities, a.faults, err = d.planEntities(ctx, c.form, env, a.record, a.now); err != nil {
			return Receipt{}, err
		}
	}
	err = d.db.Write(ctx, func(t *db.Tx) error {
		if err := insertRecord(t, a.record); err != nil {
			return err
		}
		return d.write(t, &a, "screening.receive", a.stored())
	})
	if db.Unique(err) {
		return Receipt{}, errMoved
	}
	return stored(a.record.ID), err
}

// correct stores a new submission of a record. It is taken in every state of the instrument.
func (d *Desk) correct(ctx context.Context, p *Posting, env *Envelope, s standing) (Receipt, error) {
	a := arrival{now: d.clock.Now(), who: actor.From(ctx)}
	switch old := s.corrected; {
	case old == nil || old.organisation != a.who.Organisation:
		return d.refuse(ctx, p, DoubtEditUnknown, "")
	case old.state == stateErased:
		return refusal(DoubtGone), nil
	case old.current != old.ID:
		return d.refuse(ctx, p, DoubtEditStale, old.record)
	}
	var known []storedFile
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		if a.record, _, err = recordByID(t, s.corrected.record); err != nil {
			return err
		}
		known, err = filesOf(t, a.record.ID)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	if err := d.fill(ctx, &a, p, env, s, known); err != nil {
		return Receipt{}, err
	}
	err = d.db.Write(ctx, func(t *db.Tx) error {
		now, found, err := recordByID(t, a.record.ID)
		if err != nil {
			return err
		}
		if !found || now.Submission != s.corrected.ID || now.State != stateReceived {
			return errMoved
		}
		if err := moveRecord(t, a.record); err != nil {
			return err
		}
		if err := clearOutcomes(t, a.record.ID); err != nil {
			return err
		}
		return d.write(t, &a, "screening.correct", nil)
	})
	if db.Unique(err) {
		return Receipt{}, errMoved
	}
	return stored(a.record.ID), err
}

// fill seals a posting for a record: its XML, files, results and the summary for lists.
func (d *Desk) fill(ctx context.Context, a *arrival, p *Posting, env *Envelope, s standing, known []storedFile) (err error) {
	a.sub = submissionRow{ID: id.New(), record: a.record.ID, Instrument: s.instrument.ID, Revision: s.revision, InstanceID: env.InstanceID,
		DeprecatedID: env.DeprecatedID, ReceivedAt: a.now, Sender: a.who.Label(), ClientDevice: cut(p.ClientDevice, 255), UserAgent: cut(p.UserAgent, 255),
		xmlMark: d.xmlMark(p.XML)}
	if a.sub.xml, err = d.keys.Seal(ctx, a.record.Person, xmlPlace(a.sub.ID), p.XML); err != nil {
		return err
	}
	if a.files, err = d.sealNewFiles(ctx, p, env, a.record, known, a.now); err != nil {
		return err
	}
	sum, err := d.scoreInto(ctx, a, env)
	if err != nil {
		return err
	}
	summary, err := json.Marshal(sum)
	if err != nil {
		return err
	}
	r := &a.record
	r.Revision, r.Submission, r.InstanceID, r.ChangedAt, r.Complete = s.revision, a.sub.ID, env.InstanceID, a.now, !p.Incomplete
	r.Summary, err = d.keys.Seal(ctx, r.Person, summaryPlace(r.ID), summary)
	return err
}

// stored is what Stored will give for a record that holds nothing but this arrival: reading it back would cost
// every submission a query.
func (a *arrival) stored() []byte {
	out := append([]byte{}, a.sub.xml...)
	slices.SortFunc(a.files, func(x, y storedFile) int { return strings.Compare(x.ID, y.ID) })
	for _, f := range a.files {
		out = append(out, f.Sealed...)
	}
	slices.SortFunc(a.results, func(x, y resultRow) int { return strings.Compare(x.ID, y.ID) })
	for _, r := range a.results {
		out = append(out, r.Sealed...)
	}
	return out
}

// write puts everything but the record's own row into the store, with its leaf. stored is what the leaf
// vouches for; nil reads it back.
func (d *Desk) write(t *db.Tx, a *arrival, verb string, stored []byte) error {
	if err := insertSubmission(t, a.sub); err != nil {
		return err
	}
	for _, f := range a.files {
		if err := insertFile(t, f); err != nil {
			return err
		}
	}
	for _, r := range a.results {
		if err := insertResult(t, r); err != nil {
			return err
		}
	}
	if err := insertOutcomes(t, a.record.ID, a.marks); err != nil {
		return err
	}
	for _, e := range a.entities {
		if err := writeEntity(t, e, a.record.Organisation, a.now, a.who); err != nil {
			return err
		}
	}
	detail := map[string]any{"submission": a.sub.ID, "revision": a.sub.Revision, "files": len(a.files), "results": len(a.results)}
	if len(a.entities)+a.faults > 0 {
		detail["entities"], detail["entity_faults"] = len(a.entities), a.faults
	}
	if stored == nil {
		return d.leaf(t, a.now, a.who, verb, a.record, detail)
	}
	return audit.Append(t, a.now, a.who, audit.Entry{Verb: verb, Object: "screening:" + a.record.ID, Subject: a.record.Person, Detail: detail, Stored: stored})
}

// leaf appends to the audit log what was done to a record, and vouches for what is stored of it now.
func (d *Desk) leaf(t *db.Tx, now time.Time, who actor.Actor, verb string, r recordRow, detail map[string]any) error {
	object := "screening:" + r.ID
	bytes, _, err := Stored(t, object)
	if err != nil {
		return err
	}
	return audit.Append(t, now, who, audit.Entry{Verb: verb, Object: object, Subject: r.Person, Detail: detail, Stored: bytes})
}

// addFiles takes a resend: files that are not here yet are added, nothing else changes.
func (d *Desk) addFiles(ctx context.Context, p *Posting, env *Envelope, s standing) (Receipt, error) {
	var r recordRow
	var known []storedFile
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		if r, _, err = recordByID(t, s.same.record); err != nil {
			return err
		}
		known, err = filesOf(t, r.ID)
		return err
	})
	if err != nil {
		return Receipt{}, err
	}
	now, who := d.clock.Now(), actor.From(ctx)
	files, err := d.sealNewFiles(ctx, p, env, r, known, now)
	if err != nil {
		return Receipt{}, err
	}
	completes := !r.Complete && !p.Incomplete
	if len(files) == 0 && !completes {
		return stored(r.ID), nil
	}
	err = d.db.Write(ctx, func(t *db.Tx) error {
		if now, found, err := recordByID(t, r.ID); err != nil || !found || now.State != stateReceived {
			return errors.Join(err, errMoved)
		}
		for _, f := range files {
			if err := insertFile(t, f); err != nil {
				return err
			}
		}
		if err := touchRecord(t, r.ID, now, r.Complete || completes); err != nil {
			return err
		}
		return d.leaf(t, now, who, "screening.add-files", r, map[string]any{"files": len(files), "complete": r.Complete || completes})
	})
	return stored(r.ID), err
}

// sealNewFiles seals the files of a posting that the record does not hold yet. A file under a known name
// with other content is kept beside the first and flagged; so is a file that the interview does not name.
func (d *Desk) sealNewFiles(ctx context.Context, p *Posting, env *Envelope, r recordRow, known []storedFile, now time.Time) ([]storedFile, error) {
	if len(p.files) == 0 {
		return nil, nil
	}
	// A submission does not say which of its leaves name files: every text that is a file's name does.
	named := map[string]bool{}
	env.Root.inOrder(func(n *Node) {
		if n.Text != "" && len(n.Text) < 1000 {
			named[sameName(n.Text)] = true
		}
	})
	var out []storedFile
	for _, f := range p.files {
		flag := ""
		if !named[sameName(f.name)] {
			flag = "unnamed"
		}
		sealed, err := d.sealFile(ctx, f, r.Person, r.ID, "attachment", flag, now)
		if err != nil {
			return nil, err
		}
		here, same := compareFile(sealed, append(known, out...))
		if here {
			continue
		}
		if same && sealed.Flag == "" {
			sealed.Flag = "same-name"
		}
		out = append(out, sealed)
	}
	return out, nil
}

// compareFile reports whether this very file is among known, and whether another one has its name.
func compareFile(f storedFile, known []storedFile) (here, sameName bool) {
	for _, k := range known {
		if k.NameMark == f.NameMark {
			if k.Mark == f.Mark {
				return true, true
			}
			sameName = true
		}
	}
	return false, sameName
}

func stored(record string) Receipt {
	return Receipt{Status: 201, Message: textReceived, Record: record}
}

func (d *Desk) xmlMark(xml []byte) string {
	sum := sha256.Sum256(xml)
	return d.keys.Index("screening.xml", hex.EncodeToString(sum[:]))
}

func xmlPlace(submission string) keys.Place {
	return keys.Place{Table: "screening_submission", Row: submission, Field: "xml"}
}

func summaryPlace(record string) keys.Place {
	return keys.Place{Table: "screening_record", Row: record, Field: "summary"}
}

// cut shortens a text to n characters.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}
