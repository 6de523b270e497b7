package xlsform_test

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"lintas/screening/xlsform"
	"lintas/screening/xlsform/corpus"
)

// small keeps a fuzzed input from growing into a large form.
var small = xlsform.Limits{MaxBytes: 1 << 20, MaxUnzipped: 1 << 20, MaxRows: 200, MaxColumns: 60, MaxCells: 5000, MaxText: 1 << 18}

// survive runs everything that is done with a workbook. What must hold: no
// panic, errors with codes and sentences, XML that can be parsed, the same bytes
// twice.
func survive(t *testing.T, name string, data []byte) {
	w, err := xlsform.Read(name, data, small)
	if err != nil {
		told(t, err)
		return
	}
	form, err := xlsform.Compile(w, xlsform.Options{})
	xlsform.Check(w)
	if err != nil {
		told(t, err)
		return
	}
	again, err := xlsform.Compile(w, xlsform.Options{})
	if err != nil || !bytes.Equal(form.XForm, again.XForm) {
		t.Fatal("the second time gives something else")
	}
	if _, err := corpus.Canonical(form.XForm); err != nil {
		t.Fatalf("not XML: %v\n%s", err, form.XForm)
	}
	if d := xlsform.Compare(form, again); len(d.Changes) > 0 {
		t.Fatalf("differs from itself: %v", d.Changes)
	}
}

func told(t *testing.T, err error) {
	var list xlsform.Errors
	if !errors.As(err, &list) || len(list) == 0 {
		t.Fatalf("not told as Errors: %v", err)
	}
	for _, e := range list {
		if !strings.HasPrefix(e.Code, "screening.xlsform.") || e.Message == "" {
			t.Fatalf("an error without code or sentence: %+v", e)
		}
	}
}

const seedForm = `| survey | | | | | | | | |
| | type | name | label::English (en) | hint | relevant | calculation | default | choice_filter | parameters | repeat_count | trigger | save_to |
| | begin_repeat | r | R | | | | | | | count(${a}) | | |
| | select_one l or_other | a | A ${b} | h | ${b} > 1 | | ${b} | | randomize=true seed=1 | | | |
| | integer | b | B instance('l')/root/item[name = ${a}]/label | | | 1 + 1 | 2 | | | | ${a} | p |
| | end_repeat | | | | | | | | | | | |
| | range | c | C | | | | | | start=1 end=9 step=2 | | | |
| | begin_loop over l | d | D | | | | | | | | | |
| | text | e | E %(label)s | | | | | | | | | |
| | end_loop | | | | | | | | | | | |
| choices | | | | |
| | list_name | name | label::English (en) | image | x |
| | l | y | Yes ${c} | y.jpg | 1 |
| settings | | | |
| | form_id | version | instance_name |
| | f | 1 | concat(${c}, 'x') |
| entities | | | |
| | list_name | label |
| | z | ${b} |
`

func FuzzReaderText(f *testing.F) {
	f.Add(byte(0), []byte(seedForm))
	f.Add(byte(1), []byte("survey,,,\n,type,name,label\n,text,q,\"Q, \"\"x\"\"\"\n"))
	f.Add(byte(2), []byte(`{"sheets":{"survey":{"header":["type","name","label"],"rows":[["text","q","Q"],[null,1,true]]}}}`))
	f.Add(byte(3), []byte("| x |\n"))
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		survive(t, [...]string{"a.md", "a.csv", "a.json", "a"}[kind%4], data)
	})
}

func FuzzReaderXLSX(f *testing.F) {
	row := func(cells ...string) string { return inline(cells...) }
	f.Add(`<worksheet><sheetData>`+row("type", "name", "label")+row("text", "q", "Q")+`</sheetData></worksheet>`, `<sst><si><t>a</t></si></sst>`, `<styleSheet/>`)
	f.Add(`<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="b"><v>1</v></c></row><row r="2"><c r="A2" s="1"><v>43000.5</v></c><c r="B2"><f>1+1</f><v>2</v></c></row></sheetData></worksheet>`,
		`<sst><si><r><t>ty</t></r><r><t>pe</t></r><rPh><t>x</t></rPh></si></sst>`, `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`)
	f.Fuzz(func(t *testing.T, sheet, shared, styles string) {
		if len(sheet)+len(shared)+len(styles) > 1<<16 {
			return
		}
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for name, s := range map[string]string{"xl/workbook.xml": oneSheet, "xl/_rels/workbook.xml.rels": oneRel,
			"xl/worksheets/sheet1.xml": sheet, "xl/sharedStrings.xml": shared, "xl/styles.xml": styles} {
			w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.WriteString(w, s); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		survive(t, "a.xlsx", b.Bytes())
	})
}

func FuzzReaderZip(f *testing.F) {
	f.Add(oneSheetBook(f, `<worksheet><sheetData>`+inline("type", "name", "label")+inline("text", "q", "Q")+`</sheetData></worksheet>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			return
		}
		survive(t, "a.xlsx", data)
	})
}

func FuzzExpression(f *testing.F) {
	for _, s := range []string{"${a} + 1", "instance('l')/root/item[name = ${a}]/label", "indexed-repeat(${a}, ${r}, ${b} - 1)", "${last-saved#a}",
		"pulldata('f', 'a', \"b\", ${b})", "1 - 1", "2020-01-01", "${r}[1]/a", "selected(., 'x') and not(${b} > 2 or ${a} = '<&>')", "${", "${}", "${a", "]]>", "a[b[${a}]]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expr string) {
		if len(expr) > 1<<12 || !utf8.ValidString(expr) {
			return
		}
		sheet := func(header []string, rows ...[]string) xlsform.Sheet {
			s := xlsform.Sheet{Header: header, HeaderRow: 1}
			for i, r := range rows {
				s.Rows = append(s.Rows, xlsform.Row{Number: i + 2, Cells: r})
			}
			return s
		}
		survey := sheet([]string{"type", "name", "label", "relevant", "calculation", "default", "constraint", "choice_filter", "repeat_count"},
			[]string{"begin repeat", "r", "R", "", "", "", "", "", expr},
			[]string{"integer", "a", expr, "", "", expr, expr, "", ""},
			[]string{"select_one l", "b", "B", "", "", "", "", expr, ""},
			[]string{"text", "c", "C", expr, "", "", "", "", ""},
			[]string{"text", "d", "D", "", expr, "", "", "", ""},
			[]string{"end repeat"})
		survey.Name = "survey"
		choices := sheet([]string{"list_name", "name", "label"}, []string{"l", "x", expr}, []string{"l", "y", "Y"})
		choices.Name = "choices"
		w := &xlsform.Workbook{Sheets: []xlsform.Sheet{survey, choices}}
		form, err := xlsform.Compile(w, xlsform.Options{})
		xlsform.Check(w)
		if err != nil {
			told(t, err)
			return
		}
		if _, err := corpus.Canonical(form.XForm); err != nil {
			t.Fatalf("not XML: %v\n%s", err, form.XForm)
		}
	})
}
