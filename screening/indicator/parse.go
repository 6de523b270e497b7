package indicator

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The expression language. One grammar, three vocabularies: answers (what
// makes an indicator present), outcomes (dimension ids as yes-or-no names) and
// rules (counts of S, M, W, U, total).
//
//	expr    = and { "or" and }
//	and     = not { "and" not }
//	not     = "not" not | primary
//	primary = "(" expr ")" | "selected" "(" question "," string ")" | compare | name
//	compare = side ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) side
//	side    = question | number | string | "count" "(" expr { "," expr } ")"
//	        | "count_selected" "(" question ")"
//	question = name | "${" name "}"
//
// A name is a letter or underscore, then letters, digits, underscore, hyphen
// or dot (ASCII). A string stands in single or double quotes and has no
// escapes. One side of a comparison is a question or a count, the other a
// constant. A constant written 'YYYY-MM-DD' is a date where the question is
// one. There is no arithmetic, no path, no function beside these.

const (
	maxExpression = 4000 // bytes
	maxDepth      = 50
)

// SyntaxError is a mistake in an expression. Column counts characters from 1.
type SyntaxError struct {
	Column  int
	Message string
	Remedy  string
}

func (e *SyntaxError) Error() string {
	s := fmt.Sprintf("column %d: %s", e.Column, e.Message)
	if e.Remedy != "" {
		s += "; " + e.Remedy
	}
	return s
}

type opKind uint8

const (
	opAnd opKind = iota
	opOr
	opNot
	opName          // a bare name, true or false by itself
	opCompare       // question against constant
	opSelected      // selected(q, 'x')
	opCountSelected // count_selected(q) against number
	opCount         // count(e, e, ...) against number
)

// expr is a parsed expression. cmp, str, num, isNum hold the constant's side
// of a comparison, turned so that the question or count stands on the left.
type expr struct {
	op    opKind
	kids  []*expr
	name  string
	cmp   string
	str   string
	num   float64
	isNum bool
	col   int
}

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokName
	tokNumber
	tokString
	tokSign
)

type token struct {
	kind tokenKind
	text string
	col  int
}

type parser struct {
	src  string
	pos  int // byte offset of the next character
	col  int // its column, from 1
	tok  token
	deep int
}

// parse reads one expression, or returns a *SyntaxError.
func parse(src string) (e *expr, err error) {
	if len(src) > maxExpression {
		return nil, &SyntaxError{1, fmt.Sprintf("the expression is longer than %d bytes", maxExpression), "split it into several indicators"}
	}
	p := &parser{src: src, col: 1}
	defer func() {
		if r := recover(); r != nil {
			se, ok := r.(*SyntaxError)
			if !ok {
				panic(r)
			}
			e, err = nil, se
		}
	}()
	p.next()
	if p.tok.kind == tokEnd {
		p.fail(p.tok.col, "the expression is empty", "write for example: documents_taken = 'yes'")
	}
	e = p.or()
	if p.tok.kind != tokEnd {
		p.fail(p.tok.col, "did not expect "+p.tok.shown()+" here", "join two conditions with and / or")
	}
	return e, nil
}

func (p *parser) fail(col int, message, remedy string) {
	panic(&SyntaxError{col, message, remedy})
}

func (t token) shown() string {
	switch t.kind {
	case tokEnd:
		return "the end"
	case tokString:
		return "the text '" + t.text + "'"
	}
	return "“" + t.text + "”"
}

func isNameStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

func isNamePart(c byte) bool { return isNameStart(c) || isDigit(c) || c == '-' || c == '.' }

// next reads one token into p.tok.
func (p *parser) next() {
	for p.pos < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.pos]) >= 0 {
		p.pos++
		p.col++
	}
	start, col := p.pos, p.col
	if p.pos == len(p.src) {
		p.tok = token{tokEnd, "", col}
		return
	}
	c := p.src[p.pos]
	switch {
	case isNameStart(c):
		p.advanceWhile(isNamePart)
		p.tok = token{tokName, p.src[start:p.pos], col}
	case c == '$':
		p.tok = p.dollarName(col)
	case isDigit(c) || c == '-' && p.pos+1 < len(p.src) && isDigit(p.src[p.pos+1]):
		p.tok = p.number(col)
	case c == '\'' || c == '"':
		end := strings.IndexByte(p.src[p.pos+1:], c)
		if end < 0 {
			p.fail(col, "the text that starts here has no closing quote", "close it with "+string(c))
		}
		text := p.src[p.pos+1 : p.pos+1+end]
		p.pos += end + 2
		p.col += utf8.RuneCountInString(text) + 2
		p.tok = token{tokString, text, col}
	default:
		p.tok = p.sign(col)
	}
}

func (p *parser) advanceWhile(ok func(byte) bool) {
	for p.pos < len(p.src) && ok(p.src[p.pos]) {
		p.pos++
		p.col++
	}
}

// dollarName reads ${name}, the way XLSForm writes a question.
func (p *parser) dollarName(col int) token {
	rest := p.src[p.pos:]
	end := strings.IndexByte(rest, '}')
	if !strings.HasPrefix(rest, "${") || end < 0 {
		p.fail(col, "a $ must start a question written ${name}", "write the question's name alone, or ${name}")
	}
	name := strings.Trim(rest[2:end], " \t")
	if !validName(name) {
		p.fail(col, "there is no question name between ${ and }", "write ${name}")
	}
	p.pos += end + 1
	p.col += utf8.RuneCountInString(rest[:end+1])
	return token{tokName, name, col}
}

func validName(s string) bool {
	if s == "" || !isNameStart(s[0]) {
		return false
	}
	for i := 1; i < len(s); i++ {
		if !isNamePart(s[i]) {
			return false
		}
	}
	return true
}

func (p *parser) number(col int) token {
	start := p.pos
	p.pos++
	p.col++
	p.advanceWhile(isDigit)
	if p.pos+1 < len(p.src) && p.src[p.pos] == '.' && isDigit(p.src[p.pos+1]) {
		p.pos++
		p.col++
		p.advanceWhile(isDigit)
	}
	if p.pos < len(p.src) && (isNameStart(p.src[p.pos]) || p.src[p.pos] == '.') {
		p.fail(col, "this is neither a number nor a name", "a name starts with a letter, a number has digits only")
	}
	if p.pos-start > 15 {
		p.fail(col, "the number has more than 15 digits", "use a smaller number")
	}
	return token{tokNumber, p.src[start:p.pos], col}
}

func (p *parser) sign(col int) token {
	two := ""
	if p.pos+2 <= len(p.src) {
		two = p.src[p.pos : p.pos+2]
	}
	switch two {
	case "!=", "<=", ">=":
		p.pos += 2
		p.col += 2
		return token{tokSign, two, col}
	case "==":
		p.fail(col, "“==” is not a sign of this language", "write =")
	case "<>":
		p.fail(col, "“<>” is not a sign of this language", "write !=")
	case "&&":
		p.fail(col, "“&&” is not a sign of this language", "write and")
	case "||":
		p.fail(col, "“||” is not a sign of this language", "write or")
	}
	r, size := utf8.DecodeRuneInString(p.src[p.pos:])
	switch {
	case strings.ContainsRune("()=<>,", r):
		p.pos += size
		p.col++
		return token{tokSign, string(r), col}
	case strings.ContainsRune("‘’‚‛“”„«»", r):
		p.fail(col, "this is a typographic quote", "use the plain quote ' (a spreadsheet's autocorrection changes it)")
	case strings.ContainsRune("/*+|[]", r):
		p.fail(col, "“"+string(r)+"” is not a sign of this language", "this is not XPath: only comparisons, and, or, not, selected, count and count_selected are understood")
	case r == '!':
		p.fail(col, "“!” is not a sign of this language", "write not, or != between two sides")
	}
	p.fail(col, "“"+string(r)+"” is not a sign of this language", "remove it")
	return token{}
}

func (p *parser) isSign(s string) bool { return p.tok.kind == tokSign && p.tok.text == s }
func (p *parser) isWord(s string) bool { return p.tok.kind == tokName && p.tok.text == s }

func (p *parser) want(sign, why string) {
	if !p.isSign(sign) {
		p.fail(p.tok.col, "expected “"+sign+"” "+why+", found "+p.tok.shown(), "write “"+sign+"” before it, or take away what is too much")
	}
	p.next()
}

func (p *parser) enter() {
	p.deep++
	if p.deep > maxDepth {
		p.fail(p.tok.col, fmt.Sprintf("the expression is nested deeper than %d", maxDepth), "split it into several indicators")
	}
}

func (p *parser) or() *expr {
	p.enter()
	defer func() { p.deep-- }()
	return p.chain("or", opOr, func() *expr { return p.chain("and", opAnd, p.not) })
}

func (p *parser) chain(word string, op opKind, below func() *expr) *expr {
	first := below()
	if !p.isWord(word) {
		return first
	}
	e := &expr{op: op, kids: []*expr{first}, col: first.col}
	for p.isWord(word) {
		p.next()
		e.kids = append(e.kids, below())
	}
	return e
}

func (p *parser) not() *expr {
	if !p.isWord("not") {
		return p.primary()
	}
	p.enter()
	defer func() { p.deep-- }()
	col := p.tok.col
	p.next()
	return &expr{op: opNot, kids: []*expr{p.not()}, col: col}
}

func (p *parser) primary() *expr {
	if p.isSign("(") {
		p.next()
		e := p.or()
		p.want(")", "to close the bracket")
		return e
	}
	if p.isWord("selected") {
		return p.selected()
	}
	left := p.side()
	if p.tok.kind == tokSign && strings.ContainsAny(p.tok.text, "=<>") {
		return p.compare(left)
	}
	if left.op != opName {
		p.fail(p.tok.col, "expected a comparison (= != < <= > >=), found "+p.tok.shown(), "write for example: age < 18, or count(a = 'yes', b = 'yes') >= 1")
	}
	return left
}

func (p *parser) selected() *expr {
	e := &expr{op: opSelected, col: p.tok.col}
	p.next()
	p.want("(", "after selected")
	e.name = p.questionName("selected( needs a question first")
	p.want(",", "between the question and the choice")
	if p.tok.kind != tokString {
		p.fail(p.tok.col, "selected needs a choice in quotes, found "+p.tok.shown(), "write selected(question, 'choice')")
	}
	e.str = p.tok.text
	p.next()
	p.want(")", "to close selected")
	return e
}

var keywords = map[string]bool{"and": true, "or": true, "not": true, "selected": true, "count": true, "count_selected": true}

func (p *parser) questionName(why string) string {
	if p.tok.kind != tokName || keywords[p.tok.text] {
		p.fail(p.tok.col, why+", found "+p.tok.shown(), "write for example: documents_taken = 'yes'; and, or, not, selected, count and count_selected are no names")
	}
	name := p.tok.text
	p.next()
	return name
}

// constant is the op a side has before it is joined to the other one.
const constant opKind = 255

func (p *parser) side() *expr {
	e := &expr{col: p.tok.col}
	switch {
	case p.tok.kind == tokNumber:
		e.op, e.isNum = constant, true
		e.num, _ = strconv.ParseFloat(p.tok.text, 64)
		p.next()
	case p.tok.kind == tokString:
		e.op, e.str = constant, p.tok.text
		p.next()
	case p.isWord("count"):
		p.next()
		p.want("(", "after count")
		e.op = opCount
		e.kids = append(e.kids, p.or())
		for p.isSign(",") {
			p.next()
			e.kids = append(e.kids, p.or())
		}
		p.want(")", "to close count")
	case p.isWord("count_selected"):
		p.next()
		p.want("(", "after count_selected")
		e.op = opCountSelected
		e.name = p.questionName("count_selected( needs a question")
		p.want(")", "to close count_selected")
	default:
		e.op = opName
		e.name = p.questionName("expected a question, a number or a text in quotes")
		if p.isSign("(") {
			p.fail(e.col, "there is no function “"+e.name+"”", "only selected, count and count_selected are functions")
		}
	}
	return e
}

var turned = map[string]string{"=": "=", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}

func (p *parser) compare(left *expr) *expr {
	col, cmp := p.tok.col, p.tok.text
	if cmp == "(" || cmp == ")" || cmp == "," {
		p.fail(col, "expected a comparison", "write for example: age < 18")
	}
	p.next()
	right := p.side()
	if p.tok.kind == tokSign && strings.ContainsAny(p.tok.text, "=<>") {
		p.fail(p.tok.col, "two comparisons in a row", "join them with and: 3 < age and age < 18")
	}
	if left.op == constant {
		left, right, cmp = right, left, turned[cmp]
	}
	if left.op == constant || right.op != constant {
		p.fail(col, "a comparison needs a question or a count on one side and a constant on the other", "two questions cannot be compared with each other")
	}
	if left.op != opName && !right.isNum {
		p.fail(right.col, "a count is compared with a number", "write for example: count(...) >= 2")
	}
	e := *left
	if left.op == opName {
		e.op = opCompare
	}
	e.cmp, e.str, e.num, e.isNum = cmp, right.str, right.num, right.isNum
	return &e
}
