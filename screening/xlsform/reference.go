package xlsform

import (
	"regexp"
	"slices"
	"strings"
)

// References: ${name} stands for the answer to a question, ${last-saved#name}
// for the answer in the last record saved. In the form they become paths:
// absolute, or relative where question and reference share a repeat, so that
// each turn of the repeat sees its own answer.

type reference struct {
	name      string
	lastSaved bool
}

// maxReference bounds a reference: no name is longer, and without a bound a text
// of nothing but "${" would be searched to its end for each of them.
const maxReference = 1024

// parseRef reads a reference at the start of s and its length; 0 = none.
func parseRef(s string) (r reference, ok bool, n int) {
	if !strings.HasPrefix(s, "${") {
		return r, false, 0
	}
	end := strings.IndexByte(s[:min(len(s), maxReference)], '}')
	if end < 0 {
		return r, false, 0
	}
	inner := s[2:end]
	if rest, found := strings.CutPrefix(inner, "last-saved#"); found {
		r.lastSaved, inner = true, rest
	}
	if !isName(inner) {
		return r, false, 0
	}
	r.name = inner
	return r, true, end + 1
}

// wholeRef tells whether s is one reference and nothing else.
func wholeRef(s string) (reference, bool) {
	r, ok, n := parseRef(s)
	return r, ok && n == len(s)
}

func hasRef(s string) bool {
	for i := 0; ; {
		j := strings.Index(s[i:], "${")
		if j < 0 {
			return false
		}
		if _, ok, _ := parseRef(s[i+j:]); ok {
			return true
		}
		i += j + 2
	}
}

// references lists the references of a text in order.
func references(s string) []reference {
	var out []reference
	for i := 0; i < len(s); {
		j := strings.Index(s[i:], "${")
		if j < 0 {
			break
		}
		i += j
		r, ok, n := parseRef(s[i:])
		if !ok {
			i += 2
			continue
		}
		out = append(out, r)
		i += n
	}
	return out
}

// badReference finds the first thing that looks like a reference and is none,
// such as "${ a}" or "${a". "${}" is left alone, as it always was.
func badReference(s string) (string, bool) {
	if len(s) <= len("${") {
		return "", false
	}
	for i := 0; i < len(s); {
		j := strings.Index(s[i:], "${")
		if j < 0 {
			return "", false
		}
		i += j
		if strings.HasPrefix(s[i:], "${}") {
			i += 3
			continue
		}
		_, ok, n := parseRef(s[i:])
		if !ok {
			if end := strings.IndexByte(s[i:], '}'); end >= 0 {
				return s[i : i+end+1], true
			}
			return s[i:], true
		}
		i += n
	}
	return "", false
}

// how a reference is written in a place.
type refMode struct {
	current bool     // inside the predicate of a list of choices: current()/..
	from    *element // choices taken from a repeat: paths inside it begin with ./
	bare    bool     // without the spaces around it
}

// xpath replaces the references of an expression by paths as seen from ctx.
func (c *compiler) xpath(s string, ctx *element, mode refMode) string {
	if !strings.Contains(s, "${") {
		return s
	}
	var b strings.Builder
	scan := newScan(s)
	for _, t := range scan.toks {
		if t.kind != tokRef {
			b.WriteString(s[t.start:t.end])
			scan.step(t)
			continue
		}
		r, _, _ := parseRef(s[t.start:t.end])
		m := mode
		m.current = mode.current || scan.inInstancePredicate()
		if c.expanded > maxForm {
			return s // too long a form; told when it is written
		}
		p := c.refPath(r, ctx, m, scan.absolute(t))
		c.expanded += len(p)
		if mode.bare {
			b.WriteString(p)
		} else {
			b.WriteString(" " + p + " ")
		}
		scan.step(t)
	}
	return b.String()
}

// refPath is the path of one reference.
func (c *compiler) refPath(r reference, ctx *element, mode refMode, absolute bool) string {
	target := c.lookup(r.name)
	if target == nil {
		return r.name // refused before; kept whole for forms with errors
	}
	if r.lastSaved {
		return "instance('__last-saved')" + target.path
	}
	if absolute || ctx == nil {
		return target.path
	}
	if mode.from != nil && within(target, mode.from) {
		return "." + strings.TrimPrefix(target.path, mode.from.path)
	}
	p, ok := relativePath(ctx, target)
	if !ok {
		return target.path
	}
	if mode.current {
		return "current()/" + p
	}
	return p
}

// within tells whether e stands under the repeat.
func within(e, repeat *element) bool {
	for p := e.parent; p != nil; p = p.parent {
		if p == repeat {
			return true
		}
	}
	return false
}

// relativePath goes from ctx up to the nearest container of both and down to the
// target, where that container is a repeat or stands in one.
func relativePath(ctx, target *element) (string, bool) {
	up := map[*element]int{}
	for p, n := ctx.parent, 1; p != nil; p, n = p.parent, n+1 {
		up[p] = n
	}
	down := []string{target.name}
	for p := target.parent; p != nil; p = p.parent {
		steps, common := up[p]
		if !common {
			down = append(down, p.name)
			continue
		}
		if !inRepeat(p) {
			return "", false
		}
		slices.Reverse(down)
		return strings.Repeat("../", steps) + strings.Join(down, "/"), true
	}
	return "", false
}

// inRepeat tells whether e is a repeat or stands in one.
func inRepeat(e *element) bool { return e.kind == kindRepeat || e.repeat() != nil }

// scan follows an expression token by token and knows whether it is inside the
// predicate of a secondary instance or an argument of indexed-repeat().
type scan struct {
	s        string
	toks     []token
	stack    []scanLevel
	instance bool   // the expression reads a secondary instance
	calls    []call // of indexed-repeat()
}

type scanLevel struct {
	close   tokenKind
	indexed bool // arguments of indexed-repeat(
}

func newScan(s string) *scan {
	c := &scan{s: s, toks: tokenize(s)}
	for _, t := range c.toks {
		if t.kind == tokCall && s[t.start:t.end] == "instance(" {
			c.instance = true
		}
	}
	c.calls = indexedCalls(s)
	return c
}

func (c *scan) step(t token) {
	switch t.kind {
	case tokCall:
		c.push(scanLevel{close: tokCloseParen, indexed: c.s[t.start:t.end] == "indexed-repeat("})
	case tokOpenParen:
		c.push(scanLevel{close: tokCloseParen})
	case tokPred, tokOpen:
		c.push(scanLevel{close: tokClose})
	case tokCloseParen, tokClose:
		if n := len(c.stack); n > 0 && c.stack[n-1].close == t.kind {
			c.stack = c.stack[:n-1]
		}
	}
}

func (c *scan) push(l scanLevel) { c.stack = append(c.stack, l) }

// inInstancePredicate tells whether the next token stands in a predicate of an
// expression that reads a secondary instance: there "." is an item of the list,
// and the question itself is current().
func (c *scan) inInstancePredicate() bool {
	if !c.instance {
		return false
	}
	for _, l := range c.stack {
		if l.close == tokClose {
			return true
		}
	}
	return false
}

// maxCalls bounds the calls of indexed-repeat() in one expression.
const maxCalls = 200

// indexedCall is a call of indexed-repeat() down to the first bracket that closes:
// no further are its arguments told apart.
var indexedCall = regexp.MustCompile(`indexed-repeat\([^)]+\)`)

// absolute tells whether the reference is one of the arguments of
// indexed-repeat() that must name the node itself: the first, and every repeat
// after it (arguments 2, 4, 6). The index arguments are ordinary expressions.
//
// Of several calls in one expression every second one is not looked into: so the
// tools of the field count, and their paths are what forms have.
func (c *scan) absolute(t token) bool {
	if len(c.calls) == 0 {
		return false
	}
	for i := 0; i < len(c.calls); i++ {
		call := c.calls[i]
		if t.end > call.end {
			if i++; i == len(c.calls) {
				return false
			}
			continue
		}
		if t.end < call.start {
			return false
		}
		in := call.last[c.s[t.start:t.end]]
		return in <= 1 || in == 3 || in == 5
	}
	return true
}

// call is one call of indexed-repeat(), with the last argument in which each
// reference stands: that one counts for all of them.
type call struct {
	start, end int
	last       map[string]int
}

func indexedCalls(s string) []call {
	if !strings.Contains(s, "indexed-repeat(") {
		return nil
	}
	var out []call
	for _, at := range indexedCall.FindAllStringIndex(s, maxCalls) {
		c := call{at[0], at[1], map[string]int{}}
		for n, arg := range strings.Split(s[at[0]:at[1]], ",") {
			for _, r := range references(arg) {
				if !r.lastSaved {
					c.last["${"+r.name+"}"] = n
				}
			}
		}
		out = append(out, c)
	}
	return out
}
