package screening

import (
	"bytes"
	"encoding/json"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"lintas/platform/gate"
)

// sendForm posts files and fields as a page does and decodes what comes back.
func (w *world) sendForm(login, path string, fields map[string]string, files map[string]string, out any) int {
	w.t.Helper()
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	for k, v := range fields {
		m.WriteField(k, v)
	}
	for k, v := range files {
		name, content, _ := strings.Cut(v, "\n")
		p, _ := m.CreateFormFile(k, name)
		p.Write([]byte(content))
	}
	m.Close()
	req := w.request("POST", path, &b)
	req.SetBasicAuth(login, "x")
	req.Header.Set(gate.HeaderRequest, "1")
	req.Header.Set("Content-Type", m.FormDataContentType())
	r := w.do(req)
	if r.status < 300 {
		if err := json.Unmarshal([]byte(r.body), out); err != nil {
			w.t.Fatal(err)
		}
	} else if r.status >= 500 {
		w.t.Fatal(r.body)
	}
	return r.status
}

// rules downloads the pack of the only instrument.
func (w *world) rules() (instrument InstrumentView, pack string) {
	w.t.Helper()
	var l list[InstrumentView]
	w.call("super", "GET", "/api/screening/instruments", nil, &l)
	req := w.request("GET", "/api/screening/instruments/"+l.Items[0].ID+"/versions/"+l.Items[0].Revision+"/pack", nil)
	req.SetBasicAuth("super", "x")
	r := w.do(req)
	if r.status != http.StatusOK {
		w.t.Fatal(r.status)
	}
	return l.Items[0], r.body
}

func TestARowOfAPackIsCorrectedWithoutANewProgram(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishArrival()
		w.sendArrival(theOfficer, "uuid:before", demoTravellers[1])
		screening := w.only("worker")
		in, pack := w.rules()
		at := strings.LastIndex(pack, `"version":"1.0.0"`) // the pack's own; those above are of what it was made from
		corrected := pack[:at] + `"version":"1.0.1"` + strings.TrimPrefix(pack[at:], `"version":"1.0.0"`)
		corrected = strings.Replace(corrected, `"strength":{"adult":"M","child":"M"}`, `"strength":{"adult":"S","child":"S"}`, 1)
		if corrected == pack {
			t.Fatal("nothing was corrected")
		}
		path := "/api/screening/instruments/" + in.ID + "/pack"
		var r Replaced
		if status := w.sendForm("admin", path, nil, map[string]string{"file": "rules.json\n" + corrected}, &r); status != 200 || !r.Checked.OK || r.Published != nil {
			t.Fatalf("%d %+v", status, r)
		}
		if status := w.sendForm("admin", path, map[string]string{"version": "2"}, map[string]string{"file": "rules.json\n" + corrected}, &r); status != 200 || r.Published == nil || r.Published.Version != "2" {
			t.Fatalf("%d %+v", status, r)
		}
		after, now := w.rules()
		if after.Pack.Hash == in.Pack.Hash || after.Pack.Version != "1.0.1" || now != corrected {
			t.Errorf("the phones would not get the corrected rules: %+v", after.Pack)
		}
		if status := w.call("worker", "POST", "/api/screening/screenings/"+screening+"/rescore", map[string]string{}, nil); status != 200 {
			t.Fatal(status)
		}
		var s Screening
		w.call("worker", "GET", "/api/screening/screenings/"+screening, nil, &s)
		if len(s.Results) != 2 || s.Results[0].Result.Pack.Version != "1.0.1" || s.Results[1].Result.Pack.Version != "1.0.0" || s.Results[0].Explained == nil || s.Results[1].Explained == nil {
			t.Errorf("both results must stay, each with its own rules: %d", len(s.Results))
		}
	})
}

func TestRulesThatAreWrongAreRefusedWithEveryMistake(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishArrival()
		in, pack := w.rules()
		for name, bad := range map[string]string{
			"not JSON":           "{",
			"an unknown member":  strings.Replace(pack, `"format"`, `"points":5,"format"`, 1),
			"an unknown source":  strings.Replace(pack, `"source":"`, `"source":"nowhere-`, 1),
			"a rule it has not":  strings.Replace(pack, `"rule":"`, `"rule":"none-`, 1),
			"a pack of nobody's": strings.Replace(pack, `"format":"lintas-pack/1"`, `"format":"other/1"`, 1),
		} {
			var r Replaced
			if status := w.sendForm("super", "/api/screening/instruments/"+in.ID+"/pack", map[string]string{"version": "2"}, map[string]string{"file": "r.json\n" + bad}, &r); status != 200 || r.Checked.OK || len(r.Checked.Errors) == 0 || r.Published != nil {
				t.Errorf("%s: %d %+v", name, status, r.Checked.Errors)
			}
		}
		if now, _ := w.rules(); now.Version != in.Version {
			t.Errorf("version %s was published", now.Version)
		}
	})
}

const postForm = `| survey |
|  | type | name | label::English (en) |
|  | select_one post | border_post | Where are we? |
|  | select_one tongue | interview_language | In which language shall we talk? |
|  | text | story | What happened? |

| choices |
|  | list_name | name | label::English (en) |
|  | post | east | Pelabuhan Timur |
|  | post | north | Gerbang Utara |
|  | tongue | my | Burmese |
|  | tongue | th | Thai |

| settings |
|  | form_title | form_id | version |
|  | Arrivals | posts | 1 |
`

func TestAListIsNarrowedByPlaceAndLanguageThoughBothAreSealed(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var in InstrumentView
		if status := w.sendForm("super", "/api/screening/instruments", map[string]string{"publish": "true"}, map[string]string{"file": "posts.md\n" + postForm}, &in); status != 201 {
			t.Fatal(status)
		}
		for id, answers := range map[string]string{"a": "<border_post>east</border_post><interview_language>my</interview_language>", "b": "<border_post>north</border_post><interview_language>th</interview_language>", "c": "<border_post>east</border_post>"} {
			w.wantStatus(w.sendAs("officer", withXML(`<data id="posts" version="1">`+answers+`<meta><instanceID>uuid:`+id+`</instanceID></meta></data>`)...), 201)
		}
		w.wantStatus(w.send(withXML(`<data id="posts" version="1"><meta><instanceID>uuid:d</instanceID></meta></data>`)...), 201)
		for query, want := range map[string]int{"place=east": 2, "place=EAST": 2, "place=north": 1, "place=nowhere": 0, "spoken=my": 1, "place=east&spoken=my": 1, "place=north&spoken=my": 0, "place=dev-1": 1} {
			if got := len(w.list("super", query).Items); got != want {
				t.Errorf("%s: %d, want %d", query, got, want)
			}
		}
		if n := w.count(`SELECT COUNT(*) FROM screening_outcome WHERE mark LIKE '%east%' OR mark LIKE '%my%'`); n != 0 {
			t.Error("a place or a language stands in clear")
		}
		var f Filters
		if w.call("super", "GET", "/api/screening/filters", nil, &f); len(f.Places) != 2 || f.Places[0].Title != "Gerbang Utara" || len(f.Languages) != 2 || len(f.Instruments) != 1 {
			t.Errorf("%+v", f)
		}
	})
}

func TestAnInstrumentTellsHowCompleteEachLanguageIs(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishArrival()
		in, _ := w.rules()
		var l list[Coverage]
		if status := w.call("super", "GET", "/api/screening/instruments/"+in.ID+"/languages", nil, &l); status != 200 || len(l.Items) != 6 {
			t.Fatalf("%d %d languages", status, len(l.Items))
		}
		for _, c := range l.Items {
			if c.Texts == 0 || c.Translated+len(c.Missing) != c.Texts {
				t.Errorf("%s: %d of %d, %d missing", c.Code, c.Translated, c.Texts, len(c.Missing))
			}
		}
	})
}

func TestATranslatedVersionKeepsRulesThatItsWorkbookDoesNotCarry(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var in InstrumentView
		if status := w.sendForm("super", "/api/screening/instruments", map[string]string{"publish": "true", "pack": "palermo"}, map[string]string{"file": "posts.md\n" + postForm}, &in); status != 201 || in.Pack == nil {
			t.Fatalf("%d %+v", status, in)
		}
		csv := "id,source,target\nsurvey.4.label,What happened?,Apa yang terjadi?\n"
		var tr Translated
		if status := w.sendForm("super", "/api/screening/instruments/"+in.ID+"/translations", map[string]string{"language": "Bahasa Indonesia (id)", "version": "2"}, map[string]string{"file": "id.csv\n" + csv}, &tr); status != 200 || tr.Published == nil {
			t.Fatalf("%d %+v", status, tr)
		}
		if tr.Published.Pack == nil || tr.Published.Pack.Hash != in.Pack.Hash {
			t.Errorf("the rules were lost with the translation: %+v", tr.Published.Pack)
		}
	})
}
