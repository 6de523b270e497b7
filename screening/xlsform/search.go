package xlsform

import (
	"fmt"
	"regexp"
	"strings"
)

// search() in the appearance lets ODK Collect replace the choices of a question
// by the lines of an attached file. The form then holds the choices inside the
// question: the one that is there names the columns of the file.

var searchPattern = regexp.MustCompile(`search\(.*?\)`)

// searchAppearance marks a select that searches.
func (r *surveyReader) searchAppearance(row dataRow, e *element) {
	if e.typ == typeSelectExternal || !searchPattern.MatchString(e.control.get("appearance")) {
		return
	}
	e.search = true
	r.advise(r.at(sheetSurvey, row, "control", "appearance"), "search",
		"search() works in ODK Collect only. Our own screens, web forms and every other program show the choices that stand in the sheet instead of those of the file.",
		"Use select_one_from_file file.csv with a choice_filter: it does the same and works everywhere.")
}

// checkSearches finds the lists that are written inline, and refuses what cannot
// be: a list that a question without search() uses too.
func (c *compiler) checkSearches() {
	plain := map[string][]*element{}
	var searching []*element
	c.survey.walk(func(e *element) {
		switch {
		case e.kind != kindQuestion || !e.isSelect() || e.typ == typeSelectExternal:
		case e.search:
			searching = append(searching, e)
		default:
			plain[e.list] = append(plain[e.list], e)
		}
	})
	for _, e := range searching {
		at := c.at(sheetSurvey, c.rowOf(sheetSurvey, e.row), "control", "appearance")
		if e.file != "" {
			c.fail(at, msg{code: "search-file", text: "A question that takes its choices from a file cannot search another file.",
				remedy: "Remove search() and write its condition into the column choice_filter.",
				detail: fmt.Sprintf("Question '%s' is a select from file type, using 'search()'. This combination is not supported. Remove the 'search()' usage, or change the select type.", e.name)})
			continue
		}
		if others := plain[e.list]; len(others) > 0 {
			names := make([]string, len(others))
			for i, o := range others {
				names[i] = "'" + o.name + "'"
			}
			c.fail(at, msg{code: "search-list", text: fmt.Sprintf("The list %q is used by a question with search() and by one without: %s.", e.list, strings.Join(names, ", ")),
				remedy: "Give the question with search() a list of its own, or use search() in all of them.",
				detail: fmt.Sprintf("Question '%s' uses 'search()', and its select type references the choice list name '%s'. This choice list name is referenced by at least one other question that is not using 'search()', which will not work: %s. Either 1) use 'search()' for all questions using this choice list name, or 2) use a different choice list name for the question using 'search()'.",
					e.name, e.list, strings.Join(names, ", "))})
			return
		}
		if l := c.lists.get(e.list); l != nil {
			l.inline = true
		}
	}
}

// writeInline writes the choices into the question itself.
func (c *compiler) writeInline(w *xmlWriter, e *element, l *choiceList) {
	if l == nil {
		return
	}
	for i, ch := range l.choices {
		if !w.room() {
			return
		}
		w.start("item")
		if l.itext {
			w.empty("label", attr{"ref", "jr:itext('" + choiceID(l.name, i) + "')"})
		} else {
			w.start("label")
			if !e.label.empty() {
				c.mixed(w, ch.label.plain(), nil)
			}
			w.end()
		}
		w.leaf("value", ch.name)
		w.end()
	}
}
