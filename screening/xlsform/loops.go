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
		g := &element{kind: kindGroup, name: choice.name, row: e.row, label: choice.label, media: choice.media}
		for _, t := range template {
			g.add(substitute(t.copyTree(), choice))
		}
		e.add(g)
	}
	c.looped = true
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
func substitute(e *element, ch *choice) *element {
	fill := func(lang, s string) string {
		label := ch.label.plain()
		for _, v := range ch.label.values {
			if v.lang == lang {
				label = v.text
			}
		}
		return strings.NewReplacer("%(name)s", ch.name, "%(label)s", label).Replace(s)
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
