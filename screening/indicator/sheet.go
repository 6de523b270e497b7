package indicator

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Table is one sheet of a workbook: a header and rows under it.
type Table struct {
	Name   string
	Header []string
	Rows   [][]string
	// Numbers are the rows' numbers in the source, from 1; nil means 2, 3, ...
	Numbers []int
}

// Workbook is what PackFromSheets reads. Indicators is the sheet "indicators";
// Survey and Choices are the XLSForm sheets, for the questions' names, types,
// choices, labels and relevance.
type Workbook struct {
	Survey, Choices, Indicators Table
	// DefaultLanguage is the tag of columns that name no language; empty: en.
	DefaultLanguage string
}

// PackFromSheets builds a pack from the sheet "indicators" of a workbook: one
// row per indicator, and rows of other kinds for what surrounds them. The
// columns are described in docs/desks/screening-indicator.md. resolve finds
// the pack that a row of kind "base" names. Mistakes are reported by row and
// column in a *PackError. notes are remarks: relevances that the expression
// language cannot say, so that the question counts as always asked.
func PackFromSheets(w Workbook, resolve Resolver) (p *Pack, notes []Problem, err error) {
	r := &sheetReader{w: w, c: &checker{}, places: map[string]string{}, pack: &Pack{}}
	r.readIndicators(resolve)
	if err := r.c.err(); err != nil {
		return nil, nil, err
	}
	r.readQuestions()
	if err := r.c.err(); err != nil {
		return nil, nil, err
	}
	p, err = r.pack.finish(resolve, r.where)
	return p, r.notes, err
}

type sheetReader struct {
	w      Workbook
	c      *checker
	notes  []Problem
	pack   *Pack
	base   *Pack
	drafts map[string]bool
	// places maps pack paths to cells, for messages.
	places map[string]string
}

// where turns indicators[3].when into the cell it came from.
func (r *sheetReader) where(path string) string {
	for at := path; at != ""; {
		if cell, ok := r.places[at]; ok {
			if rest := strings.TrimPrefix(path[len(at):], "."); rest != "" {
				return cell + ", column " + rest
			}
			return cell
		}
		cut := strings.LastIndexAny(at, ".[")
		if cut < 0 {
			break
		}
		at = at[:cut]
	}
	return "sheet indicators: " + path
}

// line is one row with its cells by column name.
type line struct {
	table  *Table
	number int
	cells  map[string]string
}

func (l line) get(column string) string { return l.cells[column] }

func (l line) place(column string) string {
	s := fmt.Sprintf("sheet %s, row %d", l.table.Name, l.number)
	if column != "" {
		s += ", column " + column
	}
	return s
}

func (t *Table) lines() []line {
	var out []line
	for i, row := range t.Rows {
		l := line{table: t, number: i + 2, cells: map[string]string{}}
		if i < len(t.Numbers) {
			l.number = t.Numbers[i]
		}
		filled := false
		for j, cell := range row {
			if j < len(t.Header) {
				cell = strings.TrimSpace(cell)
				l.cells[strings.TrimSpace(t.Header[j])] = cell
				filled = filled || cell != ""
			}
		}
		if filled {
			out = append(out, l)
		}
	}
	return out
}

// text gathers the columns name, name::English (en), name::id ...
func (r *sheetReader) text(l line, name string) Text {
	out := Text{}
	for _, column := range l.table.Header {
		column = strings.TrimSpace(column)
		cell := l.cells[column]
		base, language, tagged := strings.Cut(column, "::")
		if base != name || cell == "" {
			continue
		}
		tag := r.w.DefaultLanguage
		if tagged {
			tag = languageTag(language)
		} else if tag == "" {
			tag = "en"
		}
		if tag == "" {
			continue
		}
		out[tag] = Wording{Text: cell, Draft: r.drafts[tag]}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// languageTag takes "Bahasa Indonesia (id)" or "id".
func languageTag(s string) string {
	s = strings.TrimSpace(s)
	if open := strings.LastIndexByte(s, '('); open >= 0 && strings.HasSuffix(s, ")") {
		s = s[open+1 : len(s)-1]
	}
	if langPattern.MatchString(s) {
		return s
	}
	return ""
}

func (l line) list(column string) []string { return strings.Fields(l.get(column)) }

func isYes(s string) bool { return s == "yes" || s == "true" || s == "TRUE" || s == "1" }

// sheetColumns are the columns the sheet knows besides texts.
var sheetColumns = map[string]bool{"kind": true, "id": true, "version": true, "dimension": true, "adult": true, "child": true, "when": true,
	"source": true, "secondary": true, "rule": true, "outcome_kind": true, "positive": true, "flags": true, "cite": true, "draft": true, "validated": true}

func (r *sheetReader) readIndicators(resolve Resolver) {
	t := &r.w.Indicators
	if t.Name == "" {
		t.Name = "indicators"
	}
	if r.w.Survey.Name == "" {
		r.w.Survey.Name = "survey"
	}
	if r.w.Choices.Name == "" {
		r.w.Choices.Name = "choices"
	}
	for _, h := range t.Header {
		base, _, _ := strings.Cut(strings.TrimSpace(h), "::")
		if h != "" && !sheetColumns[base] && base != "label" && base != "note" && base != "offer" && base != "remark" {
			r.c.add("sheet indicators, header", "unknown column “"+h+"”", "use the columns of docs/desks/screening-indicator.md; a column for people only is named remark")
		}
	}
	lines := t.lines()
	for _, l := range lines {
		if l.get("kind") == "pack" {
			r.drafts = set(l.list("draft"))
		}
	}
	for _, l := range lines {
		if l.get("kind") == "base" {
			r.readBase(l, resolve)
		}
	}
	for _, l := range lines {
		r.readLine(l)
	}
	if r.pack.ID == "" {
		r.c.add("sheet indicators", "no row says which pack this is", "add a row: kind = pack, id = a name, version = 1.0.0, label = a title")
	}
	if r.base != nil {
		r.takeBase()
	}
}

func (r *sheetReader) readBase(l line, resolve Resolver) {
	if r.base != nil {
		r.c.add(l.place("kind"), "there is a base already", "keep one")
		return
	}
	if resolve == nil {
		r.c.add(l.place("id"), "there is nowhere to find the base “"+l.get("id")+"”", "load the workbook where packs can be found")
		return
	}
	base, err := resolve(l.get("id"), l.get("version"))
	if err != nil {
		r.c.add(l.place("id"), err.Error(), "check id and version")
		return
	}
	r.base = base
	r.pack.Origin = []Origin{{base.ID, base.Version, base.hash}}
}

func (r *sheetReader) readLine(l line) {
	p := r.pack
	switch kind := l.get("kind"); kind {
	case "base":
	case "pack":
		p.ID, p.Version, p.Validated = l.get("id"), l.get("version"), isYes(l.get("validated"))
		p.Title, p.Note = r.text(l, "label"), r.text(l, "note")
	case "population":
		p.Population.Adult = l.get("when")
		r.places["population.adult"] = l.place("when")
	case "source":
		r.places[fmt.Sprintf("sources[%d]", len(p.Sources))] = l.place("")
		p.Sources = append(p.Sources, Source{l.get("id"), l.get("cite"), isYes(l.get("secondary"))})
	case "rule":
		r.places[fmt.Sprintf("rules[%d]", len(p.Rules))] = l.place("")
		p.Rules = append(p.Rules, Rule{l.get("id"), l.get("when"), r.text(l, "label"), l.get("source")})
	case "dimension":
		r.places[fmt.Sprintf("dimensions[%d]", len(p.Dimensions))] = l.place("")
		p.Dimensions = append(p.Dimensions, Dimension{l.get("id"), r.text(l, "label"), l.get("rule"), l.get("source")})
	case "profile":
		r.places[fmt.Sprintf("profiles[%d]", len(p.Profiles))] = l.place("")
		p.Profiles = append(p.Profiles, Profile{ID: l.get("id"), Version: l.get("version"), Title: r.text(l, "label"), Note: r.text(l, "note"), Source: l.get("source")})
	case "outcome":
		if len(p.Profiles) == 0 {
			r.c.add(l.place("kind"), "an outcome before any profile", "add a row of kind profile above it")
			return
		}
		pr := &p.Profiles[len(p.Profiles)-1]
		r.places[fmt.Sprintf("profiles[%d].outcomes[%d]", len(p.Profiles)-1, len(pr.Outcomes))] = l.place("")
		pr.Outcomes = append(pr.Outcomes, Outcome{ID: l.get("id"), Kind: l.get("outcome_kind"), When: l.get("when"), Positive: isYes(l.get("positive")),
			Flags: l.list("flags"), Title: r.text(l, "label"), Offer: r.text(l, "offer"), Source: l.get("source")})
	case "indicator", "":
		r.readIndicator(l)
	default:
		r.c.add(l.place("kind"), "unknown kind “"+kind+"”", "use indicator, pack, base, population, source, rule, dimension, profile or outcome")
	}
}

// readIndicator reads a row of its own, or one that gives a base indicator its
// expression. Such a row may repeat what the base says, not change it.
func (r *sheetReader) readIndicator(l line) {
	ind := Indicator{ID: l.get("id"), Dimension: l.get("dimension"), Strength: Strength{l.get("adult"), l.get("child")},
		Text: r.text(l, "label"), When: l.get("when"), Source: l.get("source"), Secondary: isYes(l.get("secondary"))}
	if ind.When == "" {
		r.c.add(l.place("when"), "the indicator “"+ind.ID+"” has no expression", "write for example: documents_taken = 'yes'; or remove the row")
	}
	if r.base != nil {
		for _, b := range r.base.Indicators {
			if b.ID != ind.ID {
				continue
			}
			for _, pair := range [][3]string{{"dimension", ind.Dimension, b.Dimension}, {"adult", ind.Strength.Adult, b.Strength.Adult},
				{"child", ind.Strength.Child, b.Strength.Child}, {"source", ind.Source, b.Source}} {
				if pair[1] != "" && pair[1] != pair[2] {
					r.c.add(l.place(pair[0]), "“"+ind.ID+"” has “"+pair[2]+"” here in the base, not “"+pair[1]+"”", "leave the cell empty, or give the indicator another id")
				}
			}
			when := ind.When
			ind = b
			ind.When = when
		}
	}
	r.places[fmt.Sprintf("indicators[%d]", len(r.pack.Indicators))] = l.place("")
	r.pack.Indicators = append(r.pack.Indicators, ind)
}

// takeBase copies from the base what the sheet does not say itself. Base
// indicators without a row stay in the pack without an expression: they are
// not covered.
func (r *sheetReader) takeBase() {
	p, b := r.pack, r.base
	p.Sources = addMissing(p.Sources, b.Sources, func(s Source) string { return s.ID })
	p.Rules = addMissing(p.Rules, b.Rules, func(s Rule) string { return s.ID })
	p.Dimensions = addMissing(p.Dimensions, b.Dimensions, func(s Dimension) string { return s.ID })
	for _, ind := range b.Indicators {
		ind.When = ""
		p.Indicators = addMissing(p.Indicators, []Indicator{ind}, func(s Indicator) string { return s.ID })
	}
	p.Profiles = addMissing(p.Profiles, b.Profiles, func(s Profile) string { return s.ID })
	if len(p.Note) == 0 {
		p.Note = b.Note
	}
	if len(p.Codes.NotKnown)+len(p.Codes.Declined) == 0 {
		p.Codes = b.Codes
	}
}

func addMissing[R any](own, base []R, key func(R) string) []R {
	have := map[string]bool{}
	for _, r := range own {
		have[key(r)] = true
	}
	for _, r := range base {
		if !have[key(r)] {
			own = append(own, r)
		}
	}
	return own
}

// readQuestions takes from the survey the questions that expressions ask
// about, and those their relevance asks about.
func (r *sheetReader) readQuestions() {
	r.pack.Codes = codesOr(r.pack.Codes)
	found, repeated := r.survey()
	r.dropUnsayable(found)
	wanted := map[string]bool{}
	var want func(place, src string)
	want = func(place, src string) {
		e, err := parse(src)
		if err != nil {
			return // reported with its place by the compiler
		}
		for _, name := range namesIn(e) {
			if wanted[name] {
				continue
			}
			wanted[name] = true
			if _, ok := found[name]; !ok {
				r.noQuestion(place, src, name, found)
			}
			if repeated[name] {
				r.c.add(place, "“"+name+"” stands in a repeat and has many answers", "ask it outside the repeat")
			}
			if q, ok := found[name]; ok && q.Relevant != "" {
				want(place, q.Relevant)
			}
		}
	}
	for i, ind := range r.pack.Indicators {
		want(r.where(fmt.Sprintf("indicators[%d].when", i)), ind.When)
	}
	want(r.where("population.adult"), r.pack.Population.Adult)
	for _, l := range r.w.Survey.lines() {
		name := l.get("name")
		if q, ok := found[name]; ok && wanted[name] {
			r.places[fmt.Sprintf("questions[%d]", len(r.pack.Questions))] = l.place("")
			r.pack.Questions = append(r.pack.Questions, q)
			delete(found, name)
		}
	}
}

func (r *sheetReader) noQuestion(place, src, name string, found map[string]Question) {
	names := make([]string, 0, len(found))
	for n := range found {
		names = append(names, n)
	}
	remedy := "name a question of the survey, exactly as in its name column; calculated fields cannot be asked about, name the questions behind them"
	if near := nearestOf(name, names); near != "" {
		remedy = "did you mean " + near + "?"
	}
	r.c.add(place, fmt.Sprintf("column %d: there is no question “%s”", utf8.RuneCountInString(src[:strings.Index(src, name)])+1, name), remedy)
}

// dropUnsayable forgets a relevance that asks about something else than a
// question: a calculated field, for example.
func (r *sheetReader) dropUnsayable(found map[string]Question) {
	for _, l := range r.w.Survey.lines() {
		q, ok := found[l.get("name")]
		if !ok || q.Relevant == "" {
			continue
		}
		e, err := parse(q.Relevant)
		if err != nil {
			continue
		}
		for _, name := range namesIn(e) {
			if _, ok := found[name]; !ok {
				r.notes = append(r.notes, Problem{l.place("relevant"), "the indicators count “" + q.Name + "” as always asked: its relevance asks about “" + name + "”, which is no question", "name the questions behind it, if it matters"})
				q.Relevant = ""
				found[q.Name] = q
				break
			}
		}
	}
}

func codesOr(c Codes) Codes {
	if len(c.NotKnown) == 0 {
		c.NotKnown = []string{"not_known"}
	}
	if len(c.Declined) == 0 {
		c.Declined = []string{"declined"}
	}
	return c
}

func namesIn(e *expr) []string {
	var out []string
	if e.name != "" {
		out = append(out, e.name)
	}
	for _, kid := range e.kids {
		out = append(out, namesIn(kid)...)
	}
	return out
}

// survey reads the questions of the survey sheet, with the relevance of the
// groups around them.
func (r *sheetReader) survey() (found map[string]Question, repeated map[string]bool) {
	found, repeated = map[string]Question{}, map[string]bool{}
	choices := r.choices()
	var around []string // relevance of the open groups
	repeats := 0
	var inRepeat []bool
	for _, l := range r.w.Survey.lines() {
		kind, list, _ := strings.Cut(strings.Join(strings.Fields(l.get("type")), " "), " ")
		list, _, _ = strings.Cut(list, " ")
		switch kind {
		case "begin", "begin_group", "begin_repeat":
			isRepeat := kind == "begin_repeat" || list == "repeat"
			around, inRepeat = append(around, r.relevance(l)), append(inRepeat, isRepeat)
			if isRepeat {
				repeats++
			}
			continue
		case "end", "end_group", "end_repeat":
			if n := len(around); n > 0 {
				if inRepeat[n-1] {
					repeats--
				}
				around, inRepeat = around[:n-1], inRepeat[:n-1]
			}
			continue
		case "int":
			kind = "integer"
		case "select_one_from_file", "select_multiple_from_file":
			kind = "text"
		}
		if _, ok := questionKinds[kind]; !ok {
			continue
		}
		q := Question{Name: l.get("name"), Type: kind, Label: r.text(l, "label")}
		q.Relevant = conjunction(append(append([]string(nil), around...), r.relevance(l)))
		if kind == "select_one" || kind == "select_multiple" {
			r.putChoices(&q, choices[list])
		}
		found[q.Name] = q
		repeated[q.Name] = repeats > 0
	}
	return found, repeated
}

func (r *sheetReader) putChoices(q *Question, list []line) {
	yesNo := true
	for _, c := range list {
		name := firstOf(c.get("name"), c.get("value"))
		q.Choices = append(q.Choices, name)
		code := contains(r.pack.Codes.NotKnown, name) || contains(r.pack.Codes.Declined, name)
		if name == "yes" || name == "no" || code {
			continue
		}
		yesNo = false
		if label := r.text(c, "label"); label != nil {
			if q.ChoiceLabels == nil {
				q.ChoiceLabels = map[string]Text{}
			}
			q.ChoiceLabels[name] = label
		}
	}
	if yesNo && q.Type == "select_one" && contains(q.Choices, "yes") && contains(q.Choices, "no") {
		q.Type = "yes_no"
	}
}

func (r *sheetReader) choices() map[string][]line {
	out := map[string][]line{}
	for _, l := range r.w.Choices.lines() {
		list := firstOf(l.get("list_name"), l.get("list name"))
		out[list] = append(out[list], l)
	}
	return out
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func conjunction(parts []string) string {
	var kept []string
	for _, p := range parts {
		if p != "" {
			kept = append(kept, p)
		}
	}
	switch len(kept) {
	case 0:
		return ""
	case 1:
		return kept[0]
	}
	return "(" + strings.Join(kept, ") and (") + ")"
}

// relevance takes a relevance of the survey when the expression language can
// say it: comparisons of ${question} with constants, and, or, not, selected.
func (r *sheetReader) relevance(l line) string {
	src := firstOf(l.get("relevant"), l.get("relevance"))
	if src == "" {
		return ""
	}
	src = strings.ReplaceAll(src, "count-selected(", "count_selected(")
	e, err := parse(src)
	if err == nil {
		err = sayable(e)
	}
	if err != nil {
		r.notes = append(r.notes, Problem{l.place("relevant"), "the indicators count “" + l.get("name") + "” as always asked: " + err.Error(), "write the relevance with comparisons, and, or, not and selected only, if it matters"})
		return ""
	}
	return strings.NewReplacer("${", "", "}", "").Replace(src)
}

// sayable refuses bare names, which XPath would take for elements.
func sayable(e *expr) error {
	if e.op == opName {
		return &SyntaxError{e.col, "“" + e.name + "” alone is not a condition", ""}
	}
	for _, kid := range e.kids {
		if err := sayable(kid); err != nil {
			return err
		}
	}
	if e.op == opCompare && e.str == "" && !e.isNum {
		return &SyntaxError{e.col, "a comparison with an empty text", ""}
	}
	return nil
}

// Sheet gives the rows of a pack's indicators in the sheet's columns, to start
// a workbook from a pack that exists.
func (p *Pack) Sheet() Table {
	t := Table{Name: "indicators", Header: []string{"kind", "id", "version", "dimension", "adult", "child", "when", "source", "label::English (en)"}}
	t.Rows = append(t.Rows,
		[]string{"pack", p.ID + "-own", "1.0.0", "", "", "", "", "", "Own indicators on the base of " + p.ID},
		[]string{"base", p.ID, p.Version},
		[]string{"population", "", "", "", "", "", p.Population.Adult})
	for _, ind := range p.Indicators {
		w, _ := ind.Text.In("en")
		t.Rows = append(t.Rows, []string{"indicator", ind.ID, "", ind.Dimension, ind.Strength.Adult, ind.Strength.Child, ind.When, ind.Source, w.Text})
	}
	for i := range t.Rows {
		t.Numbers = append(t.Numbers, i+2)
	}
	return t
}

// RowCount says how many indicators of a dimension a population's list has.
func (p *Pack) RowCount(dimension, population string) int {
	n := 0
	for _, ind := range p.Indicators {
		s := ind.Strength.Adult
		if population == "child" {
			s = ind.Strength.Child
		}
		if ind.Dimension == dimension && s != "" {
			n++
		}
	}
	return n
}
