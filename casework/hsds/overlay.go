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

// Overlay is a sorted directory with rows laid over it and others taken out;
// it sorts the rows. Tables that nothing changes in are shared with d; the
// others are copied, so that whoever still reads d sees it as it was. It takes
// one walk through a table however many rows change.
func (d Directory) Overlay(rows Directory, gone []Key) Directory {
	rows.Sort()
	leaves := make(map[Key]bool, len(gone))
	touched := map[string]bool{}
	for _, k := range gone {
		leaves[k], touched[k.Table] = true, true
	}
	out := reflect.ValueOf(&d).Elem()
	over := reflect.ValueOf(rows)
	for i := range out.NumField() {
		table, name := out.Field(i), jsonName(out.Type().Field(i))
		if over.Field(i).Len() == 0 && !touched[name] {
			continue
		}
		table.Set(overlay(table, over.Field(i), func(id string) bool { return leaves[Key{name, id}] }))
	}
	return d
}

// overlay merges two sorted tables; of two rows with one id the second's stands.
func overlay(table, over reflect.Value, leaves func(id string) bool) reflect.Value {
	merged := reflect.MakeSlice(table.Type(), table.Len()+over.Len(), table.Len()+over.Len())
	n := 0
	take := func(row reflect.Value) {
		if !leaves(row.FieldByName("ID").String()) {
			merged.Index(n).Set(row)
			n++
		}
	}
	for i, j := 0, 0; i < table.Len() || j < over.Len(); {
		order := 0
		switch {
		case i == table.Len():
			order = 1
		case j == over.Len():
			order = -1
		default:
			order = cmp.Compare(table.Index(i).FieldByName("ID").String(), over.Index(j).FieldByName("ID").String())
		}
		if order < 0 {
			take(table.Index(i))
		} else {
			take(over.Index(j))
			j++
		}
		if order <= 0 {
			i++
		}
	}
	return merged.Slice(0, n)
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
