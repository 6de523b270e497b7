package hsds

import (
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// File is what a file of a directory held.
type File struct {
	Directory
	// Wrong are the rows that cannot be read; the others were read.
	Wrong []RowError
	// Left are tables and files that are no part of HSDS 3.0 and were left out.
	Left []string
}

// ErrShape is returned when a file as a whole is nothing that HSDS knows.
var ErrShape = errors.New("hsds: neither tables nor objects of HSDS 3.0")

// ReadJSON reads whatever JSON HSDS 3.0 comes in: the tables of the tabular
// form, one object of any kind, a list of objects, a page of the read API, or
// one object a line. Objects under others that have no id of their own get one
// from where they stand, so that bringing the same file twice adds nothing.
func ReadJSON(data []byte) (File, error) {
	values, err := split(bytes.TrimPrefix(data, []byte("\uFEFF")))
	if err != nil {
		return File{}, err
	}
	r := reader{flat: flattener{at: map[string]int{}}}
	if len(values) == 1 {
		err = r.top(values[0])
	} else {
		err = r.list(values)
	}
	if err != nil {
		return File{}, err
	}
	for _, l := range r.flat.losses {
		r.file.Wrong = append(r.file.Wrong, RowError{File: l.Table, Message: l.String()})
	}
	r.file.Directory = r.flat.dir
	return r.file, nil
}

// split takes apart values that stand one after another (NDJSON).
func split(data []byte) ([]json.RawMessage, error) {
	var out []json.RawMessage
	d := json.NewDecoder(bytes.NewReader(data))
	for {
		var v json.RawMessage
		switch err := d.Decode(&v); {
		case errors.Is(err, io.EOF) && len(out) > 0:
			return out, nil
		case err != nil:
			return nil, fmt.Errorf("%w: %v", ErrShape, err)
		}
		out = append(out, v)
	}
}

type reader struct {
	flat flattener
	file File
}

func (r *reader) top(value json.RawMessage) error {
	var list []json.RawMessage
	if bytes.HasPrefix(value, []byte("[")) && json.Unmarshal(value, &list) == nil {
		return r.list(list)
	}
	var o map[string]json.RawMessage
	if err := json.Unmarshal(value, &o); err != nil || o == nil {
		return fmt.Errorf("%w: a list or an object is expected", ErrShape)
	}
	if slices.ContainsFunc(slices.Collect(maps.Keys(o)), func(k string) bool { return strings.HasSuffix(k, ".csv") }) {
		return r.tables(o)
	}
	if json.Unmarshal(o["contents"], &list) == nil && o["contents"] != nil {
		return r.list(list)
	}
	if o["openapi_url"] != nil && o["version"] != nil {
		return nil // the description of an API, which holds no rows
	}
	return r.list([]json.RawMessage{value})
}

// list reads objects, each of the kind that its fields say.
func (r *reader) list(values []json.RawMessage) error {
	for i, value := range values {
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(value, &fields); err != nil {
			return fmt.Errorf("%w: value %d is no object", ErrShape, i+1)
		}
		t := kindOf(fields)
		if t == nil {
			r.wrong("object", i+1, "", "has no kind that HSDS 3.0 knows; a service needs an id, a name and a status")
			continue
		}
		v := reflect.New(t)
		if err := json.Unmarshal(value, v.Interface()); err != nil {
			r.wrong(objectName(t), i+1, "", err.Error())
			continue
		}
		if v.Elem().FieldByName("ID").String() == "" {
			r.wrong(objectName(t), i+1, "id", "every object needs an id")
			continue
		}
		r.flat.add(v.Elem())
	}
	return nil
}

// tables reads the tabular form.
func (r *reader) tables(o map[string]json.RawMessage) error {
	dir := reflect.ValueOf(&r.flat.dir).Elem()
	for i := range dir.NumField() {
		name := jsonName(dir.Type().Field(i))
		var rows []json.RawMessage
		if raw, ok := o[name]; ok && json.Unmarshal(raw, &rows) != nil {
			return fmt.Errorf("%w: %s is no list of rows", ErrShape, name)
		}
		delete(o, name)
		for n, raw := range rows {
			row := reflect.New(dir.Field(i).Type().Elem())
			switch err := json.Unmarshal(raw, row.Interface()); {
			case err != nil:
				r.wrong(name, n+1, "", err.Error())
			case row.Elem().FieldByName("ID").String() == "":
				r.wrong(name, n+1, "id", "every row needs an id")
			default:
				dir.Field(i).Set(reflect.Append(dir.Field(i), row.Elem()))
			}
		}
	}
	r.file.Left = slices.Sorted(maps.Keys(o))
	return nil
}

func (r *reader) wrong(file string, row int, column, message string) {
	r.file.Wrong = append(r.file.Wrong, RowError{file, row, column, strings.TrimPrefix(message, "json: ")})
}

// kindOf is the kind of object whose fields these are: among the kinds whose
// required fields are there, the one that knows most of them.
func kindOf(fields map[string]json.RawMessage) (kind reflect.Type) {
	best := 0
	dir := reflect.TypeFor[Directory]()
	for i := range dir.NumField() {
		t := dir.Field(i).Type.Elem()
		score := 1
		for name := range fields {
			if known(t)[name] {
				score += 2
			} else {
				score--
			}
		}
		if score > best && required(t, fields) {
			best, kind = score, t
		}
	}
	return kind
}

// required says whether a kind's required fields are there, but for the id,
// which is asked for by name later.
func required(t reflect.Type, fields map[string]json.RawMessage) bool {
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if options == "" && name != "-" && name != "id" && fields[name] == nil {
			return false
		}
	}
	return true
}

// derivedID is the id of an object without one: a UUID (version 5) of its
// parent, its table and its place in the list.
func derivedID(parent string, t reflect.Type, place int) string {
	h := sha1.Sum(fmt.Appendf(nil, "lintas/hsds\x00%s\x00%s\x00%d", parent, objectName(t), place))
	h[6], h[8] = h[6]&0x0f|0x50, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
