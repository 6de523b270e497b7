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
	"maps"
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

// byLabel finds a field by what people are shown; labels that several fields
// have tell none of them.
var byLabel = func() map[string]*Field {
	out := map[string]*Field{}
	for i := range Fields {
		label := fold(Fields[i].Label)
		if _, twice := out[label]; twice {
			out[label] = nil
			continue
		}
		out[label] = &Fields[i]
	}
	maps.DeleteFunc(out, func(_ string, f *Field) bool { return f == nil })
	return out
}()

// heading finds a field by a column's heading, which forms write with the names
// of the groups around it: person/prs_FirstName, person-prs_FirstName.
func heading(text string) (Field, bool) {
	text = strings.TrimSpace(text)
	if f, ok := Lookup(text); ok {
		return f, true
	}
	if i := strings.LastIndexAny(text, "/-.:"); i >= 0 {
		return Lookup(text[i+1:])
	}
	return Field{}, false
}

// part finds the field and the value of a column that stands for one value of a
// list, as vic_MethodsOfControl/DebtBondage.
func part(text string) (f Field, value string, ok bool) {
	i := strings.LastIndexAny(text, "/")
	if i < 0 {
		return f, "", false
	}
	if f, ok = heading(text[:i]); !ok || f.Type != Choices {
		return f, "", false
	}
	value, _, _ = f.choice(strings.TrimSpace(text[i+1:]))
	return f, value, true
}

// fieldsOf are the fields that a row of headings names, by their names or, when
// it has none of these, by their labels.
func fieldsOf(cells []string) map[string]bool {
	names, labels := map[string]bool{}, map[string]bool{}
	for _, cell := range cells {
		if f, ok := heading(cell); ok {
			names[f.Name] = true
		} else if f, _, ok := part(cell); ok {
			names[f.Name] = true
		} else if f, ok := byLabel[fold(cell)]; ok {
			labels[f.Name] = true
		}
	}
	if len(names) == 0 && len(labels) > 2 {
		return labels
	}
	return names
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
	// Row is where the record stood in its file, as in Issue; 0 when it comes
	// from none.
	Row int
}

// Issue is one thing wrong, or only noteworthy, in one cell.
type Issue struct {
	Row     int    `json:"row"`            // 1 is the first row below the header
	Cell    string `json:"cell,omitempty"` // as a spreadsheet names it, such as C4
	Field   string `json:"field"`
	Message string `json:"message"`
	// Warning says that the value was read all the same.
	Warning bool `json:"warning,omitempty"`
}

func (i Issue) Error() string {
	where := fmt.Sprintf("row %d", i.Row)
	if i.Field != "" {
		where += ", " + i.Field
	}
	if i.Cell != "" {
		where += " (cell " + i.Cell + ")"
	}
	return where + ": " + i.Message
}

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
