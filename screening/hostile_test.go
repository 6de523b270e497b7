package screening

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"lintas/platform/db"
	"lintas/platform/db/dbtest"
)

// TestHostileInput walks the list of what a network, a broken client or an attacker sends. Each gets one clear
// answer, and each is kept: as a screening, in the quarantine, or, where the answer is a refusal without a
// copy, on the phone.
func TestHostileInput(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("<a>", n) + strings.Repeat("</a>", n) }
	inside := func(s string) []file { return withXML(interview("uuid:1", s)) }
	entities := `<!DOCTYPE d [<!ENTITY a "aaaaaaaaaa">` + strings.Repeat(`<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">`, 5) + `]>`
	cases := []struct {
		name                  string
		files                 []file
		status, records, held int
	}{
		{"xml part missing", []file{attachment("a.jpg", "x")}, 400, 0, 1},
		{"nothing inside", nil, 400, 0, 1},
		{"xml part empty", withXML(""), 400, 0, 1},
		{"xml part twice, the same", append(withXML(interview("uuid:1")), withXML(interview("uuid:1"))...), 201, 1, 0},
		{"xml part twice, different", append(withXML(interview("uuid:1")), withXML(interview("uuid:2"))...), 202, 0, 1},
		{"not well-formed", withXML(`<data id="arrival &amp; needs" version="2026-11"><a></b></data>`), 400, 0, 1},
		{"cut in the middle", withXML(interview("uuid:1")[:80]), 400, 0, 1},
		{"two roots", withXML(interview("uuid:1") + "<data/>"), 400, 0, 1},
		{"entity bomb", withXML(entities + interview("uuid:1")), 202, 0, 1},
		{"external entity", withXML(`<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><data id="arrival &amp; needs" version="2026-11"><name>&x;</name></data>`), 202, 0, 1},
		{"undeclared entity", inside("<name>&x;</name>"), 400, 0, 1},
		{"a hundred levels", inside(deep(100)), 201, 1, 0},
		{"two hundred and one levels", inside(deep(200)), 202, 0, 1},
		{"nested a million deep, over 8 MiB", inside(deep(1_300_000)), 202, 0, 1},
		{"a million empty elements", inside(strings.Repeat("<a/>", 1_000_000)), 202, 0, 1},
		{"text cut up by comments", inside("<name>" + strings.Repeat("a<!---->", 200_000) + "</name>"), 201, 1, 0},
		{"declared UTF-16", withXML(`<?xml version="1.0" encoding="UTF-16"?><data id="arrival &amp; needs" version="2026-11"/>`), 202, 0, 1},
		{"real UTF-16", withXML("\xff\xfe<\x00d\x00/\x00>\x00"), 202, 0, 1},
		{"Latin-1 bytes", inside("<name>\xe9</name>"), 202, 0, 1},
		{"byte order mark", withXML("\xef\xbb\xbf" + interview("uuid:1")[21:]), 201, 1, 0},
		{"NUL in the text", inside("<name>a\x00b</name>"), 400, 0, 1},
		{"unknown form", withXML(`<data id="x" version="1"/>`), 404, 0, 1},
		{"unknown version", withXML(`<data id="arrival &amp; needs"/>`), 404, 0, 1},
		{"instanceID of 10,000 characters", withXML(interview("uuid:" + strings.Repeat("x", 10_000))), 202, 0, 1},
		{"instanceID with a line break", withXML(interview("uuid:a&#10;b")), 202, 0, 1},
		{"instanceID that is SQL", withXML(interview("'; DROP TABLE screening_record; --")), 201, 1, 0},
		{"file name with ../", append(inside("<p>x</p>"), file{"../../etc/passwd", "../../etc/passwd", "image/png", "x"}), 201, 1, 0},
		{"file name with NUL", append(inside("<p>x</p>"), file{"a\x00b.png", "a\x00b.png", "image/png", "x"}), 400, 0, 1},
		{"file name of 400 characters", append(inside("<p>x</p>"), attachment(strings.Repeat("n", 400)+".png", "x")), 201, 1, 0},
		{"file name with right-to-left marks", append(inside("<p>x</p>"), attachment("photo\u202egnp.exe", "x")), 201, 1, 0},
		{"file without a name", append(inside("<p>x</p>"), file{"", "", "image/png", "x"}), 201, 1, 0},
		{"encrypted", withXML(`<data id="arrival &amp; needs" version="2026-11" encrypted="yes"><base64EncryptedKey>x</base64EncryptedKey></data>`), 202, 0, 1},
		{"the same file twice", append(inside("<p>a.jpg</p>"), attachment("a.jpg", "1"), attachment("a.jpg", "1")), 201, 1, 0},
		{"101 files", append(inside("<p>x</p>"), manyFiles(101)...), 201, 1, 0},
		{"3,000 parts", append(inside("<p>x</p>"), manyFiles(3_000)...), 400, 0, -1},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				w.publish()
				r := w.send(c.files...)
				w.wantStatus(r, c.status)
				if r.message == "" || (r.nature == "error") != (r.status >= 400) {
					t.Errorf("the answer says nothing to the officer: %s", r.body)
				}
				if w.records() != c.records || c.held >= 0 && w.held() != c.held {
					t.Errorf("%d records, %d held; want %d, %d", w.records(), w.held(), c.records, c.held)
				}
				w.verified()
			})
		})
	}
}

func manyFiles(n int) (out []file) {
	for i := range n {
		out = append(out, attachment(fmt.Sprintf("f%d.jpg", i), fmt.Sprint("content ", i)))
	}
	return out
}

func TestWhatIsHeldIsWhatWasSent(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		big := strings.Repeat("<a>", 3_000_000)
		w.wantStatus(w.send(withXML(big, attachment("p.jpg", strings.Repeat("picture", 100_000)))...), 202)
		var p Page[Held]
		w.call("super", "GET", "/api/screening/quarantine", nil, &p)
		var h Held
		w.call("super", "GET", "/api/screening/quarantine/"+p.Items[0].ID, nil, &h)
		sizes := map[string]int64{}
		for _, f := range h.Files {
			sizes[f.Name] = f.Size
			req := w.request("GET", "/api/screening/quarantine/"+h.ID+"/files/"+f.ID, nil)
			req.SetBasicAuth("super", "x")
			r := w.do(req)
			if want := map[string]string{"xml_submission_file": big, "p.jpg": strings.Repeat("picture", 100_000)}[f.Name]; r.body != want {
				t.Errorf("%s: %d bytes came back, %d were sent", f.Name, len(r.body), len(want))
			}
		}
		if len(sizes) != 2 {
			t.Errorf("held %v", sizes)
		}
	})
}

func TestABodyOverTheLimitIsRefusedAndNothingIsStored(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		body := io.MultiReader(strings.NewReader("--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f\"\r\n\r\n"), io.LimitReader(zeros{}, maxBody))
		req := w.request("POST", "/key/good/submission", io.NopCloser(body))
		req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
		req.ContentLength = maxBody + 62
		req.Header.Set("Expect", "100-continue") // as curl does: hear the refusal before sending
		transport := &http.Transport{ExpectContinueTimeout: 10 * time.Second}
		res, err := transport.RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 413 || w.records()+w.held() != 0 {
			t.Errorf("answered %d", res.StatusCode)
		}
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestALargeFileIsKeptWholeAndSealedInPieces(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		var b strings.Builder
		for i := range 400_000 {
			fmt.Fprintf(&b, "%07d ", i)
		}
		w.wantStatus(w.sendAs("super", withXML(interview(anID), attachment("papers.jpg", b.String()))...), 201)
		if n := w.count(`SELECT COUNT(*) FROM screening_chunk WHERE LENGTH(sealed) > ?`, chunkSize+100); n != 0 {
			t.Errorf("%d chunks are larger than the bound", n)
		}
		var s Screening
		w.call("super", "GET", "/api/screening/screenings/"+w.only("super"), nil, &s)
		req := w.request("GET", "/api/screening/screenings/"+s.Screening.ID+"/files/"+s.Attachments[0].ID, nil)
		req.SetBasicAuth("super", "x")
		if r := w.do(req); r.body != b.String() {
			t.Errorf("%d bytes came back of %d", len(r.body), b.Len())
		}
	})
}

// raw writes bytes to the node and hangs up after n of them; it waits until the node has noticed.
func (w *world) cut(request string, n int) {
	w.t.Helper()
	c, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	if err != nil {
		w.t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, request[:n])
	c.(*net.TCPConn).CloseWrite()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	io.Copy(io.Discard, bufio.NewReader(c))
}

func TestACutConnectionAndAResendMakeExactlyOneInterview(t *testing.T) {
	step := 1000
	if testing.Short() {
		step = 20_000
	}
	each(t, func(t *testing.T, w *world) {
		w.publish()
		picture := strings.Repeat("0123456789", 4_000) // the whole body is about 80 kB, and a part of it is chunked
		typ, body := posting(withXML(interview(anID), attachment("papers.jpg", picture), attachment("b.jpg", picture))...)
		request := "POST /key/good/submission HTTP/1.1\r\nHost: node\r\nX-OpenRosa-Version: 1.0\r\nContent-Type: " + typ + "\r\n"
		whole := request + fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
		chunked := request + "Transfer-Encoding: chunked\r\n\r\n"
		for at := 0; at < len(body); at += 5000 {
			piece := body[at:min(at+5000, len(body))]
			chunked += fmt.Sprintf("%x\r\n%s\r\n", len(piece), piece)
		}
		for _, req := range []string{whole, chunked + "0\r\n\r\n"} {
			for n := 0; n < len(req); n += step {
				w.cut(req, n)
				if w.records()+w.held() != 0 {
					t.Fatalf("cut at byte %d of %d: %d records, %d held", n, len(req), w.records(), w.held())
				}
			}
		}
		w.wantStatus(w.post("/key/good/submission", typ, strings.NewReader(body)), 201)
		w.cut(whole, len(whole)) // answered, but the answer is lost: the client sends again
		w.wantStatus(w.post("/key/good/submission", typ, strings.NewReader(body)), 201)
		if w.records() != 1 || w.count(`SELECT COUNT(*) FROM screening_file`) != 2 {
			t.Errorf("%d records", w.records())
		}
		w.verified()
	})
}

func TestWhatACutUploadLeftIsSweptLater(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		typ, body := posting(withXML(interview(anID), attachment("papers.jpg", strings.Repeat("x", 3<<20)))...)
		request := "POST /key/good/submission HTTP/1.1\r\nHost: node\r\nX-OpenRosa-Version: 1.0\r\nContent-Type: " + typ + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		w.cut(request, len(request)-1000)
		if w.count(`SELECT COUNT(*) FROM screening_chunk`) == 0 {
			t.Fatal("nothing was written ahead, so this test shows nothing")
		}
		w.clock.Advance(time.Hour)
		w.desk.sweep(context.Background())
		if w.count(`SELECT COUNT(*) FROM screening_chunk`) == 0 {
			t.Error("swept while the client may still be sending")
		}
		w.wantStatus(w.post("/key/good/submission", typ, strings.NewReader(body)), 201)
		kept := w.count(`SELECT COUNT(*) FROM screening_chunk c JOIN screening_file f ON f.id = c.file`)
		w.clock.Advance(2 * orphansAfter)
		if err := w.desk.sweep(context.Background()); err != nil {
			t.Fatal(err)
		}
		if n := w.count(`SELECT COUNT(*) FROM screening_chunk`); n != kept || kept == 0 {
			t.Errorf("%d chunks left, want the %d of the interview", n, kept)
		}
	})
}

func TestAFullDiskIsSaidAndNothingIsHalfStored(t *testing.T) {
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	w.publish()
	d.Write(context.Background(), func(t *db.Tx) error {
		var pages int
		if err := t.Row(`PRAGMA page_count`).Scan(&pages); err != nil {
			return err
		}
		_, err := t.Exec(fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+200))
		return err
	})
	full := 0
	accepted := map[int]bool{}
	for i := range 200 {
		r := w.send(withXML(interview(fmt.Sprint("uuid:", i), "<photo>papers.jpg</photo>"), attachment("papers.jpg", strings.Repeat(fmt.Sprint(i), 20_000)))...)
		switch r.status {
		case 201:
			accepted[i] = true
		case 507:
			full++
			wantOpenRosaHeaders(t, r)
			if !strings.Contains(r.message, "disk is full") {
				t.Fatalf("507 says %q", r.message)
			}
		default:
			t.Fatalf("answered %d %s", r.status, r.body)
		}
	}
	if full == 0 || len(accepted) == 0 {
		t.Fatalf("%d accepted, %d refused: this test shows nothing", len(accepted), full)
	}
	if w.records() != len(accepted) || w.count(`SELECT COUNT(*) FROM screening_file`) != len(accepted) {
		t.Errorf("%d answered 201, %d records, %d files", len(accepted), w.records(), w.count(`SELECT COUNT(*) FROM screening_file`))
	}
	d.Write(context.Background(), func(t *db.Tx) error { _, err := t.Exec(`PRAGMA max_page_count = 1000000`); return err })
	for i := range 200 {
		if !accepted[i] {
			w.wantStatus(w.send(withXML(interview(fmt.Sprint("uuid:", i), "<photo>papers.jpg</photo>"), attachment("papers.jpg", strings.Repeat(fmt.Sprint(i), 20_000)))...), 201)
		}
	}
	if w.records() != 200 {
		t.Errorf("after room was made: %d records", w.records())
	}
	w.verified()
}

func TestThirtyTwoClientsAtOnceLoseNothing(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		var wg sync.WaitGroup
		for c := range 32 {
			wg.Go(func() {
				for i := range 5 {
					if r := w.send(withXML(interview(fmt.Sprintf("uuid:%d-%d", c, i)))...); r.status != 201 {
						t.Errorf("answered %d", r.status)
					}
				}
			})
		}
		wg.Wait()
		if w.records() != 160 {
			t.Errorf("%d records", w.records())
		}
		w.verified()
	})
}

func TestAClockSetBackDoesNotMatter(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		for i, at := range []time.Time{time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)} {
			w.clock.Set(at)
			w.wantStatus(w.send(withXML(interview(fmt.Sprint("uuid:", i)))...), 201)
		}
		w.verified()
	})
}

func TestReadEnvelopeNeverTakesMuchMoreThanItReads(t *testing.T) {
	for _, s := range []string{strings.Repeat("<a>", 2_000_000), "<a>" + strings.Repeat("&#65;", 1_500_000), "<a " + strings.Repeat(`b="c" `, 1_000_000), strings.Repeat("<", maxXML), ""} {
		if _, err := ReadEnvelope([]byte(s)); DoubtOf(err) == "" {
			t.Errorf("%.10q: %v is no doubt", s, err)
		}
	}
}

func FuzzReadEnvelope(f *testing.F) {
	f.Add([]byte(interview(anID)))
	f.Add([]byte(correction("a", "b", "c")))
	f.Add(arrivalXForm)
	f.Fuzz(func(t *testing.T, data []byte) {
		e, err := ReadEnvelope(data)
		if (e == nil) == (err == nil) || err != nil && DoubtOf(err) == "" {
			t.Fatalf("%v %v", e, err)
		}
		if form, err := ReadForm(data); err == nil && e != nil {
			form.answers(e.Root, "en")
		}
	})
}

func FuzzCleanName(f *testing.F) {
	for _, s := range []string{"a.jpg", "../../etc/passwd", `..\x`, "\x00", "\u202egnp.exe", strings.Repeat("ก", 200), ".", "/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n := cleanName(s)
		if n == "" || n == ".." || strings.ContainsAny(n, "/\\\x00") || len(n) > 200 {
			t.Fatalf("%q became %q", s, n)
		}
		if cleanName(n) != n {
			t.Fatalf("%q is not stable", n)
		}
	})
}
