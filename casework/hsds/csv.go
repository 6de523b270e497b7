package hsds

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	slashpath "path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/unicode"
)

// RowError is one cell or row of a CSV package that could not be read, or that
// somebody should look at. Rows without errors are read all the same.
type RowError struct {
	File    string `json:"file"`
	Row     int    `json:"row"` // 1 is the header of a CSV file, the first object of JSON; 0 is the whole file
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`

	bare  string // the message without what stands in the cell; see Veiled
	table string // where File is that of an object above the row
}

func rowError(file string, row int, column, format string, args ...any) RowError {
	return RowError{File: file, Row: row, Column: column, Message: fmt.Sprintf(format, args...), bare: bare(format, args)}
}

func (e RowError) Error() string {
	where := e.File
	if e.Row > 0 {
		where += fmt.Sprintf(", row %d", e.Row)
	}
	if e.Column != "" {
		where += ", column " + e.Column
	}
	return where + ": " + e.Message
}

// MaxTable bounds one CSV file of a package, MaxPackage all of them, in bytes
// as unpacked: a small archive can hold very much.
const (
	MaxTable   = 64 << 20
	MaxPackage = 256 << 20
)

// ReadCSV reads a CSV package: the files of the specification's names, in the
// folder itself or in the one folder under it that holds them.
func ReadCSV(files fs.FS) (File, error) {
	var out File
	files, err := folderOf(files)
	if err != nil {
		return out, err
	}
	names, err := tablesIn(files, "*")
	if err != nil {
		return out, err
	}
	left := int64(MaxPackage)
	for _, name := range names {
		if !isTable(name) {
			out.Left = append(out.Left, name)
			continue
		}
		f, err := files.Open(name)
		if err != nil {
			return out, err
		}
		in := &io.LimitedReader{R: f, N: min(MaxTable+1, left)}
		before := in.N
		out.ReadTable(name, in)
		f.Close()
		if left -= before - in.N; left <= 0 {
			return out, fmt.Errorf("%w: the package unpacks to more than %d MiB; bring it in parts", ErrShape, MaxPackage>>20)
		}
	}
	if len(names) == len(out.Left) {
		return out, fmt.Errorf("%w: there is no table of the specification, such as services.csv", ErrShape)
	}
	out.giveEligibility()
	return out, nil
}

// folderOf is the folder that holds a table of the specification.
func folderOf(files fs.FS) (fs.FS, error) {
	for _, pattern := range []string{"*", "*/*", "*/*/*"} {
		names, err := tablesIn(files, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if isTable(slashpath.Base(name)) {
				return fs.Sub(files, slashpath.Dir(name))
			}
		}
	}
	return files, nil
}

// tablesIn lists CSV files; names that begin with a dot are an operating
// system's own.
func tablesIn(files fs.FS, pattern string) ([]string, error) {
	names, err := fs.Glob(files, pattern)
	return slices.DeleteFunc(names, func(name string) bool {
		base := slashpath.Base(name)
		return !strings.EqualFold(slashpath.Ext(base), ".csv") || base[0] == '.'
	}), err
}

// isTable says whether a name is that of a table, of 3.0 or earlier.
func isTable(name string) bool {
	_, _, ok := tableOfName(name)
	return ok || isEligibility(name)
}

// isEligibility says whether a file is the table of HSDS 1 and 2 that services
// took into their own row.
func isEligibility(name string) bool {
	return fold(strings.TrimSuffix(strings.ToLower(name), ".csv")) == "eligibility"
}

// ReadTable reads one table by its name, such as services.csv.
func (f *File) ReadTable(name string, in io.Reader) {
	data, err := io.ReadAll(io.LimitReader(in, MaxTable+1))
	if err != nil {
		f.Wrong = append(f.Wrong, RowError{File: name, Message: err.Error()})
		return
	}
	if len(data) > MaxTable {
		f.Wrong = append(f.Wrong, RowError{File: name, Message: "the file is larger than 64 MiB; split it"})
		return
	}
	if data, err = inUTF8(data); err != nil {
		f.Wrong = append(f.Wrong, RowError{File: name, Row: 1, Message: err.Error()})
		return
	}
	if why := f.tooMany(data, separator(data)); why != "" {
		f.Wrong = append(f.Wrong, RowError{File: name, Message: why})
		return
	}
	if table, of, ok := tableOfName(name); ok || isEligibility(name) {
		t := tableReader{file: f, name: name, table: table, of: of}
		t.read(data)
	}
}

// inUTF8 takes off the mark at the start and reads UTF-16, which spreadsheets
// write as "Unicode text" and say in the first two bytes.
func inUTF8(data []byte) ([]byte, error) {
	if bytes.HasPrefix(data, []byte{0xFF, 0xFE}) || bytes.HasPrefix(data, []byte{0xFE, 0xFF}) {
		return unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
	}
	return bytes.TrimPrefix(data, []byte("\uFEFF")), nil
}

// tableReader reads one CSV file.
type tableReader struct {
	file        *File
	name, table string
	of          *former
	object      reflect.Type
	header      []string
	older       bool // a column or the table is one of HSDS 1 or 2
	n           int  // the row, as a spreadsheet counts
}

func (t *tableReader) wrong(column, format string, args ...any) {
	t.file.Wrong = append(t.file.Wrong, rowError(t.name, t.n, column, format, args...))
}

func (t *tableReader) read(data []byte) {
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord = -1
	r.Comma = separator(data)
	end := 0 // the line where the row before ended
	for {
		cells, err := r.Read()
		var wrong *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.As(err, &wrong):
			t.n, end = t.n+wrong.StartLine-end, wrong.Line
			t.wrong(t.columnOf(cells), "a quotation mark stands where none can; write it twice inside a quoted cell (%v)", wrong.Err)
			if t.header == nil {
				return
			}
			continue
		case err != nil:
			t.wrong("", "%v", err)
			return
		}
		// A spreadsheet counts rows, CSV has lines: empty ones are skipped, and
		// a cell may hold several.
		line, _ := r.FieldPos(0)
		t.n += line - end
		end, _ = r.FieldPos(len(cells) - 1)
		end += strings.Count(cells[len(cells)-1], "\n")
		if i := slices.IndexFunc(cells, func(c string) bool { return !utf8.ValidString(c) }); i >= 0 {
			t.wrong(t.columnOf(cells[:i+1]), "is not written in UTF-8; save the table as CSV UTF-8")
			return
		}
		if t.header == nil {
			t.head(cells)
			continue
		}
		t.row(cells)
	}
}

// separator is the sign that takes most names out of the first line.
func separator(data []byte) rune {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, sign := range ";\t|" {
		if n := bytes.Count(line, []byte(string(sign))); n > most {
			best, most = sign, n
		}
	}
	return best
}

// columnOf is the column of the last of these cells.
func (t *tableReader) columnOf(cells []string) string {
	if i := len(cells) - 1; i >= 0 && i < len(t.header) {
		return t.header[i]
	}
	return ""
}

// head reads the header: names of the specification in any case, others as
// they are.
func (t *tableReader) head(cells []string) {
	if t.table == "taxonomies.csv" && slices.ContainsFunc(cells, func(c string) bool { c = strings.TrimSpace(c); return c == "parent_id" || c == "vocabulary" }) {
		t.table = "taxonomy_terms.csv" // what HSDS 1 and 2 called taxonomy
	}
	t.header = make([]string, len(cells))
	if t.table == "" {
		for i, cell := range cells {
			t.header[i] = strings.ToLower(strings.TrimSpace(cell))
		}
		t.file.note(t.name, 1, "", "is a table of HSDS 1 or 2; its rows are kept as the eligibility_description of their service")
		return
	}
	t.object = rowType(t.table)
	names, old := known(t.object), formerColumns[objectName(t.object)]
	t.older = t.of != nil
	for i, cell := range cells {
		cell = strings.TrimSpace(cell)
		if low := plain(cell); names[low] || old[low] != "" || t.of != nil && t.of.columns[low] != "" {
			cell = low
		}
		t.header[i] = cell
		t.older = t.older || !names[cell] && old[cell] != "" || cell == "weekday" || cell == "closed"
	}
	if t.of != nil || t.table != strings.ToLower(t.name) && t.table == "taxonomy_terms.csv" {
		t.file.note(t.name, 1, "", "is a table of HSDS 1 or 2; its rows are kept in %s", t.table)
	}
	t.file.has(t.table, t.object, t.header)
}

// row reads one row below the header.
func (t *tableReader) row(cells []string) {
	before := len(t.file.Wrong)
	values := t.cells(cells)
	if len(values) == 0 && len(t.file.Wrong) == before {
		return // a row of empty cells
	}
	if t.table == "" {
		t.eligibility(values)
		return
	}
	row := reflect.New(t.object).Elem()
	if t.older {
		t.formerRow(row, values)
	} else {
		for name, cell := range values {
			t.set(row, name, cell, nil)
		}
	}
	id := row.FieldByName("ID").String()
	if id == "" && len(t.file.Wrong) == before {
		t.wrong("id", "every row needs an id")
	}
	if len(t.file.Wrong) == before {
		t.file.put(t.table, row, place{file: t.name, row: t.n}, t.of != nil)
	}
}

// cells are a row's values by their columns.
func (t *tableReader) cells(cells []string) map[string]string {
	values := make(map[string]string, len(cells))
	for i, cell := range cells {
		if strings.TrimSpace(cell) == "" {
			continue
		}
		if cell = unguard(cell); i >= len(t.header) {
			t.wrong("", "%d cells under %d headings", len(cells), len(t.header))
			break
		}
		name := t.header[i]
		if name == "" {
			t.wrong("", "a value stands in column %d, which has no heading", i+1)
			continue
		}
		if have, twice := values[name]; twice && have != cell {
			t.wrong(name, "two columns have this name and hold %q and %q; keep one", have, cell)
			continue
		}
		values[name] = cell
	}
	return values
}

// set puts one cell into its field. What the field cannot hold is kept as an
// extension; raw is the cell as JSON when it is known already.
func (t *tableReader) set(row reflect.Value, name, cell string, raw json.RawMessage) {
	field, left := byName(row, name), true
	switch {
	case !field.IsValid():
	case field.Kind() == reflect.String:
		field.SetString(cell)
		return
	case field.Type() == reflect.TypeFor[*float64]():
		var err error
		if left, err = setNumber(field, name, cell); err != nil {
			t.wrong(name, "%v", err)
			return
		}
	}
	if !left {
		return
	}
	extra := row.FieldByName("Extra")
	if extra.IsNil() {
		extra.Set(reflect.ValueOf(Extra{}))
	}
	if raw == nil {
		raw = cellJSON(cell)
	}
	extra.Interface().(Extra)[name] = raw
}

// cellJSON is the value of a cell beyond the specification: a list or an object
// as it was exported, anything else as a text.
func cellJSON(cell string) json.RawMessage {
	if (cell[0] == '{' || cell[0] == '[') && json.Valid([]byte(cell)) {
		return json.RawMessage(cell)
	}
	return quoted(cell)
}

// formerRow reads a row with columns of HSDS 1 or 2.
func (t *tableReader) formerRow(row reflect.Value, values map[string]string) {
	all := make(map[string]json.RawMessage, len(values))
	for name, cell := range values {
		all[name] = quoted(cell)
	}
	t.of.apply(all)
	modernise(t.object, all)
	for name, raw := range all {
		t.set(row, name, textOf(raw), nil)
	}
}

// eligibility keeps a row of HSDS 1 or 2 for the service it belongs to.
func (t *tableReader) eligibility(values map[string]string) {
	if values["service_id"] == "" || values["eligibility"] == "" {
		t.wrong("", "a row of eligibility needs a service_id and an eligibility")
		return
	}
	t.file.eligible = append(t.file.eligible, eligibleRow{place{file: t.name, row: t.n}, values["service_id"], values["eligibility"]})
}

// WriteCSV writes the tables that have rows through create, which opens a file
// of a name; the files hold every column of the specification and then those
// beyond it.
func (d Directory) WriteCSV(create func(name string) (io.Writer, error)) error {
	v := reflect.ValueOf(d)
	for i := range v.NumField() {
		if v.Field(i).Len() == 0 {
			continue
		}
		out, err := create(jsonName(v.Type().Field(i)))
		if err != nil {
			return err
		}
		if err := writeTable(out, v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

// Zip writes the tables and what they hold (datapackage.json) as one archive, a Tabular Data Package.
func (d Directory) Zip(out io.Writer) error {
	z := zip.NewWriter(out)
	described, err := z.Create("datapackage.json")
	if err != nil {
		return err
	}
	if err := errors.Join(d.writeDescriptor(described), d.WriteCSV(z.Create)); err != nil {
		return err
	}
	return z.Close()
}

func writeTable(out io.Writer, table reflect.Value) error {
	header, fields, more := columnsOf(table)
	w := csv.NewWriter(out)
	if err := w.Write(append(header, more...)); err != nil {
		return err
	}
	for i := range table.Len() {
		row := table.Index(i)
		cells := make([]string, 0, len(header)+len(more))
		extra := row.FieldByName("Extra").Interface().(Extra)
		for k, f := range fields {
			text := cell(row.Field(f))
			if raw := extra[header[k]]; text == "" && raw != nil {
				text = extraCell(raw) // what the field could not hold
			}
			cells = append(cells, guard(text))
		}
		for _, name := range more {
			cells = append(cells, guard(extraCell(extra[name])))
		}
		if err := w.Write(cells); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func cell(v reflect.Value) string {
	if v.Kind() == reflect.String {
		return v.String()
	}
	if v.IsNil() {
		return ""
	}
	return strconv.FormatFloat(v.Elem().Float(), 'f', -1, 64)
}

// extraColumns are the columns beyond the specification, sorted.
func extraColumns(table reflect.Value) []string {
	names := map[string]bool{}
	for i := range table.Len() {
		for name := range table.Index(i).FieldByName("Extra").Interface().(Extra) {
			names[name] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// extraCell is a text as it is and anything else as JSON.
func extraCell(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	return string(raw)
}

// guard keeps a spreadsheet from running a text as a formula: whoever publishes
// a directory must not run anything on the machine of somebody who opens it.
// Telephone numbers and negative numbers are no formulas.
func guard(text string) string {
	switch {
	case text == "" || !strings.ContainsRune("=@\t\r+-", rune(text[0])):
		return text
	case text[0] != '+' && text[0] != '-':
		return "'" + text
	case strings.Trim(text[1:], "0123456789 ().-/") == "":
		return text
	}
	return "'" + text
}

// unguard takes off the apostrophe that guard put there.
func unguard(text string) string {
	if len(text) > 1 && text[0] == '\'' && guard(text[1:]) == text {
		return text[1:]
	}
	return text
}
