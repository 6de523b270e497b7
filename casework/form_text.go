package casework

import (
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

//go:embed vocabulary/form/*.json
var formFiles embed.FS

// formLanguage is the printed form in one language.
type formLanguage struct {
	Code  string
	Draft bool // no speaker has checked it
	RTL   bool
	Texts map[string]string
}

// formLanguages are those that travellers can be asked in, by code.
var formLanguages = func() map[string]formLanguage {
	out := map[string]formLanguage{}
	names, err := fs.Glob(formFiles, "vocabulary/form/*.json")
	for _, name := range names {
		var l formLanguage
		if l, err = readFormLanguage(name); err != nil {
			break
		}
		out[l.Code] = l
	}
	if err != nil || len(out) == 0 {
		panic(fmt.Sprint("casework: the built-in texts of the form are broken: ", err))
	}
	return out
}()

func readFormLanguage(name string) (l formLanguage, err error) {
	raw, err := formFiles.ReadFile(name)
	if err != nil {
		return l, err
	}
	var file struct {
		Meta struct{ Draft, RTL bool } `json:"_meta"`
	}
	var texts map[string]json.RawMessage
	if err = json.Unmarshal(raw, &file); err == nil {
		err = json.Unmarshal(raw, &texts)
	}
	l = formLanguage{Code: strings.TrimSuffix(path.Base(name), ".json"), Draft: file.Meta.Draft, RTL: file.Meta.RTL, Texts: map[string]string{}}
	for key, text := range texts {
		var s string
		if key == "_meta" {
			continue
		}
		if err == nil {
			err = json.Unmarshal(text, &s)
		}
		l.Texts[key] = s
	}
	return l, err
}

// sameForm are codes whose readers read the texts of another code.
var sameForm = map[string]string{"fa": "prs", "ms": "id"}

// formIn finds the form's language for a code as people write it: km, khm, km-KH.
func formIn(code string) (formLanguage, bool) {
	code = strings.ToLower(strings.TrimSpace(code))
	if code == "" {
		return formLanguage{}, false
	}
	if l, ok := formLanguages[code]; ok {
		return l, true
	}
	tag, err := language.Parse(code)
	if err != nil {
		return formLanguage{}, false
	}
	base, _ := tag.Base()
	for _, one := range []string{base.String(), sameForm[base.String()]} {
		if l, ok := formLanguages[one]; ok {
			return l, true
		}
	}
	return formLanguage{}, false
}

// word is a text of the form, English where the language has none, and a
// field's English label where nobody has one.
func (l formLanguage) word(key string) string {
	for _, texts := range []map[string]string{l.Texts, formLanguages["en"].Texts} {
		if texts[key] != "" {
			return texts[key]
		}
	}
	if f, ok := fieldByName[key]; ok {
		return f.Label
	}
	return strings.ReplaceAll(key, "_", " ")
}

// value is a field's value in words: a code that the form knows, the name of a
// language; whatever else was written stands as it was written.
func (l formLanguage) value(f SheetField, v string) string {
	switch {
	case f.Kind == "language":
		if tag, err := language.Parse(v); err == nil {
			if name := display.Languages(language.Make(l.tag())).Name(tag); name != "" {
				return name
			}
		}
	case slices.Contains(f.Values, v) && l.Texts[v] != "":
		return l.Texts[v]
	}
	return v
}

// tag is the language's code as the wide world writes it.
func (l formLanguage) tag() string {
	if l.Code == "prs" {
		return "fa-AF"
	}
	return l.Code
}

// formText is one text on the paper.
type formText struct {
	Lang string
	Dir  string
	Text string
}

func (l formLanguage) text(s string) formText {
	dir := "ltr"
	if l.RTL {
		dir = "rtl"
	}
	return formText{l.tag(), dir, s}
}
