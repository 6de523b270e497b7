package abm

import "math"

// travelAll moves everybody who is on a link. While no camp is about to fill,
// the order does not matter. Otherwise people go in random order, large cohorts
// in slices: those who come late find a camp as the early ones left it.
func (k *cohortCore) travelAll() {
	if k.sweeps() {
		k.travelCrowd()
		return
	}
	started := len(k.stack)
	roads := len(k.road.list)
	slices := k.slices(k.stack)
	if slices == 0 {
		for i := range roads {
			k.start(k.road.list[i])
			k.finish(started)
		}
		for i := range started {
			k.start(k.stack[i])
			k.finish(started)
		}
		k.stack = k.stack[:0]
		return
	}
	k.order = k.order[:0]
	for i := range roads + started {
		k.order = append(k.order, int32(i))
		j := k.w.rng.below(uint64(i + 1))
		k.order[i], k.order[j] = k.order[j], k.order[i]
	}
	for s := int64(0); s < slices; s++ {
		for n, i := range k.order {
			var c cohort
			if int(i) < roads {
				c = k.road.list[i]
			} else {
				c = k.stack[int(i)-roads]
			}
			if slices > 1 {
				// The offset spreads the people of small cohorts over all slices.
				offset := int64(n) % slices
				c.n = (c.n*(s+1)+offset)/slices - (c.n*s+offset)/slices
			}
			if c.n > 0 {
				k.start(c)
				k.finish(started)
			}
		}
	}
	k.stack = k.stack[:0]
}

// maxSlices bounds how finely a day is cut when camps fill.
const maxSlices = 64

// slices is how finely today's travel must be cut: so that a slice brings a
// filling camp a fifth of the band in which its attraction falls, and no cohort
// brings half of it. 0 is when no camp can fill today.
func (k *cohortCore) slices(setOut []cohort) int64 {
	w := k.w
	k.inbound = reuse(k.inbound, w.places)
	var total, largest int64
	for _, list := range [][]cohort{k.road.list, setOut} {
		for i := range list {
			k.inbound[w.links[list[i].where].to] += list[i].n
			total += list[i].n
			largest = max(largest, list[i].n)
		}
	}
	slices := int64(0)
	for p := range w.places {
		limit := w.limit[p]
		if limit <= 0 || w.capMul[p] < 0.5 || float64(w.present[p]+total) <= w.set.CapacityBuffer*limit {
			continue
		}
		band := math.Max(1, limit*(1-w.set.CapacityBuffer))
		slices = max(slices, 1, int64(float64(k.inbound[p])/(0.2*band)), int64(float64(largest)/(0.5*band)))
	}
	return min(slices, maxSlices)
}

// start moves a cohort over its link, or one by one when it is small: after a
// few forks a small cohort is single people anyway.
func (k *cohortCore) start(c cohort) {
	if c.n > fewPeople {
		k.travel(c)
		return
	}
	n := c.n
	c.n = 1
	for range n {
		k.single(c)
	}
}

// fewPeople is the size up to which people are moved one by one.
const fewPeople = 3

// single is the rest of the day of one person on a link. It says what travel,
// advance, decide and choose say, for one, without the stack.
func (k *cohortCore) single(c cohort) {
	w := k.w
	for {
		l := &w.links[c.where]
		v := l.speed
		if k.onFoot && c.first || l.walk > 0 && w.rng.chance(l.walk) {
			v = k.walk
		}
		c.metres += v
		c.moved += v
		if c.metres <= l.metres {
			c.recent = k.newRecent(c.recent, c.moved, l.to)
			c.moved, c.stops = 0, 0
			k.nextRoad.add(c)
			return
		}
		c.first = false
		c.moved += l.metres - c.metres
		c.moved = w.covered(c.moved, c.where, c.metres-v)
		if w.closed[c.where] != 0 {
			c.where, c.route = l.from, 0
			w.move(l.from, 1)
			k.settle(c)
			return
		}
		c.where, c.metres = l.to, 0
		w.move(l.to, 1)
		if c.stops++; c.moved >= v || c.stops >= maxStops {
			k.settle(c)
			return
		}
		if k.returns || w.forcedOut[c.where] >= 0 {
			k.arrive(c, v)
			return
		}
		p := w.moveChance[c.where]
		if c.route != 0 || k.forced(&c) {
			p = 1
		}
		if p < 1 && w.rng.unit() >= p {
			k.settle(c)
			return
		}
		if c.route != 0 {
			k.follow(c)
			return
		}
		t := w.routes.table(w.classes.behaviourOf(c.class), c.where)
		i := t.draw(&w.rng)
		if i < 0 || !w.admits(t.paths[i].final) {
			k.settle(c)
			return
		}
		path := &t.paths[i]
		if w.links[path.first].sea >= 0 {
			k.take(c, path)
			return
		}
		w.move(c.where, -1)
		if len(w.flows) > 0 {
			w.flows[path.first]++
		}
		c.where, c.route = path.first, path.rest
	}
}

// finish empties the stack down to a height.
func (k *cohortCore) finish(height int) {
	for len(k.stack) > height {
		c := k.stack[len(k.stack)-1]
		k.stack = k.stack[:len(k.stack)-1]
		if c.metres < 0 {
			k.choose(c)
			continue
		}
		k.start(c)
	}
}
