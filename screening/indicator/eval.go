package indicator

// What the answers make of a pack: a span for every atom, indicator,
// dimension and outcome. In the chain false < unanswered < true every
// connective is a threshold, so spans travel exactly: lo is true when, and
// only when, the node is true whatever is answered later; hi is false when,
// and only when, it is false whatever is answered later.

// board is the state of one interview.
type board struct {
	prog *program
	prof *profile
	// readings per question, spans per atom.
	readings []reading
	atoms    []span
	finished bool
}

func newBoard(prog *program, prof *profile, answers Answers, finished bool) (*board, []Warning) {
	b := &board{prog: prog, prof: prof, finished: finished,
		readings: make([]reading, len(prog.questions)), atoms: make([]span, prog.atoms)}
	var warnings []Warning
	for i, q := range prog.questions {
		r, warning := prog.read(q, answers[q.name])
		if warning != "" {
			warnings = append(warnings, Warning{Question: q.name, Message: warning})
		}
		b.readings[i] = r
		for j, a := range q.atoms {
			s := point(a.read(prog, r))
			if r.state == NotAsked && !finished {
				s = openSpan
			}
			b.atoms[q.base+j] = s
		}
	}
	return b, warnings
}

// open says whether the question may still be asked.
func (b *board) open(q int) bool { return b.readings[q].state == NotAsked && !b.finished }

// pick answers an unasked question with one row of its domain.
func (b *board) pick(q int, w row) {
	qu := b.prog.questions[q]
	for j := range qu.atoms {
		s := point(triUnanswered)
		if w.yes>>j&1 == 1 {
			s = point(triTrue)
		} else if w.no>>j&1 == 1 {
			s = point(triFalse)
		}
		b.atoms[qu.base+j] = s
	}
}

// unpick opens it again.
func (b *board) unpick(q int) {
	qu := b.prog.questions[q]
	for j := range qu.atoms {
		b.atoms[qu.base+j] = openSpan
	}
}

// findings are the spans of a pack under one population.
type findings struct {
	indicators []span
	dims       []span
	outcomes   []span
	offer      span
}

// about evaluates a node over answers.
func (b *board) about(n *node) span {
	if n.kind == nodeAtom {
		return b.literal(n)
	}
	var t tally
	for _, kid := range n.kids {
		t.add(b.about(kid))
	}
	return t.atLeast(n.need)
}

func (b *board) literal(n *node) span {
	s := b.atoms[b.prog.questions[n.q].base+n.atom]
	if n.neg {
		return s.not()
	}
	return s
}

// tally counts how many spans are, at their ends, true or at least unanswered.
type tally struct{ loTrue, loOpen, hiTrue, hiOpen int }

func (t *tally) add(s span) {
	if s.lo == triTrue {
		t.loTrue++
	}
	if s.lo >= triUnanswered {
		t.loOpen++
	}
	if s.hi == triTrue {
		t.hiTrue++
	}
	if s.hi >= triUnanswered {
		t.hiOpen++
	}
}

func (t *tally) atLeast(need int) span {
	return span{step(t.loTrue >= need, t.loOpen >= need), step(t.hiTrue >= need, t.hiOpen >= need)}
}

func step(isTrue, isOpen bool) tri {
	switch {
	case isTrue:
		return triTrue
	case isOpen:
		return triUnanswered
	}
	return triFalse
}

// indicators evaluates every indicator; they do not depend on the population.
func (b *board) indicators(out []span) []span {
	out = out[:0]
	for i := range b.prog.indicators {
		s := point(triFalse)
		if when := b.prog.indicators[i].when; when != nil {
			s = b.about(when)
		}
		out = append(out, s)
	}
	return out
}

// under evaluates dimensions and outcomes under one population's strengths.
func (b *board) under(population int, indicators []span) findings {
	f := findings{indicators: indicators, dims: make([]span, len(b.prog.dims)), outcomes: make([]span, len(b.prof.outcomes))}
	for d := range b.prog.dims {
		f.dims[d] = b.dimension(&b.prog.dims[d], population, indicators)
	}
	for o, n := range b.prof.outcomes {
		f.outcomes[o] = f.outcome(n, population)
	}
	var t tally
	for _, o := range b.prof.positive {
		t.add(f.outcomes[o])
	}
	f.offer = t.atLeast(1)
	return f
}

func (b *board) dimension(d *dimension, population int, indicators []span) span {
	var loTrue, loOpen, hiTrue, hiOpen [4]int
	for _, i := range d.indicators {
		s := b.prog.indicators[i].strength[population]
		if s == absent {
			continue
		}
		at := indicators[i]
		if at.lo == triTrue {
			loTrue[s]++
		}
		if at.lo >= triUnanswered {
			loOpen[s]++
		}
		if at.hi == triTrue {
			hiTrue[s]++
		}
		if at.hi >= triUnanswered {
			hiOpen[s]++
		}
	}
	return span{
		step(anyHolds(d.clauses, &loTrue), anyHolds(d.clauses, &loOpen)),
		step(anyHolds(d.clauses, &hiTrue), anyHolds(d.clauses, &hiOpen)),
	}
}

func (f *findings) outcome(n *node, population int) span {
	var s span
	switch n.kind {
	case nodeDimension:
		s = f.dims[n.ref]
	case nodeOutcome:
		s = f.outcomes[n.ref]
	case nodeAdult:
		s = point(triFalse)
		if population == adult {
			s = point(triTrue)
		}
	default:
		var t tally
		for _, kid := range n.kids {
			t.add(f.outcome(kid, population))
		}
		return t.atLeast(n.need)
	}
	if n.neg {
		s = s.not()
	}
	return s
}

// widen joins two findings: what holds in both at the low end, in either at
// the high end.
func (f *findings) widen(g findings) {
	join := func(a, b []span) {
		for i := range a {
			a[i].lo, a[i].hi = min(a[i].lo, b[i].lo), max(a[i].hi, b[i].hi)
		}
	}
	join(f.indicators, g.indicators)
	join(f.dims, g.dims)
	join(f.outcomes, g.outcomes)
	f.offer.lo, f.offer.hi = min(f.offer.lo, g.offer.lo), max(f.offer.hi, g.offer.hi)
}

// maxWorlds bounds the case split over unasked questions.
const maxWorlds = 96

// worlds calls visit once for every way the unasked questions behind the
// population can be answered, declining included, and the questions that
// decide whether others apply, as far as maxWorlds reaches: these two have no
// middle value, so spans alone could be wider than need be. With too many ways
// for the population it visits both with everything open instead, which can
// only be wider; exact is then false.
func (b *board) worlds(visit func(population int)) (exact bool) {
	var unasked []int
	ways := 1
	for _, q := range b.prog.adultQuestions {
		if b.open(q) {
			unasked = append(unasked, q)
			// Held at the bound: the product of many questions would overflow
			// and come out small again.
			ways = min(ways*len(b.prog.questions[q].worlds), maxWorlds+1)
		}
	}
	for _, q := range b.prog.gates {
		more := ways * len(b.prog.questions[q].worlds)
		if b.open(q) && more <= maxWorlds && !containsInt(unasked, q) {
			unasked = append(unasked, q)
			ways = more
		}
	}
	if ways > maxWorlds {
		visit(adult)
		visit(child)
		return false
	}
	var split func(i int)
	split = func(i int) {
		if i == len(unasked) {
			visit(b.population())
			return
		}
		for _, w := range b.prog.questions[unasked[i]].worlds {
			b.pick(unasked[i], w)
			split(i + 1)
		}
		b.unpick(unasked[i])
	}
	split(0)
	return true
}

// population is the rule in use: the adult's only when adulthood is
// established, the child's in every other case.
func (b *board) population() int {
	if b.about(b.prog.adult).lo == triTrue {
		return adult
	}
	return child
}
