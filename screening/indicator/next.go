package indicator

import (
	"fmt"
	"slices"
)

// maxNext is the largest set of questions worth proposing.
const maxNext = 12

// unlimited is more questions than any search can pick.
const unlimited = 1 << 30

// prover shows that what looks possible is.
type prover struct {
	board *board
	grove *grove
}

func newProver(b *board) *prover { return &prover{b, newGrove(b)} }

// reachable says whether some completion establishes the target. exact is
// false when the search was given up and the answer is the bound's.
func (p *prover) reachable(t target) (yes, exact bool) {
	return p.meets(p.grove.target(t, reachTrue))
}

// meets says whether some completion meets the goal.
func (p *prover) meets(root *tree) (yes, exact bool) {
	s := newSeeker(p.grove, root, func(q *question) []row { return q.domain })
	defer s.over(p.grove)
	switch {
	case root == treeMet:
		return true, true
	case root == treeBroken:
		return false, true
	case !s.conflict():
		// One best answer for every question: give them all.
		return s.look() != stateBroken, true
	case s.within(unlimited):
		return true, true
	case s.budget > 0:
		return false, true
	}
	// Not found at once: again with what prunes a long search.
	s.refill()
	if s.search(unlimited) {
		return true, true
	}
	return s.budget <= 0, s.budget > 0
}

// next searches the fewest questions for each open target.
func (s *scoring) next(r *Result, wanted []string) ([]Next, error) {
	targets, err := s.targets(r, wanted)
	if err != nil {
		return nil, err
	}
	var out []Next
	for _, t := range targets {
		questions, shortest := s.fewest(t)
		if len(questions) == 0 {
			continue
		}
		n := Next{Target: "offer", Shortest: shortest}
		if t.kind == targetOutcome {
			n.Target = s.profile.Outcomes[t.index].ID
		}
		for _, q := range questions {
			n.Questions = append(n.Questions, s.board.prog.questions[q].name)
		}
		out = append(out, n)
	}
	return out, nil
}

// targets lists what is open among the wanted; by default the offer and the
// needs.
func (s *scoring) targets(r *Result, wanted []string) ([]target, error) {
	var out []target
	asked := func(id string, byDefault bool) bool {
		return len(wanted) == 0 && byDefault || contains(wanted, id)
	}
	if asked("offer", true) && r.Offer.State == Open {
		out = append(out, target{targetOffer, 0, both})
	}
	for i, f := range r.Outcomes {
		if asked(f.ID, f.Kind == KindNeed) && f.State == Open {
			out = append(out, target{targetOutcome, i, both})
		}
	}
	for _, id := range wanted {
		known := func(f Finding) bool { return f.ID == id }
		if id != "offer" && !slices.ContainsFunc(r.Outcomes, known) {
			return nil, fmt.Errorf("the profile %s has no outcome %q to search questions for", s.profile.ID, id)
		}
	}
	return out, nil
}

// fewest finds the smallest set of unasked questions for which some answers
// settle the target: establish it, or make it impossible.
func (s *scoring) fewest(t target) (questions []int, shortest bool) {
	b := s.board
	askable := func(q *question) []row {
		if q.derived {
			return nil
		}
		return q.domain[:q.real]
	}
	ageOnly := func(q int) bool {
		return containsInt(b.prog.adultQuestions, q) && len(b.prog.questions[q].usedBy) == 0
	}
	g := newGrove(b)
	yes := newSeeker(g, g.target(t, reachTrue), askable)
	no := newSeeker(g, g.target(t, refuteTrue), askable)
	// Where a question is wanted with different answers, or with one that it
	// cannot have, a target can become impossible before its tree says so.
	exact := !s.contested(g, yes, ageOnly) && yes.refusable(b, ageOnly) && !s.ageInIndicators()
	for k := 1; k <= maxNext; k++ {
		for _, seek := range []*seeker{yes, no} {
			if seek.root != treeBroken && seek.root != treeMet && seek.budget > 0 && seek.search(k) {
				questions = seek.chosen()
				break
			}
		}
		if questions != nil || yes.budget <= 0 && no.budget <= 0 {
			break
		}
	}
	shortest = yes.budget > 0 && no.budget > 0
	if questions == nil {
		questions, shortest = anySet(yes, no), false
	}
	if !exact && len(questions) != 1 {
		questions, exact = s.exhaust(t, questions)
	}
	return questions, len(questions) == 1 || shortest && exact
}

// contested says whether some question has no answer that gives everything
// that is wanted of it. What the form works out by itself is never proposed,
// but it can be wanted in two ways as well.
func (s *scoring) contested(g *grove, seek *seeker, ignore func(q int) bool) bool {
	for q, qu := range s.board.prog.questions {
		if qu.derived && s.board.open(q) {
			seek = newSeeker(g, seek.root, func(q *question) []row { return q.domain[:q.real] })
			break
		}
	}
	return seek.contested(ignore)
}

// ageInIndicators: an open question decides the age and also an indicator, so
// that a population can rule an indicator out.
func (s *scoring) ageInIndicators() bool {
	for _, q := range s.board.prog.adultQuestions {
		if s.board.open(q) && len(s.board.prog.questions[q].usedBy) > 0 {
			return true
		}
	}
	return false
}

// anySet is what is left when the budget ran out: the first set found, without
// the questions it can do without.
func anySet(seekers ...*seeker) []int {
	for _, s := range seekers {
		if s.root == treeMet || s.root == treeBroken {
			continue
		}
		s.refill()
		if !s.search(unlimited) {
			continue
		}
		for q := range s.qs {
			old := s.qs[q].pick
			if old < 0 {
				continue
			}
			s.give(q, -1)
			if s.look() != stateMet {
				s.give(q, old)
			}
		}
		if set := s.chosen(); len(set) <= maxNext {
			return set
		}
	}
	return nil
}

// exhaustLimit bounds how many trials of answers exhaust makes.
const exhaustLimit = 4000

// exhaust tries every smaller set of questions with every answer, for the
// packs where the trees alone cannot prove a set the shortest. It returns the
// smaller set if there is one, and whether it could look at all of them.
func (s *scoring) exhaust(t target, found []int) ([]int, bool) {
	b := s.board
	var pool []int
	ways := 1
	for q, qu := range b.prog.questions {
		if b.open(q) && !qu.derived && len(qu.atoms) > 0 {
			pool = append(pool, q)
			if ways <= exhaustLimit {
				ways *= qu.real + 1
			}
		}
	}
	if ways > exhaustLimit {
		return found, false
	}
	limit := len(found) - 1
	if found == nil {
		limit = min(maxNext, len(pool))
	}
	for size := 1; size <= limit; size++ {
		if set := s.settlingSet(t, pool, nil, size); set != nil {
			return set, true
		}
	}
	return found, true
}

func (s *scoring) settlingSet(t target, pool, picked []int, size int) []int {
	if size == 0 {
		if s.board.settles(t) {
			return append([]int(nil), picked...)
		}
		return nil
	}
	for i, q := range pool {
		if len(pool)-i < size {
			break
		}
		qu := s.board.prog.questions[q]
		for _, w := range qu.domain[:qu.real] {
			s.board.readings[q].state = Given
			s.board.pick(q, w)
			set := s.settlingSet(t, pool[i+1:], append(picked, q), size-1)
			s.board.readings[q].state = NotAsked
			s.board.unpick(q)
			if set != nil {
				return set
			}
		}
	}
	return nil
}

// settles says whether the target is a point on the board as it stands.
func (b *board) settles(t target) bool {
	at := span{triTrue, triFalse}
	b.worlds(func(population int) {
		f := b.under(population, b.indicators(nil))
		sp := f.offer
		if t.kind == targetOutcome {
			sp = f.outcomes[t.index]
		}
		at.lo, at.hi = min(at.lo, sp.lo), max(at.hi, sp.hi)
	})
	if at.lo == triTrue || at.hi != triTrue {
		return true
	}
	yes, exact := newProver(b).reachable(t)
	return !yes && exact
}
