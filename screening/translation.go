package screening

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"sort"
	"strings"

	"github.com/xuri/excelize/v2"

	"lintas/kernel/problem"
	"lintas/screening/xlsform"
)

// Translators work on a file of their own: every text of an instrument with its source and its translation,
// as CSV or XLIFF 1.2 or 2.0 (OASIS). What comes back is laid over the published workbook and published as a
// new version, so that every interview still says which words it was held with.

// unit is one text to translate: one cell of the workbook.
type unit struct {
	ID     string // sheet.row.column, e.g. "survey.7.label"
	Sheet  string
	Row    int
	Column string // base of the column's heading, e.g. "label", "hint", "constraint_message"
	Name   string // of the question or choice
	Source string
	Target string
}

var translatedColumns = map[string]bool{"label": true, "hint": true, "guidance_hint": true, "constraint_message": true, "required_message": true}

// heading splits "label::Bahasa Indonesia (id)" into its base and language.
func heading(h string) (base, language string) {
	base, language, found := strings.Cut(h, "::")
	if !found {
		base, language, _ = strings.Cut(h, ":")
	}
	base = strings.ReplaceAll(strings.ToLower(strings.TrimSpace(base)), " ", "_")
	return strings.TrimPrefix(base, "bind::"), strings.TrimSpace(language)
}

// units lists the texts of a workbook with their translation into one language (by code or full name).
func units(w *xlsform.Workbook, def, language string) []unit {
	var out []unit
	for _, name := range []string{"survey", "choices"} {
		s, ok := w.Sheet(name)
		if !ok {
			continue
		}
		source, target := columnsOf(s, def), columnsOf(s, language)
		nameAt := indexOf(s.Header, "name")
		for _, r := range s.Rows {
			for base, at := range source {
				text := cellAt(r, at)
				if text == "" {
					continue
				}
				u := unit{ID: fmt.Sprintf("%s.%d.%s", name, r.Number, base), Sheet: name, Row: r.Number, Column: base, Name: cellAt(r, nameAt), Source: text}
				if at, ok := target[base]; ok {
					u.Target = cellAt(r, at)
				}
				out = append(out, u)
			}
		}
	}
	sort.SliceStable(out, func(i, j int) bool {
		a, b := out[i], out[j]
		if a.Sheet != b.Sheet {
			return a.Sheet > b.Sheet // the survey first
		}
		if a.Row != b.Row {
			return a.Row < b.Row
		}
		return a.Column > b.Column
	})
	return out
}

// columnsOf gives, for each translatable column, where its texts in a language stand. Columns that name no
// language are the default language's.
func columnsOf(s *xlsform.Sheet, language string) map[string]int {
	out := map[string]int{}
	for i, h := range s.Header {
		base, lang := heading(h)
		if translatedColumns[base] && sameLanguage(lang, language) {
			out[base] = i
		}
	}
	return out
}

func sameLanguage(a, b string) bool {
	codeA, _ := languageOf(a)
	codeB, _ := languageOf(b)
	return strings.EqualFold(a, b) || strings.EqualFold(codeA, codeB)
}

func indexOf(header []string, name string) int {
	for i, h := range header {
		if strings.EqualFold(strings.TrimSpace(h), name) {
			return i
		}
	}
	return -1
}

func cellAt(r xlsform.Row, i int) string {
	if i < 0 || i >= len(r.Cells) {
		return ""
	}
	return strings.TrimSpace(r.Cells[i])
}

// translatable is a published workbook with its languages.
type translatable struct {
	book    *xlsform.Workbook
	form    *xlsform.Form
	current InstrumentView
	def     string // default language as the workbook writes it; "" when it names none
}

func (d *Desk) translatable(ctx context.Context, instrument, version string) (t translatable, err error) {
	detail, err := d.Instrument(ctx, instrument)
	if err != nil {
		return t, err
	}
	t.current = detail.InstrumentView
	if version == "" {
		version = t.current.Revision
	}
	revision, err := d.revisionOf(ctx, instrument, version)
	if err != nil {
		return t, err
	}
	data, rev, err := d.RevisionFile(ctx, revision, "workbook")
	if err != nil {
		return t, problem.New(problem.NotFound, "screening.no-workbook", "This version was published without its workbook, so its texts cannot be exchanged.")
	}
	if t.book, err = xlsform.Read(rev.WorkbookName, data, xlsform.Limits{MaxBytes: maxWorkbook}); err != nil {
		return t, err
	}
	t.form, err = xlsform.Compile(t.book, xlsform.Options{})
	if err == nil {
		t.def = t.form.DefaultLanguage
	}
	return t, err
}

// ExportTranslations writes the texts of an instrument for translators. format is csv, xliff (1.2) or xliff2.
func (d *Desk) ExportTranslations(ctx context.Context, instrument, version, language, format string) (content []byte, name string, err error) {
	t, err := d.translatable(ctx, instrument, version)
	if err != nil {
		return nil, "", err
	}
	if language == "" {
		return nil, "", problem.New(problem.Invalid, "screening.translation-language", "Say which language to translate into, e.g. language=id.")
	}
	list := units(t.book, t.def, language)
	code, _ := languageOf(language)
	stem := cleanName(t.current.FormID + "-" + t.current.Version + "-" + code)
	source := firstOf(first(languageOf(t.def)), "en")
	switch format {
	case "", "csv":
		content, err = writeCSV(list)
		return content, stem + ".csv", err
	case "xliff", "xliff1":
		content, err = writeXLIFF1(list, t.current.FormID, source, code)
		return content, stem + ".xlf", err
	case "xliff2":
		content, err = writeXLIFF2(list, t.current.FormID, source, code)
		return content, stem + ".xlf", err
	}
	return nil, "", problem.New(problem.Invalid, "screening.translation-format", "The format must be csv, xliff or xliff2.")
}

// Completeness tells, for each language of an instrument's present version, how much of it is written and what is
// missing, cell by cell.
func (d *Desk) Completeness(ctx context.Context, instrument string) ([]Coverage, error) {
	t, err := d.translatable(ctx, instrument, "")
	if err != nil {
		return nil, err
	}
	c := Checked{Languages: []Coverage{}}
	c.addReport(xlsform.Check(t.book))
	return c.Languages, nil
}

func first(a, _ string) string { return a }

// Translated says what an imported file did.
type Translated struct {
	Language  string             `json:"language"`
	Applied   int                `json:"applied" doc:"Texts that were new or other than before"`
	Unchanged int                `json:"unchanged"`
	Empty     int                `json:"empty" doc:"Texts without a translation in the file"`
	Unknown   []string           `json:"unknown" doc:"Texts of the file that the form does not have"`
	Problems  []TranslationFault `json:"problems" doc:"Translations that were not taken, and why"`
	Checked   *Checked           `json:"checked,omitempty"`
	Published *InstrumentView    `json:"published,omitempty"`
}

// TranslationFault is a translation that was not taken.
type TranslationFault struct {
	ID   string `json:"id"`
	Name string `json:"name,omitempty"`
	Text string `json:"text"`
}

// ImportTranslations lays a translator's file over the current workbook. With a new version it is published;
// without one it is only checked. language is the heading of the new column, e.g. "Bahasa Indonesia (id)".
func (d *Desk) ImportTranslations(ctx context.Context, instrument, language, version string, file []byte) (out Translated, err error) {
	out = Translated{Language: language, Unknown: []string{}, Problems: []TranslationFault{}}
	t, err := d.translatable(ctx, instrument, "")
	if err != nil {
		return out, err
	}
	theirs, err := readTranslations(file)
	if err != nil {
		return out, problem.New(problem.Invalid, "screening.translation-file", "The file cannot be read as CSV or XLIFF: %v.", err)
	}
	if strings.TrimSpace(language) == "" {
		return out, problem.New(problem.Invalid, "screening.translation-file-language", "Say which language the file is in, e.g. Bahasa Indonesia (id).")
	}
	out.apply(t, theirs)
	name, workbook := path.Base(t.current.FormID)+".xlsx", []byte(nil)
	if version != "" {
		setSetting(t.book, "version", version)
	}
	if workbook, err = writeWorkbook(t.book); err != nil {
		return out, err
	}
	u := Upload{Name: name, Workbook: workbook}
	if u.Rules, err = d.rulesApart(ctx, t); err != nil {
		return out, err
	}
	checked, err := d.CheckWorkbook(ctx, u)
	if err != nil {
		return out, err
	}
	checked.Sheets, checked.Preview, checked.XForm = nil, nil, ""
	out.Checked = &checked
	if version == "" || !checked.OK {
		return out, nil
	}
	r, err := d.PublishWorkbook(ctx, u)
	v := viewOf(r)
	out.Published = &v
	return out, err
}

var reference = regexp.MustCompile(`\$\{[^}]*\}`)

// rulesApart are the rules of the present version where its workbook does not carry them: a translated version keeps
// them. nil when the workbook does, or when there are none.
func (d *Desk) rulesApart(ctx context.Context, t translatable) ([]byte, error) {
	if _, ok := t.book.Sheet(indicatorSheet); ok || t.current.Pack == nil {
		return nil, nil
	}
	rules, _, err := d.RevisionFile(ctx, t.current.Revision, "pack")
	return rules, err
}

// apply puts translations into the workbook's cells.
func (out *Translated) apply(t translatable, theirs []unit) {
	ours := map[string]unit{}
	byName := map[string][]unit{}
	for _, u := range units(t.book, t.def, out.Language) {
		ours[u.ID] = u
		byName[u.Sheet+" "+u.Name+" "+u.Column] = append(byName[u.Sheet+" "+u.Name+" "+u.Column], u)
	}
	for _, th := range theirs {
		u, ok := ours[th.ID]
		if !ok || th.Name != "" && u.Name != th.Name { // rows moved since the export
			same := byName[sheetOf(th.ID)+" "+th.Name+" "+columnOf(th.ID)]
			if len(same) != 1 {
				out.Unknown = append(out.Unknown, th.ID)
				continue
			}
			u = same[0]
		}
		switch target := strings.TrimSpace(th.Target); {
		case target == "":
			out.Empty++
		case target == u.Target:
			out.Unchanged++
		case !sameReferences(u.Source, target):
			out.Problems = append(out.Problems, TranslationFault{u.ID, u.Name, "The ${...} in the translation are not those of the source. They stand for answers and must be kept as they are."})
		case th.Source != "" && strings.TrimSpace(th.Source) != u.Source:
			out.Problems = append(out.Problems, TranslationFault{u.ID, u.Name, "The source text was changed since the file was exported. Export again and translate the new text."})
		default:
			setCell(t.book, u, out.Language, target)
			out.Applied++
		}
	}
}

func sheetOf(id string) string { s, _, _ := strings.Cut(id, "."); return s }
func columnOf(id string) string {
	return id[strings.LastIndex(id, ".")+1:]
}

func sameReferences(a, b string) bool {
	x, y := reference.FindAllString(a, -1), reference.FindAllString(b, -1)
	sort.Strings(x)
	sort.Strings(y)
	return strings.Join(x, " ") == strings.Join(y, " ")
}

// setCell writes a translation; the language's column is made when there is none.
func setCell(w *xlsform.Workbook, u unit, language, text string) {
	s, ok := w.Sheet(u.Sheet)
	if !ok {
		return
	}
	at, known := columnsOf(s, language)[u.Column]
	if !known {
		at = len(s.Header)
		s.Header = append(s.Header, u.Column+"::"+language)
		s.Columns = nil
	}
	for i := range s.Rows {
		if s.Rows[i].Number == u.Row {
			for len(s.Rows[i].Cells) <= at {
				s.Rows[i].Cells = append(s.Rows[i].Cells, "")
			}
			s.Rows[i].Cells[at] = text
		}
	}
}

func setSetting(w *xlsform.Workbook, name, value string) {
	s, ok := w.Sheet("settings")
	if !ok {
		w.Sheets = append(w.Sheets, xlsform.Sheet{Name: "settings", Header: []string{name}, HeaderRow: 1, Rows: []xlsform.Row{{Number: 2, Cells: []string{value}}}})
		return
	}
	at := indexOf(s.Header, name)
	if at < 0 {
		at = len(s.Header)
		s.Header = append(s.Header, name)
	}
	if len(s.Rows) == 0 {
		s.Rows = append(s.Rows, xlsform.Row{Number: s.HeaderRow + 1})
	}
	for len(s.Rows[0].Cells) <= at {
		s.Rows[0].Cells = append(s.Rows[0].Cells, "")
	}
	s.Rows[0].Cells[at] = value
}

// writeWorkbook writes the tables as .xlsx, every cell as text.
func writeWorkbook(w *xlsform.Workbook) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	for i, s := range w.Sheets {
		if i == 0 {
			if err := f.SetSheetName("Sheet1", s.Name); err != nil {
				return nil, err
			}
		} else if _, err := f.NewSheet(s.Name); err != nil {
			return nil, err
		}
		for n, cells := range append([]xlsform.Row{{Cells: s.Header}}, s.Rows...) {
			for c, text := range cells.Cells {
				if text == "" {
					continue
				}
				at, err := excelize.CoordinatesToCellName(c+1, n+1)
				if err != nil {
					return nil, err
				}
				if err := f.SetCellStr(s.Name, at, text); err != nil {
					return nil, err
				}
			}
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func writeCSV(list []unit) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff") // spreadsheets take UTF-8 for something else without it
	w := csv.NewWriter(&b)
	w.Write([]string{"id", "name", "source", "target"})
	for _, u := range list {
		w.Write([]string{u.ID, u.Name, u.Source, u.Target})
	}
	w.Flush()
	return b.Bytes(), w.Error()
}

type xliffText struct {
	Space string `xml:"http://www.w3.org/XML/1998/namespace space,attr,omitempty"`
	Text  string `xml:",chardata"`
}

func text(s string) *xliffText {
	if s == "" {
		return nil
	}
	return &xliffText{"preserve", s}
}

type xliff1Unit struct {
	ID     string     `xml:"id,attr"`
	Name   string     `xml:"resname,attr,omitempty"`
	Source *xliffText `xml:"source"`
	Target *xliffText `xml:"target"`
}

type xliff1 struct {
	XMLName xml.Name `xml:"urn:oasis:names:tc:xliff:document:1.2 xliff"`
	Version string   `xml:"version,attr"`
	Files   []struct {
		Original string       `xml:"original,attr"`
		Source   string       `xml:"source-language,attr"`
		Target   string       `xml:"target-language,attr"`
		Type     string       `xml:"datatype,attr"`
		Units    []xliff1Unit `xml:"body>trans-unit"`
	} `xml:"file"`
}

func writeXLIFF1(list []unit, original, source, target string) ([]byte, error) {
	x := xliff1{Version: "1.2"}
	x.Files = append(x.Files, struct {
		Original string       `xml:"original,attr"`
		Source   string       `xml:"source-language,attr"`
		Target   string       `xml:"target-language,attr"`
		Type     string       `xml:"datatype,attr"`
		Units    []xliff1Unit `xml:"body>trans-unit"`
	}{Original: original, Source: source, Target: target, Type: "plaintext"})
	for _, u := range list {
		x.Files[0].Units = append(x.Files[0].Units, xliff1Unit{u.ID, u.Name, text(u.Source), text(u.Target)})
	}
	b, err := xml.MarshalIndent(x, "", "  ")
	return append([]byte(xml.Header), b...), err
}

type xliff2Unit struct {
	ID      string `xml:"id,attr"`
	Name    string `xml:"name,attr,omitempty"`
	Segment []struct {
		State  string     `xml:"state,attr,omitempty"`
		Source *xliffText `xml:"source"`
		Target *xliffText `xml:"target"`
	} `xml:"segment"`
}

type xliff2 struct {
	XMLName xml.Name `xml:"urn:oasis:names:tc:xliff:document:2.0 xliff"`
	Version string   `xml:"version,attr"`
	Source  string   `xml:"srcLang,attr"`
	Target  string   `xml:"trgLang,attr"`
	Files   []struct {
		ID       string       `xml:"id,attr"`
		Original string       `xml:"original,attr"`
		Units    []xliff2Unit `xml:"unit"`
	} `xml:"file"`
}

func writeXLIFF2(list []unit, original, source, target string) ([]byte, error) {
	x := xliff2{Version: "2.0", Source: source, Target: target}
	x.Files = make([]struct {
		ID       string       `xml:"id,attr"`
		Original string       `xml:"original,attr"`
		Units    []xliff2Unit `xml:"unit"`
	}, 1)
	x.Files[0].ID, x.Files[0].Original = "f1", original
	for _, u := range list {
		n := xliff2Unit{ID: u.ID, Name: u.Name}
		state := "initial"
		if u.Target != "" {
			state = "translated"
		}
		n.Segment = append(n.Segment, struct {
			State  string     `xml:"state,attr,omitempty"`
			Source *xliffText `xml:"source"`
			Target *xliffText `xml:"target"`
		}{state, text(u.Source), text(u.Target)})
		x.Files[0].Units = append(x.Files[0].Units, n)
	}
	b, err := xml.MarshalIndent(x, "", "  ")
	return append([]byte(xml.Header), b...), err
}

// readTranslations reads CSV or XLIFF, whichever it is.
func readTranslations(data []byte) ([]unit, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	if !bytes.HasPrefix(bytes.TrimSpace(data), []byte("<")) {
		return readCSV(data)
	}
	root, err := readTree(data) // refuses what an attacker would send
	if err != nil {
		return nil, err
	}
	if root.Name != "xliff" {
		return nil, errors.New("it is XML, but not XLIFF")
	}
	var out []unit
	var walk func(*Node)
	walk = func(n *Node) {
		switch n.Name {
		case "trans-unit":
			out = append(out, unit{ID: n.Attr("id"), Name: n.Attr("resname"), Source: childText(n, "source"), Target: childText(n, "target")})
		case "unit":
			u := unit{ID: n.Attr("id"), Name: n.Attr("name")}
			for _, s := range n.Children { // a tool may have split the text into segments
				if s.Name == "segment" || s.Name == "ignorable" {
					u.Source += childText(s, "source")
					u.Target += childText(s, "target")
				}
			}
			out = append(out, u)
		default:
			for _, c := range n.Children {
				walk(c)
			}
		}
	}
	walk(root)
	return out, nil
}

func childText(n *Node, name string) string {
	if c := n.Child(name); c != nil {
		return c.flat()
	}
	return ""
}

func readCSV(data []byte) ([]unit, error) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	line, _, _ := bytes.Cut(data, []byte("\n"))
	if bytes.Count(line, []byte(";")) > bytes.Count(line, []byte(",")) {
		r.Comma = ';' // as spreadsheets write where the comma is the decimal sign
	}
	header, err := r.Read()
	if err != nil {
		return nil, err
	}
	id, name, source, target := indexOf(header, "id"), indexOf(header, "name"), indexOf(header, "source"), indexOf(header, "target")
	if id < 0 || target < 0 {
		return nil, errors.New("the first line must hold the headings id and target")
	}
	var out []unit
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		row := xlsform.Row{Cells: record}
		out = append(out, unit{ID: cellAt(row, id), Name: cellAt(row, name), Source: cellAt(row, source), Target: cellAt(row, target)})
	}
}
