// Package names compares names of persons across scripts.
//
// The same person is Mya Hla in one file and မြလှ in the next, สมชาย and
// Somchai, Mohamed and محمد. Sound reduces a word of a name to the consonants
// that every way of writing it keeps. It is coarse on purpose: what it finds is
// shown to a human beside other evidence, and decides nothing.
package names

import (
	"cmp"
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Sound is a word's skeleton of consonants; empty when it has none. Letters
// that languages confuse or romanise in several ways share a sign: K (k g kh
// q), S (s z ch j sh), T (t d th), P (p b f ph), M, N (n ng ny), L (l r). W, Y
// and H count only where the word begins, and an r at its end not at all.
func Sound(word string) string {
	word = cases.Fold().String(norm.NFKC.String(word))
	var out []byte
	for _, sign := range signs(thai(word)) {
		glide := strings.IndexByte("WYH", sign) >= 0
		if glide && len(out) > 0 || len(out) > 0 && out[len(out)-1] == sign {
			continue
		}
		out = append(out, sign)
	}
	if len(out) > 1 && out[0] == 'H' { // Hla, Htet, หญิง: the h colours what follows
		if second := consonantAfterFirst(word); second {
			out = out[1:]
		}
	}
	if len(out) > 1 && out[len(out)-1] == 'R' && endsWithR(word) {
		out = out[:len(out)-1]
	}
	return strings.ReplaceAll(string(out), "R", "L")
}

// silencers are the signs that take the vowel from the letter before them.
const silencers = "\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA\u17CB\u17CD\u17D2"

// endsWithR says whether a word's last letter is an r, with no vowel after it:
// Sandar and စန္ဒာ, but not Thiri.
func endsWithR(word string) bool {
	letters := []rune(strings.TrimRight(word, silencers))
	return len(letters) > 0 && string(signs(string(letters[len(letters)-1:]))) == "R"
}

// consonantAfterFirst says whether the word begins with two consonants.
func consonantAfterFirst(word string) bool {
	letters := []rune(word)
	return len(letters) > 1 && len(signs(string(letters[:2]))) == 2
}

// Whole are the skeletons of a whole name, in both orders, for those who write
// it without spaces.
func Whole(words []string) []string {
	if len(words) < 2 {
		return nil
	}
	turned := append([]string{words[len(words)-1]}, words[:len(words)-1]...)
	return []string{Sound(strings.Join(words, "")), Sound(strings.Join(turned, ""))}
}

// signs reads a word letter by letter.
func signs(word string) []byte {
	var out []byte
	letters := []rune(word)
	for i := 0; i < len(letters); i++ {
		r := letters[i]
		next := func(n int) rune {
			if i+n < len(letters) {
				return letters[i+n]
			}
			return 0
		}
		switch {
		case r < 0x250 || unicode.Is(unicode.Latin, r):
			sign, used := latin(r, next(1), next(2) == 0)
			if sign != 0 {
				out = append(out, sign)
			}
			i += used - 1
		case r >= 0x1000 && r <= 0x103F:
			vowel := i > 0 && !isBurmeseConsonant(letters[i-1])
			if sign := cmp.Or(burmese(r, next(1), next(2), vowel), table[r]); sign != 0 {
				out = append(out, sign)
			}
		case r == 'ญ' && i > 0:
			out = append(out, 'N')
		default:
			if sign := table[r]; sign != 0 {
				out = append(out, sign)
			}
		}
	}
	return out
}

// pairs are two Latin letters that stand for one sound.
var pairs = map[string]byte{
	"ch": 'S', "sh": 'S', "ts": 'S', "dz": 'S', "dj": 'S', "tj": 'S', "sj": 'S', "ph": 'P', "bh": 'P', "th": 'T', "dh": 'T',
	"kh": 'K', "gh": 'K', "ck": 'K', "ng": 'N', "ny": 'N', "nh": 'N',
}

var single = map[rune]byte{
	'b': 'P', 'p': 'P', 'f': 'P', 'd': 'T', 't': 'T', 'đ': 'T', 'g': 'K', 'k': 'K', 'q': 'K', 'c': 'K', 'j': 'S', 's': 'S', 'z': 'S', 'x': 'S',
	'l': 'L', 'r': 'R', 'm': 'M', 'n': 'N', 'v': 'W', 'w': 'W', 'y': 'Y', 'h': 'H',
}

// latin reads one sound; used is how many letters it took. last says that the
// pair ends the word.
func latin(r, next rune, last bool) (sign byte, used int) {
	if base := []rune(norm.NFD.String(string(r))); len(base) > 0 {
		r = base[0]
	}
	if r == 'n' && next == 't' && last { // Myint: the t is not spoken
		return 'N', 2
	}
	if sign = pairs[string(r)+string(next)]; sign != 0 {
		return sign, 2
	}
	if r == 'c' && strings.ContainsRune("eiy", next) && next != 0 {
		return 'S', 1
	}
	return single[r], 1
}

// table has the consonants of the scripts that are read letter by letter.
var table = func() map[rune]byte {
	out := map[rune]byte{}
	fill := func(from rune, signs string) {
		for i, s := range []byte(signs) {
			if s != '.' {
				out[from+rune(i)] = s
			}
		}
	}
	// The scripts of the Indian standard have the same order: Devanagari,
	// Bengali, Gurmukhi, Gujarati, Odia, Tamil, Telugu, Kannada, Malayalam.
	for from := rune(0x0915); from <= 0x0D15; from += 0x80 {
		fill(from, "KKKKNSSSSNTTTTNTTTTNNPPPPMYRRLLLWSSSH")
	}
	fill(0x0D9A, "KKKKNKSSSSNNSTTTTNTTTTTN.TPPPPMPYR.L..WSSSHLP")  // Sinhala
	fill(0x0E01, "KKKKKKNSSSSSYTTTTTNTTTTTNPPPPPPPMYRRLLWSSSHL.H") // Thai
	fill(0x0E81, "KK.K..NS.S..Y......TTTT.NPPPPPP.MYR.L.W..SH..H") // Lao
	fill(0x1780, "KKKKNSSSSNTTTTNTTTTNPPPPMYRLWSSSHL")             // Khmer
	for r, s := range map[rune]byte{
		'ب': 'P', 'پ': 'P', 'ف': 'P', 'ڤ': 'P', 'ت': 'T', 'ث': 'T', 'د': 'T', 'ذ': 'T', 'ض': 'T', 'ط': 'T', 'ظ': 'T', 'ج': 'S', 'چ': 'S', 'ز': 'S', 'س': 'S', 'ش': 'S',
		'ص': 'S', 'ح': 'H', 'ه': 'H', 'خ': 'K', 'غ': 'K', 'ق': 'K', 'ك': 'K', 'ک': 'K', 'گ': 'K', 'ل': 'L', 'ر': 'R', 'م': 'M', 'ن': 'N', 'ڠ': 'N', 'ڽ': 'N', 'و': 'W', 'ي': 'Y', 'ی': 'Y',
	} {
		out[r] = s
	}
	// Signs over or after a vowel that are spoken as m or n.
	for r, s := range map[rune]byte{'\u0E4D': 'M', '\u0ECD': 'M', '\u17C6': 'M', '\u1036': 'N', '\u0902': 'N', '\u0982': 'N'} {
		out[r] = s
	}
	return out
}()

const burmeseSigns = "KKKKNSSSSNNTTTTNTTTTNPPPPMYRLWTHL"

// isBurmeseConsonant leaves out the letter that only carries a vowel.
func isBurmeseConsonant(r rune) bool { return r >= 0x1000 && r <= 0x1020 }

const asat = '\u103A'

// burmese reads a consonant with what follows it. vowel says that a vowel sign
// stands before it.
func burmese(r, next, after rune, vowel bool) byte {
	if !isBurmeseConsonant(r) {
		return 0
	}
	sign := burmeseSigns[r-0x1000]
	if next == asat || next == '\u1037' && after == asat { // it ends the syllable
		switch {
		case r == 'ည' || sign == 'Y' || sign == 'R':
			return 0
		case strings.IndexByte("SPT", sign) >= 0, sign == 'K' && !vowel:
			return 'T'
		}
		return sign
	}
	if r == 'ခ' && (next == '\u103B' || next == '\u103C') {
		return 'S'
	}
	if r == 'ရ' {
		return 'R'
	}
	return sign
}

// thai takes out what Thai writes and does not speak: a consonant under the
// sign of silence, and the double r that stands for a vowel.
func thai(word string) string {
	if !strings.ContainsFunc(word, func(r rune) bool { return unicode.Is(unicode.Thai, r) }) {
		return word
	}
	letters := []rune(word)
	var out []rune
	for i, r := range letters {
		switch {
		case r == '\u0E4C':
			for len(out) > 0 && table[out[len(out)-1]] == 0 { // a vowel sign between
				out = out[:len(out)-1]
			}
			if n := len(out); n > 1 && out[n-1] == 'ร' && (out[n-2] == 'ท' || out[n-2] == 'ต') {
				out = out[:n-2]
			} else if n > 0 {
				out = out[:n-1]
			}
		case r == 'ร' && i+1 < len(letters) && letters[i+1] == 'ร':
			if i+2 >= len(letters) || table[letters[i+2]] == 0 {
				out = append(out, 'น')
			}
		case r == 'ร' && i > 0 && letters[i-1] == 'ร':
		default:
			out = append(out, r)
		}
	}
	return string(out)
}
