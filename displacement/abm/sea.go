package abm

import "math"

// A crossing by sea differs from a road: a person needs a seat, boats leave only
// in the season, and what happens at sea happens to everyone aboard together.
// That is why boats, not persons, are drawn here: the counts then vary as much
// as counts of boats do.

// passenger is a group aboard: a cohort's people of one class, or one agent.
type passenger struct {
	agent int32 // -1 in the cohort core
	class uint32
	n     int64
}

// boat is one departure.
type boat struct {
	route  int32
	km     float64
	aboard []passenger
	n      int64
}

// SeaCount sums one sea route over a run, in persons.
type SeaCount struct {
	Departed     int64 `json:"departed"`
	Landed       int64 `json:"landed"`        // at the intended place
	Disembarked  int64 `json:"disembarked"`   // intercepted and landed elsewhere
	PushedBack   int64 `json:"pushed_back"`   // intercepted and returned to the start
	Lost         int64 `json:"lost"`          // lost at sea
	PersonDays   int64 `json:"person_days"`   // spent at sea
	NoSeat       int64 `json:"no_seat"`       // times somebody wanted to leave and found no seat
	BoatsAtSea   int64 `json:"boats_at_sea"`  // at the end
	PeopleAtSea  int64 `json:"people_at_sea"` // at the end
	BoatsStarted int64 `json:"boats_started"`
}

type sea struct {
	seats   []int64 // left today, per route
	size    []int64 // simulated persons per boat
	waiting [][]passenger
	boats   []boat
	spare   [][]passenger // manifests to reuse
	season  []bool
	count   []SeaCount
	at      int64 // people at sea
}

func (s *sea) build(w *world) {
	n := len(w.c.Sea)
	s.seats, s.size, s.season, s.count = reuse(s.seats, n), reuse(s.size, n), reuse(s.season, n), reuse(s.count, n)
	s.waiting = reuse(s.waiting, n)
	s.boats = s.boats[:0]
	s.at = 0
	for i := range w.c.Sea {
		s.size[i] = max(1, w.c.Sea[i].Capacity/int64(w.set.Hasten))
		s.season[i] = s.inSeason(w, int32(i))
	}
}

// inSeason tells whether boats leave on the world's day.
func (s *sea) inSeason(w *world, route int32) bool {
	r := &w.c.Sea[route]
	if r.SeasonStart == 0 && r.SeasonEnd == 0 {
		return true
	}
	d := w.c.Date(w.day).YearDay()
	if r.SeasonStart <= r.SeasonEnd {
		return d >= r.SeasonStart && d <= r.SeasonEnd
	}
	return d >= r.SeasonStart || d <= r.SeasonEnd
}

func (s *sea) beginDay(w *world) {
	for i := range s.seats {
		r := &w.c.Sea[i]
		open := s.inSeason(w, int32(i))
		if open != s.season[i] {
			s.season[i] = open
			w.graphVersion++
		}
		s.seats[i] = 0
		if open {
			// Boats per day are real boats; hastened people fill fewer.
			boats := w.rng.poisson(r.BoatsPerDay)
			real := boats * max(1, r.Capacity) / int64(w.set.Hasten)
			s.seats[i] = real
		}
	}
}

// embark seats up to n people and returns how many found room.
func (s *sea) embark(route int32, p passenger) int64 {
	n := min(p.n, s.seats[route])
	s.count[route].NoSeat += p.n - n
	if n > 0 {
		s.seats[route] -= n
		p.n = n
		s.waiting[route] = append(s.waiting[route], p)
	}
	return n
}

// sail fills today's boats, then moves every boat a day. ashore receives the
// people of a boat that lands at a place.
func (s *sea) sail(w *world, ashore func(place int32, p passenger)) {
	if len(s.seats) == 0 {
		return
	}
	for i := range s.waiting {
		s.launch(int32(i))
	}
	left := s.boats[:0]
	s.at = 0
	for _, b := range s.boats {
		if place, done := s.dayAtSea(w, &b); done {
			for _, p := range b.aboard {
				if place >= 0 {
					ashore(place, p)
				}
			}
			s.spare = append(s.spare, b.aboard[:0])
			continue
		}
		s.at += b.n
		left = append(left, b)
	}
	s.boats = left
}

func (s *sea) launch(route int32) {
	size := s.size[route]
	var b boat
	for _, p := range s.waiting[route] {
		for p.n > 0 {
			if b.n == 0 {
				b = boat{route: route}
				if k := len(s.spare); k > 0 {
					b.aboard, s.spare = s.spare[k-1], s.spare[:k-1]
				}
			}
			part := p
			part.n = min(p.n, size-b.n)
			p.n -= part.n
			b.n += part.n
			b.aboard = append(b.aboard, part)
			if b.n == size {
				s.start(b)
				b = boat{}
			}
		}
	}
	if b.n > 0 {
		s.start(b)
	}
	s.waiting[route] = s.waiting[route][:0]
}

func (s *sea) start(b boat) {
	s.count[b.route].Departed += b.n
	s.count[b.route].BoatsStarted++
	s.boats = append(s.boats, b)
}

// dayAtSea returns the landing place when the crossing ends; -1 is lost.
func (s *sea) dayAtSea(w *world, b *boat) (place int32, done bool) {
	r, count := &w.c.Sea[b.route], &s.count[b.route]
	count.PersonDays += b.n
	if w.rng.chance(r.Loss) {
		count.Lost += b.n
		w.lost += b.n
		return -1, true
	}
	if w.rng.chance(r.Interception) {
		if w.rng.chance(r.Pushback) {
			count.PushedBack += b.n
			return int32(r.From), true
		}
		count.Disembarked += b.n
		return s.landing(w, r), true
	}
	if !w.rng.chance(r.DriftChance) {
		b.km += math.Max(r.Speed, 0.1)
	}
	if b.km < r.Km {
		return 0, false
	}
	count.Landed += b.n
	return int32(r.To), true
}

func (s *sea) landing(w *world, r *SeaRoute) int32 {
	total := 0.0
	for _, l := range r.Landings {
		total += l.Weight
	}
	if total <= 0 {
		return int32(r.To)
	}
	u := w.rng.unit() * total
	for _, l := range r.Landings {
		if u -= l.Weight; u < 0 {
			return int32(l.Place)
		}
	}
	return int32(r.Landings[len(r.Landings)-1].Place)
}

// finish closes the counts, back in people.
func (s *sea) finish(hasten int64) []SeaCount {
	out := make([]SeaCount, len(s.count))
	for _, b := range s.boats {
		s.count[b.route].BoatsAtSea++
		s.count[b.route].PeopleAtSea += b.n
	}
	for i, c := range s.count {
		c.Departed *= hasten
		c.Landed *= hasten
		c.Disembarked *= hasten
		c.PushedBack *= hasten
		c.Lost *= hasten
		c.PersonDays *= hasten
		c.NoSeat *= hasten
		c.PeopleAtSea *= hasten
		out[i] = c
	}
	return out
}
