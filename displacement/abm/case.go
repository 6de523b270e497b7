package abm

import (
	"math"
	"slices"
	"time"
)

// Kind is what a place is for the people who come to it.
type Kind uint8

// The kinds of places of Flee's locations.csv, by its lower-case substrings.
const (
	Town     Kind = iota // also `default`
	Camp                 // camp
	IDPCamp              // a camp inside the home country
	Conflict             // conflict zone
	Forward              // a place everyone leaves at once
	Marker               // a crossing on the map: costs no hop, is no destination
	FloodZone
)

// String gives the word used in locations.csv.
func (k Kind) String() string {
	return [...]string{"town", "camp", "idpcamp", "conflict_zone", "forwarding_hub", "marker", "flood_zone"}[k]
}

// IsCamp is true for camps of both sorts.
func (k Kind) IsCamp() bool { return k == Camp || k == IDPCamp }

// Place is one row of locations.csv. Lat and Lon are degrees: Flee's files head
// them x and y, but all of them hold latitude first.
type Place struct {
	Name, Region, Country string
	Lat, Lon              float64
	Kind                  Kind // as in the file; a conflict zone with a later date starts as a town
	ConflictDate          int  // day the place becomes a conflict zone when there is no conflicts.csv
	Population            int64
	Capacity              int64 // persons; 0 is without limit
	Foreign               bool  // not in the country of the first place
	// Attributes are the free columns by their header, as written. Known:
	// capacity_per_day, initial_idps, deactivation_probability,
	// conflict_intensity, farmer_fraction, trade_volume, hdi, and one count per
	// ethnicity or religion value.
	Attributes map[string]string
	// UnknownKind says that location_type is none of Flee's; Kind is then Town.
	UnknownKind bool
	// CampToo says that another line gave the same name to a camp: Flee then
	// compares the place as one.
	CampToo bool
}

// Route is one row of routes.csv: two links, one each way.
type Route struct {
	A, B int     // indices of Case.Places
	Km   float64 // length
	// Forced 1 sends everyone at B on to A, 2 everyone at A on to B, 0 nobody.
	// That is what Flee's manual says and what its cases mean (Kagunga sends on
	// to Nyarugusu in burundi2015); Flee's reader has it the other way round.
	Forced          int
	MaxMoveSpeed    float64 // km/day; 0 is the setting
	WalkProbability float64 // chance per day that this stretch is walked
}

// ClosureKind is the first column of closures.csv.
type ClosureKind uint8

// What can be closed.
const (
	CloseCountry  ClosureKind = iota // every link between two countries, both ways
	ClosePlace                       // every link in and out of a place
	CloseLink                        // the link between two places, both ways
	CloseCamp                        // the camp becomes a town
	CloseIDPCamp                     // the IDP camp becomes a town
	CloseRedirect                    // forced redirection off
	CloseSea                         // boats between two places; beyond Flee
)

// Closure is one row of closures.csv. It holds from day Start and ends on day End.
type Closure struct {
	Kind         ClosureKind
	Name1, Name2 string
	Start, End   int
	// Works makes a link closure work even under compat. What-ifs set it: one
	// that does nothing would mislead.
	Works bool
}

// Step says that a value holds from a day on.
type Step struct {
	Day   int
	Value float64
}

// Report is a published count on a date. Day may be negative, before the start.
type Report struct {
	Day   int
	Date  time.Time
	Count float64 // persons, after registration corrections
}

// Series is the reported counts of one camp, or the total.
type Series struct {
	Name    string
	Files   []string
	Reports []Report
	// asFlee is what Flee makes of files that are several, out of order, or have
	// a date twice; nil for one file in order.
	asFlee []Report
	scan   bool // Reports may be out of order: Flee's search finds the day
}

// forCompat is the series as Flee would have it.
func (s *Series) forCompat(c Compat) *Series {
	if c == CompatFlee && s.asFlee != nil {
		return &Series{Name: s.Name, Reports: s.asFlee, scan: true}
	}
	return s
}

// At is the count on a day as Flee reads it: the whole part of the straight
// line between the reports around it, flat before the first and after the last.
func (s *Series) At(day int) int64 {
	r := s.Reports
	if len(r) == 0 {
		return 0
	}
	if s.scan {
		return s.scanned(day)
	}
	i, found := slices.BinarySearchFunc(r, day, func(r Report, d int) int { return r.Day - d })
	switch {
	case found:
		return int64(r[i].Count)
	case i == 0:
		return int64(r[0].Count)
	case i == len(r):
		return int64(r[len(r)-1].Count)
	}
	a, b := r[i-1], r[i]
	share := float64(day-a.Day) / float64(b.Day-a.Day)
	return int64(a.Count + float64(share*(b.Count-a.Count)))
}

// scanned is At for reports in any order: the first report after the day, in the
// order of the file, and the one before it there.
func (s *Series) scanned(day int) int64 {
	r := s.Reports
	if day <= r[0].Day {
		return int64(r[0].Count)
	}
	for i := 1; i < len(r); i++ {
		if day < r[i].Day {
			a, b := r[i-1], r[i]
			share := float64(day-a.Day) / float64(b.Day-a.Day)
			return int64(a.Count + float64(share*(b.Count-a.Count)))
		}
	}
	return int64(r[len(r)-1].Count)
}

// PlaceChange makes a place another kind from a day on (location_changes.csv).
type PlaceChange struct {
	Place int
	Kind  Kind
	Day   int
}

// CapacityChange sets a capacity from a day on. Only interventions make it.
type CapacityChange struct {
	Place    int
	Day      int
	Capacity int64 // persons; 0 is without limit
	Full     bool  // the place admits nobody, whatever its capacity
}

// Attribute is one demographics_<name>.csv: the weights of values at the place
// where a person is spawned.
type Attribute struct {
	Name    string
	Values  []string
	Default []float64         // one weight per value
	ByPlace map[int][]float64 // place index to weights
}

// Person is one row of agents.csv.
type Person struct {
	Place      int
	Attributes map[string]string
}

// SeaRoute is a crossing by boat between two places; it is beyond Flee, read
// from input_csv/sea_routes.csv or added by hand. People choose it like any
// link, wait for a seat, and come ashore at one of Landings.
type SeaRoute struct {
	From, To int     // places of embarkation and intended arrival
	Km       float64 // length; its weight in the choice of route follows from it
	Speed    float64 // km/day under way

	SeasonStart, SeasonEnd int // days of the year 1..366 with departures, inclusive; start > end spans the new year; 0,0 is all year

	BoatsPerDay float64 // mean number of departures per day (Poisson)
	Capacity    int64   // persons per boat

	DriftChance  float64 // per boat and day: no progress that day
	Interception float64 // per boat and day: stopped by a patrol
	Pushback     float64 // share of intercepted boats sent back to From; the rest is landed
	Loss         float64 // per boat and day: lost at sea with everyone aboard

	Landings []Landing // where intercepted boats not pushed back are disembarked; none is To
}

// Landing is a place of disembarkation with its weight.
type Landing struct {
	Place  int
	Weight float64
}

// Case is everything known about one situation: places, roads, what happens on
// which day, what was reported. It is data: Run never changes it.
type Case struct {
	Name   string
	Start  time.Time // midnight UTC of day 0
	Days   int       // length; days are 0..Days-1
	Places []Place
	Routes []Route
	Sea    []SeaRoute

	Closures []Closure
	// Conflict has one list per place: the intensity from a day on, by day.
	// Empty lists are places without conflict.
	Conflict        [][]Step
	PlaceChanges    []PlaceChange
	CapacityChanges []CapacityChange
	RouteWeights    []RouteWeight

	Camps []CampSeries // camps with reported counts, in the order of data_layout.csv
	// Unmapped are reports of camps that locations.csv does not have. Flee adds
	// them to the daily total; only compat does so here.
	Unmapped []Series
	Total    *Series // the `total` file, nil if none

	Attributes  []Attribute
	People      []Person
	MajorRoutes [][]int // place indices along each route

	Flood [][]Step // flood level per place
	IPC   [][]Step // percent of people in food crisis per place; linear between steps

	Settings Settings

	index map[string]int
}

// RouteWeight multiplies the length people feel on a route from a day on.
type RouteWeight struct {
	A, B   int
	Day    int
	Factor float64
}

// CampSeries are the reports of one camp.
type CampSeries struct {
	Place int
	Series
	first bool // of the first line of data_layout.csv, which Flee takes for the total
}

// comparedAs is true for reports that a score compares. Flee compares camps
// only.
func (c *Case) comparedAs(compat Compat, i int) bool {
	p := &c.Places[c.Camps[i].Place]
	return compat != CompatFlee || p.Kind.IsCamp() || p.CampToo
}

// PlaceIndex finds a place by name; -1 if there is none.
func (c *Case) PlaceIndex(name string) int {
	if i, ok := c.index[name]; ok && i < len(c.Places) && c.Places[i].Name == name {
		return i
	}
	for i := range c.Places {
		if c.Places[i].Name == name {
			return i
		}
	}
	return -1
}

// reported finds the reports of a camp by name, nil if there are none.
func (c *Case) reported(name string) *Series {
	for i := range c.Camps {
		if c.Camps[i].Name == name {
			return &c.Camps[i].Series
		}
	}
	for i := range c.Unmapped {
		if c.Unmapped[i].Name == name {
			return &c.Unmapped[i]
		}
	}
	return nil
}

func (c *Case) reindex() {
	c.index = make(map[string]int, len(c.Places))
	for i := len(c.Places) - 1; i >= 0; i-- {
		c.index[c.Places[i].Name] = i
	}
}

// CampNames lists the camps with reports, in the order used by Result and scores.
func (c *Case) CampNames() []string {
	names := make([]string, len(c.Camps))
	for i := range c.Camps {
		names[i] = c.Camps[i].Name
	}
	return names
}

// Observed is the reported count of camp i (of Camps) on a day, in persons,
// interpolated as Flee does; with empty_camps_on_day0 less its day-0 count.
func (c *Case) Observed(i, day int) int64 { return c.ObservedAs(CompatNone, i, day) }

// ObservedAs is Observed with the sums of several files as Flee makes them when
// asked for compat.
func (c *Case) ObservedAs(compat Compat, i, day int) int64 {
	s := c.Camps[i].forCompat(compat)
	v := s.At(day)
	if c.Settings.EmptyCampsOnDay0 {
		v -= s.At(0)
	}
	return v
}

// Date of a day.
func (c *Case) Date(day int) time.Time { return c.Start.AddDate(0, 0, day) }

// WithSettings is a copy of the case under other rules; the rest is shared.
func (c *Case) WithSettings(s Settings) *Case {
	d := *c
	d.Settings = s
	return &d
}

// Clone copies everything that an intervention or an ensemble member may change.
// Attributes, demographics and people are shared and must not be written to.
func (c *Case) Clone() *Case {
	d := *c
	d.Places = slices.Clone(c.Places)
	d.Routes = slices.Clone(c.Routes)
	d.Sea = slices.Clone(c.Sea)
	d.Closures = slices.Clone(c.Closures)
	d.Conflict = slices.Clone(c.Conflict)
	for i := range d.Conflict {
		d.Conflict[i] = slices.Clone(d.Conflict[i])
	}
	d.PlaceChanges = slices.Clone(c.PlaceChanges)
	d.CapacityChanges = slices.Clone(c.CapacityChanges)
	d.RouteWeights = slices.Clone(c.RouteWeights)
	d.Flood = slices.Clone(c.Flood)
	d.IPC = slices.Clone(c.IPC)
	d.Camps = slices.Clone(c.Camps)
	return &d
}

// level reads a step function: the last value at or before the day, 0 before.
func level(steps []Step, day int) float64 {
	i, found := slices.BinarySearchFunc(steps, day, func(s Step, d int) int { return s.Day - d })
	if found {
		return steps[i].Value
	}
	if i == 0 {
		return 0
	}
	return steps[i-1].Value
}

// linear reads steps as points of a line, flat outside.
func linear(steps []Step, day int) float64 {
	i, found := slices.BinarySearchFunc(steps, day, func(s Step, d int) int { return s.Day - d })
	switch {
	case len(steps) == 0:
		return 0
	case found:
		return steps[i].Value
	case i == 0:
		return steps[0].Value
	case i == len(steps):
		return steps[i-1].Value
	}
	a, b := steps[i-1], steps[i]
	return a.Value + float64(float64(day-a.Day)/float64(b.Day-a.Day)*(b.Value-a.Value))
}

// between reads a table indexed by level, linear between levels and flat beyond.
func between(table []float64, level float64) float64 {
	if len(table) == 0 {
		return 0
	}
	if !(level > 0) {
		return table[0]
	}
	i := int(math.Min(level, float64(len(table)-1)))
	if i >= len(table)-1 {
		return table[len(table)-1]
	}
	return table[i] + float64((level-float64(i))*(table[i+1]-table[i]))
}

// GreatCircleKm is the distance between two places over a sphere of 6371 km
// (haversine), rounded to the metre so that it is the same on every machine.
func GreatCircleKm(a, b Place) float64 { return greatCircle(a.Lat, a.Lon, b.Lat, b.Lon) }

func greatCircle(lat1, lon1, lat2, lon2 float64) float64 {
	const rad = math.Pi / 180
	sinLat := math.Sin((lat2 - lat1) * rad / 2)
	sinLon := math.Sin((lon2 - lon1) * rad / 2)
	h := sinLat*sinLat + math.Cos(lat1*rad)*math.Cos(lat2*rad)*sinLon*sinLon
	km := 2 * 6371 * math.Asin(math.Min(1, math.Sqrt(h)))
	return math.Round(km*1000) / 1000
}
