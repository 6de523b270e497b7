package xlsform

import "strings"

// itext holds the translations of a form: for every language the texts by id, in
// the order in which they were first met.
type itext struct {
	langs   []*translation
	tags    int // labels of osm tags
	tooMany bool
}

type translation struct {
	lang  string
	texts []*itextText
	byID  map[string]*itextText
}

type itextText struct {
	id     string
	values []itextValue
}

type itextValue struct {
	form string // "long", "guidance", or a media form
	text string
	ctx  *element
}

func (t *itext) language(lang string) *translation {
	for _, l := range t.langs {
		if l.lang == lang {
			return l
		}
	}
	l := &translation{lang: lang, byID: map[string]*itextText{}}
	t.langs = append(t.langs, l)
	return l
}

func (l *translation) text(id string) *itextText {
	x := l.byID[id]
	if x == nil {
		x = &itextText{id: id}
		l.byID[id] = x
		l.texts = append(l.texts, x)
	}
	return x
}

func (t *itext) add(lang, id, form, text string, ctx *element) {
	x := t.language(lang).text(id)
	for i := range x.values {
		if x.values[i].form == form {
			x.values[i].text = text
			return
		}
	}
	x.values = append(x.values, itextValue{form, text, ctx})
}

// collectTexts gathers what the translations must hold: choices, then the
// questions' messages, labels and hints, then their media.
func (c *compiler) collectTexts() *itext {
	t := &itext{}
	for _, l := range c.lists.order {
		if !l.itext {
			continue
		}
		for i, ch := range l.choices {
			id := choiceID(l.name, i)
			c.addTexts(t, id, "long", ch.label, nil)
			c.addMedia(t, id, ch.media, nil)
		}
	}
	c.survey.walk(func(e *element) {
		for _, key := range messages {
			if text, ok := e.bind.find(key); ok && c.messageInItext(pair{key, text}) {
				c.addTexts(t, e.path+":"+key, "long", text, e)
			}
		}
		if e.labelInItext() {
			c.addTexts(t, e.path+":label", "long", e.label, e)
		}
		if e.hintInItext() {
			c.addTexts(t, e.path+":hint", "long", e.hint, e)
			c.addTexts(t, e.path+":hint", "guidance", e.guidance, e)
		}
		c.addTagTexts(t, e)
	})
	c.survey.walk(func(e *element) { c.addMedia(t, e.path+":label", e.media, e) })
	if t.complete(); t.tooMany {
		c.fail(place{sheet: sheetSurvey}, msg{code: "too-large", text: "The form has too many texts in too many languages.", remedy: "Split the form, or make one form for each group of languages."})
	}
	return t
}

func choiceID(list string, i int) string { return list + "-" + itoa(i) }

// messages are the texts of a bind that a person may read, in the order of the
// form, whatever the order of the columns.
var messages = [...]string{"jr:constraintMsg", "jr:requiredMsg", "jr:noAppErrorString"}

// messageInItext tells whether a message of the bind is kept as a translation:
// where it has languages, or a reference in it.
func (c *compiler) messageInItext(b pair) bool {
	switch b.key {
	case "jr:constraintMsg", "jr:requiredMsg":
		return b.text.translated() || b.text.any(hasRef)
	case "jr:noAppErrorString":
		return b.text.translated()
	}
	return false
}

func (c *compiler) addTexts(t *itext, id, form string, text langText, ctx *element) {
	for _, v := range text.in(c.defaultLanguage) {
		t.add(v.lang, id, form, v.text, ctx)
	}
}

func (c *compiler) addMedia(t *itext, id string, media pairs, ctx *element) {
	for _, m := range media {
		folder := mediaFolder[m.key]
		if folder == "" {
			continue
		}
		for _, v := range m.text.in(c.defaultLanguage) {
			t.add(v.lang, id, m.key, mediaURL(folder, v.text), ctx)
		}
	}
}

func mediaURL(folder, file string) string {
	if strings.HasPrefix(file, "jr://") {
		return file
	}
	return "jr://" + folder + "/" + file
}

// maxTexts bounds texts times languages.
const maxTexts = 2_000_000

// complete gives every language every text: a form must not fall back silently
// to another language. What is missing is a dash.
func (t *itext) complete() {
	forms := map[string][]string{}
	var ids []string
	for _, l := range t.langs {
		for _, x := range l.texts {
			if _, seen := forms[x.id]; !seen {
				ids = append(ids, x.id)
				forms[x.id] = nil
			}
			for _, v := range x.values {
				if !contains(forms[x.id], v.form) {
					forms[x.id] = append(forms[x.id], v.form)
				}
			}
		}
	}
	if len(ids)*len(t.langs) > maxTexts {
		t.tooMany = true
		return
	}
	for _, l := range t.langs {
		for _, id := range ids {
			x := l.text(id)
			for _, form := range [...]string{"long", "guidance"} {
				if contains(forms[id], form) && !x.has(form) {
					x.values = append(x.values, itextValue{form: form, text: "-"})
				}
			}
		}
	}
}

func (x *itextText) has(form string) bool {
	for _, v := range x.values {
		if v.form == form {
			return true
		}
	}
	return false
}

func (c *compiler) writeItext(w *xmlWriter) {
	if len(c.itext.langs) == 0 {
		return
	}
	w.start("itext")
	for _, l := range c.itext.langs {
		w.start("translation", attr{"lang", l.lang})
		if l.lang == c.defaultLanguage {
			w.attr("default", "true()")
		}
		for _, x := range l.texts {
			w.start("text", attr{"id", x.id})
			for _, v := range x.values {
				w.start("value")
				if v.form != "long" {
					w.attr("form", v.form)
				}
				c.mixed(w, v.text, v.ctx)
				w.end()
			}
			w.end()
		}
		w.end()
	}
	w.end()
}

// mixed writes a text for people, in which references and paths into lists are
// shown as their values.
func (c *compiler) mixed(w *xmlWriter, s string, ctx *element) {
	parts := c.outputs(s, ctx)
	if len(parts) == 1 && !parts[0].output {
		w.text(s)
		return
	}
	// A text with outputs is framed by spaces, as the field's tools write it;
	// a frame of spaces alone is left out.
	for i, p := range parts {
		if p.output {
			w.empty("output", attr{"value", p.text})
			continue
		}
		t := p.text
		if i == 0 {
			t = " " + t
		}
		if i == len(parts)-1 {
			t += " "
		}
		if (i == 0 || i == len(parts)-1) && strings.TrimSpace(t) == "" {
			continue
		}
		w.text(t)
	}
	if n := len(parts); n > 1 && parts[n-1].output && c.hasText(parts) {
		w.text(" ")
	}
}

type textPart struct {
	text   string
	output bool
}

func (c *compiler) hasText(parts []textPart) bool {
	for _, p := range parts {
		if !p.output && strings.TrimSpace(p.text) != "" {
			return true
		}
	}
	return false
}

// outputs cuts a text at its references and its paths into lists.
func (c *compiler) outputs(s string, ctx *element) []textPart {
	spans := instanceSpans(s)
	if len(spans) == 0 && !hasRef(s) {
		return []textPart{{text: s}}
	}
	var out []textPart
	plain := func(t string) {
		for t != "" {
			i := strings.Index(t, "${")
			if i < 0 {
				out = append(out, textPart{text: t})
				return
			}
			_, ok, n := parseRef(t[i:])
			if !ok {
				n = i + 2
				if len(out) > 0 && !out[len(out)-1].output {
					out[len(out)-1].text += t[:n]
				} else {
					out = append(out, textPart{text: t[:n]})
				}
				t = t[n:]
				continue
			}
			if i > 0 {
				out = append(out, textPart{text: t[:i]})
			}
			out = append(out, textPart{text: c.xpath(t[i:i+n], ctx, refMode{}), output: true})
			t = t[i+n:]
		}
	}
	at := 0
	for _, span := range spans {
		plain(s[at:span[0]])
		// The value is escaped once as text before it is an attribute: so the
		// tools of the field write it, and so readers expect it.
		out = append(out, textPart{text: escapeText(c.xpath(s[span[0]:span[1]], ctx, refMode{})), output: true})
		at = span[1]
	}
	plain(s[at:])
	return out
}
