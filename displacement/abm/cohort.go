package abm

// cohort is a number of exchangeable people: same place, same way ahead, same
// past as far as any rule can see.
type cohort struct {
	n      int64
	where  int32 // place, or link when travelling
	metres int32 // done on the link
	route  int32 // remaining route after the current link or place; 0 none
	class  uint32
	moved  int32 // metres today; always 0 between days
	recent uint8 // decayed travel index, in sixteenths of max_move_speed
	first  bool  // still on the first link of the journey
	stops  uint8 // passed today; always 0 between days
}

// maxStops bounds the places one person passes in a day. Only roads of a few
// hundred metres reach it; without it two zones 100 m apart would be crossed
// thousands of times a day.
const maxStops = 200

// cohortCore moves groups of exchangeable people by exact binomial and
// multinomial draws. Its cost follows the number of different situations, not
// the number of people.
type cohortCore struct {
	w          *world
	rest, road bag
	nextRest   bag
	nextRoad   bag
	stack      []cohort // travelling now
	counts     []int64
	inbound    []int64
	order      []int32
	max        int64 // metres per day, max_move_speed
	walk       int32
	stints     bool
	onFoot     bool
	returns    bool
	fine       float64 // largest change of capMul one group may cause
	travelling bool    // the travel phase has begun
	crowd      crowd
}

func (k *cohortCore) reset(w *world) {
	k.w = w
	k.rest.size(w.places)
	k.nextRest.size(w.places)
	k.rest.reset()
	k.road.reset()
	k.nextRest.reset()
	k.nextRoad.reset()
	k.stack = k.stack[:0]
	k.crowd.reset(w)
	k.max = int64(metres(w.set.MaxMoveSpeed))
	k.walk = metres(w.set.MaxWalkSpeed)
	k.stints, k.onFoot, k.returns = w.set.AvoidShortStints, w.set.StartOnFoot, w.set.Returns.Chance > 0
	if k.fine == 0 {
		k.fine = 0.02
	}
}

// place puts n new people somewhere, drawing their attributes.
func (k *cohortCore) place(at int32, n int64, home int32) {
	if n <= 0 {
		return
	}
	k.w.move(at, n)
	cl := &k.w.classes
	if cl.attr == 1 {
		k.rest.add(cohort{n: n, where: at, class: cl.class(0, home), first: k.onFoot})
		return
	}
	t := cl.weights(at)
	left, before := n, 0.0
	total := t[len(t)-1]
	for attr, cum := range t {
		if left == 0 {
			break
		}
		if cum > before {
			m := k.w.rng.binomial(left, (cum-before)/(total-before))
			if attr == len(t)-1 {
				m = left
			}
			if m > 0 {
				k.rest.add(cohort{n: m, where: at, class: cl.class(attr, home), first: k.onFoot})
			}
			left -= m
		}
		before = cum
	}
	if left > 0 { // the last weights were zero
		k.rest.add(cohort{n: left, where: at, class: cl.class(0, home), first: k.onFoot})
	}
}

func (k *cohortCore) placeAttr(at int32, attr int, home int32) {
	k.w.move(at, 1)
	k.rest.add(cohort{n: 1, where: at, class: k.w.classes.class(attr, home), first: k.onFoot})
}

// step moves everybody one day (facts, 2.4, steps 5 to 8).
func (k *cohortCore) step() {
	w := k.w
	k.nextRest.reset()
	k.nextRoad.reset()
	k.stack = k.stack[:0]
	k.travelling = false
	frozen := w.flee && w.set.AwarenessLevel < 1 // quirk 3
	// Camps first: those who leave a full camp make room for others (quirk 4).
	// Nobody arrives in this phase, so that no other order matters.
	for pass := range 2 {
		for i := range k.rest.list {
			c := k.rest.list[i]
			switch {
			case w.camp[c.where] != (pass == 0):
			case frozen:
				k.settle(c)
			default:
				k.decide(c, false)
			}
		}
	}
	k.travelling = true
	k.travelAll()
	w.sea.sail(w, func(place int32, p passenger) {
		w.move(place, p.n)
		k.settle(cohort{n: p.n, where: place, class: p.class})
	})
	k.rest, k.nextRest = k.nextRest, k.rest
	k.road, k.nextRoad = k.nextRoad, k.road
	if w.set.CampsAreSinks {
		k.drain()
	}
}

// settle ends the day of people at a place.
func (k *cohortCore) settle(c cohort) {
	if k.returns && k.w.arrivedHome(c.where, c.class) {
		k.w.move(c.where, -c.n)
		k.w.comeHome(c.where, c.n)
		return
	}
	c.recent = k.newRecent(c.recent, c.moved, c.where)
	c.moved, c.metres, c.stops = 0, 0, 0
	k.nextRest.add(c)
}

// recentUnit is the fineness of the travel index.
const recentUnit = 16

// newRecent is (recent + moved/max_move_speed)/2 rounded to sixteenths, halves
// down, and held at 1, above which it can change nothing. Both cores use it.
func newRecent(recent uint8, moved int32, max int64) uint8 {
	v := (int64(recent)*max + recentUnit*int64(moved) + max - 1) / (2 * max)
	if v > recentUnit {
		return recentUnit
	}
	return uint8(v)
}

func (k *cohortCore) newRecent(recent uint8, moved, place int32) uint8 {
	if !k.stints {
		return 0
	}
	return k.w.travelIndex(recent, moved, place, k.max)
}

// decide is MOVE of the facts: who leaves, and where to.
func (k *cohortCore) decide(c cohort, force bool) {
	w := k.w
	if k.returns && c.route == 0 {
		if p := w.goesHome(c.where, c.class); p > 0 {
			k.sendHome(&c, p)
		}
	}
	if c.n == 0 {
		return
	}
	p := w.moveChance[c.where]
	redirect := w.forcedOut[c.where]
	if redirect >= 0 && (w.closed[redirect] != 0 || !w.admits(w.links[redirect].to)) {
		redirect = -1
	}
	if c.route != 0 || force || redirect >= 0 {
		p = 1
	}
	leavers := w.rng.binomial(c.n, p)
	if leavers < c.n {
		stay := c
		stay.n -= leavers
		k.settle(stay)
	}
	if leavers == 0 {
		return
	}
	c.n = leavers
	switch {
	case redirect >= 0:
		c.route = 0
		k.enter(c, redirect)
	case c.route != 0:
		k.follow(c)
	default:
		k.choose(c)
	}
}

// sendHome starts the people of a cohort who go home today.
func (k *cohortCore) sendHome(c *cohort, p float64) {
	n := k.w.rng.binomial(c.n, p)
	if n == 0 {
		return
	}
	route := k.w.homeRoute.route(c.where, k.w.classes.home(c.class))
	if route == 0 {
		return
	}
	c.n -= n
	back := *c
	back.n, back.route = n, route
	k.follow(back)
}

// follow takes the next hop of a route; without an open way the people stay.
func (k *cohortCore) follow(c cohort) {
	w := k.w
	id := w.openLink(c.where, w.routes.hops[c.route])
	if id < 0 || !w.admits(w.routes.final(c.route)) {
		c.route = 0
		k.settle(c)
		return
	}
	c.route = w.routes.after(c.route)
	k.enter(c, id)
}

// choose spreads leavers over the routes. While a camp that can be reached is
// filling up, only as many choose at once as change its attraction a little,
// and those have arrived before the next choose.
func (k *cohortCore) choose(c cohort) {
	w := k.w
	c.metres = 0
	if k.crowd.on {
		k.chooseSwept(c)
		return
	}
	t := w.routes.table(w.classes.behaviourOf(c.class), c.where)
	if len(t.paths) == 0 {
		k.settle(c)
		return
	}
	if c.n == 1 {
		k.take(c, &t.paths[t.draw(&w.rng)])
		return
	}
	if k.travelling && len(t.limited) > 0 {
		if part := k.part(t, c.n); part < c.n {
			later := c
			later.n, later.metres = c.n-part, -1
			k.stack = append(k.stack, later)
			c.n = part
		}
	}
	if len(k.counts) < len(t.paths) {
		k.counts = make([]int64, 2*len(t.paths))
	}
	t.spread(&w.rng, c.n, k.counts)
	for i := range t.paths {
		if n := k.counts[i]; n > 0 {
			go1 := c
			go1.n = n
			k.take(go1, &t.paths[i])
		}
	}
}

// part is how many of n may choose together.
func (k *cohortCore) part(t *choice, n int64) int64 {
	w := k.w
	part := n
	for _, i := range t.limited {
		p := &t.paths[i]
		limit := w.limit[p.final]
		if limit <= 0 || w.capMul[p.final] < 0.5 || t.total <= 0 {
			continue
		}
		coming := float64(part) * p.weight / t.total
		band := float64(limit * (1 - w.set.CapacityBuffer))
		if float64(w.present[p.final])+2*coming+2 <= limit-band {
			continue
		}
		if most := k.fine * band * t.total / (p.weight + 1e-300); most < float64(part) {
			part = max(1, int64(most))
		}
	}
	return part
}

// take starts people on a path of the table of their place.
func (k *cohortCore) take(c cohort, p *pathway) {
	if !k.w.admits(p.final) {
		k.settle(c)
		return
	}
	c.route = p.rest
	k.enter(c, p.first)
}

// enter puts people on a link, or on a boat.
func (k *cohortCore) enter(c cohort, id int32) {
	w := k.w
	l := &w.links[id]
	if l.sea >= 0 {
		if !w.sea.season[l.sea] {
			k.settle(c)
			return
		}
		n := w.sea.embark(l.sea, passenger{-1, c.class, c.n})
		if len(w.flows) > 0 {
			w.flows[id] += int32(n)
		}
		if n > 0 {
			w.move(c.where, -n)
		}
		if c.n -= n; c.n > 0 {
			c.route = 0
			k.settle(c)
		}
		return
	}
	w.move(c.where, -c.n)
	if len(w.flows) > 0 {
		w.flows[id] += int32(c.n)
	}
	c.where, c.metres = id, 0
	if k.crowd.on {
		k.travel(c)
		return
	}
	k.stack = append(k.stack, c)
}

// travel is TRAVEL of the facts for one link.
func (k *cohortCore) travel(c cohort) {
	l := &k.w.links[c.where]
	v := l.speed
	if k.onFoot && c.first {
		v = k.walk
	} else if l.walk > 0 {
		if n := k.w.rng.binomial(c.n, l.walk); n > 0 {
			walkers := c
			walkers.n = n
			k.advance(walkers, l, k.walk)
			if c.n -= n; c.n == 0 {
				return
			}
		}
	}
	k.advance(c, l, v)
}

func (k *cohortCore) advance(c cohort, l *link, v int32) {
	w := k.w
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
		w.move(l.from, c.n)
		k.settle(c)
		return
	}
	c.where, c.metres = l.to, 0
	w.move(l.to, c.n)
	if k.crowd.on {
		k.reach(c, v)
		return
	}
	c.stops++
	k.arrive(c, v)
}

// arrive is what follows at the end of a link reached at speed v.
func (k *cohortCore) arrive(c cohort, v int32) {
	if c.moved >= v || c.stops >= maxStops || k.returns && k.w.arrivedHome(c.where, c.class) {
		k.settle(c)
		return
	}
	k.decide(c, k.forced(&c))
}

// forced is true for people in a town who have not come far lately.
func (k *cohortCore) forced(c *cohort) bool {
	return k.stints && k.w.town[c.where] && int64(c.recent)*k.max+recentUnit*int64(c.moved) < recentUnit*k.max
}

// drain is step 8: camps that are sinks let people go.
func (k *cohortCore) drain() {
	w := k.w
	list := k.rest.list
	kept := false
	for i := range list {
		c := &list[i]
		if w.camp[c.where] && w.sink[c.where] > 0 {
			n := w.rng.binomial(c.n, w.sink[c.where])
			c.n -= n
			w.move(c.where, -n)
			w.deactivated += n
			kept = kept || c.n == 0
		}
	}
	if !kept {
		return
	}
	k.nextRest.reset()
	for _, c := range list {
		if c.n > 0 {
			k.nextRest.add(c)
		}
	}
	k.rest, k.nextRest = k.nextRest, k.rest
}

// travellers are the people on links tonight.
func (k *cohortCore) travellers() int64 {
	var n int64
	for i := range k.road.list {
		n += k.road.list[i].n
	}
	return n
}

// each visits everybody at a place tonight.
func (k *cohortCore) each(visit func(place int32, class uint32, n int64)) {
	for i := range k.rest.list {
		c := &k.rest.list[i]
		visit(c.where, c.class, c.n)
	}
}
