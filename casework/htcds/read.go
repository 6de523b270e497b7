package htcds

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
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
	buffered := bufio.NewReaderSize(in, 64<<10)
	r := csv.NewReader(buffered)
	r.Comma = separator(buffered)
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	var rows [][]string
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return readRows(rows)
		}
		if err != nil {
			return nil, nil, fmt.Errorf("%w: %v", ErrShape, err)
		}
		if len(rows) > MaxRows {
			return nil, nil, fmt.Errorf("%w: more than %d rows; bring them in parts", ErrShape, MaxRows)
		}
		rows = append(rows, row)
	}
}

// separator is the sign that takes most known names out of the first line.
func separator(in *bufio.Reader) rune {
	start, _ := in.Peek(64 << 10) // what is there; the reader itself meets the error again
	line, _, _ := strings.Cut(strings.TrimPrefix(string(start), "\uFEFF"), "\n")
	best, most := ',', 0
	for _, sign := range []rune{',', ';', '\t'} {
		n := 0
		for _, name := range strings.Split(line, string(sign)) {
			if _, ok := Lookup(strings.Trim(name, "\" \r")); ok {
				n++
			}
		}
		if n > most {
			best, most = sign, n
		}
	}
	return best
}

// unzipLimit bounds what an XLSX file may unpack to. Without it a file of one
// megabyte can fill the machine's memory.
const unzipLimit = 256 << 20

// ReadXLSX reads cases from the first sheet of a workbook.
func ReadXLSX(data []byte) ([]Record, []Issue, error) {
	book, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: unzipLimit, UnzipXMLSizeLimit: 64 << 20, RawCellValue: true,
	})
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrShape, err)
	}
	defer book.Close()
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return nil, nil, fmt.Errorf("%w: the workbook has no sheet", ErrShape)
	}
	rows, err := book.GetRows(sheets[0])
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrShape, err)
	}
	return readRows(rows)
}

// ReadJSON reads one case, a list of cases, or {"records": [...]}.
func ReadJSON(data []byte) ([]Record, []Issue, error) {
	var list []map[string]any
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var top any
	if err := d.Decode(&top); err != nil {
		return nil, nil, fmt.Errorf("%w: %v", ErrShape, err)
	}
	if m, ok := top.(map[string]any); ok {
		if records, ok := m["records"].([]any); ok {
			top = records
		} else {
			top = []any{m}
		}
	}
	items, ok := top.([]any)
	if !ok {
		return nil, nil, fmt.Errorf("%w: a list of cases is expected", ErrShape)
	}
	for _, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, nil, fmt.Errorf("%w: a case must be an object", ErrShape)
		}
		list = append(list, m)
	}
	var records []Record
	var issues []Issue
	for i, m := range list {
		b := builder{row: i + 1}
		keys := make([]string, 0, len(m))
		for k := range m {
			keys = append(keys, k)
		}
		slices.Sort(keys)
		for _, k := range keys {
			b.set(k, texts(m[k]), false)
		}
		records, issues = append(records, b.record), append(issues, b.issues...)
	}
	return records, issues, nil
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

func readRows(rows [][]string) ([]Record, []Issue, error) {
	if len(rows) == 0 || len(rows[0]) == 0 {
		return nil, nil, fmt.Errorf("%w: there is no header", ErrShape)
	}
	header := slices.Clone(rows[0])
	header[0] = strings.TrimPrefix(header[0], "\uFEFF")
	known := false
	for _, h := range header {
		if _, ok := Lookup(h); ok {
			known = true
		}
	}
	if !known {
		return nil, nil, fmt.Errorf("%w: no column has a name of the standard, such as prs_FirstName", ErrShape)
	}
	var records []Record
	var issues []Issue
	for i, row := range rows[1:] {
		b := builder{row: i + 1}
		for j, cell := range row {
			if j >= len(header) {
				b.issue("", fmt.Sprintf("a cell without a heading: %d cells under %d headings", len(row), len(header)), false)
				break
			}
			if strings.TrimSpace(cell) != "" {
				b.set(header[j], []string{cell}, true)
			}
		}
		records, issues = append(records, b.record), append(issues, b.issues...)
	}
	return records, issues, nil
}

type builder struct {
	row    int
	record Record
	issues []Issue
}

func (b *builder) issue(field, message string, warning bool) {
	b.issues = append(b.issues, Issue{b.row, field, message, warning})
}

// set reads one named value; cells says that lists may stand in one text.
func (b *builder) set(name string, values []string, cells bool) {
	f, ok := Lookup(name)
	if !ok {
		if b.record.Other == nil {
			b.record.Other = map[string]string{}
		}
		joined := strings.Join(values, ";")
		if cells {
			joined = unguard(joined)
		}
		b.record.Other[name] = joined
		return
	}
	if cells {
		var parts []string
		for _, v := range values {
			parts = append(parts, f.split(unguard(v))...)
		}
		values = parts
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
	if have := b.record.Values[f.Name]; have != nil && !equal(have, out) {
		b.issue(f.Name, "two spellings of this field hold different values; the first in order was kept", false)
		return
	}
	b.record.Values[f.Name] = out
}
