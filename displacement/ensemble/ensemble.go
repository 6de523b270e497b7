// Package ensemble turns many runs of a displacement model into one honest
// statement: how many people where, by when, and how sure that is.
//
// It holds what needs no model: the series that were published, the error
// measures of the field, the baselines every model has to beat, bands with
// their coverage and width, CRPS, calibration on other crises, sensitivity,
// the seeds of members, and summaries whose memory does not grow with members.
// It knows nothing of agents, files or networks; a member is a function.
//
// Two rules hold everywhere here:
//   - Folding members is exact and commutative (integers, never floating sums),
//     so one machine and twenty workers give the same bytes.
//   - A forecast made on day t reads nothing published after day t. Known is
//     the only door to the past; what it hides is hidden from every method.
package ensemble

import (
	"maps"
	"math"
	"slices"
)

// Report is one published count of the people present at a place.
type Report struct {
	Day   int     // days since the first day of the case; may be negative
	Count float64 // people
}

// Series is what was published about one place, oldest first, one per day.
type Series []Report

// Place is a place that receives people and is counted.
type Place struct {
	Name     string
	Capacity float64 // people; 0 when it is not known
	Lat, Lon float64 // degrees
}

// Correction says that on Day a place was counted again by registration, so
// that every earlier report stands on another level (Flee's
// registration_corrections.csv).
type Correction struct {
	Place int
	Day   int
}

// Observed is a case as seen by those who count: places, what was published
// about each, and the new registrations. Series are raw: as published.
type Observed struct {
	Name        string
	Days        int // length of the case in days
	Places      []Place
	Series      []Series // one per place
	Corrections []Correction
}

// At is the count on a day: the whole part of the straight line between the
// two reports around it, level before the first and after the last.
func (s Series) At(day int) float64 {
	if len(s) == 0 {
		return 0
	}
	i := s.firstAfter(day)
	if i == 0 {
		return math.Trunc(s[0].Count)
	}
	if i == len(s) {
		return math.Trunc(s[i-1].Count)
	}
	a, b := s[i-1], s[i]
	share := float64(day-a.Day) / float64(b.Day-a.Day)
	return math.Trunc(a.Count + share*(b.Count-a.Count))
}

// firstAfter is the index of the first report later than day.
func (s Series) firstAfter(day int) int {
	lo, hi := 0, len(s)
	for lo < hi {
		mid := (lo + hi) / 2
		if s[mid].Day > day {
			hi = mid
		} else {
			lo = mid + 1
		}
	}
	return lo
}

// Known is the part of the series published by the end of a day.
func (s Series) Known(day int) Series { return s[:s.firstAfter(day)] }

// Last is the newest report; ok is false when there is none.
func (s Series) Last() (r Report, ok bool) {
	if len(s) == 0 {
		return Report{}, false
	}
	return s[len(s)-1], true
}

// Sum merges the series of one place that is counted in several files: on every
// day any of them reports, the newest value of each is added. Of two reports
// on one day the later row counts.
func Sum(files ...Series) Series {
	days := map[int]bool{}
	for _, s := range files {
		for _, r := range s {
			days[r.Day] = true
		}
	}
	out := make(Series, 0, len(days))
	for _, day := range slices.Sorted(maps.Keys(days)) {
		total := 0.0
		for _, s := range files {
			last, found := Report{}, false
			for _, r := range s {
				if r.Day <= day && (!found || r.Day >= last.Day) {
					last, found = r, true
				}
			}
			total += last.Count
		}
		out = append(out, Report{day, total})
	}
	return out
}

// corrected brings the reports before a new registration to its level.
func (s Series) corrected(day int) Series {
	for i := 1; i < len(s); i++ {
		if s[i].Day != day {
			continue
		}
		if s[i-1].Count == 0 {
			return s
		}
		out := append(Series(nil), s...)
		factor := s[i].Count / s[i-1].Count
		for k := 0; k < i; k++ {
			out[k].Count *= factor
		}
		return out
	}
	return s
}

// Known is the case as it could be seen on a day: reports published by then,
// brought to the level of the registrations that had happened by then. It is
// what a forecaster may read. Capacities are removed, because in the public
// cases they are the maxima of the very series to be forecast.
func (o Observed) Known(day int) Observed {
	out := Observed{Name: o.Name, Days: day + 1, Places: append([]Place(nil), o.Places...)}
	for i := range out.Places {
		out.Places[i].Capacity = 0
	}
	out.Series = make([]Series, len(o.Series))
	for i, s := range o.Series {
		out.Series[i] = s.Known(day)
	}
	for _, c := range o.Corrections {
		if c.Day <= day {
			out.Corrections = append(out.Corrections, c)
		}
	}
	return out.Levelled()
}

// Levelled applies every correction the case holds. Later corrections scale
// what earlier ones already scaled, as in Flee.
func (o Observed) Levelled() Observed {
	out := o
	out.Series = append([]Series(nil), o.Series...)
	for _, c := range o.Corrections {
		if c.Day < 0 || c.Place < 0 || c.Place >= len(out.Series) {
			continue
		}
		out.Series[c.Place] = out.Series[c.Place].corrected(c.Day)
	}
	out.Corrections = nil
	return out
}

// Field is the count of every place on a day.
func (o Observed) Field(day int) []float64 {
	out := make([]float64, len(o.Series))
	for i, s := range o.Series {
		out[i] = s.At(day)
	}
	return out
}

// ReportDays are the days in [from, to] on which place i was counted.
func (o Observed) ReportDays(i, from, to int) []int {
	var days []int
	for _, r := range o.Series[i] {
		if r.Day >= from && r.Day <= to {
			days = append(days, r.Day)
		}
	}
	return days
}

func sum(v []float64) float64 {
	total := 0.0
	for _, x := range v {
		total += x
	}
	return total
}
