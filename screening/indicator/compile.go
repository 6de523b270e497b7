package indicator

import (
	"errors"
	"fmt"
	"math"
	"sort"
)

// A compiled pack. Every expression is turned into a tree of one kind of inner
// node, "at least need of these", over leaves that each ask about one answer.
// Negation is pushed down to the leaves first; so a comparison on a question
// that does not apply is false whichever way it is written.

type questionKind uint8

const (
	kindOne questionKind = iota // select_one and yes_no
	kindMultiple
	kindInteger
	kindDecimal
	kindDate
	kindText
)

var questionKinds = map[string]questionKind{
	"yes_no": kindOne, "select_one": kindOne, "select_multiple": kindMultiple,
	"integer": kindInteger, "decimal": kindDecimal, "date": kindDate, "text": kindText,
}

// Limits that keep the search for the next questions small.
const (
	maxAtoms         = 30 // distinct facts asked about one question
	maxChosenChoices = 10 // choices of one select_multiple that expressions name
)

type question struct {
	name    string
	kind    questionKind
	choices []string // without the codes for not known and declined
	codes   []string // the codes it can be answered with: those among its choices, or all
	derived bool
	atoms   []atom
	base    int // index of its first atom among all atoms
	// domain lists what answers can make of the atoms; the first real rows are
	// of answers with a value, the rest of not known and declined.
	domain []row
	real   int
	// worlds are the domain and the answers of a select_multiple that hold a
	// choice and a code. Such an answer says less than the choices alone, so no
	// search needs it; but whether another question applies hangs on it.
	worlds []row
	// relevant is nil for a question that always applies; irrelevant is its
	// negation, made where another relevance needs it.
	relevant, irrelevant *node
	when                 *expr // of relevant
	usedBy               []int // indicators whose expression reads it
}

// row is one way to answer a question: the atoms it makes true and those it
// makes false, one bit each; the others it leaves unanswered.
type row struct{ yes, no uint32 }

type nodeKind uint8

const (
	nodeAtLeast nodeKind = iota
	nodeAtom
	nodeDimension
	nodeOutcome // an outcome above this one
	nodeAdult   // true under the adult rule, false under the child's
)

type node struct {
	kind nodeKind
	need int
	kids []*node
	// gate: kids[0] is only whether the question applies.
	gate bool
	neg  bool
	q    int // nodeAtom: question
	atom int // nodeAtom: index within the question
	ref  int // nodeDimension, nodeOutcome: which
}

type strengthKind uint8

const (
	strong strengthKind = iota
	medium
	weak
	unweighted
	absent // not in this population's list
)

var strengthKinds = map[string]strengthKind{"S": strong, "M": medium, "W": weak, "U": unweighted, "": absent}

// clause is one way for a rule to hold: at least so many of each strength.
type clause struct {
	need  [4]int
	total int
}

type dimension struct {
	clauses    []clause
	indicators []int
}

// Populations, as indexes.
const (
	adult = iota
	child
)

type indicatorRow struct {
	when     *node // nil: the instrument does not ask
	dim      int
	strength [2]strengthKind
}

type profile struct {
	outcomes []*node
	positive []int // outcomes that call for an offer
}

type program struct {
	notKnown, declined map[string]bool
	questions          []*question
	byName             map[string]int
	atoms              int
	adult, notAdult    *node
	adultQuestions     []int
	gates              []int // questions that some relevance asks about
	indicators         []indicatorRow
	dims               []dimension
	profiles           []profile
	uncovered          []string
	secondary          bool
}

func (p *program) question(name string) *question {
	if i, ok := p.byName[name]; ok {
		return p.questions[i]
	}
	return nil
}

var (
	nodeTrue  = &node{kind: nodeAtLeast, need: 0}
	nodeFalse = &node{kind: nodeAtLeast, need: 1}
)

func all(kids ...*node) *node { return atLeast(len(kids), kids) }
func any1(kids ...*node) *node {
	return atLeast(1, kids)
}

func atLeast(need int, kids []*node) *node {
	switch {
	case need <= 0:
		return nodeTrue
	case need > len(kids):
		return nodeFalse
	case len(kids) == 1:
		return kids[0]
	}
	return &node{kind: nodeAtLeast, need: need, kids: kids}
}

// compiler turns expressions over answers into nodes and reports mistakes.
type compiler struct {
	prog *program
	pack *Pack
	c    *checker
	// busy guards against questions whose relevance asks about themselves.
	busy map[int]bool
	done map[int]bool
	// size counts the nodes of the expression being compiled: a comparison of
	// counts doubles its parts, and doubling must not be nested without end.
	size int
	// form: compiling a relevance.
	form bool
	// weights holds what was weighed already, all the sum of the expressions.
	weights map[*node]weight
	all     int
}

const (
	maxNodes = 2000
	// A comparison on a question carries the question's relevance, and that
	// the relevance of the questions it asks about: a chain of twenty questions
	// that ask twice about the one before unfolds to a million parts. These
	// bound what one evaluation visits, and how deep it goes on a phone.
	maxUnfolded = 20_000
	maxChain    = 200
)

// weight is what evaluating a node visits: how many nodes, and how deep.
type weight struct{ parts, deep int }

func (k *compiler) weigh(n *node) weight {
	if len(n.kids) == 0 {
		return weight{1, 1}
	}
	if w, ok := k.weights[n]; ok {
		return w
	}
	w := weight{parts: 1}
	for _, kid := range n.kids {
		of := k.weigh(kid)
		w.parts = min(w.parts+of.parts, maxUnfolded+1)
		w.deep = max(w.deep, of.deep)
	}
	w.deep++
	k.weights[n] = w
	return w
}

// tooHeavy reports an expression whose questions hang on too many others.
func (k *compiler) tooHeavy(place string, n *node) bool {
	const remedy = "let the relevance of the questions ask about fewer other questions, or ask about a question that is always shown"
	w := k.weigh(n)
	over := k.all > maxUnfolded
	k.all += w.parts
	switch {
	case w.deep > maxChain:
		k.c.add(place, fmt.Sprintf("whether its questions are shown is nested deeper than %d", maxChain), remedy)
	case w.parts > maxUnfolded, k.all > maxUnfolded && !over:
		k.c.add(place, fmt.Sprintf("with the relevance of the questions behind it, what the pack asks unfolds to more than %d parts", maxUnfolded), remedy)
	case !over:
		return false
	}
	return true
}

// grows reports, once, an expression that unfolds too far.
func (k *compiler) grows(place string) bool {
	k.size++
	if k.size == maxNodes {
		k.c.add(place, "the expression unfolds to more than 2000 parts", "split it into several indicators")
	}
	return k.size >= maxNodes
}

// syntax reports what parse found.
func (k *compiler) syntax(place string, err error) {
	var at *SyntaxError
	if errors.As(err, &at) {
		k.fail(place, at.Column, at.Message, at.Remedy)
		return
	}
	k.c.add(place, err.Error(), "")
}

func (k *compiler) fail(place string, col int, message, remedy string) *node {
	if col > 0 {
		message = fmt.Sprintf("column %d: %s", col, message)
	}
	k.c.add(place, message, remedy)
	return nodeFalse
}

// answers compiles an expression over answers; neg asks for its negation.
func (k *compiler) answers(place string, e *expr, neg bool) *node {
	if k.grows(place) {
		return nodeFalse
	}
	switch e.op {
	case opNot:
		return k.answers(place, e.kids[0], !neg)
	case opAnd, opOr:
		kids := make([]*node, len(e.kids))
		for i, kid := range e.kids {
			kids[i] = k.answers(place, kid, neg)
		}
		if (e.op == opAnd) != neg {
			return all(kids...)
		}
		return any1(kids...)
	case opCount:
		return k.count(place, e, neg, k.answers)
	case opName:
		return k.fail(place, e.col, "“"+e.name+"” alone is neither true nor false", "compare it: "+e.name+" = 'yes'")
	}
	return k.aboutQuestion(place, e, neg)
}

// count compiles count(...) against a number, for whichever vocabulary below
// compiles its parts.
func (k *compiler) count(place string, e *expr, neg bool, below func(string, *expr, bool) *node) *node {
	n, want := len(e.kids), int(e.num)
	if e.num != math.Trunc(e.num) || e.num < 0 || e.num > 1000 {
		return k.fail(place, e.col, "a count is compared with a whole number from 0 to 1000", "write for example: >= 2")
	}
	up := func(need int) *node { return atLeast(need, k.each(place, e.kids, false, below)) }
	// fewer than need present = at least n-need+1 of their negations.
	down := func(need int) *node { return atLeast(n-need+1, k.each(place, e.kids, true, below)) }
	switch cmp := negated(e.cmp, neg); cmp {
	case ">=":
		return up(want)
	case ">":
		return up(want + 1)
	case "<":
		return down(want)
	case "<=":
		return down(want + 1)
	case "=":
		return all(up(want), down(want+1))
	default:
		return any1(up(want+1), down(want))
	}
}

func (k *compiler) each(place string, kids []*expr, neg bool, below func(string, *expr, bool) *node) []*node {
	out := make([]*node, len(kids))
	for i, kid := range kids {
		out[i] = below(place, kid, neg)
	}
	return out
}

var opposite = map[string]string{"=": "!=", "!=": "=", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}

func negated(cmp string, neg bool) string {
	if neg {
		return opposite[cmp]
	}
	return cmp
}

// aboutQuestion compiles a comparison, selected or count_selected.
func (k *compiler) aboutQuestion(place string, e *expr, neg bool) *node {
	qi, ok := k.prog.byName[e.name]
	if !ok {
		remedy := "check the spelling; a question of the survey is named exactly as in its name column"
		if near := nearest(e.name, k.prog.byName); near != "" {
			remedy = "did you mean " + near + "?"
		}
		return k.fail(place, e.col, "there is no question “"+e.name+"”", remedy)
	}
	k.relevance(qi)
	q := k.prog.questions[qi]
	n := k.literal(place, e, qi, q, neg)
	if q.relevant == nil || n == nodeFalse || k.form {
		return n
	}
	return gated(q.relevant, n)
}

func gated(relevant, n *node) *node {
	return &node{kind: nodeAtLeast, need: 2, kids: []*node{relevant, n}, gate: true}
}

// inForm joins a fact that a relevance asks for with whether its question
// applies: in a form a question that does not is blank, of which no fact is
// true.
func (k *compiler) inForm(qi int, fact *node, not bool) *node {
	q := k.prog.questions[qi]
	switch {
	case q.relevant == nil:
		return fact
	case !not:
		return gated(q.relevant, fact)
	case q.irrelevant == nil:
		q.irrelevant = k.answers(fmt.Sprintf("questions[%d].relevant", qi), q.when, true)
	}
	return any1(q.irrelevant, fact)
}

func (k *compiler) literal(place string, e *expr, qi int, q *question, neg bool) *node {
	leaf := func(a atom, neg bool) *node {
		if k.form {
			a.form, a.not = true, neg
			return k.inForm(qi, &node{kind: nodeAtom, q: qi, atom: k.atom(place, e, q, a)}, neg)
		}
		return &node{kind: nodeAtom, q: qi, atom: k.atom(place, e, q, a), neg: neg}
	}
	switch e.op {
	case opSelected:
		if q.kind != kindMultiple && q.kind != kindOne {
			return k.fail(place, e.col, "“"+q.name+"” has no choices", "compare it with = instead")
		}
		if problem := k.knownChoice(place, e, q); problem != nil {
			return problem
		}
		if q.kind == kindOne {
			return leaf(atom{kind: atomIs, str: e.str}, neg)
		}
		return leaf(atom{kind: atomChosen, str: e.str}, neg)
	case opCountSelected:
		if q.kind != kindMultiple {
			return k.fail(place, e.col, "“"+q.name+"” is not a select_multiple", "count_selected counts the chosen ones of a select_multiple")
		}
		if e.num != math.Trunc(e.num) || e.num < 0 || e.num > 1000 {
			return k.fail(place, e.col, "a count is compared with a whole number from 0 to 1000", "write for example: >= 2")
		}
		ge := func(n float64, neg bool) *node {
			// A form counts a blank as none, so a relevance with "at least none"
			// always shows. An indicator with it is a fact like any other: it
			// must not be present because somebody declined.
			if n <= 0 && k.form {
				return map[bool]*node{false: nodeTrue, true: nodeFalse}[neg]
			}
			return leaf(atom{kind: atomChosenGE, num: n}, neg)
		}
		return ranged(negated(e.cmp, neg), func(n *node) *node { return n },
			func(neg bool) *node { return ge(e.num, neg) }, func(neg bool) *node { return ge(e.num+1, neg) })
	}
	return k.comparison(place, e, q, neg, leaf)
}

// ranged writes a comparison with n through "at least n" and "more than n".
func ranged(cmp string, wrap func(*node) *node, ge, gt func(neg bool) *node) *node {
	switch cmp {
	case ">=":
		return wrap(ge(false))
	case ">":
		return wrap(gt(false))
	case "<":
		return wrap(ge(true))
	case "<=":
		return wrap(gt(true))
	case "=":
		return all(ge(false), gt(true))
	default:
		return any1(ge(true), gt(false))
	}
}

func (k *compiler) comparison(place string, e *expr, q *question, neg bool, leaf func(atom, bool) *node) *node {
	num := e.num
	switch q.kind {
	case kindInteger, kindDecimal:
		if !e.isNum {
			return k.fail(place, e.col, "“"+q.name+"” is a number and is compared with the text '"+e.str+"'", "leave out the quotes")
		}
		if q.kind == kindInteger && num != math.Trunc(num) {
			return k.fail(place, e.col, "“"+q.name+"” is a whole number", "compare it with a whole number")
		}
	case kindDate:
		days, ok := parseDate(e.str)
		if e.isNum || !ok || len(e.str) != 10 {
			return k.fail(place, e.col, "“"+q.name+"” is a date", "compare it with a date written '2026-01-31'")
		}
		num = days
	default:
		return k.sameText(place, e, q, neg, leaf)
	}
	if k.form && (e.cmp == ">" || e.cmp == ">=") {
		// Not the negation of < and <=: a question without a number is neither.
		return leaf(atom{kind: map[string]atomKind{">": atomAbove, ">=": atomAtLeast}[e.cmp], num: num}, neg)
	}
	if k.form && neg && (e.cmp == "<" || e.cmp == "<=") {
		// A form's "not (age < 18)" is true of a question without a number,
		// and its "age >= 18" is not.
		return leaf(atom{kind: map[string]atomKind{"<": atomBelow, "<=": atomAtMost}[e.cmp], num: num}, true)
	}
	switch cmp := negated(e.cmp, neg); cmp {
	case "=", "!=":
		return leaf(atom{kind: atomIsNum, num: num}, cmp == "!=")
	case "<", ">=":
		return leaf(atom{kind: atomBelow, num: num}, cmp == ">=")
	default:
		return leaf(atom{kind: atomAtMost, num: num}, cmp == ">")
	}
}

func (k *compiler) sameText(place string, e *expr, q *question, neg bool, leaf func(atom, bool) *node) *node {
	switch {
	case e.isNum:
		return k.fail(place, e.col, "“"+q.name+"” is not a number", "put the value in quotes")
	case e.cmp != "=" && e.cmp != "!=":
		return k.fail(place, e.col, "“"+q.name+"” cannot be less or greater than a text", "compare it with = or !=")
	case q.kind == kindMultiple:
		return k.fail(place, e.col, "“"+q.name+"” can have several choices", "write selected("+q.name+", '"+e.str+"')")
	}
	if problem := k.knownChoice(place, e, q); problem != nil {
		return problem
	}
	return leaf(atom{kind: atomIs, str: e.str}, (e.cmp == "!=") != neg)
}

func (k *compiler) knownChoice(place string, e *expr, q *question) *node {
	switch {
	case k.prog.notKnown[e.str] || k.prog.declined[e.str]:
		if k.form {
			return nil
		}
		return k.fail(place, e.col, "'"+e.str+"' means not known or declined, and such an answer never counts for or against anything", "leave it out")
	case e.str == "":
		return k.fail(place, e.col, "a comparison with an empty text", "an unanswered question needs no expression: it is counted as open")
	case len(q.choices) > 0 && !contains(q.choices, e.str):
		near := nearestOf(e.str, q.choices)
		remedy := "the choices are: " + joined(q.choices, 12)
		if near != "" {
			remedy = "did you mean '" + near + "'?"
		}
		return k.fail(place, e.col, "“"+q.name+"” has no choice '"+e.str+"'", remedy)
	}
	return nil
}

func (k *compiler) atom(place string, e *expr, q *question, a atom) int {
	for i, have := range q.atoms {
		if have == a {
			return i
		}
	}
	chosen := 0
	for _, have := range q.atoms {
		if have.kind == atomChosen {
			chosen++
		}
	}
	if len(q.atoms) == maxAtoms || a.kind == atomChosen && chosen == maxChosenChoices {
		k.fail(place, e.col, "too many different values of “"+q.name+"” are asked about", "split the question")
		return 0
	}
	q.atoms = append(q.atoms, a)
	return len(q.atoms) - 1
}

// relevance compiles a question's own relevance, once.
func (k *compiler) relevance(qi int) {
	if k.done[qi] {
		return
	}
	place := fmt.Sprintf("questions[%d].relevant", qi)
	if k.busy[qi] {
		k.c.add(place, "the question is relevant depending on itself", "remove the circle")
		return
	}
	src := k.pack.Questions[qi].Relevant
	if src == "" {
		k.done[qi] = true
		return
	}
	k.busy[qi] = true
	if e, err := parse(src); err != nil {
		k.syntax(place, err)
	} else {
		was := k.form
		k.form = true
		q := k.prog.questions[qi]
		q.when, q.relevant = e, k.answers(place, e, false)
		k.form = was
	}
	k.busy[qi] = false
	k.done[qi] = true
}

// outcome compiles an expression over dimensions; before holds the outcomes
// above it, which it may name.
func (k *compiler) outcome(dims, before map[string]int) func(string, *expr, bool) *node {
	var walk func(place string, e *expr, neg bool) *node
	walk = func(place string, e *expr, neg bool) *node {
		if k.grows(place) {
			return nodeFalse
		}
		switch e.op {
		case opNot:
			return walk(place, e.kids[0], !neg)
		case opAnd, opOr:
			kids := k.each(place, e.kids, neg, walk)
			if (e.op == opAnd) != neg {
				return all(kids...)
			}
			return any1(kids...)
		case opCount:
			return k.count(place, e, neg, walk)
		case opName:
			if e.name == "adult" || e.name == "child" {
				return &node{kind: nodeAdult, neg: neg != (e.name == "child")}
			}
			if di, ok := dims[e.name]; ok {
				return &node{kind: nodeDimension, ref: di, neg: neg}
			}
			if oi, ok := before[e.name]; ok {
				return &node{kind: nodeOutcome, ref: oi, neg: neg}
			}
			return k.fail(place, e.col, "there is no dimension and no earlier outcome “"+e.name+"”", "name a dimension's id, an outcome above this one, adult or child")
		}
		return k.fail(place, e.col, "an outcome asks about dimensions, not about answers", "make an indicator of it")
	}
	return walk
}

// ruleClauses reads a rule as "one of these clauses".
func ruleClauses(e *expr) ([]clause, *SyntaxError) {
	ways := []*expr{e}
	if e.op == opOr {
		ways = e.kids
	}
	var out []clause
	for _, way := range ways {
		parts := []*expr{way}
		if way.op == opAnd {
			parts = way.kids
		}
		var cl clause
		for _, part := range parts {
			if err := addThreshold(&cl, part); err != nil {
				return nil, err
			}
		}
		out = append(out, cl)
	}
	return out, nil
}

func addThreshold(cl *clause, e *expr) *SyntaxError {
	const remedy = "write for example: S >= 1 and total >= 2 or M >= 3"
	if e.op != opCompare || e.cmp != ">=" || !e.isNum || e.num < 1 || e.num > 1000 || e.num != math.Trunc(e.num) {
		return &SyntaxError{e.col, "a rule is made of S, M, W, U or total, each >= a whole number from 1", remedy}
	}
	if e.name == "total" {
		cl.total = max(cl.total, int(e.num))
		return nil
	}
	s, ok := strengthKinds[e.name]
	if !ok || s == absent {
		return &SyntaxError{e.col, "“" + e.name + "” is not a count a rule knows", remedy}
	}
	cl.need[s] = max(cl.need[s], int(e.num))
	return nil
}

// holds says whether so many present indicators satisfy the clause.
func (cl *clause) holds(n *[4]int) bool {
	return n[strong] >= cl.need[strong] && n[medium] >= cl.need[medium] && n[weak] >= cl.need[weak] &&
		n[unweighted] >= cl.need[unweighted] && n[strong]+n[medium]+n[weak]+n[unweighted] >= cl.total
}

func anyHolds(clauses []clause, n *[4]int) bool {
	for i := range clauses {
		if clauses[i].holds(n) {
			return true
		}
	}
	return false
}

// buildDomain works out which of a question's atoms can be true together.
func (q *question) buildDomain(p *program) {
	seen := map[row]bool{}
	into := &q.domain
	add := func(r reading) {
		var w row
		for i, a := range q.atoms {
			switch a.read(p, r) {
			case triTrue:
				w.yes |= 1 << i
			case triFalse:
				w.no |= 1 << i
			}
		}
		if !seen[w] {
			seen[w] = true
			*into = append(*into, w)
		}
	}
	given := func(r reading) {
		r.state = Given
		add(r)
	}
	switch q.kind {
	case kindMultiple:
		q.multipleDomain(0, given)
	case kindInteger, kindDecimal, kindDate:
		q.numberDomain(given)
	default:
		q.textDomain(p, given)
	}
	sort.Slice(q.domain, func(i, j int) bool { return q.domain[i].yes < q.domain[j].yes })
	q.real = len(q.domain)
	add(reading{state: NotKnown})
	add(reading{state: Declined})
	sets := q.codeSets()
	for _, codes := range sets {
		r, _ := p.read(q, Value(codes...))
		add(r)
	}
	q.worlds = append(q.worlds, q.domain...)
	if q.kind != kindMultiple {
		return
	}
	partly := func() {
		for _, codes := range sets {
			q.multipleDomain(len(codes), func(r reading) {
				r.partial, r.codes = true, codes
				given(r)
			})
		}
	}
	if q.codesCount(p) {
		partly()
	}
	seen, into = map[row]bool{}, &q.worlds
	for _, w := range q.worlds {
		seen[w] = true
	}
	partly()
}

// maxCodes bounds the codes of one question that are tried together.
const maxCodes = 3

// codeSets are the ways to choose codes of a question: each, and of a
// select_multiple also several.
func (q *question) codeSets() [][]string {
	var sets [][]string
	for set := 1; set < 1<<min(len(q.codes), maxCodes); set++ {
		var codes []string
		for i, c := range q.codes[:min(len(q.codes), maxCodes)] {
			if set>>i&1 == 1 {
				codes = append(codes, c)
			}
		}
		if q.kind == kindMultiple || len(codes) == 1 {
			sets = append(sets, codes)
		}
	}
	return sets
}

// codesCount says whether a code beside a choice can do what neither does
// alone: a relevance names it, or counts what was chosen, or the choice serves
// an indicator while the code keeps adulthood from being established.
func (q *question) codesCount(p *program) bool {
	if containsInt(p.adultQuestions, p.byName[q.name]) {
		return true
	}
	for _, a := range q.atoms {
		if a.form && (a.kind == atomChosenGE || p.notKnown[a.str] || p.declined[a.str]) {
			return true
		}
	}
	return false
}

func (q *question) textDomain(p *program, add func(reading)) {
	if q.kind == kindOne && len(q.choices) > 0 {
		for _, c := range q.choices {
			add(reading{values: []string{c}})
		}
		return
	}
	for _, a := range q.atoms {
		if !p.notKnown[a.str] && !p.declined[a.str] {
			add(reading{values: []string{a.str}})
		}
	}
	add(reading{values: []string{""}})
}

func (q *question) numberDomain(add func(reading)) {
	var at []float64
	for _, a := range q.atoms {
		at = append(at, a.num)
	}
	sort.Float64s(at)
	for i, n := range at {
		add(reading{num: n - 1})
		add(reading{num: n})
		add(reading{num: n + 1})
		if q.kind == kindDecimal && i+1 < len(at) {
			add(reading{num: (n + at[i+1]) / 2})
		}
	}
}

// multipleDomain tries every set of the choices that expressions name, each
// with as many of the others as tell a count apart: none, one, and what is
// missing to each number that is asked about, which a form reaches with so many
// codes beside them.
func (q *question) multipleDomain(codes int, add func(reading)) {
	var named []string
	var counts []int
	for _, a := range q.atoms {
		switch {
		case a.kind == atomChosen && !contains(named, a.str) && contains(q.choices, a.str):
			named = append(named, a.str)
		case a.kind == atomChosenGE:
			counts = append(counts, int(a.num))
		}
	}
	others := len(q.choices) - len(named)
	for set := 0; set < 1<<len(named); set++ {
		var values []string
		for i, c := range named {
			if set>>i&1 == 1 {
				values = append(values, c)
			}
		}
		if len(values) > 0 {
			add(reading{values: values})
		} else if others > 0 {
			add(reading{unnamed: 1})
		}
		for _, n := range counts {
			for _, more := range []int{n - len(values), n - len(values) - codes} {
				if more > 0 && more <= others {
					add(reading{values: values, unnamed: more})
				}
			}
		}
	}
}
