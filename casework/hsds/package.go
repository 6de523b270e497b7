package hsds

import (
	"encoding/json"
	"io"
	"reflect"
	"slices"
)

// descriptor is datapackage.json of a Tabular Data Package, which HSDS asks for beside its tables: programs learn
// from it what each column holds. Sources: https://specs.frictionlessdata.io/tabular-data-package/ and HSDS 3.0,
// whose schemas name each table's resource (datapackage_metadata, path).
type descriptor struct {
	Profile   string     `json:"profile"`
	Name      string     `json:"name"`
	Title     string     `json:"title"`
	Resources []resource `json:"resources"`
}

type resource struct {
	Name     string `json:"name"`
	Path     string `json:"path"`
	Profile  string `json:"profile"`
	Format   string `json:"format"`
	Media    string `json:"mediatype"`
	Encoding string `json:"encoding"`
	Schema   schema `json:"schema"`
}

type schema struct {
	Fields      []column     `json:"fields"`
	PrimaryKey  string       `json:"primaryKey"`
	ForeignKeys []foreignKey `json:"foreignKeys,omitempty"`
}

// column is one column of a table; Type is string or number, as its cells are. Days stay strings: what somebody
// wrote is kept even where it is no day.
type column struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

type foreignKey struct {
	Fields    string    `json:"fields"`
	Reference reference `json:"reference"`
}

type reference struct {
	Resource string `json:"resource"`
	Fields   string `json:"fields"`
}

// writeDescriptor says what the tables of WriteCSV hold.
func (d Directory) writeDescriptor(out io.Writer) error {
	known := map[Key]bool{}
	for _, k := range d.Keys() {
		known[k] = true
	}
	all := descriptor{Profile: "tabular-data-package", Name: "service-directory", Title: "Service directory (HSDS 3.0)", Resources: []resource{}}
	v := reflect.ValueOf(d)
	for i := range v.NumField() {
		if v.Field(i).Len() > 0 {
			all.Resources = append(all.Resources, describe(jsonName(v.Type().Field(i)), v.Field(i), known))
		}
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(all)
}

// describe says what one table holds that has rows.
func describe(path string, table reflect.Value, known map[Key]bool) resource {
	header, fields, more := columnsOf(table)
	s := schema{PrimaryKey: "id"}
	for k, name := range header {
		s.Fields = append(s.Fields, column{name, typeOf(table, name, fields[k])})
		if to, ok := linksTo(table, name, fields[k], known); ok {
			s.ForeignKeys = append(s.ForeignKeys, foreignKey{name, reference{to, "id"}})
		}
	}
	for _, name := range more {
		s.Fields = append(s.Fields, column{name, "string"})
	}
	return resource{objectName(table.Type().Elem()), path, "tabular-data-resource", "csv", "text/csv", "utf-8", s}
}

// typeOf is number where every cell is one: a field of the specification that could not hold what was written keeps
// it as text.
func typeOf(table reflect.Value, name string, field int) string {
	if table.Type().Elem().Field(field).Type != reflect.TypeFor[*float64]() {
		return "string"
	}
	for i := range table.Len() {
		row := table.Index(i)
		if row.Field(field).IsNil() && row.FieldByName("Extra").Interface().(Extra)[name] != nil {
			return "string"
		}
	}
	return "number"
}

// linksTo is the object that a column points at, when every row it names is in the package: a link that leads
// nowhere is kept, and a reader that checks keys would refuse the whole table.
func linksTo(table reflect.Value, name string, field int, known map[Key]bool) (object string, ok bool) {
	if name == "id" || !isLink(name) {
		return "", false
	}
	to, ok := tableOfLink(name)
	if !ok {
		return "", false
	}
	some := false
	for i := range table.Len() {
		id := table.Index(i).Field(field).String()
		if id != "" && !known[Key{to, id}] {
			return "", false
		}
		some = some || id != ""
	}
	return objectName(rowType(to)), some
}

// columnsOf are the columns of a table: those of the specification, each with the number of its field, then those
// beyond it.
func columnsOf(table reflect.Value) (header []string, fields []int, more []string) {
	t := table.Type().Elem()
	for i := range t.NumField() {
		f := t.Field(i)
		if isObjects(f.Type) || f.Name == "Extra" || (f.Type.Kind() == reflect.Pointer && f.Type.Elem().Kind() == reflect.Struct) {
			continue
		}
		header, fields = append(header, jsonName(f)), append(fields, i)
	}
	more = slices.DeleteFunc(extraColumns(table), func(name string) bool { return slices.Contains(header, name) })
	return header, fields, more
}
