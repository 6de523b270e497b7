package displacement

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"time"

	"lintas/kernel/problem"
)

// Comparison lays the counts that came in beside what a run foretold and beside
// persistence, which says that nothing changes.
type Comparison struct {
	Places []PlaceComparison `json:"places"`
	// Compared is the number of counts that have something beside them.
	Compared int `json:"compared"`
	// Error is the people that the middle of the bands was off, summed over the
	// counts, as a share of the people counted; Persistence likewise.
	Error       float64 `json:"error"`
	Persistence float64 `json:"persistence_error"`
	// Inside is the share of counts within their 90 % band.
	Inside float64 `json:"inside"`
}

// PlaceComparison is one place.
type PlaceComparison struct {
	Place  string          `json:"place"`
	Counts []ComparedCount `json:"counts"`
}

// ComparedCount is one count with what was foretold for its day.
type ComparedCount struct {
	Date        string  `json:"date"`
	People      int64   `json:"people"`
	Source      string  `json:"source"`
	Low         float64 `json:"low"`
	Mid         float64 `json:"mid"`
	High        float64 `json:"high"`
	Persistence int64   `json:"persistence" doc:"the last report before the counts began"`
}

// Compare reads the counts of a run's scenario against the run. Persistence is
// the last report of the case before the first count of the place (or before
// the day a warm start began); without one it is the first count itself, which
// is then not compared.
func (d *Desk) Compare(ctx context.Context, runID string) (out Comparison, err error) {
	run, err := d.Run(ctx, runID)
	if err != nil {
		return out, err
	}
	if run.View == nil {
		return out, problem.New(problem.Conflict, "displacement.not-done", "The run is not done yet; try again in a moment.")
	}
	var v View
	if err := json.Unmarshal(run.View, &v); err != nil {
		return out, err
	}
	counts, err := d.Arrivals(ctx, run.Scenario)
	if err != nil {
		return out, err
	}
	return compare(v, counts), nil
}

func compare(v View, counts []Arrival) Comparison {
	out := Comparison{Places: []PlaceComparison{}}
	var off, still, people, inside float64
	for _, p := range v.Places {
		bands := p.Bands
		if p.Other != nil {
			bands = *p.Other // the version as it is, with its changes
		}
		place := PlaceComparison{Place: p.Place, Counts: []ComparedCount{}}
		base, known := p.lastReport(v, firstCount(counts, p.Place, v.since()))
		for _, a := range counts {
			if a.Place != p.Place || a.Date <= v.since() {
				continue
			}
			if !known {
				base, known = a.People, true
				continue
			}
			k, ok := v.dayOf(a.Date)
			if !ok {
				continue
			}
			c := ComparedCount{a.Date, a.People, a.Source, bands.Low[k], bands.Mid[k], bands.High[k], base}
			place.Counts = append(place.Counts, c)
			off += math.Abs(c.Mid - float64(c.People))
			still += math.Abs(float64(base - c.People))
			people += float64(c.People)
			if float64(c.People) >= c.Low && float64(c.People) <= c.High {
				inside++
			}
			out.Compared++
		}
		if len(place.Counts) > 0 {
			out.Places = append(out.Places, place)
		}
	}
	if out.Compared > 0 {
		out.Error, out.Persistence, out.Inside = off/math.Max(1, people), still/math.Max(1, people), inside/float64(out.Compared)
	}
	return out
}

// since is the day up to which a warm start knew everything; empty for others.
func (v View) since() string {
	if v.Warm == nil || len(v.Dates) == 0 {
		return ""
	}
	return v.Dates[0]
}

func firstCount(counts []Arrival, place, since string) string {
	for _, a := range counts { // oldest day first
		if a.Place == place && a.Date > since {
			return a.Date
		}
	}
	return ""
}

// lastReport is the last report of a place before a date.
func (p PlaceRun) lastReport(v View, before string) (people int64, ok bool) {
	for _, r := range p.Reports {
		if r.Date < before && (v.Warm == nil || r.Date <= v.since()) {
			people, ok = r.People, true
		}
	}
	return people, ok
}

// dayOf is the index of the kept day nearest to a date, at most half a stride away.
func (v View) dayOf(date string) (int, bool) {
	if k, ok := slices.BinarySearch(v.Dates, date); ok {
		return k, true
	} else if k > 0 && k < len(v.Dates) {
		if daysBetween(v.Dates[k-1], date) <= daysBetween(date, v.Dates[k]) {
			k--
		}
		return k, true
	}
	return 0, false
}

func daysBetween(a, b string) float64 {
	from, _ := time.Parse(time.DateOnly, a)
	to, _ := time.Parse(time.DateOnly, b)
	return to.Sub(from).Hours() / 24
}
