package abm

import (
	"math"
	"slices"
)

// skip plays a day before a warm start: places and roads change, nobody moves.
func (w *world) skip(day int) {
	w.beginDay(day)
	w.applyClosures()
	for i := range w.capacity {
		w.capacity[i] += w.grow[i]
	}
}

func (w *world) runDay(k core, day, first int, o *Options) int64 {
	w.beginDay(day)
	var spawned int64
	if day == first {
		w.refreshSpawn() // yesterday's weights, which later days use, are not there
		spawned = w.populate(k, o)
	}
	spawned += w.spawn(k, day, first, o)
	w.settleDay()
	k.step()
	return spawned
}

// populate places those who are there when the run begins.
func (w *world) populate(k core, o *Options) int64 {
	var total int64
	put := func(place int, people int64) {
		if n := people / int64(w.set.Hasten); n > 0 && place >= 0 && place < w.places {
			k.place(int32(place), n, -1)
			total += n
		}
	}
	if o.Initial != nil {
		for _, pc := range o.Initial.Counts {
			put(pc.Place, pc.People)
		}
		return total
	}
	if w.set.InsertDay0 {
		for i := range w.c.Camps {
			s := &w.c.Camps[i]
			n := s.forCompat(o.Compat).At(0)
			if !w.set.EmptyCampsOnDay0 && w.c.comparedAs(o.Compat, i) {
				put(s.Place, n)
			}
			if w.flee && w.capacity[s.Place] > 0 && !w.set.ConflictDriven.On && !w.floodDriven() {
				// Quirk 5: they count against the capacity twice, even where
				// they are not put, but only where reports drive the case.
				w.capacity[s.Place] -= float64(n / int64(w.set.Hasten))
			}
		}
	}
	for i := range w.c.Places {
		n := attribute(&w.c.Places[i], "initial_idps")
		switch {
		case n <= 0:
		case !w.flee:
			put(i, int64(n))
		case w.c.Places[i].Kind.IsCamp() && !w.set.EmptyCampsOnDay0:
			// Flee asks camps only, and does not divide by hasten.
			put(i, int64(n)*int64(w.set.Hasten))
		}
	}
	if w.set.AgentsFile {
		for _, p := range w.c.People {
			k.placeAttr(int32(p.Place), w.classes.attrOf(p, w.c, &w.rng), int32(p.Place))
			total++
		}
	}
	return total
}

// spawn is step 2: the newly displaced of the day.
func (w *world) spawn(k core, day, first int, o *Options) int64 {
	switch {
	case o.Arrivals != nil:
		return w.spread(k, max(0, o.Arrivals.New(day))/int64(w.set.Hasten))
	case w.set.ConflictDriven.On:
		return w.spawnByConflict(k)
	case w.floodDriven():
		return w.spawnByFlood(k)
	}
	n := w.reported(day) - w.debt
	if day == first && (day > 0 || w.set.InsertDay0) {
		n = 0
	}
	if n < 0 {
		w.debt = -n
		return 0
	}
	w.debt = 0
	return w.spread(k, n)
}

// floodDriven is true when floods send people off. Flee asks for
// flood_zone_spawning_only beside flood_driven_spawning.
func (w *world) floodDriven() bool {
	return w.set.FloodDriven.On && (w.set.FloodZonesOnly || !w.flee)
}

// reported is the change of the reported total on a day, in simulated persons.
func (w *world) reported(day int) int64 {
	h := int64(w.set.Hasten)
	field := func(s *Series, day int) int64 {
		v := s.At(day)
		if w.set.EmptyCampsOnDay0 {
			v -= s.At(0)
		}
		return v / h
	}
	var n int64
	compat := CompatNone
	if w.flee {
		compat = CompatFlee
	}
	change := func(s *Series) {
		s = s.forCompat(compat)
		n += field(s, day)
		if day > 0 {
			n -= field(s, day-1)
		}
	}
	if !w.set.SumFromCamps {
		if w.c.Total == nil {
			w.note("sum_from_camps is off and the case has no total; nobody is displaced.")
			return 0
		}
		change(w.c.Total)
		return n
	}
	for i := range w.c.Camps {
		if !w.flee || day == 0 || !w.c.Camps[i].first {
			change(&w.c.Camps[i].Series)
		}
	}
	if w.flee {
		for i := range w.c.Unmapped {
			change(&w.c.Unmapped[i])
		}
		if day == 0 && w.c.Total != nil && !w.totalIsUnmapped() {
			// Flee's sum of day 0 holds the total beside the camps.
			change(w.c.Total)
		}
	}
	return n
}

// totalIsUnmapped is true for a total that was not the first line, which Flee
// counts among the camps.
func (w *world) totalIsUnmapped() bool {
	return slices.ContainsFunc(w.c.Unmapped, func(s Series) bool { return s.Name == w.c.Total.Name })
}

// spread places n people over the places of origin by spawn weight.
func (w *world) spread(k core, n int64) int64 {
	if n <= 0 {
		return 0
	}
	if !(w.spawnTotal > 0) {
		w.unplaced += n
		return 0
	}
	left, before, last := n, 0.0, int32(-1)
	for i, weight := range w.spawnWeight {
		if weight <= 0 || left == 0 {
			continue
		}
		last = int32(i)
		m := w.rng.binomial(left, weight/(w.spawnTotal-before))
		before += weight
		left -= m
		w.spawnAt(k, last, m)
	}
	if left > 0 && last >= 0 {
		w.spawnAt(k, last, left) // the weights summed a last bit short
	}
	return n
}

func (w *world) spawnAt(k core, place int32, n int64) {
	if n <= 0 {
		return
	}
	if w.takesFrom(place) {
		w.pop[place] = max(0, w.pop[place]-n)
	}
	k.place(place, n, place)
}

// takesFrom is true where people who are displaced leave the population. Flee
// takes them only where there is conflict, not from floods.
func (w *world) takesFrom(place int32) bool {
	return w.set.TakeFromPopulation && (!w.flee || w.conflict[place] > 0)
}

func (w *world) spawnByConflict(k core) int64 {
	d := w.set.ConflictDriven
	h := w.perAgent()
	var total int64
	for i := range w.conflict {
		v := w.conflict[i]
		if v <= 0 {
			continue
		}
		var n int64
		switch d.Mode {
		case "pop_ratio":
			n = int64(d.Rate * float64(w.pop[i]) * v)
		case "poisson":
			n = w.rng.poisson(d.Rate * v / h)
		default:
			n = int64(d.Rate * v / h)
		}
		n = w.available(i, n)
		w.spawnAt(k, int32(i), n)
		total += n
	}
	return total
}

// perAgent is the number of people that one simulated person stands for in a
// rate of persons per day. Flee does not divide those by hasten.
func (w *world) perAgent() float64 {
	if w.flee {
		return 1
	}
	return float64(w.set.Hasten)
}

// available holds a draw to the people who still live there.
func (w *world) available(i int, n int64) int64 {
	if w.takesFrom(int32(i)) {
		return min(n, w.pop[i])
	}
	return min(n, math.MaxInt32)
}

func (w *world) spawnByFlood(k core) int64 {
	d := w.set.FloodDriven
	h := w.perAgent()
	var total int64
	for i := range w.flood {
		if w.flood[i] <= 0 {
			continue // a place that is flooded sends people off, whatever its type, as in Flee
		}
		rate := between(d.Rate, w.flood[i])
		var n int64
		switch d.Mode {
		case "constant":
			n = int64(rate / h)
		case "poisson":
			n = w.rng.poisson(rate / h)
		default:
			n = int64(math.Min(rate*float64(w.pop[i]), float64(w.pop[i])))
		}
		n = w.available(i, n)
		w.spawnAt(k, int32(i), n)
		total += n
	}
	return total
}
