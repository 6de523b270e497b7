package displacement

import (
	"context"
	"encoding/json"
	"io/fs"

	"lintas/displacement/abm"
)

// ScenarioView is a scenario with what a page needs to draw it.
type ScenarioView struct {
	Scenario Scenario      `json:"scenario"`
	Versions []Version     `json:"versions"`
	Runs     []Run         `json:"runs"`
	Rulesets []string      `json:"rulesets"`
	Start    string        `json:"start"`
	Days     int           `json:"days"`
	Places   []MapPlace    `json:"places"`
	Routes   []MapRoute    `json:"routes"`
	Findings []abm.Finding `json:"findings"`
	// Land is the case's own land.geojson, for a region that no atlas has.
	Land json.RawMessage `json:"land,omitempty"`
}

// MapPlace is a place on the map.
type MapPlace struct {
	Name       string  `json:"name"`
	Country    string  `json:"country"`
	Kind       string  `json:"kind"`
	Lat        float64 `json:"lat"`
	Lon        float64 `json:"lon"`
	Capacity   int64   `json:"capacity"`
	Population int64   `json:"population"`
}

// MapRoute joins two places by their index.
type MapRoute struct {
	A   int     `json:"a"`
	B   int     `json:"b"`
	Km  float64 `json:"km"`
	Sea bool    `json:"sea"`
}

func (d *Desk) scenarioView(ctx context.Context, id string) (v ScenarioView, err error) {
	if v.Scenario, err = d.Scenario(ctx, id); err != nil {
		return v, err
	}
	c, found, err := readBundle(v.Scenario.bundle)
	if err != nil {
		return v, err
	}
	if v.Versions, err = d.Versions(ctx, id); err != nil {
		return v, err
	}
	if v.Runs, err = d.Runs(ctx, id); err != nil {
		return v, err
	}
	v.Runs, v.Findings, v.Rulesets = orEmpty(v.Runs), orEmpty(found), Rulesets()
	v.Start, v.Days = c.Start.Format("2006-01-02"), c.Days
	v.Places, v.Routes = mapOf(c)
	v.Land = landOf(v.Scenario.bundle)
	return v, nil
}

// landFile may lie beside simsetting.yml: polygons of land as GeoJSON. Only the
// map reads it.
const landFile = "land.geojson"

// landOf is the case's own land, or nothing: a map without a coast is better
// than no map.
func landOf(bundle []byte) json.RawMessage {
	folder, err := unpackCase(bundle)
	if err != nil {
		return nil
	}
	raw, err := fs.ReadFile(folder, landFile)
	var is struct{ Type string }
	if err != nil || len(raw) > 4<<20 || json.Unmarshal(raw, &is) != nil || is.Type != "FeatureCollection" {
		return nil
	}
	return raw
}

func mapOf(c *abm.Case) ([]MapPlace, []MapRoute) {
	places, routes := []MapPlace{}, []MapRoute{}
	for _, p := range c.Places {
		places = append(places, MapPlace{p.Name, p.Country, p.Kind.String(), p.Lat, p.Lon, p.Capacity, p.Population})
	}
	for _, r := range c.Routes {
		routes = append(routes, MapRoute{r.A, r.B, r.Km, false})
	}
	for _, r := range c.Sea {
		routes = append(routes, MapRoute{r.From, r.To, r.Km, true})
	}
	return places, routes
}

// FlowView is one run by day: who is where, and how many entered each route.
type FlowView struct {
	Start  string     `json:"start"`
	Places []MapPlace `json:"places"`
	Routes []MapRoute `json:"routes"`
	People [][]int64  `json:"people" doc:"[day][place]"`
	Flows  [][]int64  `json:"flows" doc:"[day][route], both ways"`
	AtSea  []int32    `json:"at_sea" doc:"[day]"`
	Notes  []string   `json:"notes"`
}

func (d *Desk) flows(ctx context.Context, id string, version int64) (v FlowView, err error) {
	c, r, err := d.single(ctx, id, version)
	if err != nil {
		return v, err
	}
	v.Start, v.Notes, v.AtSea = c.Start.Format("2006-01-02"), orEmpty(r.Notes), append([]int32{}, r.AtSea...)
	v.Places, v.Routes = mapOf(c)
	type ends struct {
		a, b int
		sea  bool
	}
	route := map[ends]int{}
	for i, x := range v.Routes {
		route[ends{x.A, x.B, x.Sea}], route[ends{x.B, x.A, x.Sea}] = i, i
	}
	for day := r.FirstDay; day < r.FirstDay+r.Days; day++ {
		people, flows := make([]int64, len(v.Places)), make([]int64, len(v.Routes))
		for i := range people {
			people[i] = r.At(day, i)
		}
		for l, link := range r.Links {
			if i, ok := route[ends{link.From, link.To, link.Sea}]; ok {
				flows[i] += r.Flow(day, l)
			}
		}
		v.People, v.Flows = append(v.People, people), append(v.Flows, flows)
	}
	return v, nil
}

// GapRow is what a place lacks in a week.
type GapRow struct {
	Name string `json:"name"`
	Date string `json:"date"`
	abm.Gap
}

func (d *Desk) gaps(ctx context.Context, id string, version int64, interviewers int, perDay float64, days int, screened float64) ([]GapRow, error) {
	c, r, err := d.single(ctx, id, version)
	if err != nil {
		return nil, err
	}
	staff := map[int]int{}
	for i, p := range c.Places {
		if p.Kind.IsCamp() {
			staff[i] = interviewers
		}
	}
	out := []GapRow{}
	for _, g := range abm.Gaps(c, r, abm.Staffing{Interviewers: staff, InterviewsPerDay: perDay, WorkingDaysPerWeek: days, Screened: screened}) {
		if c.Places[g.Place].Kind.IsCamp() {
			out = append(out, GapRow{c.Places[g.Place].Name, c.Date(g.FirstDay).Format("2006-01-02"), g})
		}
	}
	return out, nil
}
