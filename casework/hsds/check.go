package hsds

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"lintas/casework/calendar"
)

// codes are the lists of values that the specification closes.
var codes = map[string][]string{
	"service.status":         {"active", "inactive", "defunct", "temporarily closed"},
	"location.location_type": {"physical", "postal", "virtual"},
	"address.address_type":   {"physical", "postal", "virtual"},
	"schedule.freq":          {"WEEKLY", "MONTHLY", "DAILY", "YEARLY"},
	"schedule.wkst":          {"MO", "TU", "WE", "TH", "FR", "SA", "SU"},
}

// days are the fields that hold a day or an instant.
var days = map[string]bool{"assured_date": true, "valid_from": true, "valid_to": true, "dtstart": true, "until": true, "last_action_date": true, "last_modified": true, "updated": true}

// Check adds to the notes what was read but should be looked at: links to
// nothing (neither in the file nor in have, the directory it is brought into),
// rows that stand above themselves, codes and days that nothing can be decided
// by, values that their field cannot hold.
func (f *File) Check(have Directory) {
	f.giveEligibility()
	c := checker{file: f, known: map[Key]bool{}}
	for _, d := range []Directory{have, f.Directory} {
		for _, k := range d.Keys() {
			c.known[k] = true
		}
	}
	v := reflect.ValueOf(f.Directory)
	for i := range v.NumField() {
		c.table = jsonName(v.Type().Field(i))
		for j := range v.Field(i).Len() {
			c.row(v.Field(i).Index(j))
		}
	}
	c.circles("organizations.csv", "parent_organization_id", have)
	c.circles("taxonomy_terms.csv", "parent_id", have)
}

type checker struct {
	file  *File
	known map[Key]bool
	table string
	id    string
}

func (c *checker) note(column, format string, args ...any) {
	at := c.file.places[Key{c.table, c.id}]
	e := rowError(cmp.Or(at.file, c.table), at.row, column, format, args...)
	e.table = c.table
	c.file.Notes = append(c.file.Notes, e)
}

func (c *checker) row(row reflect.Value) {
	t := row.Type()
	object := objectName(t)
	c.id = row.FieldByName("ID").String()
	for i, name := range namesOf(t) {
		field := row.Field(i)
		switch {
		case field.Type() == reflect.TypeFor[*float64]() && !field.IsNil():
			c.number(name, field.Elem().Float())
		case field.Kind() != reflect.String:
		case field.String() == "":
			if object == "service" && (name == "name" || name == "status") || object == "organization" && name == "name" {
				c.note(name, "is empty; it is needed")
			}
		case name != "id" && isLink(name):
			c.link(row, name, field.String())
		case days[name]:
			if _, note, err := calendar.Day(field.String()); err != nil || note != "" && name != "last_modified" && name != "updated" && name != "last_action_date" {
				c.note(name, "%s; kept as it was written", cmp.Or(note, fmt.Sprint(err)))
			}
		case codes[object+"."+name] != nil && !slices.Contains(codes[object+"."+name], field.String()):
			c.note(name, "%q is not one of %s; kept as it was written", field.String(), strings.Join(codes[object+"."+name], ", "))
		}
	}
	names := known(t)
	for _, name := range slices.Sorted(maps.Keys(row.FieldByName("Extra").Interface().(Extra))) {
		if names[name] {
			c.note(name, "%s is not what this field holds; kept as it was written, and not used", row.FieldByName("Extra").Interface().(Extra)[name])
		}
	}
	if object == "service" {
		least, most := row.FieldByName("MinimumAge"), row.FieldByName("MaximumAge")
		if !least.IsNil() && !most.IsNil() && least.Elem().Float() > most.Elem().Float() {
			c.note("minimum_age", "%v is above maximum_age (%v)", least.Elem().Float(), most.Elem().Float())
		}
	}
}

func (c *checker) number(name string, n float64) {
	if most := map[string]float64{"latitude": 90, "longitude": 180}[name]; most > 0 && math.Abs(n) > most {
		c.note(name, "%v is not on the map: %v to %v is", n, -most, most)
	}
	if (name == "minimum_age" || name == "maximum_age") && (n < 0 || n > 130) {
		c.note(name, "%v is no age: 0 to 130 is", n)
	}
}

// link says when a link leads nowhere.
func (c *checker) link(row reflect.Value, name, id string) {
	table, ok := linkedTable(row, name)
	if ok && !c.known[Key{table, id}] {
		c.note(name, "there is no row %q in %s, neither in the file nor in the directory", id, table)
	}
}

// linkedTable is the table that a row's link leads into.
func linkedTable(row reflect.Value, name string) (table string, ok bool) {
	switch name {
	case "link_id":
		table, _, ok = tableOfName(byName(row, "link_entity").String())
	case "resource_id":
		table, _, ok = tableOfName(byName(row, "resource_type").String())
	default:
		table, ok = tableOfLink(name)
	}
	return table, ok
}

// tableOfLink is the table that a column of ids points into; ok is false for one that says elsewhere which.
func tableOfLink(name string) (table string, ok bool) {
	to := strings.TrimSuffix(name, "_id")
	switch name {
	case "parent_organization_id":
		to = "organization"
	case "parent_id":
		to = "taxonomy_term"
	case "link_id", "resource_id":
		return "", false
	}
	table, _, ok = tableOfName(to)
	return table, ok
}

// circles says which rows stand above themselves. What is drawn as a tree would
// have no root there.
func (c *checker) circles(table, column string, have Directory) {
	above := map[string]string{}
	for _, d := range []Directory{have, c.file.Directory} {
		rows := tableOf(reflect.ValueOf(d), rowType(table))
		for i := range rows.Len() {
			above[rows.Index(i).FieldByName("ID").String()] = byName(rows.Index(i), column).String()
		}
	}
	c.table = table
	rows := tableOf(reflect.ValueOf(c.file.Directory), rowType(table))
	for i := range rows.Len() {
		c.id = rows.Index(i).FieldByName("ID").String()
		slow, fast := c.id, above[c.id]
		for fast != "" && fast != c.id && fast != slow { // the hare meets the tortoise in somebody else's circle
			slow = above[slow]
			if fast = above[fast]; fast != "" && fast != c.id {
				fast = above[fast]
			}
		}
		if fast == c.id && fast != "" {
			c.note(column, "goes round in a circle: this row stands above itself")
		}
	}
}
