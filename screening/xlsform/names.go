package xlsform

import (
	"strings"
	"unicode/utf8"
)

func runeLen(s string) int {
	_, n := utf8.DecodeRuneInString(s)
	return n
}

// nameStart and nameRune are the NameStartChar and NameChar of XML 1.0 without
// the colon (Namespaces in XML, NCName).
func nameStart(r rune) bool {
	switch {
	case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r == '_':
		return true
	case r < 0xC0:
		return false
	}
	return r <= 0x2FF && r != 0xD7 && r != 0xF7 || r >= 0x370 && r <= 0x1FFF && r != 0x37E ||
		r == 0x200C || r == 0x200D || r >= 0x2070 && r <= 0x218F || r >= 0x2C00 && r <= 0x2FEF ||
		r >= 0x3001 && r <= 0xD7FF || r >= 0xF900 && r <= 0xFDCF || r >= 0xFDF0 && r < 0xFFFD ||
		r >= 0x10000 && r <= 0xEFFFF
}

func nameRune(r rune) bool {
	return nameStart(r) || r == '-' || r == '.' || r >= '0' && r <= '9' || r == 0xB7 ||
		r >= 0x300 && r <= 0x36F || r == 0x203F || r == 0x2040
}

// ncNameLen is the length in bytes of the name at the start of s; 0 = none.
func ncNameLen(s string) int {
	n := 0
	for n < len(s) {
		r, size := utf8.DecodeRuneInString(s[n:])
		if r == utf8.RuneError && size <= 1 || n == 0 && !nameStart(r) || !nameRune(r) {
			break
		}
		n += size
	}
	return n
}

func isNCName(s string) bool { return s != "" && ncNameLen(s) == len(s) }

// isName allows one prefix, as the names of questions do.
func isName(s string) bool {
	if i := strings.IndexByte(s, ':'); i >= 0 {
		return isNCName(s[:i]) && isNCName(s[i+1:])
	}
	return isNCName(s)
}

// suggest finds the name that was probably meant: the nearest within a third of
// its length. Ties go to the first, so that the answer is always the same.
func suggest(wrong string, names []string) string {
	best, bestD := "", 0
	w := strings.ToLower(wrong)
	limit := max(1, len([]rune(w))/3)
	for _, n := range names {
		if n == wrong || len(n) > 4*(len(w)+limit) || 4*(len(n)+limit) < len(w) {
			continue
		}
		if d := typos(w, strings.ToLower(n)); d <= limit && (best == "" || d < bestD) {
			best, bestD = n, d
		}
	}
	return best
}

// typos is distance, where two letters that changed places count as one mistake:
// it is the commonest one on a keyboard.
func typos(a, b string) int {
	d := distance(a, b)
	if d != 2 {
		return d
	}
	ra, rb := []rune(a), []rune(b)
	if len(ra) != len(rb) {
		return d
	}
	for i := range ra {
		if ra[i] != rb[i] {
			if i+1 < len(ra) && ra[i] == rb[i+1] && ra[i+1] == rb[i] && string(ra[i+2:]) == string(rb[i+2:]) {
				return 1
			}
			return d
		}
	}
	return d
}

// distance is the Levenshtein distance in runes.
func distance(a, b string) int {
	ra, rb := []rune(a), []rune(b)
	if len(ra) > 200 || len(rb) > 200 {
		return max(len(ra), len(rb))
	}
	row := make([]int, len(rb)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range ra {
		prev := row[0]
		row[0] = i + 1
		for j, y := range rb {
			cost := prev
			if x != y {
				cost++
			}
			prev = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(rb)]
}
