package hsds

import (
	"cmp"
	"reflect"
	"slices"
)

// Key names one row of a directory by its table (as in the JSON names of
// Directory) and id.
type Key struct{ Table, ID string }

// Sort puts every table into the order of ids, which Overlay needs.
func (d Directory) Sort() {
	v := reflect.ValueOf(d)
	for i := range v.NumField() {
		table := v.Field(i)
		id, _ := table.Type().Elem().FieldByName("ID")
		order := make([]int, table.Len())
		for j := range order {
			order[j] = j
		}
		ids := func(j int) string { return table.Index(j).FieldByIndex(id.Index).String() }
		if slices.IsSortedFunc(order, func(a, b int) int { return cmp.Compare(ids(a), ids(b)) }) {
			continue
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(ids(a), ids(b)) })
		sorted := reflect.MakeSlice(table.Type(), table.Len(), table.Len())
		for to, from := range order {
			sorted.Index(to).Set(table.Index(from))
		}
		reflect.Copy(table, sorted)
	}
}

// Overlay is a sorted directory with rows laid over it and others taken out.
// Tables that nothing changes in are shared with d; the others are copied, so
// that whoever still reads d sees it as it was.
func (d Directory) Overlay(rows Directory, gone []Key) Directory {
	out := reflect.ValueOf(&d).Elem()
	over := reflect.ValueOf(rows)
	for i := range out.NumField() {
		table, name := out.Field(i), jsonName(out.Type().Field(i))
		leaves := slices.ContainsFunc(gone, func(k Key) bool { return k.Table == name })
		if over.Field(i).Len() == 0 && !leaves {
			continue
		}
		copied := reflect.MakeSlice(table.Type(), table.Len(), table.Len()+over.Field(i).Len())
		reflect.Copy(copied, table)
		for j := range over.Field(i).Len() {
			copied = put(copied, over.Field(i).Index(j))
		}
		for _, k := range gone {
			if at, found := search(copied, k.ID); k.Table == name && found {
				copied = reflect.AppendSlice(copied.Slice(0, at), copied.Slice(at+1, copied.Len()))
			}
		}
		table.Set(copied)
	}
	return d
}

// put replaces the row with the same id, or inserts the row where it belongs.
func put(table, row reflect.Value) reflect.Value {
	at, found := search(table, row.FieldByName("ID").String())
	if !found {
		table = reflect.Append(table, row)
		reflect.Copy(table.Slice(at+1, table.Len()), table.Slice(at, table.Len()-1))
	}
	table.Index(at).Set(row)
	return table
}

// search finds an id in a sorted table, or where it would stand.
func search(table reflect.Value, id string) (int, bool) {
	from, to := 0, table.Len()
	for from < to {
		middle := (from + to) / 2
		if table.Index(middle).FieldByName("ID").String() < id {
			from = middle + 1
		} else {
			to = middle
		}
	}
	return from, from < table.Len() && table.Index(from).FieldByName("ID").String() == id
}

// Keys lists every row.
func (d Directory) Keys() []Key {
	var out []Key
	v := reflect.ValueOf(d)
	for i := range v.NumField() {
		name := jsonName(v.Type().Field(i))
		for j := range v.Field(i).Len() {
			out = append(out, Key{name, v.Field(i).Index(j).FieldByName("ID").String()})
		}
	}
	return out
}
