package abm

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
)

// CoreKind chooses how people are moved.
type CoreKind uint8

const (
	// Cohorts moves groups of exchangeable people by exact draws. Fast.
	Cohorts CoreKind = iota
	// Agents moves people one by one; needed for journeys.
	Agents
)

// Compat chooses between Flee's quirks and their repair.
type Compat uint8

const (
	// CompatNone repairs quirks 1-5 of the facts, and says so in the notes.
	CompatNone Compat = iota
	// CompatFlee copies them, to reproduce Flee's published numbers.
	CompatFlee
)

// Arrivals is a daily series of newly displaced people from outside, in place of
// the reported totals. It is asked once per day, in order.
type Arrivals interface {
	// New is the number of people newly displaced on a day of the case.
	New(day int) int64
}

// ArrivalSeries is Arrivals from a list; days beyond it bring nobody.
type ArrivalSeries struct {
	FirstDay int
	People   []int64
}

// New implements Arrivals.
func (a ArrivalSeries) New(day int) int64 {
	if i := day - a.FirstDay; i >= 0 && i < len(a.People) {
		return a.People[i]
	}
	return 0
}

// State is a warm start: who is where in the morning of a day. What happened to
// places and roads before that day is taken from the case; people are not.
type State struct {
	Day    int
	Counts []PlaceCount
}

// PlaceCount is a number of people at a place.
type PlaceCount struct {
	Place  int
	People int64
}

// Options of one run.
type Options struct {
	Seed     uint64
	Core     CoreKind
	Compat   Compat
	Initial  *State     // warm start; nil starts on day 0 with the reported counts
	Arrivals Arrivals   // nil follows the settings: reported totals, or conflict- or flood-driven
	Until    int        // last day to run, exclusive; 0 is the whole case
	Flows    bool       // keep people entering each link per day
	Journeys int        // keep the journeys of so many people (Agents only)
	Space    *Workspace // memory to reuse; the Result then lives until its next use
	// Observe is called after every day with the people present at each place.
	// The slice is the run's own and must not be kept.
	Observe func(day int, present []int64)
}

// Stop is an arrival on a day.
type Stop struct {
	Day   int `json:"day"`
	Place int `json:"place"`
}

// Journey is the way of one person.
type Journey struct {
	Person int    `json:"person"`
	Stops  []Stop `json:"stops"`
}

// Link names one direction of a route in Result.Flows.
type Link struct {
	From, To int
	Sea      bool
}

// Result is what happened. All counts are people: simulated persons times hasten.
type Result struct {
	FirstDay int
	Days     int // number of days simulated
	Places   int
	Scale    int64 // hasten
	Compat   Compat

	// Present holds people at each place at the end of each day,
	// [day-FirstDay][place], flattened.
	Present []int32
	// Travelling, Spawned and so on have one value per day.
	Travelling  []int32 // on roads
	AtSea       []int32
	Spawned     []int32 // newly displaced on the day
	Deactivated []int32 // left a camp that is a sink
	Returned    []int32 // came home
	Lost        []int32 // lost at sea

	Links []Link  // nil unless Options.Flows
	Flows []int32 // entered on the day, [day-FirstDay][link], flattened

	// Split is people by [day-FirstDay][place][age band][sex], flattened;
	// nil unless Settings.Split.
	Split []int32

	Sea      []SeaCount // per Case.Sea
	Journeys []Journey
	Notes    []string // what the reader of the numbers should know
	Unplaced int64    // reported people for whom there was no place of origin
}

// At is the number of people at a place at the end of a day.
func (r *Result) At(day, place int) int64 {
	i := day - r.FirstDay
	if i < 0 || i >= r.Days || place < 0 || place >= r.Places {
		return 0
	}
	return int64(r.Present[i*r.Places+place])
}

// Flow is the number of people who entered a link of Links on a day.
func (r *Result) Flow(day, link int) int64 {
	i := day - r.FirstDay
	if i < 0 || i >= r.Days || link < 0 || link >= len(r.Links) || r.Flows == nil {
		return 0
	}
	return int64(r.Flows[i*len(r.Links)+link])
}

// SplitAt is the number of people of an age band (AgeBands) and sex (Sexes) at a
// place at the end of a day.
func (r *Result) SplitAt(day, place, band, sex int) int64 {
	i := day - r.FirstDay
	if i < 0 || i >= r.Days || r.Split == nil {
		return 0
	}
	return int64(r.Split[((i*r.Places+place)*len(AgeBands)+band)*len(Sexes)+sex])
}

// Abroad and Inside are the displaced people in other countries (refugees) and
// in the country of origin (IDPs) on a day; people on roads and at sea are in
// neither.
func (r *Result) Abroad(c *Case, day int) int64 { return r.total(c, day, true) }

// Inside counts internally displaced people; see Abroad.
func (r *Result) Inside(c *Case, day int) int64 { return r.total(c, day, false) }

func (r *Result) total(c *Case, day int, foreign bool) int64 {
	var n int64
	for p := range c.Places {
		if c.Places[p].Foreign == foreign {
			n += r.At(day, p)
		}
	}
	return n
}

// Workspace is memory for runs one after the other. It must not be shared by
// runs at the same time. The zero value is ready.
type Workspace struct {
	world   world
	cohorts cohortCore
	agents  agentCore
	result  Result
}

// ErrEmptyCase is returned for a case without places or days.
var ErrEmptyCase = errors.New("the case has no places or no days")

// core is what Run needs of either way of moving people.
type core interface {
	place(at int32, n int64, home int32)
	placeAttr(at int32, attr int, home int32)
	step()
	travellers() int64
	each(visit func(place int32, class uint32, n int64))
}

// Run plays a case once. The result depends on the case, the options and the
// seed alone. It stops with the context's error between days.
func Run(ctx context.Context, c *Case, o Options) (*Result, error) {
	if len(c.Places) == 0 || c.Days <= 0 {
		return nil, ErrEmptyCase
	}
	if len(c.Conflict) != len(c.Places) {
		return nil, fmt.Errorf("the case has %d places and %d conflict series", len(c.Places), len(c.Conflict))
	}
	ws := o.Space
	if ws == nil {
		ws = &Workspace{}
	}
	w := &ws.world
	w.rng.seed(o.Seed)
	w.build(c, &o)
	var k core = &ws.cohorts
	if o.Core == Agents {
		ws.agents.reset(w, o.Journeys)
		k = &ws.agents
	} else {
		ws.cohorts.reset(w)
	}
	first, last := 0, c.Days
	if o.Initial != nil {
		first = max(0, o.Initial.Day)
	}
	if o.Until > 0 {
		last = min(last, o.Until)
	}
	r := &ws.result
	r.reset(w, first, max(0, last-first), o)
	w.explain(&o)
	for day := 0; day < last; day++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if day < first {
			w.skip(day)
			continue
		}
		r.Spawned[day-first] = clamp(w.runDay(k, day, first, &o) * r.Scale)
		r.record(w, k, day)
		if o.Observe != nil {
			o.Observe(day, w.present)
		}
	}
	r.Sea = w.sea.finish(r.Scale)
	r.Unplaced = w.unplaced * r.Scale
	if o.Core == Agents {
		r.Journeys = ws.agents.journeys
	}
	if r.Unplaced > 0 {
		w.note(fmt.Sprintf("%d reported people could not be placed: on their days no place of origin had people and conflict.", r.Unplaced))
	}
	r.Notes = append([]string(nil), w.notes...)
	return r, nil
}

func clamp(n int64) int32 { return int32(max(math.MinInt32, min(math.MaxInt32, n))) }

func (r *Result) reset(w *world, first, days int, o Options) {
	r.FirstDay, r.Days, r.Places, r.Scale, r.Compat = first, days, w.places, int64(w.set.Hasten), o.Compat
	r.Present = reuse(r.Present, days*w.places)
	for _, s := range []*[]int32{&r.Travelling, &r.AtSea, &r.Spawned, &r.Deactivated, &r.Returned, &r.Lost} {
		*s = reuse(*s, days)
	}
	r.Links, r.Flows, r.Split, r.Journeys = nil, nil, nil, nil
	if o.Flows {
		for _, l := range w.links {
			r.Links = append(r.Links, Link{int(l.from), int(l.to), l.sea >= 0})
		}
		r.Flows = make([]int32, days*len(w.links))
	}
	if w.set.Split && w.classes.ages > 1 {
		r.Split = make([]int32, days*w.places*len(AgeBands)*len(Sexes))
	}
}

func (r *Result) record(w *world, k core, day int) {
	i := day - r.FirstDay
	row := r.Present[i*r.Places : (i+1)*r.Places]
	for p, n := range w.present {
		row[p] = clamp(n * r.Scale)
	}
	r.Travelling[i] = clamp(k.travellers() * r.Scale)
	r.AtSea[i] = clamp(w.sea.at * r.Scale)
	r.Deactivated[i] = clamp(w.deactivated * r.Scale)
	r.Returned[i] = clamp(w.returned * r.Scale)
	r.Lost[i] = clamp(w.lost * r.Scale)
	if r.Flows != nil {
		for l, n := range w.flows {
			r.Flows[i*len(r.Links)+l] = clamp(int64(n) * r.Scale)
		}
	}
	if r.Split != nil {
		k.each(func(place int32, class uint32, n int64) {
			v := w.classes.split(int(class) % w.classes.attr)
			sex := min(v[1], len(Sexes)-1)
			at := ((i*r.Places+int(place))*len(AgeBands)+unhcrBand[v[0]])*len(Sexes) + sex
			r.Split[at] += clamp(n * r.Scale)
		})
	}
}

// explain notes which rules of Flee were repaired, where it matters to the case.
func (w *world) explain(o *Options) {
	if w.flee {
		w.note("Flee's quirks 1-5 are copied: forced routes count twice and force nobody, link closures do nothing, awareness 0 freezes everybody, people of day 0 count against capacity twice.")
		return
	}
	for _, r := range w.c.Routes {
		if r.Forced != 0 {
			w.note("Forced redirection works: people at the start of such a route go on at once, unless it is shut or its end is full. Flee reads it and does not use it.")
			break
		}
	}
	for _, cl := range w.c.Closures {
		if cl.Kind == CloseLink {
			w.note("Closures of single links work, both ways. In Flee they do nothing.")
			break
		}
	}
	early := func(s CampSeries) bool { return s.At(0) > 0 && w.c.Places[s.Place].Capacity > 0 }
	if w.set.InsertDay0 && !w.set.EmptyCampsOnDay0 && o.Initial == nil && slices.ContainsFunc(w.c.Camps, early) {
		w.note("People in a camp on day 0 count against its capacity once. In Flee they count twice.")
	}
	if w.set.AwarenessLevel < 1 {
		w.note("Awareness 0 draws evenly among the next stops. In Flee nobody moves.")
	}
}
