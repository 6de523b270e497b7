package indicator

import (
	"fmt"
	"sort"
	"strings"
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
// column in a *PackError, an indicator that no answers can make present among
// them. notes are remarks: relevances that the expression language cannot say,
// so that the question counts as always asked; texts that are missing in a
// language of the sheet; rules and outcomes that can never hold.
func PackFromSheets(w Workbook, resolve Resolver) (p *Pack, notes []Problem, err error) {
	r := &sheetReader{w: w, c: &checker{}, said: &checker{}, places: map[string]string{}, labels: map[string]string{}, listed: map[string][]line{}, pack: &Pack{}}
	r.readIndicators(resolve)
	if err := r.c.err(); err != nil {
		return nil, nil, err
	}
	r.readQuestions()
	if err := r.c.err(); err != nil {
		return nil, nil, err
	}
	if p, err = r.pack.finish(resolve, r.where); err != nil {
		return nil, nil, err
	}
	never, doubts := p.Unreachable()
	if r.c.where = r.where; len(never) > 0 {
		for _, n := range never {
			r.c.add(n.Place, n.Message, n.Remedy)
		}
		return nil, nil, r.c.err()
	}
	for _, n := range doubts {
		r.note(r.where(n.Place), n.Message, n.Remedy)
	}
	return p, r.said.problems, nil
}

type sheetReader struct {
	w Workbook
	c *checker
	// said gathers the notes, no more of them than of mistakes.
	said   *checker
	pack   *Pack
	base   *Pack
	drafts map[string]bool
	// places maps pack paths to cells, for messages; labels the place of a row
	// to the column its title stands in.
	places map[string]string
	labels map[string]string
	// listed holds, by question, the rows of its choices.
	listed map[string][]line
}

func (r *sheetReader) note(place, message, remedy string) { r.said.add(place, message, remedy) }

// sheetColumn is the column in which a member of a pack stands, where the two
// do not have the same name.
var sheetColumn = map[string]string{"text": "label", "title": "label", "strength.adult": "adult", "strength.child": "child", "strength": "adult"}

// where turns indicators[3].when into the cell it came from.
func (r *sheetReader) where(path string) string {
	for at := path; at != ""; {
		if cell, ok := r.places[at]; ok {
			rest := strings.TrimPrefix(path[len(at):], ".")
			if rest == "" {
				return cell
			}
			member, language := rest, ""
			if head, tag, found := strings.Cut(rest, "."); found && head != "strength" {
				member, language = head, tag
			}
			if column, ok := sheetColumn[member]; ok {
				member = column
			}
			if member == "kind" { // of an outcome
				member = "outcome_kind"
			}
			if language != "" {
				member = r.column(member, language)
			}
			return cell + ", column " + member
		}
		cut := strings.LastIndexAny(at, ".[")
		if cut < 0 {
			break
		}
		at = at[:cut]
	}
	if cell, ok := r.places["pack"]; ok {
		return cell + ", column " + firstOf(sheetColumn[path], path)
	}
	return "sheet " + r.w.Indicators.Name + ", header"
}

// column finds the heading of a text in one language.
func (r *sheetReader) column(name, tag string) string {
	for _, h := range r.w.Indicators.Header {
		if base, language, tagged := strings.Cut(strings.TrimSpace(h), "::"); base == name && (tagged && languageTag(language) == tag || !tagged && tag == firstOf(r.w.DefaultLanguage, "en")) {
			return strings.TrimSpace(h)
		}
	}
	return name
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

// yes reads a cell that says yes or no; empty is no.
func (r *sheetReader) yes(l line, column string) bool {
	switch strings.ToLower(l.get(column)) {
	case "yes", "true", "1":
		return true
	case "", "no", "false", "0":
		return false
	}
	r.c.add(l.place(column), "“"+l.get(column)+"” is neither yes nor no", "write yes or no, or leave the cell empty")
	return false
}

// sheetColumns are the columns the sheet knows besides texts.
var sheetColumns = map[string]bool{"kind": true, "id": true, "version": true, "dimension": true, "adult": true, "child": true, "when": true,
	"source": true, "secondary": true, "rule": true, "outcome_kind": true, "positive": true, "flags": true, "cite": true, "draft": true, "validated": true}

// maxSheetRows leaves room for what stands around maxIndicators.
const maxSheetRows = maxIndicators + 1_000

// readHeader refuses columns that would be passed over in silence: unknown
// ones, a second one of the same name, a language without a tag.
func (r *sheetReader) readHeader(t *Table) {
	place := "sheet " + t.Name + ", header"
	seen := map[string]bool{}
	for _, h := range t.Header {
		h = strings.TrimSpace(h)
		if h == "" {
			continue
		}
		base, language, tagged := strings.Cut(h, "::")
		text := base == "label" || base == "note" || base == "offer"
		switch {
		case !sheetColumns[base] && !text && base != "remark":
			r.c.add(place, "unknown column “"+h+"”", "use the columns of docs/desks/screening-indicator.md; a column for people only is named remark")
		case tagged && !text && base != "remark":
			r.c.add(place, "the column “"+h+"” holds no text in languages", "name it "+base)
		case text && tagged && languageTag(language) == "":
			r.c.add(place, "the column “"+h+"” names no language tag, so nobody would read it", "write for example "+base+"::English (en)")
		case seen[h] && base != "remark":
			r.c.add(place, "the column “"+h+"” is there twice", "keep one")
		}
		seen[h] = true
	}
}

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
	r.readHeader(t)
	lines := t.lines()
	if len(lines) > maxSheetRows {
		r.c.add(fmt.Sprintf("sheet %s, row %d", t.Name, lines[maxSheetRows].number), fmt.Sprintf("the sheet has %d rows; at most %d are read", len(lines), maxSheetRows), "split the pack")
		return
	}
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
	r.noteMissingTexts(lines)
	if r.base != nil {
		r.takeBase()
	}
}

// noteMissingTexts remarks, cell by cell, on texts that some rows of the sheet
// have in a language and others lack: who reads that language sees English
// there. A row without any text takes the base's.
func (r *sheetReader) noteMissingTexts(lines []line) {
	for _, name := range []string{"label", "note", "offer"} {
		used := map[string]bool{}
		texts := make([]Text, len(lines))
		for i, l := range lines {
			texts[i] = r.text(l, name)
			for tag := range texts[i] {
				used[tag] = true
			}
		}
		tags := make([]string, 0, len(used))
		for tag := range used {
			tags = append(tags, tag)
		}
		sort.Strings(tags)
		for i, l := range lines {
			for _, tag := range tags {
				if _, ok := texts[i][tag]; !ok && len(texts[i]) > 0 {
					r.note(l.place(r.column(name, tag)), "the text is missing in "+tag, "write it, or it shows in another language")
				}
			}
		}
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
		if r.once(l, "pack") {
			p.ID, p.Version, p.Validated = l.get("id"), l.get("version"), r.yes(l, "validated")
			p.Title, p.Note = r.text(l, "label"), r.text(l, "note")
		}
	case "population":
		if !r.once(l, "population") {
			return
		}
		p.Population.Adult = l.get("when")
		r.places["population.adult"] = l.place("when")
	case "source":
		r.places[fmt.Sprintf("sources[%d]", len(p.Sources))] = l.place("")
		p.Sources = append(p.Sources, Source{l.get("id"), l.get("cite"), r.yes(l, "secondary")})
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
		pr.Outcomes = append(pr.Outcomes, Outcome{ID: l.get("id"), Kind: l.get("outcome_kind"), When: l.get("when"), Positive: r.yes(l, "positive"),
			Flags: l.list("flags"), Title: r.text(l, "label"), Offer: r.text(l, "offer"), Source: l.get("source")})
	case "indicator", "":
		r.readIndicator(l)
	default:
		r.c.add(l.place("kind"), "unknown kind “"+kind+"”", "use indicator, pack, base, population, source, rule, dimension, profile or outcome")
	}
}

// once refuses a second row of a kind that stands for the whole pack: the
// later would win, and nobody would know.
func (r *sheetReader) once(l line, kind string) bool {
	if first, twice := r.places[kind]; twice {
		r.c.add(l.place("kind"), "there is a row of kind "+kind+" already: "+first, "keep one")
		return false
	}
	r.places[kind] = l.place("")
	return true
}

// readIndicator reads a row of its own, or one that gives a base indicator its
// expression. Such a row may repeat what the base says, not change it.
func (r *sheetReader) readIndicator(l line) {
	ind := Indicator{ID: l.get("id"), Dimension: l.get("dimension"), Strength: Strength{l.get("adult"), l.get("child")},
		Text: r.text(l, "label"), When: l.get("when"), Source: l.get("source"), Secondary: r.yes(l, "secondary")}
	if ind.When == "" {
		r.c.add(l.place("when"), "the indicator “"+ind.ID+"” has no expression", "write for example: documents_taken = 'yes'; or remove the row")
	}
	if r.base != nil {
		found := false
		for _, b := range r.base.Indicators {
			if b.ID != ind.ID {
				continue
			}
			found = true
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
		if !found && ind.Dimension == "" {
			r.notInBase(l, ind.ID)
			return
		}
	}
	r.places[fmt.Sprintf("indicators[%d]", len(r.pack.Indicators))] = l.place("")
	r.pack.Indicators = append(r.pack.Indicators, ind)
}

func (r *sheetReader) notInBase(l line, id string) {
	var ids []string
	for _, b := range r.base.Indicators {
		ids = append(ids, b.ID)
	}
	remedy := "name one of the base; an indicator of your own needs a dimension, a strength, a source and a label"
	if near := nearestOf(id, ids); near != "" {
		remedy = "did you mean " + near + "?"
	}
	r.c.add(l.place("id"), "the base "+r.base.ID+" has no indicator “"+id+"”", remedy)
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
		for _, asked := range questionsNamed(e) {
			name := asked.name
			if wanted[name] {
				continue
			}
			wanted[name] = true
			if _, ok := found[name]; !ok {
				r.noQuestion(place, asked, found)
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
			at := fmt.Sprintf("questions[%d]", len(r.pack.Questions))
			r.places[at] = l.place("")
			for i, c := range r.listed[name] {
				r.places[fmt.Sprintf("%s.choices[%d]", at, i)] = c.place("name")
			}
			r.pack.Questions = append(r.pack.Questions, q)
			delete(found, name)
		}
	}
}

func (r *sheetReader) noQuestion(place string, asked *expr, found map[string]Question) {
	names := make([]string, 0, len(found))
	for n := range found {
		names = append(names, n)
	}
	remedy := "name a question of the survey, exactly as in its name column; calculated fields cannot be asked about, name the questions behind them"
	if near := nearestOf(asked.name, names); near != "" {
		remedy = "did you mean " + near + "?"
	}
	r.c.add(place, fmt.Sprintf("column %d: there is no question “%s”", asked.col, asked.name), remedy)
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
		for _, asked := range questionsNamed(e) {
			if _, ok := found[asked.name]; !ok {
				r.note(l.place("relevant"), "the indicators count “"+q.Name+"” as always asked: its relevance asks about “"+asked.name+"”, which is no question", "name the questions behind it, if it matters")
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

// questionsNamed lists the parts of an expression that name a question.
func questionsNamed(e *expr) []*expr {
	var out []*expr
	if e.name != "" {
		out = append(out, e)
	}
	for _, kid := range e.kids {
		out = append(out, questionsNamed(kid)...)
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
		q.Relevant = r.within(l, around)
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
	r.listed[q.Name] = list
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
		r.note(l.place("relevant"), "the indicators count “"+l.get("name")+"” as always asked: "+err.Error(), "write the relevance with comparisons, and, or, not and selected only, if it matters")
		return ""
	}
	return strings.NewReplacer("${", "", "}", "").Replace(src)
}

// within joins a question's relevance with that of the groups around it. What
// can be said of each alone can be too long together.
func (r *sheetReader) within(l line, around []string) string {
	own := r.relevance(l)
	all := conjunction(append(append([]string(nil), around...), own))
	if all == own || all == "" {
		return all
	}
	if _, err := parse(all); err != nil {
		r.note(l.place("relevant"), "the indicators count “"+l.get("name")+"” as always asked: with the relevance of the groups around it, "+err.Error(), "shorten the relevance of the groups, if it matters")
		return ""
	}
	return all
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
