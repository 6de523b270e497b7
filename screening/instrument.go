package screening

import (
	"context"
	"crypto/md5" // OpenRosa's hash for change detection; nothing is trusted because of it
	"encoding/hex"
	"encoding/json"
	"mime"
	"path/filepath"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/screening/indicator"
)

// State says what an instrument takes.
type State string

// The states: an open instrument is offered and takes interviews; a closing one is no longer offered but
// takes those begun; a closed one takes none. Corrections of stored interviews are taken in every state.
const (
	StateOpen    State = "open"
	StateClosing State = "closing"
	StateClosed  State = "closed"
)

// Language is a language of an instrument.
type Language struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// about is what lists show of a revision, computed once when it is published.
type about struct {
	Languages []Language         `json:"languages"`
	Default   string             `json:"default_language"`
	Questions int                `json:"questions"`
	Pack      *indicator.PackRef `json:"pack,omitempty"`
	Workbook  bool               `json:"workbook,omitempty"`
}

// Medium is a file that belongs to a revision of an instrument: a picture, a recording, a list.
type Medium struct {
	Name    string `json:"name"`
	Type    string `json:"type"`
	MD5     string `json:"hash"`
	Size    int64  `json:"size"`
	Content []byte `json:"-"`
}

// Revision is one published version of an instrument.
type Revision struct {
	ID           string
	Instrument   string
	FormID       string
	State        State
	Version      string
	Title        string
	PublishedAt  time.Time
	WorkbookName string
	MD5          string // of the XForm, hexadecimal
	About        about
	Media        []Medium // without content
}

// Publication is what Publish puts up.
type Publication struct {
	XForm        []byte
	WorkbookName string
	Workbook     []byte // as uploaded; nil when the XForm itself was
	Pack         []byte // JSON; nil when there is none
	Media        []Medium
	About        about
}

type storedInstrument struct {
	ID      string
	FormID  string
	State   State
	Current string
}

func scanInstrument(s db.Scanner) (i storedInstrument, err error) {
	return i, s.Scan(&i.ID, &i.FormID, &i.State, &i.Current)
}

func instrumentByForm(t *db.Tx, formID string) (storedInstrument, bool, error) {
	return db.One(t, scanInstrument, `SELECT id, form_id, state, current FROM screening_instrument WHERE form_id = ?`, formID)
}

func instrumentByID(t *db.Tx, id string) (storedInstrument, bool, error) {
	return db.One(t, scanInstrument, `SELECT id, form_id, state, current FROM screening_instrument WHERE id = ?`, id)
}

func revisionByVersion(t *db.Tx, instrument, version string) (string, bool, error) {
	return db.One(t, func(s db.Scanner) (id string, err error) { return id, s.Scan(&id) },
		`SELECT id FROM screening_revision WHERE instrument = ? AND version = ?`, instrument, version)
}

const revisionColumns = `v.id, v.instrument, i.form_id, i.state, v.version, v.title, v.published_at, v.workbook_name, v.md5, v.about`

func scanRevision(s db.Scanner) (r Revision, err error) {
	var at int64
	var text string
	if err = s.Scan(&r.ID, &r.Instrument, &r.FormID, &r.State, &r.Version, &r.Title, &at, &r.WorkbookName, &r.MD5, &text); err != nil {
		return r, err
	}
	r.PublishedAt = clock.FromMillis(at)
	return r, json.Unmarshal([]byte(text), &r.About)
}

// currentRevisions lists the revision that each instrument offers, with its media; by form id, or all.
func currentRevisions(t *db.Tx, formID string) ([]Revision, error) {
	rs, err := db.All(t, scanRevision, `SELECT `+revisionColumns+` FROM screening_instrument i JOIN screening_revision v ON v.id = i.current
		WHERE ? = '' OR i.form_id = ? ORDER BY v.title, i.form_id`, formID, formID)
	for i := range rs {
		if err == nil {
			rs[i].Media, err = mediaOf(t, rs[i].ID)
		}
	}
	return rs, err
}

// revisionsOf lists every revision of an instrument, newest first.
func revisionsOf(t *db.Tx, instrument string) ([]Revision, error) {
	rs, err := db.All(t, scanRevision, `SELECT `+revisionColumns+` FROM screening_instrument i JOIN screening_revision v ON v.instrument = i.id
		WHERE i.id = ? ORDER BY v.published_at DESC, v.id DESC`, instrument)
	for i := range rs {
		if err == nil {
			rs[i].Media, err = mediaOf(t, rs[i].ID)
		}
	}
	return rs, err
}

func revisionByID(t *db.Tx, revision string) (Revision, bool, error) {
	r, found, err := db.One(t, scanRevision, `SELECT `+revisionColumns+` FROM screening_instrument i JOIN screening_revision v ON v.instrument = i.id WHERE v.id = ?`, revision)
	if err == nil && found {
		r.Media, err = mediaOf(t, r.ID)
	}
	return r, found, err
}

func mediaOf(t *db.Tx, revision string) ([]Medium, error) {
	return db.All(t, func(s db.Scanner) (m Medium, err error) { return m, s.Scan(&m.Name, &m.Type, &m.MD5, &m.Size) },
		`SELECT name, type, md5, size FROM screening_media WHERE revision = ? ORDER BY name`, revision)
}

// Publish puts up a revision and makes it the one that clients are offered. Publishing the same version
// with the same content again changes nothing; with other content it is refused, because interviews say
// only which version they were held with.
func (d *Desk) Publish(ctx context.Context, p Publication) (Revision, error) {
	head, err := ReadForm(p.XForm)
	if err != nil {
		return Revision{}, problem.New(problem.Invalid, "screening.not-an-xform", "The file is not an XForm: %v.", err)
	}
	now, who := d.clock.Now(), actor.From(ctx)
	p.About.Languages, p.About.Default = head.languages()
	p.About.Questions = head.questions()
	text, err := json.Marshal(p.About)
	if err != nil {
		return Revision{}, err
	}
	sum := hashMD5(p.XForm)
	var out Revision
	err = d.db.Write(ctx, func(t *db.Tx) error {
		in, found, err := instrumentByForm(t, head.ID)
		if err != nil {
			return err
		}
		if !found {
			in = storedInstrument{ID: id.New(), FormID: head.ID, State: StateOpen}
		}
		revision, known, err := revisionByVersion(t, in.ID, head.Version)
		if err != nil {
			return err
		}
		if known {
			if out, _, err = revisionByID(t, revision); err != nil {
				return err
			}
			if !sameContent(out, sum, p.Media) {
				return problem.New(problem.Conflict, "screening.version-taken", "Version %q of this form is published already, with other content. Give the new one another version (sheet settings, column version).", head.Version)
			}
			_, err = t.Exec(`UPDATE screening_instrument SET current = ? WHERE id = ?`, revision, in.ID)
			return err
		}
		revision = id.New()
		if err := putInstrument(t, in, revision, found, now); err != nil {
			return err
		}
		if _, err = t.Exec(`INSERT INTO screening_revision (id, instrument, version, title, published_at, published_by, xform, md5, workbook_name, workbook, pack, about) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)`,
			revision, in.ID, head.Version, head.Title, clock.Millis(now), who.Label(), p.XForm, sum, p.WorkbookName, p.Workbook, string(p.Pack), string(text)); err != nil {
			return err
		}
		for _, m := range p.Media {
			if err := insertMedium(t, revision, m); err != nil {
				return err
			}
		}
		if out, _, err = revisionByID(t, revision); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "screening.publish", Object: "screening-instrument:" + in.ID,
			Detail: map[string]any{"form_id": head.ID, "version": head.Version, "revision": revision, "md5": sum}, Stored: p.XForm})
	})
	return out, err
}

func putInstrument(t *db.Tx, in storedInstrument, revision string, found bool, now time.Time) error {
	if found {
		_, err := t.Exec(`UPDATE screening_instrument SET current = ? WHERE id = ?`, revision, in.ID)
		return err
	}
	_, err := t.Exec(`INSERT INTO screening_instrument (id, form_id, state, current, made_at) VALUES (?,?,?,?,?)`, in.ID, in.FormID, string(in.State), revision, clock.Millis(now))
	return err
}

func insertMedium(t *db.Tx, revision string, m Medium) error {
	_, err := t.Exec(`INSERT INTO screening_media (revision, name, type, md5, size, content) VALUES (?,?,?,?,?,?)`,
		revision, m.Name, m.Type, hashMD5(m.Content), len(m.Content), m.Content)
	return err
}

// sameContent reports whether a published revision is what is about to be published.
func sameContent(r Revision, sum string, media []Medium) bool {
	if r.MD5 != sum || len(r.Media) != len(media) {
		return false
	}
	have := map[string]string{}
	for _, m := range r.Media {
		have[m.Name] = m.MD5
	}
	for _, m := range media {
		if have[m.Name] != hashMD5(m.Content) {
			return false
		}
	}
	return true
}

// SetState opens or closes an instrument.
func (d *Desk) SetState(ctx context.Context, instrument string, s State) error {
	if s != StateOpen && s != StateClosing && s != StateClosed {
		return problem.New(problem.Invalid, "screening.state", "The state must be open, closing or closed.")
	}
	return d.db.Write(ctx, func(t *db.Tx) error {
		n, err := t.Exec(`UPDATE screening_instrument SET state = ? WHERE id = ?`, string(s), instrument)
		if err != nil {
			return err
		}
		if n == 0 {
			return errNoInstrument
		}
		return audit.Append(t, d.clock.Now(), actor.From(ctx), audit.Entry{Verb: "screening.state", Object: "screening-instrument:" + instrument, Detail: map[string]any{"state": s}})
	})
}

var errNoInstrument = problem.New(problem.NotFound, "screening.no-instrument", "There is no such instrument, or no such version of it.")

// Offered lists the revisions that clients may fetch: the current one of every open instrument.
func (d *Desk) Offered(ctx context.Context, formID string) ([]Revision, error) {
	var out []Revision
	err := d.db.Read(ctx, func(t *db.Tx) error {
		rs, err := currentRevisions(t, formID)
		for _, r := range rs {
			if r.State == StateOpen {
				out = append(out, r)
			}
		}
		return err
	})
	return out, err
}

// RevisionFile gives the bytes of a revision: its "xform", "workbook" or "pack".
func (d *Desk) RevisionFile(ctx context.Context, revision, what string) (content []byte, r Revision, err error) {
	column, ok := map[string]string{"xform": "xform", "workbook": "workbook", "pack": "pack"}[what]
	if !ok {
		return nil, r, errNoInstrument
	}
	err = d.db.Read(ctx, func(t *db.Tx) error {
		var found bool
		if r, found, err = revisionByID(t, revision); err != nil {
			return err
		}
		if !found {
			return errNoInstrument
		}
		return t.Row(`SELECT `+column+` FROM screening_revision WHERE id = ?`, revision).Scan(&content)
	})
	if err == nil && len(content) == 0 {
		err = errNoInstrument
	}
	return content, r, err
}

// MediaFile gives a media file of a revision.
func (d *Desk) MediaFile(ctx context.Context, revision, name string) (m Medium, err error) {
	err = d.db.Read(ctx, func(t *db.Tx) error {
		var found bool
		m, found, err = db.One(t, func(s db.Scanner) (m Medium, err error) {
			return m, s.Scan(&m.Name, &m.Type, &m.MD5, &m.Size, &m.Content)
		}, `SELECT name, type, md5, size, content FROM screening_media WHERE revision = ? AND name = ?`, revision, name)
		if err == nil && !found {
			err = errNoInstrument
		}
		return err
	})
	return m, err
}

func hashMD5(b []byte) string {
	sum := md5.Sum(b)
	return hex.EncodeToString(sum[:])
}

// typeOf is the media type by a file name's ending; never one that a browser would run.
func typeOf(name string) string {
	t := mime.TypeByExtension(strings.ToLower(filepath.Ext(name)))
	kind, _, _ := strings.Cut(t, ";")
	switch {
	case strings.HasPrefix(kind, "image/") && kind != "image/svg+xml", strings.HasPrefix(kind, "audio/"), strings.HasPrefix(kind, "video/"), kind == "text/csv":
		return t
	}
	return "application/octet-stream"
}
