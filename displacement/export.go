package displacement

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"

	"lintas/displacement/abm"
)

// writeOutCSV writes a run in the layout of Flee's out.csv: per day and camp the
// simulated people, the reported ones and the relative error, then the totals.
// Flee's `Total error` divides by a raw count that holds day 0 twice; here it
// divides by the reported people of the day.
func writeOutCSV(w io.Writer, c *abm.Case, r *abm.Result) error {
	out := csv.NewWriter(w)
	header := []string{"Day", "Date"}
	for _, camp := range c.Camps {
		header = append(header, camp.Name+" sim", camp.Name+" data", camp.Name+" error")
	}
	header = append(header, "Total error", "refugees in camps (UNHCR)", "total refugees (simulation)", "raw UNHCR refugee count", "refugees in camps (simulation)", "refugee_debt")
	if err := out.Write(header); err != nil {
		return err
	}
	debts := reportedDebt(c)
	for day := r.FirstDay; day < r.FirstDay+r.Days; day++ {
		row := []string{strconv.Itoa(day), c.Date(day).Format("2006-01-02")}
		off, sim, data := 0.0, int64(0), int64(0)
		for i := range c.Camps {
			s, u := r.At(day, c.Camps[i].Place), c.Observed(i, day)
			off += math.Abs(float64(s - u))
			sim, data = sim+s, data+u
			row = append(row, strconv.FormatInt(s, 10), strconv.FormatInt(u, 10), fmt.Sprintf("%.6f", relativeError(s, u)))
		}
		all := int64(r.Travelling[day-r.FirstDay])
		for p := range c.Places {
			all += r.At(day, p)
		}
		row = append(row, fmt.Sprintf("%.6f", off/math.Max(1, float64(data))), strconv.FormatInt(data, 10), strconv.FormatInt(all, 10),
			strconv.FormatInt(data, 10), strconv.FormatInt(sim, 10), strconv.FormatInt(debts[min(day, len(debts)-1)], 10))
		if err := out.Write(row); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func relativeError(sim, data int64) float64 {
	switch {
	case data != 0:
		return math.Abs(float64(sim)/float64(data) - 1)
	case sim != 0:
		return 1
	}
	return 0
}

// reportedDebt is how far the reported total has fallen below its peak, per day.
func reportedDebt(c *abm.Case) []int64 {
	out := make([]int64, max(1, c.Days))
	var before, debt int64
	for day := range out {
		now := int64(0)
		for i := range c.Camps {
			now += c.Observed(i, day)
		}
		if day > 0 {
			debt = max(0, debt-(now-before))
		}
		before, out[day] = now, debt
	}
	return out
}

type feature struct {
	Type       string         `json:"type"`
	Geometry   geometry       `json:"geometry"`
	Properties map[string]any `json:"properties"`
}

type geometry struct {
	Type        string `json:"type"`
	Coordinates any    `json:"coordinates"`
}

// writeGeoJSON writes places with the people of the last day, and routes with
// the people who entered them in all (RFC 7946: longitude first).
func writeGeoJSON(w io.Writer, c *abm.Case, r *abm.Result) error {
	last := r.FirstDay + r.Days - 1
	features := make([]feature, 0, len(c.Places)+len(c.Routes))
	for i, p := range c.Places {
		features = append(features, feature{"Feature", geometry{"Point", []float64{p.Lon, p.Lat}}, map[string]any{
			"name": p.Name, "country": p.Country, "kind": p.Kind.String(), "people": r.At(last, i), "capacity": p.Capacity, "day": last, "date": c.Date(last).Format("2006-01-02")}})
	}
	flows := map[[2]int]int64{}
	for l, link := range r.Links {
		for day := r.FirstDay; day <= last; day++ {
			flows[[2]int{link.From, link.To}] += r.Flow(day, l)
		}
	}
	line := func(a, b int, sea bool, km float64) {
		features = append(features, feature{"Feature", geometry{"LineString", [][]float64{{c.Places[a].Lon, c.Places[a].Lat}, {c.Places[b].Lon, c.Places[b].Lat}}}, map[string]any{
			"from": c.Places[a].Name, "to": c.Places[b].Name, "km": km, "sea": sea, "people_there": flows[[2]int{a, b}], "people_back": flows[[2]int{b, a}]}})
	}
	for _, x := range c.Routes {
		line(x.A, x.B, false, x.Km)
	}
	for _, x := range c.Sea {
		line(x.From, x.To, true, x.Km)
	}
	return json.NewEncoder(w).Encode(map[string]any{"type": "FeatureCollection", "features": features})
}

// CSV writes an ensemble: one row per kept day and place.
func (v View) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	header := []string{"day", "date", "place", "low_5", "middle", "high_95", "reported"}
	if v.WhatIf {
		header = append(header, "what_if_low_5", "what_if_middle", "what_if_high_95", "difference_low_5", "difference_middle", "difference_high_95")
	}
	if err := out.Write(header); err != nil {
		return err
	}
	n := func(x float64) string { return strconv.FormatFloat(math.Round(x), 'f', 0, 64) }
	for _, p := range v.Places {
		for k, day := range v.Days {
			reported := ""
			if p.Reported != nil {
				reported = n(p.Reported[k])
			}
			row := []string{strconv.Itoa(day), v.Dates[k], p.Place, n(p.Low[k]), n(p.Mid[k]), n(p.High[k]), reported}
			if v.WhatIf {
				row = append(row, n(p.Other.Low[k]), n(p.Other.Mid[k]), n(p.Other.High[k]), n(p.Change.Low[k]), n(p.Change.Mid[k]), n(p.Change.High[k]))
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
