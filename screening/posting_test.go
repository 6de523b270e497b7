package screening

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"lintas/kernel/actor"
	"lintas/platform/db/dbtest"
)

// sendRaw posts a body as it is, with headers beside those of the protocol ("Name: value").
func (w *world) sendRaw(contentType, body string, headers ...string) reply {
	w.t.Helper()
	req := w.request("POST", "/key/good/submission", strings.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	return w.do(req)
}

func TestWhatAClientSaysOfItselfNeverKeepsAnInterviewOut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		for i, query := range []string{"deviceID=a%00b", "deviceID=%ff%fe", "deviceID=" + strings.Repeat("%E0%B8%81", 400)} {
			typ, body := posting(withXML(interview(fmt.Sprint("uuid:", i)))...)
			req := w.request("POST", "/key/good/submission?"+query, strings.NewReader(body))
			req.Header.Set("Content-Type", typ)
			req.Header.Set("User-Agent", "caf\xe9 \xff")
			w.wantStatus(w.do(req), 201)
		}
	})
}

func TestABodyThatIsNoMultipartIsHeldWholeWhateverItsSize(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		for i, size := range []int{100, 700_000} {
			sent := interview(fmt.Sprint("uuid:", i), "<name>"+strings.Repeat("x", size)+"</name>")
			r := w.sendRaw("text/xml", sent)
			w.wantStatus(r, 400)
			w.sendRaw("text/xml", sent)
			if w.held() != i+1 || !strings.Contains(r.message, "A copy is safe") {
				t.Fatalf("%d bytes: %d held, told %q", size, w.held(), r.message)
			}
			if got := w.heldFiles()["body"]; got != sent {
				t.Errorf("%d bytes are held of %d", len(got), len(sent))
			}
		}
	})
}

// heldFiles are the files of the newest entry of the quarantine, by name.
func (w *world) heldFiles() map[string]string {
	w.t.Helper()
	var p Page[Held]
	w.call("super", "GET", "/api/screening/quarantine", nil, &p)
	var h Held
	w.call("super", "GET", "/api/screening/quarantine/"+p.Items[0].ID, nil, &h)
	out := map[string]string{}
	for _, f := range h.Files {
		req := w.request("GET", "/api/screening/quarantine/"+h.ID+"/files/"+f.ID, nil)
		req.SetBasicAuth("super", "x")
		out[f.Name] += w.do(req).body
	}
	return out
}

func TestAPostingPackedWithGzipIsUnpackedUnderTheSameLimit(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		packed := func(body io.Reader) string {
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := io.Copy(z, body); err != nil {
				t.Fatal(err)
			}
			z.Close()
			return b.String()
		}
		typ, body := posting(withXML(interview(anID), attachment("papers.jpg", strings.Repeat("x", 500_000)))...)
		w.wantStatus(w.sendRaw(typ, packed(strings.NewReader(body)), "Content-Encoding: gzip"), 201)
		if w.count(`SELECT COUNT(*) FROM screening_file WHERE size = 500000`) != 1 {
			t.Error("its file is missing")
		}
		bomb := packed(io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\n"), io.LimitReader(zeros{}, maxBody)))
		w.wantStatus(w.sendRaw("multipart/form-data; boundary=b", bomb, "Content-Encoding: gzip"), 413)
		w.wantStatus(w.sendRaw(typ, packed(strings.NewReader(body))[:200], "Content-Encoding: gzip"), 400)
		r := w.sendRaw(typ, body, "Content-Encoding: br")
		w.wantStatus(r, 400)
		if !strings.Contains(r.message, "Content-Encoding") || w.records() != 1 || w.held() != 0 {
			t.Errorf("%q; %d records, %d held", r.message, w.records(), w.held())
		}
	})
}

func TestBoundariesAndFileNamesAreReadAsClientsWriteThem(t *testing.T) {
	const part, file = `form-data; name="xml_submission_file"`, `form-data; name="photo"; `
	for name, c := range map[string]struct{ boundary, header, interview, photo string }{
		"as RFC 2046 asks":              {`"a b'()+_,-./:=?c"`, "a b'()+_,-./:=?c", part, file + `filename="p.jpg"`},
		"boundary without its quotes":   {"----=_Part_12_34.56", "----=_Part_12_34.56", part, file + `filename="p.jpg"`},
		"boundary, then another":        {"----=_Part_1; charset=utf-8", "----=_Part_1", part, file + `filename="p.jpg"`},
		"file name without its quotes":  {"b", "b", part + "; filename=uuid:abc.xml", file + "filename=p.jpg"},
		"a quotation mark in the name":  {"b", "b", part + `; filename="a"b.xml"`, file + `filename="p.jpg"`},
		"two file names":                {"b", "b", part + `; filename="a.xml"; filename="b.xml"`, file + `filename="p.jpg"; filename="q.jpg"`},
		"another kind of disposition":   {"b", "b", `attachment; name="xml_submission_file"`, file + `filename="p.jpg"`},
		"a path of Windows":             {"b", "b", part + `; filename="C:\new\a.xml"`, file + `filename="C:\pictures\p.jpg"`},
		"RFC 2231":                      {"b", "b", part + `; filename*=UTF-8''%E0%B8%81.xml`, file + `filename*=UTF-8''p.jpg`},
		"both kinds of names":           {"b", "b", part + `; filename="x.xml"; filename*=UTF-8''%E0%B8%81.xml`, file + `filename="x.jpg"; filename*=UTF-8''p.jpg`},
		"name after the broken file":    {"b", "b", `form-data; filename=uuid:a.xml; name=xml_submission_file`, `form-data; filename="a"p.jpg"; name="photo"`},
		"a name that plays the other's": {"b", "b", part, `form-data; name="photo"; filename="x"; name="xml_submission_file`},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, dbtest.SQLite(t))
			w.publish()
			body := "--" + c.header + "\r\nContent-Disposition: " + c.interview + "\r\n\r\n" + interview(anID, "<photo>p.jpg</photo>") +
				"\r\n--" + c.header + "\r\nContent-Disposition: " + c.photo + "\r\n\r\njpeg\r\n--" + c.header + "--\r\n"
			w.wantStatus(w.sendRaw("multipart/form-data; boundary="+c.boundary, body), 201)
			if w.records() != 1 || w.count(`SELECT COUNT(*) FROM screening_file WHERE size = 4`) != 1 {
				t.Errorf("%d records, %d files", w.records(), w.count(`SELECT COUNT(*) FROM screening_file`))
			}
		})
	}
}

func TestUTF16WithoutAMarkIsHeldAndNotAskedForAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		var wide strings.Builder
		for _, r := range interview(anID) {
			wide.WriteString(string([]byte{byte(r), byte(r >> 8)}))
		}
		w.wantStatus(w.send(withXML(wide.String())...), 202)
	})
}

func TestAFormIsKnownByTheAttributeWithoutAPrefix(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.send(withXML(strings.Replace(interview(anID), "<data ", `<data xmlns:id="u" xmlns:o="u" o:id="other" o:version="9" o:encrypted="no" `, 1))...), 201)
	})
}

func TestAFileIsTheOneThatTheInterviewNamesHoweverItsNameIsComposed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		const composed, decomposed = "gi\u1ea5y.jpg", "gia\u0302\u0301y.jpg"
		w.wantStatus(w.send(withXML(interview(anID, "<photo>"+composed+"</photo>"), attachment(decomposed, "x"))...), 201)
		w.wantStatus(w.send(withXML(interview(anID, "<photo>"+composed+"</photo>"), attachment(composed, "x"))...), 201)
		if w.count(`SELECT COUNT(*) FROM screening_file WHERE flag = ''`) != 1 || w.count(`SELECT COUNT(*) FROM screening_file`) != 1 {
			t.Error("the same file under the same name is not one file that the interview names")
		}
	})
}

func TestEveryInterviewOfAPostingIsHeldHoweverMany(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		large := "<data><n>" + strings.Repeat("y", maxXML) + "</n></data>"
		sent := []string{interview("uuid:1"), interview("uuid:2"), interview("uuid:3"), large + "1", large + "2"}
		var files []file
		for _, x := range sent {
			files = append(files, withXML(x)...)
		}
		w.wantStatus(w.send(files...), 202)
		held := w.heldFiles()["xml_submission_file"]
		for i, x := range sent {
			if !strings.Contains(held, x) {
				t.Errorf("interview %d of %d is not held", i+1, len(sent))
			}
		}
	})
}

// heldEntry is the only entry of the quarantine.
func (w *world) heldEntry() Held {
	w.t.Helper()
	var p Page[Held]
	w.call("super", "GET", "/api/screening/quarantine", nil, &p)
	if len(p.Items) != 1 {
		w.t.Fatalf("%d entries are held, want one", len(p.Items))
	}
	return p.Items[0]
}

func (w *world) release() (r releaseView) {
	w.t.Helper()
	w.call("super", "POST", "/api/screening/quarantine/"+w.heldEntry().ID+"/release", nil, &r)
	return r
}

func TestReleasingInVainLeavesTheEntryAsItWas(t *testing.T) {
	picture := attachment("papers.jpg", strings.Repeat("jpeg", 100_000))
	for name, files := range map[string][]file{
		"two interviews in a small body": append(withXML(interview("uuid:1")), withXML(interview("uuid:2"))...),
		"two interviews in a large body": append(withXML(interview("uuid:1"), picture), withXML(interview("uuid:2"))...),
		"an interview over the limit":    withXML("<data id=\"arrival &amp; needs\" version=\"2026-11\"><n>" + strings.Repeat("x", maxXML) + "</n></data>"),
		"a document type":                withXML(`<!DOCTYPE data>`+interview("uuid:1"), picture),
		"an unknown form":                withXML(`<data id="later" version="1"/>`, picture),
		"a file and no interview":        {picture},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.publish()
				w.send(files...)
				before := w.heldEntry()
				for range 2 {
					if r := w.release(); r.Released || r.Reason != before.Reason || r.Explanation == "" {
						t.Errorf("released: %+v, was held for %s", r, before.Reason)
					}
				}
				if after := w.heldEntry(); after.Times != 1 || !after.LastAt.Equal(before.LastAt) || w.records() != 0 {
					t.Errorf("before %+v, after %+v; %d records", before, after, w.records())
				}
			})
		})
	}
}

func TestWhatIsReleasedIsWhatWasSentWhateverItsFilesAreCalled(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		big := strings.Repeat("jpeg", 100_000) // too large to be held as one body
		files := withXML(interview(anID, "<photo>body</photo>"), attachment("body", big), attachment("xml_submission_file", "other"), attachment("*isIncomplete*.jpg", "x"))
		files[2].field = "second"
		w.wantStatus(w.send(append(files, file{field: "*isIncomplete*", content: "yes"})...), 404)
		w.publish()
		r := w.release()
		if !r.Released {
			t.Fatalf("%+v", r)
		}
		var s Screening
		w.call("super", "GET", "/api/screening/screenings/"+r.ScreeningID, nil, &s)
		if len(s.Attachments) != 3 || s.Screening.Complete {
			t.Errorf("complete %v, files %+v", s.Screening.Complete, s.Attachments)
		}
	})
}

func TestAnEntryWithoutANumberIsReleasedOnceThoughItsReleaseWasCutShort(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.wantStatus(w.send(withXML(interview(""))...), 404)
		w.publish()
		entry := w.heldEntry().ID
		// A node that ends between the interview's row and the closing of the entry.
		q, err := w.desk.findHeld(actor.With(context.Background(), theSuper), entry)
		if err != nil {
			t.Fatal(err)
		}
		p, err := w.desk.posting(actor.With(context.Background(), theSuper), q)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := w.desk.Receive(actor.With(context.Background(), theSuper), p); err != nil || r.Status != http.StatusCreated {
			t.Fatalf("%+v %v", r, err)
		}
		if r := w.release(); !r.Released || w.records() != 1 || w.held() != 0 {
			t.Errorf("%+v; %d records, %d held", r, w.records(), w.held())
		}
	})
}

func TestWhoSentWhatIsHeldIsNamed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.desk.deps.DeviceNames = func(_ context.Context, ids []string) (map[string]string, error) {
			return map[string]string{ids[0]: "jetty phone"}, nil
		}
		w.wantStatus(w.send(withXML("<broken")...), 400)
		h := w.heldEntry()
		var read Held
		w.call("super", "GET", "/api/screening/quarantine/"+h.ID, nil, &read)
		if h.From != "jetty phone" || read.From != "jetty phone" {
			t.Errorf("sent by %q, read %q", h.From, read.From)
		}
	})
}

func TestEveryReasonHasItsWords(t *testing.T) {
	for reason := range verdicts {
		if explanations[reason] == "" {
			t.Errorf("a supervisor is not told why something is held as %s", reason)
		}
	}
}
