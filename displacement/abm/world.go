package abm

import (
	"math"
	"slices"
	"strconv"
	"strings"
)

// link is one direction of a route or of a sea crossing.
type link struct {
	from, to int32
	metres   int32
	speed    int32   // metres per day
	walk     float64 // chance of walking it, per day
	pull     float64 // factor on the length people feel; 1
	forced   bool
	sea      int32 // index of Case.Sea, -1 on land
	twin     bool  // the second copy that compat makes of a forced route
}

// world is the stage both cores play on: places, links and everything that
// changes from day to day, but not the people. All counts are in simulated
// persons (people divided by hasten).
type world struct {
	c      *Case
	set    Settings
	flee   bool // compat
	rng    stream
	day    int
	places int
	notes  []string

	// places
	camp, idp, town, forward, marker, floodZone []bool
	conflict                                    []float64 // intensity, 0 none
	conflictDay                                 []int     // t_c
	calmSince                                   []int     // day the conflict ended; -1 never had any
	lastStep                                    []int     // next step of Case.Conflict to apply
	moveBase                                    []float64 // movechance of the type
	moveChance                                  []float64 // of today
	pop                                         []int64
	capacity                                    []float64 // before scaling
	grow                                        []float64 // capacity_per_day
	sink                                        []float64 // deactivation_probability
	farmers                                     []float64 // farmer_fraction
	pull                                        []float64 // 1 + trade_volume + hdi^2
	full                                        []bool
	limit                                       []float64 // capacity times scaling; 0 is none
	score                                       []float64
	foreseen                                    []float64 // factor of the floods foretold
	flood, ipc                                  []float64
	present                                     []int64
	capMul                                      []float64

	// links
	links     []link
	closed    []int16 // number of closures holding a link shut
	out       []int32 // link ids by from place
	outStart  []int32
	forcedOut []int32 // forced link leaving a place, -1 none

	step       int32   // metres in which distances within a day are kept; 0 is exactly
	fastest    int32   // greatest distance anybody covers in a day
	round      []int32 // per link, today's threshold of rounding to steps
	length     []int32 // per link, its length today in whole steps, in metres
	indexRound []uint8 // per place, the same threshold for the travel index

	graphVersion, scoreVersion, capVersion uint32

	spawnWeight []float64
	spawnTotal  float64
	debt        int64
	unplaced    int64

	classes   classes
	routes    router
	sea       sea
	homeRoute homeRoutes
	flows     []int32 // entered today, per link; nil when not asked for

	// people who left the picture, today
	deactivated, returned, lost int64
}

// reuse returns a cleared slice of n, keeping the memory of an earlier run.
func reuse[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	s = s[:n]
	clear(s)
	return s
}

// build prepares the world for day 0 of a case.
func (w *world) build(c *Case, o *Options) {
	n := len(c.Places)
	w.c, w.set, w.flee, w.places = c, c.Settings, o.Compat == CompatFlee, n
	w.notes = w.notes[:0]
	w.day, w.debt, w.unplaced = 0, 0, 0
	w.deactivated, w.returned, w.lost = 0, 0, 0
	w.camp, w.idp, w.town = reuse(w.camp, n), reuse(w.idp, n), reuse(w.town, n)
	w.forward, w.marker, w.floodZone, w.full = reuse(w.forward, n), reuse(w.marker, n), reuse(w.floodZone, n), reuse(w.full, n)
	w.conflict, w.conflictDay, w.calmSince, w.lastStep = reuse(w.conflict, n), reuse(w.conflictDay, n), reuse(w.calmSince, n), reuse(w.lastStep, n)
	w.moveBase, w.moveChance = reuse(w.moveBase, n), reuse(w.moveChance, n)
	w.pop, w.capacity, w.grow, w.sink = reuse(w.pop, n), reuse(w.capacity, n), reuse(w.grow, n), reuse(w.sink, n)
	w.farmers, w.pull, w.limit = reuse(w.farmers, n), reuse(w.pull, n), reuse(w.limit, n)
	w.score, w.flood, w.ipc = reuse(w.score, n), reuse(w.flood, n), reuse(w.ipc, n)
	w.foreseen = reuse(w.foreseen, n)
	w.present, w.capMul = reuse(w.present, n), reuse(w.capMul, n)
	w.spawnWeight = reuse(w.spawnWeight, n)
	for i := range c.Places {
		w.buildPlace(i)
	}
	w.buildLinks()
	w.buildSteps()
	w.graphVersion++
	w.scoreVersion++
	w.capVersion++
	w.flows = w.flows[:0]
	if o.Flows {
		w.flows = reuse(w.flows, len(w.links))
	}
	w.classes.build(c, w)
	w.routes.build(w)
	w.sea.build(w)
	w.homeRoute.reset(w)
	w.refreshSpawn()
}

func (w *world) buildPlace(i int) {
	p := &w.c.Places[i]
	h := int64(w.set.Hasten)
	w.pop[i] = p.Population / h
	if w.pop[i] == 0 && p.Population > 0 && !w.flee {
		w.pop[i] = 1 // Flee's quirk 10 loses small places when hastened
	}
	w.capacity[i] = float64(p.Capacity) / float64(h)
	if w.flee {
		w.capacity[i] = math.Floor(w.capacity[i])
	}
	w.grow[i] = attribute(p, "capacity_per_day") / float64(h)
	w.sink[i] = math.Max(0, math.Min(1, attribute(p, "deactivation_probability")))
	w.farmers[i] = math.Max(0, math.Min(1, attribute(p, "farmer_fraction")))
	hdi := attribute(p, "hdi")
	w.pull[i] = math.Max(0, 1+attribute(p, "trade_volume")+float64(hdi*hdi))
	w.conflictDay[i], w.calmSince[i] = -1, -1
	kind := p.Kind
	if kind == Conflict && p.ConflictDate > 0 {
		kind = Town
	}
	w.setKind(i, kind)
	if w.flee && p.UnknownKind {
		w.town[i], w.moveBase[i] = false, 1
	}
	steps := w.c.Conflict[i]
	for w.lastStep[i] < len(steps) && steps[w.lastStep[i]].Day < 0 {
		if steps[w.lastStep[i]].Value > 0 {
			w.setKind(i, Conflict)
			w.conflict[i] = steps[w.lastStep[i]].Value
		}
		w.lastStep[i]++
	}
}

// attribute reads a numeric free column; anything else is 0.
func attribute(p *Place, name string) float64 {
	text, ok := p.Attributes[name]
	if !ok {
		return 0
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.Abs(v) > 1e12 {
		return 0
	}
	return v
}

func (w *world) setKind(i int, k Kind) {
	w.camp[i], w.idp[i], w.town[i], w.forward[i], w.marker[i], w.floodZone[i] = k.IsCamp(), k == IDPCamp, k == Town, k == Forward, k == Marker, k == FloodZone
	w.conflict[i] = 0
	switch k {
	case Camp:
		w.moveBase[i] = w.set.CampMoveChance
	case IDPCamp:
		w.moveBase[i] = w.set.IDPCampMoveChance
	case Conflict:
		w.moveBase[i] = w.set.ConflictMoveChance
		w.conflict[i] = startIntensity(w.c.Places[i])
	case Forward, Marker:
		w.moveBase[i] = 1
	default:
		w.moveBase[i] = w.set.DefaultMoveChance
	}
	w.scoreVersion++
	w.graphVersion++ // markers change what a path may end on
}

func (w *world) buildLinks() {
	c := w.c
	w.links = w.links[:0]
	add := func(r Route, forcedAB, forcedBA, twin bool) {
		speed := w.set.MaxMoveSpeed
		if r.MaxMoveSpeed > 0 {
			speed = r.MaxMoveSpeed
		}
		l := link{int32(r.A), int32(r.B), metres(r.Km), metres(speed), r.WalkProbability, 1, forcedAB, -1, twin}
		w.links = append(w.links, l)
		l.from, l.to, l.forced = l.to, l.from, forcedBA
		w.links = append(w.links, l)
	}
	for _, r := range c.Routes {
		add(r, r.Forced == 2, r.Forced == 1, false)
		if w.flee && r.Forced == 1 {
			add(r, false, false, true)
		}
	}
	for i, s := range c.Sea {
		w.links = append(w.links, link{int32(s.From), int32(s.To), metres(s.Km), metres(math.Max(s.Speed, 0.1)), 0, 1, false, int32(i), false})
	}
	w.closed = reuse(w.closed, len(w.links))
	w.outStart = reuse(w.outStart, w.places+1)
	w.out = reuse(w.out, len(w.links))
	for _, l := range w.links {
		w.outStart[l.from+1]++
	}
	for i := range w.places {
		w.outStart[i+1] += w.outStart[i]
	}
	next := slices.Clone(w.outStart[:w.places])
	w.forcedOut = reuse(w.forcedOut, w.places)
	for i := range w.forcedOut {
		w.forcedOut[i] = -1
	}
	for i, l := range w.links {
		w.out[next[l.from]] = int32(i)
		next[l.from]++
		if l.forced && !w.flee && !w.set.ForcedRedirectionIgnored && w.forcedOut[l.from] < 0 {
			w.forcedOut[l.from] = int32(i)
		}
	}
}

// metres is a length in whole metres, at least one.
func metres(km float64) int32 {
	return int32(math.Max(1, math.Min(math.Round(km*1000), 1<<30)))
}

func (w *world) outLinks(place int32) []int32 { return w.out[w.outStart[place]:w.outStart[place+1]] }

// openLink is the first open link from a place to another; -1 if none.
func (w *world) openLink(from, to int32) int32 {
	for _, id := range w.outLinks(from) {
		if w.links[id].to == to && w.closed[id] == 0 {
			return id
		}
	}
	return -1
}

// move adds to the people present at a place and keeps its crowding current.
func (w *world) move(place int32, n int64) {
	w.present[place] += n
	if w.limit[place] > 0 || w.full[place] {
		w.crowd(place)
	}
}

// crowd recomputes capMul: 1 with room, falling to 0 over the last part of the
// capacity (facts, 2.5).
func (w *world) crowd(place int32) {
	m := 1.0
	if limit := w.limit[place]; w.full[place] {
		m = 0
	} else if limit > 0 {
		n := float64(w.present[place])
		start := float64(w.set.CapacityBuffer * limit)
		switch {
		case n <= start:
		case n >= limit:
			m = 0
		default:
			m = 1 - (n-start)/float64(limit*(1-w.set.CapacityBuffer))
			m = math.Max(0, math.Min(1, m))
		}
	}
	if m != w.capMul[place] {
		w.capMul[place] = m
		w.capVersion++
	}
}

// admits is false for a camp too full for anyone to set out for it.
func (w *world) admits(place int32) bool { return !w.camp[place] || w.capMul[place] >= 0.5 }

func (w *world) decay(age int) float64 {
	d := w.set.ConflictDecay
	if len(d) == 0 {
		return 1
	}
	return d[max(0, min(age/w.set.ConflictDecayInterval, len(d)-1))]
}

// changeConflict applies the steps of the day; only 0 to more and more to 0
// count, as in Flee.
func (w *world) changeConflict() bool {
	changed := false
	for i, steps := range w.c.Conflict {
		k := w.lastStep[i]
		if k >= len(steps) || steps[k].Day > w.day {
			continue
		}
		before := 0.0
		if k > 0 {
			before = steps[k-1].Value
		}
		after := steps[k].Value
		w.lastStep[i]++
		switch {
		case before <= 1e-6 && after > 1e-6:
			w.conflict[i], w.town[i], w.moveBase[i], w.conflictDay[i] = after, false, w.set.ConflictMoveChance, w.day
			changed = true
		case before > 1e-6 && after <= 1e-6:
			w.conflict[i], w.town[i], w.moveBase[i], w.calmSince[i] = 0, true, w.set.DefaultMoveChance, w.day
			changed = true
		}
	}
	return changed
}

func (w *world) refreshSpawn() {
	w.spawnTotal = 0
	for i := range w.spawnWeight {
		v := 0.0
		if w.conflict[i] > 0 && !w.set.ConflictDriven.On {
			v = float64(w.pop[i]) * w.conflict[i] * w.decay(w.day-w.conflictDay[i])
		}
		if w.set.FloodZonesOnly {
			v = 0
			if w.floodZone[i] {
				v = float64(w.pop[i]) * w.flood[i]
			}
		}
		if w.set.StarvationDriven && w.starves(i) {
			v = math.Min(float64(w.pop[i]), v+float64(float64(w.pop[i])*w.ipc[i]/100))
		}
		w.spawnWeight[i] = v
		w.spawnTotal += v
	}
}

// starves is true where a food crisis makes people flee: at home, and only in
// zones of conflict or flood while only these spawn people.
func (w *world) starves(i int) bool {
	switch s := &w.set; {
	case w.c.Places[i].Foreign:
		return false
	case s.FloodZonesOnly:
		return w.floodZone[i]
	default:
		return w.conflict[i] > 0 || !s.ConflictZonesOnly
	}
}

// beginDay is steps 1 of the day: what changes before people are spawned.
func (w *world) beginDay(day int) {
	w.day = day
	w.deactivated, w.returned, w.lost = 0, 0, 0
	clear(w.flows)
	for _, ch := range w.c.PlaceChanges {
		if ch.Day == day {
			w.setKind(ch.Place, ch.Kind)
		}
	}
	for _, ch := range w.c.CapacityChanges {
		if ch.Day == day {
			w.capacity[ch.Place] = float64(ch.Capacity) / float64(w.set.Hasten)
			w.full[ch.Place] = ch.Full
		}
	}
	for _, rw := range w.c.RouteWeights {
		if rw.Day == day {
			for i := range w.links {
				if l := &w.links[i]; int(l.from) == rw.A && int(l.to) == rw.B || int(l.from) == rw.B && int(l.to) == rw.A {
					l.pull = rw.Factor
				}
			}
			w.graphVersion++
		}
	}
	for i, steps := range w.c.Flood {
		w.flood[i] = level(steps, day)
	}
	for i, steps := range w.c.IPC {
		w.ipc[i] = linear(steps, day)
	}
	if w.changeConflict() {
		w.refreshSpawn()
	}
}

// settleDay is steps 3 and 4: spawn weights, closures, scores, capacities.
func (w *world) settleDay() {
	w.refreshSpawn()
	w.applyClosures()
	w.drawSteps()
	w.refreshScores()
	for i := range w.present {
		w.capacity[i] += w.grow[i]
		limit := float64(w.capacity[i] * w.set.CapacityScaling)
		if limit < 1 && (w.flee || w.capacity[i] <= 0) {
			limit = 0
		}
		w.limit[i] = limit
		w.crowd(int32(i))
	}
	w.sea.beginDay(w)
}

func (w *world) refreshScores() {
	s := &w.set
	harvest := slices.Contains(s.HarvestMonths, int(w.c.Date(w.day).Month()))
	changed := false
	for i := range w.score {
		p := &w.c.Places[i]
		v := 1.0
		if p.Foreign {
			if s.EconomicPull {
				v = w.pull[i]
			}
			v *= s.ForeignWeight
		}
		if w.camp[i] {
			v *= s.CampWeight
		}
		if w.conflict[i] > 0 {
			v *= pow(s.ConflictWeight, float64(w.decay(w.day-w.conflictDay[i])*w.conflict[i]))
		}
		if s.AvoidFoodDeprived && !p.Foreign {
			q := w.ipc[i] / 100
			v *= 1 - float64(q*q)
		}
		v *= w.floodWeight(i)
		w.foreseen[i] = w.floodForeseen(i)
		if v != w.score[i] {
			w.score[i] = v
			changed = true
		}
		w.moveChance[i] = w.chanceToday(i, harvest)
	}
	if changed || s.UsePopForLocWeight && s.TakeFromPopulation || s.Flood.Forecast {
		w.scoreVersion++
	}
}

// floodWeight is the factor of today's flood on the score of a place.
func (w *world) floodWeight(i int) float64 {
	if f := &w.set.Flood; f.On && len(f.LocationWeights) > 0 && w.flood[i] > 0 {
		return between(f.LocationWeights, w.flood[i])
	}
	return 1
}

// floodForeseen is the factor of the floods foretold for a place: the mean of
// their weights over the days ahead, each with its own weight; 1 without any.
func (w *world) floodForeseen(i int) float64 {
	f := &w.set.Flood
	if !f.On || !f.Forecast || len(f.LocationWeights) == 0 || len(w.c.Flood) == 0 || f.ForecastDays < 1 || w.day > f.ForecastEndDay {
		return 1
	}
	total, weight := 0.0, 0.0
	for ahead := 1; ahead <= f.ForecastDays; ahead++ {
		day := min(w.day+ahead, f.ForecastEndDay)
		share := 1.0
		if len(f.ForecastWeights) > 0 {
			share = f.ForecastWeights[min(ahead, len(f.ForecastWeights)-1)]
		}
		loc := 1.0
		if lvl := level(w.c.Flood[i], day); lvl > 0 {
			loc = between(f.LocationWeights, lvl)
		}
		total += float64(share * loc)
		weight += share
		if day == f.ForecastEndDay {
			break
		}
	}
	if weight > 0 {
		return total / weight
	}
	return 1
}

func (w *world) chanceToday(i int, harvest bool) float64 {
	s := &w.set
	p := w.moveBase[i]
	if s.MoveChancePopExponent != 0 {
		p *= pow(math.Max(float64(w.pop[i]), w.capacity[i])/s.MoveChancePopBase, s.MoveChancePopExponent)
	}
	if harvest && !w.c.Places[i].Foreign {
		p *= 1 - w.farmers[i]
	}
	if s.FleeWhenStarving {
		q := w.ipc[i] / 100
		p = q + float64((1-q)*p)
	}
	if s.Flood.On && w.flood[i] > 0 && len(s.Flood.MoveChances) > 0 {
		p = between(s.Flood.MoveChances, w.flood[i])
	}
	return math.Max(0, math.Min(1, p))
}

func (w *world) applyClosures() {
	for i := range w.c.Closures {
		cl := &w.c.Closures[i]
		if cl.Start == w.day {
			w.enact(cl, true)
		}
		if cl.End == w.day {
			w.enact(cl, false)
		}
	}
}

func (w *world) enact(cl *Closure, shut bool) {
	delta := int16(-1)
	if shut {
		delta = 1
	}
	set := func(match func(l *link) bool) {
		for i := range w.links {
			if match(&w.links[i]) {
				// A closure that ends without having begun (a run that starts
				// later) must not open more than is shut.
				w.closed[i] = max(0, w.closed[i]+delta)
				if w.flee && !cl.Works {
					// Flee keeps no count: one reopening opens a link that another
					// closure still shuts (seen at Tierkidi-Kule, ssudan2013).
					w.closed[i] = max(0, delta)
				}
			}
		}
		w.graphVersion++
	}
	switch cl.Kind {
	case CloseCountry:
		set(func(l *link) bool {
			a, b := w.c.Places[l.from].Country, w.c.Places[l.to].Country
			return a == cl.Name1 && b == cl.Name2 || a == cl.Name2 && b == cl.Name1
		})
	case ClosePlace:
		p := int32(w.c.PlaceIndex(cl.Name1))
		set(func(l *link) bool { return l.from == p || l.to == p })
	case CloseLink:
		if w.flee && !cl.Works {
			return // quirk 2: Flee compares names by identity and closes nothing
		}
		a, b := int32(w.c.PlaceIndex(cl.Name1)), int32(w.c.PlaceIndex(cl.Name2))
		set(func(l *link) bool { return l.from == a && l.to == b || l.from == b && l.to == a })
	case CloseSea:
		a, b := int32(w.c.PlaceIndex(cl.Name1)), int32(w.c.PlaceIndex(cl.Name2))
		set(func(l *link) bool { return l.sea >= 0 && l.from == a && l.to == b })
	case CloseCamp, CloseIDPCamp:
		p := w.c.PlaceIndex(cl.Name1)
		switch {
		case p < 0:
		case shut:
			w.setKind(p, Town)
		case cl.Kind == CloseCamp:
			w.setKind(p, Camp)
		default:
			w.setKind(p, IDPCamp)
		}
	case CloseRedirect:
		if w.flee {
			return
		}
		a, b := int32(w.c.PlaceIndex(cl.Name1)), int32(w.c.PlaceIndex(cl.Name2))
		for i := range w.links {
			if l := &w.links[i]; l.from == a && l.to == b && (l.forced || !shut) {
				w.forcedOut[a] = -1
				if !shut {
					w.forcedOut[a] = int32(i)
				}
			}
		}
	}
}

// note adds a sentence to the result, once.
func (w *world) note(text string) {
	if !slices.ContainsFunc(w.notes, func(s string) bool { return strings.EqualFold(s, text) }) {
		w.notes = append(w.notes, text)
	}
}
