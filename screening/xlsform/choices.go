package xlsform

import (
	"fmt"
	"sort"
	"strings"
)

// externalChoices is the sheet external_choices, written out again as a file.
type externalChoices struct {
	lists  map[string]bool
	header []string
	rows   [][]string
	used   bool // by a question; else nobody needs the file
}

func (c *compiler) readExternalChoices() {
	sh, ok := c.sheet(sheetExternal)
	if !ok {
		return
	}
	rows, ok := c.rows(sh, sheetExternal, false)
	if !ok {
		return
	}
	x := &externalChoices{lists: map[string]bool{}}
	nameless := false
	for _, h := range sh.Header {
		switch {
		case h != "":
			x.header = append(x.header, h)
		case !sh.loose && !nameless:
			// In tables that are no spreadsheet an empty heading is a column called
			// None for the tools of the field, and so for who compares the files.
			nameless = true
			x.header = append(x.header, "None")
		}
	}
	for i, r := range rows {
		if len(r.values) == 0 {
			continue
		}
		if l := r.get("list_name"); l != "" {
			x.lists[l] = true
		}
		line := make([]string, 0, len(x.header))
		for j, h := range sh.Header {
			if h != "" {
				line = append(line, sh.Rows[i].cell(j))
			}
		}
		x.rows = append(x.rows, trimRight(line))
	}
	if len(x.rows) > 0 {
		c.external = x
	}
}

// csv writes the itemsets file: every field in quotation marks, lines ended as
// RFC 4180 says.
func (x *externalChoices) csv() []byte {
	var b []byte
	line := func(fields []string) {
		for i, f := range fields {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(b, '"')
			b = append(b, strings.ReplaceAll(f, `"`, `""`)...)
			b = append(b, '"')
		}
		b = append(b, '\r', '\n')
	}
	line(x.header)
	for _, r := range x.rows {
		line(r)
	}
	return b
}

func (c *compiler) readChoices() {
	c.lists.byName = map[string]*choiceList{}
	sh, ok := c.sheet(sheetChoices)
	if !ok {
		return
	}
	rows, ok := c.rows(sh, sheetChoices, false)
	if !ok {
		return
	}
	if len(rows) == 0 {
		delete(c.cols, sheetChoices) // headings alone say nothing, of languages neither
		return
	}
	if !c.hasColumn(sheetChoices, "name") {
		c.missingColumn(sh, sheetChoices, "name")
		return
	}
	c.choiceRows = rows
	dropped := c.choiceHeaders(sh)
	for _, r := range rows {
		if len(r.values) == 0 {
			continue
		}
		listName := r.get("list_name")
		if listName == "" {
			continue
		}
		l := c.lists.get(listName)
		if l == nil {
			l = &choiceList{name: listName}
			c.lists.byName[listName] = l
			c.lists.order = append(c.lists.order, l)
		}
		ch := readChoice(r, dropped)
		l.choices = append(l.choices, ch)
		l.hasOther = l.hasOther || ch.name == "other"
		if l.spaced == nil && strings.Contains(ch.name, " ") {
			l.spaced = ch
		}
	}
	for _, l := range c.lists.order {
		c.checkList(l)
	}
}

// choiceHeaders warns of headings that cannot become an element's name; their
// columns are left out.
func (c *compiler) choiceHeaders(sh *Sheet) map[*column]bool {
	dropped := map[*column]bool{}
	double := doubleColons(sh.Header)
	for i := range c.cols[sheetChoices] {
		col := &c.cols[sheetChoices][i]
		if col.known {
			continue
		}
		part := ":"
		if double {
			part = "::"
		}
		base, _, _ := strings.Cut(col.header, part)
		if base = strings.TrimSpace(base); strings.ContainsAny(base, " \t\n") {
			c.warn(sh.Name, sh.HeaderRow, invalid(1, sheetChoices, base, "Column headers must not be empty and must not contain spaces. "+learnSheets))
			dropped[col] = true
			continue
		}
		if !isNCName(col.header) && c.filledColumn(sh, col) {
			c.advise(c.atColumn(sheetChoices, sh.HeaderRow, col, col.header), "choice-column", "The column "+quote(col.header)+" cannot be part of a form; it is left out.",
				"Choices may have label, image, audio and video in several languages, and columns of your own with a plain name: letters, digits and underscores.")
			dropped[col] = true
		}
	}
	return dropped
}

// filledColumn tells whether any row of a sheet has a value in a column.
func (c *compiler) filledColumn(sh *Sheet, col *column) bool {
	for _, r := range sh.Rows {
		if r.cell(col.index) != "" {
			return true
		}
	}
	return false
}

func readChoice(r dataRow, dropped map[*column]bool) *choice {
	ch := &choice{row: r.number, name: r.get("name"), label: r.text("label"), media: r.group("media")}
	for _, v := range r.values {
		if !v.col.known && !dropped[v.col] {
			ch.extra.set(v.col.path[0], v.text)
		}
	}
	if v := r.get("sms_option"); v != "" {
		ch.extra.set("sms_option", v)
	}
	return ch
}

// checkList looks at the names and labels of one list.
func (c *compiler) checkList(l *choiceList) {
	seen := map[string]int{}
	duplicates := c.settings.on("allow_choice_duplicates", false)
	var twice []*choice
	for _, ch := range l.choices {
		if ch.name == "" {
			c.fail(c.at(sheetChoices, c.rowOf(sheetChoices, ch.row), "name"), msg{
				code: "choice-name", text: "This choice of the list " + quote(l.name) + " has no name.",
				remedy: "Give it a name: it is what is saved when the choice is taken.",
				detail: invalid(ch.row, sheetChoices, "name", "Choices must have a name. "+learnSheets)})
			continue
		}
		if ch.label.empty() {
			c.warn(sheetChoices, ch.row, invalid(ch.row, sheetChoices, "label", "Choices should have a label. "+learnSheets))
		}
		if _, again := seen[ch.name]; again && !duplicates {
			twice = append(twice, ch)
			continue
		}
		seen[ch.name] = ch.row
	}
	if len(twice) == 0 {
		return
	}
	lines := make([]string, len(twice))
	for i, ch := range twice {
		lines[i] = invalid(ch.row, sheetChoices, "name", "Choice names must be unique for each choice list. If this is intentional, use the setting 'allow_choice_duplicates'. Learn more: https://xlsform.org/#choice-names.")
	}
	for i, ch := range twice {
		detail := lines[i]
		if i == 0 {
			detail = strings.Join(lines, "\n")
		}
		c.fail(c.at(sheetChoices, c.rowOf(sheetChoices, ch.row), "name"), msg{
			code: "choice-twice", text: fmt.Sprintf("The list %q has the choice %q already in row %d.", l.name, ch.name, seen[ch.name]),
			remedy: "Give each choice its own name, or set allow_choice_duplicates to yes in the settings sheet.",
			detail: detail})
	}
}

// rowOf finds a row again by its number, for the place of an error.
func (c *compiler) rowOf(kind string, number int) dataRow {
	rows := c.surveyRows
	if kind == sheetChoices {
		rows = c.choiceRows
	}
	i := sort.Search(len(rows), func(i int) bool { return rows[i].number >= number })
	if i < len(rows) && rows[i].number == number {
		return rows[i]
	}
	return dataRow{number: number}
}

// missingColumn shows the heading that was probably meant, or the first one.
func (c *compiler) missingColumn(sh *Sheet, kind, name string) {
	m := msg{code: "no-column", text: "The sheet has no column " + quote(name) + ".",
		remedy: "Write the headings in the first row of the sheet; " + quote(name) + " must be one of them.",
		detail: fmt.Sprintf("Invalid headers provided for sheet: '%s'. One or more required column headers were not found: '%s'. %s", kind, name, learnSheets)}
	at := place{sheet: sh.Name, row: sh.HeaderRow, column: name}
	near := suggest(name, sh.Header)
	for i, h := range sh.Header {
		if h != "" && (h == near || near == "" && at.col == 0) {
			at.column, at.col, at.text = h, sh.columnNumber(i), h
		}
	}
	if near != "" {
		m.suggest = name
	}
	c.fail(at, m)
}
