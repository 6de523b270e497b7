package screening

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/xml"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/gate"
	"lintas/platform/keys"
)

//go:embed testdata/arrival.xml
var arrivalXForm []byte

const arrivalForm = "arrival & needs"

// world is a desk behind a gate on a real HTTP server.
type world struct {
	t     testing.TB
	desk  *Desk
	db    *db.DB
	clock *clock.Manual
	url   string
}

// actors by token or login; how tokens are checked is the agency's and is tested there.
var (
	theDevice  = actor.Actor{Device: "dev-1", Organisation: "org-1"}
	theOfficer = actor.Actor{Person: "per-1", Organisation: "org-1", Roles: []actor.Role{actor.Officer}}
	theSuper   = actor.Actor{Person: "per-2", Organisation: "org-1", Roles: []actor.Role{actor.Supervisor}}
	theWorker  = actor.Actor{Person: "per-3", Organisation: "org-1", Roles: []actor.Role{actor.Caseworker}}
	theAdmin   = actor.Actor{Person: "per-4", Organisation: "org-1", Roles: []actor.Role{actor.Administrator}}
	theAnalyst = actor.Actor{Person: "per-5", Organisation: "org-1", Roles: []actor.Role{actor.Analyst}}
	elsewhere  = actor.Actor{Person: "per-6", Organisation: "org-2", Roles: []actor.Role{actor.Supervisor}}
)

func authenticate(r *http.Request) (actor.Actor, error) {
	token := r.URL.Query().Get("st")
	if rest, ok := strings.CutPrefix(r.URL.Path, "/key/"); ok {
		token, _, _ = strings.Cut(rest, "/")
	}
	if token != "" {
		switch token {
		case "good":
			return theDevice, nil
		case "expired":
			return actor.Actor{}, problem.New(problem.Forbidden, "agency.token-expired", "The access of this device has run out.")
		case "revoked":
			return actor.Actor{}, problem.New(problem.Forbidden, "agency.token-revoked", "The access of this device was ended.")
		}
		return actor.Actor{}, problem.New(problem.Forbidden, "agency.token-unknown", "This device is not known here.")
	}
	login, _, ok := r.BasicAuth()
	if !ok {
		return actor.Actor{}, nil
	}
	for name, a := range map[string]actor.Actor{"officer": theOfficer, "super": theSuper, "worker": theWorker, "admin": theAdmin, "analyst": theAnalyst, "elsewhere": elsewhere} {
		if login == name {
			return a, nil
		}
	}
	return actor.Actor{}, problem.New(problem.Unauthenticated, "agency.wrong-sign-in", "The login or the password is wrong.")
}

// each runs a test on every database.
func each(t *testing.T, fn func(t *testing.T, w *world)) {
	t.Helper()
	dbtest.Each(t, func(t *testing.T, d *db.DB) { fn(t, newWorld(t, d)) })
}

func newWorld(t testing.TB, d *db.DB) *world {
	t.Helper()
	ctx := context.Background()
	c := clock.NewManual(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC))
	if err := audit.Migrate(ctx, d); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	ring, err := keys.Open(ctx, filepath.Join(dir, "keys.db"), filepath.Join(dir, "kek"), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ring.Close() })
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	desk, err := Open(ctx, Deps{DB: d, Keys: ring, Clock: c, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	g := gate.New("test", authenticate, log)
	desk.Routes(g)
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)
	return &world{t: t, desk: desk, db: d, clock: c, url: server.URL}
}

// publish puts up the arrival form with these media.
func (w *world) publish(media ...Medium) Revision {
	w.t.Helper()
	rev, err := w.desk.Publish(actor.With(context.Background(), theSuper), Publication{XForm: arrivalXForm, Media: media})
	if err != nil {
		w.t.Fatal(err)
	}
	return rev
}

// interview is a submission of the arrival form.
func interview(instanceID string, inside ...string) string {
	meta := ""
	if instanceID != "" {
		meta = "<orx:meta xmlns:orx=\"http://openrosa.org/xforms\"><orx:instanceID>" + instanceID + "</orx:instanceID></orx:meta>"
	}
	if len(inside) == 0 {
		inside = []string{"<name>Someone</name><age>31</age><work><papers>other</papers></work><photo>papers.jpg</photo>"}
	}
	return `<?xml version="1.0"?><data id="arrival &amp; needs" version="2026-11">` + strings.Join(inside, "") + meta + `</data>`
}

// correction is a submission that corrects another.
func correction(instanceID, deprecatedID, name string) string {
	return `<data id="arrival &amp; needs" version="2026-11"><name>` + name + `</name><meta><instanceID>` + instanceID + `</instanceID><deprecatedID>` + deprecatedID + `</deprecatedID></meta></data>`
}

// file is a part of a posting.
type file struct{ field, name, typ, content string }

func posting(files ...file) (contentType, body string) {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for _, f := range files {
		h := textproto.MIMEHeader{}
		disposition := fmt.Sprintf(`form-data; name="%s"`, f.field)
		if f.name != "" {
			disposition += fmt.Sprintf(`; filename="%s"`, f.name)
		}
		h.Set("Content-Disposition", disposition)
		if f.typ != "" {
			h.Set("Content-Type", f.typ)
		}
		p, _ := m.CreatePart(h)
		io.WriteString(p, f.content)
	}
	m.Close()
	return m.FormDataContentType(), b.String()
}

func withXML(xml string, more ...file) []file {
	return append([]file{{"xml_submission_file", "interview.xml", "text/xml", xml}}, more...)
}

func attachment(name, content string) file { return file{name, name, "image/jpeg", content} }

// reply is what a client sees.
type reply struct {
	status  int
	header  http.Header
	body    string
	nature  string
	message string
}

func (w *world) do(req *http.Request) reply {
	w.t.Helper()
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	r := reply{status: res.StatusCode, header: res.Header, body: string(b)}
	var x openRosaResponse
	if xml.Unmarshal(b, &x) == nil {
		r.nature, r.message = x.Message.Nature, x.Message.Text
	}
	return r
}

func (w *world) request(method, path string, body io.Reader) *http.Request {
	w.t.Helper()
	req, err := http.NewRequest(method, w.url+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("X-OpenRosa-Version", "1.0")
	return req
}

func (w *world) get(path string) reply {
	w.t.Helper()
	return w.do(w.request("GET", path, nil))
}

// send posts an interview as Collect does.
func (w *world) send(files ...file) reply {
	w.t.Helper()
	typ, body := posting(files...)
	return w.post("/key/good/submission?deviceID=collect:abc", typ, strings.NewReader(body))
}

func (w *world) post(path, contentType string, body io.Reader) reply {
	w.t.Helper()
	req := w.request("POST", path, body)
	req.Header.Set("Content-Type", contentType)
	return w.do(req)
}

// count counts rows.
func (w *world) count(query string, args ...any) (n int) {
	w.t.Helper()
	if err := w.db.Read(context.Background(), func(t *db.Tx) error { return t.Row(query, args...).Scan(&n) }); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) records() int { return w.count(`SELECT COUNT(*) FROM screening_record`) }
func (w *world) held() int {
	return w.count(`SELECT COUNT(*) FROM screening_quarantine WHERE state = 'held'`)
}

// wantStatus fails unless the answer has the status and the protocol's headers.
func (w *world) wantStatus(r reply, status int) {
	w.t.Helper()
	if r.status != status {
		w.t.Fatalf("answered %d, want %d: %s", r.status, status, r.body)
	}
	wantOpenRosaHeaders(w.t, r)
}

func wantOpenRosaHeaders(t testing.TB, r reply) {
	t.Helper()
	for k, v := range map[string]string{"X-OpenRosa-Version": "1.0", "X-OpenRosa-Accept-Content-Length": "100000000", "Content-Language": "en"} {
		if got := r.header.Get(k); got != v {
			t.Errorf("header %s is %q, want %q", k, got, v)
		}
	}
	if _, err := http.ParseTime(r.header.Get("Date")); err != nil {
		t.Errorf("header Date %q: %v", r.header.Get("Date"), err)
	}
}

// verified proves the audit log and what it vouches for.
func (w *world) verified() {
	w.t.Helper()
	r, err := audit.Verify(context.Background(), w.db, map[string]audit.Stored{"screening": Stored}, nil)
	if err != nil || !r.OK() {
		w.t.Fatalf("the audit log does not hold: %v %v", err, r.Problems)
	}
}
