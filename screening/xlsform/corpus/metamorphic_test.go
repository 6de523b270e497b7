package corpus

import (
	"bytes"
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"lintas/screening/xlsform"
)

// What the format calls the same, the compiler must take for the same: sheets in
// another order, headings in capitals or by an older name, empty rows and
// columns, spaces, bent quotation marks, cells as a spreadsheet program keeps
// them. Every workbook of the corpus is changed in each of these ways.

// a change gives another workbook that means the same; ok is false where it does
// not apply.
type change struct {
	name string
	do   func(w *xlsform.Workbook) (ok bool)
}

// copyOf is a workbook whose tables can be changed.
func copyOf(w *xlsform.Workbook) *xlsform.Workbook {
	out := *w
	out.Sheets = slices.Clone(w.Sheets)
	for i := range out.Sheets {
		s := &out.Sheets[i]
		s.Header = slices.Clone(s.Header)
		s.Rows = slices.Clone(s.Rows)
		for j := range s.Rows {
			s.Rows[j].Cells = slices.Clone(s.Rows[j].Cells)
		}
	}
	return &out
}

var ownSheets = []string{"survey", "choices", "settings", "external_choices", "entities", "osm"}

// verbatim tells the tables whose headings mean themselves: the external choices,
// which are handed on as they are, and a form id given twice.
func verbatim(s *xlsform.Sheet) bool {
	return strings.EqualFold(s.Name, "external_choices") || slices.Contains(s.Header, "id_string") && slices.Contains(s.Header, "form_id")
}

func isOwn(name string) bool { return slices.Contains(ownSheets, strings.ToLower(name)) }

// otherNames are older or longer names of columns.
var otherNames = map[string]map[string]string{
	"survey": {"type": "command", "name": "value", "label": "caption", "relevant": "relevance", "calculation": "calculate",
		"required": "bind::required", "constraint_message": "constraining message", "required_message": "requiredMsg", "appearance": "control::appearance",
		"repeat_count": "jr:count", "readonly": "read_only", "image": "media::image", "save_to": "bind::entities:saveto"},
	"choices":  {"list_name": "list name", "name": "value", "label": "caption", "image": "media::image"},
	"settings": {"form_title": "title", "form_id": "set form id"},
	"entities": {"list_name": "dataset"},
}

// words splits a heading at its double colons.
func words(heading string) []string { return strings.Split(heading, "::") }

func double(s *xlsform.Sheet) bool {
	return slices.ContainsFunc(s.Header, func(h string) bool { return strings.Contains(h, "::") })
}

var plainHeadings = map[string]bool{"type": true, "name": true, "label": true, "hint": true, "guidance_hint": true, "relevant": true, "calculation": true,
	"required": true, "constraint": true, "constraint_message": true, "required_message": true, "appearance": true, "default": true, "choice_filter": true,
	"parameters": true, "trigger": true, "repeat_count": true, "list_name": true, "form_title": true, "form_id": true, "version": true, "save_to": true}

var changes = []change{
	{"the sheets in another order", func(w *xlsform.Workbook) bool {
		slices.Reverse(w.Sheets)
		return len(w.Sheets) > 1
	}},
	{"the names of the sheets in capitals", func(w *xlsform.Workbook) bool {
		for i := range w.Sheets {
			if isOwn(w.Sheets[i].Name) {
				w.Sheets[i].Name = strings.ToUpper(w.Sheets[i].Name)
			}
		}
		return true
	}},
	{"headings in capitals, with spaces for underscores", func(w *xlsform.Workbook) bool {
		changed := false
		for i := range w.Sheets {
			s := &w.Sheets[i]
			for j, h := range s.Header {
				if parts := words(h); plainHeadings[parts[0]] && isOwn(s.Name) && !verbatim(s) {
					parts[0] = strings.ToUpper(strings.ReplaceAll(parts[0], "_", "  "))
					s.Header[j], changed = strings.Join(parts, " :: "), true
				}
			}
		}
		return changed
	}},
	{"headings by their other names", func(w *xlsform.Workbook) bool {
		changed := false
		for i := range w.Sheets {
			s := &w.Sheets[i]
			if verbatim(s) {
				continue
			}
			taken := strings.ToLower(strings.Join(s.Header, "\n"))
			for j, h := range s.Header {
				parts := words(h)
				other := otherNames[strings.ToLower(s.Name)][parts[0]]
				if other == "" || strings.Contains(taken, other) || strings.Contains(other, "::") && !double(s) && strings.Contains(taken, ":") {
					continue
				}
				parts[0] = other
				s.Header[j], changed = strings.Join(parts, "::"), true
			}
		}
		return changed
	}},
	{"an empty row after each row", func(w *xlsform.Workbook) bool {
		for i := range w.Sheets {
			s := &w.Sheets[i]
			var rows []xlsform.Row
			for _, r := range s.Rows {
				rows = append(rows, xlsform.Row{Number: len(rows) + 2, Cells: r.Cells}, xlsform.Row{Number: len(rows) + 3})
			}
			s.Rows = rows
		}
		return true
	}},
	{"an empty column before each column", func(w *xlsform.Workbook) bool {
		for i := range w.Sheets {
			s := &w.Sheets[i]
			if slices.Contains(s.Header, "") || strings.EqualFold(s.Name, "external_choices") {
				return false // has a meaning of its own there
			}
			s.Header = spread(s.Header)
			for j := range s.Rows {
				s.Rows[j].Cells = spread(s.Rows[j].Cells)
			}
		}
		return true
	}},
	{"spaces around the cells of the survey, and two for one inside", func(w *xlsform.Workbook) bool {
		if settings, ok := w.Sheet("settings"); ok && slices.Contains(settings.Header, "clean_text_values") {
			return false
		}
		s, ok := w.Sheet("survey")
		if !ok {
			return false
		}
		for _, r := range s.Rows {
			for j, c := range r.Cells {
				if c != "" {
					r.Cells[j] = "  " + strings.ReplaceAll(c, " ", "  ") + " "
				}
			}
		}
		return true
	}},
	{"bent quotation marks", func(w *xlsform.Workbook) bool {
		changed := false
		bend := strings.NewReplacer("'", "\u2019", `"`, "\u201d")
		for i := range w.Sheets {
			if strings.EqualFold(w.Sheets[i].Name, "external_choices") {
				continue
			}
			for _, r := range w.Sheets[i].Rows {
				for j, c := range r.Cells {
					r.Cells[j] = bend.Replace(c)
					changed = changed || r.Cells[j] != c
				}
			}
		}
		return changed
	}},
	{"a column of the author's own", func(w *xlsform.Workbook) bool {
		s, ok := w.Sheet("survey")
		if !ok {
			return false
		}
		n := len(s.Header)
		s.Header = append(s.Header, "my remarks")
		for i, r := range s.Rows {
			if strings.Join(r.Cells, "") == "" {
				continue
			}
			for len(r.Cells) < n {
				r.Cells = append(r.Cells, "")
			}
			s.Rows[i].Cells = append(r.Cells[:n:n], "check the <wording> & 'tone'")
		}
		return true
	}},
}

func spread(cells []string) []string {
	out := make([]string, 0, 2*len(cells))
	for _, c := range cells {
		out = append(out, "", c)
	}
	return out
}

// rowNamed tells the forms in which a name or a sentence holds the row's number.
func rowNamed(xform string) bool {
	return strings.Contains(xform, "generated_") || strings.Contains(xform, "reserved_name_for_field_list_labels_")
}

func TestWorkbooksThatMeanTheSameGiveTheSameForm(t *testing.T) {
	applied := map[string]int{}
	for _, c := range shared(t) {
		w := book(t, c)
		if w == nil {
			continue
		}
		want, wantErr := xlsform.Compile(w, xlsform.Options{})
		for _, ch := range changes {
			other := copyOf(w)
			if !ch.do(other) || wantErr == nil && ch.name == "an empty row after each row" && rowNamed(string(want.XForm)) {
				continue
			}
			applied[ch.name]++
			got, gotErr := xlsform.Compile(other, xlsform.Options{})
			compare(t, c.ID+", "+ch.name, want, wantErr, got, gotErr)
		}
	}
	for _, ch := range changes {
		if applied[ch.name] < 100 {
			t.Errorf("%s: applied to %d workbooks only", ch.name, applied[ch.name])
		}
	}
}

func compare(t *testing.T, what string, want *xlsform.Form, wantErr error, got *xlsform.Form, gotErr error) {
	t.Helper()
	switch {
	case (wantErr == nil) != (gotErr == nil):
		t.Errorf("%s: was %v, is %v", what, wantErr, gotErr)
	case wantErr != nil:
		if a, b := firstCode(wantErr), firstCode(gotErr); a != b {
			t.Errorf("%s: another error: was %v, is %v", what, wantErr, gotErr)
		}
	default:
		a, errA := Canonical(want.XForm)
		b, errB := Canonical(got.XForm)
		if errA != nil || errB != nil || string(a) != string(b) {
			t.Errorf("%s: another form: %v %v %s", what, errA, errB, firstDifference(a, b))
		}
		if !bytes.Equal(want.ItemsetsCSV, got.ItemsetsCSV) {
			t.Errorf("%s: another itemsets file", what)
		}
	}
}

func firstCode(err error) string {
	var list xlsform.Errors
	if errors.As(err, &list) && len(list) > 0 {
		return list[0].Code
	}
	return err.Error()
}

// TestTablesAndSpreadsheetsGiveTheSameForm writes every workbook of the corpus as
// a spreadsheet program does: numbers as numbers, truth values as such. Every
// fourth one, all with LINTAS_SLOW.
func TestTablesAndSpreadsheetsGiveTheSameForm(t *testing.T) {
	n := 0
	for i, c := range shared(t) {
		if i%4 != 0 && os.Getenv("LINTAS_SLOW") == "" {
			continue
		}
		w := book(t, c)
		if w == nil || !spreadsheet(w) {
			continue
		}
		n++
		data := asSpreadsheet(t, w)
		read, err := xlsform.Read("form.xlsx", data, xlsform.Limits{})
		if err != nil {
			t.Errorf("%s: %v", c.ID, err)
			continue
		}
		read.FormName, read.FallbackName = w.FormName, w.FallbackName
		want, wantErr := xlsform.Compile(w, xlsform.Options{})
		got, gotErr := xlsform.Compile(read, xlsform.Options{})
		compare(t, c.ID+", as a spreadsheet", want, wantErr, got, gotErr)
	}
	if n < 150 {
		t.Errorf("only %d workbooks", n)
	}
}

// spreadsheet tells whether a table can be written as one: each filled cell under
// a heading, and no spaces that a spreadsheet's reader takes away.
func spreadsheet(w *xlsform.Workbook) bool {
	if len(w.Names) > 0 || len(w.Sheets) == 0 {
		return false
	}
	seen := map[string]bool{}
	for _, s := range w.Sheets {
		if seen[strings.ToLower(s.Name)] || s.Name == "" || len(s.Name) > 31 || len(s.Header) == 0 || slices.Contains(s.Header, "") || slices.ContainsFunc(s.Header, loose) {
			return false
		}
		seen[strings.ToLower(s.Name)] = true
		for _, r := range s.Rows {
			if len(r.Cells) > len(s.Header) || slices.ContainsFunc(r.Cells, loose) {
				return false
			}
		}
	}
	return true
}

func loose(s string) bool {
	return strings.TrimSpace(s) != s || strings.Contains(s, "  ") || strings.ContainsAny(s, "\u00a0\r")
}

func asSpreadsheet(t *testing.T, w *xlsform.Workbook) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, s := range w.Sheets {
		var err error
		if i == 0 {
			err = f.SetSheetName("Sheet1", s.Name)
		} else {
			_, err = f.NewSheet(s.Name)
		}
		if err != nil {
			t.Fatal(err)
		}
		for j, h := range s.Header {
			put(t, f, s.Name, j+1, 1, h)
		}
		for _, r := range s.Rows {
			for j, c := range r.Cells {
				if c != "" {
					put(t, f, s.Name, j+1, r.Number, asCell(c))
				}
			}
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// asCell is what a person's typing becomes in a spreadsheet.
func asCell(s string) any {
	if s == "TRUE" || s == "FALSE" {
		return s == "TRUE"
	}
	if v, err := strconv.ParseFloat(s, 64); err == nil && strconv.FormatFloat(v, 'f', -1, 64) == s {
		return v
	}
	return s
}

func put(t *testing.T, f *excelize.File, sheet string, col, row int, v any) {
	t.Helper()
	cell, err := excelize.CoordinatesToCellName(col, row)
	if err == nil {
		err = f.SetCellValue(sheet, cell, v)
	}
	if err != nil {
		t.Fatal(err)
	}
}
