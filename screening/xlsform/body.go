package xlsform

import (
	"strings"
)

func (c *compiler) writeBody(w *xmlWriter) {
	w.start("h:body")
	if v := c.settings.get("style"); v != "" {
		w.attr("class", v)
	}
	for _, ch := range c.survey.children {
		c.writeControl(w, ch)
	}
	w.end()
}

func (c *compiler) writeControl(w *xmlWriter, e *element) {
	if !w.room() {
		return
	}
	switch e.kind {
	case kindGroup:
		c.writeGroup(w, e)
	case kindRepeat:
		c.writeRepeatControl(w, e)
	case kindQuestion:
		c.writeQuestion(w, e)
	}
}

func (c *compiler) writeGroup(w *xmlWriter, e *element) {
	w.start("group")
	c.controlAttributes(w, e)
	if !e.flat {
		w.attr("ref", e.path)
	}
	if !e.label.empty() {
		c.writeLabel(w, e)
	}
	for _, ch := range e.children {
		c.writeControl(w, ch)
	}
	w.end()
}

func (c *compiler) writeRepeatControl(w *xmlWriter, e *element) {
	w.start("group", attr{"ref", e.path})
	c.writeLabel(w, e)
	w.start("repeat", attr{"nodeset", e.path})
	c.controlAttributes(w, e)
	for _, ch := range e.children {
		c.writeControl(w, ch)
	}
	c.writeNewRepeat(w, e)
	w.end()
	w.end()
}

// writeNewRepeat sets what must be set in each new turn of the repeat.
func (c *compiler) writeNewRepeat(w *xmlWriter, e *element) {
	for _, ch := range e.children {
		switch ch.kind {
		case kindRepeat:
			continue
		case kindQuestion:
			if ch.dynamicDefault() {
				w.empty("setvalue", attr{"ref", ch.path}, attr{"event", "odk-new-repeat"}, attr{"value", c.xpath(ch.deflt, ch, refMode{})})
			}
		case kindEntity:
			if !ch.entity.updates() {
				w.empty("setvalue", attr{"ref", ch.path + "/@id"}, attr{"event", "odk-new-repeat"}, attr{"value", "uuid()"})
			}
			continue
		}
		c.writeNewRepeat(w, ch)
	}
}

// controlAttributes writes the columns body:: and their aliases. A column with
// three parts becomes a value of its own kind, {'style': '...'}.
func (c *compiler) controlAttributes(w *xmlWriter, e *element) {
	for _, a := range e.control {
		if a.key == "jr:count" && e.kind != kindRepeat {
			continue
		}
		if !a.text.translated() {
			w.attr(a.key, c.xpath(a.text.plain(), e, refMode{}))
			continue
		}
		parts := make([]string, len(a.text.values))
		for i, v := range a.text.values {
			parts[i] = pythonString(v.lang) + ": " + pythonString(c.xpath(v.text, e, refMode{}))
		}
		w.attr(a.key, "{"+strings.Join(parts, ", ")+"}")
	}
}

func (c *compiler) writeLabel(w *xmlWriter, e *element) {
	if e.labelInItext() {
		w.empty("label", attr{"ref", "jr:itext('" + e.path + ":label')"})
		return
	}
	w.start("label")
	c.mixed(w, e.label.plain(), e)
	w.end()
}

func (c *compiler) writeHint(w *xmlWriter, e *element) {
	hint := e.hint.plain()
	if e.hintInItext() {
		w.empty("hint", attr{"ref", "jr:itext('" + e.path + ":hint')"})
		return
	}
	if hint == "" {
		return
	}
	w.start("hint")
	c.mixed(w, hint, e)
	w.end()
}

func (c *compiler) writeQuestion(w *xmlWriter, e *element) {
	if !e.shown() {
		return
	}
	def := e.def()
	w.start(def.tag, attr{"ref", e.path})
	if def.mediatype != "" && !e.control.has("mediatype") {
		w.attr("mediatype", def.mediatype)
	}
	c.controlAttributes(w, e)
	if e.typ == typeSelectExternal {
		w.attr("query", "instance('"+e.list+"')/root/item["+c.xpath(e.choiceFilter, e, refMode{current: true})+"]")
	}
	c.writeLabel(w, e)
	c.writeHint(w, e)
	c.writeItemset(w, e)
	for _, actions := range [...]bool{false, true} {
		for _, t := range e.triggered {
			if (t.def().action != "") == actions {
				c.writeTriggered(w, e, t)
			}
		}
	}
	w.end()
}

// writeTriggered writes what happens when the answer to e changes.
func (c *compiler) writeTriggered(w *xmlWriter, e, t *element) {
	if a := t.def().action; a != "" {
		w.empty(a, attr{"ref", t.path}, attr{"event", "xforms-value-changed"})
		return
	}
	attrs := []attr{{"ref", t.path}, {"event", "xforms-value-changed"}}
	if v := t.bind.get("calculate"); v != "" {
		attrs = append(attrs, attr{"value", c.xpath(v, e, refMode{})})
	}
	w.empty("setvalue", attrs...)
}

// writeItemset writes where the choices come from: a list of the workbook, an
// attached file, or the turns of a repeat.
func (c *compiler) writeItemset(w *xmlWriter, e *element) {
	if e.search {
		c.writeInline(w, e, c.lists.get(e.list))
		return
	}
	if e.tags != nil {
		c.writeTags(w, e)
		return
	}
	if e.typ == typeSelectExternal || e.list == "" && e.listRef == "" {
		return
	}
	nodeset, value, label := "", "name", "label"
	mode := refMode{current: true}
	switch {
	case e.listRef != "":
		ref, _ := wholeRef(e.listRef)
		target := c.lookup(ref.name)
		// The choices are the turns of the question's container; a repeat named
		// itself, for its geometry, is its own.
		from := target.parent
		value = target.name
		if target.kind == kindRepeat {
			from, value = target, "geometry"
		}
		if nodeset, mode.from = from.path, from; target.kind != kindRepeat {
			nodeset = c.turnsPath(e, target, from)
		}
		label = value
		filter := "./" + value + " != ''"
		if e.choiceFilter != "" {
			filter = c.xpath(e.choiceFilter, e, mode)
		}
		nodeset += "[" + filter + "]"
	default:
		id := e.list
		if e.file != "" {
			id = stem(e.file)
			if strings.HasSuffix(e.file, ".geojson") {
				value, label = "id", "title"
			}
			if v := e.params["value"]; v != "" {
				value = v
			}
			if v := e.params["label"]; v != "" {
				label = v
			}
		} else if l := c.lists.get(id); l != nil && l.itext {
			label = "jr:itext(itextId)"
		}
		nodeset = "instance('" + id + "')/root/item"
		if e.choiceFilter != "" {
			nodeset += "[" + c.xpath(e.choiceFilter, e, mode) + "]"
		}
	}
	if e.params["randomize"] == "true" {
		if seed := e.params["seed"]; seed != "" {
			nodeset = "randomize(" + nodeset + ", " + c.xpath(seed, e, refMode{bare: true}) + ")"
		} else {
			nodeset = "randomize(" + nodeset + ")"
		}
	}
	w.start("itemset", attr{"nodeset", nodeset})
	w.empty("value", attr{"ref", value})
	w.empty("label", attr{"ref", label})
	w.end()
}

// turnsPath is the path to the container of the question whose answers are the
// choices, as e sees it. Where both stand in one repeat, the path goes up to the
// container of that repeat and down again, so that the other turns are choices
// too; nested repeats see the turns of their own outer turn.
func (c *compiler) turnsPath(e, target, from *element) string {
	outer := commonRepeat(e, target)
	if outer == nil {
		return from.path
	}
	inner := target.repeat()
	if outer == inner && (outer.repeat() == nil || e.repeat() != outer) {
		steps := 1
		for p := e.parent; p != outer; p = p.parent {
			steps++
		}
		return strings.Repeat("../", steps+1) + strings.TrimPrefix(from.path, outer.parent.path+"/")
	}
	p, _ := relativePath(e, target)
	p = strings.TrimSuffix(p, "/"+target.name)
	return p
}

// commonRepeat is the innermost repeat around both.
func commonRepeat(a, b *element) *element {
	for p := a.repeat(); p != nil; p = p.repeat() {
		if within(b, p) {
			return p
		}
	}
	return nil
}
