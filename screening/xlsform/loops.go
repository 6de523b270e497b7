package xlsform

import (
	"fmt"
	"strings"
)

// A loop, begin_loop over a list, is an older kind of repeat: a group of its
// questions for each choice of the list, written out when the form is made.

// maxElements bounds what loops may make.
const maxElements = 200_000

// expandLoops writes out begin_loop: one group for each choice of the list.
func (c *compiler) expandLoops(e *element) {
	for _, ch := range e.children {
		c.expandLoops(ch)
	}
	if e.kind != kindLoop {
		return
	}
	template := e.children
	e.children = nil
	e.kind = kindGroup
	l := c.lists.get(e.list)
	e.list = ""
	if l == nil {
		return
	}
	size := 0
	for _, t := range template {
		t.walk(func(*element) { size++ })
	}
	if c.written += (size + 1) * len(l.choices); c.written > maxElements {
		c.fail(c.typePlace(e), msg{code: "too-large", text: "The loop would make too many questions.", remedy: "Use begin_repeat with a repeat_count instead."})
		return
	}
	for _, choice := range l.choices {
		if choice.name == "none" {
			continue // the choice of none of them is nothing to ask about
		}
		g := &element{kind: kindGroup, name: choice.name, row: e.row, label: choice.label, media: choice.media}
		for _, t := range template {
			g.add(c.substitute(t.copyTree(), choice))
		}
		if e.add(g); c.filled > maxForm {
			c.tooLong()
			return
		}
	}
	c.looped = true
}

// addNone follows the setting add_none_option, an older way to keep "none" from
// being chosen beside other choices: the first question of a list gets the
// condition. The choice itself must be in the list.
func (c *compiler) addNone() {
	if !c.settings.on("add_none_option", false) {
		return
	}
	const alone = "(.='none' or not(selected(., 'none')))"
	has := map[*choiceList]bool{}
	for _, l := range c.lists.order {
		for _, ch := range l.choices {
			has[l] = has[l] || ch.name == "none" && ch.label.plain() == "None" && len(ch.media) == 0 && len(ch.extra) == 0
		}
	}
	c.survey.walk(func(e *element) {
		if e.kind != kindQuestion || e.typ != typeSelectMultiple {
			return
		}
		l := c.lists.get(e.list)
		if l == nil || e.choiceFilter == "" && e.params["randomize"] == "true" {
			c.fail(c.typePlace(e), msg{code: "none-option", text: "The setting add_none_option needs the choices of this question in the sheet choices.",
				remedy: "Remove the column add_none_option from the settings sheet and write the condition into the column constraint.", detail: "There should be choices for this question."})
			return
		}
		if has[l] {
			return
		}
		has[l] = true
		if v := e.bind.get("constraint"); v != "" {
			e.bind.set("constraint", v+" and "+alone)
		} else {
			e.bind.set("constraint", alone)
		}
	})
}

func (e *element) copyTree() *element {
	out := *e
	out.children = nil
	out.bind, out.control, out.instance, out.media = e.bind.clone(), e.control.clone(), e.instance.clone(), e.media.clone()
	for _, ch := range e.children {
		out.add(ch.copyTree())
	}
	return &out
}

// substitute puts the choice's name and label into the texts of a question of
// the loop.
func (c *compiler) substitute(e *element, ch *choice) *element {
	fill := func(lang, s string) string {
		if !strings.Contains(s, "%") {
			return s
		}
		label := ch.label.plain()
		for _, v := range ch.label.values {
			if v.lang == lang {
				label = v.text
			}
		}
		s = strings.NewReplacer("%(name)s", ch.name, "%(label)s", label, "%%", "%").Replace(s)
		c.filled += len(s)
		return s
	}
	texts := func(t langText) langText {
		out := langText{append([]langValue(nil), t.values...)}
		for i := range out.values {
			out.values[i].text = fill(out.values[i].lang, out.values[i].text)
		}
		return out
	}
	e.name, e.deflt = fill("", e.name), fill("", e.deflt)
	e.label, e.hint, e.guidance = texts(e.label), texts(e.hint), texts(e.guidance)
	for _, p := range [...]pairs{e.bind, e.control, e.media} {
		for i := range p {
			p[i].text = texts(p[i].text)
		}
	}
	return e
}

// typePlace is the cell with the type of an element.
func (c *compiler) typePlace(e *element) place {
	return c.at(sheetSurvey, c.rowOf(sheetSurvey, e.row), "type")
}

// cellWith is the cell of a row that refers to a name.
func (c *compiler) cellWith(row int, name string) place {
	r := c.rowOf(sheetSurvey, row)
	for _, v := range r.values {
		if strings.Contains(v.text, "#"+name+"}") || strings.Contains(v.text, "{"+name+"}") {
			return c.atColumn(sheetSurvey, row, v.col, v.text)
		}
	}
	return c.at(sheetSurvey, r, "type")
}

// uniqueInLoops refuses what a loop cannot repeat: repeats, and references to
// its questions, of which there are now several.
func (c *compiler) uniqueInLoops() bool {
	if !c.looped {
		return true
	}
	for _, n := range sortedKeys(c.byName) {
		if all := c.byName[n]; len(all) > 1 && all[0].kind == kindRepeat {
			c.fail(c.typePlace(all[0]), msg{code: "repeat-in-loop", text: fmt.Sprintf("The repeat %q stands in a loop, which would make several of it.", n),
				remedy: "Take the repeat out of the loop, or use begin_repeat with a repeat_count instead of the loop.",
				detail: fmt.Sprintf("[row : unknown] On the 'survey' sheet, the 'name' value '%s' is invalid. Repeat names must unique anywhere in the survey, at all levels of group or repeat nesting.", n)})
			return false
		}
	}
	ok := true
	c.survey.walk(func(e *element) {
		for _, s := range e.expressions() {
			for _, ref := range references(s) {
				if ok && len(c.byName[ref.name]) > 1 {
					ok = false
					c.fail(c.cellWith(e.row, ref.name), msg{code: "ambiguous-name", text: fmt.Sprintf("The question %q stands in a loop; the reference could mean any of its copies.", ref.name),
						remedy: "Refer to a question outside the loop.",
						detail: fmt.Sprintf("There has been a problem trying to replace ${%s} with the XPath to the survey element named '%s'. There are multiple survey elements named '%s'.", ref.name, ref.name, ref.name)})
				}
			}
		}
	})
	return ok
}
