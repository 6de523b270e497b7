package xlsform

import (
	"encoding/xml"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// open is one container that is being read.
type open struct {
	e         *element
	row       int
	tableList bool   // appearance table-list
	tableOf   string // its list, once the first select is read
	names     map[string]int
	folded    map[string]bool
}

// surveyReader goes through the rows of the survey sheet from top to bottom.
type surveyReader struct {
	*compiler
	stack   []open
	repeats map[string]bool
	tooDeep bool
	refs    []refCell    // to be checked once all names are known
	trigger []triggerRef // likewise
}

type refCell struct {
	sheet string
	row   int
	col   *column
	text  string
}

type triggerRef struct {
	e   *element
	row dataRow
}

var (
	beginPattern  = regexp.MustCompile(`^(begin|end)[\s_](looped group|lgroup|group|repeat|loop)(?:\s+(?:over\s+)?(\S+))?$`)
	selectPattern = regexp.MustCompile(`^(\S+)(?:\s+(or specify other|or_other|or other))?$`)
)

// maxSurveyRows is far beyond any interview; choices may be more.
const maxSurveyRows = 20_000

func (c *compiler) readSurvey(sh *Sheet) {
	if len(sh.Rows) > maxSurveyRows {
		c.fail(place{sheet: sh.Name, row: sh.Rows[maxSurveyRows].Number}, msg{code: "too-large", text: fmt.Sprintf("The survey has more than %d rows.", maxSurveyRows),
			remedy: "Split the form, or remove the rows that are no questions."})
		return
	}
	rows, ok := c.rows(sh, sheetSurvey, c.settings.on("clean_text_values", true))
	if !ok {
		return
	}
	if !c.hasColumn(sheetSurvey, "type") {
		if len(c.errs) == 0 {
			c.missingColumn(sh, sheetSurvey, "type")
		}
		return
	}
	c.surveyRows = rows
	c.warnTranslations()
	c.survey.name = c.rootName
	r := &surveyReader{compiler: c, repeats: map[string]bool{}}
	r.push(c.survey, 0)
	for _, row := range rows {
		if r.row(row); r.tooDeep || c.full() {
			return
		}
	}
	for i := len(r.stack) - 1; i > 0; i-- {
		o := r.stack[i]
		c.fail(c.at(sheetSurvey, c.rowOf(sheetSurvey, o.row), "type"), msg{code: "unmatched-begin",
			text:   fmt.Sprintf("The %s %q is begun here and never ended.", o.e.kind.word(), o.e.name),
			remedy: fmt.Sprintf("Add a row \"end %s\" after its last question.", o.e.kind.word()),
			detail: fmt.Sprintf("%s Unmatched 'begin_%s'. No matching 'end_%s' was found for the name '%s'.", rowTag(o.row), o.e.kind.word(), o.e.kind.word(), o.e.name)})
	}
	r.finish()
}

func (r *surveyReader) push(e *element, row int) {
	r.stack = append(r.stack, open{e: e, row: row, names: map[string]int{}, folded: map[string]bool{}})
}

func (r *surveyReader) top() *open { return &r.stack[len(r.stack)-1] }

// row reads one row.
func (r *surveyReader) row(row dataRow) {
	if v := row.get("disabled"); v != "" {
		r.warn(sheetSurvey, row.number, rowTag(row.number)+" The 'disabled' column header is not part of the current spec. We recommend using relevant instead.")
		if yesNo[v] {
			return
		}
	}
	if len(row.values) == 0 {
		return
	}
	written := row.get("type")
	if written == "" {
		r.withoutType(row)
		return
	}
	if a := headerAliases[sheetSettings][snake(written)]; a != nil {
		r.settings.values.set(a[0], row.get("name"))
		r.readNames()
		r.survey.name = r.rootName
		return
	}
	r.collectRefs(row)
	p, ok := parseParams(row.get("parameters"))
	if !ok {
		r.badParam(row, "The parameters cannot be read.", "Write them as key=value, with spaces between: max-pixels=1024 quality=low.",
			invalid(row.number, sheetSurvey, "parameters", "Parameters must be in the form of 'key1=value1 key2=value2."), "SURVEY_004")
		return
	}
	if written == "audit" {
		r.audit(row, p)
		return
	}
	if m := beginPattern.FindStringSubmatch(written); m != nil {
		if m[1] == "end" {
			r.end(row, controlWords[m[2]])
			return
		}
		r.begin(row, written, controlWords[m[2]], m[3])
		return
	}
	r.question(row, written, p)
}

func (r *surveyReader) withoutType(row dataRow) {
	if row.get("name") == "" && row.text("label").empty() {
		r.warn(sheetSurvey, row.number, rowTag(row.number)+" Row without name, text, or label is being skipped:\n"+pythonDict(row))
		return
	}
	r.fail(r.at(sheetSurvey, row, "type"), msg{code: "no-type", text: "This row has no type.",
		remedy: "Write the kind of question into the column type, such as text, integer or select_one list.",
		detail: rowTag(row.number) + " Question with no type.\n" + pythonDict(row)})
}

// pythonDict writes a row the way pyxform's warnings quote it.
func pythonDict(row dataRow) string {
	parts := make([]string, len(row.values))
	for i, v := range row.values {
		parts[i] = pythonString(v.col.path[len(v.col.path)-1]) + ": " + pythonString(v.text)
		for j := len(v.col.path) - 2; j >= 0; j-- {
			parts[i] = pythonString(v.col.path[j]) + ": {" + parts[i] + "}"
		}
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func pythonString(s string) string {
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return `"` + s + `"`
	}
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`).Replace(s) + "'"
}

// name reads and checks the name of a row.
func (r *surveyReader) name(row dataRow) (string, bool) {
	n := row.get("name")
	if n == "" {
		if row.get("type") == "note" {
			return "generated_note_name_" + strconv.Itoa(row.number), true
		}
		r.fail(r.at(sheetSurvey, row, "name"), msg{code: "no-name", text: "This row has no name.",
			remedy: "Give it a name: a short word without spaces, under which the answer is kept.",
			detail: rowTag(row.number) + " Question or group with no name."})
		return "", false
	}
	if !isName(n) {
		r.fail(r.at(sheetSurvey, row, "name"), msg{code: "name", text: "The name " + quote(n) + " cannot be used.",
			remedy:  "Begin with a letter or underscore; go on with letters, digits, underscores, hyphens or periods; no spaces.",
			suggest: mendName(n),
			detail:  invalid(row.number, sheetSurvey, "name", sentenceName)})
		return "", false
	}
	if !readEverywhere(n) {
		r.advise(r.at(sheetSurvey, row, "name"), "name", "The name "+quote(n)+" is written in a script that many readers of XML do not take in names, that of Lintas among them: answers would be kept aside as unreadable.",
			"Use Latin letters in the column name; the label may be in any script.")
	}
	return n, true
}

// readEverywhere tells whether readers that follow the older editions of XML, as
// Go's does, take a name. They know Latin and Thai letters, but not Burmese or Khmer.
func readEverywhere(name string) bool {
	for i := 0; i < len(name); i++ {
		if name[i] >= utf8.RuneSelf {
			_, err := xml.NewDecoder(strings.NewReader("<" + name + "/>")).Token()
			return err == nil
		}
	}
	return true
}

// mendName makes a usable name of a wrong one.
func mendName(s string) string {
	var b strings.Builder
	for _, c := range s {
		switch {
		case nameRune(c):
			b.WriteRune(c)
		case c == ' ' || c == '/' || c == ':':
			b.WriteByte('_')
		}
	}
	out := b.String()
	if out == "" {
		return ""
	}
	if c := []rune(out)[0]; !nameStart(c) {
		out = "_" + out
	}
	return out
}

// maxDepth bounds the nesting; beyond it paths grow without measure.
const maxDepth = 64

// begin opens a group, repeat or loop.
func (r *surveyReader) begin(row dataRow, written string, k kind, list string) {
	if len(r.stack) > maxDepth {
		r.tooDeep = true
		r.fail(r.at(sheetSurvey, row, "type"), msg{code: "too-deep", text: fmt.Sprintf("Groups and repeats stand more than %d deep in each other.", maxDepth),
			remedy: "End groups before beginning new ones."})
		return
	}
	n, ok := r.name(row)
	if !ok {
		n = "unnamed" // kept open, so that its end still matches
	}
	e := r.element(row, n, k)
	e.written = written
	if k == kindRepeat && e.label.empty() && len(e.media) == 0 {
		r.warn(sheetSurvey, row.number, fmt.Sprintf("%s Repeat has no label: {'name': '%s', 'type': '%s'}", rowTag(row.number), n, written))
	}
	if v := row.get("bind", "entities:saveto"); v != "" {
		r.fail(r.at(sheetSurvey, row, "bind", "entities:saveto"), msg{code: "save-to-container", text: "A group or repeat cannot be saved into an entity.",
			remedy: "Empty the cell, or move it to a question.", detail: r.entitySentence(row.number, "Groups and repeats can't be saved as entity properties. Either remove or move the save_to value in this row.")})
		return
	}
	if k == kindLoop {
		e.list = list
		r.loopList(row, list)
	}
	tableList := r.tableList(row, e)
	if k == kindRepeat {
		r.repeatCount(row, e)
	}
	if ok {
		r.checkName(row, e)
	}
	r.top().e.add(e)
	r.push(e, row.number)
	r.top().tableList = tableList
}

// loopList checks that the list which a loop goes over is there.
func (r *surveyReader) loopList(row dataRow, list string) {
	at := r.at(sheetSurvey, row, "type")
	switch {
	case list == "":
		r.fail(at, msg{code: "loop-list", text: "This loop does not say which choices it goes over.", remedy: "Write \"begin loop over list\", with the name of a list of the sheet choices.",
			detail: rowTag(row.number) + " Repeat loop without list name."})
	case r.lists.get(list) == nil:
		r.fail(at, msg{code: "unknown-list", text: "The sheet choices has no list " + quote(list) + " for this loop.",
			remedy: "Correct the name of the list, or add the list to the sheet choices.", suggest: r.suggestion(list, r.lists.names()),
			detail: rowTag(row.number) + " List name not in columns sheet: " + list})
	}
}

// repeatCount points the repeat at the question that counts it, and makes one
// where the count is an expression.
func (r *surveyReader) repeatCount(row dataRow, e *element) {
	count := e.control.get("jr:count")
	if count == "" {
		return
	}
	if _, ok := wholeRef(count); ok {
		return
	}
	made := &element{kind: kindQuestion, typ: "calculate", written: "calculate", name: e.name + "_count"}
	made.bind.set("readonly", "true()")
	made.bind.set("calculate", count)
	r.checkNameAt(r.at(sheetSurvey, row, "control", "jr:count"), 0, made)
	r.top().e.add(made)
	e.control.set("jr:count", "${"+made.name+"}")
}

// tableList handles the appearance table-list: the group becomes a field list
// with a header row of the choices, and its label a note above them.
func (r *surveyReader) tableList(row dataRow, e *element) bool {
	a := e.control.get("appearance")
	if !strings.Contains(a, "table-list") {
		return false
	}
	words := strings.Fields(a)
	kept := []string{"field-list"}
	for _, w := range words {
		if w != "table-list" && w != "field-list" {
			kept = append(kept, w)
		}
	}
	e.control.set("appearance", strings.Join(kept, " "))
	if !e.label.empty() || !e.hint.empty() {
		note := &element{kind: kindQuestion, typ: "note", written: "note", name: "generated_table_list_label_" + strconv.Itoa(row.number),
			label: e.label, hint: e.hint}
		e.label, e.hint = langText{}, langText{}
		e.add(note)
	}
	return true
}

func (r *surveyReader) end(row dataRow, k kind) {
	if row.get("bind", "entities:saveto") != "" {
		r.fail(r.at(sheetSurvey, row, "bind", "entities:saveto"), msg{code: "save-to-container", text: "The end of a group or repeat cannot be saved into an entity.",
			remedy: "Empty the cell, or move it to a question.", detail: r.entitySentence(row.number, "Groups and repeats can't be saved as entity properties. Either remove or move the save_to value in this row.")})
		return
	}
	top := r.top()
	if len(r.stack) == 1 || top.e.kind != k {
		n := row.get("name")
		if n == "" {
			n = "unknown"
		}
		m := msg{code: "unmatched-end", text: fmt.Sprintf("Nothing is open that \"end %s\" could end here.", k.word()),
			remedy: fmt.Sprintf("Remove this row, or add the row \"begin %s\" that it belongs to.", k.word()),
			detail: fmt.Sprintf("%s Unmatched 'end_%s'. No matching 'begin_%s' was found for the name '%s'.", rowTag(row.number), k.word(), k.word(), n)}
		if len(r.stack) > 1 {
			m.text = fmt.Sprintf("The %s %q, begun in row %d, is still open; it must be ended first.", top.e.kind.word(), top.e.name, top.row)
			m.remedy = fmt.Sprintf("Write \"end %s\" here, or put the missing row above.", top.e.kind.word())
		}
		r.fail(r.at(sheetSurvey, row, "type"), m)
		r.close(k)
		return
	}
	r.stack = r.stack[:len(r.stack)-1]
}

// close ends what a wrong end row probably meant, so that one mistake gives one
// error: the innermost container of its kind with all inside it, or else, as a
// slip of the pen, whatever is open.
func (r *surveyReader) close(k kind) {
	for i := len(r.stack) - 1; i > 0; i-- {
		if r.stack[i].e.kind == k {
			r.stack = r.stack[:i]
			return
		}
	}
	if len(r.stack) > 1 {
		r.stack = r.stack[:len(r.stack)-1]
	}
}

// element takes over the columns that all rows share.
func (r *surveyReader) element(row dataRow, name string, k kind) *element {
	e := &element{kind: k, name: name, row: row.number, label: row.text("label"), hint: row.text("hint"),
		guidance: row.text("guidance_hint"), media: row.group("media"), mediaText: row.get("media"), bind: row.group("bind"),
		control: row.group("control"), instance: row.group("instance"), deflt: row.get("default"),
		choiceFilter: row.get("choice_filter")}
	if v := row.get("intent"); v != "" {
		e.control.set("intent", v)
	}
	return e
}

// checkName holds names unique in their container and repeats unique everywhere.
func (r *surveyReader) checkName(row dataRow, e *element) {
	r.checkNameAt(r.at(sheetSurvey, row, "name"), row.number, e)
}

// checkNameAt is checkName for a name that no cell holds: number 0 is a name that
// the compiler makes.
func (r *surveyReader) checkNameAt(at place, number int, e *element) {
	n, top := e.name, r.top()
	if n == "meta" {
		r.fail(at, msg{code: "name-meta", text: "The name \"meta\" is kept for the form's own data.", remedy: "Choose another name.",
			detail: fmt.Sprintf("%s On the 'survey' sheet, the 'name' value 'meta' is invalid. The name 'meta' is reserved for form metadata.", rowTag(number))})
		return
	}
	if e.kind == kindRepeat && n == r.rootName {
		r.fail(at, msg{code: "name-root", text: "The repeat has the name of the form itself.", remedy: "Choose another name for the repeat.",
			detail: fmt.Sprintf("%s On the 'survey' sheet, the 'name' value '%s' is invalid. Repeat names must not be the same as the survey root (which defaults to 'data').", rowTag(number), n)})
		return
	}
	if other, twice := top.names[n]; twice {
		m := msg{code: "name-twice", text: fmt.Sprintf("The name %q is taken already, in row %d.", n, other), remedy: "Give each question its own name.",
			detail: fmt.Sprintf("%s On the 'survey' sheet, the 'name' value '%s' is invalid. Questions, groups, and repeats must be unique within their nearest parent group or repeat, or the survey if not inside a group or repeat.", rowTag(number), n)}
		if other == 0 {
			m.text = fmt.Sprintf("The name %q is taken already, by the count of a repeat.", n)
		}
		r.fail(at, m)
		return
	}
	if f := strings.ToLower(n); top.folded[f] {
		r.warn(sheetSurvey, number, fmt.Sprintf("%s On the 'survey' sheet, the 'name' value '%s' is problematic. The name is a case-insensitive match to another name. Questions, groups, and repeats should be unique within the nearest parent group or repeat, or the survey if not inside a group or repeat. Some data processing tools are not case-sensitive, so the current names may make analysis difficult.", rowTag(number), n))
	} else {
		top.folded[f] = true
	}
	top.names[n] = number
	if e.kind == kindRepeat {
		if r.repeats[n] {
			r.fail(at, msg{code: "repeat-twice", text: fmt.Sprintf("There is another repeat named %q.", n), remedy: "Give each repeat its own name.",
				detail: fmt.Sprintf("%s On the 'survey' sheet, the 'name' value '%s' is invalid. Repeat names must unique anywhere in the survey, at all levels of group or repeat nesting.", rowTag(number), n)})
			return
		}
		r.repeats[n] = true
	}
}

// unreferenced are the columns in which a reference means nothing.
var unreferenced = set("type", "name", "disabled", "list_name")

// collectRefs keeps the cells with references until all names are known.
func (r *surveyReader) collectRefs(row dataRow) {
	for _, v := range row.values {
		if v.col.known && !unreferenced[v.col.path[0]] && strings.Contains(v.text, "${") {
			r.refs = append(r.refs, refCell{sheetSurvey, row.number, v.col, v.text})
		}
	}
}
