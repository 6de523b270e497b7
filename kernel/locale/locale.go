// Package locale names the languages that Lintas speaks and how it writes their names.
package locale

import (
	"strings"

	"golang.org/x/text/language"
)

// Locale is a language of the interface.
type Locale struct {
	Code string `json:"code"` // BCP 47
	Name string `json:"name"` // in its own script
	RTL  bool   `json:"rtl"`
}

// Interface lists the languages of the interface; the first is the fallback.
var Interface = []Locale{
	{Code: "en", Name: "English"},
	{Code: "id", Name: "Bahasa Indonesia"},
	{Code: "th", Name: "ไทย"},
	{Code: "vi", Name: "Tiếng Việt"},
	{Code: "my", Name: "မြန်မာ"},
	{Code: "ar", Name: "العربية", RTL: true},
}

var matcher = func() language.Matcher {
	tags := make([]language.Tag, len(Interface))
	for i, l := range Interface {
		tags[i] = language.MustParse(l.Code)
	}
	return language.NewMatcher(tags)
}()

// Match picks the best language of the interface for an Accept-Language header or a BCP 47 code.
func Match(accept string) Locale {
	tags, _, err := language.ParseAcceptLanguage(strings.TrimSpace(accept))
	if err != nil || len(tags) == 0 {
		return Interface[0]
	}
	_, i, confidence := matcher.Match(tags...)
	if confidence == language.No {
		return Interface[0]
	}
	return Interface[i]
}
