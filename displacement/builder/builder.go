// Package builder makes a runnable displacement case from what a planner can get: events of violence in the
// form of UCDP's georeferenced event data, places with population and coordinates, and roads. What had to be
// assumed is said, row by row, in the case's provenance.csv and in the findings; nothing is filled in silently.
//
// It is pure: bytes in, files out. The files are the folder layout that displacement/abm reads (Flee's own).
package builder

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"
)

// Input is what a case is built from. Roads may be nil: then every road is a great-circle default.
type Input struct {
	Places []byte // CSV with a header: name, latitude, longitude, population, country; optional region, type, capacity
	Events []byte // CSV with a header: UCDP GED columns, or date, latitude, longitude, deaths
	Roads  []byte // CSV with a header name1, name2 and optional km, or GeoJSON with (Multi)LineString features
}

// Options are the planner's choices; zero values take the defaults named.
type Options struct {
	Start      time.Time     // first day; zero = the day of the first event that touches a place
	Days       int           // length; 0 = 180
	RadiusKm   float64       // an event touches the nearest place within this distance; 0 = 50
	MinDeaths  int           // deaths (best estimate) from which an event counts; 0 = 1
	Lasting    time.Duration // how long a place stays in conflict after its last event; 0 = 30 days
	SnapKm     float64       // a place is on a road that passes within this distance; 0 = 10
	Detour     float64       // a road without a length is the great circle times this; 0 = 1.3
	Neighbours int           // without roads, each place is joined to at least this many nearest; 0 = 3
	Displaced  float64       // share of a conflict place's population that leaves each day; 0 = 0.01
}

func (o Options) withDefaults() Options {
	set := func(v *float64, d float64) {
		if *v <= 0 || math.IsNaN(*v) || math.IsInf(*v, 0) {
			*v = d
		}
	}
	set(&o.RadiusKm, 50)
	set(&o.SnapKm, 10)
	set(&o.Detour, 1.3)
	set(&o.Displaced, 0.01)
	if o.Days <= 0 {
		o.Days = 180
	}
	if o.MinDeaths <= 0 {
		o.MinDeaths = 1
	}
	if o.Lasting <= 0 {
		o.Lasting = 30 * 24 * time.Hour
	}
	if o.Neighbours <= 0 {
		o.Neighbours = 3
	}
	return o
}

// Finding is something the planner should know: what is wrong or missing, and what was assumed.
type Finding struct {
	Input   string `json:"input"` // places, events, roads or case
	Line    int    `json:"line"`  // from 1; 0 when it is not about a line
	What    string `json:"what"`
	Assumed string `json:"assumed,omitempty"`
}

// Built is a case: its files by path, and what was found on the way.
type Built struct {
	Files    map[string][]byte `json:"-"`
	Findings []Finding         `json:"findings"`
	Places   int               `json:"places"`
	Routes   int               `json:"routes"`
	Assumed  int               `json:"routes_assumed"` // routes whose length is a great-circle default
	Conflict int               `json:"conflict_places"`
	Events   int               `json:"events_used"`
}

// Place is one place of the case.
type Place struct {
	Name, Region, Country, Type string
	Lat, Lon                    float64 // degrees
	Population, Capacity        int
	line                        int
}

type event struct {
	lat, lon float64
	from, to time.Time
	deaths   int
}

type route struct {
	a, b   int
	km     float64
	source string // measured along roads | given | great-circle default
}

type build struct {
	o      Options
	found  []Finding
	places []Place
	events []event
	routes []route
	flags  [][]bool // [place][day]
	out    Built
}

// Build makes the case. It fails only when nothing can be made of the places; everything else is a finding.
func Build(in Input, o Options) (*Built, error) {
	b := &build{o: o.withDefaults()}
	b.readPlaces(in.Places)
	if len(b.places) == 0 {
		return nil, fmt.Errorf("no place could be read: the places file needs a header with name, latitude, longitude, population and country%s", b.first())
	}
	b.readEvents(in.Events)
	b.setStart()
	b.conflicts()
	b.roads(in.Roads)
	b.reach()
	b.write()
	b.out.Findings = b.found
	return &b.out, nil
}

// first is the first finding, to say why nothing could be read.
func (b *build) first() string {
	if len(b.found) == 0 {
		return ""
	}
	return fmt.Sprintf(" (line %d: %s)", b.found[0].Line, b.found[0].What)
}

const enoughFindings = 1000

func (b *build) find(input string, line int, assumed, what string, args ...any) {
	if len(b.found) < enoughFindings {
		b.found = append(b.found, Finding{Input: input, Line: line, What: fmt.Sprintf(what, args...), Assumed: assumed})
	}
}

// setStart puts the first day at the first event when the planner named none.
func (b *build) setStart() {
	if !b.o.Start.IsZero() {
		b.o.Start = b.o.Start.Truncate(24 * time.Hour)
		return
	}
	for _, e := range b.events {
		if b.nearest(e) >= 0 && (b.o.Start.IsZero() || e.from.Before(b.o.Start)) {
			b.o.Start = e.from
		}
	}
	if b.o.Start.IsZero() {
		b.o.Start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		b.find("case", 0, "2000-01-01", "no start was given and no event touches a place")
	}
}

// nearest is the place that an event touches, or -1. Camps are never made places of conflict by an event
// nearby: that is for the planner to say.
func (b *build) nearest(e event) int {
	best, at := b.o.RadiusKm, -1
	for i, p := range b.places {
		if p.Type != "camp" {
			if d := GreatCircleKm(p.Lat, p.Lon, e.lat, e.lon); d <= best {
				best, at = d, i
			}
		}
	}
	return at
}

// conflicts marks the days on which each place is in conflict: from an event's first day to Lasting after
// its last.
func (b *build) conflicts() {
	b.flags = make([][]bool, len(b.places))
	last := int(b.o.Lasting / (24 * time.Hour))
	for _, e := range b.events {
		i := b.nearest(e)
		if i < 0 {
			continue
		}
		from, to := b.day(e.from), b.day(e.to)+last
		if to < 0 || from >= b.o.Days {
			continue
		}
		b.out.Events++
		if b.flags[i] == nil {
			b.flags[i] = make([]bool, b.o.Days)
			b.out.Conflict++
		}
		for d := max(from, 0); d <= min(to, b.o.Days-1); d++ {
			b.flags[i][d] = true
		}
	}
	if b.out.Conflict == 0 {
		b.find("events", 0, "nobody flees in this case", "no event within %.0f km of a place on these days", b.o.RadiusKm)
	}
}

func (b *build) day(t time.Time) int { return int(math.Floor(t.Sub(b.o.Start).Hours() / 24)) }

// reach warns of places that nobody can leave or reach.
func (b *build) reach() {
	group := make([]int, len(b.places))
	for i := range group {
		group[i] = i
	}
	root := func(i int) int {
		for group[i] != i {
			group[i] = group[group[i]]
			i = group[i]
		}
		return i
	}
	for _, r := range b.routes {
		group[root(r.a)] = root(r.b)
	}
	camps := map[int]bool{}
	for i, p := range b.places {
		if p.Type == "camp" {
			camps[root(i)] = true
		}
	}
	if len(camps) == 0 {
		b.find("places", 0, "people move between towns only", "no place is of type camp, so no arrivals are counted")
		return
	}
	for i, p := range b.places {
		if !camps[root(i)] {
			b.find("case", p.line, "people of this place reach no camp", "%s is joined to no camp by any road", p.Name)
		}
	}
}

// GreatCircleKm is the distance between two points in kilometres on a sphere of 6371.0088 km (haversine).
func GreatCircleKm(lat1, lon1, lat2, lon2 float64) float64 {
	const rad = math.Pi / 180
	dLat, dLon := (lat2-lat1)*rad, (lon2-lon1)*rad
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * 6371.0088 * math.Asin(math.Min(1, math.Sqrt(h)))
}

// write makes the case's files.
func (b *build) write() {
	b.out.Places, b.out.Routes = len(b.places), len(b.routes)
	start := b.o.Start.Format("2006-01-02")
	b.out.Files = map[string][]byte{
		"input_csv/sim_period.csv":               []byte(fmt.Sprintf("StartDate,%s\nLength,%d\n", start, b.o.Days)),
		"input_csv/locations.csv":                b.locations(),
		"input_csv/routes.csv":                   b.routeRows(),
		"input_csv/closures.csv":                 []byte("#closure_type,name1,name2,closure_start,closure_end\n"),
		"input_csv/conflicts.csv":                b.conflictRows(),
		"input_csv/registration_corrections.csv": []byte("#camp,date\n"),
		"source_data/data_layout.csv":            b.layout(),
		"source_data/refugees.csv":               []byte(start + ",0\n"),
		"simsetting.yml":                         b.settings(),
		"provenance.csv":                         b.provenance(),
	}
	for _, p := range b.places {
		if p.Type == "camp" {
			b.out.Files["source_data/"+fileOf(p.Name)] = []byte(start + ",0\n")
		}
	}
}

func rows(header []string, n int, row func(i int) []string) []byte {
	var buf bytes.Buffer
	w := csv.NewWriter(&buf)
	w.Write(header) // a bytes.Buffer does not fail
	for i := range n {
		w.Write(row(i))
	}
	w.Flush()
	return buf.Bytes()
}

func (b *build) firstDay(i int) int {
	for d, on := range b.flags[i] {
		if on {
			return d
		}
	}
	return 0
}

func (b *build) locations() []byte {
	return rows([]string{"#name", "region", "country", "latitude", "longitude", "location_type", "conflict_date", "population"}, len(b.places), func(i int) []string {
		p := b.places[i]
		kind, date, count := p.Type, 0, p.Population
		switch {
		case p.Type == "camp":
			count = p.Capacity
		case b.flags[i] != nil:
			kind, date = "conflict_zone", b.firstDay(i)
		}
		return []string{p.Name, p.Region, p.Country, degrees(p.Lat), degrees(p.Lon), kind, strconv.Itoa(date), strconv.Itoa(count)}
	})
}

func degrees(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

func (b *build) routeRows() []byte {
	return rows([]string{"#name1", "name2", "distance", "forced_redirection"}, len(b.routes), func(i int) []string {
		r := b.routes[i]
		return []string{b.places[r.a].Name, b.places[r.b].Name, strconv.FormatFloat(r.km, 'f', 1, 64), "0"}
	})
}

func (b *build) conflictRows() []byte {
	header, columns := []string{"#Day"}, []int{}
	for i, p := range b.places {
		if p.Type != "camp" {
			header, columns = append(header, p.Name), append(columns, i)
		}
	}
	return rows(header, b.o.Days, func(d int) []string {
		row := []string{strconv.Itoa(d)}
		for _, i := range columns {
			on := "0"
			if b.flags[i] != nil && b.flags[i][d] {
				on = "1"
			}
			row = append(row, on)
		}
		return row
	})
}

func (b *build) layout() []byte {
	var camps []string
	for _, p := range b.places {
		if p.Type == "camp" {
			camps = append(camps, p.Name)
		}
	}
	return rows([]string{"total", "refugees.csv"}, len(camps), func(i int) []string { return []string{camps[i], fileOf(camps[i])} })
}

// fileOf is a file name for a camp: letters and digits kept, the rest dashes.
func fileOf(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return '-'
	}, name)
	return fmt.Sprintf("camp-%s-%08x.csv", strings.Trim(clean, "-"), hash(name))
}

// hash keeps names apart that differ only in what fileOf drops (FNV-1a).
func hash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h = (h ^ uint32(s[i])) * 16777619
	}
	return h
}

func (b *build) settings() []byte {
	return []byte(fmt.Sprintf(`# Arrivals are not known for a new case: people leave places in conflict in this share of the population a day.
spawn_rules:
  conflict_driven_spawning:
    spawn_mode: pop_ratio
    displaced_per_conflict_day: %s
move_rules:
  max_move_speed: 400.0
  awareness_level: 2
`, strconv.FormatFloat(b.o.Displaced, 'f', -1, 64)))
}

// provenance says for every route where its length comes from.
func (b *build) provenance() []byte {
	sort.SliceStable(b.routes, func(i, j int) bool {
		return b.routes[i].a < b.routes[j].a || b.routes[i].a == b.routes[j].a && b.routes[i].b < b.routes[j].b
	})
	return rows([]string{"name1", "name2", "km", "source"}, len(b.routes), func(i int) []string {
		r := b.routes[i]
		return []string{b.places[r.a].Name, b.places[r.b].Name, strconv.FormatFloat(r.km, 'f', 1, 64), r.source}
	})
}
