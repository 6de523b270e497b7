package displacement

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

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
		name := cell(camp.Name)
		header = append(header, name+" sim", name+" data", name+" error")
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
			s, u := r.At(day, c.Camps[i].Place), c.ObservedAs(r.Compat, i, day)
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

// cell keeps a spreadsheet from taking a name for a formula: names come from
// whoever made the case. An ordinary name stays as it is.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n|%", rune(s[0])) {
		return "'" + s
	}
	return s
}

// fileName is a name for a download: the scenario's in plain letters, the
// version, and what it is.
func fileName(scenario string, version int64, what string) string {
	plain := strings.Trim(strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, scenario), "-")
	for strings.Contains(plain, "--") {
		plain = strings.ReplaceAll(plain, "--", "-")
	}
	if plain == "" {
		plain = "scenario"
	}
	return fmt.Sprintf("%.60s-v%d-%s", plain, version, what)
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

// writeArrivals writes the counts that came in, as they can be brought again.
func writeArrivals(w io.Writer, counts []Arrival) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"place", "date", "people", "source", "came_in"}); err != nil {
		return err
	}
	for _, a := range counts {
		if err := out.Write([]string{cell(a.Place), a.Date, strconv.FormatInt(a.People, 10), cell(a.Source), a.MadeAt.UTC().Format(time.RFC3339)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// writeGaps writes what is lacking by place and week.
func writeGaps(w io.Writer, rows []GapRow) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"place", "week_from", "most_people", "shelter_places", "shelter_missing", "arrivals", "interviews_due", "interviews_done", "waiting", "interviewers", "interviewers_needed"}); err != nil {
		return err
	}
	n := func(x int64) string { return strconv.FormatInt(x, 10) }
	for _, g := range rows {
		capacity := ""
		if g.Capacity >= 0 {
			capacity = n(g.Capacity)
		}
		if err := out.Write([]string{cell(g.Name), g.Date, n(g.Peak), capacity, n(g.Shelter), n(g.Arrivals), n(g.Interviews), n(g.Seen), n(g.Waiting), strconv.Itoa(g.Interviewers), strconv.Itoa(g.Staff)}); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// whoCells are the groups of a place on a told day; empty cells on other days.
func (p PlaceRun) whoCells(told int, n func(float64) string) (out []string) {
	if len(p.Who) == 0 {
		return nil
	}
	for _, g := range groups {
		if b := p.Who[g.name]; told >= 0 && told < len(b.Mid) {
			out = append(out, n(b.Low[told]), n(b.Mid[told]), n(b.High[told]))
		} else {
			out = append(out, "", "", "")
		}
	}
	return out
}

// CSV writes an ensemble: one row per kept day and place; who the people are
// stands in the rows of one day a week.
func (v View) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	header := []string{"day", "date", "place", "low_5", "middle", "high_95", "reported"}
	if v.WhatIf {
		header = append(header, "what_if_low_5", "what_if_middle", "what_if_high_95", "difference_low_5", "difference_middle", "difference_high_95")
	}
	if len(v.WhoDates) > 0 {
		for _, g := range groups {
			header = append(header, g.name+"_low_5", g.name+"_middle", g.name+"_high_95")
		}
	}
	if err := out.Write(header); err != nil {
		return err
	}
	n := func(x float64) string { return strconv.FormatFloat(math.Round(x), 'f', 0, 64) }
	for _, p := range v.Places {
		for k, day := range v.Days {
			reported := ""
			if k < len(p.Reported) {
				reported = n(p.Reported[k])
			}
			row := []string{strconv.Itoa(day), v.Dates[k], cell(p.Place), n(p.Low[k]), n(p.Mid[k]), n(p.High[k]), reported}
			if v.WhatIf {
				row = append(row, n(p.Other.Low[k]), n(p.Other.Mid[k]), n(p.Other.High[k]), n(p.Change.Low[k]), n(p.Change.Mid[k]), n(p.Change.High[k]))
			}
			row = append(row, p.whoCells(slices.Index(v.WhoDates, v.Dates[k]), n)...)
			if err := out.Write(row); err != nil {
				return err
			}
		}
	}
	out.Flush()
	return out.Error()
}
