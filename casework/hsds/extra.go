package hsds

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"

	"lintas/casework/calendar"
)

// Extra holds fields beyond the schema, as they were written. A value that a
// field of the schema cannot hold (a count that is no number) stands here, too,
// under that field's name.
type Extra map[string]json.RawMessage

// read fills bare (the object without its methods) and returns what is left.
// A number where the schema has a text, and a number written as a text, are
// read all the same: the specification's own tabular example has both.
//
// Each value under the object is read once. Reading it a second time after a
// first try would double the work with every level: a file of a few kilobytes
// would never be finished.
func read(data []byte, bare any, object reflect.Type) (Extra, error) {
	if alone(data) { // nothing under it; most rows hold nothing beyond the schema
		strict := json.NewDecoder(bytes.NewReader(data))
		strict.DisallowUnknownFields()
		if strict.Decode(bare) == nil {
			return nil, nil
		}
		reflect.ValueOf(bare).Elem().SetZero()
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, errors.New("is no object")
	}
	recase(all, known(object))
	modernise(object, all)
	v := reflect.ValueOf(bare).Elem()
	for i, name := range namesOf(object) {
		raw, ok := all[name]
		if !ok || name == "-" {
			continue
		}
		left, err := set(v.Field(i), name, raw)
		if err != nil {
			return nil, under(name, err)
		}
		if !left {
			delete(all, name)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// alone says that no object and no list stands inside an object.
func alone(data []byte) bool {
	return len(data) > 1 && bytes.IndexByte(data[1:], '{') < 0 && bytes.IndexByte(data[1:], '[') < 0
}

// recase brings the names of the schema into its own case: ID is id, Minimum Age
// minimum_age. It refuses nothing: a row that is stored must stay readable.
func recase(all map[string]json.RawMessage, names map[string]bool) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		as := cmp.Or(strings.TrimSpace(name), "unnamed")
		if low := plain(as); names[low] {
			as = low
		}
		if as == name {
			continue
		}
		for _, taken := all[as]; taken; _, taken = all[as] {
			as += "_2"
		}
		all[as] = all[name]
		delete(all, name)
	}
}

// plain is a name as the schema would write it.
func plain(name string) string {
	return strings.NewReplacer(" ", "_", "-", "_").Replace(strings.ToLower(name))
}

// set puts a JSON value into a field. left says that the value is kept in Extra
// because the field cannot hold it.
func set(field reflect.Value, name string, raw json.RawMessage) (left bool, err error) {
	raw = bytes.TrimSpace(raw)
	if len(raw) == 0 || bytes.Equal(raw, []byte("null")) {
		return false, nil
	}
	text, isText := "", raw[0] == '"'
	if isText {
		if err := json.Unmarshal(raw, &text); err != nil {
			return false, err
		}
	}
	switch {
	case field.Kind() == reflect.String && isText:
		field.SetString(text)
	case field.Kind() == reflect.String && (name == "extent" || raw[0] != '{' && raw[0] != '['):
		field.SetString(string(raw)) // GeoJSON, a number, true
	case field.Kind() == reflect.String:
		return false, errors.New("is a list or an object where a text is expected")
	case field.Type() == reflect.TypeFor[*float64]():
		if !isText {
			text = string(raw)
		}
		return setNumber(field, name, text)
	case raw[0] != '[' && raw[0] != '{':
		return true, nil // a text where objects are expected, as a table may have
	case isObjects(field.Type()) && raw[0] == '[':
		return false, setList(field, raw)
	case isObjects(field.Type()):
		return false, errors.New("is no list")
	default:
		return false, json.Unmarshal(raw, field.Addr().Interface())
	}
	return false, nil
}

// setList reads a list of objects one by one, so that what is wrong has a place.
func setList(field reflect.Value, raw json.RawMessage) error {
	var items []json.RawMessage
	if err := json.Unmarshal(raw, &items); err != nil {
		return errors.New("is no list")
	}
	list := reflect.MakeSlice(field.Type(), len(items), len(items))
	for i, item := range items {
		if err := json.Unmarshal(item, list.Index(i).Addr().Interface()); err != nil {
			return under("["+strconv.Itoa(i+1)+"]", err)
		}
	}
	if len(items) > 0 {
		field.Set(list)
	}
	return nil
}

// needed are the numbers that something is decided by: who is accepted, where
// it is, what it costs. A row where one cannot be read is refused; another
// number is kept as it was written.
var needed = map[string]bool{"minimum_age": true, "maximum_age": true, "latitude": true, "longitude": true, "amount": true, "available": true}

func setNumber(field reflect.Value, name, text string) (left bool, err error) {
	n, ok := calendar.Number(text)
	switch {
	case strings.TrimSpace(text) == "":
	case ok:
		field.Set(reflect.ValueOf(&n))
	case needed[name]:
		return false, errors.New(strconv.Quote(text) + " is not a number, such as 18 or 13.75")
	default:
		return true, nil
	}
	return false, nil
}

// fieldError is what is wrong with a value under an object, and the way to it.
type fieldError struct {
	path string
	err  error
}

func (e fieldError) Error() string { return e.err.Error() }

// under lengthens the way to what is wrong.
func under(name string, err error) error {
	var deeper fieldError
	if !errors.As(err, &deeper) {
		return fieldError{name, err}
	}
	dot := "."
	if strings.HasPrefix(deeper.path, "[") {
		dot = ""
	}
	return fieldError{name + dot + deeper.path, deeper.err}
}

// write is plain with its extra fields after its own.
func write(plain any, extra Extra) ([]byte, error) {
	own, err := json.Marshal(plain)
	if err != nil || len(extra) == 0 {
		return own, err
	}
	if extra, err = besides(own, extra); err != nil || len(extra) == 0 {
		return own, err
	}
	more, err := json.Marshal(extra)
	if err != nil {
		return nil, err
	}
	own = bytes.TrimSuffix(own, []byte("}"))
	if len(own) > 1 {
		own = append(own, ',')
	}
	return append(own, more[1:]...), nil
}

// besides is what of extra has a name that the object does not write itself: a
// list that the tables gave goes before a text of that name.
func besides(own []byte, extra Extra) (Extra, error) {
	var written map[string]json.RawMessage
	for name := range extra {
		if !bytes.Contains(own, []byte(`"`+name+`":`)) {
			continue
		}
		if written == nil {
			if err := json.Unmarshal(own, &written); err != nil {
				return nil, err
			}
			extra = maps.Clone(extra)
		}
		if written[name] != nil {
			delete(extra, name)
		}
	}
	return extra, nil
}

var knownNames sync.Map // reflect.Type -> map[string]bool

// known lists the JSON names of a struct.
func known(t reflect.Type) map[string]bool {
	if names, ok := knownNames.Load(t); ok {
		return names.(map[string]bool)
	}
	names := map[string]bool{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		if name != "-" { // a field of that very name is somebody's extension
			names[name] = true
		}
	}
	knownNames.Store(t, names)
	return names
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Organization) UnmarshalJSON(data []byte) (err error) {
	type plain Organization
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Organization) MarshalJSON() ([]byte, error) {
	type plain Organization
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Program) UnmarshalJSON(data []byte) (err error) {
	type plain Program
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Program) MarshalJSON() ([]byte, error) {
	type plain Program
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Service) UnmarshalJSON(data []byte) (err error) {
	type plain Service
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Service) MarshalJSON() ([]byte, error) {
	type plain Service
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *ServiceAtLocation) UnmarshalJSON(data []byte) (err error) {
	type plain ServiceAtLocation
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o ServiceAtLocation) MarshalJSON() ([]byte, error) {
	type plain ServiceAtLocation
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Location) UnmarshalJSON(data []byte) (err error) {
	type plain Location
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Location) MarshalJSON() ([]byte, error) {
	type plain Location
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Address) UnmarshalJSON(data []byte) (err error) {
	type plain Address
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Address) MarshalJSON() ([]byte, error) {
	type plain Address
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Phone) UnmarshalJSON(data []byte) (err error) {
	type plain Phone
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Phone) MarshalJSON() ([]byte, error) {
	type plain Phone
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Contact) UnmarshalJSON(data []byte) (err error) {
	type plain Contact
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Contact) MarshalJSON() ([]byte, error) {
	type plain Contact
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Schedule) UnmarshalJSON(data []byte) (err error) {
	type plain Schedule
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Schedule) MarshalJSON() ([]byte, error) {
	type plain Schedule
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *ServiceArea) UnmarshalJSON(data []byte) (err error) {
	type plain ServiceArea
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o ServiceArea) MarshalJSON() ([]byte, error) {
	type plain ServiceArea
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Language) UnmarshalJSON(data []byte) (err error) {
	type plain Language
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Language) MarshalJSON() ([]byte, error) {
	type plain Language
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Accessibility) UnmarshalJSON(data []byte) (err error) {
	type plain Accessibility
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Accessibility) MarshalJSON() ([]byte, error) {
	type plain Accessibility
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *CostOption) UnmarshalJSON(data []byte) (err error) {
	type plain CostOption
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o CostOption) MarshalJSON() ([]byte, error) {
	type plain CostOption
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *RequiredDocument) UnmarshalJSON(data []byte) (err error) {
	type plain RequiredDocument
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o RequiredDocument) MarshalJSON() ([]byte, error) {
	type plain RequiredDocument
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Funding) UnmarshalJSON(data []byte) (err error) {
	type plain Funding
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Funding) MarshalJSON() ([]byte, error) {
	type plain Funding
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Taxonomy) UnmarshalJSON(data []byte) (err error) {
	type plain Taxonomy
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Taxonomy) MarshalJSON() ([]byte, error) {
	type plain Taxonomy
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *TaxonomyTerm) UnmarshalJSON(data []byte) (err error) {
	type plain TaxonomyTerm
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o TaxonomyTerm) MarshalJSON() ([]byte, error) {
	type plain TaxonomyTerm
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Attribute) UnmarshalJSON(data []byte) (err error) {
	type plain Attribute
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Attribute) MarshalJSON() ([]byte, error) {
	type plain Attribute
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Metadata) UnmarshalJSON(data []byte) (err error) {
	type plain Metadata
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Metadata) MarshalJSON() ([]byte, error) {
	type plain Metadata
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *OrganizationIdentifier) UnmarshalJSON(data []byte) (err error) {
	type plain OrganizationIdentifier
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o OrganizationIdentifier) MarshalJSON() ([]byte, error) {
	type plain OrganizationIdentifier
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *MetaTableDescription) UnmarshalJSON(data []byte) (err error) {
	type plain MetaTableDescription
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o MetaTableDescription) MarshalJSON() ([]byte, error) {
	type plain MetaTableDescription
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *URL) UnmarshalJSON(data []byte) (err error) {
	type plain URL
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o URL) MarshalJSON() ([]byte, error) {
	type plain URL
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *Unit) UnmarshalJSON(data []byte) (err error) {
	type plain Unit
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o Unit) MarshalJSON() ([]byte, error) {
	type plain Unit
	return write(plain(o), o.Extra)
}

// UnmarshalJSON keeps unknown fields in Extra.
func (o *ServiceCapacity) UnmarshalJSON(data []byte) (err error) {
	type plain ServiceCapacity
	o.Extra, err = read(data, (*plain)(o), reflect.TypeOf(*o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o ServiceCapacity) MarshalJSON() ([]byte, error) {
	type plain ServiceCapacity
	return write(plain(o), o.Extra)
}
