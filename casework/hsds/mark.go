package hsds

import "reflect"

// Mark puts a mark in front of every id of the file and of every link to a row
// of the file, so that a directory which counts its rows from 1 stands beside
// another that does. Links to rows that the file does not hold stay.
func (f *File) Mark(mark string) {
	f.giveEligibility()
	own := map[Key]bool{}
	for _, k := range f.Keys() {
		own[k] = true
	}
	v := reflect.ValueOf(&f.Directory).Elem()
	for i := range v.NumField() {
		for j := range v.Field(i).Len() {
			row := v.Field(i).Index(j)
			for k, name := range namesOf(row.Type()) {
				if name == "id" || row.Field(k).Kind() != reflect.String || !isLink(name) {
					continue
				}
				if table, ok := linkedTable(row, name); ok && own[Key{table, row.Field(k).String()}] {
					row.Field(k).SetString(mark + "-" + row.Field(k).String())
				}
			}
			id := row.FieldByName("ID")
			id.SetString(mark + "-" + id.String())
		}
	}
	places := make(map[Key]place, len(f.places))
	for k, at := range f.places {
		places[Key{k.Table, mark + "-" + k.ID}] = at
	}
	f.places = places
}

// Leading are the rows of a directory that lead to one of these, themselves
// left out.
func (d Directory) Leading(to []Key) (out []Key) {
	gone := make(map[Key]bool, len(to))
	for _, k := range to {
		gone[k] = true
	}
	v := reflect.ValueOf(d)
	for i := range v.NumField() {
		table := jsonName(v.Type().Field(i))
		for j := range v.Field(i).Len() {
			row := v.Field(i).Index(j)
			self := Key{table, row.FieldByName("ID").String()}
			if !gone[self] && leads(row, gone) {
				out = append(out, self)
			}
		}
	}
	return out
}

func leads(row reflect.Value, to map[Key]bool) bool {
	for k, name := range namesOf(row.Type()) {
		if name == "id" || row.Field(k).Kind() != reflect.String || !isLink(name) || row.Field(k).String() == "" {
			continue
		}
		if table, ok := linkedTable(row, name); ok && to[Key{table, row.Field(k).String()}] {
			return true
		}
	}
	return false
}
