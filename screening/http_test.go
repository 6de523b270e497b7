package screening

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/gate"
)

// call makes a JSON request as a person and decodes the answer into out (nil: no body wanted).
func (w *world) call(login, method, path string, in, out any) int {
	w.t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			w.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, w.url+path, body)
	if err != nil {
		w.t.Fatal(err)
	}
	req.SetBasicAuth(login, "x")
	req.Header.Set(gate.HeaderRequest, "1")
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	b, _ := io.ReadAll(res.Body)
	if out != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(b, out); err != nil {
			w.t.Fatalf("%s %s: %v in %s", method, path, err, b)
		}
	}
	if res.StatusCode >= 500 {
		w.t.Fatalf("%s %s: %d %s", method, path, res.StatusCode, b)
	}
	return res.StatusCode
}

// sendAs posts an interview as a signed-in person.
func (w *world) sendAs(login string, files ...file) reply {
	w.t.Helper()
	typ, body := posting(files...)
	req := w.request("POST", "/openrosa/submission", strings.NewReader(body))
	req.Header.Set("Content-Type", typ)
	req.SetBasicAuth(login, "x")
	return w.do(req)
}

func (w *world) list(login, query string) Page[Listed] {
	w.t.Helper()
	var p Page[Listed]
	if status := w.call(login, "GET", "/api/screening/screenings?"+query, nil, &p); status != 200 {
		w.t.Fatalf("list as %s: %d", login, status)
	}
	return p
}

func (w *world) only(login string) string {
	w.t.Helper()
	p := w.list(login, "")
	if len(p.Items) != 1 {
		w.t.Fatalf("%d screenings, want one", len(p.Items))
	}
	return p.Items[0].ID
}

func TestAScreeningIsReadInTheWordsThatWereAsked(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.sendAs("officer", withXML(interview(anID), attachment("papers.jpg", "jpeg"))...), 201)
		var s Screening
		if status := w.call("worker", "GET", "/api/screening/screenings/"+w.only("worker")+"?language=id", nil, &s); status != 200 {
			t.Fatal(status)
		}
		got := map[string]string{}
		for _, a := range s.Answers {
			got[a.Label] = a.Value + "/" + a.ValueLabel
		}
		for label, want := range map[string]string{"Kami panggil siapa?": "Someone/", "How old are you?": "31/", "Siapa yang memegang surat-surat Anda?": "other/Orang lain"} {
			if got[label] != want {
				t.Errorf("%s: %q, want %q (all: %v)", label, got[label], want, got)
			}
		}
		if len(s.Attachments) != 1 || s.Attachments[0].Name != "papers.jpg" || s.Attachments[0].Type != "image/jpeg" || len(s.History) != 1 {
			t.Errorf("attachments %+v history %+v", s.Attachments, s.History)
		}
		req := w.request("GET", "/api/screening/screenings/"+s.Screening.ID+"/files/"+s.Attachments[0].ID, nil)
		req.SetBasicAuth("worker", "x")
		r := w.do(req)
		if r.status != 200 || r.body != "jpeg" || !strings.HasPrefix(r.header.Get("Content-Disposition"), "inline") {
			t.Errorf("the file: %d %q %q", r.status, r.body, r.header.Get("Content-Disposition"))
		}
	})
}

func TestOnlyPicturesAreShownInThePage(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.sendAs("officer", withXML(interview(anID, "<a>x.html</a><b>x.svg</b>"), file{"x.html", "x.html", "text/html", "<script>"}, file{"x.svg", "x.svg", "image/svg+xml", "<svg>"})...), 201)
		var s Screening
		w.call("worker", "GET", "/api/screening/screenings/"+w.only("worker"), nil, &s)
		if len(s.Attachments) != 2 {
			t.Fatalf("%+v", s.Attachments)
		}
		for _, a := range s.Attachments {
			req := w.request("GET", "/api/screening/screenings/"+s.Screening.ID+"/files/"+a.ID, nil)
			req.SetBasicAuth("worker", "x")
			r := w.do(req)
			if r.header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(r.header.Get("Content-Disposition"), "attachment") {
				t.Errorf("%s would run in the page: %v", a.Name, r.header)
			}
		}
	})
}

func TestWhoSeesWhichScreenings(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.sendAs("officer", withXML(interview("uuid:1"))...), 201)
		w.wantStatus(w.sendAs("super", withXML(interview("uuid:2"))...), 201)
		for login, n := range map[string]int{"officer": 1, "worker": 2, "super": 2, "elsewhere": 0} {
			if p := w.list(login, ""); len(p.Items) != n {
				t.Errorf("%s sees %d screenings, want %d", login, len(p.Items), n)
			}
		}
		for login, status := range map[string]int{"officer": 200, "elsewhere": 404, "admin": 403, "analyst": 403} {
			if got := w.call(login, "GET", "/api/screening/screenings/"+w.list("officer", "").Items[0].ID, nil, nil); got != status {
				t.Errorf("reading as %s: %d, want %d", login, got, status)
			}
		}
	})
}

func TestListsAreNarrowedAndPaged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rev := w.publish()
		for i := range 5 {
			w.clock.Advance(time.Minute)
			w.wantStatus(w.sendAs("super", withXML(interview("uuid:"+string(rune('a'+i))))...), 201)
		}
		seen := map[string]bool{}
		after := ""
		for range 3 {
			p := w.list("super", "limit=2&after="+after)
			for _, l := range p.Items {
				seen[l.InstanceID] = true
			}
			after = p.Next
		}
		if len(seen) != 5 || after != "" {
			t.Errorf("pages gave %v, next %q", seen, after)
		}
		for query, n := range map[string]int{"instrument=" + rev.Instrument: 5, "instrument=none": 0, "q=a": 1, "q=uuid:b": 1, "q=%25": 0, "state=new": 5, "state=reviewed": 0, "state=erased": 0,
			"from=2026-11-24T08:03:00Z": 3, "to=2026-11-24T08:03:00Z": 2, "outcome=offer": 0} {
			if p := w.list("super", query); len(p.Items) != n {
				t.Errorf("%s: %d, want %d", query, len(p.Items), n)
			}
		}
		if status := w.call("super", "GET", "/api/screening/screenings?after=nonsense", nil, nil); status != 422 {
			t.Errorf("a wrong mark: %d", status)
		}
		first := w.list("super", "").Items[0].ID
		if status := w.call("super", "POST", "/api/screening/screenings/"+first+"/review", map[string]any{}, nil); status != 204 {
			t.Fatal(status)
		}
		if p := w.list("super", "state=reviewed"); len(p.Items) != 1 || !p.Items[0].Reviewed {
			t.Error("not reviewed")
		}
	})
}

func TestEveryReadLeavesALeaf(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.sendAs("officer", withXML(interview(anID))...), 201)
		screening := w.only("worker")
		w.call("worker", "GET", "/api/screening/screenings/"+screening, nil, nil)
		var leaves []audit.Leaf
		w.db.Read(context.Background(), func(t *db.Tx) (err error) {
			leaves, err = audit.List(t, audit.Filter{Actor: "person:per-3"})
			return err
		})
		var verbs []string
		for _, l := range leaves {
			verbs = append(verbs, l.Verb)
			if l.Verb == "screening.read" && (l.Object != "screening:"+screening || l.Subject == "") {
				t.Errorf("leaf %+v", l)
			}
			if strings.Contains(string(l.Detail), "Someone") {
				t.Error("the log holds a name")
			}
		}
		if strings.Join(verbs, " ") != "screening.read screening.list" {
			t.Errorf("leaves %v", verbs)
		}
		w.verified()
	})
}

func TestNothingPersonalLiesInTheStoreInClear(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.sendAs("officer", withXML(interview(anID, "<name>Xylophonia</name><photo>Xylophonia.jpg</photo>"), attachment("Xylophonia.jpg", "Xylophonia"))...), 201)
		w.wantStatus(w.sendAs("officer", withXML("<broken>Xylophonia", attachment("Xylophonia.jpg", "Xylophonia"))...), 400)
		for _, table := range []string{"screening_record", "screening_submission", "screening_file", "screening_chunk", "screening_result", "screening_outcome", "screening_quarantine", "audit_leaf"} {
			w.db.Read(context.Background(), func(tx *db.Tx) error {
				rows, err := tx.Query("SELECT * FROM " + table)
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				columns, _ := rows.Columns()
				for rows.Next() {
					values := make([]any, len(columns))
					for i := range values {
						values[i] = new([]byte)
					}
					if err := rows.Scan(values...); err != nil {
						t.Fatal(err)
					}
					for i, v := range values {
						if bytes.Contains(*v.(*[]byte), []byte("Xylophonia")) {
							t.Errorf("%s.%s holds it in clear", table, columns[i])
						}
					}
				}
				return rows.Err()
			})
		}
	})
}

func TestErasureDestroysTheKeyAndAResendIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.sendAs("officer", withXML(interview(anID), attachment("papers.jpg", "x"))...), 201)
		id := w.only("super")
		var s Screening
		w.call("super", "GET", "/api/screening/screenings/"+id, nil, &s)
		if status := w.call("worker", "POST", "/api/screening/screenings/"+id+"/erase", map[string]string{"reason": "person-asked"}, nil); status != 403 {
			t.Errorf("a caseworker may not erase: %d", status)
		}
		if status := w.call("super", "POST", "/api/screening/screenings/"+id+"/erase", map[string]string{"reason": "person-asked"}, nil); status != 204 {
			t.Fatal(status)
		}
		if exists, err := w.desk.keys.Exists(context.Background(), s.Screening.PersonID); exists || err != nil {
			t.Error("the key is still there", err)
		}
		for _, table := range []string{"screening_file", "screening_chunk", "screening_outcome"} {
			if n := w.count("SELECT COUNT(*) FROM " + table); n != 0 {
				t.Errorf("%d rows left in %s", n, table)
			}
		}
		if n := w.count("SELECT COUNT(*) FROM screening_submission WHERE xml IS NOT NULL"); n != 0 {
			t.Error("the XML is still there")
		}
		r := w.sendAs("officer", withXML(interview(anID))...)
		w.wantStatus(r, 409)
		if !strings.Contains(r.message, "erased") || w.held() != 0 {
			t.Errorf("%q, held %d: a copy would undo the erasure", r.message, w.held())
		}
		w.wantStatus(w.sendAs("officer", withXML(correction("uuid:new", anID, "x"))...), 409)
		var after Screening
		if status := w.call("super", "GET", "/api/screening/screenings/"+id, nil, &after); status != 200 || after.Screening.State != "erased" || len(after.Answers) != 0 {
			t.Errorf("%d %+v", status, after)
		}
		w.verified()
	})
}

func TestAnErasureThatWasCutShortIsFinishedByTheJob(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.sendAs("officer", withXML(interview(anID))...), 201)
		id := w.only("super")
		person := w.list("super", "").Items[0].PersonID
		if err := w.db.Write(context.Background(), func(t *db.Tx) error { return eraseRecord(t, id, w.clock.Now()) }); err != nil {
			t.Fatal(err)
		}
		if err := w.desk.finishErasures(context.Background()); err != nil {
			t.Fatal(err)
		}
		if exists, _ := w.desk.keys.Exists(context.Background(), person); exists {
			t.Error("the key is still there")
		}
	})
}

func TestWhatIsHeldCanBeReleasedOnceTheFormIsHere(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.wantStatus(w.sendAs("officer", withXML(interview(anID), attachment("papers.jpg", "x"))...), 404)
		var p Page[Held]
		w.call("super", "GET", "/api/screening/quarantine", nil, &p)
		if len(p.Items) != 1 || p.Items[0].Reason != DoubtUnknownForm || p.Items[0].Answered != 404 {
			t.Fatalf("%+v", p.Items)
		}
		var r releaseView
		w.call("super", "POST", "/api/screening/quarantine/"+p.Items[0].ID+"/release", nil, &r)
		if r.Released || r.Reason != DoubtUnknownForm || w.held() != 1 {
			t.Errorf("released without its form: %+v, held %d", r, w.held())
		}
		w.publish()
		w.call("super", "POST", "/api/screening/quarantine/"+p.Items[0].ID+"/release", nil, &r)
		if !r.Released || r.ScreeningID == "" || w.held() != 0 {
			t.Fatalf("%+v, held %d", r, w.held())
		}
		if got := w.list("officer", ""); len(got.Items) != 1 {
			t.Error("it is not the officer's who sent it")
		}
		var s Screening
		w.call("officer", "GET", "/api/screening/screenings/"+r.ScreeningID, nil, &s)
		if len(s.Attachments) != 1 {
			t.Error("its file is missing")
		}
		w.verified()
	})
}

func TestAnEntryOfTheQuarantineIsReadDownloadedAndDiscarded(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.wantStatus(w.sendAs("officer", withXML("<broken")...), 400)
		var p Page[Held]
		w.call("admin", "GET", "/api/screening/quarantine", nil, &p)
		id := p.Items[0].ID
		if status := w.call("admin", "GET", "/api/screening/quarantine/"+id, nil, nil); status != 403 {
			t.Errorf("an administrator reads what people said: %d", status)
		}
		var h Held
		w.call("super", "GET", "/api/screening/quarantine/"+id, nil, &h)
		if len(h.Files) != 1 {
			t.Fatalf("%+v", h)
		}
		req := w.request("GET", "/api/screening/quarantine/"+id+"/files/"+h.Files[0].ID, nil)
		req.SetBasicAuth("super", "x")
		if r := w.do(req); r.status != 200 || !strings.Contains(r.body, "<broken") || r.header.Get("Content-Type") != "application/octet-stream" {
			t.Errorf("%d %q", r.status, r.body)
		}
		for i, status := range []int{204, 404} {
			if got := w.call("super", "POST", "/api/screening/quarantine/"+id+"/discard", map[string]string{"reason": "not-an-interview"}, nil); got != status {
				t.Errorf("discard %d: %d", i, got)
			}
		}
		if w.count(`SELECT COUNT(*) FROM screening_file`)+w.count(`SELECT COUNT(*) FROM screening_chunk`) != 0 {
			t.Error("it is still there")
		}
		w.wantStatus(w.sendAs("officer", withXML("<broken")...), 400) // the same again is held again
		if w.held() != 1 {
			t.Error("not held")
		}
	})
}

func TestARowChangedOutsideIsFoundByTheAuditLog(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.sendAs("officer", withXML(interview(anID))...), 201)
		w.db.Write(context.Background(), func(t *db.Tx) error {
			_, err := t.Exec(`UPDATE screening_submission SET xml = ?`, []byte("forged"))
			return err
		})
		r, err := audit.Verify(context.Background(), w.db, map[string]audit.Stored{"screening": Stored}, nil)
		if err != nil || r.OK() {
			t.Error("not found", err)
		}
		_, err = w.desk.Read(actor.With(context.Background(), theWorker), w.only("worker"), "en")
		if _, is := problem.As(err); err == nil || is {
			t.Errorf("a forged row was opened: %v", err)
		}
	})
}
