package xlsform

// langText is a text in one or more languages, in the order of the columns.
// A column without a language is held under the language "".
type langText struct{ values []langValue }

type langValue struct{ lang, text string }

func plainText(s string) langText {
	if s == "" {
		return langText{}
	}
	return langText{[]langValue{{"", s}}}
}

func (t langText) empty() bool { return len(t.values) == 0 }

// translated says that the text names at least one language.
func (t langText) translated() bool {
	for _, v := range t.values {
		if v.lang != "" {
			return true
		}
	}
	return false
}

// plain is the text where it has no languages.
func (t langText) plain() string {
	if len(t.values) == 1 && t.values[0].lang == "" {
		return t.values[0].text
	}
	return ""
}

// in gives the values with the column without language filed under the default
// language. A column that names the default language wins over it.
func (t langText) in(defaultLanguage string) []langValue {
	explicit := false
	for _, v := range t.values {
		explicit = explicit || v.lang == defaultLanguage
	}
	out := make([]langValue, 0, len(t.values))
	for _, v := range t.values {
		switch {
		case v.lang != "":
			out = append(out, v)
		case !explicit:
			out = append(out, langValue{defaultLanguage, v.text})
		}
	}
	return out
}

// get is the text in one language, "" where there is none.
func (t langText) get(lang, defaultLanguage string) string {
	for _, v := range t.in(defaultLanguage) {
		if v.lang == lang {
			return v.text
		}
	}
	return ""
}

// any tells whether a condition holds for one of the texts.
func (t langText) any(f func(string) bool) bool {
	for _, v := range t.values {
		if f(v.text) {
			return true
		}
	}
	return false
}

// pair is one attribute or column whose order matters.
type pair struct {
	key  string
	text langText
}

// pairs is a small ordered map.
type pairs []pair

func (p pairs) find(key string) (langText, bool) {
	for _, x := range p {
		if x.key == key {
			return x.text, true
		}
	}
	return langText{}, false
}

func (p pairs) get(key string) string {
	t, _ := p.find(key)
	if len(t.values) == 0 {
		return ""
	}
	return t.values[0].text
}

func (p pairs) has(key string) bool {
	_, ok := p.find(key)
	return ok
}

func (p *pairs) set(key, value string) { p.setText(key, langText{[]langValue{{"", value}}}) }

func (p *pairs) setText(key string, t langText) {
	for i := range *p {
		if (*p)[i].key == key {
			(*p)[i].text = t
			return
		}
	}
	*p = append(*p, pair{key, t})
}

// add appends one language's text to a key.
func (p *pairs) add(key, lang, text string) {
	for i := range *p {
		if (*p)[i].key == key {
			(*p)[i].text.values = append((*p)[i].text.values, langValue{lang, text})
			return
		}
	}
	*p = append(*p, pair{key, langText{[]langValue{{lang, text}}}})
}

func (p pairs) clone() pairs { return append(pairs(nil), p...) }
