package abm

// A graph of many places with short roads is passed at many stops a day. Moved
// one after the other, a crowd falls apart there into single people, and the
// cost follows the people. Instead the day is swept by distance: all who stand
// at a place after the same part of the day with the same travel index are one
// number, whatever way they came. That needs distances in steps (steps.go); with
// them the cost follows places, roads and steps, and is flat in people.

// crowdFrom is the number of people on the road per place from which a day is
// swept. Below it single people are cheaper.
const crowdFrom = 25

// crowdSlices is how finely a swept day is cut at most when a camp fills.
const crowdSlices = 32

// crowdBins bounds the steps in a day.
const crowdBins = 64

// crowd is the people at stops of a swept day, by the steps they have come.
type crowd struct {
	plain  []stops // people of one kind with no route ahead: nearly everybody
	rest   []bag   // the others
	passed bag
	on     bool     // today is swept
	setOut []cohort // memory
	gain   []int64  // people a camp gained yesterday
}

// stops are numbers of people by place and level of the travel index.
type stops struct {
	people int64
	n      []int64
}

func (k *crowd) reset(w *world) {
	bins := 0
	if w.step > 0 {
		bins = int(w.fastest/w.step) + 2
	}
	k.plain, k.rest = reuse(k.plain, bins), reuse(k.rest, bins)
	for m := range bins {
		k.plain[m].n = make([]int64, w.places*indexLevels)
	}
	k.gain = reuse(k.gain, w.places)
	k.on = false
}

// sweeps is true when today's travel is swept.
func (k *cohortCore) sweeps() bool {
	if k.w.step == 0 {
		return false
	}
	var n int64
	for _, list := range [][]cohort{k.road.list, k.stack} {
		for i := range list {
			n += list[i].n
		}
	}
	return n > crowdFrom*int64(k.w.places)
}

// travelCrowd moves everybody who is on a link, in slices while a camp fills, so
// that those who come from near do not take all the room.
func (k *cohortCore) travelCrowd() {
	w := k.w
	slices := k.crowdSlices()
	for p := range k.crowd.gain {
		k.crowd.gain[p] = -w.present[p]
	}
	setOut := k.stack
	k.stack = k.crowd.setOut[:0]
	k.crowd.on = true
	for s := int64(0); s < slices; s++ {
		n := int64(0)
		for _, list := range [][]cohort{k.road.list, setOut} {
			for _, c := range list {
				offset := n % slices
				n++
				if c.n = (c.n*(s+1)+offset)/slices - (c.n*s+offset)/slices; c.n > 0 {
					k.travel(c)
				}
			}
		}
		k.sweep()
	}
	k.crowd.on = false
	k.crowd.setOut, k.stack = k.stack[:0], setOut[:0]
	for p := range k.crowd.gain {
		k.crowd.gain[p] += w.present[p]
	}
}

// crowdSlices cuts the day by what the camps gained yesterday: a slice should
// bring a filling camp no more than a fifth of the band in which its attraction
// falls.
func (k *cohortCore) crowdSlices() int64 {
	w := k.w
	n := int64(1)
	for p, gain := range k.crowd.gain {
		limit := w.limit[p]
		if limit <= 0 || gain <= 0 || w.capMul[p] < 0.5 || float64(w.present[p]+2*gain) <= w.set.CapacityBuffer*limit {
			continue
		}
		n = max(n, 1+int64(float64(gain)/(0.02*limit*(1-w.set.CapacityBuffer))))
	}
	return min(n, crowdSlices)
}

// reach is what follows at a stop of a swept day: to rest, or to wait there for
// all others who have come as far.
func (k *cohortCore) reach(c cohort, v int32) {
	if c.moved >= v || k.returns && k.w.arrivedHome(c.where, c.class) {
		k.settle(c)
		return
	}
	c.stops = 0
	m := c.moved / k.w.step
	if c.route|int32(c.class) == 0 && !c.first {
		k.crowd.plain[m].add(c.where, c.recent, c.n)
		return
	}
	k.crowd.rest[m].add(c)
}

func (s *stops) add(place int32, recent uint8, n int64) {
	s.n[int(place)*indexLevels+int(recent/indexStep)] += n
	s.people += n
}

// sweep lets the people at stops decide again, those first who have come least
// far. People who gain no step on a road meet in another pass of their bin.
func (k *cohortCore) sweep() {
	for m := range k.crowd.plain {
		plain, rest := &k.crowd.plain[m], &k.crowd.rest[m]
		for pass := 1; plain.people > 0 || len(rest.list) > 0; pass++ {
			k.sweepPlain(plain, int32(m)*k.w.step, pass >= maxStops)
			*rest, k.crowd.passed = k.crowd.passed, *rest
			for _, c := range k.crowd.passed.list {
				if pass >= maxStops {
					k.settle(c)
				} else {
					k.decide(c, k.forced(&c))
				}
			}
			k.crowd.passed.reset()
		}
	}
}

func (k *cohortCore) sweepPlain(s *stops, moved int32, last bool) {
	for i := range s.n {
		n := s.n[i]
		if n == 0 {
			continue
		}
		s.n[i] = 0
		s.people -= n
		c := cohort{n: n, where: int32(i / indexLevels), recent: uint8(i % indexLevels * indexStep), moved: moved}
		if last {
			k.settle(c)
		} else {
			k.decide(c, k.forced(&c))
		}
	}
}

// chooseSwept is choose within a swept day. People who take a road travel it at
// once, so that a filling camp shows to the next part.
func (k *cohortCore) chooseSwept(c cohort) {
	w := k.w
	behaviour := w.classes.behaviourOf(c.class)
	for left := c.n; left > 0; {
		t := w.routes.table(behaviour, c.where)
		c.n = left
		if len(t.paths) == 0 {
			k.settle(c)
			return
		}
		if len(t.limited) > 0 {
			c.n = k.part(t, left)
		}
		left -= c.n
		if len(k.counts) < len(t.paths) {
			k.counts = make([]int64, 2*len(t.paths))
		}
		t.spread(&w.rng, c.n, k.counts)
		for i := range t.paths {
			if n := k.counts[i]; n > 0 {
				k.takeSwept(c, n, &t.paths[i])
			}
		}
	}
}

// takeSwept sends n of a cohort on a path: the short way for people without a
// route ahead who reach the end of a road today, the long way for all others.
func (k *cohortCore) takeSwept(c cohort, n int64, p *pathway) {
	w := k.w
	l := &w.links[p.first]
	if p.rest|int32(c.class) != 0 || k.returns || c.first || l.walk > 0 || l.metres >= l.speed || l.sea >= 0 || !w.admits(p.final) {
		c.n = n
		k.take(c, p)
		return
	}
	w.move(c.where, -n)
	w.move(l.to, n)
	if len(w.flows) > 0 {
		w.flows[p.first] += int32(n)
	}
	moved := c.moved + w.length[p.first]
	if moved >= l.speed {
		k.settle(cohort{n: n, where: l.to, recent: c.recent, moved: moved})
		return
	}
	k.crowd.plain[moved/w.step].add(l.to, c.recent, n)
}
