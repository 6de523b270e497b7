// Package htcds reads and writes the Human Trafficking Case Data Standard 2.0
// (International Organization for Migration, CC BY 4.0) as JSON, CSV and XLSX.
//
// The published standard spells some fields in two ways and leaves outgoing
// referrals out of its form. Every known spelling is read; the definition's is
// written. A value that is not in a list is kept as it was written, with a
// warning: the definitions know more methods of control than the list has.
package htcds

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
)

// Type of a field's value.
type Type string

const (
	Text      Type = "text"
	LongText  Type = "long_text"
	Choice    Type = "choice"
	Choices   Type = "choices"
	Date      Type = "date"
	Number    Type = "number"
	Boolean   Type = "boolean"
	Country   Type = "country"
	Countries Type = "countries"
	Language  Type = "language"
	Phone     Type = "phone"
	Reference Type = "reference"
)

// Many says that a field holds a list.
func (t Type) Many() bool { return t == Choices || t == Countries }

// Class is who may see a field; the classes are the desk's field classes.
type Class string

const (
	Identity       Class = "identity"
	Contact        Class = "contact"
	Location       Class = "location"
	Medical        Class = "medical"
	Legal          Class = "legal"
	Narrative      Class = "narrative"
	Offender       Class = "offender"
	Administrative Class = "administrative"
)

// Value is one entry of a field's list.
type Value struct {
	Name  string `json:"name"`
	Label string `json:"label"`
}

// Field is one field of the standard.
type Field struct {
	Name       string   `json:"name"`
	Label      string   `json:"label"`
	Section    string   `json:"section"`
	Type       Type     `json:"type"`
	Class      Class    `json:"class"`
	Core       bool     `json:"core,omitempty"`
	Deprecated bool     `json:"deprecated,omitempty"`
	Also       []string `json:"also,omitempty"` // other published spellings
	Values     []Value  `json:"values,omitempty"`
}

//go:embed vocabulary/fields.json
var vocabulary []byte

// Fields lists the standard's fields in its order.
var Fields = func() []Field {
	var v struct{ Fields []Field }
	if err := json.Unmarshal(vocabulary, &v); err != nil {
		panic("htcds: the built-in list of fields is broken: " + err.Error())
	}
	return v.Fields
}()

var bySpelling = func() map[string]*Field {
	out := map[string]*Field{}
	for i := range Fields {
		f := &Fields[i]
		for _, name := range append([]string{f.Name}, f.Also...) {
			out[fold(name)] = f
		}
	}
	return out
}()

// Lookup finds a field by any spelling of its name: case, underscores, hyphens
// and spaces do not count.
func Lookup(name string) (Field, bool) {
	if f, ok := bySpelling[fold(name)]; ok {
		return *f, true
	}
	return Field{}, false
}

// fold reduces a name or label to its letters and digits in lower case.
func fold(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r > 127 {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// Record is one case. Values are in the form the standard writes; Other keeps
// what was in columns the standard does not know.
type Record struct {
	Values map[string][]string
	Other  map[string]string
}

// Issue is one thing wrong, or only noteworthy, in one cell.
type Issue struct {
	Row     int    `json:"row"` // 1 is the first case
	Field   string `json:"field"`
	Message string `json:"message"`
	// Warning says that the value was read all the same.
	Warning bool `json:"warning,omitempty"`
}

func (i Issue) Error() string { return fmt.Sprintf("row %d, %s: %s", i.Row, i.Field, i.Message) }

// Personal says whether the class may lead to a person. An export without
// personal data leaves such fields out.
func (c Class) Personal() bool { return c != Administrative }

// WithoutPersonalData is the record's administrative and coded part. Free text
// and unknown columns are left out: nobody can say what stands in them.
func (r Record) WithoutPersonalData() Record {
	out := Record{Values: map[string][]string{}}
	for name, values := range r.Values {
		if f, ok := Lookup(name); ok && !f.Class.Personal() && f.Type != LongText && f.Type != Reference {
			out.Values[name] = values
		}
	}
	return out
}

// Change is one field that differs between two records.
type Change struct {
	Field string   `json:"field"`
	Old   []string `json:"old"`
	New   []string `json:"new"`
}

// Diff lists what applying next to old would change, in the standard's order.
// A field that next does not carry is left alone.
func Diff(old, next Record) []Change {
	var out []Change
	for _, f := range Fields {
		now, ok := next.Values[f.Name]
		if was := old.Values[f.Name]; ok && !equal(was, now) {
			out = append(out, Change{f.Name, was, now})
		}
	}
	return out
}

func equal(a, b []string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}
