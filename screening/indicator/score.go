package indicator

import "fmt"

// Options steer Score. The zero value scores an interview under way against
// the pack's first profile.
type Options struct {
	// Profile is the id of the jurisdiction profile; empty means the first.
	Profile string
	// Finished: the interview is over.
	Finished bool
	// NoNext leaves out the search for the next questions.
	NoNext bool
	// Targets are the outcome ids ("offer" among them) to search next
	// questions for; empty means the offer and every need.
	Targets []string
}

// Score lays answers over a pack. It fails only when the options name a
// profile or target that the pack does not have; no answer makes it fail.
func Score(p *Pack, answers Answers, o Options) (Result, error) {
	pi, err := p.profileIndex(o.Profile)
	if err != nil {
		return Result{}, err
	}
	b, warnings := newBoard(p.prog, &p.prog.profiles[pi], answers, o.Finished)
	s := &scoring{pack: p, board: b, profile: &p.Profiles[pi]}
	s.run()
	r := s.result(warnings)
	if !o.NoNext {
		if r.Next, err = s.next(&r, o.Targets); err != nil {
			return Result{}, err
		}
	}
	return r, nil
}

func (p *Pack) profileIndex(id string) (int, error) {
	if id == "" {
		return 0, nil
	}
	for i, pr := range p.Profiles {
		if pr.ID == id {
			return i, nil
		}
	}
	return 0, fmt.Errorf("the pack %s has no profile %q; it has %s", p.ID, id, joined(p.ProfileIDs(), 20))
}

// scoring is one call of Score.
type scoring struct {
	pack    *Pack
	board   *board
	profile *Profile
	// met says which populations some world leads to.
	met [2]bool
	// byPop are the findings under each population; all is the rule in use.
	byPop [2]findings
	all   findings
	// ageSettled: the answers say that the person is an adult, or is not. They
	// say neither while the age may still be asked, is not known, or was kept
	// away with everything else because consent was.
	ageSettled bool
	exact      bool
	// unanswered: some question the pack reads got no value.
	unanswered bool
	prover     *prover
}

func (s *scoring) run() {
	b := s.board
	s.ageSettled = b.about(b.prog.adult).lo == triTrue || b.about(b.prog.notAdult).lo == triTrue
	var have [2]bool
	first := true
	s.exact = b.worlds(func(population int) {
		f := b.under(population, b.indicators(nil))
		s.met[population] = true
		s.byPop[population].mergeIn(f, &have[population])
		if first {
			s.all, first = f.clone(), false
		} else {
			s.all.widen(f)
		}
	})
	for population := range have {
		if have[population] {
			continue
		}
		// The age is not known, so nothing leads here; what holds under this
		// rule is asked of every world all the same.
		b.worlds(func(int) { s.byPop[population].mergeIn(b.under(population, b.indicators(nil)), &have[population]) })
	}
	for q, r := range b.readings {
		if r.state != Given && !b.open(q) || r.partial {
			s.unanswered = s.unanswered || len(b.prog.questions[q].atoms) > 0
		}
	}
}

func (f *findings) mergeIn(g findings, have *bool) {
	if *have {
		f.widen(g)
		return
	}
	*f, *have = g, true
}

func (f findings) clone() findings {
	dup := func(s []span) []span { return append([]span(nil), s...) }
	return findings{dup(f.indicators), dup(f.dims), dup(f.outcomes), f.offer}
}

func (s *scoring) result(warnings []Warning) Result {
	p := s.pack
	r := Result{
		Format:   ResultFormat,
		Pack:     p.Ref(),
		Profile:  ProfileRef{s.profile.ID, s.profile.Version},
		Finished: s.board.finished, Warnings: warnings, NotCovered: p.prog.uncovered,
		Population: s.population(),
	}
	r.Outcomes, r.Dimensions = s.findings(&s.all, both)
	r.Offer = s.finding("offer", "offer", s.all.offer, target{kind: targetOffer, population: both})
	if s.bothShown() {
		for population, name := range populationNames {
			v := View{Population: name}
			v.Outcomes, v.Dimensions = s.findings(&s.byPop[population], population)
			r.Views = append(r.Views, v)
		}
	}
	r.Decided = true
	for i, f := range r.Outcomes {
		r.Decided = r.Decided && f.Certain == f.Possible
		if f.Certain {
			for _, flag := range s.profile.Outcomes[i].Flags {
				if !contains(r.Flags, flag) {
					r.Flags = append(r.Flags, flag)
				}
			}
		}
	}
	r.Present = s.present()
	r.Unanswered = s.unansweredQuestions()
	r.Exact = s.exact
	return r
}

var populationNames = [2]string{"adult", "child"}

// bothShown: the age is not settled, so both rules are shown.
func (s *scoring) bothShown() bool {
	return !s.ageSettled
}

func (s *scoring) population() PopulationResult {
	switch {
	case s.met[adult] && s.met[child]:
		return PopulationResult{Rule: "both"}
	case s.met[adult]:
		return PopulationResult{Rule: "adult"}
	}
	return PopulationResult{Rule: "child", PresumedChild: s.bothShown()}
}

func (s *scoring) findings(f *findings, population int) (outcomes, dims []Finding) {
	outcomes, dims = make([]Finding, len(f.outcomes)), make([]Finding, len(f.dims))
	for i, sp := range f.outcomes {
		o := &s.profile.Outcomes[i]
		outcomes[i] = s.finding(o.ID, o.Kind, sp, target{targetOutcome, i, population})
	}
	for i, sp := range f.dims {
		dims[i] = s.finding(s.pack.Dimensions[i].ID, "dimension", sp, target{targetDimension, i, population})
	}
	return outcomes, dims
}

// finding turns a span into certain, possible and a state. A span that could
// still become true is only a bound: where two indicators want different
// answers to one question, an example has to prove it.
func (s *scoring) finding(id, kind string, sp span, t target) Finding {
	f := Finding{ID: id, Kind: kind, Certain: sp.lo == triTrue}
	f.Possible = f.Certain || sp.hi == triTrue && s.reachable(t)
	switch {
	case f.Certain:
		f.State = Established
	case f.Possible:
		f.State = Open
	case sp.hi == triUnanswered || sp.hi == triTrue && s.unanswered:
		f.State = LeftUnanswered
	default:
		f.State = NotSeen
	}
	return f
}

func (s *scoring) reachable(t target) bool {
	if s.prover == nil {
		s.prover = s.growProver()
	}
	yes, exact := s.prover.reachable(t)
	s.exact = s.exact && exact
	return yes
}

// growProver tells the prover to which populations nothing leads. Where there
// were too many ways for cases, both were visited, whether anything leads there
// or not.
func (s *scoring) growProver() *prover {
	p := newProver(s.board)
	cases := s.exact
	for population, met := range s.met {
		leads, exact := met, true
		if met && !cases {
			leads, exact = p.meets(p.grove.leads(population))
		}
		p.grove.nobody[population] = !leads && exact
	}
	return p
}

func (s *scoring) present() []Present {
	out := []Present{}
	for i, sp := range s.all.indicators {
		if sp.lo != triTrue {
			continue
		}
		row := &s.pack.Indicators[i]
		counts := false
		for population, st := range s.board.prog.indicators[i].strength {
			counts = counts || st != absent && (s.met[population] || s.bothShown())
		}
		if counts {
			out = append(out, Present{row.ID, row.Dimension, row.Strength, s.because(i)})
		}
	}
	return out
}

// because lists the answers that make an indicator true, in pack order.
func (s *scoring) because(i int) []Reason {
	b := s.board
	var used []int
	var walk func(n *node)
	walk = func(n *node) {
		if n.kind == nodeAtom {
			if !containsInt(used, n.q) && b.readings[n.q].state == Given {
				used = append(used, n.q)
			}
			return
		}
		kids := n.kids
		if n.gate {
			kids = kids[1:]
		}
		for _, kid := range kids {
			if b.about(kid).lo == triTrue {
				walk(kid)
			}
		}
	}
	walk(b.prog.indicators[i].when)
	sortInts(used)
	out := make([]Reason, len(used))
	for i, q := range used {
		out[i] = Reason{b.prog.questions[q].name, b.readings[q].values}
	}
	return out
}

// unansweredQuestions lists what was asked without an answer, where an
// indicator that counts is still undecided because of it.
func (s *scoring) unansweredQuestions() []Unanswered {
	var out []Unanswered
	for qi, q := range s.board.prog.questions {
		r := s.board.readings[qi]
		if s.board.open(qi) || r.state == Given && !r.partial {
			continue
		}
		state := r.state
		if r.partial {
			state = NotKnown
		}
		waits := s.bothShown() && containsInt(s.board.prog.adultQuestions, qi)
		for _, i := range q.usedBy {
			sp := s.all.indicators[i]
			waits = waits || sp.lo != triTrue && sp.hi != triFalse
		}
		if waits {
			out = append(out, Unanswered{q.name, state})
		}
	}
	return out
}

func containsInt(list []int, n int) bool {
	for _, e := range list {
		if e == n {
			return true
		}
	}
	return false
}
