package xlsform

import (
	"fmt"
	"path"
	"strconv"
	"strings"
)

// question reads a row that is no group.
func (r *surveyReader) question(row dataRow, written string, p params) {
	if written == "calculate" && row.get("bind", "calculate") == "" && !isDynamic(row.get("default"), "string") {
		r.fail(r.at(sheetSurvey, row, "bind", "calculate"), msg{code: "no-calculation", text: "A calculate row needs a calculation.",
			remedy: "Write the expression into the column calculation.", detail: rowTag(row.number) + " Missing calculation."})
		return
	}
	if written == "simserial" || written == "subscriberid" {
		r.warn(sheetSurvey, row.number, fmt.Sprintf("%s %s is no longer supported on most devices. Only old versions of Collect on Android versions older than 11 still support it.", rowTag(row.number), written))
	}
	n, ok := r.name(row)
	if !ok {
		return
	}
	e := r.element(row, n, kindQuestion)
	e.written, e.params = written, p
	if !r.checkName(row, e) {
		return
	}
	if written == "include" {
		r.setAside(row, e, msg{code: "include", text: "Rows of type include need another form, which is not at hand.",
			remedy: "Copy the questions of the other form into this sheet.", detail: "This section has not been included."})
		return
	}
	if handled := r.selection(row, e, written); handled {
		return
	}
	switch e.typ = written; {
	case osmPattern.MatchString(written):
		e.typ = "osm"
	case written == typeSelectExternal:
		e.typ = "string" // without a list it is a line of text
	case listless[written]:
		r.setAside(row, e, msg{code: "unknown-type", text: "This question does not say which choices it has.",
			remedy: "Write select_one, select_multiple or rank and the name of a list of the sheet choices, such as select_one yes_no.",
			detail: "Arguments 'itemset' and 'list_name' must not both be None or empty."})
		return
	}
	if _, known := questionTypes[e.typ]; !known {
		r.unknownType(row, e)
		return
	}
	switch {
	case e.typ == "osm":
		if !r.osm(row, e, written) {
			return
		}
	case written == typeXMLExternal || written == typeCSVExternal:
		e.kind = kindExternal
	case !r.typeParams(row, e):
		return
	}
	r.accept(row, e)
}

// accept puts a question into the tree. One that shows only the choices, above
// the rows of a list, needs no label of its own.
func (r *surveyReader) accept(row dataRow, e *element) {
	if h := e.def().hint; h != "" && e.hint.empty() {
		e.hint = plainText(h)
	}
	if e.control.get("appearance") == "label" && e.label.empty() {
		e.label = plainText(" ")
	}
	r.saveTo(row, e)
	if r.checkTrigger(row) && row.get("trigger") != "" {
		r.trigger = append(r.trigger, triggerRef{e, row})
	}
	r.top().e.add(e)
}

// setAside keeps an error of a row's type until the whole survey is read, and the
// row with it: references to it are no mistake of their own.
func (r *surveyReader) setAside(row dataRow, e *element, m msg) {
	r.late = append(r.late, lateError{r.at(sheetSurvey, row, "type"), m})
	e.typ = "text"
	r.accept(row, e)
}

type lateError struct {
	at place
	m  msg
}

func (r *surveyReader) unknownType(row dataRow, e *element) {
	written := e.written
	m := msg{code: "unknown-type", text: "There is no question type " + quote(written) + ".",
		remedy:  "See xlsform.org/en/#question-types for the types.",
		suggest: r.typeSuggestion(written),
		detail:  "Unknown question type '" + written + "'."}
	switch written {
	case "select_one", "select_multiple", "select1", "select_one_external":
		m.text, m.remedy = "This question does not say which choices it has.", "Write "+written+" and the name of a list of the sheet choices, such as "+written+" yes_no."
	case "select_one_from_file", "select_multiple_from_file":
		m.text, m.remedy = "This question does not say which file its choices are in.", "Write "+written+" and the name of the file, such as "+written+" people.csv."
	}
	r.setAside(row, e, m)
}

// typeSuggestion finds the type that was meant: a near spelling, of a select also
// before the name of its list, or another word for it.
func (r *surveyReader) typeSuggestion(written string) string {
	if s := otherWords[snake(written)]; s != "" {
		return s
	}
	if s := r.suggestion(written, suggestedTypes); s != "" {
		return s
	}
	word, rest, ok := strings.Cut(written, " ")
	if !ok {
		return ""
	}
	if s := r.suggestion(word, selectWords); s != "" {
		return s + " " + rest
	}
	return ""
}

var selectWords = []string{"select_one", "select_multiple", "select_one_from_file", "select_multiple_from_file", "select_one_external", "rank"}

// otherWords are what people call the types elsewhere.
var otherWords = map[string]string{
	"number": "integer", "numeric": "integer", "whole_number": "integer", "float": "decimal", "double": "decimal",
	"textarea": "text", "paragraph": "text", "free_text": "text", "phone": "text", "heading": "note", "label": "note", "title": "note",
	"formula": "calculate", "calculation": "calculate", "group": "begin_group", "repeat": "begin_repeat", "picture": "image",
	"camera": "image", "signature": "image", "sound": "audio", "point": "geopoint", "coordinates": "geopoint", "qr": "barcode", "qrcode": "barcode",
	"slider": "range", "attachment": "file", "hour": "time", "checkbox": "acknowledge",
}

// suggestedTypes are the spellings to offer for a misspelled type.
var suggestedTypes = []string{"text", "integer", "decimal", "note", "date", "time", "dateTime", "geopoint", "geotrace", "geoshape",
	"image", "audio", "video", "file", "barcode", "calculate", "acknowledge", "hidden", "range", "begin_group", "end_group",
	"begin_repeat", "end_repeat", "start", "end", "today", "deviceid", "username", "email", "phonenumber", "audit",
	"xml-external", "csv-external", "background-audio", "background-geopoint", "start-geopoint"}

// selection reads the types that begin with a word for choosing.
func (r *surveyReader) selection(row dataRow, e *element, written string) bool {
	for _, cmd := range selectCommands {
		rest, ok := strings.CutPrefix(written, cmd.words)
		if !ok || rest == "" || strings.TrimLeft(rest, " \t\n") == rest {
			continue
		}
		m := selectPattern.FindStringSubmatch(strings.TrimSpace(rest))
		if m == nil {
			continue
		}
		e.typ, e.list, e.other = cmd.kind, m[1], m[2] != ""
		r.choose(row, e, cmd.words, cmd.fromFile)
		return true
	}
	return false
}

// fileEndings are the files that a select can take its choices from.
var fileEndings = set(".csv", ".xml", ".geojson")

func (r *surveyReader) choose(row dataRow, e *element, words string, fromFile bool) {
	ending := path.Ext(e.list)
	isFile := fileEndings[ending]
	_, isRef := wholeRef(e.list)
	if e.typ == typeSelectExternal && e.choiceFilter == "" {
		r.warn(sheetSurvey, row.number, rowTag(row.number)+" select one external is only meant for filtered selects.")
	}
	if e.typ == typeSelectExternal && !r.externalList(row, e) {
		return
	}
	if fromFile && (!isFile || strings.Count(strings.TrimLeft(e.list, "."), ".") != 1) {
		r.fail(r.at(sheetSurvey, row, "type"), msg{code: "file-ending", text: "The file " + quote(e.list) + " is not of a kind that choices can be read from.",
			remedy: "Use a file whose name has one dot and ends in .csv, .xml or .geojson.",
			detail: fmt.Sprintf("%s File name for '%s' should end with one of the supported file extensions: '.csv', '.xml', '.geojson'", rowTag(row.number), words+" "+e.list)})
		return
	}
	switch {
	case e.typ == typeSelectExternal:
	case isFile:
		e.file = e.list
	case isRef:
		e.listRef = e.list
	case r.lists.get(e.list) == nil:
		r.missingList(row, e.list)
		return
	case e.typ == typeSelectMultiple && !r.spacelessChoices(row, e):
		return
	}
	if e.other && !r.orOther(row, e) {
		return
	}
	if !r.selectParams(row, e, fromFile) {
		return
	}
	if e.typ == typeSelectExternal && e.choiceFilter == "" {
		r.fail(r.at(sheetSurvey, row, "choice_filter"), msg{code: "external-filter", text: "A select_one_external needs a choice_filter.",
			remedy: "Write a filter, such as district=${district}, or use select_one.", detail: "'" + e.list + "'"})
		return
	}
	r.searchAppearance(row, e)
	if !r.inTable(row, e) {
		return
	}
	r.accept(row, e)
	if e.other {
		other := &element{kind: kindQuestion, typ: "text", written: "text", name: e.name + "_other", row: row.number, label: plainText("Specify other."),
			made: r.at(sheetSurvey, row, "type")}
		other.bind.set("relevant", "selected(../"+e.name+", 'other')")
		r.top().e.add(other)
	}
}

func (r *surveyReader) externalList(row dataRow, e *element) bool {
	if r.external == nil {
		found := r.misspelled(sheetExternal)
		look := lookingFor(sheetExternal, found)
		if look != "" {
			look += " "
		}
		r.fail(r.at(sheetSurvey, row, "type"), msg{code: "no-external-choices", text: "There is no sheet external_choices for this question.",
			remedy: "Add a sheet external_choices with the columns list_name and name.", suggest: first(found),
			detail: "There should be an external_choices sheet in this xlsform. " + look + "Please ensure that the external_choices sheet has columns 'list name', and 'name'."})
		return false
	}
	if !r.external.lists[e.list] {
		r.fail(r.at(sheetSurvey, row, "type"), msg{code: "unknown-list", text: "The sheet external_choices has no list " + quote(e.list) + ".",
			remedy: "Correct the name of the list, or add the list.", suggest: r.suggestion(e.list, sortedKeys(r.external.lists)),
			detail: rowTag(row.number) + "List name not in external choices sheet: " + e.list})
		return false
	}
	r.external.used = true
	return true
}

func (r *surveyReader) missingList(row dataRow, list string) {
	if len(r.lists.order) == 0 {
		found := r.misspelled(sheetChoices)
		look := lookingFor(sheetChoices, found)
		if look != "" {
			look += " "
		}
		r.fail(r.at(sheetSurvey, row, "type"), msg{code: "no-choices", text: "There is no choice list for this question: the workbook has no sheet choices, or the sheet has no lists.",
			remedy: "Add a sheet choices with the columns list_name, name and label.", suggest: first(found),
			detail: "There should be a choices sheet in this xlsform. " + look + "Please ensure that the choices sheet has the mandatory columns 'list_name', 'name', and 'label'."})
		return
	}
	r.fail(r.at(sheetSurvey, row, "type"), msg{code: "unknown-list", text: "The sheet choices has no list " + quote(list) + ".",
		remedy: "Correct the name of the list, or add the list to the sheet choices.", suggest: r.suggestion(list, r.lists.names()),
		detail: rowTag(row.number) + " List name not in choices sheet: " + list})
}

// spacelessChoices refuses names with spaces where several are saved in one
// answer, parted by spaces.
func (r *surveyReader) spacelessChoices(row dataRow, e *element) bool {
	ch := r.lists.get(e.list).spaced
	if ch == nil {
		return true
	}
	r.fail(r.at(sheetChoices, r.rowOf(sheetChoices, ch.row), "name"), msg{code: "choice-space",
		text:   fmt.Sprintf("The choice %q of the list %q has a space in its name, and the question in row %d saves several choices parted by spaces.", ch.name, e.list, row.number),
		remedy: "Use an underscore instead of the space.", suggest: strings.ReplaceAll(ch.name, " ", "_"),
		detail: fmt.Sprintf("Choice names with spaces cannot be added to multiple choice selects. See [%s] in [%s]", ch.name, e.list)})
	return false
}

// orOther adds the choice "other" to the list, once.
func (r *surveyReader) orOther(row dataRow, e *element) bool {
	if e.choiceFilter != "" {
		r.fail(r.at(sheetSurvey, row, "choice_filter"), msg{code: "other-filter", text: "A choice filter does not work together with or_other.",
			remedy: "Add the choice other to the list yourself and ask for it in a question of its own.",
			detail: rowTag(row.number) + " Choice filter not supported with or_other."})
		return false
	}
	r.otherSeen = true
	l := r.lists.get(e.list)
	if l == nil {
		r.fail(r.at(sheetSurvey, row, "type"), msg{code: "other-list", text: "or_other adds a choice to a list of the sheet choices; this question takes its choices from elsewhere.",
			remedy: "Remove or_other, add the choice other where the choices come from, and ask for it in a question of its own.",
			detail: rowTag(row.number) + " Please specify choices for this 'or other' question."})
		return false
	}
	if l.hasOther {
		return true
	}
	l.hasOther = true
	ch := &choice{name: "other"}
	var langs []string
	translated := false
	for _, x := range l.choices {
		if !x.label.translated() {
			continue
		}
		translated = true
		for _, v := range x.label.in(r.defaultLanguage) {
			if !contains(langs, v.lang) {
				langs = append(langs, v.lang)
			}
		}
	}
	if !translated {
		ch.label = plainText("Other")
	}
	for _, lang := range langs {
		ch.label.values = append(ch.label.values, langValue{lang, "Other"})
	}
	l.choices = append(l.choices, ch)
	return true
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// selectParams checks randomize, seed, and the columns of an attached file.
func (r *surveyReader) selectParams(row dataRow, e *element, fromFile bool) bool {
	p := e.params
	if len(p) == 0 {
		return true
	}
	allowed := []string{"randomize", "seed"}
	if fromFile {
		allowed = append(allowed, "value", "label")
	}
	if !r.allowParams(row, p, allowed...) {
		return false
	}
	if v, ok := p["randomize"]; ok && v != "true" && v != "false" {
		r.badParam(row, "randomize is either true or false, not "+quote(v)+".", "Write randomize=true.",
			fmt.Sprintf("randomize must be set to true or false: '%s' is an invalid value", v), "")
		return false
	}
	if v, ok := p["seed"]; ok {
		if _, has := p["randomize"]; !has {
			r.badParam(row, "A seed means nothing without randomize=true.", "Add randomize=true.", "Parameters must include randomize=true to use a seed.", "")
			return false
		}
		if _, ref := wholeRef(v); !ref && !isNumber(v) {
			r.badParam(row, "The seed must be a number or a reference to a question.", "Write seed=42 or seed=${question}.",
				"seed value must be a number or a reference to another field.", "")
			return false
		}
	}
	for _, k := range [...]string{"value", "label"} {
		if v, ok := p[k]; ok && !isName(v) {
			r.badParam(row, "The parameter "+k+" must be the name of a column, not "+quote(v)+".", "Begin with a letter or underscore; no spaces.",
				invalid(row.number, sheetSurvey, "parameters ("+k+")", sentenceName), "")
			return false
		}
	}
	return true
}

// inTable makes a select a row of the table-list around it.
func (r *surveyReader) inTable(row dataRow, e *element) bool {
	if r.table == nil {
		return true
	}
	if r.table.list == "" {
		if e.choiceFilter != "" {
			r.fail(r.at(sheetSurvey, row, "choice_filter"), msg{code: "table-filter", text: "A choice filter does not work in a table-list: all its questions show the same choices.",
				remedy: "Empty the cell, or take the question out of the table-list.",
				detail: rowTag(row.number) + " Choice filter not supported for table-list appearance."})
			return false
		}
		r.table.list = e.list
		head := &element{kind: kindQuestion, typ: e.typ, written: e.written, name: "reserved_name_for_field_list_labels_" + strconv.Itoa(row.number),
			list: e.list, label: plainText(" "), made: r.at(sheetSurvey, row, "type")}
		head.control.set("appearance", "label")
		r.top().e.add(head)
	}
	if r.table.list != e.list {
		r.fail(r.at(sheetSurvey, row, "type"), msg{code: "table-list", text: fmt.Sprintf("The questions of a table-list must share one list; this one uses %q, the first uses %q.", e.list, r.table.list),
			remedy: "Use the same list, or put the question into a group of its own.",
			detail: fmt.Sprintf("%s Badly formatted table list, list names don't match: %s vs. %s", rowTag(row.number), r.table.list, e.list)})
		return false
	}
	e.control.set("appearance", "list-nolabel")
	return true
}
