// Package hsds reads and writes the Human Services Data Specification 3.0
// (Open Referral) in its two forms: nested JSON, as its read API speaks, and
// tables, as its CSV packages hold. Source: the specification's own schemas. It
// also reads what 3.1 added and what HSDS 1 and 2 called otherwise (former.go).
//
// The two forms do not hold the same. A table row has one parent of each kind,
// a nested object may stand under many; Flatten says when that loses a link.
package hsds

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Directory is the tabular form: every object once, tied by ids. The JSON names
// are the file names of a CSV package.
type Directory struct {
	Organizations           []Organization           `json:"organizations.csv,omitempty"`
	Programs                []Program                `json:"programs.csv,omitempty"`
	Services                []Service                `json:"services.csv,omitempty"`
	Attributes              []Attribute              `json:"attributes.csv,omitempty"`
	ServiceAtLocations      []ServiceAtLocation      `json:"service_at_location.csv,omitempty"`
	Locations               []Location               `json:"locations.csv,omitempty"`
	Phones                  []Phone                  `json:"phones.csv,omitempty"`
	Contacts                []Contact                `json:"contacts.csv,omitempty"`
	Addresses               []Address                `json:"addresses.csv,omitempty"`
	Schedules               []Schedule               `json:"schedules.csv,omitempty"`
	Funding                 []Funding                `json:"funding.csv,omitempty"`
	ServiceAreas            []ServiceArea            `json:"service_areas.csv,omitempty"`
	RequiredDocuments       []RequiredDocument       `json:"required_documents.csv,omitempty"`
	Languages               []Language               `json:"languages.csv,omitempty"`
	Accessibility           []Accessibility          `json:"accessibility.csv,omitempty"`
	TaxonomyTerms           []TaxonomyTerm           `json:"taxonomy_terms.csv,omitempty"`
	Metadata                []Metadata               `json:"metadata.csv,omitempty"`
	MetaTableDescriptions   []MetaTableDescription   `json:"meta_table_descriptions.csv,omitempty"`
	CostOptions             []CostOption             `json:"cost_options.csv,omitempty"`
	OrganizationIdentifiers []OrganizationIdentifier `json:"organization_identifiers.csv,omitempty"`
	Taxonomies              []Taxonomy               `json:"taxonomies.csv,omitempty"`
	Urls                    []URL                    `json:"url.csv,omitempty"`              // since 3.1
	Units                   []Unit                   `json:"units.csv,omitempty"`            // since 3.1
	ServiceCapacities       []ServiceCapacity        `json:"service_capacity.csv,omitempty"` // since 3.1
}

// Loss is a link or a value that the tabular form cannot hold.
type Loss struct {
	Table, ID, Field string
	Kept, Lost       string
}

func (l Loss) String() string {
	return fmt.Sprintf("%s %s: %s is %q and cannot also be %q", l.Table, l.ID, l.Field, l.Kept, l.Lost)
}

// Flatten writes nested objects (any of this package's objects, by value) as
// tables, and reports what the tables could not hold.
func Flatten(objects ...any) (Directory, []Loss) {
	f := flattener{at: map[string]int{}}
	for _, o := range objects {
		v := reflect.New(reflect.TypeOf(o)).Elem()
		v.Set(reflect.ValueOf(o))
		f.add(v)
	}
	return f.dir, f.losses
}

type flattener struct {
	dir    Directory
	at     map[string]int // table and id -> index in its slice
	losses []Loss
	// copies gives an object that stands under two others of one kind a second
	// row with an id of its own, as the specification asks of tables.
	copies bool
	// added is told of every row that is new.
	added func(table, id string, index int)
}

// add puts an object and all under it into the tables.
func (f *flattener) add(v reflect.Value) {
	self := objectName(v.Type())
	id := v.FieldByName("ID").String()
	for i := range v.NumField() {
		field := v.Field(i)
		switch {
		case isObjects(field.Type()):
			for j := range field.Len() {
				child := reflect.New(field.Type().Elem()).Elem()
				child.Set(field.Index(j))
				if own := child.FieldByName("ID"); blank(child) && id != "" {
					own.SetString(derivedID(id, child.Type(), j))
				}
				tie(child, self, id)
				f.add(child)
			}
			field.SetZero()
		case field.Kind() == reflect.Pointer && field.Type().Elem().Kind() == reflect.Struct && !field.IsNil():
			child := reflect.New(field.Type().Elem()).Elem()
			child.Set(field.Elem())
			if own := child.FieldByName("ID"); blank(child) && id != "" {
				own.SetString(derivedID(id, child.Type(), 0))
			}
			setIfEmpty(v, objectName(child.Type())+"_id", child.FieldByName("ID").String())
			f.add(child)
			field.SetZero()
		}
	}
	f.merge(v)
}

// merge puts a bare row into its table, filling what an earlier sight of the
// same id left empty.
func (f *flattener) merge(row reflect.Value) {
	table := tableOf(reflect.ValueOf(&f.dir).Elem(), row.Type())
	key := row.Type().Name() + "\x00" + row.FieldByName("ID").String()
	at, seen := f.at[key]
	if !seen {
		f.at[key] = table.Len()
		table.Set(reflect.Append(table, row))
		if f.added != nil {
			f.added(jsonName(fieldOf(row.Type())), row.FieldByName("ID").String(), table.Len()-1)
		}
		return
	}
	have := table.Index(at)
	if parent := otherParent(have, row); f.copies && parent != "" {
		row.FieldByName("ID").SetString(derivedID(row.FieldByName("ID").String()+"\x00"+parent, row.Type(), 0))
		f.merge(row)
		return
	}
	for i := range row.NumField() {
		name := namesOf(row.Type())[i]
		switch old, now := have.Field(i), row.Field(i); {
		case now.IsZero() || name == "-":
		case old.IsZero():
			old.Set(now)
		case !reflect.DeepEqual(old.Interface(), now.Interface()):
			f.losses = append(f.losses, Loss{objectName(row.Type()), row.FieldByName("ID").String(), name, show(old), show(now)})
		}
	}
}

// otherParent is the parent of a row that differs from one with the same id in
// nothing but that it stands under another object of the same kind.
func otherParent(have, row reflect.Value) (parent string) {
	t := row.Type()
	if t == reflect.TypeFor[Service]() || t == reflect.TypeFor[Location]() || t == reflect.TypeFor[ServiceAtLocation]() || t == reflect.TypeFor[Program]() {
		return "" // what is referred to by id must not become two
	}
	for i, name := range namesOf(t) {
		old, now := have.Field(i), row.Field(i)
		if now.IsZero() || old.IsZero() || name == "-" || reflect.DeepEqual(old.Interface(), now.Interface()) {
			continue
		}
		if !isLink(name) || name == "parent_id" || name == "parent_organization_id" || name == "taxonomy_id" || name == "taxonomy_term_id" || name == "unit_id" || parent != "" {
			return ""
		}
		parent = now.String()
	}
	return parent
}

// tie writes the parent's id into a child that stands under it.
func tie(child reflect.Value, parent, id string) {
	switch child.Type() {
	case reflect.TypeFor[Attribute]():
		setIfEmpty(child, "link_id", id)
		setIfEmpty(child, "link_entity", parent)
	case reflect.TypeFor[Metadata]():
		setIfEmpty(child, "resource_id", id)
		setIfEmpty(child, "resource_type", parent)
	default:
		setIfEmpty(child, parent+"_id", id)
	}
}

func setIfEmpty(v reflect.Value, name, value string) {
	if f := byName(v, name); f.IsValid() && f.Kind() == reflect.String && f.String() == "" {
		f.SetString(value)
	}
}

// byName is the field with a JSON name; invalid when there is none.
func byName(v reflect.Value, name string) reflect.Value {
	if i := slices.Index(namesOf(v.Type()), name); i >= 0 && name != "-" {
		return v.Field(i)
	}
	return reflect.Value{}
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

var fieldNames sync.Map // reflect.Type -> []string

// namesOf are the JSON names of a struct's fields, in their order.
func namesOf(t reflect.Type) []string {
	if names, ok := fieldNames.Load(t); ok {
		return names.([]string)
	}
	names := make([]string, t.NumField())
	for i := range names {
		names[i] = jsonName(t.Field(i))
	}
	fieldNames.Store(t, names)
	return names
}

func isObjects(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// tableOf is the directory's slice for a type of object.
func tableOf(dir reflect.Value, t reflect.Type) reflect.Value {
	return dir.FieldByIndex(fieldOf(t).Index)
}

// fieldOf is the directory's field for a type of object.
func fieldOf(t reflect.Type) reflect.StructField {
	dir := reflect.TypeFor[Directory]()
	for i := range dir.NumField() {
		if dir.Field(i).Type.Elem() == t {
			return dir.Field(i)
		}
	}
	panic("hsds: no table for " + t.Name()) // every object of the package has one
}

// objectName is the schema's name of a type: ServiceAtLocation is
// service_at_location.
func objectName(t reflect.Type) string {
	if t == reflect.TypeFor[URL]() {
		return "url"
	}
	var b strings.Builder
	for i, r := range t.Name() {
		if r >= 'A' && r <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			r += 'a' - 'A'
		}
		b.WriteRune(r)
	}
	return b.String()
}

func show(v reflect.Value) string {
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	return fmt.Sprint(v.Interface())
}
