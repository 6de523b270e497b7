package abm

import (
	"cmp"
	"math"
	"slices"
)

// maxPaths bounds the paths weighed at one place. A high awareness level on a
// dense graph has more; the nearest are kept and the result says so.
const maxPaths = 5000

// pathway is one loop-free way out of a place.
type pathway struct {
	first  int32   // link to its first stop
	rest   int32   // hops after the first, in router.hops; 0 is none
	final  int32   // where it ends
	km     float64 // its felt length
	base   float64 // {(weight_softening + s)/(softening + km)^distance_power}^weight_power
	weight float64 // base * capMul^weight_power
}

// choice is the table of paths out of one place for one sort of people, kept as
// long as nothing that it depends on has changed.
type choice struct {
	graph, scores, caps uint32
	built               bool
	paths               []pathway
	cum                 []float64 // sums of weights up to each path
	limited             []int32   // paths ending at a place with a capacity
	total               float64
	uniform             bool // all weights zero: Flee then draws evenly
}

// router owns the tables and the arena of remaining routes. A route is an
// offset in hops; its hops run up to a -1. Offset 0 is the empty route.
type router struct {
	w       *world
	hops    []int32
	known   map[uint64][]int32
	tables  []choice // behaviour * places + place
	scratch []int32
}

func (r *router) build(w *world) {
	r.w = w
	r.hops = append(r.hops[:0], -1)
	if r.known == nil {
		r.known = map[uint64][]int32{}
	}
	clear(r.known)
	n := w.places * len(w.classes.behaviours)
	if cap(r.tables) < n {
		r.tables = append(r.tables[:cap(r.tables)], make([]choice, n-cap(r.tables))...)
	}
	r.tables = r.tables[:n]
	for i := range r.tables {
		r.tables[i].built = false
	}
}

// intern gives the offset of a sequence of places, the same for equal ones.
func (r *router) intern(stops []int32) int32 {
	if len(stops) == 0 {
		return 0
	}
	h := uint64(len(stops))
	for _, s := range stops {
		h = splitmix(h ^ uint64(uint32(s)))
	}
	for _, at := range r.known[h] {
		if slices.Equal(r.hops[at:int(at)+len(stops)], stops) && r.hops[int(at)+len(stops)] == -1 {
			return at
		}
	}
	at := int32(len(r.hops))
	r.hops = append(append(r.hops, stops...), -1)
	r.known[h] = append(r.known[h], at)
	return at
}

// final is the last stop of a route that is not empty.
func (r *router) final(route int32) int32 {
	for r.hops[route+1] >= 0 {
		route++
	}
	return r.hops[route]
}

// after drops the first hop.
func (r *router) after(route int32) int32 {
	if r.hops[route+1] < 0 {
		return 0
	}
	return route + 1
}

// table is the current choice at a place.
func (r *router) table(behaviour int, place int32) *choice {
	t := &r.tables[behaviour*r.w.places+int(place)]
	w := r.w
	if !t.built || t.graph != w.graphVersion {
		r.enumerate(t, place)
		t.built, t.graph, t.scores = true, w.graphVersion, w.scoreVersion-1
	}
	if t.scores != w.scoreVersion {
		r.weigh(t, behaviour, place)
		t.scores = w.scoreVersion
		r.accumulate(t)
		t.caps = w.capVersion
	} else if t.caps != w.capVersion {
		t.caps = w.capVersion
		if r.crowded(t) {
			r.accumulate(t)
		}
	}
	return t
}

// crowded is true when the capMul of an end differs from the one in use.
func (r *router) crowded(t *choice) bool {
	if r.w.set.FixedRoutes {
		return false
	}
	changed := false
	for _, i := range t.limited {
		p := &t.paths[i]
		if v := r.limitedWeight(p); v != p.weight {
			p.weight = v
			changed = true
		}
	}
	return changed
}

func (r *router) limitedWeight(p *pathway) float64 {
	m := r.w.capMul[p.final]
	if m == 1 {
		return p.base
	}
	if r.w.set.WeightPower == 1 {
		return p.base * m
	}
	return p.base * pow(m, r.w.set.WeightPower)
}

func (r *router) accumulate(t *choice) {
	s := &r.w.set
	best := 0.0
	for _, i := range t.limited {
		p := &t.paths[i]
		if p.weight = p.base; !s.FixedRoutes {
			p.weight = r.limitedWeight(p)
		}
	}
	prune := s.PruningThreshold > 1
	if prune {
		for i := range t.paths {
			best = math.Max(best, t.paths[i].weight)
		}
		best /= s.PruningThreshold
	}
	sum := 0.0
	t.cum = t.cum[:0]
	for i := range t.paths {
		p := &t.paths[i]
		if !prune || p.weight >= best {
			sum += p.weight
		}
		t.cum = append(t.cum, sum)
	}
	t.total, t.uniform = sum, !(sum > 0) || math.IsInf(sum, 1)
}

// enumerate lists the paths: depth first over open links, so that their order
// is that of the routes file.
func (r *router) enumerate(t *choice, place int32) {
	t.paths, t.limited = t.paths[:0], t.limited[:0]
	depth := r.w.set.AwarenessLevel
	if depth < 1 {
		depth = 1 // awareness 0: the next stops, all alike
	}
	r.scratch = append(r.scratch[:0], place)
	r.extend(t, place, depth, 0, -1)
	if len(t.paths) >= maxPaths {
		r.w.note("Some places have more paths within the awareness level than are weighed; the first 5000 found are.")
	}
	if r.w.set.FixedRoutes {
		r.addMajor(t, place)
	}
	for i := range t.paths {
		if p := &t.paths[i]; r.w.c.Places[p.final].Capacity > 0 || r.w.capacity[p.final] > 0 || r.w.grow[p.final] > 0 || r.w.full[p.final] || len(r.w.c.CapacityChanges) > 0 {
			t.limited = append(t.limited, int32(i))
		}
	}
}

func (r *router) extend(t *choice, at int32, depth int, km float64, first int32) {
	w := r.w
	for _, id := range w.outLinks(at) {
		l := &w.links[id]
		if w.closed[id] != 0 || slices.Contains(r.scratch, l.to) || l.sea >= 0 && !w.sea.inSeason(w, l.sea) {
			continue
		}
		if len(t.paths) >= maxPaths || len(r.scratch) > 64 {
			return
		}
		f := first
		if f < 0 {
			f = id
		}
		d := km + float64(float64(l.metres)/1000*l.pull)
		left := depth - 1
		r.scratch = append(r.scratch, l.to)
		if w.marker[l.to] {
			left = depth // a marker costs no hop and is no destination
		} else {
			t.paths = append(t.paths, pathway{first: f, rest: r.intern(r.scratch[2:]), final: l.to, km: d})
		}
		if left > 0 && l.sea < 0 { // after a crossing people decide anew
			r.extend(t, l.to, left, d, f)
		}
		r.scratch = r.scratch[:len(r.scratch)-1]
	}
}

// addMajor adds the pre-made routes of major_routes.csv that start or end here;
// fixed_routes counts a quarter of their length.
func (r *router) addMajor(t *choice, place int32) {
	for _, stops := range r.w.c.MajorRoutes {
		for _, forward := range []bool{true, false} {
			way := slices.Clone(stops)
			if !forward {
				slices.Reverse(way)
			}
			if int32(way[0]) != place {
				continue
			}
			r.scratch = r.scratch[:0]
			km, first, ok := 0.0, int32(-1), true
			for i := 1; i < len(way); i++ {
				id := r.w.openLink(int32(way[i-1]), int32(way[i]))
				if id < 0 || r.w.links[id].sea >= 0 {
					ok = false
					break
				}
				if first < 0 {
					first = id
				} else {
					r.scratch = append(r.scratch, int32(way[i]))
				}
				km += float64(r.w.links[id].metres) / 1000
			}
			if ok {
				t.paths = append(t.paths, pathway{first: first, rest: r.intern(r.scratch), final: int32(way[len(way)-1]), km: km / 4})
			}
		}
	}
}

// weigh computes the part of the weights that crowding does not change.
func (r *router) weigh(t *choice, behaviour int, place int32) {
	s := &r.w.set
	b := &r.w.classes.behaviours[behaviour]
	for i := range t.paths {
		p := &t.paths[i]
		if s.AwarenessLevel < 1 {
			p.base, p.weight = 1, 1
			continue
		}
		score := r.w.classes.score(r.w, b, place, p.final)
		x := (s.WeightSoftening + score) / pow(s.Softening+p.km, s.DistancePower)
		p.base = pow(x, s.WeightPower)
		if s.FixedRoutes {
			p.base *= score
		}
		if math.IsNaN(p.base) || p.base < 0 {
			p.base = 0
		} else if math.IsInf(p.base, 1) {
			p.base = 1e300
		}
		p.weight = p.base
	}
	if s.FixedRoutes {
		keepBest(t)
	}
}

// keepBest leaves one path per destination with any weight: the strongest.
func keepBest(t *choice) {
	order := make([]int, len(t.paths))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(t.paths[b].base, t.paths[a].base) })
	seen := map[int32]bool{}
	for _, i := range order {
		if seen[t.paths[i].final] {
			t.paths[i].base, t.paths[i].weight = 0, 0
		}
		seen[t.paths[i].final] = true
	}
}

// draw picks one path; -1 when there is none.
func (t *choice) draw(rng *stream) int {
	n := len(t.cum)
	if n == 0 {
		return -1
	}
	if t.uniform {
		return int(rng.below(uint64(n)))
	}
	u := rng.unit() * t.total
	if n <= 16 {
		for i, c := range t.cum {
			if u < c {
				return i
			}
		}
	} else {
		low, high := 0, n
		for low < high {
			if mid := (low + high) / 2; t.cum[mid] <= u {
				low = mid + 1
			} else {
				high = mid
			}
		}
		if low < n {
			return low
		}
	}
	// u met the total in the last bit: the last path with weight.
	for i := n - 1; i > 0; i-- {
		if t.cum[i] > t.cum[i-1] {
			return i
		}
	}
	return 0
}

// drawEach is the number of people per path up to which drawing each person's
// path is cheaper than drawing each path's people.
const drawEach = 6

// spread draws n people over the paths into counts.
func (t *choice) spread(rng *stream, n int64, counts []int64) {
	k := len(t.paths)
	clear(counts[:k])
	if n < drawEach*int64(k) || n < 8 {
		for range n {
			counts[t.draw(rng)]++
		}
		return
	}
	left := n
	if t.uniform {
		for i := 0; i < k-1 && left > 0; i++ {
			counts[i] = rng.binomial(left, 1/float64(k-i))
			left -= counts[i]
		}
		counts[k-1] = left
		return
	}
	before := 0.0
	last := 0
	for i := 0; i < k && left > 0; i++ {
		w := t.cum[i] - before
		if w > 0 {
			counts[i] = rng.binomial(left, w/(t.total-before))
			left -= counts[i]
			last = i
		}
		before = t.cum[i]
	}
	counts[last] += left
}
