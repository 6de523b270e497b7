package indicator

import (
	"math/bits"
	"slices"
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

// How often one search looks at its tree: less often where the tree is large,
// so that a pack made to be hard takes no longer than others.
const (
	maxLooks = 1500
	minLooks = 40
	maxSeen  = 600_000 // looks times nodes
)

func (s *seeker) refill() {
	s.budget = min(maxLooks, max(minLooks, maxSeen/max(1, len(s.order))))
}

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

// places are a search's notes by tree number. They are as many as the grove
// has trees, so searches that follow each other share them.
type places struct {
	seen  []bool
	leafQ []int // index into qs
	state []treeState
	cost  []int
	cut   []int
}

func newPlaces(n int) *places {
	return &places{make([]bool, n), make([]int, n), make([]treeState, n), make([]int, n), make([]int, n)}
}

type seeker struct {
	*places
	root     *tree
	order    []*tree // kids before parents
	qs       []seekQuestion
	budget   int
	prepared bool
	// A look visits only what a pick or a ban changed. By place in order: who
	// hangs on it, and one bit for what to visit; by question: its leaves.
	parents [][]int32
	dirty   []uint64
	leaves  [][]int32
	looked  bool
	// scratch for sorting small lists
	scratch, rest []int
}

// newSeeker prepares a search. answers gives the rows that may be tried.
func newSeeker(g *grove, root *tree, answers func(q *question) []row) *seeker {
	s := &seeker{root: root, budget: maxLooks}
	if root == treeMet || root == treeBroken {
		return s
	}
	s.places = g.takePlaces()
	clear(s.seen)
	var walk func(t *tree)
	walk = func(t *tree) {
		if s.seen[t.num] {
			return
		}
		s.seen[t.num] = true
		for _, kid := range t.kids {
			walk(kid)
		}
		s.order = append(s.order, t)
	}
	walk(root)
	s.refill()
	s.gatherQuestions(g.b, answers)
	return s
}

// takePlaces gives the places of a search that is over, if they are enough.
func (g *grove) takePlaces() *places {
	p := g.spare
	g.spare = nil
	if p == nil || len(p.seen) < g.count {
		p = newPlaces(g.count + g.count/4)
	}
	return p
}

// over leaves a search's places to the next one.
func (s *seeker) over(g *grove) {
	if s.places != nil {
		g.spare = s.places
	}
}

// linkParents says who hangs on whom. Only a second look needs it.
func (s *seeker) linkParents() {
	at, many := make([]int32, len(s.state)), make([]int32, len(s.order))
	links := 0
	for i, t := range s.order {
		at[t.num] = int32(i)
		links += len(t.kids)
		for _, kid := range t.kids {
			many[at[kid.num]]++
		}
	}
	s.parents, s.leaves = make([][]int32, len(s.order)), make([][]int32, len(s.qs))
	s.dirty = make([]uint64, (len(s.order)+63)/64)
	all := make([]int32, links)
	for i, n := range many {
		s.parents[i], all = all[:0:n], all[n:]
	}
	for i, t := range s.order {
		for _, kid := range t.kids {
			s.parents[at[kid.num]] = append(s.parents[at[kid.num]], int32(i))
		}
		if t.kind == treeLeaf {
			q := s.leafQ[t.num]
			s.leaves[q] = append(s.leaves[q], int32(i))
		}
	}
}

// give answers a question with one of its candidates, or opens it again (-1).
func (s *seeker) give(q, pick int) {
	s.qs[q].pick = pick
	s.touch(q)
}

func (s *seeker) ban(q int, banned uint64) {
	if s.qs[q].banned != banned {
		s.qs[q].banned = banned
		s.touch(q)
	}
}

func (s *seeker) touch(q int) {
	if s.looked {
		if s.parents == nil {
			s.linkParents()
		}
		s.mark(s.leaves[q])
	}
}

func (s *seeker) mark(places []int32) {
	for _, i := range places {
		s.dirty[i>>6] |= 1 << (i & 63)
	}
}

// prepare does what only a search needs, not a look.
func (s *seeker) prepare() {
	if !s.prepared {
		s.prepared, s.looked = true, false
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
	wants := make([]wants, len(b.prog.questions))
	var list []int
	for _, t := range s.order {
		if t.kind != treeLeaf {
			continue
		}
		if wants[t.q].none() {
			list = append(list, t.q)
		}
		wants[t.q].add(t)
	}
	sort.Ints(list)
	at := make([]int, len(b.prog.questions))
	s.qs = make([]seekQuestion, 0, len(list))
	for _, q := range list {
		sq := seekQuestion{q: q, pick: -1}
		sq.cands = bestAnswers(answers(b.prog.questions[q]), wants[q])
		at[q] = len(s.qs)
		s.qs = append(s.qs, sq)
	}
	for _, t := range s.order {
		if t.kind == treeLeaf {
			s.leafQ[t.num] = at[t.q]
		}
	}
}

// wants are the atoms that leaves want true, false, not true and not false.
type wants struct{ yes, no, notYes, notNo uint32 }

func (w *wants) none() bool { return w.yes|w.no|w.notYes|w.notNo == 0 }

func (w *wants) add(t *tree) {
	bit := uint32(1) << t.atom
	switch {
	case t.want && t.loose:
		w.notNo |= bit
	case t.want:
		w.yes |= bit
	case t.loose:
		w.notYes |= bit
	default:
		w.no |= bit
	}
}

// served are those of the wants that an answer serves.
func (w *wants) served(by row) wants {
	return wants{w.yes & by.yes, w.no & by.no, w.notYes &^ by.yes, w.notNo &^ by.no}
}

// within says whether b serves all that w serves.
func (w *wants) within(b *wants) bool {
	return w.yes&^b.yes|w.no&^b.no|w.notYes&^b.notYes|w.notNo&^b.notNo == 0
}

// bestAnswers keeps the answers that serve some leaf and are not bettered by
// another answer; of equals the first.
func bestAnswers(domain []row, all wants) []row {
	for _, w := range domain {
		if all.served(w) == all {
			return []row{w} // serves everything
		}
	}
	var out []row
	for i, w := range domain {
		a := all.served(w)
		keep := !a.none()
		for j, other := range domain {
			b := all.served(other)
			if j == i || !a.within(&b) {
				continue
			}
			keep = keep && a == b && i < j
		}
		if keep && len(out) < 64 {
			out = append(out, w)
		}
	}
	return out
}

func (t *tree) servedBy(w row) bool {
	bits := w.no
	switch {
	case t.want && t.loose:
		bits = ^w.no
	case t.want:
		bits = w.yes
	case t.loose:
		bits = ^w.yes
	}
	return bits>>t.atom&1 == 1
}

// use is in how many places one solution could use a question.
type use struct{ q, n int }

// chargeQuestions sets each question's cost per use.
func (s *seeker) chargeQuestions(size int) {
	uses := make([][]use, size)
	columns := make([][]int, len(s.qs))
	var touched []int
	for _, t := range s.order {
		if t.kind == treeLeaf {
			uses[t.num] = []use{{s.leafQ[t.num], 1}}
			continue
		}
		most := t.need
		if t.kind == treeRule {
			most = t.mostNeeded()
		}
		touched = touched[:0]
		for _, kid := range t.kids {
			for _, u := range uses[kid.num] {
				if len(columns[u.q]) == 0 {
					touched = append(touched, u.q)
				}
				columns[u.q] = append(columns[u.q], -u.n)
			}
		}
		list := make([]use, 0, len(touched))
		for _, q := range touched {
			if n := -sumSmallest(columns[q], min(most, len(columns[q]))); n > 0 {
				list = append(list, use{q, n})
			}
			columns[q] = columns[q][:0]
		}
		uses[t.num] = list
	}
	for q := range s.qs {
		s.qs[q].cost = unit
	}
	for _, u := range uses[s.root.num] {
		s.qs[u.q].cost = unit / u.n
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
	if !s.looked {
		clear(s.dirty)
		for _, t := range s.order {
			s.lookAt(t)
		}
		s.looked = true
		return s.state[s.root.num]
	}
	for w := 0; w < len(s.dirty); {
		if s.dirty[w] == 0 {
			w++
			continue
		}
		i := w<<6 + bits.TrailingZeros64(s.dirty[w])
		s.dirty[w] &= s.dirty[w] - 1
		t := s.order[i]
		state, cost, cut := s.state[t.num], s.cost[t.num], s.cut[t.num]
		s.lookAt(t)
		if state != s.state[t.num] || cost != s.cost[t.num] || cut != s.cut[t.num] {
			s.mark(s.parents[i]) // parents come later in order
		}
	}
	return s.state[s.root.num]
}

func (s *seeker) lookAt(t *tree) {
	switch t.kind {
	case treeLeaf:
		s.lookLeaf(t)
	case treeAtLeast:
		s.lookAtLeast(t)
	default:
		s.lookRule(t)
	}
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
	slices.Sort(list)
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
	s.rest = s.rest[:0]
	for st := range taken {
		costs := s.kidValues(t, s.cost, st)
		slices.Sort(costs)
		s.rest = append(s.rest, costs[taken[st]:]...)
	}
	return sum + sumSmallest(s.rest, total)
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

// answersToTry collects, by question, the answers that serve a cut of the open
// tree t.
func (s *seeker) answersToTry(t *tree, out []uint64) {
	switch t.kind {
	case treeLeaf:
		q := s.leafQ[t.num]
		for i, w := range s.qs[q].cands {
			if t.servedBy(w) {
				out[q] |= 1 << i
			}
		}
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
func (s *seeker) smallestKids(t *tree, need, strength int, out []uint64) {
	var kids []*tree
	for i, kid := range t.kids {
		if s.state[kid.num] == stateOpen && (strength == everyStrength || int(t.strengths[i]) == strength) {
			kids = append(kids, kid)
		}
	}
	slices.SortStableFunc(kids, func(a, b *tree) int { return s.cut[a.num] - s.cut[b.num] })
	for _, kid := range kids[:len(kids)-need+1] {
		s.answersToTry(kid, out)
	}
}

// within says whether at most k more questions can meet the goal; the picks
// then show how. When the budget runs out it answers no.
func (s *seeker) within(k int) bool {
	if s.budget <= 0 {
		return false // or every branch left behind would be looked at once more
	}
	switch s.look() {
	case stateMet:
		return true
	case stateBroken:
		return false
	}
	if s.bound() > k {
		return false
	}
	serves := make([]uint64, len(s.qs))
	s.answersToTry(s.root, serves)
	before := make([]uint64, len(s.qs))
	tried := map[string]bool{}
	found := false
	for q := range s.qs {
		banned := s.qs[q].banned
		before[q] = banned
		found = found || s.tryQuestion(q, serves[q]&^banned, k, tried)
		if !found {
			s.ban(q, banned|serves[q])
		}
	}
	for q := range s.qs {
		s.ban(q, before[q])
	}
	return found
}

func (s *seeker) tryQuestion(q int, answers uint64, k int, tried map[string]bool) bool {
	sq := &s.qs[q]
	if answers == 0 || sq.banned == 0 && sq.sign != "" && tried[sq.sign] {
		return false
	}
	for i := range sq.cands {
		if answers>>i&1 == 0 {
			continue
		}
		s.give(q, i)
		if s.within(k - 1) {
			return true
		}
		s.give(q, -1)
	}
	if sq.banned == 0 {
		tried[sq.sign] = true
	}
	return false
}

// bound is the least number of questions still needed, after look.
func (s *seeker) bound() int { return (s.cost[s.root.num] + unit - 1) / unit }

// conflict says whether some question is wanted with different answers.
func (s *seeker) conflict() bool {
	for _, q := range s.qs {
		if len(q.cands) > 1 {
			return true
		}
	}
	return false
}

// contested says whether some question but the ignored has no answer that
// serves all of its leaves: two are wanted, or one that it cannot have.
func (s *seeker) contested(ignore func(q int) bool) bool {
	for _, t := range s.order {
		if t.kind != treeLeaf || ignore(t.q) {
			continue
		}
		if cands := s.qs[s.leafQ[t.num]].cands; len(cands) != 1 || !t.servedBy(cands[0]) {
			return true
		}
	}
	return false
}

// refusable says whether every question in the tree but the ignored has an
// answer, not known and declined among them, that serves no leaf. Then the
// worst completion is all of these together, and the goal is met by whoever
// meets its tree alone.
func (s *seeker) refusable(b *board, ignore func(q int) bool) bool {
	serves := map[int]wants{}
	for _, t := range s.order {
		if t.kind == treeLeaf && !ignore(t.q) {
			w := serves[t.q]
			w.add(t)
			serves[t.q] = w
		}
	}
	for q, all := range serves {
		refuses := false
		for _, w := range b.prog.questions[q].domain {
			served := all.served(w)
			refuses = refuses || served.none()
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
