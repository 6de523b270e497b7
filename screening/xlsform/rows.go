package xlsform

import (
	"fmt"
	"strings"
)

// A dataRow is one row with its values under understood headers. Empty cells
// are not there.
type dataRow struct {
	number int
	values []cellValue
}

type cellValue struct {
	col  *column
	text string
}

func (r *dataRow) get(path ...string) string {
	for _, v := range r.values {
		if equalPath(v.col.path, path) {
			return v.text
		}
	}
	return ""
}

// text collects the languages under a path, in the order of the columns.
func (r *dataRow) text(path ...string) langText {
	var t langText
	for _, v := range r.values {
		p := v.col.path
		switch {
		case equalPath(p, path):
			t.values = append(t.values, langValue{"", v.text})
		case len(p) == len(path)+1 && equalPath(p[:len(path)], path):
			t.values = append(t.values, langValue{p[len(path)], v.text})
		}
	}
	return t
}

// group collects everything under a first part as ordered pairs.
func (r *dataRow) group(first string) pairs {
	var out pairs
	for _, v := range r.values {
		p := v.col.path
		if p[0] != first || len(p) < 2 {
			continue
		}
		lang := ""
		if len(p) > 2 {
			lang = strings.Join(p[2:], "::")
		}
		out.add(p[1], lang, v.text)
	}
	return out
}

func equalPath(a, b []string) bool {
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

// sheet finds a sheet the compiler knows.
func (c *compiler) sheet(name string) (*Sheet, bool) {
	return c.book.Sheet(name)
}

// checkHeadings refuses a heading that stands twice in a sheet, before anything
// else is read: nobody could tell which column is meant.
func (c *compiler) checkHeadings() {
	for _, sh := range c.book.Sheets {
		if !isSheetName(strings.ToLower(sh.Name)) {
			continue
		}
		seen := map[string]int{}
		for i, h := range sh.Header {
			if h == "" {
				continue
			}
			if j, twice := seen[h]; twice {
				c.fail(place{sheet: sh.Name, row: sh.HeaderRow, column: h, col: sh.columnNumber(i), text: h}, msg{
					code: "duplicate-column", text: fmt.Sprintf("Two columns have the same heading %q: %s and %s.", h, columnLetters(sh.columnNumber(j)), columnLetters(sh.columnNumber(i))),
					remedy: "Rename or remove one of them.",
					detail: "Duplicate column header: " + h})
				continue
			}
			seen[h] = i
		}
	}
}

// columnsOf understands the headers of a sheet once and refuses two headers that
// mean the same column.
func (c *compiler) columnsOf(sh *Sheet, kind string) ([]column, bool) {
	cols := readHeaders(kind, sh.Header)
	seen := map[string]*column{}
	ok := true
	for i := range cols {
		col := &cols[i]
		key := strings.Join(col.path, "::")
		if other := seen[key]; other != nil {
			if other.header == col.header {
				continue // refused by checkHeadings
			}
			if kind == sheetSettings && col.header != other.header && twoIDs[col.header] && twoIDs[other.header] {
				continue
			}
			if col.header == key && len(col.path) == 1 {
				col.over = other
				seen[key] = col
				c.advise(place{sheet: sh.Name, row: sh.HeaderRow, column: col.header, col: sh.columnNumber(col.index), text: col.header}, "same-column",
					fmt.Sprintf("The heading %q is an older name for the column %q. Where both are filled, only %q counts.", other.header, col.header, col.header),
					"Rename or remove one of them.")
				continue
			}
			ok = false
			c.fail(place{sheet: sh.Name, row: sh.HeaderRow, column: col.header, col: sh.columnNumber(col.index), text: col.header}, msg{
				code: "same-column", text: fmt.Sprintf("The headings %q and %q are two names for the same column.", other.header, col.header),
				remedy: "Rename or remove one of them.",
				detail: fmt.Sprintf("Invalid headers provided for sheet: '%s'. Headers that are different names for the same column were found: '%s', '%s'. Rename or remove one of these columns.", kind, other.header, col.header)})
			continue
		}
		seen[key] = col
	}
	return cols, ok
}

// twoIDs are the two headings for the form id that may stand side by side.
var twoIDs = set("form_id", "id_string")

// rows reads the rows of a sheet. With clean, spaces are trimmed and runs of
// them made one. Quotation marks that a word processor has bent are made
// straight everywhere, or no expression would be valid.
func (c *compiler) rows(sh *Sheet, kind string, clean bool) ([]dataRow, bool) {
	cols, ok := c.columnsOf(sh, kind)
	if !ok {
		return nil, false
	}
	if c.cols == nil {
		c.cols = map[string][]column{}
	}
	c.cols[kind] = cols
	out := make([]dataRow, 0, len(sh.Rows))
	values := make([]cellValue, 0, len(sh.Rows)*len(cols)/2)
	for _, src := range sh.Rows {
		start := len(values)
		for i := range cols {
			s := src.cell(cols[i].index)
			if s == "" {
				continue
			}
			if clean {
				s = collapse(s)
			}
			s = straighten(s)
			if s == "" {
				continue
			}
			if cols[i].over == nil || !replace(values[start:], cols[i].over, cellValue{&cols[i], s}) {
				values = append(values, cellValue{&cols[i], s})
			}
			if bad, found := badReference(s); found && holdsReferences(kind, &cols[i]) {
				c.badReference(kind, src.Number, &cols[i], s, bad)
			}
		}
		out = append(out, dataRow{src.Number, values[start:len(values):len(values)]})
	}
	c.rowsBroken(sh, kind)
	return out, true
}

// holdsReferences tells the columns in which a reference must be one. The survey's
// are all those that do not hold a name or type: those of the author's own too.
func holdsReferences(kind string, col *column) bool {
	switch kind {
	case sheetSurvey:
		return col.path[0] != "name" && col.path[0] != "type"
	case sheetChoices:
		return col.known && (col.path[0] == "label" || col.path[0] == "media")
	case sheetEntities:
		return col.path[0] != "dataset"
	}
	return kind == sheetSettings
}

// replace puts a value in the place of that of another column, where that is filled.
func replace(values []cellValue, of *column, by cellValue) bool {
	for i := range values {
		if values[i].col == of {
			values[i] = by
			return true
		}
	}
	return false
}

// rowsBroken refuses cells to the right of the last heading.
func (c *compiler) rowsBroken(sh *Sheet, kind string) {
	for _, r := range sh.Rows {
		for i, s := range r.Cells {
			if s == "" || i < len(sh.Header) && sh.Header[i] != "" {
				continue
			}
			c.fail(place{sheet: sh.Name, row: r.Number, column: columnLetters(sh.columnNumber(i)), col: sh.columnNumber(i), text: s}, msg{
				code: "no-heading", text: "This cell stands in a column without a heading.",
				remedy: "Give the column a heading in the first row, or empty the cell.",
				detail: fmt.Sprintf("Invalid headers provided for sheet: '%s'. For XLSForms, this may be due a missing header row, in which case add a header row as per the reference template https://xlsform.org/en/ref-table/. For internal API usage, may be due to a missing mapping for 'unknown', in which case ensure that the full set of headers appear within the first 100 rows, or specify the header row in '%s_header'.", kind, kind)})
			return
		}
	}
}

// collapse trims and makes runs of spaces one; line breaks stay.
func collapse(s string) string {
	s = strings.TrimSpace(s)
	if !strings.Contains(s, "  ") {
		return s
	}
	b := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' && i > 0 && s[i-1] == ' ' {
			continue
		}
		b = append(b, s[i])
	}
	return string(b)
}

var bentQuotes = strings.NewReplacer("\u2018", "'", "\u2019", "'", "\u201c", `"`, "\u201d", `"`)

func straighten(s string) string {
	if !strings.Contains(s, "\u2018") && !strings.Contains(s, "\u2019") && !strings.Contains(s, "\u201c") && !strings.Contains(s, "\u201d") {
		return s
	}
	return bentQuotes.Replace(s)
}

// hasHeader tells whether a heading is written in the sheet just so.
func hasHeader(sh *Sheet, name string) bool { return contains(sh.Header, name) }

// hasColumn tells whether any heading of the sheet leads to the path.
func (c *compiler) hasColumn(kind string, first string) bool {
	for _, col := range c.cols[kind] {
		if col.path[0] == first {
			return true
		}
	}
	return false
}

func quote(s string) string { return fmt.Sprintf("%q", s) }
