package xlsform

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

// open is one container that is being read.
type open struct {
	e      *element
	row    int
	names  map[string]int
	folded map[string]bool
}

// surveyReader goes through the rows of the survey sheet from top to bottom.
type surveyReader struct {
	*compiler
	stack   []open
	repeats map[string]bool
	table   *table // the table-list being read
	late    []lateError
	ticked  int // labels of range questions that were looked at
	tooDeep bool
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
		if len(r.late) == maxErrors {
			r.tellLate()
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
	r.tellLate()
}

// tellLate adds the errors that pyxform would come to last. The first error
// stays the first; those behind it are told from top to bottom.
func (r *surveyReader) tellLate() {
	for _, l := range r.late {
		r.fail(l.at, l.m)
	}
	if len(r.late) > 0 {
		rest := r.errs[1:]
		sort.SliceStable(rest, func(i, j int) bool { return rest[i].Row < rest[j].Row })
	}
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
		r.setting(row, a[0])
		return
	}
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

// setting reads a row that gives a setting: its type is the setting's name, its
// name the value. The title stays what it was when only the id is given.
func (r *surveyReader) setting(row dataRow, name string) {
	value := row.get("name")
	if name == "id_string" {
		if value == "" {
			r.fail(r.at(sheetSurvey, row, "name"), msg{code: "no-id", text: "This row gives the form an empty id.", remedy: "Write the id into the column name, or remove the row.",
				detail: "Survey cannot have an empty id_string"})
			return
		}
		r.settings.values.set("title", r.title)
	}
	r.settings.values.set(name, value)
	r.readNames()
	r.survey.name = r.rootName
}

func (r *surveyReader) withoutType(row dataRow) {
	if row.get("name") == "" && row.text("label").empty() {
		r.warn(sheetSurvey, row.number, rowTag(row.number)+" Row without name, text, or label is being skipped:\n"+pythonDict(row, r.defaultLanguage))
		return
	}
	r.fail(r.at(sheetSurvey, row, "type"), msg{code: "no-type", text: "This row has no type.",
		remedy: "Write the kind of question into the column type, such as text, integer or select_one list.",
		detail: rowTag(row.number) + " Question with no type.\n" + pythonDict(row, r.defaultLanguage)})
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
	e.guidance = langText{} // nobody shows it
	if v := row.get("intent"); v != "" {
		e.control.set("intent", v)
	}
	if ok {
		r.checkName(row, e)
	}
	r.saveToContainer(row)
	if k == kindRepeat && e.label.empty() && len(e.media) == 0 {
		r.warn(sheetSurvey, row.number, rowTag(row.number)+" Repeat has no label: {'name': "+pythonString(n)+", 'type': "+pythonString(written)+"}")
	}
	if k == kindLoop {
		e.list = list
		r.loopList(row, list)
	}
	if k == kindRepeat {
		r.repeatCount(row, e)
	}
	r.tableList(row, e)
	if e.control.get("appearance") == "label" && e.label.empty() {
		e.label = plainText(" ")
	}
	r.top().e.add(e)
	r.push(e, row.number)
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
	made.made = r.at(sheetSurvey, row, "control", "jr:count")
	r.top().e.add(made)
	e.control.set("jr:count", "${"+made.name+"}")
}

// tableList handles the appearance table-list: the group becomes a field list
// with a header row of the choices, and its label a note above them. All selects
// down to the next end of a container are rows of the table.
func (r *surveyReader) tableList(row dataRow, e *element) {
	words := strings.Fields(e.control.get("appearance"))
	if !contains(words, "table-list") {
		return
	}
	r.table = &table{}
	kept := []string{"field-list"}
	for _, w := range words {
		if w != "table-list" {
			kept = append(kept, w)
		}
	}
	e.control.set("appearance", strings.Join(kept, " "))
	if !e.label.empty() || !e.hint.empty() {
		note := &element{kind: kindQuestion, typ: "note", written: "note", name: "generated_table_list_label_" + strconv.Itoa(row.number),
			label: e.label, hint: e.hint, made: r.at(sheetSurvey, row, "label")}
		e.label, e.hint = langText{}, langText{}
		e.add(note)
	}
}

// table is the list that the selects of a table-list share, known from the first.
type table struct{ list string }

func (r *surveyReader) end(row dataRow, k kind) {
	r.saveToContainer(row)
	r.table = nil
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
	return e
}
