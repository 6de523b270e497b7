package indicator

// A goal is what must be answered so that a span gets where it is wanted. Any
// goal over a pack unfolds into a monotone tree: thresholds over leaves of the
// form "this question's answer makes this atom true" (or false, or not true,
// or not false: an answer without a value does the last two). Goals serve
// two ends: proving that something open can really come true, and finding the
// fewest questions that could settle it.

type goalKind uint8

const (
	reachTrue    goalKind = iota // lo at true: established whatever follows
	reachOpen                    // lo at least unanswered
	refuteTrue                   // hi below true: it can no longer be established
	refuteToNo                   // hi at false
	goalsPerNode                 // how many there are
)

// flip is the goal for x that gives goal g for not-x.
func (g goalKind) flip() goalKind { return goalKind(goalsPerNode - 1 - g) }

func (g goalKind) rising() bool { return g == reachTrue || g == reachOpen }

// loose: an answer without a value is enough.
func (g goalKind) loose() bool { return g == reachOpen || g == refuteTrue }

// metBy says whether a span that no question can change meets the goal.
func (g goalKind) metBy(s span) bool {
	switch g {
	case reachTrue:
		return s.lo == triTrue
	case reachOpen:
		return s.lo >= triUnanswered
	case refuteTrue:
		return s.hi <= triUnanswered
	}
	return s.hi == triFalse
}

type treeKind uint8

const (
	treeLeaf treeKind = iota
	treeAtLeast
	treeRule
)

// tree is a goal unfolded against the answers so far. Trees share branches;
// num orders them so that kids come before parents.
type tree struct {
	kind treeKind
	num  int
	// treeAtLeast, treeRule
	need int
	kids []*tree
	// treeRule: strengths of kids, what is there already, and the clauses.
	strengths []strengthKind
	have      [4]int
	clauses   []clause
	// treeLeaf
	q, atom     int
	want, loose bool
}

var (
	treeMet    = &tree{kind: treeAtLeast, need: 0}
	treeBroken = &tree{kind: treeAtLeast, need: 1}
)

type leafKey struct {
	q, atom     int
	want, loose bool
}

type partKey struct {
	population, index int
	goal              goalKind
}

// grove builds trees for one board, sharing what repeats.
type grove struct {
	b *board
	// nobody: no way to go on leads to this population.
	nobody     [2]bool
	count      int
	leaves     map[leafKey]*tree
	indicators map[partKey]*tree
	dims       map[partKey]*tree
	outcomes   map[partKey]*tree
	spare      *places // of a search that is over
}

func newGrove(b *board) *grove {
	return &grove{b: b, leaves: map[leafKey]*tree{}, indicators: map[partKey]*tree{},
		dims: map[partKey]*tree{}, outcomes: map[partKey]*tree{}}
}

func (g *grove) made(t *tree) *tree {
	t.num = g.count
	g.count++
	return t
}

func settled(met bool) *tree {
	if met {
		return treeMet
	}
	return treeBroken
}

// atLeast simplifies as it builds: what is met or broken already goes.
func (g *grove) atLeast(need int, kids []*tree) *tree {
	left := kids[:0:0]
	for _, kid := range kids {
		switch kid {
		case treeMet:
			need--
		case treeBroken:
		default:
			left = append(left, kid)
		}
	}
	switch {
	case need <= 0:
		return treeMet
	case need > len(left):
		return treeBroken
	case len(left) == 1:
		return left[0]
	}
	return g.made(&tree{kind: treeAtLeast, need: need, kids: left})
}

// threshold is the goal for "at least need of n": the same goal for need kids,
// or, falling, for enough kids that need can no longer be reached.
func (g *grove) threshold(goal goalKind, need int, kids []*tree) *tree {
	if !goal.rising() {
		need = len(kids) - need + 1
	}
	return g.atLeast(need, kids)
}

// about unfolds a goal for a node over answers.
func (g *grove) about(n *node, goal goalKind) *tree {
	if n.kind != nodeAtom {
		kids := make([]*tree, len(n.kids))
		for i, kid := range n.kids {
			kids[i] = g.about(kid, goal)
		}
		return g.threshold(goal, n.need, kids)
	}
	if !g.b.open(n.q) {
		return settled(goal.metBy(g.b.about(n)))
	}
	key := leafKey{n.q, n.atom, goal.rising() != n.neg, goal.loose()}
	t, ok := g.leaves[key]
	if !ok {
		t = g.made(&tree{kind: treeLeaf, q: key.q, atom: key.atom, want: key.want, loose: key.loose})
		g.leaves[key] = t
	}
	return t
}

func (g *grove) indicator(i int, goal goalKind) *tree {
	key := partKey{0, i, goal}
	t, ok := g.indicators[key]
	if !ok {
		if when := g.b.prog.indicators[i].when; when != nil {
			t = g.about(when, goal)
		} else {
			t = settled(goal.metBy(point(triFalse)))
		}
		g.indicators[key] = t
	}
	return t
}

func (g *grove) dimension(population, d int, goal goalKind) *tree {
	key := partKey{population, d, goal}
	t, ok := g.dims[key]
	if !ok {
		if goal.rising() {
			t = g.ruleHolds(population, &g.b.prog.dims[d], goal)
		} else {
			t = g.ruleFails(population, &g.b.prog.dims[d], goal)
		}
		g.dims[key] = t
	}
	return t
}

func (g *grove) ruleHolds(population int, d *dimension, goal goalKind) *tree {
	t := &tree{kind: treeRule, clauses: d.clauses}
	for _, i := range d.indicators {
		s := g.b.prog.indicators[i].strength[population]
		if s == absent {
			continue
		}
		switch kid := g.indicator(i, goal); kid {
		case treeMet:
			t.have[s]++
		case treeBroken:
		default:
			t.kids = append(t.kids, kid)
			t.strengths = append(t.strengths, s)
		}
	}
	if anyHolds(d.clauses, &t.have) {
		return treeMet
	}
	most := t.have
	for _, s := range t.strengths {
		most[s]++
	}
	if !anyHolds(d.clauses, &most) {
		return treeBroken
	}
	return g.made(t)
}

// ruleFails: every clause must fail, each by one of its thresholds.
func (g *grove) ruleFails(population int, d *dimension, goal goalKind) *tree {
	var by [4][]*tree
	var every []*tree
	for _, i := range d.indicators {
		if s := g.b.prog.indicators[i].strength[population]; s != absent {
			kid := g.indicator(i, goal)
			by[s] = append(by[s], kid)
			every = append(every, kid)
		}
	}
	fails := make([]*tree, len(d.clauses))
	for c := range d.clauses {
		cl := &d.clauses[c]
		var ways []*tree
		for s, need := range cl.need {
			if need > 0 {
				ways = append(ways, g.atLeast(len(by[s])-need+1, by[s]))
			}
		}
		if cl.total > 0 {
			ways = append(ways, g.atLeast(len(every)-cl.total+1, every))
		}
		fails[c] = g.atLeast(1, ways)
	}
	return g.atLeast(len(fails), fails)
}

func (g *grove) outcome(population, o int, goal goalKind) *tree {
	key := partKey{population, o, goal}
	t, ok := g.outcomes[key]
	if !ok {
		t = g.overDimensions(population, g.b.prof.outcomes[o], goal)
		g.outcomes[key] = t
	}
	return t
}

func (g *grove) overDimensions(population int, n *node, goal goalKind) *tree {
	inner := goal
	if n.neg {
		inner = goal.flip()
	}
	switch n.kind {
	case nodeDimension:
		return g.dimension(population, n.ref, inner)
	case nodeOutcome:
		return g.outcome(population, n.ref, inner)
	case nodeAdult:
		s := point(triFalse)
		if population == adult {
			s = point(triTrue)
		}
		return settled(inner.metBy(s))
	}
	kids := make([]*tree, len(n.kids))
	for i, kid := range n.kids {
		kids[i] = g.overDimensions(population, kid, goal)
	}
	return g.threshold(goal, n.need, kids)
}

type targetKind uint8

const (
	targetOffer targetKind = iota
	targetOutcome
	targetDimension
)

// both means the rule in use, whichever the age leads to.
const both = 2

// target is something a result says: an outcome or dimension under a
// population, or the offer.
type target struct {
	kind       targetKind
	index      int
	population int
}

// under unfolds a goal for a target under one population.
func (g *grove) under(population int, t target, goal goalKind) *tree {
	switch t.kind {
	case targetOutcome:
		return g.outcome(population, t.index, goal)
	case targetDimension:
		return g.dimension(population, t.index, goal)
	}
	positive := g.b.prof.positive
	kids := make([]*tree, len(positive))
	for i, o := range positive {
		kids[i] = g.outcome(population, o, goal)
	}
	return g.threshold(goal, 1, kids)
}

// leads unfolds what leads to a population.
func (g *grove) leads(population int) *tree {
	return g.about(g.b.prog.adult, [2]goalKind{reachTrue, refuteTrue}[population])
}

// target unfolds a goal under the rule in use: by settling the age and meeting
// the goal under that rule, or by meeting it under both.
func (g *grove) target(t target, goal goalKind) *tree {
	isAdult, notAdult := g.leads(adult), g.leads(child)
	if t.population != both {
		// A view asks what holds if the person is of this population; where
		// the age can still show it, it must.
		ofPopulation := [2]*tree{isAdult, notAdult}[t.population]
		if ofPopulation == treeBroken || g.nobody[t.population] {
			ofPopulation = treeMet
		}
		return g.atLeast(2, []*tree{ofPopulation, g.under(t.population, t, goal)})
	}
	a, c := g.under(adult, t, goal), g.under(child, t, goal)
	return g.atLeast(1, []*tree{
		g.atLeast(2, []*tree{isAdult, a}),
		g.atLeast(2, []*tree{notAdult, c}),
		g.atLeast(2, []*tree{a, c}),
	})
}
