package corpus

import (
	"errors"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"lintas/screening/xlsform"
)

// Workbooks of the corpus, changed as people change them: whatever comes of it,
// nothing panics, and each error has its cell, reason and remedy.

func book(t *testing.T, c *Case) *xlsform.Workbook {
	w, err := xlsform.Read("case.json", c.raw, xlsform.Limits{})
	if err != nil {
		return nil
	}
	return w
}

var scraps = []string{"", "x", "${q1}", "${", "select_one l", "begin group", "end group", "begin repeat", "end repeat", "1", "yes", "search('f')", "a b",
	"${a} + ", "instance('x')/root/item[a < ${b}]/c", "label::en", "osm l", "calculate", "x=1", "'", "กขค", "\u202e", "name", "meta", "text", "range", "start=1 end=2"}

type mutation struct {
	name string
	do   func(w *xlsform.Workbook, r *rand.Rand, other *xlsform.Workbook)
}

func someSheet(w *xlsform.Workbook, r *rand.Rand) *xlsform.Sheet {
	if len(w.Sheets) == 0 {
		return &xlsform.Sheet{}
	}
	return &w.Sheets[r.IntN(len(w.Sheets))]
}

var mutations = []mutation{
	{"a cell changed", func(w *xlsform.Workbook, r *rand.Rand, _ *xlsform.Workbook) {
		for range 1 + r.IntN(3) {
			s := someSheet(w, r)
			if len(s.Rows) == 0 || len(s.Header) == 0 {
				continue
			}
			row := &s.Rows[r.IntN(len(s.Rows))]
			for len(row.Cells) < len(s.Header) {
				row.Cells = append(row.Cells, "")
			}
			row.Cells[r.IntN(len(s.Header))] = scraps[r.IntN(len(scraps))]
		}
	}},
	{"a row lost", func(w *xlsform.Workbook, r *rand.Rand, _ *xlsform.Workbook) {
		if s := someSheet(w, r); len(s.Rows) > 0 {
			i := r.IntN(len(s.Rows))
			s.Rows = append(s.Rows[:i:i], s.Rows[i+1:]...)
		}
	}},
	{"a row twice", func(w *xlsform.Workbook, r *rand.Rand, _ *xlsform.Workbook) {
		if s := someSheet(w, r); len(s.Rows) > 0 {
			i := r.IntN(len(s.Rows))
			again := s.Rows[i]
			again.Cells = append([]string(nil), again.Cells...)
			again.Number = s.Rows[len(s.Rows)-1].Number + 1
			s.Rows = append(s.Rows, again)
		}
	}},
	{"a heading changed", func(w *xlsform.Workbook, r *rand.Rand, _ *xlsform.Workbook) {
		if s := someSheet(w, r); len(s.Header) > 0 {
			s.Header[r.IntN(len(s.Header))] = append(scraps, "media::image", "media::nonsense", "bind::", "body::", "instance::", "hint::xx (xx)", "choice_filter", "bind::odk:foo")[r.IntN(len(scraps)+8)]
		}
	}},
	{"a sheet lost", func(w *xlsform.Workbook, r *rand.Rand, _ *xlsform.Workbook) {
		if len(w.Sheets) > 1 {
			i := r.IntN(len(w.Sheets))
			w.Sheets = append(w.Sheets[:i:i], w.Sheets[i+1:]...)
		}
	}},
	{"two workbooks in one", func(w *xlsform.Workbook, r *rand.Rand, other *xlsform.Workbook) {
		if other == nil {
			return
		}
		for _, s := range other.Sheets {
			mine, ok := w.Sheet(s.Name)
			if !ok {
				w.Sheets = append(w.Sheets, s)
				continue
			}
			join(mine, s)
		}
	}},
}

// join puts the rows of one sheet under those of another.
func join(to *xlsform.Sheet, from xlsform.Sheet) {
	at := make([]int, len(from.Header))
	for i, h := range from.Header {
		at[i] = -1
		for j, mine := range to.Header {
			if mine == h {
				at[i] = j
			}
		}
		if at[i] < 0 {
			at[i] = len(to.Header)
			to.Header = append(to.Header, h)
		}
	}
	next := len(to.Rows) + 2
	for i, r := range from.Rows {
		cells := make([]string, len(to.Header))
		for j, c := range r.Cells {
			if j < len(at) {
				cells[at[j]] = c
			}
		}
		to.Rows = append(to.Rows, xlsform.Row{Number: next + i, Cells: cells})
	}
}

func TestChangedWorkbooksGiveAFormOrErrorsThatHelp(t *testing.T) {
	cases := shared(t)
	rounds := 1
	if os.Getenv("LINTAS_SLOW") != "" {
		rounds = 40
	}
	r := rand.New(rand.NewPCG(1, 2))
	forms, refused := 0, 0
	for range rounds {
		for _, c := range cases {
			m := mutations[r.IntN(len(mutations))]
			w := book(t, c)
			if w == nil {
				continue
			}
			m.do(w, r, book(t, cases[r.IntN(len(cases))]))
			report := xlsform.Check(w)
			form, err := xlsform.Compile(w, xlsform.Options{})
			if err == nil {
				forms++
				if _, err := Canonical(form.XForm); err != nil {
					t.Fatalf("%s, %s: no XML: %v", c.ID, m.name, err)
				}
				again, _ := xlsform.Compile(w, xlsform.Options{})
				if again == nil || string(again.XForm) != string(form.XForm) {
					t.Fatalf("%s, %s: other bytes the second time", c.ID, m.name)
				}
				if !report.OK() {
					t.Fatalf("%s, %s: Check refuses what Compile takes: %v", c.ID, m.name, report.Errors[0])
				}
				continue
			}
			refused++
			helpful(t, c.ID+", "+m.name, w, err)
		}
	}
	if forms < 200*rounds || refused < 200*rounds {
		t.Errorf("%d forms, %d refused: the changes do not reach both", forms, refused)
	}
}

// wholeBook are the errors that no cell can be named for.
var wholeBook = map[string]bool{"no-survey": true, "instance-clash": true, "no-column": true, "too-large": true}

func helpful(t *testing.T, what string, w *xlsform.Workbook, err error) {
	t.Helper()
	var list xlsform.Errors
	if !errors.As(err, &list) {
		t.Errorf("%s: %v", what, err)
		return
	}
	for _, e := range list {
		code := strings.TrimPrefix(e.Code, "screening.xlsform.")
		if e.Message == "" || e.Remedy == "" {
			t.Errorf("%s: no reason or no remedy: %+v", what, e)
		}
		ofFile := code == "name" && e.Sheet == "" // the form's name comes from its file
		if !wholeBook[code] && !ofFile && (e.Sheet == "" || e.Row == 0 || e.Column == "" || e.Cell == "") {
			t.Errorf("%s: no cell: %s %+v", what, code, e)
		}
		if e.Cell != "" && e.Text == "" && !empty(w, e) {
			t.Errorf("%s: the text of the cell is not told: %+v", what, e)
		}
	}
}

// empty tells whether the cell of an error is empty in the workbook.
func empty(w *xlsform.Workbook, e *xlsform.Error) bool {
	s, ok := w.Sheet(e.Sheet)
	if !ok {
		return true
	}
	for _, r := range s.Rows {
		if r.Number == e.Row {
			return strings.TrimSpace(s.Cell(r, e.Column)) == ""
		}
	}
	return e.Row != s.HeaderRow
}
