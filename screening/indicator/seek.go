package indicator

import (
	"sort"
	"strconv"
	"strings"
)

// Searching a goal's tree for answers that meet it: a depth-first search that
// always branches on a cut (a set of leaves of which every solution uses at
// least one), prunes by a lower bound on how many more questions are needed,
// tries interchangeable questions once, and is deepened question by question
// when the fewest are asked for.
//
// The lower bound adds up costs over the tree. A question that can serve in
// several places is charged, in each, its unit divided by the number of places
// one solution could use it in; no solution is then charged more than it pays.

// unit is the cost of one question; divisible by 1 to 16 without rest.
const unit = 720720

// seekBudget bounds how often one search looks at its tree.
const seekBudget = 1500

type treeState uint8

const (
	stateOpen treeState = iota
	stateMet
	stateBroken
)

type seekQuestion struct {
	q     int
	cands []row // the answers worth trying: none is bettered by another
	pick  int   // index into cands, -1 while open
	// banned marks answers already tried above in the search.
	banned uint64
	cost   int
	sign   string // equal signs: interchangeable; empty: not comparable
}

type seeker struct {
	root     *tree
	order    []*tree // kids before parents
	qs       []seekQuestion
	leafQ    []int // by tree number: index into qs
	state    []treeState
	cost     []int
	cut      []int
	budget   int
	prepared bool
	// scratch for sorting small lists
	scratch []int
}

// newSeeker prepares a search. answers gives the rows that may be tried.
func newSeeker(b *board, root *tree, answers func(q *question) []row) *seeker {
	s := &seeker{root: root, budget: seekBudget}
	if root == treeMet || root == treeBroken {
		return s
	}
	size := 0
	seen := make([]bool, root.num+1) // kids have smaller numbers than their parents as a rule; grown where not
	var walk func(t *tree)
	walk = func(t *tree) {
		if t.num >= len(seen) {
			seen = append(seen, make([]bool, t.num+1-len(seen))...)
		}
		if seen[t.num] {
			return
		}
		seen[t.num] = true
		for _, kid := range t.kids {
			walk(kid)
		}
		s.order = append(s.order, t)
		size = max(size, t.num+1)
	}
	walk(root)
	s.leafQ = make([]int, size)
	s.state, s.cost, s.cut = make([]treeState, size), make([]int, size), make([]int, size)
	s.gatherQuestions(b, answers)
	return s
}

// prepare does what only a search needs, not a look.
func (s *seeker) prepare() {
	if !s.prepared {
		s.prepared = true
		s.chargeQuestions(len(s.state))
		s.signQuestions(len(s.state))
	}
}

// search is within for a caller from outside.
func (s *seeker) search(k int) bool {
	s.prepare()
	return s.within(k)
}

// gatherQuestions lists the open questions in pack order with the answers
// worth trying.
func (s *seeker) gatherQuestions(b *board, answers func(q *question) []row) {
	wantTrue, wantFalse := make([]uint32, len(b.prog.questions)), make([]uint32, len(b.prog.questions))
	var list []int
	for _, t := range s.order {
		if t.kind != treeLeaf {
			continue
		}
		if wantTrue[t.q]|wantFalse[t.q] == 0 {
			list = append(list, t.q)
		}
		if t.want {
			wantTrue[t.q] |= 1 << t.atom
		} else {
			wantFalse[t.q] |= 1 << t.atom
		}
	}
	sort.Ints(list)
	at := make([]int, len(b.prog.questions))
	s.qs = make([]seekQuestion, 0, len(list))
	for _, q := range list {
		sq := seekQuestion{q: q, pick: -1}
		sq.cands = bestAnswers(answers(b.prog.questions[q]), wantTrue[q], wantFalse[q])
		at[q] = len(s.qs)
		s.qs = append(s.qs, sq)
	}
	for _, t := range s.order {
		if t.kind == treeLeaf {
			s.leafQ[t.num] = at[t.q]
		}
	}
}

// bestAnswers keeps the answers that serve some leaf and are not bettered by
// another answer; of equals the first.
func bestAnswers(domain []row, wantTrue, wantFalse uint32) []row {
	serve := func(w row) row { return row{w.yes & wantTrue, w.no & wantFalse} }
	for _, w := range domain {
		if serve(w) == (row{wantTrue, wantFalse}) {
			return []row{w} // serves everything
		}
	}
	var out []row
	for i, w := range domain {
		a := serve(w)
		keep := a.yes|a.no != 0
		for j, other := range domain {
			b := serve(other)
			if j == i || a.yes&^b.yes != 0 || a.no&^b.no != 0 {
				continue
			}
			// b serves all that a serves.
			keep = keep && a == b && i < j
		}
		if keep && len(out) < 64 {
			out = append(out, w)
		}
	}
	return out
}

func (t *tree) servedBy(w row) bool {
	if t.want {
		return w.yes>>t.atom&1 == 1
	}
	return w.no>>t.atom&1 == 1
}

// chargeQuestions sets each question's cost per use.
func (s *seeker) chargeQuestions(size int) {
	uses := make([][]int, size)
	column := make([]int, 0, 32)
	for _, t := range s.order {
		u := make([]int, len(s.qs))
		if t.kind == treeLeaf {
			u[s.leafQ[t.num]] = 1
			uses[t.num] = u
			continue
		}
		most := t.need
		if t.kind == treeRule {
			most = t.mostNeeded()
		}
		for q := range u {
			column = column[:0]
			for _, kid := range t.kids {
				if n := uses[kid.num][q]; n > 0 {
					column = append(column, -n)
				}
			}
			sortInts(column)
			for i := 0; i < len(column) && i < most; i++ {
				u[q] -= column[i]
			}
		}
		uses[t.num] = u
	}
	for q := range s.qs {
		s.qs[q].cost = unit / max(1, uses[s.root.num][q])
	}
}

// mostNeeded is how many more kids any clause of the rule can ask for.
func (t *tree) mostNeeded() int {
	most := 0
	for c := range t.clauses {
		n, already := 0, 0
		for st, need := range t.clauses[c].need {
			n += max(0, need-t.have[st])
			already += t.have[st]
		}
		most = max(most, n, t.clauses[c].total-already)
	}
	return most
}

// signQuestions gives interchangeable questions the same sign: one answer
// worth trying, which serves every leaf of the question, and the same places
// in the tree.
func (s *seeker) signQuestions(size int) {
	parents := make([][]string, size)
	own := func(t *tree, i int) string {
		if t.kind == treeRule {
			return strconv.Itoa(t.num) + "/" + strconv.Itoa(int(t.strengths[i]))
		}
		return strconv.Itoa(t.num)
	}
	// From the root down, so that a small parent can be told by its own place.
	for i := len(s.order) - 1; i >= 0; i-- {
		t := s.order[i]
		place := ""
		if t.kind == treeAtLeast && len(t.kids) <= 3 && t != s.root {
			sort.Strings(parents[t.num])
			place = strings.Join(parents[t.num], "+")
		}
		for j, kid := range t.kids {
			where := own(t, j)
			if place != "" && len(place) < 200 {
				where = "(" + strconv.Itoa(t.need) + t.others(j) + "^" + place + ")"
			}
			parents[kid.num] = append(parents[kid.num], where)
		}
	}
	places := make([][]string, len(s.qs))
	for _, t := range s.order {
		if t.kind == treeLeaf {
			q := s.leafQ[t.num]
			places[q] = append(places[q], parents[t.num]...)
			if len(s.qs[q].cands) != 1 || !t.servedBy(s.qs[q].cands[0]) {
				places[q] = append(places[q], "alone "+strconv.Itoa(q))
			}
		}
	}
	for q := range s.qs {
		sort.Strings(places[q])
		s.qs[q].sign = strings.Join(places[q], " ")
	}
}

// others names a node's kids but one.
func (t *tree) others(but int) string {
	var nums []int
	for i, kid := range t.kids {
		if i != but {
			nums = append(nums, kid.num)
		}
	}
	sortInts(nums)
	out := ""
	for _, n := range nums {
		out += "," + strconv.Itoa(n)
	}
	return out
}

// look evaluates the tree under the picks and bans in force.
func (s *seeker) look() treeState {
	s.budget--
	for _, t := range s.order {
		switch t.kind {
		case treeLeaf:
			s.lookLeaf(t)
		case treeAtLeast:
			s.lookAtLeast(t)
		default:
			s.lookRule(t)
		}
	}
	return s.state[s.root.num]
}

func (s *seeker) set(t *tree, st treeState, cost, cut int) {
	s.state[t.num], s.cost[t.num], s.cut[t.num] = st, cost, cut
}

func (s *seeker) lookLeaf(t *tree) {
	q := &s.qs[s.leafQ[t.num]]
	if q.pick >= 0 {
		if t.servedBy(q.cands[q.pick]) {
			s.set(t, stateMet, 0, 0)
		} else {
			s.set(t, stateBroken, 0, 0)
		}
		return
	}
	for i, w := range q.cands {
		if q.banned>>i&1 == 0 && t.servedBy(w) {
			s.set(t, stateOpen, q.cost, 1)
			return
		}
	}
	s.set(t, stateBroken, 0, 0)
}

func (s *seeker) lookAtLeast(t *tree) {
	need := t.need
	costs := s.scratch[:0]
	for _, kid := range t.kids {
		switch s.state[kid.num] {
		case stateMet:
			need--
		case stateOpen:
			costs = append(costs, s.cost[kid.num])
		}
	}
	s.scratch = costs
	switch {
	case need <= 0:
		s.set(t, stateMet, 0, 0)
		return
	case need > len(costs):
		s.set(t, stateBroken, 0, 0)
		return
	}
	cost := sumSmallest(costs, need)
	cuts := costs[:0]
	for _, kid := range t.kids {
		if s.state[kid.num] == stateOpen {
			cuts = append(cuts, s.cut[kid.num])
		}
	}
	s.set(t, stateOpen, cost, sumSmallest(cuts, len(cuts)-need+1))
}

// sumSmallest sorts the list and adds up its first n.
func sumSmallest(list []int, n int) int {
	sortInts(list)
	sum := 0
	for _, v := range list[:n] {
		sum += v
	}
	return sum
}

func (s *seeker) lookRule(t *tree) {
	have, most := t.ruleCounts(s)
	if anyHolds(t.clauses, &have) {
		s.set(t, stateMet, 0, 0)
		return
	}
	cost, cut := -1, 0
	for c := range t.clauses {
		cl := &t.clauses[c]
		if !cl.holds(&most) {
			continue
		}
		if n := s.clauseCost(t, cl, &have); cost < 0 || n < cost {
			cost = n
		}
		_, n := s.clauseCut(t, cl, &have)
		cut += n
	}
	if cost < 0 {
		s.set(t, stateBroken, 0, 0)
		return
	}
	s.set(t, stateOpen, cost, cut)
}

func (t *tree) ruleCounts(s *seeker) (have, most [4]int) {
	have = t.have
	most = t.have
	for i, kid := range t.kids {
		switch s.state[kid.num] {
		case stateMet:
			have[t.strengths[i]]++
			most[t.strengths[i]]++
		case stateOpen:
			most[t.strengths[i]]++
		}
	}
	return have, most
}

// clauseCost is the cheapest way to what a clause still lacks: the cheapest of
// each strength it asks for, then the cheapest of what is left for its total.
func (s *seeker) clauseCost(t *tree, cl *clause, have *[4]int) int {
	total := cl.total
	for _, n := range have {
		total -= n
	}
	sum := 0
	var taken [4]int
	for st, need := range cl.need {
		if need <= have[st] {
			continue
		}
		costs := s.kidValues(t, s.cost, st)
		taken[st] = need - have[st]
		sum += sumSmallest(costs, taken[st])
		total -= taken[st]
	}
	if total <= 0 {
		return sum
	}
	var rest []int
	for st := range taken {
		costs := s.kidValues(t, s.cost, st)
		sortInts(costs)
		rest = append(rest, costs[taken[st]:]...)
	}
	return sum + sumSmallest(rest, total)
}

// everyStrength stands for all strengths in kidValues and clauseCut.
const everyStrength = -1

func (s *seeker) kidValues(t *tree, of []int, strength int) []int {
	list := s.scratch[:0]
	for i, kid := range t.kids {
		if s.state[kid.num] == stateOpen && (strength == everyStrength || int(t.strengths[i]) == strength) {
			list = append(list, of[kid.num])
		}
	}
	s.scratch = list
	return list
}

// clauseCut picks the strength, or the total, that leaves the fewest leaves to
// branch on, and says how many.
func (s *seeker) clauseCut(t *tree, cl *clause, have *[4]int) (strength, size int) {
	strength, size = everyStrength, -1
	lacks := func(st, need int) {
		if need <= 0 {
			return
		}
		cuts := s.kidValues(t, s.cut, st)
		if n := sumSmallest(cuts, len(cuts)-need+1); size < 0 || n < size {
			strength, size = st, n
		}
	}
	total := cl.total
	for st, need := range cl.need {
		lacks(st, need-have[st])
		total -= have[st]
	}
	lacks(everyStrength, total)
	return strength, size
}

// leavesToTry collects a cut of the open tree t.
func (s *seeker) leavesToTry(t *tree, out map[*tree]bool) {
	switch t.kind {
	case treeLeaf:
		out[t] = true
	case treeAtLeast:
		need := t.need
		for _, kid := range t.kids {
			if s.state[kid.num] == stateMet {
				need--
			}
		}
		s.smallestKids(t, need, everyStrength, out)
	default:
		have, most := t.ruleCounts(s)
		for c := range t.clauses {
			cl := &t.clauses[c]
			if !cl.holds(&most) {
				continue
			}
			strength, _ := s.clauseCut(t, cl, &have)
			need := cl.total - have[0] - have[1] - have[2] - have[3]
			if strength != everyStrength {
				need = cl.need[strength] - have[strength]
			}
			s.smallestKids(t, need, strength, out)
		}
	}
}

// smallestKids: of n open kids, need must be met, so one of any n-need+1 is.
func (s *seeker) smallestKids(t *tree, need, strength int, out map[*tree]bool) {
	var kids []*tree
	for i, kid := range t.kids {
		if s.state[kid.num] == stateOpen && (strength == everyStrength || int(t.strengths[i]) == strength) {
			kids = append(kids, kid)
		}
	}
	sort.SliceStable(kids, func(i, j int) bool { return s.cut[kids[i].num] < s.cut[kids[j].num] })
	for _, kid := range kids[:len(kids)-need+1] {
		s.leavesToTry(kid, out)
	}
}

// within says whether at most k more questions can meet the goal; the picks
// then show how. When the budget runs out it answers no.
func (s *seeker) within(k int) bool {
	switch s.look() {
	case stateMet:
		return true
	case stateBroken:
		return false
	}
	if s.budget <= 0 || s.bound() > k {
		return false
	}
	leaves := map[*tree]bool{}
	s.leavesToTry(s.root, leaves)
	serves := make([]uint64, len(s.qs)) // by question: answers that serve the cut
	for t := range leaves {
		q := s.leafQ[t.num]
		for i, w := range s.qs[q].cands {
			if t.servedBy(w) {
				serves[q] |= 1 << i
			}
		}
	}
	before := make([]uint64, len(s.qs))
	tried := map[string]bool{}
	found := false
	for q := range s.qs {
		sq := &s.qs[q]
		before[q] = sq.banned
		found = found || s.tryQuestion(sq, serves[q]&^sq.banned, k, tried)
		if !found {
			sq.banned |= serves[q]
		}
	}
	for q := range s.qs {
		s.qs[q].banned = before[q]
	}
	return found
}

func (s *seeker) tryQuestion(sq *seekQuestion, answers uint64, k int, tried map[string]bool) bool {
	if answers == 0 || sq.banned == 0 && sq.sign != "" && tried[sq.sign] {
		return false
	}
	for i := range sq.cands {
		if answers>>i&1 == 0 {
			continue
		}
		sq.pick = i
		if s.within(k - 1) {
			return true
		}
		sq.pick = -1
	}
	if sq.banned == 0 {
		tried[sq.sign] = true
	}
	return false
}

// bound is the least number of questions still needed, after look.
func (s *seeker) bound() int { return (s.cost[s.root.num] + unit - 1) / unit }

// conflict says whether some question is wanted with different answers.
func (s *seeker) conflict(ignore func(q int) bool) bool {
	for _, q := range s.qs {
		if len(q.cands) > 1 && !ignore(q.q) {
			return true
		}
	}
	return false
}

// refusable says whether every question in the tree has an answer, not known
// and declined among them, that serves no leaf. Then the worst completion is
// all of these together, and the goal is met by whoever meets its tree alone.
func (s *seeker) refusable(b *board) bool {
	serves := map[int]row{}
	for _, t := range s.order {
		if t.kind != treeLeaf {
			continue
		}
		w := serves[t.q]
		if t.want {
			w.yes |= 1 << t.atom
		} else {
			w.no |= 1 << t.atom
		}
		serves[t.q] = w
	}
	for q, want := range serves {
		refuses := false
		for _, w := range b.prog.questions[q].domain {
			refuses = refuses || w.yes&want.yes == 0 && w.no&want.no == 0
		}
		if !refuses {
			return false
		}
	}
	return true
}

// chosen lists the picked questions in pack order.
func (s *seeker) chosen() []int {
	var out []int
	for _, q := range s.qs {
		if q.pick >= 0 {
			out = append(out, q.q)
		}
	}
	return out
}
