package xlsform

import (
	"fmt"
	"strconv"
	"strings"
)

// place is where an error is; msg is what it says.
type place struct {
	sheet  string
	row    int
	column string // heading as written
	col    int    // source column number, 0 = not known
	text   string
}

type msg struct {
	code     string
	text     string
	remedy   string
	suggest  string
	detail   string // pyxform's sentence
	upstream string // pyxform's code
}

// sentences that many errors share.
const (
	sentenceName = "Names must begin with a letter or underscore. After the first character, names may contain letters, digits, underscores, hyphens, or periods."
	learnSheets  = "Learn more: https://xlsform.org/en/#setting-up-your-worksheets"
)

func newError(p place, m msg) *Error {
	e := &Error{Sheet: p.sheet, Row: p.row, Column: p.column, Text: p.text, Message: m.text, Remedy: m.remedy,
		Suggestion: m.suggest, Code: codePrefix + m.code, Detail: m.detail, Upstream: m.upstream}
	if p.row > 0 && p.col > 0 {
		e.Cell = columnLetters(p.col) + strconv.Itoa(p.row)
	}
	return e
}

func (c *compiler) fail(p place, m msg) {
	if len(c.errs) < maxErrors {
		c.errs = append(c.errs, newError(p, m))
	}
}

// full tells that no more errors are listed; whoever searches on may stop.
func (c *compiler) full() bool { return len(c.errs) >= maxErrors }

// suggestion looks for the name that was meant, for the first errors only:
// comparing with every name takes time.
func (c *compiler) suggestion(wrong string, names []string) string {
	if len(c.errs) > 25 || len(wrong)*len(wrong)*len(names) > maxSuggestionWork {
		return ""
	}
	return suggest(wrong, names)
}

// maxSuggestionWork bounds the letters compared to find one name.
const maxSuggestionWork = 20_000_000

// maxErrors bounds the list: a workbook of nonsense must not fill memory.
const maxErrors = 200

// warn keeps what pyxform says before it stops at the first error; what it would
// say of later rows is told once the error is mended.
func (c *compiler) warn(sheet string, row int, text string) {
	if len(c.errs) > 0 {
		return
	}
	c.warnings = append(c.warnings, Warning{Sheet: sheet, Row: row, Text: text})
}

// at is the place of a column's cell in a row.
func (c *compiler) at(kind string, r dataRow, first ...string) place {
	p := place{sheet: kind, row: r.number}
	for _, v := range r.values {
		if equalPath(v.col.path, first) || len(v.col.path) > len(first) && equalPath(v.col.path[:len(first)], first) {
			return c.atColumn(kind, r.number, v.col, v.text)
		}
	}
	for i := range c.cols[kind] {
		col := &c.cols[kind][i]
		if equalPath(col.path, first) {
			return c.atColumn(kind, r.number, col, "")
		}
	}
	// The sheet has no such column: the row is shown by its first cell.
	if len(r.values) > 0 {
		return c.atColumn(kind, r.number, r.values[0].col, r.values[0].text)
	}
	if len(first) > 0 {
		p.column = first[len(first)-1]
	}
	return p
}

func (c *compiler) atColumn(kind string, row int, col *column, text string) place {
	p := place{sheet: kind, row: row, column: col.header, text: text}
	if sh, ok := c.sheet(kind); ok {
		p.sheet = sh.Name
		p.col = sh.columnNumber(col.index)
	}
	return p
}

// advise notes what compiles but will not work everywhere.
func (c *compiler) advise(p place, code, text, remedy string) {
	if len(c.advice) < maxErrors {
		c.advice = append(c.advice, newError(p, msg{code: "limited." + code, text: text, remedy: remedy}))
	}
}

func rowTag(row int) string {
	if row <= 0 {
		return "[row : unknown]"
	}
	return fmt.Sprintf("[row : %d]", row)
}

// invalid is the frame of most of pyxform's sentences.
func invalid(row int, sheet, column, rest string) string {
	return fmt.Sprintf("%s On the '%s' sheet, the '%s' value is invalid. %s", rowTag(row), sheet, column, rest)
}

func (c *compiler) badReference(sheet string, row int, col *column, text, bad string) {
	c.fail(c.atColumn(sheet, row, col, text), msg{
		code: "reference-form", text: "The reference " + quote(bad) + " cannot be read.",
		remedy: "Write a reference as ${name}, with the name of a question and no spaces inside the braces.",
		detail: invalid(row, sheet, col.header, "Reference variables must start with '${', then a question name, and end with '}'."), upstream: "PYREF_001"})
}

// misspelled lists the sheets whose name is near to the one looked for.
func (c *compiler) misspelled(sheet string) []string {
	var out []string
	for _, n := range c.book.names() {
		l := strings.ToLower(n)
		if l == sheet || strings.HasPrefix(n, "_") || isSheetName(l) {
			continue
		}
		if distance(l, sheet) <= 2 {
			out = append(out, n)
		}
	}
	return out
}

func isSheetName(s string) bool {
	for _, n := range sheetNames {
		if n == s {
			return true
		}
	}
	return false
}

func (w *Workbook) names() []string {
	if len(w.Names) > 0 {
		return w.Names
	}
	out := make([]string, len(w.Sheets))
	for i := range w.Sheets {
		out[i] = w.Sheets[i].Name
	}
	return out
}

func lookingFor(sheet string, found []string) string {
	if len(found) == 0 {
		return ""
	}
	return fmt.Sprintf("When looking for a sheet named '%s', the following sheets with similar names were found: '%s'.", sheet, strings.Join(found, "', '"))
}

func (c *compiler) warnMisspelled(sheet string) {
	if found := c.misspelled(sheet); len(found) > 0 {
		c.warn("", 0, lookingFor(sheet, found)+" If you do not mean to include a sheet, to suppress this message, prefix the sheet name with an underscore. For example 'setting' becomes '_setting'.")
	}
}

func first(s []string) string {
	if len(s) == 0 {
		return ""
	}
	return s[0]
}
