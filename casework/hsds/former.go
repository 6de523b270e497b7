package hsds

import (
	"cmp"
	"encoding/json"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// Directories are still published in HSDS 1 and 2, and tools write the names of
// 3.0 in the singular or the plural. This file knows where each of them went;
// what it does not know stays where it is, as an extension.

// former is a table of an earlier HSDS: where 3.0 has its rows, what all of them
// say, and which of its columns are called otherwise.
type former struct {
	table   string
	says    map[string]string
	columns map[string]string
}

var formerTables = map[string]former{
	"physicaladdress":              {table: "addresses.csv", says: map[string]string{"address_type": "physical"}},
	"postaladdress":                {table: "addresses.csv", says: map[string]string{"address_type": "postal"}},
	"regularschedule":              {table: "schedules.csv", says: map[string]string{"freq": "WEEKLY"}},
	"holidayschedule":              {table: "schedules.csv"},
	"accessibilityfordisabilities": {table: "accessibility.csv"},
	"servicetaxonomy":              {table: "attributes.csv", says: map[string]string{"link_entity": "service"}, columns: map[string]string{"service_id": "link_id", "taxonomy_id": "taxonomy_term_id", "taxonomy_detail": "value"}},
	"serviceattribute":             {table: "attributes.csv", says: map[string]string{"link_entity": "service"}, columns: map[string]string{"service_id": "link_id"}},
	"otherattribute":               {table: "attributes.csv", columns: map[string]string{"link_type": "link_entity"}},
}

// formerColumns are fields of earlier HSDS by the object that has them now.
var formerColumns = map[string]map[string]string{
	"organization":  {"url": "website"},
	"service":       {"website": "url", "eligibility": "eligibility_description"},
	"language":      {"language": "name"},
	"service_area":  {"service_area": "name"},
	"accessibility": {"accessibility": "description"},
	"taxonomy_term": {"vocabulary": "taxonomy"},
	"schedule":      {"start_date": "valid_from", "end_date": "valid_to"},
	"phone":         {"number_type": "type"},
}

// fold is a name as it is compared: letters and digits, in the singular.
func fold(name string) string {
	name = strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(name))
	switch {
	case name == "accessibilityfordisabilities":
		return name
	case strings.HasSuffix(name, "ies"):
		return strings.TrimSuffix(name, "ies") + "y"
	case strings.HasSuffix(name, "addresses"):
		return strings.TrimSuffix(name, "es")
	case strings.HasSuffix(name, "address"):
		return name
	default:
		return strings.TrimSuffix(name, "s")
	}
}

// tableNames are the tables of 3.0 by their folded names.
var tableNames = func() map[string]string {
	out := map[string]string{"servicesatlocation": "service_at_location.csv", "capacity": "service_capacity.csv", "additionalurl": "url.csv", "additionalwebsite": "url.csv"}
	dir := reflect.TypeFor[Directory]()
	for i := range dir.NumField() {
		path := jsonName(dir.Field(i))
		out[fold(strings.TrimSuffix(path, ".csv"))] = path
		out[fold(objectName(dir.Field(i).Type.Elem()))] = path
	}
	return out
}()

// tableOfName finds a table of 3.0 by any of its names, with or without .csv; of
// is set for a table of an earlier HSDS.
func tableOfName(name string) (table string, of *former, ok bool) {
	folded := fold(strings.TrimSuffix(strings.ToLower(name), ".csv"))
	if table, ok = tableNames[folded]; ok {
		return table, nil, true
	}
	if folded == "servicestaxonomy" {
		folded = "servicetaxonomy"
	}
	if f, known := formerTables[folded]; known {
		return f.table, &f, true
	}
	return "", nil, false
}

// rowType is the kind of object a table holds.
func rowType(table string) reflect.Type {
	dir := reflect.TypeFor[Directory]()
	return dir.Field(slices.Index(namesOf(dir), table)).Type.Elem()
}

// modernise writes an object's fields as 3.0 calls them.
func modernise(object reflect.Type, all map[string]json.RawMessage) {
	names := known(object)
	for old, now := range formerColumns[objectName(object)] {
		rename(all, old, now)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) { // in one order: ids may come from the place in a list
		if raw := all[name]; !names[name] && len(raw) > 0 && raw[0] == '[' {
			moveList(object, all, name)
		}
	}
	switch object {
	case reflect.TypeFor[Schedule]():
		weekday(all)
	case reflect.TypeFor[Language]():
		if name := textOf(all["name"]); all["code"] == nil && languageCode.MatchString(name) {
			all["code"] = quoted(name)
		}
	case reflect.TypeFor[TaxonomyTerm]():
		if raw := all["taxonomy"]; len(raw) > 0 && raw[0] == '{' && all["taxonomy_detail"] == nil {
			rename(all, "taxonomy", "taxonomy_detail")
		}
	case reflect.TypeFor[Service]():
		eligible(all)
	}
}

func rename(all map[string]json.RawMessage, old, now string) {
	if raw, ok := all[old]; ok && all[now] == nil {
		delete(all, old)
		all[now] = raw
	}
}

func textOf(raw json.RawMessage) (text string) {
	json.Unmarshal(raw, &text) // what is no text says nothing
	return text
}

func quoted(text string) json.RawMessage {
	raw, _ := json.Marshal(text) // a text always marshals
	return raw
}

// moveList brings a list of an earlier or other name (fundings,
// physical_addresses) under the name of 3.0. A list that cannot be read so
// stays an extension.
func moveList(object reflect.Type, all map[string]json.RawMessage, name string) {
	table, of, ok := tableOfName(name)
	if !ok {
		return
	}
	now := listOf(object, rowType(table))
	var items, have []map[string]json.RawMessage
	if now == "" || json.Unmarshal(all[name], &items) != nil || all[now] != nil && json.Unmarshal(all[now], &have) != nil {
		return
	}
	for i := range items {
		if items[i] == nil {
			return
		}
		of.apply(items[i])
	}
	raw, err := json.Marshal(append(have, items...))
	if err != nil {
		return
	}
	delete(all, name)
	all[now] = raw
}

// listOf is the name of an object's list of another kind of object.
func listOf(object, of reflect.Type) string {
	for i, name := range namesOf(object) {
		if isObjects(object.Field(i).Type) && object.Field(i).Type.Elem() == of {
			return name
		}
	}
	return ""
}

// apply writes a row of an earlier table with the columns of 3.0.
func (f *former) apply(all map[string]json.RawMessage) {
	if f == nil {
		return
	}
	for old, now := range f.columns {
		rename(all, old, now)
	}
	for name, value := range f.says {
		if all[name] == nil {
			all[name] = quoted(value)
		}
	}
}

var languageCode = regexp.MustCompile(`^[a-z]{2,3}$`)

var weekdays = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}

// weekday writes the day of the week of HSDS 1 and 2, a name or 1 for Monday,
// as RFC 5545 does; and a day on which the doors are closed as closed. The old
// columns stay beside it.
func weekday(all map[string]json.RawMessage) {
	day := strings.ToUpper(cmp.Or(textOf(all["weekday"]), string(all["weekday"])))
	for i, code := range weekdays {
		if day == string(rune('1'+i)) || len(day) > 1 && strings.HasPrefix(day, code) {
			if all["byday"] == nil {
				all["byday"] = quoted(code)
			}
			if all["freq"] == nil {
				all["freq"] = quoted("WEEKLY")
			}
		}
	}
	closed := strings.ToLower(cmp.Or(textOf(all["closed"]), string(all["closed"])))
	if all["description"] == nil && slices.Contains([]string{"true", "1", "yes"}, closed) {
		all["description"] = quoted("closed")
	}
}

// eligible takes who may come from the list that earlier services had.
func eligible(all map[string]json.RawMessage) {
	for name, raw := range all {
		if fold(name) != "eligibility" || len(raw) == 0 || raw[0] != '[' {
			continue
		}
		var list []map[string]json.RawMessage
		if json.Unmarshal(raw, &list) != nil {
			return
		}
		var texts []string
		for _, e := range list {
			if text := textOf(e["eligibility"]); text != "" {
				texts = append(texts, text)
			}
			for _, age := range []string{"minimum_age", "maximum_age"} {
				if len(list) == 1 && all[age] == nil && e[age] != nil {
					all[age] = e[age]
				}
			}
		}
		if all["eligibility_description"] == nil && len(texts) > 0 {
			all["eligibility_description"] = quoted(strings.Join(texts, "; "))
		}
	}
}
