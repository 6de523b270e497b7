package htcds

import (
	"encoding/csv"
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
)

// MarshalJSON writes the record as an object in the standard's order: lists as
// lists, yes and no as booleans, numbers as numbers.
func (r Record) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	b.WriteByte('{')
	put := func(name string, v any) error {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		raw, err := json.Marshal(v)
		if err != nil {
			return err
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(raw)
		return nil
	}
	for _, f := range Fields {
		if values := r.Values[f.Name]; len(values) > 0 {
			if err := put(f.Name, f.plain(values)); err != nil {
				return nil, err
			}
		}
	}
	names := make([]string, 0, len(r.Other))
	for name := range r.Other {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		if err := put(name, r.Other[name]); err != nil {
			return nil, err
		}
	}
	b.WriteByte('}')
	return []byte(b.String()), nil
}

func (f Field) plain(values []string) any {
	switch {
	case f.Type.Many():
		return values
	case f.Type == Boolean:
		return values[0] == "true"
	case f.Type == Number:
		if n, err := strconv.ParseFloat(values[0], 64); err == nil {
			return n
		}
	}
	return values[0]
}

// WriteCSV writes the records under a header of the fields that any of them
// has; lists are joined by semicolons. A text that a spreadsheet would run as a
// formula gets a leading apostrophe, which ReadCSV of this package takes off.
func WriteCSV(out io.Writer, records []Record) error {
	var header []string
	for _, f := range Fields {
		if slices.ContainsFunc(records, func(r Record) bool { return len(r.Values[f.Name]) > 0 }) {
			header = append(header, f.Name)
		}
	}
	var others []string
	for _, r := range records {
		for name := range r.Other {
			if !slices.Contains(others, name) {
				others = append(others, name)
			}
		}
	}
	slices.Sort(others)
	w := csv.NewWriter(out)
	if err := w.Write(append(slices.Clone(header), others...)); err != nil {
		return err
	}
	for _, r := range records {
		row := make([]string, 0, len(header)+len(others))
		for _, name := range header {
			row = append(row, guard(strings.Join(r.Values[name], ";")))
		}
		for _, name := range others {
			row = append(row, guard(r.Other[name]))
		}
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

// guard keeps a spreadsheet from running a text as a formula. Phone numbers and
// negative coordinates are no formulas.
func guard(v string) string {
	if v == "" || !strings.ContainsRune("=+-@\t\r", rune(v[0])) {
		return v
	}
	if _, err := strconv.ParseFloat(v, 64); err == nil || e164.MatchString(v) {
		return v
	}
	return "'" + v
}

// unguard takes off the apostrophe that guard put there.
func unguard(v string) string {
	if len(v) > 1 && v[0] == '\'' && guard(v[1:]) == v {
		return v[1:]
	}
	return v
}

// Schema is a JSON Schema (2020-12) of one record, derived from Fields: the
// standard publishes none.
func Schema() ([]byte, error) {
	properties := map[string]any{}
	for _, f := range Fields {
		properties[f.Name] = f.schema()
	}
	return json.MarshalIndent(map[string]any{
		"$schema":     "https://json-schema.org/draft/2020-12/schema",
		"title":       "HTCDS 2.0 case",
		"description": "Derived from the Human Trafficking Case Data Standard 2.0 (IOM, CC BY 4.0). IOM does not endorse this project.",
		"type":        "object",
		"properties":  properties,
	}, "", "  ")
}

func (f Field) schema() map[string]any {
	one := map[string]any{"type": "string"}
	switch f.Type {
	case Date:
		one["format"] = "date"
	case Number:
		one["type"] = "number"
	case Boolean:
		one["type"] = "boolean"
	case Choice, Choices:
		names := make([]string, len(f.Values))
		for i, v := range f.Values {
			names[i] = v.Name
		}
		// Lists grow from edition to edition, so they are advice, not a fence.
		one["examples"] = names
	}
	if f.Type.Many() {
		one = map[string]any{"type": "array", "items": one, "uniqueItems": true}
	}
	one["title"] = f.Label
	if f.Deprecated {
		one["deprecated"] = true
	}
	return one
}
