package abm

// agent is one person. It is the same state as a cohort's, for one.
type agent struct {
	where  int32
	metres int32
	moved  int32
	route  int32
	class  uint32
	recent uint8
	first  bool
	state  agentState
}

type agentState uint8

const (
	resting agentState = iota
	onRoad
	afloat
	gone
)

// agentCore moves people one by one. It is written apart from the cohort core,
// from the same rules, to check it and to tell individual journeys.
type agentCore struct {
	w        *world
	people   []agent
	order    []int32 // of today's travellers
	max      int64
	walk     int32
	follow   int       // number of people whose journeys are kept
	journeys []Journey // of the first `follow` people
}

func (k *agentCore) reset(w *world, follow int) {
	k.w = w
	k.people = k.people[:0]
	k.max = int64(metres(w.set.MaxMoveSpeed))
	k.walk = metres(w.set.MaxWalkSpeed)
	k.follow, k.journeys = follow, nil
}

func (k *agentCore) place(at int32, n int64, home int32) {
	for range n {
		k.placeAttr(at, k.w.classes.drawAttr(&k.w.rng, at), home)
	}
}

func (k *agentCore) placeAttr(at int32, attr int, home int32) {
	k.w.move(at, 1)
	if len(k.people) < k.follow {
		k.journeys = append(k.journeys, Journey{Person: len(k.people), Stops: []Stop{{Day: k.w.day, Place: int(at)}}})
	}
	k.people = append(k.people, agent{where: at, class: k.w.classes.class(attr, home), first: k.w.set.StartOnFoot})
}

func (k *agentCore) step() {
	w := k.w
	if !(w.flee && w.set.AwarenessLevel < 1) { // quirk 3
		for pass := range 2 {
			for i := range k.people {
				// Whoever acted in the first pass is on the road, at sea or still
				// in a camp, so that nobody acts twice.
				if a := &k.people[i]; a.state == resting && w.camp[a.where] == (pass == 0) {
					k.decide(i, a, false)
				}
			}
		}
	}
	k.order = k.order[:0]
	for i := range k.people {
		if k.people[i].state == onRoad {
			k.order = append(k.order, int32(i))
			n := len(k.order)
			j := w.rng.below(uint64(n))
			k.order[n-1], k.order[j] = k.order[j], k.order[n-1]
		}
	}
	for _, i := range k.order {
		k.travel(int(i), &k.people[i])
	}
	for i := range k.people {
		a := &k.people[i]
		if a.state == resting || a.state == onRoad {
			if w.set.AvoidShortStints {
				place := a.where
				if a.state == onRoad {
					place = w.links[a.where].to
				}
				a.recent = w.travelIndex(a.recent, a.moved, place, k.max)
			}
			a.moved = 0
		}
	}
	w.sea.sail(w, func(place int32, p passenger) {
		w.move(place, 1)
		a := &k.people[p.agent]
		*a = agent{where: place, class: a.class}
		k.arrived(int(p.agent), a)
	})
	k.lose()
	if w.set.CampsAreSinks {
		k.drain()
	}
}

// lose strikes out the people of boats lost today: they are the ones afloat
// whom no boat carries any more.
func (k *agentCore) lose() {
	if k.w.lost == 0 {
		return
	}
	aboard := make([]bool, len(k.people))
	for _, b := range k.w.sea.boats {
		for _, p := range b.aboard {
			aboard[p.agent] = true
		}
	}
	for i := range k.people {
		if k.people[i].state == afloat && !aboard[i] {
			k.people[i].state = gone
		}
	}
}

func (k *agentCore) drain() {
	for i := range k.people {
		a := &k.people[i]
		if a.state == resting && k.w.camp[a.where] && k.w.rng.chance(k.w.sink[a.where]) {
			a.state = gone
			k.w.move(a.where, -1)
			k.w.deactivated++
		}
	}
}

func (k *agentCore) arrived(i int, a *agent) {
	if i < len(k.journeys) {
		k.journeys[i].Stops = append(k.journeys[i].Stops, Stop{Day: k.w.day, Place: int(a.where)})
	}
	if k.w.arrivedHome(a.where, a.class) {
		a.state = gone
		k.w.move(a.where, -1)
		k.w.comeHome(a.where, 1)
	}
}

func (k *agentCore) decide(i int, a *agent, force bool) {
	w := k.w
	if a.route == 0 && w.set.Returns.Chance > 0 {
		if w.rng.chance(w.goesHome(a.where, a.class)) {
			a.route = w.homeRoute.route(a.where, w.classes.home(a.class))
		}
	}
	redirect := w.forcedOut[a.where]
	if redirect >= 0 && (w.closed[redirect] != 0 || !w.admits(w.links[redirect].to)) {
		redirect = -1
	}
	p := w.moveChance[a.where]
	if a.route != 0 || force && w.town[a.where] || redirect >= 0 {
		p = 1
	}
	if !w.rng.chance(p) {
		return
	}
	if redirect >= 0 {
		a.route = 0
		k.enter(i, a, redirect)
		return
	}
	if a.route == 0 {
		t := w.routes.table(w.classes.behaviourOf(a.class), a.where)
		n := t.draw(&w.rng)
		if n < 0 || !w.admits(t.paths[n].final) {
			return
		}
		a.route = t.paths[n].rest
		k.enter(i, a, t.paths[n].first)
		return
	}
	id := w.openLink(a.where, w.routes.hops[a.route])
	if id < 0 || !w.admits(w.routes.final(a.route)) {
		a.route = 0
		return
	}
	a.route = w.routes.after(a.route)
	k.enter(i, a, id)
}

func (k *agentCore) enter(i int, a *agent, id int32) {
	w := k.w
	l := &w.links[id]
	if l.sea >= 0 {
		a.route = 0
		if !w.sea.season[l.sea] || w.sea.embark(l.sea, passenger{int32(i), a.class, 1}) == 0 {
			return
		}
		a.state = afloat
	} else {
		a.state = onRoad
	}
	w.move(a.where, -1)
	if len(w.flows) > 0 {
		w.flows[id]++
	}
	if a.state == onRoad {
		a.where, a.metres = id, 0
	}
}

func (k *agentCore) travel(i int, a *agent) {
	w := k.w
	for stops := 1; a.state == onRoad; stops++ {
		l := &w.links[a.where]
		v := l.speed
		if w.set.StartOnFoot && a.first || l.walk > 0 && w.rng.chance(l.walk) {
			v = k.walk
		}
		a.metres += v
		a.moved += v
		if a.metres <= l.metres {
			return
		}
		a.first = false
		a.moved += l.metres - a.metres
		a.moved = w.covered(a.moved, a.where, a.metres-v)
		a.metres = 0
		a.state = resting
		if w.closed[a.where] != 0 {
			a.where, a.route = l.from, 0
			w.move(l.from, 1)
			k.arrived(i, a)
			return
		}
		a.where = l.to
		w.move(l.to, 1)
		k.arrived(i, a)
		if a.moved >= v || stops >= maxStops || a.state == gone {
			return
		}
		force := w.set.AvoidShortStints && int64(a.recent)*k.max+recentUnit*int64(a.moved) < recentUnit*k.max
		k.decide(i, a, force)
	}
}

func (k *agentCore) travellers() int64 {
	var n int64
	for i := range k.people {
		if k.people[i].state == onRoad {
			n++
		}
	}
	return n
}

func (k *agentCore) each(visit func(place int32, class uint32, n int64)) {
	for i := range k.people {
		if a := &k.people[i]; a.state == resting {
			visit(a.where, a.class, 1)
		}
	}
}
