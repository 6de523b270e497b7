package xlsform

import (
	"fmt"
	"strings"
)

// finish checks what needs the whole survey: references, triggers, geometry.
func (r *surveyReader) finish() {
	if len(r.errs) > 0 {
		return
	}
	if len(r.survey.children) == 0 {
		if sh, ok := r.sheet(sheetSurvey); ok && len(r.cols[sheetSurvey]) > 0 {
			col := &r.cols[sheetSurvey][0]
			r.advise(r.atColumn(sheetSurvey, sh.HeaderRow, col, col.header), "empty", "The survey has no questions, so nobody can answer it.", "Add rows below the headings.")
		}
	}
	r.readTriggers()
	if c := r.compiler; c.settings.on("omit_instanceid", false) && c.settings.get("public_key") != "" {
		c.fail(c.settingPlace("omit_instanceid"), msg{code: "no-instance-id", text: "An encrypted form must have an instanceID, and the setting omit_instanceID leaves it out.",
			remedy: "Empty the cell, or remove the column public_key.", detail: "Cannot omit instanceID, it is required for encryption."})
	}
	r.checkRefs(r.referring(), r.names())
	if len(r.errs) > 0 {
		return
	}
	r.checkGeometry()
	if r.otherSeen && r.anyTranslation() {
		r.warn("", 0, "This form uses or_other and translations, which is not recommended. An untranslated input question label and choice label is generated for 'other'. Learn more: https://xlsform.org/en/#specify-other).")
	}
	r.placeEntities()
}

// names counts how often each name is given in the survey, with what the form
// adds of its own.
func (r *surveyReader) names() map[string]int {
	names := map[string]int{}
	var made []string
	r.survey.walk(func(e *element) {
		switch {
		case e.kind == kindSurvey:
		case e.made.sheet != "":
			made = append(made, e.name)
		default:
			names[e.name]++
		}
	})
	for _, n := range made {
		names[n] = max(names[n], 1) // told as a name that is taken, where it is
	}
	for _, n := range r.settingNames() {
		names[n]++
	}
	return names
}

// referring are the cells in which references are looked up, in the order in
// which the first wrong one is told. The triggers are looked up apart.
func (c *compiler) referring() []refCell {
	var out []refCell
	add := func(sheet string, rows []dataRow) {
		for _, r := range rows {
			for _, v := range r.values {
				if strings.Contains(v.text, "${") && holdsReferences(sheet, v.col) && (sheet != sheetSurvey || v.col.path[0] != "trigger") {
					out = append(out, refCell{sheet, r.number, v.col, v.text})
				}
			}
		}
	}
	add(sheetSettings, c.settingRows)
	add(sheetEntities, c.entityRows)
	add(sheetSurvey, c.surveyRows)
	add(sheetChoices, c.choiceRows)
	return out
}

// settingNames are the names that the settings add to the answers.
func (c *compiler) settingNames() []string {
	var out []string
	if !c.settings.on("omit_instanceid", false) {
		out = append(out, "instanceID")
	}
	if c.settings.get("instance_name") != "" {
		out = append(out, "instanceName")
	}
	for _, m := range c.meta {
		out = append(out, m.name)
	}
	return out
}

func (c *compiler) checkRefs(cells []refCell, names map[string]int) {
	sorted := sortedKeys(names)
	for _, cell := range cells {
		if c.full() {
			return
		}
		for _, ref := range references(cell.text) {
			switch n := names[ref.name]; {
			case n == 0:
				c.fail(c.atColumn(cell.sheet, cell.row, cell.col, cell.text), msg{code: "unknown-name",
					text: fmt.Sprintf("No question is named %q.", ref.name), remedy: "Correct the reference, or give the question that name.",
					suggest:  c.suggestion(ref.name, sorted),
					detail:   invalid(cell.row, cell.sheet, cell.col.header, fmt.Sprintf("Reference variables must contain a name from the 'survey' sheet. Could not find the name '%s'.", ref.name)),
					upstream: "PYREF_003"})
			case n > 1:
				c.fail(c.atColumn(cell.sheet, cell.row, cell.col, cell.text), msg{code: "ambiguous-name",
					text: fmt.Sprintf("Several questions are named %q; the reference could mean any of them.", ref.name), remedy: "Give the questions different names.",
					detail:   invalid(cell.row, cell.sheet, cell.col.header, fmt.Sprintf("Reference variables names must be unique anywhere in the 'survey'. The name '%s' appears more than once.", ref.name)),
					upstream: "PYREF_004"})
			}
		}
	}
}

// readTriggers reads the trigger cells: references to questions, parted by commas.
func (r *surveyReader) readTriggers() {
	questions := map[string]bool{}
	r.survey.walk(func(e *element) {
		if e.kind == kindQuestion || e.kind == kindExternal {
			questions[e.name] = true
		}
	})
	for _, t := range r.trigger {
		for _, part := range strings.Split(t.row.get("trigger"), ",") {
			for _, ref := range references(part) {
				if !questions[ref.name] {
					r.fail(r.at(sheetSurvey, t.row, "trigger"), msg{code: "unknown-name",
						text: fmt.Sprintf("No question is named %q.", ref.name), remedy: "Correct the reference, or give the question that name. Groups and repeats cannot trigger anything.",
						suggest:  r.suggestion(ref.name, sortedKeys(questions)),
						detail:   invalid(t.row.number, sheetSurvey, "trigger", fmt.Sprintf("Reference variables must contain a name from the 'survey' sheet. Could not find the name '%s'.", ref.name)),
						upstream: "PYREF_003"})
					continue
				}
				if !contains(t.e.triggers, ref.name) {
					t.e.triggers = append(t.e.triggers, ref.name)
				}
			}
		}
	}
}

// checkTrigger looks at the form of a trigger cell when its row is read.
func (r *surveyReader) checkTrigger(row dataRow) bool {
	v := row.get("trigger")
	if v == "" {
		return true
	}
	at := r.at(sheetSurvey, row, "trigger")
	if !strings.Contains(v, "${") {
		r.fail(at, msg{code: "reference-form", text: "A trigger is a reference to a question.", remedy: "Write ${question}.",
			detail: invalid(row.number, sheetSurvey, "trigger", "Reference variables must start with '${', then a question name, and end with '}'."), upstream: "PYREF_001"})
		return false
	}
	for _, part := range strings.Split(v, ",") {
		if len(references(part)) > 1 {
			r.fail(at, msg{code: "trigger-list", text: "Several triggers are parted by commas.", remedy: "Write ${first}, ${second}.",
				detail: invalid(row.number, sheetSurvey, "trigger", "Reference variable lists must have a comma between each variable."), upstream: "PYREF_002"})
			return false
		}
	}
	return true
}

// checkGeometry resolves reference-geometry: a list, a file, or a repeat.
func (r *surveyReader) checkGeometry() {
	files := map[string]bool{}
	r.survey.walk(func(e *element) {
		if e.kind == kindExternal {
			files[e.name] = true
		}
		if e.file != "" {
			files[stem(e.file)] = true
		}
	})
	for _, d := range r.entities {
		files[d.dataset] = true
	}
	for _, g := range r.geometry {
		if ref, ok := wholeRef(g.value); ok {
			if r.repeats[ref.name] && !ref.lastSaved {
				g.e.listRef = g.value
				continue
			}
		} else if r.lists.get(g.value) != nil || files[g.value] {
			g.e.list = g.value
			continue
		}
		r.badParam(g.row, quote(g.value)+" is neither a choice list, nor an attached file, nor a repeat.", "Write the name of a list, or ${repeat}.",
			invalid(g.row.number, sheetSurvey, "parameters", "The 'reference-geometry' parameter must either match a secondary instance name (a choices list_name, an entities list_name, or the base name of an attached file), or be a reference variable containing the name of a repeat."), "SURVEY_006")
	}
}

// stem is a file name without its ending.
func stem(file string) string {
	for i := len(file) - 1; i > 0; i-- {
		if file[i] == '.' {
			return file[:i]
		}
	}
	return file
}

// resolve finishes the tree: loops are written out, the meta group is filled,
// paths and names are fixed, triggers find their questions.
func (c *compiler) resolve() {
	c.survey.name = c.rootName
	if c.expandLoops(c.survey); len(c.errs) > 0 {
		return
	}
	c.addNone()
	if !c.uniqueNames(c.survey) {
		return
	}
	if c.settings.on("flat", false) {
		flatten(c.survey, "")
	}
	c.fillMeta()
	c.byName = map[string][]*element{}
	paths := 0
	c.survey.walk(func(e *element) {
		if e.parent != nil {
			paths += len(e.parent.path) + len(e.name)
		}
		if paths > maxForm/2 {
			return
		}
		switch {
		case e.parent == nil:
			e.path = "/" + e.name
		case e.flat:
			e.path = e.parent.path
		default:
			e.path = e.parent.path + "/" + e.name
		}
		if e.kind != kindSurvey && e.kind != kindExternal {
			c.byName[e.name] = append(c.byName[e.name], e)
		}
	})
	if paths > maxForm/2 { // each stands in the form twice at least
		c.tooLong()
		return
	}
	if !c.uniqueInLoops() {
		return
	}
	if !c.findTargets() {
		return
	}
	for _, l := range c.lists.order {
		for _, ch := range l.choices {
			if ch.label.translated() || len(ch.media) > 0 || ch.label.any(hasRef) {
				l.itext = true
			}
		}
	}
	c.adviseEscaped()
	c.adviseExpressions()
	if c.checkSearches(); len(c.errs) > 0 {
		return
	}
	c.checkMedia()
	c.checkVisible()
}

// findTargets finds the questions that start others, and refuses references to
// what has no place in the answers, which is seen only now.
func (c *compiler) findTargets() bool {
	pairs := 0
	c.survey.walk(func(e *element) {
		if ref, ok := wholeRef(e.listRef); ok {
			c.single(ref.name, c.typePlace(e), lostReference(ref.name))
		}
		for _, s := range e.expressions() {
			for _, ref := range references(s) {
				if len(c.byName[ref.name]) == 0 {
					c.single(ref.name, c.cellWith(e.row, ref.name), lostReference(ref.name))
				}
			}
		}
		for _, t := range e.triggers {
			for _, q := range c.byName[t] {
				if q.kind == kindQuestion && q.shown() {
					c.single(e.name, c.at(sheetSurvey, c.rowOf(sheetSurvey, e.row), "name"), "")
				}
				if pairs++; pairs > maxElements {
					c.tooLong()
					return
				}
				q.triggered = append(q.triggered, e)
			}
		}
	})
	return len(c.errs) == 0
}

// single refuses a name that no question has, such as that of an attached file,
// or that several have.
func (c *compiler) single(name string, at place, frame string) {
	switch found := len(c.byName[name]); {
	case c.full():
	case found == 0:
		c.fail(at, msg{code: "unknown-name", text: fmt.Sprintf("No question is named %q.", name), remedy: "Refer to a question, group or repeat of the survey.",
			suggest: c.suggestion(name, sortedKeys(c.byName)), detail: frame + fmt.Sprintf("There is no survey element named '%s'.", name)})
	case found > 1:
		c.fail(at, msg{code: "ambiguous-name", text: fmt.Sprintf("Several questions are named %q; any of them could be meant.", name), remedy: "Give the questions different names.",
			detail: frame + fmt.Sprintf("There are multiple survey elements named '%s'.", name)})
	}
}

func lostReference(name string) string {
	return fmt.Sprintf("There has been a problem trying to replace ${%s} with the XPath to the survey element named '%s'. ", name, name)
}

// checkMedia refuses media of a kind that does not exist: its file would be lost.
func (c *compiler) checkMedia() {
	known := sortedKeys(mediaFolder)
	for _, sheet := range [...]string{sheetSurvey, sheetChoices} {
		for i := range c.cols[sheet] {
			col := &c.cols[sheet][i]
			if len(col.path) < 2 || col.path[0] != "media" || mediaFolder[col.path[1]] != "" {
				continue
			}
			sh, _ := c.sheet(sheet)
			if !c.filledColumn(sh, col) {
				continue
			}
			c.fail(c.atColumn(sheet, sh.HeaderRow, col, col.header), msg{code: "media", text: "There are no media of the kind " + quote(col.path[1]) + ".",
				remedy: "Use media::image, media::big-image, media::audio or media::video, in small letters.", suggest: suggest(col.path[1], known),
				detail: "Media type: " + col.path[1] + " not supported"})
		}
	}
}

// flatten takes the groups out of the answers: what a group was shown under, its
// questions are shown under.
func flatten(e *element, condition string) {
	for _, ch := range e.children {
		own := ch.bind.get("relevant")
		switch {
		case condition == "":
		case own == "":
			own = condition
		default:
			own = condition + " and (" + own + ")"
		}
		if ch.kind == kindGroup {
			ch.flat = true
			flatten(ch, own)
			continue
		}
		if own != "" {
			ch.bind.set("relevant", own)
		}
		flatten(ch, "")
	}
}

func (c *compiler) lookup(name string) *element {
	if e := c.byName[name]; len(e) > 0 {
		return e[0]
	}
	return nil
}

// expressions are all texts of an element in which references may stand.
func (e *element) expressions() []string {
	var out []string
	for _, t := range [...]langText{e.label, e.hint, e.guidance} {
		for _, v := range t.values {
			out = append(out, v.text)
		}
	}
	for _, p := range [...]pairs{e.bind, e.control, e.media} {
		for _, x := range p {
			for _, v := range x.text.values {
				out = append(out, v.text)
			}
		}
	}
	return append(out, e.deflt, e.choiceFilter, e.listRef)
}

// fillMeta adds the form's own data: audit, instanceID, instanceName.
func (c *compiler) fillMeta() {
	var own []*element
	own = append(own, c.meta...)
	if !c.settings.on("omit_instanceid", false) {
		e := &element{kind: kindQuestion, name: "instanceID", typ: "meta"}
		e.bind.set("type", "string")
		e.bind.set("readonly", "true()")
		preload := c.settings.get("instance_id")
		if preload == "" {
			preload = "uid"
		}
		e.bind.set("jr:preload", preload)
		own = append(own, e)
	}
	if v := c.settings.get("instance_name"); v != "" {
		e := &element{kind: kindQuestion, name: "instanceName", typ: "meta"}
		e.bind.set("type", "string")
		e.bind.set("calculate", v)
		own = append(own, e)
	}
	if len(own) == 0 {
		return
	}
	meta := c.survey.metaGroup()
	for _, e := range own {
		meta.add(e)
	}
}

// shown tells whether a control is made for the question.
func (e *element) shown() bool {
	if e.kind != kindQuestion || e.def().tag == "" {
		return false
	}
	computed := e.bind.get("calculate") != "" || len(e.triggers) > 0
	return !computed || !e.label.empty() || !e.hint.empty()
}

// checkVisible refuses questions without a text, and triggers on questions that
// nobody sees.
func (c *compiler) checkVisible() {
	c.survey.walk(func(e *element) {
		if e.kind != kindQuestion {
			return
		}
		at := c.at(sheetSurvey, c.rowOf(sheetSurvey, e.row), "label")
		if !e.shown() {
			computed := e.typ == "calculate" || (e.bind.has("calculate") || len(e.triggers) > 0) && e.label.empty() && e.hint.empty()
			for _, t := range e.triggered {
				if computed && t.typ != "background-geopoint" {
					c.fail(c.at(sheetSurvey, c.rowOf(sheetSurvey, t.row), "trigger"), msg{code: "hidden-trigger",
						text: fmt.Sprintf("The question %q is never shown, so its answer cannot start anything.", e.name), remedy: "Use a question that is shown as trigger.",
						detail: fmt.Sprintf("The question ${%s} is not user-visible so it can't be used as a calculation trigger for question ${%s}.", e.name, t.name)})
				}
			}
			return
		}
		if e.label.empty() && e.hint.empty() && len(e.media) == 0 && e.mediaText == "" {
			c.fail(at, msg{code: "no-label", text: fmt.Sprintf("The question %q has neither a label nor a hint.", e.name), remedy: "Write the question into the column label.",
				detail: fmt.Sprintf("The survey element named '%s' has no label or hint.", e.name)})
			return
		}
		if e.media.has("big-image") && !e.media.has("image") {
			c.fail(at, msg{code: "big-image", text: "A big-image needs an image beside it.", remedy: "Fill the column image too.",
				detail: fmt.Sprintf("To use big-image, you must also specify an image for the survey element named %s.", e.name)})
		}
	})
}
