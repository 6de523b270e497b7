package xlsform

import "strings"

// The lexer cuts an expression into the words of XPath 1.0 with one addition,
// ${name}. It never fails: what it does not know is a token of kind other.

type tokenKind uint8

const (
	tokOther tokenKind = iota
	tokDate            // date, time or both
	tokNumber
	tokMath    // * + - mod div
	tokCompare // = != < > <= >=
	tokBool    // and or
	tokUnion   // |
	tokOpenParen
	tokCloseParen
	tokParent // ..
	tokSelf   // .
	tokSlash
	tokString
	tokComma
	tokSpace
	tokRef   // ${name} or ${last-saved#name}
	tokCall  // name(
	tokPred  // name[
	tokOpen  // [ after anything but a name
	tokClose // ]
	tokName
)

type token struct {
	kind       tokenKind
	start, end int
}

// tokenize cuts s. The tokens cover s without a gap.
func tokenize(s string) []token {
	out := make([]token, 0, len(s)/3+4)
	for i := 0; i < len(s); {
		k, n := nextToken(s[i:])
		if n <= 0 {
			n = 1
		}
		out = append(out, token{k, i, i + n})
		i += n
	}
	return out
}

func nextToken(s string) (tokenKind, int) {
	if n := lexDate(s); n > 0 {
		return tokDate, n
	}
	if n := lexNumber(s); n > 0 {
		return tokNumber, n
	}
	for _, w := range [...]string{" mod ", " div "} {
		if strings.HasPrefix(s, w) {
			return tokMath, len(w)
		}
	}
	for _, w := range [...]string{" and ", " or "} {
		if strings.HasPrefix(s, w) {
			return tokBool, len(w)
		}
	}
	switch s[0] {
	case '*', '+', '-':
		return tokMath, 1
	case '=', '<', '>':
		if s[0] != '=' && len(s) > 1 && s[1] == '=' {
			return tokCompare, 2
		}
		return tokCompare, 1
	case '!':
		if len(s) > 1 && s[1] == '=' {
			return tokCompare, 2
		}
		return tokOther, 1
	case '|':
		return tokUnion, 1
	case '(':
		return tokOpenParen, 1
	case ')':
		return tokCloseParen, 1
	case '[':
		return tokOpen, 1
	case ']':
		return tokClose, 1
	case '/':
		return tokSlash, 1
	case ',':
		return tokComma, 1
	case '.':
		if len(s) > 1 && s[1] == '.' {
			return tokParent, 2
		}
		return tokSelf, 1
	case '"', '\'':
		if end := strings.IndexByte(s[1:], s[0]); end >= 0 {
			return tokString, end + 2
		}
		return tokOther, 1
	case ' ', '\t', '\n', '\r':
		n := 1
		for n < len(s) && strings.IndexByte(" \t\n\r", s[n]) >= 0 {
			n++
		}
		return tokSpace, n
	case '$':
		if _, _, n := parseRef(s); n > 0 {
			return tokRef, n
		}
		return tokOther, 1
	}
	if n := ncNameLen(s); n > 0 {
		if n < len(s) && s[n] == '(' {
			return tokCall, n + 1
		}
		if n < len(s) && s[n] == '[' {
			return tokPred, n + 1
		}
		return tokName, n
	}
	return tokOther, runeLen(s)
}

func digits(s string, n int) bool {
	if len(s) < n {
		return false
	}
	for i := 0; i < n; i++ {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// lexDate reads -?YYYY-MM-DD, hh:mm:ss with a zone, or both joined by T.
func lexDate(s string) int {
	i := 0
	if strings.HasPrefix(s, "-") {
		i = 1
	}
	if digits(s[i:], 4) && len(s) > i+9 && s[i+4] == '-' && digits(s[i+5:], 2) && s[i+7] == '-' && digits(s[i+8:], 2) {
		n := i + 10
		if n < len(s) && s[n] == 'T' {
			if t := lexTime(s[n+1:]); t > 0 {
				return n + 1 + t
			}
		}
		return n
	}
	return lexTime(s)
}

func lexTime(s string) int {
	if len(s) < 8 || !digits(s, 2) || s[2] != ':' || !digits(s[3:], 2) || s[5] != ':' || !digits(s[6:], 2) {
		return 0
	}
	n := 8
	if n < len(s) && s[n] == 'Z' {
		return n + 1
	}
	if len(s) >= n+6 && (s[n] == '+' || s[n] == '-') && digits(s[n+1:], 2) && s[n+3] == ':' && digits(s[n+4:], 2) {
		return n + 6
	}
	return n
}

func lexNumber(s string) int {
	i := 0
	if s[0] == '-' {
		i = 1
	}
	whole := i
	for i < len(s) && s[i] >= '0' && s[i] <= '9' {
		i++
	}
	if i > whole {
		if i < len(s) && s[i] == '.' {
			for i++; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
			}
		}
		return i
	}
	if i < len(s) && s[i] == '.' {
		j := i + 1
		for j < len(s) && s[j] >= '0' && s[j] <= '9' {
			j++
		}
		if j > i+1 {
			return j
		}
	}
	return 0
}

// isDynamic tells a default that must be computed from one that is a value. In
// the types whose values hold hyphens, a minus does not make an expression.
func isDynamic(value, questionType string) bool {
	if value == "" {
		return false
	}
	hyphens := false
	switch questionType {
	case "date", "dateTime", "geopoint", "geotrace", "geoshape":
		hyphens = true
	}
	for _, t := range tokenize(value) {
		switch t.kind {
		case tokMath:
			if hyphens && value[t.start:t.end] == "-" {
				return false
			}
			return true
		case tokUnion, tokRef, tokCall:
			return true
		}
	}
	return false
}

// instanceSpans finds the paths that begin with instance(...) in a text: they
// are shown as their value. A path ends where something follows that cannot
// continue it.
func instanceSpans(s string) [][2]int {
	if !strings.Contains(s, "instance(") {
		return nil
	}
	var out [][2]int
	tried := 0
	toks := tokenize(s)
	for i := 0; i < len(toks); i++ {
		if toks[i].kind != tokCall || s[toks[i].start:toks[i].end] != "instance(" {
			continue
		}
		if tried++; tried > maxInstancePaths {
			break
		}
		if last, ok := instancePath(s, toks, i); ok {
			out = append(out, [2]int{toks[i].start, toks[last].end})
			i = last
		}
	}
	return out
}

// maxInstancePaths bounds the paths looked for in one text; each is searched for
// its closing bracket.
const maxInstancePaths = 200

// instancePath gives the last token of the path that begins at instance( .
func instancePath(s string, toks []token, i int) (last int, ok bool) {
	j := skipBalanced(toks, i)
	if j < 0 || j+1 >= len(toks) || toks[j+1].kind != tokSlash {
		return 0, false
	}
	last = j
	for j++; j < len(toks); j++ {
		switch toks[j].kind {
		case tokSlash, tokName, tokParent, tokSelf:
			last = j
		case tokPred, tokOpen:
			end := skipBalanced(toks, j)
			if end < 0 {
				return last, true
			}
			j, last = end, end
		default:
			// Any child (*), an attribute (@) and a name with a prefix (a:b) go on.
			switch c := s[toks[j].start]; {
			case c == '*' && toks[j-1].kind == tokSlash, c == '@' && toks[j-1].kind == tokSlash, c == ':' && toks[j-1].kind == tokName:
				last = j
			default:
				return last, true
			}
		}
	}
	return last, true
}

// skipBalanced returns the token that closes the parenthesis or bracket which
// token i opens, or -1.
func skipBalanced(toks []token, i int) int {
	depth := 0
	for j := i; j < len(toks); j++ {
		switch toks[j].kind {
		case tokCall, tokOpenParen, tokPred, tokOpen:
			depth++
		case tokCloseParen, tokClose:
			if depth--; depth == 0 {
				return j
			}
		}
	}
	return -1
}
