package builder

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// table reads CSV rows by the names of the header, whatever their order and case.
type table struct {
	r      *csv.Reader
	column map[string]int
	row    []string
	line   int
}

// The names under which a column is known.
var known = map[string][]string{
	"name":      {"name", "place", "location", "#name"},
	"lat":       {"latitude", "lat", "y"},
	"lon":       {"longitude", "lon", "lng", "long", "x"},
	"pop":       {"population", "pop"},
	"country":   {"country", "iso3", "adm0"},
	"region":    {"region", "admin1", "adm1", "adm_1"},
	"type":      {"type", "location_type"},
	"capacity":  {"capacity", "cap"},
	"from":      {"date_start", "date", "event_date"},
	"to":        {"date_end"},
	"deaths":    {"best", "deaths", "fatalities"},
	"precision": {"where_prec"},
	"name1":     {"name1", "from", "a", "#name1"},
	"name2":     {"name2", "to", "b"},
	"km":        {"km", "distance", "length_km", "distance_km"},
}

func newTable(data []byte) *table {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.LazyQuotes, r.TrimLeadingSpace, r.ReuseRecord = -1, true, true, true
	t := &table{r: r, column: map[string]int{}}
	header, err := r.Read()
	if err != nil {
		return t
	}
	for i, h := range header {
		h = strings.ToLower(strings.TrimSpace(h))
		for key, names := range known {
			for _, n := range names {
				if _, taken := t.column[key]; h == n && !taken {
					t.column[key] = i
				}
			}
		}
	}
	return t
}

func (t *table) next() bool {
	for {
		row, err := t.r.Read()
		if err != nil {
			var broken *csv.ParseError
			if errors.Is(err, io.EOF) || !errors.As(err, &broken) {
				return false
			}
			continue
		}
		t.line, _ = t.r.FieldPos(0)
		t.row = row
		return true
	}
}

func (t *table) has(keys ...string) (missing string) {
	for _, k := range keys {
		if _, ok := t.column[k]; !ok {
			return known[k][0]
		}
	}
	return ""
}

func (t *table) text(key string) string {
	i, ok := t.column[key]
	if !ok || i >= len(t.row) {
		return ""
	}
	return strings.ToValidUTF8(strings.TrimSpace(t.row[i]), "\uFFFD")
}

// number reads a cell; ok is false when it holds no finite number.
func (t *table) number(key string) (v float64, ok bool) {
	v, err := strconv.ParseFloat(strings.ReplaceAll(t.text(key), ",", ""), 64)
	return v, err == nil && !math.IsNaN(v) && !math.IsInf(v, 0)
}

// count reads a whole number from 0 to two thousand million.
func (t *table) count(key string) (n int, ok bool) {
	v, ok := t.number(key)
	return int(math.Min(math.Max(v, 0), 2e9)), ok && v >= 0
}

func (t *table) position() (lat, lon float64, ok bool) {
	lat, ok1 := t.number("lat")
	lon, ok2 := t.number("lon")
	return lat, lon, ok1 && ok2 && lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180
}

func (b *build) readPlaces(data []byte) {
	t := newTable(data)
	if m := t.has("name", "lat", "lon"); m != "" {
		b.find("places", 1, "", "the header lacks the column %q", m)
		return
	}
	seen := map[string]int{}
	for t.next() {
		b.readPlace(t, seen)
	}
}

func (b *build) readPlace(t *table, seen map[string]int) {
	p := Place{Name: t.text("name"), Region: t.text("region"), Country: t.text("country"), Type: "town", line: t.line}
	var ok bool
	if p.Lat, p.Lon, ok = t.position(); !ok || p.Name == "" {
		b.find("places", t.line, "left out", "a place needs a name, a latitude (-90..90) and a longitude (-180..180)")
		return
	}
	if first, twice := seen[p.Name]; twice {
		b.find("places", t.line, "the first is kept", "%s stands in line %d already", p.Name, first)
		return
	}
	seen[p.Name] = t.line
	if strings.Contains(strings.ToLower(t.text("type")), "camp") {
		p.Type = "camp"
	}
	if p.Country == "" {
		p.Country = "unknown"
		b.find("places", t.line, "unknown", "%s has no country: whether a road crosses a border is not known", p.Name)
	}
	if p.Population, ok = t.count("pop"); !ok && p.Type == "town" {
		b.find("places", t.line, "0: nobody flees from here", "%s has no population", p.Name)
	}
	if p.Capacity, ok = t.count("capacity"); !ok && p.Type == "camp" {
		b.find("places", t.line, "0: no limit", "%s has no capacity", p.Name)
	}
	b.places = append(b.places, p)
}

func (b *build) readEvents(data []byte) {
	if len(data) == 0 {
		return
	}
	t := newTable(data)
	if m := t.has("from", "lat", "lon", "deaths"); m != "" {
		b.find("events", 1, "no events", "the header lacks the column %q", m)
		return
	}
	coarse := 0
	for t.next() {
		e := event{}
		var ok bool
		if e.lat, e.lon, ok = t.position(); !ok {
			b.find("events", t.line, "left out", "the event has no position")
			continue
		}
		if e.from, ok = day(t.text("from")); !ok {
			b.find("events", t.line, "left out", "the event has no date (yyyy-mm-dd)")
			continue
		}
		if e.to, ok = day(t.text("to")); !ok || e.to.Before(e.from) {
			e.to = e.from
		}
		if e.deaths, ok = t.count("deaths"); !ok || e.deaths < b.o.MinDeaths {
			continue
		}
		// UCDP's where_prec: 1 exact, 2 within 25 km, 3 district, 4 province, 5 and above a country or a line.
		if p, ok := t.number("precision"); ok && p >= 4 {
			coarse++
			continue
		}
		b.events = append(b.events, e)
	}
	if coarse > 0 {
		b.find("events", 0, "left out", "%d events are known by province or country only (where_prec 4 or more)", coarse)
	}
}

func day(text string) (time.Time, bool) {
	if len(text) < 10 {
		return time.Time{}, false
	}
	t, err := time.Parse("2006-01-02", text[:10])
	return t, err == nil
}
