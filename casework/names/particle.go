package names

import (
	_ "embed"
	"encoding/json"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// A title, an initial, or a word such as binti stands in thousands of names and
// tells nobody from anybody. Two people who share it and a birthday are not
// alike for that.

//go:embed particles.json
var particlesFile []byte

// particles are words of their own; attached are titles that Thai, Lao and
// Burmese write into the name, the longest first.
var particles, attached = func() (map[string]bool, []string) {
	var v struct{ Words, Attached []string }
	if err := json.Unmarshal(particlesFile, &v); err != nil {
		panic("names: the built-in list of particles is broken: " + err.Error())
	}
	words := map[string]bool{}
	for _, w := range append(v.Words, v.Attached...) {
		words[folded(w)] = true
	}
	for i, w := range v.Attached {
		v.Attached[i] = folded(w)
	}
	return words, v.Attached
}()

func folded(word string) string { return cases.Fold().String(norm.NFKC.String(word)) }

// Particle says whether a word of a name is a title, an initial or a word that
// stands between names.
func Particle(word string) bool {
	word = folded(word)
	letters := 0
	for _, r := range word {
		switch {
		case unicode.In(r, unicode.Han, unicode.Hangul, unicode.Hiragana, unicode.Katakana):
			return false // one letter is a whole name there
		case unicode.IsLetter(r):
			letters++
		}
	}
	return particles[word] || letters == 1 && len([]rune(word)) == 1
}

// Bare is a word without a title that is written into it: นางสาวสมหญิง is สมหญิง.
func Bare(word string) string {
	plain := folded(word)
	for _, title := range attached {
		if rest, ok := strings.CutPrefix(plain, title); ok && len(Sound(rest)) > 1 {
			return rest
		}
	}
	return word
}

// Own are the words of a name that are somebody's own; all of them when there
// would be none. Words that are names as well (Ma, Ong, Do) are names here.
func Own(words []string) []string {
	var out []string
	for _, w := range words {
		if !Particle(w) {
			out = append(out, Bare(w))
		}
	}
	if len(out) == 0 {
		return words
	}
	return out
}
