package abm

import (
	"cmp"
	"io/fs"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"
)

// conflicts reads conflicts.csv: row r is day r, whatever the first column says.
func (r *caseReader) conflicts() {
	c := r.c
	c.Conflict = make([][]Step, len(c.Places))
	f := r.open("conflicts.csv")
	if f == nil {
		r.found.add(SevNote, path.Join(r.in, "conflicts.csv"), 0, 0, "conflict zones begin on their conflict_date", "the file is missing")
		for i, p := range c.Places {
			if p.Kind == Conflict {
				c.Conflict[i] = []Step{{max(0, p.ConflictDate), startIntensity(p)}}
			}
		}
		return
	}
	days := r.grid(f, func(col, day int, place int, v float64) {
		if v < 0 {
			r.found.add(SevError, f.name, 0, col, "taken as 0", "a negative intensity on day %d", day)
			v = 0
		}
		steps := c.Conflict[place]
		last := 0.0
		if len(steps) > 0 {
			last = steps[len(steps)-1].Value
		}
		if v != last {
			c.Conflict[place] = append(steps, Step{day, v})
		}
	}, c.PlaceIndex, true)
	if days < c.Days && days > 0 {
		r.found.add(SevWarning, f.name, 0, 0, "the last row holds to the end", "%d days where the run has %d", days, c.Days)
	}
}

func startIntensity(p Place) float64 {
	if v, err := strconv.ParseFloat(p.Attributes["conflict_intensity"], 64); err == nil && v > 0 && v < 1e6 {
		return v
	}
	return 1
}

// grid walks a file whose header names places and whose rows are days. byRow
// takes the row number for the day, else the first column. It returns the
// number of rows.
func (r *caseReader) grid(f *csvFile, set func(col, day, place int, v float64), index func(string) int, byRow bool) int {
	if len(f.rows) == 0 {
		r.found.add(SevError, f.name, 0, 0, "the file is left out", "the file is empty")
		return 0
	}
	head, body := headed(f.rows)
	cols := make([]int, len(head.cells))
	first := map[int]int{}
	for i := range head.cells {
		cols[i] = -1
		if i == 0 || head.get(i) == "" {
			continue
		}
		if cols[i] = index(head.get(i)); cols[i] < 0 {
			r.found.add(SevError, f.name, head.line, i+1, "the column is left out", "no place or region is called %q", clip(head.get(i)))
		} else if before, twice := first[cols[i]]; twice {
			r.found.add(SevError, f.name, head.line, i+1, "the column is left out (Flee mixes the days of both)", "%s has column %d already", clip(head.get(i)), before)
			cols[i] = -1
		} else {
			first[cols[i]] = i + 1
		}
	}
	day, misnumbered := 0, 0
	for _, row := range body {
		if row.comment {
			continue
		}
		if day >= maxDays {
			r.found.add(SevWarning, f.name, row.line, 0, "the rest is left out", "more than %d days", maxDays)
			break
		}
		at := day
		if !byRow {
			at = int(r.source.whole(f, row, 0, "day", int64(day)))
			if at < -maxDays || at > maxDays {
				r.found.add(SevError, f.name, row.line, 1, "the row is left out", "day %d is out of range", at)
				continue
			}
		} else if row.get(0) != strconv.Itoa(day) && row.get(0) != "" {
			if misnumbered++; misnumbered == 1 {
				r.found.add(SevWarning, f.name, row.line, 1, "it is day "+strconv.Itoa(day)+": rows are counted, as in Flee", "the row says day %s", clip(row.get(0)))
			}
		}
		for i := 1; i < len(row.cells) && i < len(cols); i++ {
			if cols[i] >= 0 {
				set(i+1, at, cols[i], r.number(f, row, i, "the value", 0))
			}
		}
		if n := len(row.cells); n < len(head.cells) && head.get(n) != "" {
			r.found.add(SevWarning, f.name, row.line, n, "missing cells keep the value before", "%d cells where the header has %d", n, len(head.cells))
		} else if n > len(head.cells) && row.get(len(head.cells)) != "" {
			r.found.add(SevWarning, f.name, row.line, len(head.cells)+1, "they are ignored", "%d cells more than the header names", n-len(head.cells))
		}
		day++
	}
	if misnumbered > 1 {
		r.found.add(SevWarning, f.name, 0, 1, "rows are counted, as in Flee", "%d rows say another day than their place in the file", misnumbered)
	}
	return day
}

// headed gives the row that names the columns and those after it: the widest of
// the comments at the top, else the first row.
func headed(rows []csvRow) (csvRow, []csvRow) {
	head, last := 0, 0
	for i := 0; i < len(rows) && rows[i].comment; i++ {
		last = i
		if len(rows[i].cells) > len(rows[head].cells) {
			head = i
		}
	}
	return rows[head], rows[last+1:]
}

// foodFiles are the names under which Flee and its cases have food crises.
var foodFiles = []string{"region_attributes_IPC.csv", "region_attributes_IPC_level.csv", "location_attributes_region_IPC.csv"}

// levels reads flood_level.csv and region_attributes_IPC.csv.
func (r *caseReader) levels() {
	c := r.c
	if f := r.open("flood_level.csv"); f != nil {
		c.Flood = make([][]Step, len(c.Places))
		r.grid(f, func(col, day, place int, v float64) {
			if v < 0 || v > 1000 {
				r.found.add(SevError, f.name, 0, col, "taken as 0", "flood level %s on day %d", format(v), day)
				v = 0
			}
			c.Flood[place] = append(c.Flood[place], Step{day, v})
		}, c.PlaceIndex, false)
		sortSteps(c.Flood)
		if !daily(c.Flood, c.Days) {
			r.found.add(SevWarning, f.name, 0, 0, "a level holds until the next row", "too many days lie between the rows to fill them")
		}
	} else if c.Settings.FloodDriven.On {
		r.found.add(SevError, path.Join(r.in, "flood_level.csv"), 0, 0, "nothing is ever flooded", "floods drive the case and the file is missing")
	}
	for _, name := range foodFiles {
		f := r.open(name)
		if f == nil {
			continue
		}
		byRegion := map[string]int{}
		var regions [][]int
		for i, p := range c.Places {
			n, ok := byRegion[p.Region]
			if !ok {
				n = len(regions)
				byRegion[p.Region] = n
				regions = append(regions, nil)
			}
			regions[n] = append(regions[n], i)
		}
		steps := make([][]Step, len(regions))
		r.grid(f, func(col, day, region int, v float64) {
			if v < 0 || v > 100 {
				r.found.add(SevError, f.name, 0, col, "cut to 0..100", "%s percent on day %d", format(v), day)
				v = math.Max(0, math.Min(100, v))
			}
			steps[region] = append(steps[region], Step{day, v})
		}, func(name string) int {
			if n, ok := byRegion[name]; ok {
				return n
			}
			return -1
		}, false)
		sortSteps(steps)
		c.IPC = make([][]Step, len(c.Places))
		for n, places := range regions {
			for _, p := range places {
				c.IPC[p] = steps[n]
			}
		}
	}
}

// sortSteps orders by day and keeps the last value given for a day.
func sortSteps(all [][]Step) {
	for i, steps := range all {
		slices.SortStableFunc(steps, func(a, b Step) int { return cmp.Compare(a.Day, b.Day) })
		kept := steps[:0]
		for _, s := range steps {
			if n := len(kept); n > 0 && kept[n-1].Day == s.Day {
				kept[n-1] = s
				continue
			}
			kept = append(kept, s)
		}
		all[i] = kept
	}
}

// daily puts the days between two rows on a straight line, as Flee does. It
// stops before it fills the memory.
func daily(all [][]Step, days int) bool {
	if days == 0 {
		days = maxDays
	}
	room := 2_000_000
	for i, steps := range all {
		var out []Step
		for k, s := range steps {
			if k > 0 && s.Value != steps[k-1].Value {
				for day := steps[k-1].Day + 1; day < min(s.Day, days); day++ {
					if room--; room < 0 {
						return false
					}
					out = append(out, Step{day, linear(steps, day)})
				}
			}
			out = append(out, s)
		}
		all[i] = out
	}
	return true
}

func (r *caseReader) demographics() {
	entries, err := fs.ReadDir(r.fs, r.in)
	if err != nil {
		return
	}
	for _, e := range entries {
		name := e.Name()
		if e.IsDir() || !strings.HasPrefix(name, "demographics_") || !strings.HasSuffix(name, ".csv") {
			continue
		}
		if a, ok := r.attribute(r.open(name), strings.TrimSuffix(strings.TrimPrefix(name, "demographics_"), ".csv")); ok {
			r.c.Attributes = append(r.c.Attributes, a)
		}
	}
}

func (r *caseReader) attribute(f *csvFile, name string) (Attribute, bool) {
	a := Attribute{Name: name, ByPlace: map[int][]float64{}}
	if f == nil || len(f.rows) < 2 {
		if f != nil {
			r.found.add(SevError, f.name, 0, 0, "the attribute is left out", "no values")
		}
		return a, false
	}
	head, body := headed(f.rows)
	columns := make([][]float64, len(head.cells))
	for _, row := range body {
		if row.comment || row.get(0) == "" {
			continue
		}
		if len(a.Values) == 200 {
			r.found.add(SevError, f.name, row.line, 0, "the rest is left out", "more than 200 values")
			break
		}
		a.Values = append(a.Values, row.get(0))
		for i := 1; i < len(head.cells); i++ {
			v := r.number(f, row, i, "the weight", 0)
			if v < 0 || v > 1e12 {
				r.found.add(SevError, f.name, row.line, i+1, "taken as 0", "a weight of %s", clip(row.get(i)))
				v = 0
			}
			columns[i] = append(columns[i], v)
		}
	}
	for i := 1; i < len(head.cells); i++ {
		title := head.get(i)
		if sum(columns[i]) <= 0 {
			r.found.add(SevError, f.name, head.line, i+1, "the column is left out", "the weights of %q sum to 0", clip(title))
			continue
		}
		if strings.EqualFold(title, "default") {
			a.Default = columns[i]
		} else if p := r.c.PlaceIndex(title); p >= 0 {
			a.ByPlace[p] = columns[i]
		} else {
			r.found.add(SevWarning, f.name, head.line, i+1, "the column is left out", "no place is called %q", clip(title))
		}
	}
	if len(a.Values) == 0 {
		r.found.add(SevError, f.name, 0, 0, "the attribute is left out", "no values")
		return a, false
	}
	if a.Default == nil {
		a.Default = make([]float64, len(a.Values))
		for i := range a.Default {
			a.Default[i] = 1
		}
		r.found.add(SevWarning, f.name, head.line, 0, "values are equally likely elsewhere", "no column Default")
	}
	return a, true
}

func sum(v []float64) float64 {
	t := 0.0
	for _, x := range v {
		t += x
	}
	return t
}

func (r *caseReader) agents() {
	f := r.open("agents.csv")
	if f == nil {
		return
	}
	var headers []string
	for _, row := range f.rows {
		if headers == nil {
			headers = texts(row.cells)
			continue
		}
		if row.comment {
			continue
		}
		p, ok := r.named1(f, row, 0)
		if !ok || len(r.c.People) >= 5_000_000 {
			continue
		}
		person := Person{Place: p}
		for i := 1; i < len(row.cells) && i < len(headers); i++ {
			if person.Attributes == nil {
				person.Attributes = map[string]string{}
			}
			person.Attributes[headers[i]] = row.get(i)
		}
		r.c.People = append(r.c.People, person)
	}
	if !r.c.Settings.AgentsFile {
		r.found.add(SevNote, f.name, 0, 0, "the file is read and nobody of it is placed", "read_from_agents_csv_file is off")
	}
}

// seaRoutes reads sea_routes.csv, which Flee does not know:
// from,to,km,speed,season_start,season_end,boats_per_day,boat_capacity,drift,interception,pushback,loss,landings
// where landings is place:weight;place:weight.
func (r *caseReader) seaRoutes() {
	f := r.open("sea_routes.csv")
	if f == nil {
		return
	}
	for i, row := range f.rows {
		if row.comment || i == 0 && looksLikeHeader(row, "from") {
			continue
		}
		a, okA := r.named1(f, row, 0)
		b, okB := r.named1(f, row, 1)
		if !okA || !okB || a == b {
			continue
		}
		s := SeaRoute{From: a, To: b}
		s.Km = r.ranged(f, row, 2, "km", GreatCircleKm(r.c.Places[a], r.c.Places[b]), 0.1, 40_000)
		s.Speed = r.ranged(f, row, 3, "speed", r.c.Settings.MaxCrossingSpeed, 0.1, 5_000)
		s.SeasonStart = int(r.ranged(f, row, 4, "season_start", 0, 0, 366))
		s.SeasonEnd = int(r.ranged(f, row, 5, "season_end", 0, 0, 366))
		s.BoatsPerDay = r.ranged(f, row, 6, "boats_per_day", 1, 0, 10_000)
		s.Capacity = int64(r.ranged(f, row, 7, "boat_capacity", 50, 1, 100_000))
		s.DriftChance = r.ranged(f, row, 8, "drift", 0, 0, 0.99)
		s.Interception = r.ranged(f, row, 9, "interception", 0, 0, 1)
		s.Pushback = r.ranged(f, row, 10, "pushback", 0, 0, 1)
		s.Loss = r.ranged(f, row, 11, "loss", 0, 0, 1)
		for _, part := range strings.Split(row.get(12), ";") {
			if part = strings.TrimSpace(part); part != "" {
				r.landing(f, row, &s, part)
			}
		}
		r.c.Sea = append(r.c.Sea, s)
	}
}

func (r *caseReader) landing(f *csvFile, row csvRow, s *SeaRoute, part string) {
	name, weight, _ := strings.Cut(part, ":")
	w := 1.0
	if weight != "" {
		v, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		if err != nil || !(v >= 0) || v > 1e9 {
			r.found.add(SevError, f.name, row.line, 13, "taken as 1", "the weight of landing %q", clip(part))
			v = 1
		}
		w = v
	}
	p := r.c.PlaceIndex(strings.TrimSpace(name))
	if p < 0 {
		r.found.add(SevError, f.name, row.line, 13, "the landing is left out", "no place is called %q", clip(name))
		return
	}
	s.Landings = append(s.Landings, Landing{p, w})
}

func (r *caseReader) ranged(f *csvFile, row csvRow, i int, what string, fallback, lo, hi float64) float64 {
	v := r.number(f, row, i, what, fallback)
	if v < lo || v > hi {
		r.found.add(SevError, f.name, row.line, i+1, "cut to the range", "%s should lie in %s..%s, not %s", what, format(lo), format(hi), format(v))
		v = math.Max(lo, math.Min(hi, v))
	}
	return v
}
