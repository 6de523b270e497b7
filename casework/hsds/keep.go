package hsds

import (
	"bytes"
	"encoding/json"
	"reflect"
)

// Keep is a row as it replaces one that is there. A column that its CSV file
// does not have says nothing: what stood there stays. An extension that came
// back from a table as a text, and was a number or a list before, is what it was.
// Rows of JSON replace as they are.
func (f *File) Keep(table string, old, next []byte) ([]byte, error) {
	columns := f.columns[table]
	if columns == nil || old == nil {
		return next, nil
	}
	var was, is map[string]json.RawMessage
	if err := json.Unmarshal(old, &was); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(next, &is); err != nil {
		return nil, err
	}
	for name, raw := range was {
		now, said := is[name]
		switch {
		case !columns[name] && (!said || bytes.Equal(now, []byte(`""`))):
			is[name] = raw
		case said && raw[0] != '"' && extraCell(raw) == extraCell(now):
			is[name] = raw
		}
	}
	all, err := json.Marshal(is)
	if err != nil {
		return nil, err
	}
	row := reflect.New(rowType(table)).Interface()
	if err := json.Unmarshal(all, row); err != nil {
		return nil, err
	}
	return json.Marshal(row)
}
