package displacement

import (
	"fmt"
	"io"
	"math"
	"text/tabwriter"
	"time"

	"lintas/displacement/ensemble"
)

// View is an ensemble's answer as people and programs read it.
type View struct {
	Case    string   `json:"case"`
	Seed    uint64   `json:"seed"`
	Members int      `json:"members"`
	Asked   int      `json:"members_asked"`
	WhatIf  bool     `json:"what_if"`
	Warm    *Warm    `json:"warm,omitempty"`
	Days    []int    `json:"days"`
	Dates   []string `json:"dates"`
	// WhoDates are the days on which ages and sexes are told; empty for a case
	// that does not give them.
	WhoDates []string   `json:"who_dates,omitempty"`
	Places   []PlaceRun `json:"places"`
	Total    Bands      `json:"total"`
	// OtherTotal is the total with the what-if.
	OtherTotal  *Bands           `json:"other_total,omitempty"`
	Sensitivity []ensemble.Share `json:"sensitivity,omitempty"`
	// Raw says that bands come from the spread of inputs alone; they hold fewer
	// reports than they promise unless they were stretched on other cases.
	Raw   bool     `json:"raw_bands"`
	Notes []string `json:"notes"`
}

// Bands are 90 % bands with their middle, one per kept day, in people.
type Bands struct {
	Low  []float64 `json:"low"`
	Mid  []float64 `json:"mid"`
	High []float64 `json:"high"`
}

// PlaceRun is one place.
type PlaceRun struct {
	Place    string  `json:"place"`
	Country  string  `json:"country"`
	Lat      float64 `json:"lat"`
	Lon      float64 `json:"lon"`
	Capacity int64   `json:"capacity"` // 0 is not known
	Bands
	// Reported is interpolated between reports and ends with the last of them;
	// Reports are the reports themselves within the days kept.
	Reported []float64     `json:"reported,omitempty"`
	Reports  []DatedReport `json:"reports,omitempty"`
	Other    *Bands        `json:"what_if,omitempty"`
	Change   *Bands        `json:"difference,omitempty"`
	// Who is the people of each group (under_five, children, women, older) on the
	// WhoDates, of the version as it is.
	Who map[string]Bands `json:"who,omitempty"`
	// ChanceMore is the share of members in which the what-if brings more
	// people here on the last day.
	ChanceMore *float64 `json:"chance_more,omitempty"`
	// ChanceOver is the share of members above capacity on the last day.
	ChanceOver *float64 `json:"chance_over_capacity,omitempty"`
}

// DatedReport is a report of the case, registrations applied.
type DatedReport struct {
	Date   string `json:"date"`
	People int64  `json:"people"`
}

// View reads the answer so far.
func (o *Outcome) View() View {
	w := o.work
	v := View{Case: w.Case.Name, Seed: w.Plan.Seed, Members: o.Base.Members, Asked: w.Plan.Members, WhatIf: o.WhatIf != nil, Warm: w.Plan.Warm, Days: w.kept, Sensitivity: o.Sensitivity(), Raw: true, Notes: []string{}}
	for _, day := range w.kept {
		v.Dates = append(v.Dates, w.Case.Date(day).Format("2006-01-02"))
	}
	from := w.Case
	if w.WhatIf != nil {
		from = w.WhatIf
	}
	for _, k := range w.told {
		v.WhoDates = append(v.WhoDates, v.Dates[k])
	}
	reports := map[int]int{}
	for i, c := range w.Case.Camps {
		reports[c.Place] = i
	}
	last := len(w.kept) - 1
	for i, at := range w.Camps {
		p := from.Places[at]
		run := PlaceRun{Place: p.Name, Country: p.Country, Lat: p.Lat, Lon: p.Lon, Capacity: p.Capacity, Bands: columnBands(o.Base, i)}
		if camp, ok := reports[at]; ok {
			run.reportedBy(w, camp)
		}
		if o.WhatIf != nil {
			other := columnBands(o.WhatIf, i)
			run.Other, run.Change = &other, &Bands{}
			for k := range w.kept {
				run.Change.add(o.Differences[k][i].Band(0.9))
			}
			chance := o.Differences[last][i].Probability()
			run.ChanceMore = &chance
		}
		if len(w.told) > 0 {
			run.Who = o.who(i)
		}
		if p.Capacity > 0 {
			chance := shareAbove(o.Base.Cells[last][i], float64(p.Capacity))
			run.ChanceOver = &chance
		}
		v.Places = append(v.Places, run)
	}
	for k := range w.kept {
		v.Total.add(o.Base.Totals[k].Band(0.9))
	}
	if o.WhatIf != nil {
		v.OtherTotal = &Bands{}
		for k := range w.kept {
			v.OtherTotal.add(o.WhatIf.Totals[k].Band(0.9))
		}
	}
	if v.Members < v.Asked {
		v.Notes = append(v.Notes, fmt.Sprintf("Stopped early: %d of %d members are in.", v.Members, v.Asked))
	}
	return v
}

// reportedBy fills in what the case reports. A warm start has seen the reports of
// its first days; they are not laid beside it as if it had not.
func (p *PlaceRun) reportedBy(w *Work, camp int) {
	reports := w.Case.Camps[camp].Reports
	if len(reports) == 0 {
		return
	}
	last := reports[len(reports)-1].Day
	for _, day := range w.kept {
		if w.Plan.Warm == nil && day <= last {
			p.Reported = append(p.Reported, float64(w.Case.Observed(camp, day)))
		}
	}
	first, end := w.kept[0], w.kept[len(w.kept)-1]
	for _, r := range reports {
		if r.Day >= first && r.Day <= end {
			p.Reports = append(p.Reports, DatedReport{w.Case.Date(r.Day).Format(time.DateOnly), int64(math.Round(r.Count))})
		}
	}
}

func columnBands(s *ensemble.Summary, place int) Bands {
	var b Bands
	for k := range s.Days {
		b.add(s.Cells[k][place].Band(0.9))
	}
	return b
}

func (b *Bands) add(x ensemble.Band) {
	b.Low, b.Mid, b.High = append(b.Low, round(x.Low)), append(b.Mid, round(x.Mid)), append(b.High, round(x.High))
}

// round keeps JSON free of NaN, which it cannot hold.
func round(x float64) float64 {
	if math.IsNaN(x) {
		return 0
	}
	return math.Round(x)
}

// shareAbove is the share of members above a value, to the sketch's accuracy.
func shareAbove(s ensemble.Sketch, value float64) float64 {
	const steps = 200
	above := 0
	for i := range steps {
		if s.Quantile((float64(i)+0.5)/steps) > value {
			above++
		}
	}
	return float64(above) / steps
}

func (v View) print(w io.Writer) error {
	last := len(v.Days) - 1
	fmt.Fprintf(w, "%s, seed %d, %d members, day %d (%s); 90 %% bands\n", v.Case, v.Seed, v.Members, v.Days[last], v.Dates[last])
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(t, "place\tlow\tmiddle\thigh\treported\t")
	if v.WhatIf {
		fmt.Fprint(t, "with the change\tdifference: low\tmiddle\thigh\t")
	}
	fmt.Fprintln(t)
	for _, p := range v.Places {
		reported := "-"
		if len(p.Reported) > last {
			reported = fmt.Sprintf("%.0f", p.Reported[last])
		}
		fmt.Fprintf(t, "%s\t%.0f\t%.0f\t%.0f\t%s\t", p.Place, p.Low[last], p.Mid[last], p.High[last], reported)
		if v.WhatIf {
			fmt.Fprintf(t, "%.0f\t%+.0f\t%+.0f\t%+.0f\t", p.Other.Mid[last], p.Change.Low[last], p.Change.Mid[last], p.Change.High[last])
		}
		fmt.Fprintln(t)
	}
	fmt.Fprintf(t, "all\t%.0f\t%.0f\t%.0f\t\t\n", v.Total.Low[last], v.Total.Mid[last], v.Total.High[last])
	if err := t.Flush(); err != nil {
		return err
	}
	if len(v.Sensitivity) > 0 {
		fmt.Fprintln(w, "What widens the band of the total on the last day (share explained alone):")
		for _, s := range v.Sensitivity[:min(5, len(v.Sensitivity))] {
			fmt.Fprintf(w, "  %-20s %.0f %%\n", s.Input, 100*s.First)
		}
	}
	for _, n := range v.Notes {
		fmt.Fprintln(w, "note:", n)
	}
	return nil
}
