package xlsform

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
)

// Report is what a check finds beyond right and wrong.
type Report struct {
	Errors      Errors             `json:"errors,omitempty"`
	Warnings    []Warning          `json:"warnings,omitempty"`
	Advice      []*Error           `json:"advice,omitempty"` // what works in some programs only
	Languages   []LanguageCoverage `json:"languages,omitempty"`
	Unreachable []Finding          `json:"unreachable,omitempty"`
	Duplicates  []Finding          `json:"duplicates,omitempty"`
	Stray       []Finding          `json:"stray,omitempty"` // cells that nobody reads
	Form        *Form              `json:"-"`               // nil where there are errors
}

// OK tells whether the form can be used.
func (r *Report) OK() bool { return len(r.Errors) == 0 }

// Finding is one thing to look at.
type Finding struct {
	Sheet string `json:"sheet"`
	Row   int    `json:"row,omitempty"`
	Cell  string `json:"cell,omitempty"`
	Name  string `json:"name,omitempty"`
	Text  string `json:"text"`
}

// LanguageCoverage tells how much of a form is written in one language.
type LanguageCoverage struct {
	Language Language  `json:"language"`
	Texts    int       `json:"texts"` // that there should be
	Done     int       `json:"done"`
	Missing  []Finding `json:"missing,omitempty"`
}

// Share is the share of texts that are there, 0 to 1; 1 where none is due.
func (l LanguageCoverage) Share() float64 {
	if l.Texts == 0 {
		return 1
	}
	return float64(l.Done) / float64(l.Texts)
}

// Check compiles a workbook and looks for what compiling does not refuse.
func Check(w *Workbook) Report {
	var r Report
	if w == nil {
		r.Errors = unreadable("There is no workbook.")
		return r
	}
	c := newCompiler(w, Options{})
	c.parse()
	if len(c.errs) == 0 {
		c.resolve()
		c.refuseCycles()
	}
	r.Languages = c.coverage()
	if len(c.errs) == 0 {
		xml := c.write()
		if len(c.errs) == 0 {
			c.warnLanguageCodes()
			r.Form = c.form(xml)
			r.Unreachable = c.unreachable()
		}
	}
	r.Duplicates = c.duplicates()
	for _, sh := range w.Sheets {
		for _, cell := range sh.Stray {
			r.Stray = append(r.Stray, Finding{Sheet: sh.Name, Cell: cell, Text: "This cell stands in a column without a heading; nobody reads it."})
		}
	}
	r.Errors, r.Warnings, r.Advice = c.errs, c.warnings, c.advice
	return r
}

// coverage counts, for each language, the texts that another language has.
func (c *compiler) coverage() []LanguageCoverage {
	type slot struct {
		sheet, name, what string
		row               dataRow
		path              []string
		text              langText
	}
	var slots []slot
	var langs []string
	for _, sheet := range [...]string{sheetSurvey, sheetChoices} {
		rows := c.surveyRows
		if sheet == sheetChoices {
			rows = c.choiceRows
		}
		for _, row := range rows {
			for _, t := range translatable[sheet] {
				p := strings.Split(t.path, "::")
				text := row.text(p...)
				if text.empty() {
					continue
				}
				slots = append(slots, slot{sheet, row.get("name"), t.word, row, p, text})
				for _, v := range text.in(c.defaultLanguage) {
					if !contains(langs, v.lang) {
						langs = append(langs, v.lang)
					}
				}
			}
		}
	}
	out := make([]LanguageCoverage, 0, len(langs))
	for _, lang := range langs {
		l := LanguageCoverage{Language: Language{Name: languageName(lang, c), Tag: tagOf(lang)}}
		for _, s := range slots {
			// Pictures and sounds need no translation where there is one for all.
			if s.path[0] == "media" && !s.text.translated() {
				continue
			}
			l.Texts++
			if s.text.get(lang, c.defaultLanguage) != "" {
				l.Done++
				continue
			}
			f := Finding{Sheet: s.sheet, Row: s.row.number, Name: s.name, Text: fmt.Sprintf("The %s is missing in this language.", s.what)}
			f.Cell = c.cell(s.sheet, s.row, append(append([]string{}, s.path...), lang)...)
			l.Missing = append(l.Missing, f)
		}
		out = append(out, l)
	}
	return out
}

// cell is the address of a column's cell in a row; "" where the sheet has no such
// column.
func (c *compiler) cell(kind string, row dataRow, path ...string) string {
	for i := range c.cols[kind] {
		if col := &c.cols[kind][i]; equalPath(col.path, path) {
			sh, _ := c.sheet(kind)
			return columnLetters(sh.columnNumber(col.index)) + itoa(row.number)
		}
	}
	return ""
}

// nameCell is the address of the name of a row.
func (c *compiler) nameCell(kind string, row int) string {
	return c.cell(kind, c.rowOf(kind, row), "name")
}

// duplicates are names and labels that occur twice where that is allowed but
// seldom meant.
func (c *compiler) duplicates() []Finding {
	var out []Finding
	first := map[string]*element{}
	c.survey.walk(func(e *element) {
		if e.parent == nil || e.kind == kindMeta || e.kind == kindEntity || e.kind == kindExternal || e.row == 0 || e.parent.kind == kindEntity {
			return
		}
		if o := first[e.name]; o != nil && o.row != e.row {
			out = append(out, Finding{Sheet: sheetSurvey, Row: e.row, Cell: c.nameCell(sheetSurvey, e.row), Name: e.name, Text: fmt.Sprintf("The name %q is used in row %d too. In tables of results they are easily taken for one another.", e.name, o.row)})
			return
		}
		first[e.name] = e
	})
	for _, l := range c.lists.order {
		names, labels := map[string]int{}, map[string]int{}
		for _, ch := range l.choices {
			if ch.row == 0 {
				continue
			}
			if row := names[ch.name]; row > 0 {
				out = append(out, Finding{Sheet: sheetChoices, Row: ch.row, Cell: c.nameCell(sheetChoices, ch.row), Name: ch.name, Text: fmt.Sprintf("The list %q has the choice %q in row %d too.", l.name, ch.name, row)})
				continue
			}
			names[ch.name] = ch.row
			for _, v := range ch.label.values {
				key := v.lang + "\x00" + v.text
				if row := labels[key]; row > 0 && len(ch.extra) == 0 {
					out = append(out, Finding{Sheet: sheetChoices, Row: ch.row, Cell: c.nameCell(sheetChoices, ch.row), Name: ch.name, Text: fmt.Sprintf("The list %q shows %q in row %d too: nobody can tell the two apart.", l.name, v.text, row)})
					continue
				}
				labels[key] = ch.row
			}
		}
	}
	return out
}

var (
	equalsChoice   = regexp.MustCompile(`^\s*\$\{([^}]+)\}\s*=\s*(?:'([^']*)'|"([^"]*)")\s*$`)
	selectedChoice = regexp.MustCompile(`^\s*selected\(\s*\$\{([^}]+)\}\s*,\s*(?:'([^']*)'|"([^"]*)")\s*\)\s*$`)
)

// unreachable finds questions that nobody can ever see: their condition, or that
// of a group around them, is always false.
func (c *compiler) unreachable() []Finding {
	var out []Finding
	dead := map[*element]string{}
	c.survey.walk(func(e *element) {
		if e.parent != nil && dead[e.parent] != "" {
			dead[e] = dead[e.parent]
			if e.shown() {
				out = append(out, Finding{Sheet: sheetSurvey, Row: e.row, Cell: c.nameCell(sheetSurvey, e.row), Name: e.name, Text: "Never shown: " + dead[e]})
			}
			return
		}
		why := c.neverTrue(e)
		if why == "" {
			return
		}
		dead[e] = why
		if e.shown() || e.kind == kindGroup || e.kind == kindRepeat {
			out = append(out, Finding{Sheet: sheetSurvey, Row: e.row, Cell: c.nameCell(sheetSurvey, e.row), Name: e.name, Text: "Never shown: " + why})
		}
	})
	sort.SliceStable(out, func(i, j int) bool { return out[i].Row < out[j].Row })
	return out
}

// neverTrue says why an element can never be relevant; "" = it can be.
func (c *compiler) neverTrue(e *element) string {
	if e.kind == kindRepeat {
		if n := strings.Trim(c.countOf(e), " "); n == "0" {
			return "the repeat " + quote(e.name) + " has 0 turns."
		}
	}
	expr := e.bind.get("relevant")
	if yes, known := yesNo[strings.TrimSpace(expr)]; known && !yes {
		return "its condition is always false (row " + itoa(e.row) + ")."
	}
	for _, part := range topLevelAnd(expr) {
		if yes, known := yesNo[strings.TrimSpace(part)]; known && !yes {
			return "its condition is always false (row " + itoa(e.row) + ")."
		}
		m := equalsChoice.FindStringSubmatch(part)
		if m == nil {
			m = selectedChoice.FindStringSubmatch(part)
		}
		if m == nil {
			continue
		}
		q := c.lookup(m[1])
		value := m[2] + m[3]
		if q != nil && value != "" && e.kind != kindQuestion && within(q, e) && q.deflt == "" && q.bind.get("calculate") == "" {
			return fmt.Sprintf("its condition asks for the answer to %q, which stands inside and is not shown before.", q.name)
		}
		if q == nil || !q.isSelect() || value == "" {
			continue
		}
		l := c.lists.get(q.list)
		if l == nil || q.file != "" {
			continue
		}
		if !l.has(value) {
			s := fmt.Sprintf("its condition asks for the choice %q of %q, which the list %q does not have.", value, q.name, l.name)
			if near := l.near(value); near != "" {
				s += fmt.Sprintf(" Did you mean %q?", near)
			}
			return s
		}
	}
	return ""
}

func (c *compiler) countOf(repeat *element) string {
	v := repeat.control.get("jr:count")
	if ref, ok := wholeRef(v); ok {
		if q := c.lookup(ref.name); q != nil && q.row == 0 {
			return q.bind.get("calculate")
		}
	}
	return v
}

// topLevelAnd cuts an expression at the "and"s outside brackets; an expression
// with an "or" there is one piece that says nothing.
func topLevelAnd(expr string) []string {
	if strings.TrimSpace(expr) == "" {
		return nil
	}
	var out []string
	depth, from := 0, 0
	for _, t := range tokenize(expr) {
		switch t.kind {
		case tokCall, tokOpenParen, tokPred, tokOpen:
			depth++
		case tokCloseParen, tokClose:
			depth--
		case tokBool:
			if depth > 0 {
				continue
			}
			if strings.TrimSpace(expr[t.start:t.end]) == "or" {
				return nil
			}
			out = append(out, expr[from:t.start])
			from = t.end
		}
	}
	return append(out, expr[from:])
}
