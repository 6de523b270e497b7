package xlsform

import (
	"fmt"
	"strconv"
	"strings"
)

func itoa(i int) string { return strconv.Itoa(i) }

// namespaces of every form, in the order in which they are declared.
var namespaces = []attr{
	{"xmlns", "http://www.w3.org/2002/xforms"},
	{"xmlns:h", "http://www.w3.org/1999/xhtml"},
	{"xmlns:ev", "http://www.w3.org/2001/xml-events"},
	{"xmlns:xsd", "http://www.w3.org/2001/XMLSchema"},
	{"xmlns:jr", "http://openrosa.org/javarosa"},
	{"xmlns:orx", "http://openrosa.org/xforms"},
	{"xmlns:odk", "http://www.opendatakit.org/xforms"},
}

// write makes the XML of the form.
func (c *compiler) write() []byte {
	if c.itext = c.collectTexts(); len(c.errs) > 0 {
		return nil
	}
	w := &xmlWriter{b: make([]byte, 0, 4096+512*len(c.surveyRows)+128*len(c.choiceRows))}
	w.prefixes = map[string]bool{"xml": true, "xmlns": true, "h": true}
	w.b = append(w.b, `<?xml version="1.0"?>`...)
	w.start("h:html", namespaces...)
	for _, a := range c.ownNamespaces() {
		w.attr(a.name, a.value)
	}
	if len(c.entities) > 0 {
		w.attr("xmlns:entities", "http://www.opendatakit.org/xforms/entities")
	}
	w.start("h:head")
	w.leaf("h:title", c.title)
	c.writeModel(w)
	w.end()
	c.writeBody(w)
	w.end()
	switch {
	case w.full || c.expanded > maxForm:
		c.tooLong()
	case w.broken:
		c.badXMLName(w.bad)
	}
	return w.b
}

// badXMLName refuses a form with a name that XML cannot have, found at last when
// it is written: a column of the author's own, a choice in a loop.
func (c *compiler) badXMLName(name string) {
	m := msg{code: "xml-name", text: "The name " + quote(name) + " cannot stand in a form.", suggest: mendName(name),
		remedy: "Begin with a letter or underscore; go on with letters, digits, underscores, hyphens or periods. A prefix with a colon must be declared in the setting namespaces.",
		detail: "The '" + name + "' value is invalid. " + sentenceName}
	for _, sheet := range [...]string{sheetSurvey, sheetChoices, sheetSettings} {
		for i := range c.cols[sheet] {
			col := &c.cols[sheet][i]
			if col.header == name || contains(col.path, name) {
				sh, _ := c.sheet(sheet)
				c.fail(c.atColumn(sheet, sh.HeaderRow, col, col.header), m)
				return
			}
		}
	}
	for _, r := range c.choiceRows {
		if r.get("name") == name {
			c.fail(c.at(sheetChoices, r, "name"), m)
			return
		}
	}
	c.fail(place{sheet: sheetSurvey, text: name}, m)
}

// ownNamespaces reads the setting namespaces: ex="http://..." fx=http://...,
// parted by spaces. What is not one name and one address is left out.
func (c *compiler) ownNamespaces() []attr {
	var out []attr
	for _, word := range strings.Fields(c.settings.get("namespaces")) {
		name, uri, ok := strings.Cut(word, "=")
		uri = strings.NewReplacer(`"`, "", "'", "").Replace(uri)
		if ok && isNCName(name) && uri != "" && !strings.Contains(uri, "=") {
			out = append(out, attr{"xmlns:" + name, uri})
		}
	}
	return out
}

func (c *compiler) writeModel(w *xmlWriter) {
	w.start("model", attr{"odk:xforms-version", "1.0.0"})
	if len(c.entities) > 0 {
		version := "2024.1.0"
		if len(c.entities) > 1 || c.nestedEntity {
			version = "2025.1.0"
		}
		w.attr("entities:entities-version", version)
	}
	c.writeSubmission(w)
	c.writeItext(w)
	w.start("instance")
	c.writeNode(w, c.survey, false)
	w.end()
	c.writeInstances(w)
	c.survey.walk(func(e *element) { c.writeBind(w, e) })
	w.end()
}

func (c *compiler) writeSubmission(w *xmlWriter) {
	var attrs []attr
	if v := c.settings.get("submission_url"); v != "" {
		attrs = append(attrs, attr{"action", v}, attr{"method", "post"})
	}
	if v := c.settings.get("public_key"); v != "" {
		attrs = append(attrs, attr{"base64RsaPublicKey", v})
	}
	for _, x := range [...]attr{{"auto_send", "orx:auto-send"}, {"auto_delete", "orx:auto-delete"}} {
		if v := c.settings.get(x.name); v != "" {
			attrs = append(attrs, attr{x.value, v})
		}
	}
	if c.settings.on("client_editable", false) {
		attrs = append(attrs, attr{"odk:client-editable", "true"})
	}
	if len(attrs) > 0 {
		w.empty("submission", attrs...)
	}
}

// writeNode writes an element of the answers. A repeat is written twice where it
// first stands: as the template for new turns and as the first turn; inside a
// template its repeats are templates only.
func (c *compiler) writeNode(w *xmlWriter, e *element, inTemplate bool) {
	switch e.kind {
	case kindExternal:
		return
	case kindEntity:
		c.writeEntityNode(w, e)
		return
	}
	if e.flat {
		c.nodeChildren(w, e, inTemplate)
		return
	}
	w.start(e.name)
	if e.kind == kindSurvey {
		c.rootAttributes(w)
	}
	c.nodeContent(w, e, inTemplate)
}

func (c *compiler) instanceAttributes(w *xmlWriter, e *element) {
	for _, a := range e.instance {
		w.attr(a.key, c.xpath(a.text.plain(), e, refMode{}))
	}
}

func (c *compiler) nodeContent(w *xmlWriter, e *element, inTemplate bool) {
	c.instanceAttributes(w, e)
	if e.kind == kindQuestion && e.deflt != "" && !e.dynamicDefault() {
		w.text(c.staticDefault(e))
	}
	c.nodeChildren(w, e, inTemplate)
	w.end()
}

func (c *compiler) nodeChildren(w *xmlWriter, e *element, inTemplate bool) {
	for _, ch := range e.children {
		if ch.kind != kindRepeat {
			c.writeNode(w, ch, inTemplate)
			continue
		}
		c.writeRepeat(w, ch, inTemplate)
	}
}

// maxForm bounds the XML: repeats in groups in repeats are written twice each, a
// list that is searched once for each question, a long path for each short
// reference.
const maxForm = 48 << 20

func (c *compiler) tooLong() {
	if len(c.errs) == 0 {
		c.fail(place{sheet: sheetSurvey}, msg{code: "too-large", text: fmt.Sprintf("The form would have more than %d MiB.", maxForm>>20),
			remedy: "Take repeats out of each other, put long lists into attached files, shorten names, or split the form."})
	}
}

func (c *compiler) writeRepeat(w *xmlWriter, e *element, inTurn bool) {
	if !w.room() {
		return
	}
	if !inTurn {
		w.start(e.name, attr{"jr:template", ""})
		c.templateContent(w, e)
	}
	w.start(e.name)
	c.nodeContent(w, e, true)
}

// templateContent is nodeContent directly inside a template, where a nested
// repeat is a template only. A repeat in a group of the template is written as
// anywhere else: so the tools of the field write it.
func (c *compiler) templateContent(w *xmlWriter, e *element) {
	for _, ch := range e.children {
		switch ch.kind {
		case kindRepeat:
			w.start(ch.name, attr{"jr:template", ""})
			c.templateContent(w, ch)
		default:
			c.writeNode(w, ch, false)
		}
	}
	w.end()
}

// staticDefault is the value itself; a picture is named by its place among the
// form's media.
func (c *compiler) staticDefault(e *element) string {
	if e.def().mediatype == "image/*" && !strings.Contains(e.deflt, "://") {
		return mediaURL("images", e.deflt)
	}
	return e.deflt
}

func (c *compiler) rootAttributes(w *xmlWriter) {
	w.attr("id", c.id)
	if v := c.settings.get("instance_xmlns"); v != "" {
		w.attr("xmlns", v)
	}
	for _, a := range [...]attr{{"version", "version"}, {"prefix", "odk:prefix"}, {"delimiter", "odk:delimiter"}} {
		if v := c.settings.get(a.name); v != "" {
			w.attr(a.value, v)
		}
	}
	// The author's own come last: they cannot take the place of id or version.
	for _, a := range c.settings.attributes {
		w.attr(a.name, a.value)
	}
	for _, a := range c.settings.instance {
		w.attr(a.name, c.xpath(a.value, c.survey, refMode{}))
	}
}

func (c *compiler) writeEntityNode(w *xmlWriter, e *element) {
	d := e.entity
	w.start("entity", attr{"dataset", d.dataset})
	if d.creates() {
		w.attr("create", "1")
	}
	if d.updates() {
		w.attr("update", "1")
		w.attr("baseVersion", "")
		w.attr("trunkVersion", "")
		w.attr("branchId", "")
	}
	w.attr("id", "")
	if d.label != "" {
		w.empty("label")
	}
	w.end()
}

// convertible are the attributes in which yes and no stand for true() and false().
var convertible = set("readonly", "required", "relevant", "constraint", "calculate")

// writeBind writes the bind of an element with the actions that belong to it.
func (c *compiler) writeBind(w *xmlWriter, e *element) {
	if e.kind == kindEntity {
		c.writeEntityBinds(w, e)
		return
	}
	if e.kind == kindExternal || e.flat || e.parent != nil && e.parent.kind == kindEntity {
		return
	}
	var attrs []attr
	def := e.def()
	for _, a := range def.bind {
		if !e.bind.has(a.name) {
			attrs = append(attrs, a)
		}
	}
	for _, b := range e.bind {
		if b.key == "calculate" && len(e.triggers) > 0 {
			continue
		}
		attrs = append(attrs, attr{b.key, c.bindValue(e, b)})
	}
	if len(attrs) > 0 {
		w.empty("bind", append([]attr{{"nodeset", e.path}}, attrs...)...)
	}
	if e.kind != kindQuestion {
		return
	}
	if e.dynamicDefault() && e.typ != "background-geopoint" {
		w.empty("setvalue", attr{"ref", e.path}, attr{"event", "odk-instance-first-load"}, attr{"value", c.xpath(e.deflt, e, refMode{})})
	}
	if def.action != "" && def.event != "xforms-value-changed" {
		attrs := []attr{{"ref", e.path}, {"event", def.event}}
		if q, ok := e.params["quality"]; ok && def.action == "odk:recordaudio" {
			attrs = append(attrs, attr{"odk:quality", q})
		}
		w.empty(def.action, attrs...)
	}
}

func (c *compiler) bindValue(e *element, b pair) string {
	if c.messageInItext(b) {
		return "jr:itext('" + e.path + ":" + b.key + "')"
	}
	v := b.text.plain()
	if v == "" && len(b.text.values) > 0 {
		v = b.text.values[0].text
	}
	if convertible[b.key] {
		if yes, known := yesNo[v]; known {
			return strconv.FormatBool(yes) + "()"
		}
	}
	return c.xpath(v, e, refMode{})
}

func (c *compiler) writeEntityBinds(w *xmlWriter, e *element) {
	d := e.entity
	at := map[string]*element{}
	for _, ch := range e.children {
		at[ch.name] = ch
	}
	path := func(name string) string { return e.path + "/" + name }
	bind := func(name, expr string) {
		w.empty("bind", attr{"nodeset", path(name)}, attr{"calculate", c.xpath(expr, at[name], refMode{})}, attr{"readonly", "true()"}, attr{"type", "string"})
	}
	if d.createIf != "" {
		bind("@create", d.createIf)
	}
	if d.updateIf != "" {
		bind("@update", d.updateIf)
	}
	if d.updates() {
		for _, x := range [...]attr{{"@baseVersion", "__version"}, {"@trunkVersion", "__trunkVersion"}, {"@branchId", "__branchId"}} {
			bind(x.name, fmt.Sprintf("instance('%s')/root/item[name=%s]/%s", d.dataset, d.id, x.value))
		}
		w.empty("bind", attr{"nodeset", path("@id")}, attr{"readonly", "true()"}, attr{"type", "string"}, attr{"calculate", c.xpath(d.id, at["@id"], refMode{})})
	} else {
		w.empty("bind", attr{"nodeset", path("@id")}, attr{"readonly", "true()"}, attr{"type", "string"})
		w.empty("setvalue", attr{"ref", path("@id")}, attr{"event", "odk-instance-first-load"}, attr{"value", "uuid()"})
	}
	if d.label != "" {
		bind("label", d.label)
	}
}
