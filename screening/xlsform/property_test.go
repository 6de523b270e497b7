package xlsform_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
	"pgregory.net/rapid"

	"lintas/screening/xlsform"
)

// table is a sheet being drawn.
type table struct {
	name   string
	header []string
	rows   [][]string
}

// drawForm draws a valid workbook: groups and repeats in each other, references
// to questions anywhere, translations with gaps, choices with filters.
func drawForm(t *rapid.T) []table {
	header := []string{"type", "name", "label::English (en)", "label::Khmer (km)", "hint::English (en)", "relevant", "calculation", "default", "choice_filter", "constraint", "constraint_message::English (en)", "repeat_count"}
	survey := table{name: "survey", header: header}
	var names []string // of questions that may be referred to
	ref := func() string {
		if len(names) == 0 {
			return "1"
		}
		return "${" + rapid.SampledFrom(names).Draw(t, "reference") + "}"
	}
	text := func(label string) string {
		return rapid.SampledFrom([]string{label, label + " " + ref(), ref() + " <" + label + "> & more", "ស្រី " + label, "instance('l0')/root/item[name = " + ref() + "]/label"}).Draw(t, "text")
	}
	maybe := func(s string) string {
		if rapid.Bool().Draw(t, "maybe") {
			return s
		}
		return ""
	}
	var open []string
	n := 0
	lists := rapid.IntRange(1, 3).Draw(t, "lists")
	survey.rows, names = append(survey.rows, []string{"text", "q0", "First"}), append(names, "q0")
	for i := rapid.IntRange(1, 25).Draw(t, "rows"); i > 0; i-- {
		n++
		name := fmt.Sprintf("q%d", n)
		row := make([]string, len(header))
		switch kind := rapid.SampledFrom([]string{"text", "integer", "note", "select", "calculate", "group", "repeat", "end", "date", "from"}).Draw(t, "kind"); kind {
		case "group", "repeat":
			if len(open) > 4 {
				continue
			}
			row[0], row[1], row[2], row[5] = "begin "+kind, fmt.Sprintf("g%d", n), text("Group"), maybe(ref()+" != ''")
			if kind == "repeat" {
				row[11] = maybe(rapid.SampledFrom([]string{"3", ref(), "count(" + ref() + ")"}).Draw(t, "count"))
			}
			open = append(open, kind)
			survey.rows = append(survey.rows, row)
			continue
		case "end":
			if len(open) == 0 {
				continue
			}
			row[0] = "end " + open[len(open)-1]
			open = open[:len(open)-1]
			survey.rows = append(survey.rows, row)
			continue
		case "select":
			row[0] = fmt.Sprintf("select_%s l%d", rapid.SampledFrom([]string{"one", "multiple"}).Draw(t, "select"), rapid.IntRange(0, lists-1).Draw(t, "list"))
			row[8] = maybe("extra = " + ref() + " or name = 'a'")
		case "from":
			row[0], row[8] = "select_one_from_file places.csv", maybe("district = "+ref())
		case "calculate":
			row[0], row[6] = "calculate", rapid.SampledFrom([]string{"1 + 1", "concat(" + ref() + ", 'x')", "pulldata('data', 'a', 'b', " + ref() + ")"}).Draw(t, "calculation")
		default:
			row[0] = kind
			row[7] = maybe(rapid.SampledFrom([]string{"7", "now()", ref()}).Draw(t, "default"))
			row[9] = maybe(". != " + ref())
			row[10] = maybe("Not " + ref())
		}
		row[1] = name
		if row[0] != "calculate" {
			row[2], row[3], row[4] = text("Question"), maybe(text("សំណួរ")), maybe("Hint "+ref())
		}
		row[5] = maybe(ref() + " = 'a'")
		names = append(names, name)
		survey.rows = append(survey.rows, row)
	}
	for len(open) > 0 {
		survey.rows = append(survey.rows, []string{"end " + open[len(open)-1]})
		open = open[:len(open)-1]
	}
	choices := table{name: "choices", header: []string{"list_name", "name", "label::English (en)", "label::Khmer (km)", "image", "extra"}}
	for l := 0; l < lists; l++ {
		for i, name := range []string{"a", "b", "c"}[:rapid.IntRange(1, 3).Draw(t, "choices")] {
			choices.rows = append(choices.rows, []string{fmt.Sprintf("l%d", l), name, text("Choice"), maybe("ជម្រើស"), maybe("p.png"), fmt.Sprint(i)})
		}
	}
	settings := table{name: "settings", header: []string{"form_id", "form_title", "version"}, rows: [][]string{{"drawn", "Drawn & made <up>", "1"}}}
	return []table{survey, choices, settings}
}

func asJSON(t testing.TB, tables []table) []byte {
	sheets := "{"
	for i, s := range tables {
		b, err := json.Marshal(map[string]any{"header": s.header, "rows": s.rows})
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			sheets += ","
		}
		sheets += fmt.Sprintf("%q:%s", s.name, b)
	}
	return []byte(`{"fallback_form_name":"a","sheets":` + sheets + "}}")
}

func asMarkdown(tables []table) []byte {
	var b strings.Builder
	line := func(cells ...string) {
		for _, c := range cells {
			b.WriteString("| " + strings.ReplaceAll(c, "|", `\|`) + " ")
		}
		b.WriteString("|\n")
	}
	for _, s := range tables {
		line(s.name)
		line(append([]string{""}, s.header...)...)
		for _, r := range s.rows {
			line(append([]string{""}, r...)...)
		}
	}
	return []byte(b.String())
}

func asCSV(t testing.TB, tables []table) []byte {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for _, s := range tables {
		rows := append([][]string{{s.name}, append([]string{""}, s.header...)}, nil...)
		for _, r := range s.rows {
			rows = append(rows, append([]string{""}, r...))
		}
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
	}
	return b.Bytes()
}

func asXLSX(t testing.TB, tables []table) []byte {
	f := excelize.NewFile()
	defer f.Close()
	for i, s := range tables {
		if i == 0 {
			if err := f.SetSheetName("Sheet1", s.name); err != nil {
				t.Fatal(err)
			}
		} else if _, err := f.NewSheet(s.name); err != nil {
			t.Fatal(err)
		}
		for y, r := range append([][]string{s.header}, s.rows...) {
			for x, c := range r {
				cell, err := excelize.CoordinatesToCellName(x+1, y+1)
				if err != nil {
					t.Fatal(err)
				}
				if c != "" {
					if err := f.SetCellStr(s.name, cell, c); err != nil {
						t.Fatal(err)
					}
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

func compile(t rapid.TB, name string, data []byte) (*xlsform.Form, error) {
	w, err := xlsform.Read(name, data, xlsform.Limits{})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return xlsform.Compile(w, xlsform.Options{})
}

// cycle tells the one error that a drawn form may have.
func cycle(err error) bool {
	var list xlsform.Errors
	return errors.As(err, &list) && list[0].Code == "screening.xlsform.cycle"
}

func TestEveryKindOfFileGivesTheSameForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tables := drawForm(t)
		want, wantErr := compile(t, "a.json", asJSON(nil, tables))
		if wantErr != nil && !cycle(wantErr) {
			t.Fatal(wantErr)
		}
		for name, data := range map[string][]byte{"a.md": asMarkdown(tables), "a.csv": asCSV(nil, tables), "a.xlsx": asXLSX(nil, tables)} {
			got, err := compile(t, name, data)
			if (err == nil) != (wantErr == nil) {
				t.Fatalf("%s: %v; json: %v", name, err, wantErr)
			}
			if err == nil && !bytes.Equal(got.XForm, want.XForm) {
				t.Fatalf("%s:\n%s\njson:\n%s", name, got.XForm, want.XForm)
			}
		}
	})
}

func TestEveryPathOfADrawnFormNamesANode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		form, err := compile(t, "a.json", asJSON(nil, drawForm(t)))
		if cycle(err) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f := parse(t, form.XForm)
		for _, p := range f.refs {
			if !f.nodes[p] {
				t.Fatalf("%s is no node of the form\n%s", p, form.XForm)
			}
		}
		for _, id := range f.used {
			if !f.instances[id] {
				t.Fatalf("instance %s is not declared\n%s", id, form.XForm)
			}
		}
		for _, id := range f.itext {
			for lang, texts := range f.texts {
				if !texts[id] {
					t.Fatalf("%s has no text %s\n%s", lang, id, form.XForm)
				}
			}
		}
		for _, q := range form.Questions {
			if !f.nodes[q.Path] {
				t.Fatalf("%s is listed but no node", q.Path)
			}
		}
	})
}

func TestComparingAFormWithItselfFindsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		data := asJSON(nil, drawForm(t))
		a, err := compile(t, "a.json", data)
		if err != nil {
			return
		}
		b, _ := compile(t, "a.json", data)
		if !bytes.Equal(a.XForm, b.XForm) {
			t.Fatal("the bytes differ")
		}
		if d := xlsform.Compare(a, b); len(d.Changes) > 0 {
			t.Fatal(d.Changes)
		}
	})
}

// parsed is what a form declares and what it uses.
type parsed struct {
	nodes, instances  map[string]bool
	refs, used, itext []string
	texts             map[string]map[string]bool
}

func parse(t rapid.TB, doc []byte) *parsed {
	f := &parsed{nodes: map[string]bool{}, instances: map[string]bool{}, texts: map[string]map[string]bool{}}
	dec := xml.NewDecoder(bytes.NewReader(doc))
	var stack, node []string
	inInstance, lang := false, ""
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return f
		}
		if err != nil {
			t.Fatalf("%v\n%s", err, doc)
		}
		switch e := tok.(type) {
		case xml.StartElement:
			attr := map[string]string{}
			for _, a := range e.Attr {
				attr[a.Name.Local] = a.Value
			}
			if inInstance {
				node = append(node, e.Name.Local)
				f.nodes["/"+strings.Join(node, "/")] = true
			}
			switch e.Name.Local {
			case "instance":
				if attr["id"] == "" {
					inInstance = true
				}
				f.instances[attr["id"]] = true
			case "translation":
				lang = attr["lang"]
				f.texts[lang] = map[string]bool{}
			case "text":
				if lang != "" && attr["id"] != "" {
					f.texts[lang][attr["id"]] = true
				}
			case "itemset":
				if rest, ok := strings.CutPrefix(attr["nodeset"], "instance('"); ok {
					id, _, _ := strings.Cut(rest, "'")
					f.used = append(f.used, id)
				}
			case "bind", "repeat":
				f.refs = append(f.refs, attr["nodeset"])
			case "input", "select", "select1", "upload", "group", "setvalue":
				f.refs = append(f.refs, attr["ref"])
			}
			for _, v := range attr {
				if rest, ok := strings.CutPrefix(v, "jr:itext('"); ok {
					id, _, _ := strings.Cut(rest, "'")
					f.itext = append(f.itext, id)
				}
			}
			stack = append(stack, e.Name.Local)
		case xml.EndElement:
			top := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			switch {
			case inInstance && len(node) > 0:
				node = node[:len(node)-1]
			case top == "instance":
				inInstance = false
			case top == "itext":
				lang = ""
			}
		}
	}
}

func TestAGroupThatWaitsForAQuestionInsideItIsNeverShown(t *testing.T) {
	for relevant, never := range map[string]bool{"${inside} = 'yes'": true, "selected(${inside}, 'yes')": true, "${outside} = 'yes'": false, "${inside} != 'no'": false, "${inside} = 'yes' or 1 = 1": false} {
		r := xlsform.Check(fromMarkdown(t, "| survey | | | | |\n| | type | name | label | relevant |\n| | text | outside | O | |\n| | begin_group | g | G | "+relevant+" |\n| | text | inside | I | |\n| | end_group | | | |\n"))
		if !r.OK() || len(r.Unreachable) > 0 != never {
			t.Errorf("%s: %v %v", relevant, r.Errors, r.Unreachable)
		}
		if never && r.Unreachable[0].Cell != "B3" {
			t.Errorf("%s: %+v", relevant, r.Unreachable[0])
		}
	}
}
