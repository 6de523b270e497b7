package hsds

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"
)

// File is what a file of a directory held.
type File struct {
	Directory
	// Wrong are the rows that cannot be read; the others were read.
	Wrong []RowError
	// Notes are what was read and should be looked at; see Check.
	Notes []RowError
	// Left are tables and files that are no part of HSDS 3.0 and were left out.
	Left []string

	lines    int // of all tables; see tooMany
	places   map[Key]place
	columns  map[string]map[string]bool // of tables read from CSV; see Keep
	eligible []eligibleRow
}

// place is where a row stood, and where it stands in its table now.
type place struct {
	file  string
	row   int
	index int
}

// eligibleRow is a row of HSDS 1 or 2 that became a field of its service.
type eligibleRow struct {
	place
	service, text string
}

func (f *File) note(file string, row int, column, format string, args ...any) {
	f.Notes = append(f.Notes, rowError(file, row, column, format, args...))
}

// has notes which columns a table came with. A column that one file of the
// table lacks is not said by all of its rows.
func (f *File) has(table string, object reflect.Type, header []string) {
	if f.columns == nil {
		f.columns = map[string]map[string]bool{}
	}
	old := formerColumns[objectName(object)]
	names := map[string]bool{}
	for _, name := range header {
		names[cmp.Or(old[name], name)] = true
		names[name] = true
	}
	if have := f.columns[table]; have != nil {
		maps.DeleteFunc(names, func(name string, _ bool) bool { return !have[name] })
	}
	f.columns[table] = names
}

// put adds a row to its table.
func (f *File) put(table string, row reflect.Value, at place, former bool) {
	if !f.twice(&f.Directory, table, row, at, former) {
		rows := tableOf(reflect.ValueOf(&f.Directory).Elem(), row.Type())
		at.index = rows.Len()
		f.places[Key{table, row.FieldByName("ID").String()}] = at
		rows.Set(reflect.Append(rows, row))
	}
}

// twice says whether a row's id is taken. The same row twice counts once; two
// rows that differ are an error; rows of HSDS 1 or 2, of whose tables two became
// one, get an id of their own.
func (f *File) twice(d *Directory, table string, row reflect.Value, at place, former bool) bool {
	if f.places == nil {
		f.places = map[Key]place{}
	}
	id := row.FieldByName("ID").String()
	first, taken := f.places[Key{table, id}]
	if taken && former && first.file != at.file {
		id = derivedID(id+"\x00"+at.file, row.Type(), 0)
		row.FieldByName("ID").SetString(id)
		first, taken = f.places[Key{table, id}]
	}
	if !taken {
		return false
	}
	have := tableOf(reflect.ValueOf(d).Elem(), row.Type()).Index(first.index)
	if reflect.DeepEqual(have.Interface(), row.Interface()) {
		f.note(at.file, at.row, "id", "the same row stands in row %d of %s, too; it counts once", first.row, first.file)
	} else {
		f.Wrong = append(f.Wrong, rowError(at.file, at.row, "id", "%q is the id of row %d of %s, too, which says something else", id, first.row, first.file))
	}
	return true
}

// giveEligibility writes what HSDS 1 and 2 kept in a table of its own into the
// services.
func (f *File) giveEligibility() {
	for _, e := range f.eligible {
		i := slices.IndexFunc(f.Services, func(s Service) bool { return s.ID == e.service })
		switch {
		case i < 0:
			f.note(e.file, e.row, "service_id", "service %q is not in the file; %q is left out", e.service, e.text)
		case f.Services[i].EligibilityDescription == "":
			f.Services[i].EligibilityDescription = e.text
		case !strings.Contains(f.Services[i].EligibilityDescription, e.text):
			f.Services[i].EligibilityDescription += "; " + e.text
		}
	}
	f.eligible = nil
}

// ErrShape is returned when a file as a whole is nothing that HSDS knows.
var ErrShape = errors.New("hsds: neither tables nor objects of HSDS 3.0")

// MaxDepth bounds how deep values stand in one another.
const MaxDepth = 100

// ReadJSON reads whatever JSON HSDS 3.0 comes in: the tables of the tabular
// form, one object of any kind, a list of objects, a page of the read API, or
// one object a line. Objects under others that have no id of their own get one
// from where they stand, so that bringing the same file twice adds nothing.
func ReadJSON(data []byte) (File, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	if !utf8.Valid(data) {
		return File{}, fmt.Errorf("%w: it is not written in UTF-8", ErrShape)
	}
	if tooDeep(data) {
		return File{}, fmt.Errorf("%w: values stand more than %d deep in one another", ErrShape, MaxDepth)
	}
	if why := new(File).tooMany(data, '{'); why != "" {
		return File{}, fmt.Errorf("%w: %s", ErrShape, why)
	}
	values, err := split(data)
	if err != nil {
		return File{}, err
	}
	r := reader{file: File{places: map[Key]place{}}}
	r.flat = flattener{at: map[string]int{}, copies: true, added: func(table, id string, index int) {
		r.file.places[Key{table, id}] = place{r.at.file, r.at.row, index}
	}}
	if len(values) == 1 {
		err = r.top(values[0])
	} else {
		err = r.list(values)
	}
	if err != nil {
		return File{}, err
	}
	r.file.Directory = r.flat.dir
	r.file.giveEligibility()
	return r.file, nil
}

// tooDeep counts brackets outside of texts.
func tooDeep(data []byte) bool {
	depth, inText := 0, false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case inText && c == '\\':
			i++
		case c == '"':
			inText = !inText
		case inText:
		case c == '{' || c == '[':
			if depth++; depth > MaxDepth {
				return true
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return false
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
	at   place // of the object that is read
}

// lists are the names under which APIs put the objects of a page: that of 3.0,
// and those of Open Referral UK 1 and of HSDA.
var lists = []string{"contents", "content", "items", "data", "results"}

func (r *reader) top(value json.RawMessage) error {
	var list []json.RawMessage
	if bytes.HasPrefix(value, []byte("[")) && json.Unmarshal(value, &list) == nil {
		return r.list(list)
	}
	var o map[string]json.RawMessage
	if err := json.Unmarshal(value, &o); err != nil || o == nil {
		return fmt.Errorf("%w: a list or an object is expected", ErrShape)
	}
	if isTabular(o) {
		return r.tables(o)
	}
	for _, name := range lists {
		if o["id"] == nil && o[name] != nil && json.Unmarshal(o[name], &list) == nil {
			return r.list(list)
		}
	}
	if o["openapi_url"] != nil && o["version"] != nil {
		return nil // the description of an API, which holds no rows
	}
	return r.list([]json.RawMessage{value})
}

// isTabular says whether an object's fields are tables: all are lists, and some
// have the name of one.
func isTabular(o map[string]json.RawMessage) bool {
	tables := false
	for name, raw := range o {
		if strings.HasSuffix(name, ".csv") {
			return true
		}
		if raw = bytes.TrimSpace(raw); len(raw) == 0 || raw[0] != '[' {
			return false
		}
		_, _, known := tableOfName(name)
		tables = tables || known
	}
	return tables
}

// list reads objects, each of the kind that its fields say.
func (r *reader) list(values []json.RawMessage) error {
	for i, value := range values {
		r.at = place{file: "object", row: i + 1}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal(value, &fields); err != nil || fields == nil {
			return fmt.Errorf("%w: value %d is no object", ErrShape, i+1)
		}
		t := kindOf(fields)
		if t == nil {
			r.wrong("", "has no kind that HSDS 3.0 knows; a service needs an id, a name and a status, an organization an id, a name and a description")
			continue
		}
		r.at.file = objectName(t)
		v := reflect.New(t)
		if err := json.Unmarshal(value, v.Interface()); err != nil {
			r.wrongValue(err)
			continue
		}
		if blank(v.Elem()) {
			r.wrong("id", "every object needs an id")
			continue
		}
		r.add(v.Elem())
	}
	return nil
}

// tables reads the tabular form.
func (r *reader) tables(o map[string]json.RawMessage) error {
	for _, name := range slices.Sorted(maps.Keys(o)) {
		table, of, ok := tableOfName(name)
		if !ok && !isEligibility(name) {
			r.file.Left = append(r.file.Left, name)
			continue
		}
		var rows []json.RawMessage
		if json.Unmarshal(o[name], &rows) != nil {
			return fmt.Errorf("%w: %s is no list of rows", ErrShape, name)
		}
		for n, raw := range rows {
			r.at = place{file: name, row: n + 1}
			if !ok {
				r.eligibility(raw)
				continue
			}
			r.tableRow(table, of, raw)
		}
	}
	return nil
}

// tableRow reads one row; what stands under it goes into the tables, too.
func (r *reader) tableRow(table string, of *former, raw json.RawMessage) {
	if of != nil {
		var all map[string]json.RawMessage
		if json.Unmarshal(raw, &all) == nil && all != nil {
			of.apply(all)
			raw, _ = json.Marshal(all) // came from JSON
		}
	}
	row := reflect.New(rowType(table))
	switch err := json.Unmarshal(raw, row.Interface()); {
	case err != nil:
		r.wrongValue(err)
	case blank(row.Elem()):
		r.wrong("id", "every row needs an id")
	case !r.file.twice(&r.flat.dir, table, row.Elem(), r.at, of != nil):
		r.add(row.Elem())
	}
}

// blank says that an object has no id to be known by.
func blank(v reflect.Value) bool { return strings.TrimSpace(v.FieldByName("ID").String()) == "" }

func (r *reader) eligibility(raw json.RawMessage) {
	var e struct{ Service_id, Eligibility string }
	if err := json.Unmarshal(raw, &e); err != nil || e.Service_id == "" || e.Eligibility == "" {
		r.wrong("", "a row of eligibility needs a service_id and an eligibility")
		return
	}
	r.file.eligible = append(r.file.eligible, eligibleRow{r.at, e.Service_id, e.Eligibility})
}

// add puts an object into the tables, and names what they could not hold.
func (r *reader) add(v reflect.Value) {
	r.flat.add(v)
	for _, l := range r.flat.losses {
		r.wrong(l.Field, "%s %q stands here twice or in an object before, and says two things: %q and %q", l.Table, l.ID, l.Kept, l.Lost)
		r.file.Wrong[len(r.file.Wrong)-1].table = l.Table
	}
	r.flat.losses = nil
}

func (r *reader) wrong(column, format string, args ...any) {
	r.file.Wrong = append(r.file.Wrong, rowError(r.at.file, r.at.row, column, format, args...))
}

// wrongValue names the field that could not be read.
func (r *reader) wrongValue(err error) {
	var at fieldError
	errors.As(err, &at)
	r.wrong(at.path, "%s", strings.TrimPrefix(err.Error(), "json: "))
}

// oftenMissing are required fields that publishers leave out all the same.
var oftenMissing = []string{"description", "location_type"}

// kindOf is the kind of object whose fields these are: the one that knows most
// of them. Of several that know as many, it is the first that has all that it
// requires; when none has, nobody can say.
func kindOf(fields map[string]json.RawMessage) reflect.Type {
	best, kinds := 0, []reflect.Type{}
	dir := reflect.TypeFor[Directory]()
	for i := range dir.NumField() {
		t := dir.Field(i).Type.Elem()
		if t == reflect.TypeFor[URL]() || t == reflect.TypeFor[Unit]() || t == reflect.TypeFor[ServiceCapacity]() {
			continue // these stand under others only
		}
		score := 1
		for name := range fields {
			if known(t)[name] {
				score += 2
			} else {
				score--
			}
		}
		if score < best || score <= 0 || required(t, fields, oftenMissing) < 0 {
			continue
		}
		if score > best {
			best, kinds = score, nil
		}
		kinds = append(kinds, t)
	}
	for _, t := range kinds {
		if required(t, fields, nil) > 0 {
			return t
		}
	}
	if len(kinds) == 1 {
		return kinds[0]
	}
	return nil
}

// required counts the fields that a kind requires, but for the id, which is
// asked for by name later; it is negative when one is not there.
func required(t reflect.Type, fields map[string]json.RawMessage, without []string) (n int) {
	for i := range t.NumField() {
		name, options, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if options != "" || name == "-" || name == "id" || slices.Contains(without, name) {
			continue
		}
		if n++; fields[name] == nil {
			return -1
		}
	}
	return n
}

// derivedID is the id of an object without one: a UUID (version 5) of its
// parent, its table and its place in the list.
func derivedID(parent string, t reflect.Type, place int) string {
	h := sha1.Sum(fmt.Appendf(nil, "lintas/hsds\x00%s\x00%s\x00%d", parent, objectName(t), place))
	h[6], h[8] = h[6]&0x0f|0x50, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
