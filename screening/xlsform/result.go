package xlsform

import (
	"strings"
)

// form gathers what callers want to know of a compiled form.
func (c *compiler) form(xml []byte) *Form {
	f := &Form{ID: c.id, Version: c.settings.get("version"), Title: c.title, XForm: xml, Warnings: c.warnings, Advice: c.advice}
	if c.external != nil && c.external.used {
		f.ItemsetsCSV = c.external.csv()
	}
	for _, l := range c.itext.langs {
		f.Languages = append(f.Languages, Language{Name: languageName(l.lang, c), Tag: tagOf(l.lang)})
		if l.lang == c.defaultLanguage {
			f.DefaultLanguage = languageName(l.lang, c)
		}
	}
	if len(f.Languages) == 0 {
		f.Languages = []Language{{}}
	}
	c.survey.walk(func(e *element) {
		switch e.kind {
		case kindQuestion, kindGroup, kindRepeat:
			if e.parent != nil && e.parent.kind != kindMeta && e.parent.kind != kindEntity {
				f.Questions = append(f.Questions, c.describe(e))
			}
		}
	})
	f.MediaFiles = c.mediaFiles()
	return f
}

// languageName is "" for texts without a language where no default is named.
func languageName(lang string, c *compiler) string {
	if lang == "default" && c.settings.get("default_language") == "" {
		return ""
	}
	return lang
}

func tagOf(lang string) string {
	if m := languageTag.FindStringSubmatch(lang); m != nil {
		return m[1]
	}
	return ""
}

func (c *compiler) texts(t langText) map[string]string {
	if t.empty() {
		return nil
	}
	out := make(map[string]string, len(t.values))
	for _, v := range t.in(c.defaultLanguage) {
		out[languageName(v.lang, c)] = v.text
	}
	return out
}

func (c *compiler) media(p pairs) []Media {
	var out []Media
	for _, m := range p {
		if mediaFolder[m.key] == "" {
			continue
		}
		for _, v := range m.text.in(c.defaultLanguage) {
			out = append(out, Media{Form: m.key, Language: languageName(v.lang, c), File: v.text})
		}
	}
	return out
}

func (c *compiler) describe(e *element) Question {
	q := Question{Name: e.name, Path: e.path, Type: e.written, Kind: c.kindOf(e), Row: e.row, Labels: c.texts(e.label), Hints: c.texts(e.hint),
		Guidance: c.texts(e.guidance), Media: c.media(e.media), Relevant: e.bind.get("relevant"), Constraint: e.bind.get("constraint"),
		Calculation: e.bind.get("calculate"), Default: e.deflt, ChoiceFilter: e.choiceFilter, Appearance: e.control.get("appearance"), Visible: e.shown() || e.kind != kindQuestion,
		Repeated: e.repeat() != nil}
	if e.written == "" {
		q.Type = e.typ
	}
	if v := e.bind.get("required"); v != "" {
		yes, known := yesNo[v]
		q.Required = !known || yes
	}
	if l := c.lists.get(e.list); l != nil && e.kind == kindQuestion {
		q.List = l.name
		q.Choices = c.choicesOf(l)
	}
	return q
}

// choicesOf describes a list once; questions share the slice.
func (c *compiler) choicesOf(l *choiceList) []Choice {
	if c.described == nil {
		c.described = map[*choiceList][]Choice{}
	}
	if out, ok := c.described[l]; ok {
		return out
	}
	out := make([]Choice, len(l.choices))
	for i, ch := range l.choices {
		out[i] = Choice{Name: ch.name, Labels: c.texts(ch.label), Media: c.media(ch.media), Row: ch.row}
	}
	c.described[l] = out
	return out
}

func (c *compiler) kindOf(e *element) string {
	switch {
	case e.kind != kindQuestion:
		return e.kind.word()
	case e.isSelect() && e.typ != typeSelectExternal, e.def().tag == "trigger", e.def().tag == "range":
		return e.def().tag
	case e.typ == "note" || e.typ == "calculate" || e.typ == "hidden":
		return e.typ
	}
	return e.bindType()
}

// mediaFiles lists the files that must lie beside the form.
func (c *compiler) mediaFiles() []string {
	var out []string
	seen := map[string]bool{}
	add := func(name string) {
		name = strings.TrimPrefix(name, "jr://")
		if i := strings.LastIndexByte(name, '/'); i >= 0 {
			name = name[i+1:]
		}
		if name != "" && name != "-" && !strings.Contains(name, "${") && !seen[name] {
			seen[name] = true
			out = append(out, name)
		}
	}
	for _, uri := range c.files {
		if !strings.HasPrefix(uri, "jr://instance/") {
			add(uri)
		}
	}
	if c.external != nil && c.external.used {
		add("itemsets.csv")
	}
	for _, l := range c.lists.order {
		for _, ch := range l.choices {
			for _, m := range c.media(ch.media) {
				add(m.File)
			}
		}
	}
	c.survey.walk(func(e *element) {
		for _, m := range c.media(e.media) {
			add(m.File)
		}
		if e.def().mediatype == "image/*" && e.deflt != "" && !e.dynamicDefault() {
			add(e.deflt)
		}
	})
	return out
}
