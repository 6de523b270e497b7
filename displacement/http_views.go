package displacement

import (
	"context"
	"encoding/json"
	"path"
	"strconv"
	"strings"
	"time"

	"lintas/displacement/abm"
	"lintas/kernel/problem"
)

// ScenarioView is a scenario with what a page needs to draw it.
type ScenarioView struct {
	Scenario Scenario      `json:"scenario"`
	Versions []Version     `json:"versions"`
	Edits    []Edit        `json:"edits"`
	Runs     []Run         `json:"runs"`
	Rulesets []string      `json:"rulesets"`
	Start    string        `json:"start"`
	Days     int           `json:"days"`
	Places   []MapPlace    `json:"places"`
	Routes   []MapRoute    `json:"routes"`
	Findings []abm.Finding `json:"findings"`
	// Land is the case's own land.geojson, for a region that no atlas has.
	Land   json.RawMessage `json:"land,omitempty"`
	Series []DailySeries   `json:"series"`
	// Outlook is true where a warning desk can be asked for a series.
	Outlook bool `json:"outlook"`
	// Names of the persons that the versions, runs and inputs name by id.
	Names map[string]string `json:"names"`
	// LastReport is the newest day with a report or a count: from there a run
	// can start warm; -1 without any.
	LastReport int `json:"last_report"`
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
	if v.Edits, err = d.edits(ctx, id); err != nil {
		return v, err
	}
	if v.Runs, err = d.Runs(ctx, id); err != nil {
		return v, err
	}
	v.Edits = orEmpty(v.Edits)
	v.Runs, v.Findings, v.Rulesets = orEmpty(v.Runs), orEmpty(found), Rulesets()
	v.Start, v.Days = c.Start.Format("2006-01-02"), c.Days
	v.Places, v.Routes = mapOf(c)
	v.Land = landOf(v.Scenario.bundle)
	if v.Series, err = d.allSeries(ctx, id); err != nil {
		return v, err
	}
	counts, err := d.Arrivals(ctx, id)
	if err != nil {
		return v, err
	}
	v.Series, v.Outlook, v.LastReport = orEmpty(v.Series), d.Outlook != nil, lastReport(c, counts)
	v.Names = d.names(ctx, v)
	return v, nil
}

// lastReport is the newest day of the case with a report or a count.
func lastReport(c *abm.Case, counts []Arrival) int {
	last := -1
	for _, camp := range c.Camps {
		for _, r := range camp.Reports {
			last = max(last, min(r.Day, c.Days-1))
		}
	}
	for _, a := range counts {
		if t, err := time.Parse(time.DateOnly, a.Date); err == nil {
			if day := int(t.Sub(c.Start).Hours() / 24); day < c.Days {
				last = max(last, day)
			}
		}
	}
	return last
}

// names asks who the people are that the view names by id. Without an answer
// the page shows ids. Another organisation needs no names to read a scenario.
func (d *Desk) names(ctx context.Context, v ScenarioView) map[string]string {
	if d.Names == nil || !v.Scenario.Ours {
		return map[string]string{}
	}
	labels := []string{v.Scenario.MadeBy}
	for _, x := range v.Versions {
		labels = append(labels, x.MadeBy)
	}
	for _, x := range v.Edits {
		labels = append(labels, x.MadeBy)
	}
	for _, x := range v.Runs {
		labels = append(labels, x.AskedBy)
	}
	for _, x := range v.Series {
		labels = append(labels, x.MadeBy)
	}
	var ids []string
	for _, label := range labels {
		if person, is := strings.CutPrefix(label, "person:"); is {
			ids = append(ids, person)
		}
	}
	found, err := d.Names(ctx, ids)
	if err != nil {
		d.Log.Warn("names not known", "error", err)
	}
	out := map[string]string{}
	for person, name := range found {
		out["person:"+person] = name
	}
	return out
}

// landFile may lie beside simsetting.yml: polygons of land as GeoJSON. Only the
// map reads it.
const landFile = "land.geojson"

// landOf is the case's own land, or nothing: a map without a coast is better
// than no map.
func landOf(bundle []byte) json.RawMessage {
	files, err := bundleFiles(bundle)
	if err != nil {
		return nil
	}
	for _, name := range sortedKeys(files) {
		var is struct{ Type string }
		raw := files[name]
		if path.Base(name) == landFile && len(raw) <= 4<<20 && json.Unmarshal(raw, &is) == nil && is.Type == "FeatureCollection" {
			return raw
		}
	}
	return nil
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
	Split  *SplitView `json:"split,omitempty" doc:"who the people are; absent without demographics in the case"`
}

// SplitView is the age and sex of the people by week and place.
type SplitView struct {
	Ages   []string    `json:"ages"`
	Sexes  []string    `json:"sexes"`
	Days   []int       `json:"days" doc:"every seventh day and the last"`
	People [][][]int64 `json:"people" doc:"[day][place][age x sex], sexes side by side"`
}

func agesAndSexes(c *abm.Case, r *abm.Result) *SplitView {
	if r.Split == nil {
		return nil
	}
	v := &SplitView{Ages: abm.AgeBands, Sexes: abm.Sexes}
	for i := 0; i < r.Days; i++ {
		if i%7 != 0 && i != r.Days-1 {
			continue
		}
		day := r.FirstDay + i
		var places [][]int64
		for p := range c.Places {
			var row []int64
			for band := range abm.AgeBands {
				for sex := range abm.Sexes {
					row = append(row, r.SplitAt(day, p, band, sex))
				}
			}
			places = append(places, row)
		}
		v.Days, v.People = append(v.Days, i), append(v.People, places)
	}
	return v
}

func (d *Desk) flows(ctx context.Context, id string, version int64) (v FlowView, err error) {
	c, r, err := d.single(ctx, id, version)
	if err != nil {
		return v, err
	}
	v.Start, v.Notes, v.AtSea = c.Start.Format("2006-01-02"), orEmpty(r.Notes), append([]int32{}, r.AtSea...)
	v.Places, v.Routes = mapOf(c)
	v.Split = agesAndSexes(c, r)
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
	Name         string `json:"name"`
	Date         string `json:"date"`
	Interviewers int    `json:"interviewers"`
	abm.Gap
}

// Staffing is a planner's assumption about interviews.
type Staffing struct {
	Interviewers int      `query:"interviewers" default:"2" minimum:"0" maximum:"10000" doc:"at each camp that staff_at does not name"`
	At           []string `query:"staff_at,explode" maxItems:"500" doc:"place=number, once for each place"`
	PerDay       float64  `query:"per_day" default:"8" minimum:"0" maximum:"200" doc:"interviews per interviewer and working day"`
	WorkingDays  int      `query:"working_days" default:"5" minimum:"1" maximum:"7"`
	Screened     float64  `query:"screened" default:"1" minimum:"0" maximum:"1" doc:"share of arrivals interviewed; 0 is nobody"`
}

func (d *Desk) gaps(ctx context.Context, id string, version int64, s Staffing) ([]GapRow, error) {
	c, r, err := d.single(ctx, id, version)
	if err != nil {
		return nil, err
	}
	staff, err := s.byPlace(c)
	if err != nil {
		return nil, err
	}
	out := []GapRow{}
	for _, g := range abm.Gaps(c, r, abm.Staffing{Interviewers: staff, InterviewsPerDay: s.PerDay, WorkingDaysPerWeek: s.WorkingDays, Screened: s.Screened}) {
		if _, counted := staff[g.Place]; !counted {
			continue
		}
		if s.Screened == 0 { // the engine takes 0 for everybody
			g.Interviews, g.Seen, g.Waiting, g.Staff = 0, 0, 0, 0
		}
		out = append(out, GapRow{c.Places[g.Place].Name, c.Date(g.FirstDay).Format(time.DateOnly), staff[g.Place], g})
	}
	return out, nil
}

// byPlace is the interviewers at each place that shelters people on some day.
func (s Staffing) byPlace(c *abm.Case) (map[int]int, error) {
	staff := map[int]int{}
	for i, p := range c.Places {
		if p.Kind.IsCamp() {
			staff[i] = s.Interviewers
		}
	}
	for _, change := range c.PlaceChanges {
		if change.Kind.IsCamp() {
			staff[change.Place] = s.Interviewers
		}
	}
	for _, pair := range s.At {
		cut := strings.LastIndexByte(pair, '=')
		if cut < 0 {
			return nil, problem.New(problem.Invalid, "displacement.bad-staff", "Write the interviewers of a place as place=number.").With("query.staff_at", "has no number")
		}
		place := c.PlaceIndex(pair[:cut])
		n, err := strconv.Atoi(pair[cut+1:])
		if _, is := staff[place]; !is || err != nil || n < 0 || n > 10_000 {
			return nil, problem.New(problem.Invalid, "displacement.bad-staff", "Write the interviewers of a place as place=number.").With("query.staff_at", "names no camp of the case, or no number from 0 to 10,000")
		}
		staff[place] = n
	}
	return staff, nil
}
