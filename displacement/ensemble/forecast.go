package ensemble

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"
)

// Horizons are the days ahead on which a forecast is learnt and judged.
var Horizons = []int{30, 60, 90}

const (
	// firstOrigin is the first day a forecast is made on, as in the published
	// figures for persistence; before it there is hardly anything to hold.
	firstOrigin = 30
	// recentDays is the window over which the recent rate of arrivals is read.
	// 45 to 120 days gave the same error within .03 of persistence's.
	recentDays = 60
	// residualLevels is how many quantiles a learnt distribution holds.
	residualLevels = 60
)

// Forecaster foretells what will be reported at places that are counted, from
// the reports alone: no totals of the future, no capacities, no model.
//
// People at a place h days after day t:
//
//	last + Growth * h * sqrt(recent * lifelong)
//
// with last the newest report, recent its mean daily rise over the 60 days
// before it (0 when it fell) and lifelong last / max(30, t), the mean daily
// rise since the crisis began. Either rate alone is worse: the recent one
// takes a registration drive for a trend, the lifelong one believes that a
// camp which closed its gates still grows. Their geometric mean needs both.
// A Growth of about 0.37 says that displacement slows down as crises age.
//
// The bands are split-conformal: residuals of other crises over a scale that
// grows with horizon, size and age, pooled. Below the middle the tail is drawn
// towards the crisis that fell furthest, because relocations and returns are
// decisions that one crisis in three makes and the others do not.
type Forecaster struct {
	Growth   float64     `json:"growth"`
	Scale    Scale       `json:"scale"`
	Residual [][]float64 `json:"residual"` // per horizon, (counted-mid)/scale at levels (i+1/2)/len
	Learnt   []string    `json:"learnt"`   // names of the cases it was fitted on
}

// Scale says how the doubt about one place grows, in people:
//
//	(h/age)^Power * (Own*last + crowd) + h*sqrt(fall*lifelong) + 1
//
// where crowd is the mean count over the places (a place that holds nobody yet
// is as uncertain as its neighbours are large) and fall the recent daily loss.
// With Power 0 it is Own*last + crowd + 1.
type Scale struct {
	Power float64 `json:"power"`
	Own   float64 `json:"own"`
}

// defaultScale is fixed. Choosing it from a grid on three learning cases was
// tried and is noise: coverage on the fourth fell by up to nine points.
var defaultScale = Scale{Power: 0.75, Own: 0.3}

// plainScale is what a planner with a pencil would use: so many per cent of
// the place and of a middling place.
var plainScale = Scale{Own: 1}

// Outlook is the forecast of one place on one day.
type Outlook struct {
	Place     int
	Day       int       // the day foretold
	Last      float64   // people in the newest report
	Mid       float64   // people, the middle
	Quantiles []float64 // people, ascending, at levels (i+1/2)/len
}

// Band is the central band at a level such as 0.9 around the middle.
func (o Outlook) Band(level float64) Band {
	low, high := quantileAt(o.Quantiles, (1-level)/2), quantileAt(o.Quantiles, (1+level)/2)
	return Band{Low: math.Min(low, o.Mid), Mid: o.Mid, High: math.Max(high, o.Mid)}
}

// quantileAt reads a level between equally weighted quantiles.
func quantileAt(sorted []float64, level float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	at := level*float64(n) - 0.5
	lo := int(math.Floor(at))
	if lo < 0 {
		return sorted[0]
	}
	if lo >= n-1 {
		return sorted[n-1]
	}
	return sorted[lo] + (at-float64(lo))*(sorted[lo+1]-sorted[lo])
}

// pace is what the forecaster reads about one place.
type pace struct {
	last     float64 // people in the newest report
	age      float64 // days since the crisis began, at least 30
	together float64 // sqrt(recent*lifelong), people per day
	falling  float64 // sqrt(fall*lifelong), people per day
	crowd    float64 // people, mean over the places
}

func paces(known Observed, day int) []pace {
	age := math.Max(firstOrigin, float64(day))
	out := make([]pace, len(known.Series))
	crowd := 0.0
	for i, s := range known.Series {
		out[i].age = age
		last, ok := s.Last()
		if !ok {
			continue
		}
		change := (last.Count - s.At(last.Day-recentDays)) / recentDays
		lifelong := last.Count / age
		out[i].last = last.Count
		out[i].together = math.Sqrt(math.Max(0, change) * lifelong)
		out[i].falling = math.Sqrt(math.Max(0, -change) * lifelong)
		crowd += last.Count
	}
	for i := range out {
		out[i].crowd = crowd / float64(len(out))
	}
	return out
}

func (f Forecaster) mid(p pace, horizon int) float64 {
	return p.last + f.Growth*float64(horizon)*p.together
}

func (s Scale) of(p pace, horizon int) float64 {
	if s.Power == 0 {
		return s.Own*p.last + p.crowd + 1
	}
	h := float64(horizon)
	return math.Pow(h/p.age, s.Power)*(s.Own*p.last+p.crowd) + h*p.falling + 1
}

// Forecast foretells every place h days after day. Give it what Known(day)
// returns: it reads all it is given.
func (f Forecaster) Forecast(known Observed, day, horizon int) []Outlook {
	out := make([]Outlook, len(known.Series))
	for i, p := range paces(known, day) {
		out[i] = f.outlook(p, horizon)
		out[i].Place, out[i].Day = i, day+horizon
	}
	return out
}

func (f Forecaster) outlook(p pace, horizon int) Outlook {
	o := Outlook{Last: p.last, Mid: f.mid(p, horizon)}
	scale := f.Scale.of(p, horizon)
	z := f.residual(horizon)
	o.Quantiles = make([]float64, len(z))
	for k := range z {
		o.Quantiles[k] = math.Max(0, o.Mid+z[k]*scale)
	}
	return o
}

// residual picks the learnt horizon nearest to the one asked for.
func (f Forecaster) residual(horizon int) []float64 {
	best := 0
	for k, h := range Horizons {
		if abs(h-horizon) < abs(Horizons[best]-horizon) {
			best = k
		}
	}
	return f.Residual[best]
}

func abs(x int) int { return max(x, -x) }

// lesson is one report that could have been foretold, and what was known then.
type lesson struct {
	p       pace
	counted float64
}

// lessons are all reports h days after a day from which they could have been
// foretold. Reports stand on the level known at the end of the case, forecast
// and truth alike, as in the published figures.
func lessons(c Observed, h int) []lesson {
	lev := c.Levelled()
	at := map[int][]pace{}
	var out []lesson
	for i, s := range lev.Series {
		for _, r := range s {
			day := r.Day - h
			if day < firstOrigin || r.Day >= c.Days {
				continue
			}
			if at[day] == nil {
				at[day] = paces(lev.Known(day), day)
			}
			out = append(out, lesson{at[day][i], r.Count})
		}
	}
	return out
}

// Learn fits a forecaster on cases. To judge it on a case, leave that case out.
func Learn(cases []Observed) Forecaster { return learn(cases, learnGrowth(cases), defaultScale) }

// Held is a forecaster that holds the newest report and learns only its doubt,
// with the same machinery: the strongest persistence there is to beat.
func Held(cases []Observed) Forecaster { return learn(cases, 0, defaultScale) }

// HeldPlain holds the newest report, give or take so many per cent.
func HeldPlain(cases []Observed) Forecaster { return learn(cases, 0, plainScale) }

func learn(cases []Observed, growth float64, scale Scale) Forecaster {
	f := Forecaster{Growth: growth, Scale: scale}
	school := make([][][]lesson, len(cases))
	for i, c := range cases {
		f.Learnt = append(f.Learnt, c.Name)
		for _, h := range Horizons {
			school[i] = append(school[i], lessons(c, h))
		}
	}
	f.Residual = learnResiduals(school, f)
	return f
}

// learnGrowth minimises the summed error relative to each day's people. With
// one coefficient that is a weighted median of the growth each place needed.
func learnGrowth(cases []Observed) float64 {
	var need []weighted
	for _, c := range cases {
		lev := c.Levelled()
		for _, h := range Horizons {
			days := float64((c.Days-1-h-firstOrigin)/10 + 1)
			for day := firstOrigin; day+h < c.Days; day += 10 {
				later := lev.Field(day + h)
				total := math.Max(1, sum(later))
				for i, p := range paces(lev.Known(day), day) {
					if x := float64(h) * p.together; x > 0 {
						need = append(need, weighted{(later[i] - p.last) / x, x / total / days})
					}
				}
			}
		}
	}
	if len(need) == 0 {
		return 0
	}
	sortWeighted(need)
	return math.Max(0, weightedQuantile(need, 0.5))
}

// learnResiduals pools (counted-mid)/scale, each case with the same weight.
func learnResiduals(school [][][]lesson, f Forecaster) [][]float64 {
	out := make([][]float64, len(Horizons))
	for k, h := range Horizons {
		var pool []weighted
		var each [][]weighted
		for _, c := range school {
			mine := make([]weighted, len(c[k]))
			for i, l := range c[k] {
				mine[i] = weighted{(l.counted - f.mid(l.p, h)) / f.Scale.of(l.p, h), 1 / float64(len(mine))}
			}
			if len(mine) == 0 {
				continue
			}
			sortWeighted(mine)
			pool = append(pool, mine...)
			each = append(each, mine)
		}
		sortWeighted(pool)
		out[k] = drawnQuantiles(pool, each)
	}
	return out
}

// drawnQuantiles reads the pooled quantiles; below the middle each is drawn
// towards the lowest of the single crises, the more the further out it lies.
func drawnQuantiles(pool []weighted, each [][]weighted) []float64 {
	out := make([]float64, residualLevels)
	if len(pool) == 0 {
		return out
	}
	for q := range out {
		level := (float64(q) + 0.5) / residualLevels
		v := weightedQuantile(pool, level)
		if level < 0.5 {
			lowest := v
			for _, m := range each {
				lowest = math.Min(lowest, weightedQuantile(m, level))
			}
			v += math.Pow(1-2*level, 3) * (lowest - v)
		}
		out[q] = v
	}
	slices.Sort(out)
	return out
}

// Judge forecasts every report of a case h days ahead and scores the 90 %
// bands, the middle and the whole distribution.
func Judge(c Observed, f Forecaster, h int) Score { return judge(lessons(c, h), f, h) }

func judge(ls []lesson, f Forecaster, h int) Score {
	var s Score
	for _, l := range ls {
		o := f.outlook(l.p, h)
		s.Add(o.Band(0.9), 0.9, l.counted, CRPSQuantiles(o.Quantiles, l.counted))
	}
	return s
}

// WidthAtCoverage stretches or shrinks the bands of f about their middle until
// they hold at least the given share of the reports, and returns their width
// relative to the people counted: the only fair way to compare widths.
func WidthAtCoverage(c Observed, f Forecaster, h int, coverage float64) float64 {
	ls := lessons(c, h)
	if len(ls) == 0 {
		return math.NaN()
	}
	type stretch struct{ need, low, high float64 }
	all := make([]stretch, len(ls))
	people := 0.0
	for i, l := range ls {
		b := f.outlook(l.p, h).Band(0.9)
		s := stretch{low: b.Mid - b.Low, high: b.High - b.Mid}
		switch d := l.counted - b.Mid; {
		case d > 0:
			s.need = d / math.Max(1e-9, s.high)
		case d < 0:
			s.need = -d / math.Max(1e-9, s.low)
		}
		all[i] = s
		people += l.counted
	}
	needs := make([]float64, len(all))
	for i, s := range all {
		needs[i] = s.need
	}
	slices.Sort(needs)
	m := needs[min(len(needs)-1, max(0, int(math.Ceil(coverage*float64(len(needs))))-1))]
	width := 0.0
	for i, s := range all {
		// Nobody can be fewer than none: the lower end stops at zero.
		mid := f.outlook(ls[i].p, h).Mid
		width += math.Min(mid, m*s.low) + m*s.high
	}
	return width / math.Max(1, people)
}

// PointErrors is the mean over days, every 10 from day 30, of the error of a
// forecast h days ahead relative to the people counted then (the measure of
// the published figures for persistence), for f and for persistence.
func PointErrors(c Observed, f Forecaster, h int) (ours, held float64) {
	lev := c.Levelled()
	n := 0
	for day := firstOrigin; day+h < c.Days; day += 10 {
		known, later := lev.Known(day), lev.Field(day+h)
		mids := make([]float64, len(later))
		for i, p := range paces(known, day) {
			mids[i] = f.mid(p, h)
		}
		ours += relative(mids, later, 1)
		held += relative(Persistence(known), later, 1)
		n++
	}
	return ours / float64(n), held / float64(n)
}

type weighted struct{ value, weight float64 }

func sortWeighted(v []weighted) {
	slices.SortStableFunc(v, func(a, b weighted) int {
		switch {
		case a.value < b.value:
			return -1
		case a.value > b.value:
			return 1
		}
		return 0
	})
}

func weightedQuantile(sorted []weighted, level float64) float64 {
	total := 0.0
	for _, x := range sorted {
		total += x.weight
	}
	at := 0.0
	for _, x := range sorted {
		at += x.weight
		if at >= level*total {
			return x.value
		}
	}
	return sorted[len(sorted)-1].value
}

// learntJSON holds what the four public cases (mali2012, burundi2015, car2013,
// ssudan2013; UNHCR counts, arranged by the Flee project, BSD-3) teach. A test
// learns it again and compares.
//
//go:embed learnt.json
var learntJSON []byte

// learnt is the layout of learnt.json: forecasters, and bands about the newest
// report to hold them against.
type learnt struct {
	All     Forecaster            `json:"all"`
	Without map[string]Forecaster `json:"without"` // by the case left out
	Held    struct {
		All     Forecaster            `json:"all"`
		Without map[string]Forecaster `json:"without"`
	} `json:"held_plain"`
}

var lessonsLearnt = sync.OnceValue(func() learnt {
	var l learnt
	if err := json.Unmarshal(learntJSON, &l); err != nil || len(l.All.Residual) != len(Horizons) {
		panic("ensemble: learnt.json in the program is broken: " + fmt.Sprint(err))
	}
	return l
})

// Default is the forecaster learnt on all public cases, for a new crisis.
// Never judge it on one of them.
func Default() Forecaster { return lessonsLearnt().All }

// ForCase is the forecaster to use or judge on a case: for one of the public
// cases, by name, the one learnt on the other three.
func ForCase(name string) Forecaster {
	if f, ok := lessonsLearnt().Without[name]; ok {
		return f
	}
	return Default()
}

// HeldForCase is the plain persistence to hold ForCase against: the newest
// report, give or take so many per cent, learnt on the same cases.
func HeldForCase(name string) Forecaster {
	if f, ok := lessonsLearnt().Held.Without[name]; ok {
		return f
	}
	return lessonsLearnt().Held.All
}
