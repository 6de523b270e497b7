// Package merge joins two edits of one record field by field.
//
// Nothing is overwritten silently: a field that only one side changed takes
// that side's value; a field that both changed to different values keeps what
// is stored and becomes a Clash for a human to look at.
package merge

import "sort"

// Field is a stored field and the revision of the record at which it last
// changed.
type Field struct {
	Value    string `json:"v"`
	Revision int64  `json:"r"`
	By       string `json:"by,omitempty"`
}

// Clash is a field that two people changed.
type Clash struct {
	Field  string `json:"field"`
	Stored string `json:"stored"`
	// StoredBy is who changed it first.
	StoredBy string `json:"stored_by"`
	Mine     string `json:"mine"`
}

// Apply lays changes, made by somebody who last saw the record at revision
// base, over the stored fields, and returns the fields as they then stand, the
// names that changed, and the conflicts. next is the revision of this edit. An
// empty value clears a field. Neither argument is changed.
func Apply(stored map[string]Field, changes map[string]string, base, next int64, by string) (map[string]Field, []string, []Clash) {
	out := make(map[string]Field, len(stored)+len(changes))
	for name, f := range stored {
		out[name] = f
	}
	var changed []string
	var conflicts []Clash
	for name, value := range changes {
		have := stored[name]
		switch {
		case have.Value == value:
		case have.Revision > base:
			conflicts = append(conflicts, Clash{name, have.Value, have.By, value})
		default:
			out[name] = Field{value, next, by}
			changed = append(changed, name)
		}
	}
	sort.Strings(changed)
	sort.Slice(conflicts, func(i, j int) bool { return conflicts[i].Field < conflicts[j].Field })
	return out, changed, conflicts
}
