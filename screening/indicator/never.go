package indicator

import "fmt"

// Unreachable looks for what a pack says and nobody can ever see. never are
// indicators that no answers make present: a mistake, because an officer would
// take their silence for a good sign. doubts are rules that the indicators of
// their dimension cannot meet and outcomes that no combination of dimensions
// makes true; a pack under work may have some.
//
// It is asked when a pack is written, not when one is loaded: results of a
// pack that was published before must stay readable.
func (p *Pack) Unreachable() (never, doubts []Problem) {
	c := &checker{}
	b, _ := newBoard(p.prog, &p.prog.profiles[0], nil, false)
	pr := newProver(b)
	if yes, _ := pr.meets(pr.grove.about(p.prog.adult, reachTrue)); !yes {
		c.add("population.adult", "no answers can make anybody an adult", "look for conditions that exclude each other")
	}
	for i := range p.prog.indicators {
		when := p.prog.indicators[i].when
		if when == nil {
			continue
		}
		// A grove of its own: its trees are numbered from nought, and a search
		// reserves room by number.
		pr := newProver(b)
		if yes, _ := pr.meets(pr.grove.about(when, reachTrue)); !yes {
			c.add(fmt.Sprintf("indicators[%d].when", i), "no answers can make “"+p.Indicators[i].ID+"” present",
				"look for conditions that exclude each other, a count higher than what is counted, or a relevance that hides the question")
		}
	}
	never, c = c.problems, &checker{}
	for d := range p.prog.dims {
		if !p.prog.dims[d].canHold(p.prog) {
			c.add(fmt.Sprintf("dimensions[%d].rule", d), "the indicators of “"+p.Dimensions[d].ID+"” can never meet its rule, even if all are present", "give it more indicators or other strengths, or another rule")
		}
	}
	for i := range p.prog.profiles {
		for o := range p.prog.profiles[i].outcomes {
			if !p.prog.canHold(&p.prog.profiles[i], o) {
				c.add(fmt.Sprintf("profiles[%d].outcomes[%d].when", i, o), "“"+p.Profiles[i].Outcomes[o].ID+"” can never hold, whatever the dimensions are", "look for conditions that exclude each other")
			}
		}
	}
	return never, c.problems
}

// canHold says whether all indicators together meet the rule for some
// population.
func (d *dimension) canHold(p *program) bool {
	for population := range 2 {
		var n [4]int
		for _, i := range d.indicators {
			if s := p.indicators[i].strength[population]; s != absent {
				n[s]++
			}
		}
		if anyHolds(d.clauses, &n) {
			return true
		}
	}
	return false
}

// maxTried bounds the dimensions whose combinations are tried one by one. An
// outcome over more of them is taken to be possible.
const maxTried = 10

// canHold tries an outcome under every combination of the dimensions it hangs
// on, for adult and child.
func (p *program) canHold(pr *profile, o int) bool {
	var dims []int
	needed := map[int]bool{o: true} // this outcome and those it names
	seen := map[*node]bool{}
	var gather func(n *node)
	gather = func(n *node) {
		if seen[n] {
			return
		}
		seen[n] = true
		switch {
		case n.kind == nodeDimension && !containsInt(dims, n.ref):
			dims = append(dims, n.ref)
		case n.kind == nodeOutcome:
			needed[n.ref] = true
			gather(pr.outcomes[n.ref])
		}
		for _, kid := range n.kids {
			gather(kid)
		}
	}
	gather(pr.outcomes[o])
	if len(dims) > maxTried {
		return true
	}
	f := findings{dims: make([]span, len(p.dims)), outcomes: make([]span, len(pr.outcomes))}
	for set := range 1 << len(dims) {
		for i, d := range dims {
			f.dims[d] = point(triFalse)
			if set>>i&1 == 1 {
				f.dims[d] = point(triTrue)
			}
		}
		for population := range 2 {
			for i := 0; i <= o; i++ { // an outcome names earlier ones only
				if needed[i] {
					f.outcomes[i] = f.outcome(pr.outcomes[i], population)
				}
			}
			if f.outcomes[o].lo == triTrue {
				return true
			}
		}
	}
	return false
}
