package displacement

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"lintas/displacement/abm"
	"lintas/displacement/ensemble"
)

//go:embed report.html
var reportHTML string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"f3":      func(x float64) string { return fmt.Sprintf("%.3f", x) },
	"percent": func(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) },
}).Parse(reportHTML))

type reportCase struct {
	*Validation
	From   string
	Until  string
	Map    template.HTML
	Charts []template.HTML
}

// writeReport writes one page that stands alone: a map, arrivals with bands and
// reports as dots, and the scores beside the baselines. No script.
func writeReport(w io.Writer, cases []*abm.Case, all []*Validation) error {
	var page []reportCase
	for i, v := range all {
		c := cases[i]
		rc := reportCase{Validation: v, From: c.Date(0).Format("2006-01-02"), Until: c.Date(c.Days - 1).Format("2006-01-02"), Map: caseMap(c, v)}
		for k := range c.Camps {
			rc.Charts = append(rc.Charts, campChart(c, v, k))
		}
		page = append(page, rc)
	}
	return reportPage.Execute(w, page)
}

// The drawings below are SVG made of numbers and escaped names only, which is
// why they may be template.HTML.

const mapWidth = 900.0

type projection struct{ west, north, scale, stretch float64 }

func projectionOf(c *abm.Case) (projection, float64) {
	south, north, west, east := 90.0, -90.0, 180.0, -180.0
	for _, p := range c.Places {
		south, north = math.Min(south, p.Lat), math.Max(north, p.Lat)
		west, east = math.Min(west, p.Lon), math.Max(east, p.Lon)
	}
	pad := 0.06*math.Max(east-west, north-south) + 0.05
	south, north, west, east = south-pad, north+pad, west-pad, east+pad
	stretch := 1 / math.Max(0.2, math.Cos((south+north)/2*math.Pi/180))
	scale := mapWidth / (east - west)
	return projection{west, north, scale, stretch}, math.Min(1200, (north-south)*scale*stretch)
}

func (p projection) at(place abm.Place) (x, y float64) {
	return (place.Lon - p.west) * p.scale, (p.north - place.Lat) * p.scale * p.stretch
}

func caseMap(c *abm.Case, v *Validation) template.HTML {
	p, height := projectionOf(c)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="Map of places and routes">`, mapWidth, height)
	line := func(a, z int, class string) {
		x1, y1 := p.at(c.Places[a])
		x2, y2 := p.at(c.Places[z])
		fmt.Fprintf(&b, `<line class="%s" x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f"/>`, class, x1, y1, x2, y2)
	}
	for _, r := range c.Routes {
		line(r.A, r.B, "road")
	}
	for _, r := range c.Sea {
		line(r.From, r.To, "sea")
	}
	people := map[int]float64{}
	top := 1.0
	for i, camp := range c.Camps {
		if len(v.runs) > 0 {
			people[camp.Place] = v.runs[len(v.runs)-1][i]
			top = math.Max(top, people[camp.Place])
		}
	}
	for i, place := range c.Places {
		x, y := p.at(place)
		r := 3.0
		if n := people[i]; n > 0 {
			r = 4 + 18*math.Sqrt(n/top)
		}
		name := template.HTMLEscapeString(place.Name)
		fmt.Fprintf(&b, `<circle class="%s" cx="%.1f" cy="%.1f" r="%.1f"><title>%s: %.0f people on the last day</title></circle>`, place.Kind, x, y, r, name, people[i])
		if place.Kind.IsCamp() || len(c.Places) <= 40 {
			fmt.Fprintf(&b, `<text x="%.1f" y="%.1f">%s</text>`, x+r+2, y+3, name)
		}
	}
	b.WriteString(`</svg>`)
	return template.HTML(b.String())
}

const chartWidth, chartHeight = 430.0, 190.0

// campChart draws one camp: the model's mean, its ensemble's band when there is
// one, the 30-day forecast's bands, and what was reported as dots.
func campChart(c *abm.Case, v *Validation, camp int) template.HTML {
	top := 1.0
	for _, r := range c.Camps[camp].Reports {
		if r.Day < c.Days {
			top = math.Max(top, r.Count)
		}
	}
	for _, day := range v.runs {
		top = math.Max(top, day[camp])
	}
	top *= 1.25
	x := func(day int) float64 { return 46 + (chartWidth-56)*float64(day)/math.Max(1, float64(c.Days-1)) }
	y := func(n float64) float64 { return chartHeight - 24 - (chartHeight-40)*math.Min(1, n/top) }
	var b strings.Builder
	name := template.HTMLEscapeString(c.Camps[camp].Name)
	fmt.Fprintf(&b, `<figure><figcaption>%s</figcaption><svg viewBox="0 0 %.0f %.0f" role="img" aria-label="Arrivals at %s">`, name, chartWidth, chartHeight, name)
	for _, n := range []float64{0, top / 2, top} {
		fmt.Fprintf(&b, `<line class="grid" x1="46" x2="%.0f" y1="%.1f" y2="%.1f"/><text class="axis" x="42" y="%.1f">%.0f</text>`, chartWidth-10, y(n), y(n), y(n)+3, n)
	}
	if v.Bands != nil {
		b.WriteString(bandPath("ensemble", c.Days, 1, func(day int) ensemble.Band { return v.Bands.outcome.Base.Cells[day][camp].Band(0.9) }, x, y))
	}
	for _, o := range v.outlooks {
		if o.day < c.Days {
			fmt.Fprintf(&b, `<line class="forecast" x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f"/>`, x(o.day), x(o.day), y(o.band[camp].Low), y(o.band[camp].High))
		}
	}
	b.WriteString(`<polyline class="model" points="`)
	for day := range v.runs {
		if day%2 == 0 {
			fmt.Fprintf(&b, "%.1f,%.1f ", x(day), y(v.runs[day][camp]))
		}
	}
	b.WriteString(`"/>`)
	for _, r := range c.Camps[camp].Reports {
		if r.Day >= 0 && r.Day < c.Days {
			fmt.Fprintf(&b, `<circle class="report" cx="%.1f" cy="%.1f" r="2"><title>%s: %.0f</title></circle>`, x(r.Day), y(r.Count), r.Date.Format("2006-01-02"), r.Count)
		}
	}
	fmt.Fprintf(&b, `<text class="axis start" x="46" y="%.0f">%s</text><text class="axis" x="%.0f" y="%.0f">%s</text></svg></figure>`, chartHeight-8, c.Date(0).Format("2006-01-02"), chartWidth-10, chartHeight-8, c.Date(c.Days-1).Format("2006-01-02"))
	return template.HTML(b.String())
}

func bandPath(class string, days, step int, band func(int) ensemble.Band, x func(int) float64, y func(float64) float64) string {
	var up, down []string
	for day := 0; day < days; day += step {
		k := band(day)
		up = append(up, fmt.Sprintf("%.1f,%.1f", x(day), y(k.High)))
		down = append(down, fmt.Sprintf("%.1f,%.1f", x(day), y(k.Low)))
	}
	for i, j := 0, len(down)-1; i < j; i, j = i+1, j-1 {
		down[i], down[j] = down[j], down[i]
	}
	return fmt.Sprintf(`<polygon class="%s" points="%s %s"/>`, class, strings.Join(up, " "), strings.Join(down, " "))
}
