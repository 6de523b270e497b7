package xlsform

import "regexp"

// A question of type osm opens OpenMapKit, which edits the OpenStreetMap and
// hands back a file. The sheet osm names the tags that it asks for.

var osmPattern = regexp.MustCompile(`^osm(\s+\S+)?$`)

func (c *compiler) readOSM() {
	sh, ok := c.sheet(sheetOSM)
	if !ok {
		return
	}
	rows, ok := c.rows(sh, sheetOSM, false)
	if !ok {
		return
	}
	c.osmLists = &formLists{byName: map[string]*choiceList{}}
	for _, r := range rows {
		name := r.get("list_name")
		if name == "" {
			continue
		}
		l := c.osmLists.byName[name]
		if l == nil {
			l = &choiceList{name: name}
			c.osmLists.byName[name] = l
			c.osmLists.order = append(c.osmLists.order, l)
		}
		l.choices = append(l.choices, &choice{row: r.number, name: r.get("name"), label: r.text("label")})
	}
}

// osm finds the tags of a question.
func (r *surveyReader) osm(row dataRow, e *element, written string) bool {
	at := r.at(sheetSurvey, row, "type")
	r.advise(at, "osm", "Questions of type osm need the app OpenMapKit on the phone, which is no longer kept up. Our own screens cannot show them.",
		"Use geopoint, geotrace or geoshape, with questions for what the tags say.")
	list := osmPattern.FindStringSubmatch(written)[1]
	if list == "" || r.osmLists == nil {
		return true
	}
	list = collapse(list)
	if e.tags = r.osmLists.get(list); e.tags == nil {
		r.fail(at, msg{code: "unknown-list", text: "The sheet osm has no list " + quote(list) + ".",
			remedy: "Correct the name of the list, or add the list to the sheet osm.", suggest: r.suggestion(list, r.osmLists.names()),
			detail: rowTag(row.number) + " List name not in osm sheet: " + list})
		return false
	}
	return true
}

// tagPath is where the translations of a tag's label are kept.
func tagPath(e *element, names ...string) string {
	p := e.path
	for _, n := range names {
		p += "/" + n
	}
	return p + ":label"
}

// writeTags writes the tags; a tag that is itself the name of a list has its
// values inside.
func (c *compiler) writeTags(w *xmlWriter, e *element) {
	for _, tag := range e.tags.choices {
		if !w.room() {
			return
		}
		w.start("tag", attr{"key", tag.name})
		c.writeTagLabel(w, tag.label, tagPath(e, tag.name))
		if values := c.osmLists.get(tag.name); values != nil {
			for _, v := range values.choices {
				w.start("item")
				c.writeTagLabel(w, v.label, tagPath(e, tag.name, v.name))
				w.leaf("value", v.name)
				w.end()
			}
		}
		w.end()
	}
}

func (c *compiler) writeTagLabel(w *xmlWriter, label langText, id string) {
	if label.translated() {
		w.empty("label", attr{"ref", "jr:itext('" + id + "')"})
		return
	}
	w.leaf("label", label.plain())
}

// addTagTexts gathers the translations of the labels of tags.
func (c *compiler) addTagTexts(t *itext, e *element) {
	if e.tags == nil {
		return
	}
	add := func(label langText, names ...string) {
		if t.tags++; t.tags > maxTags {
			t.tooMany = true
			return
		}
		c.addTexts(t, tagPath(e, names...), "long", label, nil)
	}
	for _, tag := range e.tags.choices {
		if t.tooMany {
			return
		}
		if tag.label.translated() {
			add(tag.label, tag.name)
		}
		if values := c.osmLists.get(tag.name); values != nil {
			for _, v := range values.choices {
				if v.label.translated() && !t.tooMany {
					add(v.label, tag.name, v.name)
				}
			}
		}
	}
}

// maxTags bounds the translated labels of tags; each question has its own.
const maxTags = 100_000
