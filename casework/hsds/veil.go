package hsds

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// doors are the tables whose cells lead to somebody's door.
var doors = []string{"addresses.csv", "locations.csv", "phones.csv", "contacts.csv", "schedules.csv", "service_at_location.csv", "accessibility.csv", "metadata.csv", "service_areas.csv", "url.csv", "attributes.csv"}

// Veiled is what may be shown of a mistake on a page, on paper and in a file
// that is handed on: of rows that lead to a door, and of whatever stands under
// another object, no cell is quoted. Whether a service is confidential is not
// always known from a row that cannot be read.
func (e RowError) Veiled() RowError {
	table, _, known := tableOfName(cmp.Or(e.table, e.File))
	if e.bare != "" && (!known || slices.Contains(doors, table) || strings.ContainsAny(e.Column, ".[")) {
		e.Message = e.bare
	}
	return e
}

// bare writes a message without the values that may come from a cell: texts,
// numbers with a fraction and other errors' words. Row numbers stay.
func bare(format string, args []any) string {
	veiled := make([]any, len(args))
	for i, a := range args {
		if _, number := a.(int); number {
			veiled[i] = a
		} else {
			veiled[i] = hole{}
		}
	}
	return fmt.Sprintf(format, veiled...)
}

// hole stands where a value is not shown.
type hole struct{}

// Format writes the hole for every verb.
func (hole) Format(s fmt.State, _ rune) { fmt.Fprint(s, "…") }
