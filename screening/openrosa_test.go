package screening

import (
	"context"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"lintas/kernel/actor"
)

const anID = "uuid:0f6d1a52-5b36-4d5e-8f0e-0c2f3c6a1c11"

func TestEveryAnswerCarriesTheProtocolsHeaders(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rev := w.publish(Medium{Name: "a.png", Type: "image/png", Content: []byte("png")})
		for _, path := range []string{"/formList", "/forms/" + rev.ID + "/form.xml", "/forms/" + rev.ID + "/manifest", "/forms/nothing/form.xml", "/nothing", "/submission"} {
			r := w.get("/key/good" + path)
			wantOpenRosaHeaders(t, r)
			if got := r.header.Get("Content-Type"); got != "text/xml; charset=utf-8" {
				t.Errorf("%s: Content-Type is %q; Collect takes that for a captive portal", path, got)
			}
		}
	})
}

func TestFormListNamesEveryOpenForm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rev := w.publish()
		r := w.get("/key/good/formList")
		w.wantStatus(r, 200)
		var list xformList
		if err := xml.Unmarshal([]byte(r.body), &list); err != nil {
			t.Fatal(err)
		}
		want := xformItem{FormID: arrivalForm, Name: "Arrival & first needs", Version: "2026-11", Hash: "md5:" + hashMD5(arrivalXForm), DownloadURL: w.url + "/key/good/forms/" + rev.ID + "/form.xml"}
		if len(list.Forms) != 1 || list.Forms[0] != want {
			t.Errorf("got %+v, want %+v", list.Forms, want)
		}
		if strings.Contains(r.body, "manifestUrl") {
			t.Error("a form without attachments must have no manifestUrl")
		}
		if !strings.Contains(r.body, "arrival &amp; needs") {
			t.Error("ids must be escaped")
		}
	})
}

func TestFormListCanBeAskedForOneForm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		if r := w.get("/key/good/formList?formID=arrival+%26+needs"); strings.Count(r.body, "<xform>") != 1 {
			t.Errorf("hit: %s", r.body)
		}
		if r := w.get("/key/good/formList?formID=other"); r.status != 200 || strings.Count(r.body, "<xform>") != 0 {
			t.Errorf("miss: %s", r.body)
		}
	})
}

func TestOnlyOpenFormsAreListed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rev := w.publish()
		for _, s := range []State{StateClosing, StateClosed} {
			w.setState(rev, s)
			if r := w.get("/key/good/formList"); strings.Contains(r.body, "<xform>") {
				t.Errorf("a form that is %s is listed", s)
			}
		}
		w.setState(rev, StateOpen)
		if r := w.get("/key/good/formList"); !strings.Contains(r.body, "<xform>") {
			t.Error("a form opened again is not listed")
		}
	})
}

func (w *world) setState(r Revision, s State) {
	w.t.Helper()
	if err := w.desk.SetState(actor.With(context.Background(), theSuper), r.Instrument, s); err != nil {
		w.t.Fatal(err)
	}
}

func TestAFormAndItsMediaAreFetchedByTheAddressesGiven(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, base := range []string{"/key/good/formList", "/openrosa/formList?st=good"} {
			w.publish(Medium{Name: "สวัสดี & 1.png", Type: "image/png", Content: []byte("picture")})
			var list xformList
			if err := xml.Unmarshal([]byte(w.get(base).body), &list); err != nil || len(list.Forms) != 1 || list.Forms[0].ManifestURL == "" {
				t.Fatalf("%v %+v", err, list)
			}
			path := func(url string) string { return strings.TrimPrefix(url, w.url) }
			if r := w.get(path(list.Forms[0].DownloadURL)); r.body != string(arrivalXForm) {
				t.Errorf("the form's bytes differ (%d)", r.status)
			}
			var m manifest
			if err := xml.Unmarshal([]byte(w.get(path(list.Forms[0].ManifestURL)).body), &m); err != nil || len(m.Media) != 1 {
				t.Fatalf("%v %+v", err, m)
			}
			if m.Media[0].Name != "สวัสดี & 1.png" || m.Media[0].Hash != "md5:"+hashMD5([]byte("picture")) {
				t.Errorf("manifest: %+v", m.Media[0])
			}
			if r := w.get(path(m.Media[0].DownloadURL)); r.body != "picture" || r.header.Get("Content-Type") != "image/png" {
				t.Errorf("media: %d %q", r.status, r.body)
			}
		}
	})
}

func TestWhatTheClientHoldsIsNotSentAgain(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rev := w.publish(Medium{Name: "a.png", Type: "image/png", Content: []byte("png")})
		for _, path := range []string{"/formList", "/forms/" + rev.ID + "/form.xml", "/forms/" + rev.ID + "/manifest", "/forms/" + rev.ID + "/media/a.png"} {
			tag := w.get("/key/good" + path).header.Get("ETag")
			req := w.request("GET", "/key/good"+path, nil)
			req.Header.Set("If-None-Match", tag)
			if r := w.do(req); tag == "" || r.status != 304 {
				t.Errorf("%s: tag %q, then %d", path, tag, r.status)
			}
		}
	})
}

func TestHeadSubmissionIs204WithALocationOnTheSameHost(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		r := w.do(w.request("HEAD", "/key/good/submission?deviceID=x", nil))
		w.wantStatus(r, 204)
		if r.header.Get("Location") != w.url+"/key/good/submission" {
			t.Errorf("Location %q", r.header.Get("Location"))
		}
	})
}

func TestWithoutTheVersionHeaderNothingIsTaken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		typ, body := posting(withXML(interview(anID))...)
		for _, method := range []string{"GET /formList", "HEAD /submission", "POST /submission"} {
			verb, path, _ := strings.Cut(method, " ")
			req := w.request(verb, "/key/good"+path, strings.NewReader(body))
			req.Header.Set("Content-Type", typ)
			req.Header.Del("X-OpenRosa-Version")
			w.wantStatus(w.do(req), 400)
		}
		if w.records() != 0 {
			t.Error("an interview was taken")
		}
	})
}

func TestWhoMayNotGetsAnAnswerInTheFormOfTheProtocol(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		for _, token := range []string{"unknown", "expired", "revoked"} {
			for _, base := range []string{"/key/" + token + "/submission", "/openrosa/submission?st=" + token} {
				typ, body := posting(withXML(interview(anID))...)
				r := w.post(base, typ, strings.NewReader(body))
				w.wantStatus(r, 403) // never 401: the client would ask for a password
				if r.nature != "error" || !strings.Contains(r.message, "Keep your interviews") {
					t.Errorf("%s: %q", base, r.message)
				}
			}
		}
		r := w.get("/openrosa/formList")
		w.wantStatus(r, 401)
		if !strings.HasPrefix(r.header.Get("WWW-Authenticate"), "Basic ") {
			t.Errorf("WWW-Authenticate %q", r.header.Get("WWW-Authenticate"))
		}
		for login, status := range map[string]int{"nobody": 401, "analyst": 403, "officer": 200} {
			req := w.request("GET", "/openrosa/formList", nil)
			req.SetBasicAuth(login, "x")
			w.wantStatus(w.do(req), status)
		}
		req := w.request("GET", "/openrosa/formList", nil)
		req.Header.Set("X-Forwarded-Proto", "http") // a proxy says: not over https
		w.wantStatus(w.do(req), 403)
	})
}

func TestANewInterviewIsStoredAndAnswered201(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		r := w.send(withXML(interview(anID), attachment("papers.jpg", "jpeg"))...)
		w.wantStatus(r, 201)
		if r.nature != "" || r.message != textReceived || !strings.Contains(r.body, `items="0"`) {
			t.Errorf("body %s", r.body)
		}
		if w.records() != 1 || w.count(`SELECT COUNT(*) FROM screening_file WHERE flag = ''`) != 1 {
			t.Error("not one interview with one file")
		}
		w.verified()
	})
}

func TestASignedInOfficerMaySendToo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		typ, body := posting(withXML(interview(anID))...)
		req := w.request("POST", "/openrosa/submission", strings.NewReader(body))
		req.Header.Set("Content-Type", typ)
		req.SetBasicAuth("officer", "x")
		w.wantStatus(w.do(req), 201)
		if w.count(`SELECT COUNT(*) FROM screening_record WHERE officer = 'per-1' AND organisation = 'org-1'`) != 1 {
			t.Error("it is not the officer's")
		}
	})
}

func TestChunkedTransferIsAccepted(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		typ, body := posting(withXML(interview(anID))...)
		w.wantStatus(w.post("/key/good/submission", typ, slowly{strings.NewReader(body)}), 201)
	})
}

// slowly hides the length from the HTTP client, which then sends in chunks.
type slowly struct{ r *strings.Reader }

func (s slowly) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), 100)]) }

func TestAResendIsAnswered201AndStoredOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		for range 3 {
			w.wantStatus(w.send(withXML(interview(anID), attachment("papers.jpg", "jpeg"))...), 201)
		}
		if w.records() != 1 || w.count(`SELECT COUNT(*) FROM screening_file`) != 1 {
			t.Error("stored more than once")
		}
		w.verified()
	})
}

func TestAResendMayBringMoreFiles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		incomplete := file{field: "*isIncomplete*", content: "yes"}
		w.wantStatus(w.send(withXML(interview(anID), attachment("papers.jpg", "1"), incomplete)...), 201)
		if w.count(`SELECT COUNT(*) FROM screening_record WHERE complete = 0`) != 1 {
			t.Error("it should wait for more files")
		}
		w.wantStatus(w.send(withXML(interview(anID), attachment("b.jpg", "2"), incomplete)...), 201)
		w.wantStatus(w.send(withXML(interview(anID), attachment("c.jpg", "3"))...), 201)
		if w.count(`SELECT COUNT(*) FROM screening_record WHERE complete = 1`) != 1 || w.count(`SELECT COUNT(*) FROM screening_file`) != 3 {
			t.Error("not one complete interview with three files")
		}
		w.verified()
	})
}

func TestMoreThanAHundredFilesComeInSeveralPosts(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		for from := 0; from < 250; from += 100 {
			files := withXML(interview(anID))
			for i := from; i < min(from+100, 250); i++ {
				files = append(files, attachment(fmt.Sprintf("p%d.jpg", i), fmt.Sprint(i)))
			}
			if from < 200 {
				files = append(files, file{field: "*isIncomplete*", content: "yes"})
			}
			w.wantStatus(w.send(files...), 201)
		}
		if w.count(`SELECT COUNT(*) FROM screening_file`) != 250 || w.count(`SELECT COUNT(*) FROM screening_record WHERE complete = 1`) != 1 {
			t.Error("not all files are there")
		}
	})
}

func TestTheSameIDWithOtherContentIsAConflictAndBothAreKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.send(withXML(interview(anID))...), 201)
		r := w.send(withXML(interview(anID, "<name>Another</name>"))...)
		w.wantStatus(r, 409)
		if r.nature != "error" || w.records() != 1 || w.held() != 1 {
			t.Errorf("records %d, held %d, %q", w.records(), w.held(), r.message)
		}
	})
}

func TestAClientThatAsksForAProblemGetsTheCodeOfTheRefusal(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.send(withXML(interview(anID))...), 201)
		asks := func(more ...string) reply {
			typ, body := posting(withXML(interview(anID, more...))...)
			req := w.request("POST", "/key/good/submission", strings.NewReader(body))
			req.Header.Set("Content-Type", typ)
			req.Header.Set("Accept", "application/problem+json")
			return w.do(req)
		}
		w.wantStatus(asks(), 201)
		r := asks("<name>Another</name>")
		w.wantStatus(r, 409)
		if r.header.Get("Content-Type") != "application/problem+json" || !strings.Contains(r.body, `"code":"screening.refused-conflict"`) || !strings.Contains(r.body, "A copy is safe on the server") {
			t.Errorf("answered %s: %s", r.header.Get("Content-Type"), r.body)
		}
	})
}

func TestACorrectionReplacesWhatItCorrects(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rev := w.publish()
		w.wantStatus(w.send(withXML(interview("uuid:1"), attachment("papers.jpg", "x"))...), 201)
		for _, s := range []State{StateOpen, StateClosing, StateClosed} {
			w.setState(rev, s)
			w.wantStatus(w.send(withXML(correction("uuid:2"+string(s), map[State]string{StateOpen: "uuid:1", StateClosing: "uuid:2open", StateClosed: "uuid:2closing"}[s], string(s)))...), 201)
		}
		if w.records() != 1 || w.count(`SELECT COUNT(*) FROM screening_submission`) != 4 {
			t.Error("not one record with four versions")
		}
		w.wantStatus(w.send(withXML(correction("uuid:3", "uuid:never", "a"))...), 404)
		w.wantStatus(w.send(withXML(correction("uuid:3", "uuid:1", "a"))...), 409)
		w.wantStatus(w.send(withXML(correction("uuid:1", "uuid:2closed", "a"))...), 409)
		w.wantStatus(w.send(withXML(correction("uuid:2open", "uuid:1", "open"))...), 201) // a resend
		w.verified()
	})
}

func TestWhatTheDeskCannotPlaceIsAnsweredAsCentralDoesAndACopyIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		files  []file
		status int
	}{
		"no xml part":     {[]file{attachment("a.jpg", "x")}, 400},
		"not xml":         {withXML("hello"), 400},
		"unknown form":    {withXML(`<data id="other" version="1"><a/></data>`), 404},
		"unknown version": {withXML(`<data id="arrival &amp; needs" version="1"><a/></data>`), 404},
		"no form id":      {withXML(`<data><a/></data>`), 400},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.publish()
				for range 2 {
					r := w.send(c.files...)
					w.wantStatus(r, c.status)
					if r.nature != "error" || r.message == "" {
						t.Errorf("body %s", r.body)
					}
				}
				if w.held() != 1 || w.records() != 0 {
					t.Errorf("%d copies, %d records", w.held(), w.records())
				}
				w.verified()
			})
		})
	}
}

func TestAClosedFormTakesNoNewInterviewButAClosingOneDoes(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rev := w.publish()
		w.setState(rev, StateClosing)
		w.wantStatus(w.send(withXML(interview(anID))...), 201)
		w.setState(rev, StateClosed)
		w.wantStatus(w.send(withXML(interview("uuid:other"))...), 409)
		w.wantStatus(w.send(withXML(interview(anID))...), 201) // a resend of what is stored
		if w.held() != 1 {
			t.Error("no copy kept")
		}
	})
}

func TestWithoutAnInstanceIDTheServerMakesOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.send(withXML(interview(""))...), 201)
		if w.count(`SELECT COUNT(*) FROM screening_record WHERE instance_id LIKE 'uuid:%'`) != 1 {
			t.Error("no id was made")
		}
	})
}

func TestUnknownElementsAndOddAnswersAreStored(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.send(withXML(interview("uuid:1", "<unheard>x</unheard><age>thirty</age>"))...), 201)
	})
}

func TestAnOldVersionIsTakenWhileItExists(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		newer := strings.ReplaceAll(string(arrivalXForm), "2026-11", "2026-12")
		if _, err := w.desk.Publish(context.Background(), Publication{XForm: []byte(newer)}); err != nil {
			t.Fatal(err)
		}
		w.wantStatus(w.send(withXML(interview(anID))...), 201)
	})
}

func TestFilesTheInterviewDoesNotNameAreKeptAndFlagged(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.wantStatus(w.send(withXML(interview(anID), attachment("papers.jpg", "a"), attachment("papers.jpg", "a"), attachment("papers.jpg", "b"), attachment("who.jpg", "c"))...), 201)
		for flag, n := range map[string]int{"": 1, "same-name": 1, "unnamed": 1} {
			if got := w.count(`SELECT COUNT(*) FROM screening_file WHERE flag = ?`, flag); got != n {
				t.Errorf("%d files flagged %q, want %d", got, flag, n)
			}
		}
	})
}

func TestDeviceIDAndUserAgentAreStoredCut(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		typ, body := posting(withXML(interview(anID))...)
		req := w.request("POST", "/key/good/submission?deviceID="+strings.Repeat("d", 300), strings.NewReader(body))
		req.Header.Set("Content-Type", typ)
		req.Header.Set("User-Agent", strings.Repeat("u", 300))
		w.wantStatus(w.do(req), 201)
		if w.count(`SELECT COUNT(*) FROM screening_submission WHERE LENGTH(client_device) = 255 AND LENGTH(user_agent) = 255`) != 1 {
			t.Error("not 255 characters each")
		}
	})
}

func TestACollectDateInTheAfternoonDoesNotMatter(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		for i, date := range []string{"Tue, 24 Nov 2026 03:99:00 GMT", "yesterday", "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 2999 23:59:59 GMT"} {
			typ, body := posting(withXML(interview(fmt.Sprint("uuid:", i)))...)
			req := w.request("POST", "/key/good/submission", strings.NewReader(body))
			req.Header.Set("Content-Type", typ)
			req.Header.Set("Date", date)
			w.wantStatus(w.do(req), 201)
		}
	})
}

func TestThirtyTwoIdenticalPostsAtOnceAreOneInterview(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		typ, body := posting(withXML(interview(anID), attachment("papers.jpg", "x"))...)
		var wg sync.WaitGroup
		status := make([]int, 32)
		for i := range status {
			wg.Go(func() { status[i] = w.post("/key/good/submission", typ, strings.NewReader(body)).status })
		}
		wg.Wait()
		for i, s := range status {
			if s != http.StatusCreated {
				t.Errorf("post %d was answered %d", i, s)
			}
		}
		if w.records() != 1 || w.count(`SELECT COUNT(*) FROM screening_submission`) != 1 || w.count(`SELECT COUNT(*) FROM screening_file`) != 1 {
			t.Error("stored more than once")
		}
		w.verified()
	})
}

func TestOtherMethodsAndAddressesAreRefusedInTheFormOfTheProtocol(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.wantStatus(w.get("/key/good/submission"), 405)
		w.wantStatus(w.do(w.request("PUT", "/key/good/submission", nil)), 405)
		w.wantStatus(w.get("/key/good/formlist/"), 404)
	})
}
