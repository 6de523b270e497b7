package hsds

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"
)

// Extra holds fields beyond the schema, as they were written.
type Extra map[string]json.RawMessage

// read fills plain (the object without its methods) and returns what is left.
// A number where the schema has a text, and a number written as a text, are
// read all the same: the specification's own tabular example has both.
func read(data []byte, plain any) (Extra, error) {
	// Most objects hold nothing beyond the schema: one pass reads them.
	strict := json.NewDecoder(bytes.NewReader(data))
	strict.DisallowUnknownFields()
	if strict.Decode(plain) == nil {
		return nil, nil
	}
	reflect.ValueOf(plain).Elem().SetZero()
	var all map[string]json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(data, plain); err != nil {
		var wrong *json.UnmarshalTypeError
		if !errors.As(err, &wrong) || !coerce(all, reflect.TypeOf(plain).Elem()) {
			return nil, err
		}
		again, err := json.Marshal(all)
		if err != nil {
			return nil, err
		}
		if err := json.Unmarshal(again, plain); err != nil {
			return nil, err
		}
	}
	for name := range known(reflect.TypeOf(plain).Elem()) {
		delete(all, name)
	}
	if len(all) == 0 {
		return nil, nil
	}
	return all, nil
}

// coerce writes numbers as texts and texts as numbers where the struct wants
// the other, and says whether it changed anything.
func coerce(all map[string]json.RawMessage, t reflect.Type) bool {
	changed := false
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		raw := bytes.TrimSpace(all[name])
		var text string
		var number json.Number
		switch {
		case len(raw) == 0:
		case t.Field(i).Type.Kind() == reflect.String && raw[0] != '"' && json.Unmarshal(raw, &number) == nil:
			all[name] = json.RawMessage(`"` + number.String() + `"`)
			changed = true
		case t.Field(i).Type == reflect.TypeFor[*float64]() && json.Unmarshal(raw, &text) == nil:
			if _, err := strconv.ParseFloat(text, 64); err == nil {
				all[name] = json.RawMessage(text)
				changed = true
			}
		}
	}
	return changed
}

// write is plain with its extra fields after its own.
func write(plain any, extra Extra) ([]byte, error) {
	own, err := json.Marshal(plain)
	if err != nil || len(extra) == 0 {
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
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
	o.Extra, err = read(data, (*plain)(o))
	return err
}

// MarshalJSON writes Extra after the object's own fields.
func (o MetaTableDescription) MarshalJSON() ([]byte, error) {
	type plain MetaTableDescription
	return write(plain(o), o.Extra)
}
