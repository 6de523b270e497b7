package htcds

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// MaxRows bounds one import; more is better brought in parts.
const MaxRows = 100_000

// ErrShape is returned when a file as a whole cannot be read.
var ErrShape = errors.New("htcds: the file cannot be read as cases")

// ReadCSV reads cases from a table with a header of field names, separated by
// commas, semicolons (as spreadsheets write where the comma is the decimal
// sign) or tabs.
func ReadCSV(in io.Reader) ([]Record, []Issue, error) {
	data, err := io.ReadAll(in)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrShape, err)
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	t := table{}
	r := csv.NewReader(bytes.NewReader(data))
	r.Comma = separator(data)
	r.FieldsPerRecord = -1
	end, n, offset := 0, 0, int64(0)
	for {
		cells, err := r.Read()
		line := data[offset:r.InputOffset()]
		offset = r.InputOffset()
		var wrong *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return t.read()
		case errors.As(err, &wrong):
			n, end = n+wrong.StartLine-end, wrong.Line
			// Mya "May" Hla can be meant in one way only, a quotation mark that
			// opens a cell and does not close it in many: it would take the rows
			// below into its cell.
			if cells = loose(line, r.Comma); cells == nil {
				return nil, nil, fmt.Errorf("%w: row %d: a quotation mark opens a cell and nothing closes it, or it stands inside one; write it twice there", ErrShape, n)
			}
		case err != nil:
			return nil, nil, fmt.Errorf("%w: %v", ErrShape, err)
		default:
			first, _ := r.FieldPos(0)
			n += first - end
			end, _ = r.FieldPos(len(cells) - 1)
			end += strings.Count(cells[len(cells)-1], "\n")
		}
		if len(t.rows) > MaxRows {
			return nil, nil, fmt.Errorf("%w: more than %d rows; bring them in parts", ErrShape, MaxRows)
		}
		t.rows = append(t.rows, tableRow{n, cells})
	}
}

// loose reads one line with quotation marks inside cells that are not quoted;
// nil when a quoted cell is involved.
func loose(line []byte, comma rune) []string {
	text := strings.TrimRight(strings.TrimLeft(string(line), "\r\n"), "\r\n")
	cells := strings.Split(text, string(comma))
	if strings.ContainsAny(text, "\n") || slices.ContainsFunc(cells, func(c string) bool { return strings.HasPrefix(strings.TrimSpace(c), `"`) }) {
		return nil
	}
	return cells
}

// separator is the sign that takes most headings out of a line near the top.
func separator(data []byte) rune {
	best, most := ',', 0
	for range headerWithin {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		for _, sign := range []rune{',', ';', '\t'} {
			var names []string
			for _, name := range strings.Split(string(line), string(sign)) {
				names = append(names, strings.Trim(name, "\" \r"))
			}
			if n := len(fieldsOf(names)); n > most {
				best, most = sign, n
			}
		}
		data = rest
	}
	return best
}

// unzipLimit bounds what an XLSX file may unpack to. Without it a file of one
// megabyte can fill the machine's memory.
const unzipLimit = 256 << 20

// ReadXLSX reads cases from the first sheet of a workbook that has fields of the
// standard in its header.
func ReadXLSX(data []byte) ([]Record, []Issue, error) {
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: unzipLimit, UnzipXMLSizeLimit: 64 << 20, RawCellValue: true,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrShape, err)
	}
	defer book.Close()
	var found table
	var sheet string
	var others []string
	for _, name := range book.GetSheetList() {
		rows, err := book.GetRows(name)
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %v", ErrShape, err)
		}
		t := table{}
		for i, cells := range rows {
			t.rows = append(t.rows, tableRow{i + 1, cells})
		}
		switch {
		case t.header() < 0:
		case sheet == "":
			sheet, found = name, t
		default:
			others = append(others, name)
		}
	}
	if props, err := book.GetWorkbookProps(); err == nil && props.Date1904 != nil {
		found.since1904 = *props.Date1904
	}
	records, issues, err := found.read()
	if len(others) > 0 && err == nil {
		issues = append(issues, Issue{Row: 1, Message: fmt.Sprintf("only the sheet %q was read; %s has fields of the standard, too, and was left out", sheet, strings.Join(others, ", ")), Warning: true})
	}
	return records, issues, err
}

// lists are the names under which programs put the records of a file.
var lists = []string{"records", "cases", "value", "results", "data", "submissions"}

// ReadJSON reads one case, a list of cases, a list under a name such as
// {"records": [...]}, or one case a line. Fields may stand in groups, as forms
// write them.
func ReadJSON(data []byte) ([]Record, []Issue, error) {
	var items []any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	for {
		var one any
		err := d.Decode(&one)
		if errors.Is(err, io.EOF) && len(items) > 0 {
			break
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %v", ErrShape, err)
		}
		items = append(items, one)
	}
	if len(items) == 1 {
		items = inside(items[0])
	}
	if len(items) > MaxRows {
		return nil, nil, fmt.Errorf("%w: more than %d cases; bring them in parts", ErrShape, MaxRows)
	}
	var records []Record
	var issues []Issue
	known := len(items) == 0
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, nil, fmt.Errorf("%w: a case must be an object, and number %d is none", ErrShape, i+1)
		}
		b := builder{row: i + 1}
		b.object(m, 0)
		known = known || len(b.record.Values)+len(b.issues) > 0
		b.record.Row = b.row
		records, issues = append(records, b.record), append(issues, b.issues...)
	}
	if !known {
		return nil, nil, fmt.Errorf("%w: no case has a field of the standard, such as prs_FirstName", ErrShape)
	}
	return records, issues, nil
}

// inside are the cases in a file's one value.
func inside(top any) []any {
	if list, ok := top.([]any); ok {
		return list
	}
	m, ok := top.(map[string]any)
	if !ok {
		return []any{top} // refused as no object
	}
	for _, name := range lists {
		if list, ok := m[name].([]any); ok {
			return list
		}
	}
	return []any{m}
}

// maxGroups bounds how deep groups of fields stand in one another.
const maxGroups = 8

// object reads the fields of an object and of the groups in it.
func (b *builder) object(m map[string]any, depth int) {
	for _, k := range slices.Sorted(maps.Keys(m)) {
		_, known := heading(k)
		if group, ok := m[k].(map[string]any); ok && !known && depth < maxGroups {
			b.object(group, depth+1)
			continue
		}
		_, isText := m[k].(string)
		b.set(k, texts(m[k]), isText)
	}
}

// texts writes a JSON value as the texts a cell would hold.
func texts(v any) []string {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		var out []string
		for _, one := range v {
			out = append(out, texts(one)...)
		}
		return out
	case string:
		return []string{v}
	case map[string]any:
		raw, _ := json.Marshal(v) // came from JSON
		return []string{string(raw)}
	}
	return []string{fmt.Sprint(v)}
}

// table is a table of cells; rows are counted as a spreadsheet counts them.
type table struct {
	rows      []tableRow
	since1904 bool // days are counted from 1904, as workbooks of old Macintoshes do
}

type tableRow struct {
	n     int
	cells []string
}

// headerWithin is how far down the header is looked for: templates have a title
// and an explanation above it.
const headerWithin = 20

// header is the place of the row with the headings; negative when there is none.
func (t table) header() int {
	for i, row := range t.rows[:min(len(t.rows), headerWithin)] {
		filled := 0
		for _, cell := range row.cells {
			if strings.TrimSpace(cell) != "" {
				filled++
			}
		}
		// Below the first row a field's name may stand in a sentence, or in a
		// list of fields: a header has several.
		if n := len(fieldsOf(row.cells)); n > 0 && (i == 0 || n > 2 && 2*n >= filled || n == filled) {
			return i
		}
	}
	return -1
}

// read reads the rows below the header.
func (t table) read() ([]Record, []Issue, error) {
	at := t.header()
	if at < 0 {
		if len(t.rows) == 0 {
			return nil, nil, fmt.Errorf("%w: there is no header", ErrShape)
		}
		return nil, nil, fmt.Errorf("%w: no column has a name of the standard, such as prs_FirstName", ErrShape)
	}
	header := slices.Clone(t.rows[at].cells)
	if !slices.ContainsFunc(header, func(h string) bool { _, ok := heading(h); return ok }) {
		for i, h := range header { // a template that shows people the labels
			if f, ok := byLabel[fold(h)]; ok {
				header[i] = f.Name
			}
		}
	}
	var records []Record
	var issues []Issue
	for _, row := range t.rows[at+1:] {
		if labels(header, row.cells) {
			continue
		}
		b := builder{row: row.n - t.rows[at].n, sheetRow: row.n, since1904: t.since1904}
		for j, cell := range row.cells {
			b.column = j + 1
			switch {
			case strings.TrimSpace(cell) == "":
			case j >= len(header) || strings.TrimSpace(header[j]) == "":
				b.issue("", fmt.Sprintf("a value without a heading: %d cells under %d headings", len(row.cells), len(header)), false)
			default:
				b.set(header[j], []string{cell}, true)
			}
		}
		if b.record.Row = b.row; len(b.record.Values)+len(b.record.Other)+len(b.issues) == 0 {
			continue // an empty row
		}
		records, issues = append(records, b.record), append(issues, b.issues...)
	}
	return records, issues, nil
}

// labels says that a row repeats the headings in words, as second headers do.
func labels(header, cells []string) bool {
	n := 0
	for i, cell := range cells {
		if strings.TrimSpace(cell) == "" {
			continue
		}
		if i >= len(header) {
			return false
		}
		f, ok := heading(header[i])
		if !ok || fold(cell) != fold(f.Label) && fold(cell) != fold(f.Name) {
			return false
		}
		n++
	}
	return n > 1
}

type builder struct {
	row       int
	sheetRow  int // 0 where the file has no cells
	column    int
	since1904 bool
	record    Record
	issues    []Issue
	parts     map[string]bool // lists that came in a column for each value
}

func (b *builder) issue(field, message string, warning bool) {
	i := Issue{Row: b.row, Field: field, Message: message, Warning: warning}
	if b.sheetRow > 0 {
		i.Cell, _ = excelize.CoordinatesToCellName(b.column, b.sheetRow) // empty beyond what a sheet has
	}
	b.issues = append(b.issues, i)
}

// set reads one named value; cells says that lists may stand in one text.
func (b *builder) set(name string, values []string, cells bool) {
	f, ok := heading(name)
	if !ok {
		if f, value, ok := part(name); ok {
			b.setPart(f, value, values)
			return
		}
		b.other(name, values, cells)
		return
	}
	if cells {
		var parts []string
		for _, v := range values {
			parts = append(parts, f.split(unguard(v))...)
		}
		values = parts
	}
	if f.Type == Date && b.since1904 && len(values) == 1 {
		if n, err := strconv.ParseFloat(values[0], 64); err == nil {
			values = []string{strconv.FormatFloat(n+days1904, 'f', -1, 64)}
		}
	}
	out, warning, err := f.Normalise(values)
	switch {
	case err != nil:
		b.issue(f.Name, err.Error(), false)
		return
	case warning != "":
		b.issue(f.Name, warning, true)
	}
	if len(out) == 0 {
		return
	}
	if b.record.Values == nil {
		b.record.Values = map[string][]string{}
	}
	have := b.record.Values[f.Name]
	if b.parts[f.Name] { // the list as one text, beside a column for each value
		for _, v := range have {
			if !slices.Contains(out, v) {
				out = append(out, v)
			}
		}
		have = nil
	}
	if have != nil && !equal(have, out) {
		b.issue(f.Name, "two spellings of this field hold different values; the first in order was kept", false)
		return
	}
	b.record.Values[f.Name] = out
}

// days1904 lie between the two days from which workbooks count.
const days1904 = 1462

// setPart reads one column of a list that has a column for each value.
func (b *builder) setPart(f Field, value string, values []string) {
	for _, v := range values {
		chosen, _, err := boolean(strings.TrimSpace(v))
		if err != nil {
			b.issue(f.Name, fmt.Sprintf("%q stands under one value of a list, where yes or no is expected", v), false)
			return
		}
		have := b.record.Values[f.Name]
		if chosen != "true" || slices.Contains(have, value) {
			continue
		}
		if b.record.Values == nil {
			b.record.Values = map[string][]string{}
		}
		if b.parts == nil {
			b.parts = map[string]bool{}
		}
		b.parts[f.Name] = true
		b.record.Values[f.Name] = append(have, value)
	}
}

// other keeps what the standard has no field for.
func (b *builder) other(name string, values []string, cells bool) {
	if b.record.Other == nil {
		b.record.Other = map[string]string{}
	}
	if name = strings.TrimSpace(name); fold(name) == "caseid" {
		name = "case_id"
	}
	joined := strings.Join(values, ";")
	if cells {
		joined = unguard(joined)
	}
	if have, twice := b.record.Other[name]; twice && have != joined && name == "case_id" {
		b.issue(name, "two columns of this name hold different values; keep one", false)
		return
	}
	b.record.Other[name] = joined
}
