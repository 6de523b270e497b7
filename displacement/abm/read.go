package abm

import (
	"errors"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"time"
)

// Limits that keep a broken or hostile folder from filling the memory.
const (
	maxPlaces  = 50_000
	maxRoutes  = 500_000
	maxDays    = 20_000
	maxReports = 2_000_000
)

// ErrNoCase is returned when a folder holds nothing that could be run: no
// readable place. The findings say why.
var ErrNoCase = errors.New("the folder holds no case: no place could be read from locations.csv")

// ReadCase reads a Flee case folder (input_csv/, source_data/, simsetting.yml)
// as it is. It reads on after anything doubtful and lists it; only a folder
// without a single place is an error. It never panics and never writes.
func ReadCase(folder fs.FS) (*Case, []Finding, error) {
	r := &caseReader{source: source{fs: folder}, c: &Case{Days: 0}}
	r.locate()
	r.settings()
	r.period()
	r.places()
	if len(r.c.Places) == 0 {
		return nil, r.found.list, ErrNoCase
	}
	r.routes()
	r.majorRoutes()
	r.closures()
	r.conflicts()
	r.placeChanges()
	r.sourceData()
	r.corrections()
	r.demographics()
	r.agents()
	r.levels()
	r.seaRoutes()
	r.unusedColumns()
	r.unread()
	r.whole()
	return r.c, r.found.list, nil
}

// locate finds the parts of a case. They are input_csv/ and source_data/ as a
// rule; a folder one level down, or everything in one folder, is taken too.
func (r *caseReader) locate() {
	r.in, r.data = "input_csv", "source_data"
	has := func(name string) bool {
		info, err := fs.Stat(r.fs, name)
		return err == nil && !info.IsDir()
	}
	if !has("input_csv/locations.csv") {
		if within := r.below(".", "input_csv/locations.csv"); within != "" && !has("locations.csv") {
			if sub, err := fs.Sub(r.fs, within); err == nil {
				r.fs = sub
				r.found.add(SevNote, within, 0, 0, "the folder in it is read", "the case lies one folder further down")
			}
		} else if has("locations.csv") {
			r.in = "."
			r.found.add(SevNote, "locations.csv", 0, 0, "the folder itself is taken for it", "there is no folder input_csv")
		}
	}
	if !has("source_data/data_layout.csv") {
		for _, other := range []string{".", r.in, r.below(".", "data_layout.csv"), path.Join(r.in, r.below(r.in, "data_layout.csv"))} {
			if other != "" && has(path.Join(other, "data_layout.csv")) {
				r.data = other
				r.found.add(SevNote, path.Join(other, "data_layout.csv"), 0, 0, "its folder is taken for it", "there is no folder source_data")
				break
			}
		}
	}
}

// below is the first folder in a folder that holds a file, "" if none does.
func (r *caseReader) below(folder, name string) string {
	entries, err := fs.ReadDir(r.fs, folder)
	if err != nil {
		return ""
	}
	for _, e := range entries {
		if info, err := fs.Stat(r.fs, path.Join(folder, e.Name(), name)); e.IsDir() && err == nil && !info.IsDir() {
			return e.Name()
		}
	}
	return ""
}

type caseReader struct {
	source
	c              *Case
	in, data       string
	longitudeFirst bool   // the header of locations.csv says so
	columns        []cell // its free columns
	columnsLine    int
}

func (r *caseReader) open(name string) *csvFile { return r.source.open(path.Join(r.in, name)) }

func (r *caseReader) settings() {
	for _, name := range []string{"simsetting.yml", "simsetting.yaml", "simsettings.yml", path.Join(r.in, "simsetting.yml"), path.Join(r.data, "simsetting.yml")} {
		if raw, ok := r.bytes(name); ok {
			r.c.Settings = readRuleset(raw, name, &r.found)
			return
		}
	}
	r.c.Settings = DefaultSettings()
	r.found.add(SevWarning, "simsetting.yml", 0, 0, "all settings are Flee's defaults", "there is no simsetting.yml")
	if _, ok := r.bytes("simsetting.csv"); ok {
		r.found.add(SevError, "simsetting.csv", 0, 0, "all settings are Flee's defaults", "settings of Flee 1 and 2 are not read, here and in Flee 3")
	}
}

func (r *caseReader) period() {
	const name = "sim_period.csv"
	f := r.open(name)
	for _, older := range []string{"conflict_period.csv", "flood_period.csv"} {
		if f == nil {
			if f = r.open(older); f != nil {
				r.found.add(SevNote, f.name, 0, 0, "it is read in its place, as older versions of Flee did", "there is no sim_period.csv")
			}
		}
	}
	if f == nil {
		r.found.add(SevError, path.Join(r.in, name), 0, 0, "start and length are those of the reports", "the file is missing")
		return
	}
	for _, row := range f.rows {
		if row.comment {
			continue
		}
		switch key := strings.ToLower(row.get(0)); key {
		case "startdate", "start_date":
			if t, ok := r.date(f, row, 1); ok {
				r.c.Start = t
			} else {
				r.found.add(SevError, f.name, row.line, 2, "the first report is day 0", "StartDate is not a date: %q", clip(row.get(1)))
			}
		case "length":
			r.c.Days = int(r.source.whole(f, row, 1, "Length", 0))
		default:
			r.found.add(SevWarning, f.name, row.line, 1, "the line is left out", "unknown entry %q", clip(key))
		}
	}
	if r.c.Days < 0 || r.c.Days > maxDays {
		r.found.add(SevError, f.name, 0, 0, "cut to the range", "Length should lie in 1..%d, not %d", maxDays, r.c.Days)
		r.c.Days = max(0, min(maxDays, r.c.Days))
	}
}

// kindOf reads location_type by substring, first match, as Flee does.
func kindOf(text string) (Kind, bool) {
	t := strings.ToLower(text)
	for _, m := range []struct {
		part string
		kind Kind
	}{{"camp", Camp}, {"conflict", Conflict}, {"forward", Forward}, {"marker", Marker}, {"flood_zone", FloodZone}, {"default", Town}, {"town", Town}} {
		if strings.Contains(t, m.part) {
			if m.kind == Camp && strings.Contains(t, "idp") {
				return IDPCamp, true
			}
			return m.kind, true
		}
	}
	return Town, false
}

func (r *caseReader) places() {
	const name = "locations.csv"
	f := r.open(name)
	if f == nil {
		r.found.add(SevError, path.Join(r.in, name), 0, 0, "", "the file is missing")
		return
	}
	var headers []string
	seen := map[string]int{}
	home := ""
	for i, row := range f.rows {
		if row.comment || i == 0 && looksLikeHeader(row, "name", "location") {
			if headers == nil && len(row.cells) >= 8 {
				// A place that is commented out further down is no header.
				headers = texts(row.cells[8:])
				r.headerOfPlaces(f, row)
			}
			continue
		}
		if len(r.c.Places) == maxPlaces {
			r.found.add(SevError, f.name, row.line, 0, "the rest is left out", "more than %d places", maxPlaces)
			break
		}
		p, ok := r.place(f, row, headers)
		if !ok {
			continue
		}
		if home == "" {
			home = p.Country // that of the first line, even if a later one takes its place
		}
		if line, twice := seen[p.Name]; twice {
			// Flee keeps both and joins every route to the last: the first stays
			// without roads. A camp among them makes the name a camp in its scores.
			i := slices.IndexFunc(r.c.Places, func(q Place) bool { return q.Name == p.Name })
			p.CampToo = r.c.Places[i].CampToo || r.c.Places[i].Kind.IsCamp()
			r.found.add(SevError, f.name, line, 1, "this line is left out: the last one counts, as in Flee", "place %s is given again in line %d", clip(p.Name), row.line)
			r.c.Places[i], seen[p.Name] = p, row.line
			continue
		}
		seen[p.Name] = row.line
		r.c.Places = append(r.c.Places, p)
	}
	if len(r.c.Places) > 0 {
		for i := range r.c.Places {
			r.c.Places[i].Foreign = r.c.Places[i].Country != home
		}
	}
	r.exchanged(f, seen)
	r.c.reindex()
}

// exchanged puts right places whose latitude and longitude were exchanged: they
// lie far from the middle of all as they are, and near it the other way round.
func (r *caseReader) exchanged(f *csvFile, line map[string]int) {
	if len(r.c.Places) < 5 {
		return
	}
	lats, lons := make([]float64, 0, len(r.c.Places)), make([]float64, 0, len(r.c.Places))
	for _, p := range r.c.Places {
		lats, lons = append(lats, p.Lat), append(lons, p.Lon)
	}
	slices.Sort(lats)
	slices.Sort(lons)
	lat, lon := lats[len(lats)/2], lons[len(lons)/2]
	const far = 10 // degrees
	near := func(a, b float64) bool { return math.Abs(a-lat) <= far && math.Abs(b-lon) <= far }
	for i := range r.c.Places {
		p := &r.c.Places[i]
		if !near(p.Lat, p.Lon) && near(p.Lon, p.Lat) && math.Abs(p.Lon) <= 90 {
			r.found.add(SevWarning, f.name, line[p.Name], 4, "exchanged, so that it lies among the others", "%s lies far from all others, at %s, %s", clip(p.Name), format(p.Lat), format(p.Lon))
			p.Lat, p.Lon = p.Lon, p.Lat
		}
	}
}

func (r *caseReader) place(f *csvFile, row csvRow, headers []string) (Place, bool) {
	p := Place{Name: row.get(0), Region: orUnknown(row.get(1)), Country: orUnknown(row.get(2))}
	if p.Name == "" {
		r.found.add(SevError, f.name, row.line, 1, "the line is left out", "the place has no name")
		return p, false
	}
	if len(row.cells) < 6 {
		r.found.add(SevWarning, f.name, row.line, 0, "missing cells are empty", "%d cells where 8 are expected", len(row.cells))
	}
	p.Lat = r.number(f, row, 3, "latitude", 0)
	p.Lon = r.number(f, row, 4, "longitude", 0)
	if r.longitudeFirst {
		p.Lat, p.Lon = p.Lon, p.Lat
	}
	if math.Abs(p.Lat) > 90 && math.Abs(p.Lat) <= 180 && math.Abs(p.Lon) <= 90 {
		r.found.add(SevWarning, f.name, row.line, 4, "exchanged", "%s, %s is a longitude and latitude", clip(row.get(3)), clip(row.get(4)))
		p.Lat, p.Lon = p.Lon, p.Lat
	}
	if p.Lat < -90 || p.Lat > 90 || p.Lon < -180 || p.Lon > 180 {
		r.found.add(SevWarning, f.name, row.line, 4, "the place is drawn at 0, 0", "%s, %s is not a latitude and longitude", clip(row.get(3)), clip(row.get(4)))
		p.Lat, p.Lon = 0, 0
	}
	kind, known := kindOf(row.get(5))
	if !known {
		p.UnknownKind = true
		r.found.add(SevError, f.name, row.line, 6, "taken as a town; in Flee and with compat everybody leaves it at once", "unknown location_type %q", clip(row.get(5)))
	}
	p.Kind = kind
	if kind == Conflict { // what other places hold there Flee does not read
		p.ConflictDate = int(r.source.whole(f, row, 6, "conflict_date", 0))
	}
	count := r.source.whole(f, row, 7, "population or capacity", 0)
	if count < 0 {
		r.found.add(SevError, f.name, row.line, 8, "taken as 0", "population or capacity is negative")
		count = 0
	}
	if kind.IsCamp() {
		p.Capacity = count
	} else {
		p.Population = count
	}
	for i := 8; i < len(row.cells); i++ {
		if i-8 < len(headers) && headers[i-8] != "" && row.cells[i].text != "" {
			if p.Attributes == nil {
				p.Attributes = map[string]string{}
			}
			p.Attributes[headers[i-8]] = row.cells[i].text
		} else if row.cells[i].text != "" && i-8 >= len(headers) {
			r.found.add(SevWarning, f.name, row.line, i+1, "it is ignored", "the cell %q has no header", clip(row.cells[i].text))
		}
	}
	return p, true
}

// knownAttributes are the free columns of locations.csv that a rule reads.
// Columns named after a value of an ethnicity or a religion are read too.
var knownAttributes = []string{"capacity_per_day", "initial_idps", "deactivation_probability", "conflict_intensity", "farmer_fraction", "trade_volume", "hdi"}

// headerOfPlaces says what the header of locations.csv changes or loses.
func (r *caseReader) headerOfPlaces(f *csvFile, row csvRow) {
	r.columns = row.cells[8:]
	r.columnsLine = row.line
	if x := strings.ToLower(row.get(3)); strings.HasPrefix(x, "lon") || strings.HasPrefix(x, "lng") {
		r.longitudeFirst = true
		r.found.add(SevNote, f.name, row.line, 4, "read as longitude and then latitude", "the header names %q first", clip(row.get(3)))
	}
}

// unusedColumns names free columns of locations.csv that no rule reads; it
// comes after the demographics, whose values are columns too.
func (r *caseReader) unusedColumns() {
	used := map[string]bool{"": true}
	for _, a := range r.c.Attributes {
		for _, value := range a.Values {
			used[value] = true
		}
	}
	for _, column := range r.columns {
		switch name := column.text; {
		case used[name] || slices.Contains(knownAttributes, name):
		case strings.EqualFold(name, "capacity"):
			r.found.add(SevWarning, path.Join(r.in, "locations.csv"), r.columnsLine, column.col, "it is not read, as in Flee: the 8th column is the capacity of camps", "a column %q of its own", clip(name))
		default:
			r.found.add(SevNote, path.Join(r.in, "locations.csv"), r.columnsLine, column.col, "no rule reads it", "the column %q", clip(name))
		}
	}
}

func (r *caseReader) routes() {
	const name = "routes.csv"
	f := r.open(name)
	if f == nil {
		r.found.add(SevError, path.Join(r.in, name), 0, 0, "nobody can travel", "the file is missing")
		return
	}
	var headers []string
	for i, row := range f.rows {
		if row.comment || i == 0 && looksLikeHeader(row, "name1", "name2", "from") {
			if headers == nil && len(row.cells) >= 4 {
				headers = texts(row.cells[4:])
				for k, h := range headers {
					if h != "" && h != "max_move_speed" && h != "walk_probability" {
						r.found.add(SevNote, f.name, row.line, k+5, "no rule reads it, as in Flee", "the column %q", clip(h))
					}
				}
			}
			continue
		}
		if len(r.c.Routes) == maxRoutes {
			r.found.add(SevError, f.name, row.line, 0, "the rest is left out", "more than %d routes", maxRoutes)
			break
		}
		if route, ok := r.route(f, row, headers); ok {
			r.c.Routes = append(r.c.Routes, route)
		}
	}
}

func (r *caseReader) route(f *csvFile, row csvRow, headers []string) (Route, bool) {
	a, okA := r.named1(f, row, 0)
	b, okB := r.named1(f, row, 1)
	if !okA || !okB {
		return Route{}, false
	}
	if a == b {
		r.found.add(SevError, f.name, row.line, 2, "the route is left out", "both ends are %s", clip(row.get(0)))
		return Route{}, false
	}
	route := Route{A: a, B: b}
	if route.Km = r.number(f, row, 2, "distance", -1); route.Km < 0 || route.Km > 40_000 {
		km := max(1, GreatCircleKm(r.c.Places[a], r.c.Places[b]))
		r.found.add(SevError, f.name, row.line, 3, "the great-circle distance "+format(km)+" km is used", "no usable distance: %q", clip(row.get(2)))
		route.Km = km
	} else if route.Km < 0.1 {
		r.found.add(SevWarning, f.name, row.line, 3, "taken as 0.1 km", "a distance of %s km", format(route.Km))
		route.Km = 0.1
	}
	if forced := r.source.whole(f, row, 3, "forced_redirection", 0); forced >= 0 && forced <= 2 {
		route.Forced = int(forced)
	} else {
		r.found.add(SevError, f.name, row.line, 4, "taken as 0", "forced_redirection should be 0, 1 or 2, not %d", forced)
	}
	for i := 4; i < len(row.cells) && i-4 < len(headers); i++ {
		switch headers[i-4] {
		case "max_move_speed":
			if v := r.number(f, row, i, "max_move_speed", 0); v < 0 || v > 1e5 {
				r.found.add(SevError, f.name, row.line, i+1, "the setting is used", "max_move_speed %s is out of range", format(v))
			} else {
				route.MaxMoveSpeed = v
			}
		case "walk_probability":
			v := r.number(f, row, i, "walk_probability", 0)
			if v < 0 || v > 1 {
				r.found.add(SevError, f.name, row.line, i+1, "taken as 0", "walk_probability %s is not a chance", format(v))
				v = 0
			}
			route.WalkProbability = v
		}
	}
	return route, true
}

// named1 finds the place named in a cell, or complains.
func (r *caseReader) named1(f *csvFile, row csvRow, i int) (int, bool) {
	name := row.get(i)
	if p := r.c.PlaceIndex(name); p >= 0 {
		return p, true
	}
	hint := ""
	for _, p := range r.c.Places {
		if strings.EqualFold(strings.NewReplacer(" ", "_", "-", "_").Replace(p.Name), strings.NewReplacer(" ", "_", "-", "_").Replace(name)) {
			hint = " (there is a " + p.Name + ")"
			break
		}
	}
	r.found.add(SevError, f.name, row.line, i+1, "the line is left out", "no place is called %q%s", clip(name), hint)
	return -1, false
}

func (r *caseReader) majorRoutes() {
	f := r.open("major_routes.csv")
	if f == nil {
		return
	}
	for _, row := range f.rows {
		if row.comment {
			continue
		}
		var stops []int
		ok := true
		for i := range row.cells {
			if row.get(i) == "" {
				continue
			}
			p, found := r.named1(f, row, i)
			ok = ok && found
			stops = append(stops, p)
		}
		if ok && len(stops) > 1 {
			r.c.MajorRoutes = append(r.c.MajorRoutes, stops)
		}
	}
}

var closureKinds = map[string]ClosureKind{
	"country": CloseCountry, "location": ClosePlace, "link": CloseLink, "camp": CloseCamp, "idpcamp": CloseIDPCamp,
	"remove_forced_redirection": CloseRedirect, "remove_forced_redirections": CloseRedirect,
}

func (r *caseReader) closures() {
	f := r.open("closures.csv")
	if f == nil {
		r.found.add(SevNote, path.Join(r.in, "closures.csv"), 0, 0, "nothing is ever closed", "the file is missing")
		return
	}
	for i, row := range f.rows {
		if row.comment || i == 0 && looksLikeHeader(row, "closure_type") {
			continue
		}
		kind, known := closureKinds[strings.ToLower(row.get(0))]
		if !known {
			r.found.add(SevError, f.name, row.line, 1, "the line is left out", "unknown closure %q", clip(row.get(0)))
			continue
		}
		c := Closure{Kind: kind, Name1: row.get(1), Name2: row.get(2)}
		c.Start = int(r.source.whole(f, row, 3, "closure_start", -1))
		c.End = int(r.source.whole(f, row, 4, "closure_end", -1))
		if c.Start < 0 {
			r.found.add(SevError, f.name, row.line, 4, "the line is left out", "no closure_start")
			continue
		}
		if c.End < 0 {
			r.found.add(SevWarning, f.name, row.line, 5, "it never ends", "no closure_end")
			c.End = maxDays + 1
		}
		if c.End < c.Start {
			r.found.add(SevWarning, f.name, row.line, 5, "it first ends and then starts for good", "the closure ends on day %d, before it starts on day %d", c.End, c.Start)
		}
		if r.closable(f, row, c) {
			r.c.Closures = append(r.c.Closures, c)
		}
	}
}

func (r *caseReader) closable(f *csvFile, row csvRow, c Closure) bool {
	switch c.Kind {
	case CloseCountry:
		for i, name := range []string{c.Name1, c.Name2} {
			if !slices.ContainsFunc(r.c.Places, func(p Place) bool { return p.Country == name }) {
				r.found.add(SevWarning, f.name, row.line, i+2, "the closure has no effect", "no place lies in country %q", clip(name))
			}
		}
		return true
	case CloseLink, CloseRedirect:
		a, okA := r.named1(f, row, 1)
		b, okB := r.named1(f, row, 2)
		if okA && okB && !slices.ContainsFunc(r.c.Routes, func(x Route) bool { return x.A == a && x.B == b || x.A == b && x.B == a }) {
			r.found.add(SevWarning, f.name, row.line, 2, "the closure has no effect", "no route joins %s and %s", clip(c.Name1), clip(c.Name2))
		}
		return okA && okB
	}
	_, ok := r.named1(f, row, 1)
	return ok
}

func (r *caseReader) placeChanges() {
	f := r.open("location_changes.csv")
	if f == nil {
		f = r.source.open("location_changes.csv") // where Flee looks for it
	}
	if f == nil {
		return
	}
	for i, row := range f.rows {
		if row.comment || i == 0 && looksLikeHeader(row, "name", "location") {
			continue
		}
		p, ok := r.named1(f, row, 0)
		kind, known := kindOf(row.get(1))
		if !known {
			r.found.add(SevError, f.name, row.line, 2, "the line is left out", "unknown location_type %q", clip(row.get(1)))
		}
		day := r.source.whole(f, row, 2, "day", -1)
		if day < 0 || day > maxDays {
			r.found.add(SevError, f.name, row.line, 3, "the line is left out", "the day is missing or out of range")
			continue
		}
		if ok && known {
			r.c.PlaceChanges = append(r.c.PlaceChanges, PlaceChange{p, kind, int(day)})
		}
	}
}

// whole looks at the case as one, after all files.
func (r *caseReader) whole() {
	c := r.c
	if c.Days == 0 {
		last := -1
		for _, s := range c.Camps {
			for _, rep := range s.Reports {
				last = max(last, rep.Day)
			}
		}
		c.Days = max(0, min(maxDays, last+1))
		r.found.add(SevError, path.Join(r.in, "sim_period.csv"), 0, 0, "the last report is the last day", "no usable Length")
	}
	zones := 0
	for i := range c.Places {
		if c.Places[i].Kind == Conflict || len(c.Conflict[i]) > 0 {
			zones++
			if c.Places[i].Population == 0 && !c.Places[i].Kind.IsCamp() && !c.Settings.ConflictDriven.On {
				r.found.add(SevNote, path.Join(r.in, "locations.csv"), 0, 0, "nobody is displaced from it", "conflict zone %s has no population", clip(c.Places[i].Name))
			}
		}
	}
	if zones == 0 && c.Settings.ConflictZonesOnly {
		r.found.add(SevWarning, path.Join(r.in, "conflicts.csv"), 0, 0, "nobody is ever displaced", "no place ever has conflict")
	}
	linked := make([]bool, len(c.Places))
	for _, route := range c.Routes {
		linked[route.A], linked[route.B] = true, true
	}
	for _, s := range c.Sea {
		linked[s.From], linked[s.To] = true, true
	}
	for i, ok := range linked {
		if !ok {
			r.found.add(SevWarning, path.Join(r.in, "routes.csv"), 0, 0, "nobody reaches or leaves it", "no route touches %s", clip(c.Places[i].Name))
		}
	}
	if h := c.Settings.Hasten; h > 1 {
		for _, p := range c.Places {
			if p.Population > 0 && p.Population < int64(h) {
				r.found.add(SevNote, path.Join(r.in, "locations.csv"), 0, 0, "its population counts as 0 in this run", "%s has %d people, fewer than hasten %d", clip(p.Name), p.Population, h)
			}
		}
	}
}

// unread names files of the inputs that nothing here reads.
func (r *caseReader) unread() {
	entries, err := fs.ReadDir(r.fs, r.in)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := e.Name()
		switch {
		case e.IsDir() || !strings.HasSuffix(name, ".csv") || slices.Contains(inputFiles, name) || strings.HasPrefix(name, "demographics_"):
		case strings.HasPrefix(name, "region_attributes_") || strings.HasPrefix(name, "location_attributes_"):
			r.found.add(SevWarning, path.Join(r.in, name), 0, 0, "it is not read", "no rule uses the attribute")
		case name == "floods.csv":
			r.found.add(SevWarning, path.Join(r.in, name), 0, 0, "it is not read; levels come from flood_level.csv, as in Flee 3", "a flood file of an older version")
		case r.in != "." && r.data != r.in:
			r.found.add(SevNote, path.Join(r.in, name), 0, 0, "it is not read", "not a file of a case")
		}
	}
}

// inputFiles are the files of a case beside demographics_<attribute>.csv.
var inputFiles = append([]string{
	"locations.csv", "routes.csv", "closures.csv", "conflicts.csv", "sim_period.csv", "conflict_period.csv", "flood_period.csv",
	"registration_corrections.csv", "location_changes.csv", "major_routes.csv", "agents.csv", "sea_routes.csv", "flood_level.csv",
}, foodFiles...)

// looksLikeHeader is true for a first row that names columns without a #.
func looksLikeHeader(row csvRow, words ...string) bool {
	return slices.Contains(words, strings.ToLower(row.get(0)))
}

func texts(cells []cell) []string {
	out := make([]string, len(cells))
	for i, c := range cells {
		out[i] = c.text
	}
	return out
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}

func daysBetween(from, to time.Time) int { return int(to.Sub(from).Hours() / 24) }
