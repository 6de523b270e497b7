package screening

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"lintas/platform/db/dbtest"
	"lintas/platform/gate"
	"lintas/screening/packs"
	"lintas/screening/xlsform"
)

//go:embed testdata/visit.md
var visitWorkbook string

// upload posts a workbook as a form does.
func (w *world) upload(login, path, name, workbook string, fields map[string]string, out any) (int, string) {
	w.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	p, _ := m.CreateFormFile("file", name)
	io.WriteString(p, workbook)
	for k, v := range fields {
		if k == "media" {
			p, _ := m.CreateFormFile("media", v)
			io.WriteString(p, "content of "+v)
			continue
		}
		m.WriteField(k, v)
	}
	m.Close()
	req, _ := http.NewRequest("POST", w.url+path, &b)
	req.SetBasicAuth(login, "x")
	req.Header.Set(gate.HeaderRequest, "1")
	req.Header.Set("Content-Type", m.FormDataContentType())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if out != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(text, out); err != nil {
			w.t.Fatalf("%v in %s", err, text)
		}
	}
	return res.StatusCode, string(text)
}

func TestAWorkbookIsCheckedWithoutBeingPublished(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var c Checked
		if status, text := w.upload("super", "/api/screening/workbooks/check", "visit.md", visitWorkbook, nil, &c); status != 200 || !c.OK {
			t.Fatalf("%d %s", status, text)
		}
		if c.FormID != "visit" || c.Version != "1" || c.Title != "Visit" || c.Questions != 2 || len(c.Errors) != 0 {
			t.Errorf("%+v", c)
		}
		byCode := map[string]Coverage{}
		for _, l := range c.Languages {
			byCode[l.Code] = l
		}
		if l := byCode["id"]; l.Texts != 4 || l.Translated != 3 || len(l.Missing) != 1 || l.Name != "Bahasa Indonesia" {
			t.Errorf("Indonesian: %+v", l)
		}
		if len(c.Sheets) != 3 || len(c.Sheets[0].Rows) != 2 {
			t.Errorf("sheets %+v", c.Sheets)
		}
		if w.count(`SELECT COUNT(*) FROM screening_instrument`) != 0 {
			t.Error("it was published")
		}
	})
}

func TestMistakesNameTheirCells(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		broken := strings.Replace(visitWorkbook, "${papers_kept} = 'yes'", "${papers_kpt} = 'yes'", 1)
		var c Checked
		w.upload("super", "/api/screening/workbooks/check", "visit.md", broken, nil, &c)
		if c.OK || len(c.Errors) != 1 || c.Errors[0].Sheet != "survey" || c.Errors[0].Row == 0 || c.Errors[0].Cell == "" || c.Errors[0].Suggestion != "papers_kept" {
			t.Fatalf("%+v", c.Errors)
		}
		status, text := w.upload("super", "/api/screening/instruments", "visit.md", broken, map[string]string{"publish": "true"}, nil)
		if status != 422 || !strings.Contains(text, "screening.workbook-invalid") || !strings.Contains(text, "survey!") {
			t.Errorf("%d %s", status, text)
		}
	})
}

// visitRules is a sheet of indicators for the visit.
const visitRules = `
| indicators |
| | kind | id | version | dimension | adult | child | when | source | label::English (en) | label::Bahasa Indonesia (id) | rule | cite | outcome_kind |
| | pack | visit-rules | 1.0.0 | | | | | | Visit | Kunjungan | | | |
| | population | | | | | | papers_kept = 'yes' | | | | | | |
| | source | s | | | | | | | | | | made up | |
| | rule | r | | | | | total >= 1 | | one is enough | satu cukup | | | |
| | dimension | D | | | | | | | Papers | Surat | r | | |
| | profile | p | 1 | | | | | | Profile | Profil | | | |
| | outcome | o | | | | | D | | Papers kept | Surat disimpan | | | need |
| | indicator | D.kept | | D | S | S | papers_kept = 'yes' | s | papers kept | surat disimpan | | | |
`

func TestMistakesInTheSheetOfIndicatorsNameTheirCellsToo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		check := func(old, new string) (c Checked) {
			w.upload("super", "/api/screening/workbooks/check", "visit.md", visitWorkbook+strings.Replace(visitRules, old, new, 1), nil, &c)
			return c
		}
		if c := check("", ""); !c.OK || c.Pack == nil || len(c.Warnings) != 0 {
			t.Fatalf("%+v %+v", c.Errors, c.Warnings)
		}
		c := check("S | papers_kept = 'yes'", "S | papers_kpt = 'yes'")
		if c.OK || len(c.Errors) != 1 {
			t.Fatalf("%+v", c.Errors)
		}
		e := c.Errors[0]
		if e.Sheet != "indicators" || e.Cell == "" || e.Column != "when" || e.Text != "papers_kpt = 'yes'" || e.Remedy != "did you mean papers_kept?" {
			t.Errorf("%+v", e)
		}
		if c = check("S | papers_kept = 'yes'", "S | papers_kept = 'yes' and papers_kept = 'no'"); c.OK || !strings.Contains(c.Errors[0].Message, "no answers can make") {
			t.Errorf("%+v", c.Errors)
		}
		c = check("papers kept | surat disimpan", "papers kept | ")
		if !c.OK || len(c.Warnings) != 1 || c.Warnings[0].Sheet != "indicators" || c.Warnings[0].Cell == "" || !strings.Contains(c.Warnings[0].Text, "missing in id") {
			t.Errorf("%+v %+v", c.Errors, c.Warnings)
		}
	})
}

func TestRulesAsAFileNameThePathOfAMistake(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		status, text := w.upload("super", "/api/screening/instruments", "visit.md", visitWorkbook, map[string]string{"publish": "true"}, nil)
		if status >= 300 {
			t.Fatal(status, text)
		}
		var l list[InstrumentView]
		w.call("super", "GET", "/api/screening/instruments", nil, &l)
		p, err := packs.Get("palermo", "")
		if err != nil {
			t.Fatal(err)
		}
		never := strings.Replace(string(p.Canonical()), `"when":"pm_fraud = 'yes'"`, `"when":"pm_fraud = 'yes' and pm_fraud = 'no'"`, 1)
		var r Replaced
		w.sendForm("admin", "/api/screening/instruments/"+l.Items[0].ID+"/pack", nil, map[string]string{"file": "rules.json\n" + never}, &r)
		if r.Checked.OK || len(r.Checked.Errors) != 1 || !strings.HasPrefix(r.Checked.Errors[0].Text, "indicators[") || !strings.Contains(r.Checked.Errors[0].Message, "present") {
			t.Errorf("%+v", r.Checked.Errors)
		}
	})
}

func TestAWorkbookIsPublishedServedAndCompared(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var v1, v2 InstrumentView
		if status, text := w.upload("super", "/api/screening/instruments", "visit.md", visitWorkbook, map[string]string{"publish": "true"}, &v1); status != 201 {
			t.Fatalf("%d %s", status, text)
		}
		if v1.State != StateOpen || len(v1.Languages) != 2 || v1.Default != "en" || !v1.Workbook {
			t.Errorf("%+v", v1)
		}
		again := v1
		if status, _ := w.upload("super", "/api/screening/instruments", "visit.md", visitWorkbook, map[string]string{"publish": "true"}, &again); status != 201 || again.Revision != v1.Revision {
			t.Error("publishing the same again made another version")
		}
		changed := strings.Replace(visitWorkbook, "Who keeps them?", "Who holds them?", 1)
		if status, text := w.upload("super", "/api/screening/instruments", "visit.md", changed, map[string]string{"publish": "true"}, nil); status != 409 {
			t.Errorf("other content under the same version: %d %s", status, text)
		}
		changed = strings.Replace(changed, "| visit | 1 |", "| visit | 2 |", 1)
		var c Checked
		w.upload("super", "/api/screening/workbooks/check", "visit.md", changed, nil, &c)
		if c.Diff == nil || c.Diff.Against != "1" || len(c.Diff.Changes) == 0 {
			t.Errorf("diff %+v", c.Diff)
		}
		if status, text := w.upload("super", "/api/screening/instruments", "visit.md", changed, map[string]string{"publish": "true"}, &v2); status != 201 || v2.ID != v1.ID {
			t.Fatalf("%d %s", status, text)
		}
		var detail InstrumentDetail
		w.call("officer", "GET", "/api/screening/instruments/"+v1.ID, nil, &detail)
		if detail.Version != "2" || len(detail.Versions) != 2 {
			t.Errorf("%+v", detail)
		}
		var diff VersionDiff
		if status := w.call("super", "GET", "/api/screening/instruments/"+v1.ID+"/compare?from=1&to=2", nil, &diff); status != 200 || len(diff.Changes) == 0 {
			t.Errorf("%d %+v", status, diff)
		}
		for path, has := range map[string]string{"xform": "<h:html", "workbook": "papers_kept"} {
			req := w.request("GET", "/api/screening/instruments/"+v1.ID+"/versions/1/"+path, nil)
			req.SetBasicAuth("super", "x")
			r := w.do(req)
			if r.status != 200 || !strings.Contains(r.body, has) || r.header.Get("ETag") == "" {
				t.Errorf("%s: %d %.80s", path, r.status, r.body)
			}
		}
	})
}

func TestOnlySupervisorsAndAdministratorsPublish(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for login, status := range map[string]int{"officer": 403, "worker": 403, "analyst": 403, "admin": 201} {
			if got, text := w.upload(login, "/api/screening/instruments", "visit.md", visitWorkbook, map[string]string{"publish": "true"}, nil); got != status {
				t.Errorf("%s: %d %s", login, got, text)
			}
		}
	})
}

func TestWhatIsNoWorkbookIsSaidSo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for name, content := range map[string]string{"a.xlsx": "not a zip", "empty.xlsx": "", "a.exe": "MZ"} {
			var c Checked
			status, text := w.upload("super", "/api/screening/workbooks/check", name, content, nil, &c)
			if status != 200 || c.OK || len(c.Errors) == 0 {
				t.Errorf("%s: %d %s", name, status, text)
			}
		}
	})
}

func TestTheBundleHoldsOpenInstrumentsWithTheirFiles(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		rev := w.publish(Medium{Name: "a b.png", Type: "image/png", Content: []byte("png")})
		var b Bundle
		if status := w.call("officer", "GET", "/api/screening/bundle", nil, &b); status != 200 || len(b.Instruments) != 1 || b.ETag == "" {
			t.Fatalf("%d %+v", status, b)
		}
		i := b.Instruments[0]
		for url, want := range map[string]string{i.XFormURL: string(arrivalXForm), i.Media[0].URL: "png"} {
			req := w.request("GET", url, nil)
			req.SetBasicAuth("officer", "x")
			if r := w.do(req); r.status != 200 || r.body != want {
				t.Errorf("%s: %d", url, r.status)
			}
		}
		w.setState(rev, StateClosing)
		w.call("officer", "GET", "/api/screening/bundle", nil, &b)
		if len(b.Instruments) != 0 {
			t.Error("an instrument that is closing is in the bundle")
		}
	})
}

func TestTranslationsGoOutAndComeBackAsANewVersion(t *testing.T) {
	for format, spoil := range map[string]func(string) string{
		"csv": func(s string) string {
			return strings.Replace(s, "Who keeps them?,", "Who keeps them?,Siapa yang menyimpannya?", 1)
		},
		"xliff":  func(s string) string { return fillXLIFF(s) },
		"xliff2": func(s string) string { return fillXLIFF(s) },
	} {
		t.Run(format, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				var v InstrumentView
				if status, text := w.upload("super", "/api/screening/instruments", "visit.md", visitWorkbook, map[string]string{"publish": "true"}, &v); status != 201 {
					t.Fatalf("%d %s", status, text)
				}
				req := w.request("GET", "/api/screening/instruments/"+v.ID+"/translations?language=id&format="+format, nil)
				req.SetBasicAuth("super", "x")
				r := w.do(req)
				if r.status != 200 || !strings.Contains(r.body, "Apakah orang lain") {
					t.Fatalf("%d %s", r.status, r.body)
				}
				back := spoil(r.body)
				if back == r.body {
					t.Fatalf("the test did not fill in a translation: %s", r.body)
				}
				var done Translated
				fields := map[string]string{"language": "Bahasa Indonesia (id)", "version": "2"}
				if status, text := w.upload("super", "/api/screening/instruments/"+v.ID+"/translations", "t", back, fields, &done); status != 200 {
					t.Fatalf("%d %s", status, text)
				}
				if done.Applied != 1 || done.Unchanged != 3 || len(done.Unknown)+len(done.Problems) != 0 || done.Published == nil || done.Published.Version != "2" {
					t.Errorf("%+v", done)
				}
				var b Bundle
				w.call("officer", "GET", "/api/screening/bundle", nil, &b)
				req = w.request("GET", b.Instruments[0].XFormURL, nil)
				req.SetBasicAuth("officer", "x")
				if r := w.do(req); !strings.Contains(r.body, "Siapa yang menyimpannya?") {
					t.Error("the translation is not in the form")
				}
			})
		})
	}
}

func fillXLIFF(s string) string {
	return strings.Replace(s, "Who keeps them?</source>", "Who keeps them?</source><target>Siapa yang menyimpannya?</target>", 1)
}

func TestATranslationThatLosesAnAnswersPlaceIsNotTaken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var v InstrumentView
		book := strings.Replace(visitWorkbook, "Who keeps them?", "Who keeps them, if ${papers_kept}?", 1)
		if status, text := w.upload("super", "/api/screening/instruments", "visit.md", book, map[string]string{"publish": "true"}, &v); status != 201 {
			t.Fatalf("%d %s", status, text)
		}
		var done Translated
		w.upload("super", "/api/screening/instruments/"+v.ID+"/translations", "t.csv", "id,name,target\nsurvey.4.label,who_keeps,Siapa?\nsurvey.99.label,gone,x\n", map[string]string{"language": "id", "version": "2"}, &done)
		if done.Applied != 0 || len(done.Problems) != 1 || len(done.Unknown) != 1 {
			t.Errorf("%+v", done)
		}
	})
}

func TestTheBundleHoldsCardsAndAFictionalProcedureOnlyInTheDemo(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	var before, after Bundle
	w.publish()
	w.call("officer", "GET", "/api/screening/bundle", nil, &before)
	demoWorld(t, w)
	w.call("officer", "GET", "/api/screening/bundle", nil, &after)
	if len(before.Cards) == 0 || before.Procedure != nil || after.Procedure == nil || len(after.Procedure.Steps) == 0 || len(after.Cards) <= len(before.Cards) {
		t.Errorf("%d cards, %v; demo: %d cards, %v", len(before.Cards), before.Procedure, len(after.Cards), after.Procedure)
	}
	for _, c := range after.Cards {
		if c.Title == "" || len(c.Steps) == 0 || c.Language == "" {
			t.Errorf("%+v", c)
		}
	}
}

func TestAPhoneThatHoldsTheBundleIsToldSoWithoutOne(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		ask := func(known string) reply {
			req := w.request("GET", "/api/screening/bundle", nil)
			req.SetBasicAuth("officer", "x")
			if known != "" {
				req.Header.Set("If-None-Match", known)
			}
			return w.do(req)
		}
		first := ask("")
		var b Bundle
		if err := json.Unmarshal([]byte(first.body), &b); err != nil || first.status != 200 || first.header.Get("ETag") != `"`+b.ETag+`"` {
			t.Fatalf("%d %v %s", first.status, err, first.header.Get("ETag"))
		}
		if same := ask(first.header.Get("ETag")); same.status != 304 || same.body != "" {
			t.Errorf("%d %q", same.status, same.body)
		}
		if other := ask(`"another"`); other.status != 200 {
			t.Errorf("%d", other.status)
		}
	})
}

func TestChangesBeyondThoseListedAreCounted(t *testing.T) {
	d := versionDiff("1", xlsform.Diff{Changes: []xlsform.Change{{Kind: "title"}}, Breaking: 2, More: 7})
	if d.Against != "1" || len(d.Changes) != 1 || d.Breaking != 2 || d.More != 7 {
		t.Errorf("got %+v", d)
	}
}
