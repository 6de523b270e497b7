package xlsform

import (
	"fmt"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// translatable are the columns that can be given in several languages, with the
// word that a warning uses for them.
var translatable = map[string][]struct{ path, word string }{
	sheetSurvey: {{"label", "label"}, {"hint", "hint"}, {"guidance_hint", "guidance_hint"}, {"media::image", "image"},
		{"media::big-image", "big-image"}, {"media::audio", "audio"}, {"media::video", "video"},
		{"bind::jr:constraintMsg", "constraint_message"}, {"bind::jr:requiredMsg", "required_message"}},
	sheetChoices: {{"label", "label"}, {"media::image", "image"}, {"media::big-image", "big-image"}, {"media::audio", "audio"}, {"media::video", "video"}},
}

// languagesOf maps each language of a sheet's headings to the words of its columns.
func (c *compiler) languagesOf(sheet string) (byLang map[string]map[string]bool, words []string) {
	byLang = map[string]map[string]bool{}
	for _, col := range c.cols[sheet] {
		p := strings.Join(col.path, "::")
		for _, t := range translatable[sheet] {
			lang := "default"
			switch {
			case p == t.path:
			case strings.HasPrefix(p, t.path+"::"):
				lang = p[len(t.path)+2:]
			default:
				continue
			}
			if byLang[lang] == nil {
				byLang[lang] = map[string]bool{}
			}
			byLang[lang][t.word] = true
			if !contains(words, t.word) {
				words = append(words, t.word)
			}
		}
	}
	sort.Strings(words)
	return byLang, words
}

// warnTranslations names the columns that one language has and another lacks.
func (c *compiler) warnTranslations() {
	var lines []string
	for _, sheet := range [...]string{sheetSurvey, sheetChoices} {
		byLang, words := c.languagesOf(sheet)
		if len(byLang) < 2 {
			continue
		}
		for _, lang := range sortedKeys(byLang) {
			var missing []string
			for _, w := range words {
				if !byLang[lang][w] {
					missing = append(missing, w)
				}
			}
			switch len(missing) {
			case 0:
			case 1:
				lines = append(lines, fmt.Sprintf("Language '%s' is missing the %s %s column.", lang, sheet, missing[0]))
			default:
				lines = append(lines, fmt.Sprintf("Language '%s' is missing the %s columns %s.", lang, sheet, strings.Join(missing, ", ")))
			}
		}
	}
	if len(lines) > 0 {
		c.warn("", 0, strings.Join(lines, "\n"))
	}
}

// anyTranslation tells whether a heading of survey or choices names a language.
func (c *compiler) anyTranslation() bool {
	for _, sheet := range [...]string{sheetSurvey, sheetChoices} {
		byLang, _ := c.languagesOf(sheet)
		for lang := range byLang {
			if lang != "default" {
				return true
			}
		}
	}
	return false
}

// bracketed is everything between the first bracket and the last, as the tools of
// the field take it; languageTag is the last pair of brackets.
var bracketed = regexp.MustCompile(`\((.*)\)$`)

var languageTag = regexp.MustCompile(`\(([^()]*)\)\s*$`)

// warnLanguageCodes names the languages whose heading has no code that machines
// know, such as (id) or (my).
func (c *compiler) warnLanguageCodes() {
	var bad []string
	for _, l := range c.itext.langs {
		// A name of one or two letters is taken for a code by itself.
		if l.lang == "default" || utf8.RuneCountInString(l.lang) < 3 {
			continue
		}
		if m := bracketed.FindStringSubmatch(l.lang); m == nil || !knownSubtag(m[1]) {
			bad = append(bad, l.lang)
		}
	}
	if len(bad) > 0 {
		c.warn("", 0, "The following language declarations do not contain valid machine-readable codes: "+strings.Join(bad, ", ")+". Learn more: http://xlsform.org#multiple-language-support")
	}
}

// knownSubtag tells whether a code is a language subtag of the IANA registry. A
// three-letter code for a language that has a two-letter one is not.
func knownSubtag(code string) bool {
	if len(code) < 2 || len(code) > 3 || strings.ToLower(code) != code {
		return false
	}
	b, err := language.ParseBase(code)
	return err == nil && (len(code) == 2 || len(b.String()) == 3)
}
