package corpus

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// A small XPath 1.0: as much as the assertions of the corpus use. Source: W3C,
// XML Path Language (XPath) Version 1.0. The axes child, attribute, descendant,
// ancestor, self, parent; predicates; the comparisons; a dozen functions.

type xnode struct {
	parent   *xnode
	space    string
	local    string
	kind     byte // 'r' root, 'e' element, 'a' attribute, 't' text
	value    string
	attrs    []*xnode
	children []*xnode
}

// text is the string value of a node.
func (n *xnode) text() string {
	if n.kind == 'a' || n.kind == 't' {
		return n.value
	}
	var b strings.Builder
	for _, c := range n.children {
		b.WriteString(c.text())
	}
	return b.String()
}

func parseTree(doc []byte) (*xnode, error) {
	root := &xnode{kind: 'r'}
	at := root
	dec := xml.NewDecoder(strings.NewReader(string(doc)))
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return root, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := tok.(type) {
		case xml.StartElement:
			e := &xnode{parent: at, kind: 'e', space: t.Name.Space, local: t.Name.Local}
			for _, a := range t.Attr {
				if a.Name.Space == "xmlns" || a.Name.Space == "" && a.Name.Local == "xmlns" {
					continue
				}
				v := strings.NewReplacer("\n", " ", "\t", " ").Replace(a.Value)
				e.attrs = append(e.attrs, &xnode{parent: e, kind: 'a', space: a.Name.Space, local: a.Name.Local, value: v})
			}
			at.children = append(at.children, e)
			at = e
		case xml.EndElement:
			at = at.parent
		case xml.CharData:
			if at.kind == 'e' {
				at.children = append(at.children, &xnode{parent: at, kind: 't', value: string(t)})
			}
		}
	}
}

// xnamespaces are the prefixes of the assertions.
var xnamespaces = map[string]string{
	"x": "http://www.w3.org/2002/xforms", "h": "http://www.w3.org/1999/xhtml", "ev": "http://www.w3.org/2001/xml-events",
	"xsd": "http://www.w3.org/2001/XMLSchema", "jr": "http://openrosa.org/javarosa", "orx": "http://openrosa.org/xforms",
	"odk": "http://www.opendatakit.org/xforms", "entities": "http://www.opendatakit.org/xforms/entities",
}

// xvalue is a result: nodes, string, number or truth.
type xvalue struct {
	kind  byte // 'n' nodes, 's', 'd', 'b'
	nodes []*xnode
	str   string
	num   float64
	truth bool
}

func (v xvalue) bool() bool {
	switch v.kind {
	case 'n':
		return len(v.nodes) > 0
	case 's':
		return v.str != ""
	case 'd':
		return v.num != 0
	}
	return v.truth
}

func (v xvalue) string() string {
	switch v.kind {
	case 'n':
		if len(v.nodes) == 0 {
			return ""
		}
		return v.nodes[0].text()
	case 'd':
		return strconv.FormatFloat(v.num, 'f', -1, 64)
	case 'b':
		return strconv.FormatBool(v.truth)
	}
	return v.str
}

func (v xvalue) number() float64 {
	switch v.kind {
	case 'd':
		return v.num
	case 'b':
		if v.truth {
			return 1
		}
		return 0
	}
	f, err := strconv.ParseFloat(strings.TrimSpace(v.string()), 64)
	if err != nil {
		return -1e308 // stands for NaN, equal to nothing that a test writes
	}
	return f
}

type xcontext struct {
	node      *xnode
	pos, size int
}

// xpath evaluates an expression on a document.
func xpath(expr string, root *xnode) (v xvalue, err error) {
	p := &xparser{s: expr}
	defer func() {
		if r := recover(); r != nil {
			e, ok := r.(xerror)
			if !ok {
				panic(r)
			}
			err = e
		}
	}()
	f := p.or()
	p.space()
	if p.i < len(p.s) {
		p.fail("something is left over")
	}
	return f(xcontext{root, 1, 1}), nil
}

type xerror struct{ text string }

func (e xerror) Error() string { return e.text }

type xexpr func(xcontext) xvalue

type xparser struct {
	s string
	i int
}

func (p *xparser) fail(why string) { panic(xerror{fmt.Sprintf("%s at %d of %q", why, p.i, p.s)}) }

func (p *xparser) space() {
	for p.i < len(p.s) && strings.IndexByte(" \t\r\n", p.s[p.i]) >= 0 {
		p.i++
	}
}

func (p *xparser) take(t string) bool {
	p.space()
	if strings.HasPrefix(p.s[p.i:], t) {
		p.i += len(t)
		return true
	}
	return false
}

// word takes an operator that is a word.
func (p *xparser) word(w string) bool {
	p.space()
	rest := p.s[p.i:]
	if strings.HasPrefix(rest, w) && (len(rest) == len(w) || !nameByte(rest[len(w)])) {
		p.i += len(w)
		return true
	}
	return false
}

func nameByte(c byte) bool {
	return c == '_' || c == '-' || c == '.' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func (p *xparser) or() xexpr {
	a := p.and()
	for p.word("or") {
		l, r := a, p.and()
		a = func(c xcontext) xvalue { return xvalue{kind: 'b', truth: l(c).bool() || r(c).bool()} }
	}
	return a
}

func (p *xparser) and() xexpr {
	a := p.compare()
	for p.word("and") {
		l, r := a, p.compare()
		a = func(c xcontext) xvalue { return xvalue{kind: 'b', truth: l(c).bool() && r(c).bool()} }
	}
	return a
}

func (p *xparser) compare() xexpr {
	a := p.union()
	for _, op := range [...]string{"!=", "<=", ">=", "=", "<", ">"} {
		if p.take(op) {
			b := p.union()
			return func(c xcontext) xvalue { return xvalue{kind: 'b', truth: compared(op, a(c), b(c))} }
		}
	}
	return a
}

// compared follows XPath 3.4: node sets hold if one of their nodes does.
func compared(op string, a, b xvalue) bool {
	if a.kind == 'n' && b.kind != 'b' {
		for _, n := range a.nodes {
			if compared(op, xvalue{kind: 's', str: n.text()}, b) {
				return true
			}
		}
		return false
	}
	if b.kind == 'n' && a.kind != 'b' {
		for _, n := range b.nodes {
			if compared(op, a, xvalue{kind: 's', str: n.text()}) {
				return true
			}
		}
		return false
	}
	switch op {
	case "=", "!=":
		same := false
		switch {
		case a.kind == 'b' || b.kind == 'b':
			same = a.bool() == b.bool()
		case a.kind == 'd' || b.kind == 'd':
			same = a.number() == b.number()
		default:
			same = a.string() == b.string()
		}
		return same == (op == "=")
	case "<":
		return a.number() < b.number()
	case ">":
		return a.number() > b.number()
	case "<=":
		return a.number() <= b.number()
	}
	return a.number() >= b.number()
}

func (p *xparser) union() xexpr {
	a := p.primary()
	for p.take("|") {
		l, r := a, p.primary()
		a = func(c xcontext) xvalue {
			return xvalue{kind: 'n', nodes: append(append([]*xnode(nil), l(c).nodes...), r(c).nodes...)}
		}
	}
	return a
}

func (p *xparser) primary() xexpr {
	p.space()
	if p.i >= len(p.s) {
		p.fail("the expression ends")
	}
	switch c := p.s[p.i]; {
	case c == '"' || c == '\'':
		end := strings.IndexByte(p.s[p.i+1:], c)
		if end < 0 {
			p.fail("a text does not end")
		}
		s := p.s[p.i+1 : p.i+1+end]
		p.i += end + 2
		return func(xcontext) xvalue { return xvalue{kind: 's', str: s} }
	case c >= '0' && c <= '9':
		from := p.i
		for p.i < len(p.s) && (p.s[p.i] >= '0' && p.s[p.i] <= '9' || p.s[p.i] == '.') {
			p.i++
		}
		n, _ := strconv.ParseFloat(p.s[from:p.i], 64)
		return func(xcontext) xvalue { return xvalue{kind: 'd', num: n} }
	case c == '(':
		p.i++
		e := p.or()
		if !p.take(")") {
			p.fail("a bracket is open")
		}
		return p.path(e)
	}
	if name, ok := p.function(); ok {
		return p.path(p.call(name))
	}
	return p.path(nil)
}

// function takes "name(" where that is no node test.
func (p *xparser) function() (string, bool) {
	j := p.i
	for j < len(p.s) && nameByte(p.s[j]) {
		j++
	}
	name := p.s[p.i:j]
	if name == "" || j >= len(p.s) || p.s[j] != '(' || name == "text" || name == "node" {
		return "", false
	}
	p.i = j + 1
	return name, true
}

func (p *xparser) call(name string) xexpr {
	var args []xexpr
	for !p.take(")") {
		args = append(args, p.or())
		p.take(",")
	}
	arg := func(c xcontext, i int) xvalue {
		if i < len(args) {
			return args[i](c)
		}
		return xvalue{kind: 'n', nodes: []*xnode{c.node}}
	}
	one := func(f func(xvalue) xvalue) xexpr { return func(c xcontext) xvalue { return f(arg(c, 0)) } }
	str := func(s string) xvalue { return xvalue{kind: 's', str: s} }
	num := func(n int) xvalue { return xvalue{kind: 'd', num: float64(n)} }
	truth := func(b bool) xvalue { return xvalue{kind: 'b', truth: b} }
	nodeOf := func(v xvalue) *xnode {
		if len(v.nodes) == 0 {
			return &xnode{}
		}
		return v.nodes[0]
	}
	switch name {
	case "not":
		return one(func(v xvalue) xvalue { return truth(!v.bool()) })
	case "true":
		return func(xcontext) xvalue { return truth(true) }
	case "false":
		return func(xcontext) xvalue { return truth(false) }
	case "count":
		return one(func(v xvalue) xvalue { return num(len(v.nodes)) })
	case "string":
		return one(func(v xvalue) xvalue { return str(v.string()) })
	case "string-length":
		return one(func(v xvalue) xvalue { return num(len([]rune(v.string()))) })
	case "normalize-space":
		return one(func(v xvalue) xvalue { return str(strings.Join(strings.Fields(v.string()), " ")) })
	case "local-name":
		return one(func(v xvalue) xvalue { return str(nodeOf(v).local) })
	case "name":
		return one(func(v xvalue) xvalue { return str(nodeOf(v).local) })
	case "namespace-uri":
		return one(func(v xvalue) xvalue { return str(nodeOf(v).space) })
	case "position":
		return func(c xcontext) xvalue { return num(c.pos) }
	case "last":
		return func(c xcontext) xvalue { return num(c.size) }
	case "contains":
		return func(c xcontext) xvalue { return truth(strings.Contains(arg(c, 0).string(), arg(c, 1).string())) }
	case "starts-with":
		return func(c xcontext) xvalue { return truth(strings.HasPrefix(arg(c, 0).string(), arg(c, 1).string())) }
	case "concat":
		return func(c xcontext) xvalue {
			s := ""
			for _, a := range args {
				s += a(c).string()
			}
			return str(s)
		}
	}
	p.fail("the function " + name + " is not known")
	return nil
}

// path reads the steps after an expression, or a whole location path.
func (p *xparser) path(from xexpr) xexpr {
	var steps []func([]*xnode) []*xnode
	absolute := false
	p.space()
	if from == nil {
		if p.take("//") {
			absolute = true
			steps = append(steps, descendants, p.step())
		} else if p.take("/") {
			absolute = true
			p.space()
			if p.i < len(p.s) && (nameByte(p.s[p.i]) || strings.IndexByte("@.*", p.s[p.i]) >= 0) {
				steps = append(steps, p.step())
			}
		} else {
			steps = append(steps, p.step())
		}
	} else {
		steps = append(steps, p.predicates(func(n []*xnode) []*xnode { return n }))
	}
	for {
		if p.take("//") {
			steps = append(steps, descendants, p.step())
		} else if p.take("/") {
			steps = append(steps, p.step())
		} else {
			break
		}
	}
	if from != nil && len(steps) == 1 {
		return func(c xcontext) xvalue {
			v := from(c)
			if v.kind == 'n' {
				v.nodes = steps[0](v.nodes)
			}
			return v
		}
	}
	return func(c xcontext) xvalue {
		at := []*xnode{c.node}
		switch {
		case from != nil:
			at = from(c).nodes
		case absolute:
			for at[0].parent != nil {
				at = []*xnode{at[0].parent}
			}
		}
		for _, s := range steps {
			at = s(at)
		}
		return xvalue{kind: 'n', nodes: at}
	}
}

func descendants(in []*xnode) []*xnode {
	var out []*xnode
	for _, n := range in {
		out = append(out, n)
		out = append(out, descendants(n.children)...)
	}
	return out
}

func (p *xparser) step() func([]*xnode) []*xnode {
	p.space()
	switch {
	case p.take(".."):
		return p.predicates(axis(func(n *xnode) []*xnode {
			if n.parent == nil {
				return nil
			}
			return []*xnode{n.parent}
		}))
	case p.take("."):
		return p.predicates(axis(func(n *xnode) []*xnode { return []*xnode{n} }))
	}
	pick := func(n *xnode) []*xnode { return n.children }
	for name, f := range axes {
		if strings.HasPrefix(p.s[p.i:], name+"::") {
			p.i += len(name) + 2
			pick = f
			break
		}
	}
	if p.take("@") {
		pick = axes["attribute"]
	}
	test := p.test()
	return p.predicates(axis(func(n *xnode) []*xnode {
		var out []*xnode
		for _, x := range pick(n) {
			if test(x) {
				out = append(out, x)
			}
		}
		return out
	}))
}

var axes = map[string]func(*xnode) []*xnode{
	"child":      func(n *xnode) []*xnode { return n.children },
	"attribute":  func(n *xnode) []*xnode { return n.attrs },
	"descendant": func(n *xnode) []*xnode { return descendants(n.children) },
	"self":       func(n *xnode) []*xnode { return []*xnode{n} },
	"ancestor": func(n *xnode) []*xnode {
		var out []*xnode
		for a := n.parent; a != nil; a = a.parent {
			out = append(out, a)
		}
		return out
	},
}

// axis steps from each node of a set; a node is taken once.
func axis(f func(*xnode) []*xnode) func([]*xnode) [][]*xnode {
	return func(in []*xnode) [][]*xnode {
		out := make([][]*xnode, 0, len(in))
		for _, n := range in {
			out = append(out, f(n))
		}
		return out
	}
}

func (p *xparser) test() func(*xnode) bool {
	if p.take("text()") {
		return func(n *xnode) bool { return n.kind == 't' }
	}
	if p.take("node()") {
		return func(*xnode) bool { return true }
	}
	if p.take("*") {
		return func(n *xnode) bool { return n.kind == 'e' || n.kind == 'a' }
	}
	from := p.i
	for p.i < len(p.s) && nameByte(p.s[p.i]) {
		p.i++
	}
	space, local := "", p.s[from:p.i]
	if p.i < len(p.s) && p.s[p.i] == ':' && !strings.HasPrefix(p.s[p.i:], "::") {
		uri, ok := xnamespaces[local]
		if !ok {
			p.fail("the prefix " + local + " is not known")
		}
		p.i++
		if p.take("*") {
			return func(n *xnode) bool { return (n.kind == 'e' || n.kind == 'a') && n.space == uri }
		}
		from, space = p.i, uri
		for p.i < len(p.s) && nameByte(p.s[p.i]) {
			p.i++
		}
		local = p.s[from:p.i]
	}
	if local == "" {
		p.fail("a name is missing")
	}
	return func(n *xnode) bool { return (n.kind == 'e' || n.kind == 'a') && n.local == local && n.space == space }
}

// predicates filters each step's nodes by what follows in square brackets.
func (p *xparser) predicates(base any) func([]*xnode) []*xnode {
	var tests []xexpr
	for p.take("[") {
		tests = append(tests, p.or())
		if !p.take("]") {
			p.fail("a square bracket is open")
		}
	}
	filter := func(nodes []*xnode) []*xnode {
		for _, t := range tests {
			var kept []*xnode
			for i, n := range nodes {
				v := t(xcontext{n, i + 1, len(nodes)})
				if v.kind == 'd' && int(v.num) == i+1 || v.kind != 'd' && v.bool() {
					kept = append(kept, n)
				}
			}
			nodes = kept
		}
		return nodes
	}
	switch f := base.(type) {
	case func([]*xnode) []*xnode:
		return func(in []*xnode) []*xnode { return filter(f(in)) }
	case func([]*xnode) [][]*xnode:
		return func(in []*xnode) []*xnode {
			var out []*xnode
			seen := map[*xnode]bool{}
			for _, group := range f(in) {
				for _, n := range filter(group) {
					if !seen[n] {
						seen[n] = true
						out = append(out, n)
					}
				}
			}
			return out
		}
	}
	return nil
}
