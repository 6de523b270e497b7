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
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// RowError is one cell or row of a CSV package that could not be read. Rows
// without errors are read all the same.
type RowError struct {
	File    string
	Row     int // 1 is the header
	Column  string
	Message string
}

func (e RowError) Error() string {
	if e.Column == "" {
		return fmt.Sprintf("%s, row %d: %s", e.File, e.Row, e.Message)
	}
	return fmt.Sprintf("%s, row %d, column %s: %s", e.File, e.Row, e.Column, e.Message)
}

// MaxTable bounds one CSV file of a package, in bytes.
const MaxTable = 64 << 20

// ReadCSV reads a CSV package: the files of the specification's names in one
// folder; other files are left alone.
func ReadCSV(files fs.FS) (Directory, []RowError, error) {
	var dir Directory
	var wrong []RowError
	v := reflect.ValueOf(&dir).Elem()
	for i := range v.NumField() {
		name := jsonName(v.Type().Field(i))
		f, err := files.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return dir, wrong, err
		}
		more := readTable(name, io.LimitReader(f, MaxTable+1), v.Field(i))
		f.Close()
		wrong = append(wrong, more...)
	}
	return dir, wrong, nil
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
	header[0] = strings.TrimPrefix(header[0], "\uFEFF")
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
		row := reflect.New(table.Type().Elem()).Elem()
		if bad := readRow(name, n, header, cells, row); len(bad) > 0 {
			wrong = append(wrong, bad...)
			continue
		}
		table.Set(reflect.Append(table, row))
	}
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
