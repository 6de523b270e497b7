package hsds

import (
	"archive/zip"
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
)

// RowError is one cell or row of a CSV package that could not be read. Rows
// without errors are read all the same.
type RowError struct {
	File    string `json:"file"`
	Row     int    `json:"row"` // 1 is the header of a CSV file, the first object of JSON
	Column  string `json:"column,omitempty"`
	Message string `json:"message"`
}

func (e RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("%s, row %d: %s", e.File, e.Row, e.Message)
	}
	return fmt.Sprintf("%s, row %d, column %s: %s", e.File, e.Row, e.Column, e.Message)
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
	names, err := fs.Glob(files, "*.csv")
	if err != nil {
		return out, err
	}
	left := int64(MaxPackage)
	for _, name := range names {
		if !out.knows(name) {
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
	return out, nil
}

// folderOf is the folder that holds a table of the specification.
func folderOf(files fs.FS) (fs.FS, error) {
	var d File
	for _, pattern := range []string{"*.csv", "*/*.csv"} {
		names, err := fs.Glob(files, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if d.knows(slashpath.Base(name)) {
				return fs.Sub(files, slashpath.Dir(name))
			}
		}
	}
	return files, nil
}

// knows says whether a name is that of a table.
func (f *File) knows(name string) bool {
	return slices.Contains(namesOf(reflect.TypeFor[Directory]()), name)
}

// ReadTable reads one table by its name, such as services.csv.
func (f *File) ReadTable(name string, in io.Reader) {
	v := reflect.ValueOf(&f.Directory).Elem()
	if i := slices.Index(namesOf(v.Type()), name); i >= 0 {
		f.Wrong = append(f.Wrong, readTable(name, in, v.Field(i))...)
	}
}

func readTable(name string, in io.Reader, table reflect.Value) []RowError {
	r := csv.NewReader(in)
	r.FieldsPerRecord = -1
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return []RowError{{File: name, Row: 1, Message: err.Error()}}
	}
	for i := range header {
		header[i] = strings.TrimSpace(strings.TrimPrefix(header[i], "\uFEFF"))
	}
	var wrong []RowError
	for n := 2; ; n++ {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return wrong
		}
		if err == nil && r.InputOffset() > MaxTable {
			return append(wrong, RowError{File: name, Row: n, Message: "the file is larger than 64 MiB; split it"})
		}
		if err != nil {
			wrong = append(wrong, RowError{File: name, Row: n, Message: err.Error()})
			if errors.Is(err, csv.ErrQuote) || errors.Is(err, csv.ErrBareQuote) {
				continue
			}
			return wrong
		}
		if i := slices.IndexFunc(cells, func(c string) bool { return !utf8.ValidString(c) }); i >= 0 {
			return append(wrong, RowError{name, n, columnOf(header, i), "is not written in UTF-8; save the table as CSV UTF-8"})
		}
		row := reflect.New(table.Type().Elem()).Elem()
		if bad := readRow(name, n, header, cells, row); len(bad) > 0 {
			wrong = append(wrong, bad...)
			continue
		}
		table.Set(reflect.Append(table, row))
	}
}

func columnOf(header []string, i int) string {
	if i < len(header) {
		return header[i]
	}
	return ""
}

func readRow(file string, n int, header, cells []string, row reflect.Value) []RowError {
	var wrong []RowError
	if len(cells) > len(header) {
		wrong = append(wrong, RowError{file, n, "", fmt.Sprintf("%d cells under %d headings", len(cells), len(header))})
		cells = cells[:len(header)]
	}
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		field := byName(row, header[i])
		switch {
		case !field.IsValid() || field.Kind() != reflect.String && field.Type() != reflect.TypeFor[*float64]():
			extra := row.FieldByName("Extra")
			if extra.IsNil() {
				extra.Set(reflect.ValueOf(Extra{}))
			}
			text, _ := json.Marshal(cell) // a string always marshals
			extra.Interface().(Extra)[header[i]] = text
		case field.Kind() == reflect.String:
			field.SetString(cell)
		default:
			number, err := strconv.ParseFloat(cell, 64)
			if err != nil {
				wrong = append(wrong, RowError{file, n, header[i], fmt.Sprintf("%q is not a number", cell)})
				continue
			}
			field.Set(reflect.ValueOf(&number))
		}
	}
	if row.FieldByName("ID").String() == "" && len(wrong) == 0 {
		wrong = append(wrong, RowError{file, n, "id", "every row needs an id"})
	}
	return wrong
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

// Zip writes the tables as one zip archive.
func (d Directory) Zip(out io.Writer) error {
	z := zip.NewWriter(out)
	if err := d.WriteCSV(z.Create); err != nil {
		return err
	}
	return z.Close()
}

func writeTable(out io.Writer, table reflect.Value) error {
	t := table.Type().Elem()
	var header []string
	var fields []int
	for i := range t.NumField() {
		f := t.Field(i)
		if isObjects(f.Type) || f.Name == "Extra" || (f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct) {
			continue
		}
		header, fields = append(header, jsonName(f)), append(fields, i)
	}
	more := extraColumns(table)
	w := csv.NewWriter(out)
	if err := w.Write(append(header, more...)); err != nil {
		return err
	}
	for i := range table.Len() {
		row := table.Index(i)
		cells := make([]string, 0, len(header)+len(more))
		for _, f := range fields {
			cells = append(cells, cell(row.Field(f)))
		}
		extra := row.FieldByName("Extra").Interface().(Extra)
		for _, name := range more {
			cells = append(cells, extraCell(extra[name]))
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
