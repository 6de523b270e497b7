package displacement

import (
	"context"
	"fmt"
	"time"

	"lintas/displacement/abm"
	"lintas/displacement/builder"
	"lintas/kernel/problem"
)

// Tables is what a case is built from in the browser: the texts of three files.
type Tables struct {
	Places string `json:"places" doc:"CSV: name, latitude, longitude, population, country; optional region, type, capacity"`
	Events string `json:"events" doc:"CSV of UCDP's georeferenced events, or date, latitude, longitude, deaths"`
	Roads  string `json:"roads,omitempty" doc:"CSV: name1, name2, km; or GeoJSON lines; empty assumes great circles and says so"`
	Start  string `json:"start,omitempty" doc:"first day, YYYY-MM-DD; empty is the first event"`
	Days   int    `json:"days,omitempty" minimum:"0" maximum:"1000" doc:"0 is 180"`
}

// Build makes a case of tables and keeps it as a scenario. What was assumed
// comes back with it, and lies in the case's provenance.csv.
func (d *Desk) Build(ctx context.Context, name, source string, t Tables) (Scenario, []abm.Finding, error) {
	o := builder.Options{Days: t.Days}
	if t.Start != "" {
		start, err := time.Parse(time.DateOnly, t.Start)
		if err != nil {
			return Scenario{}, nil, problem.New(problem.Invalid, "displacement.bad-date", "Write the date as YYYY-MM-DD.").With("body.start", "is not a date")
		}
		o.Start = start
	}
	in := builder.Input{Places: []byte(t.Places), Events: []byte(t.Events)}
	if t.Roads != "" {
		in.Roads = []byte(t.Roads)
	}
	built, err := builder.Build(in, o)
	if err != nil {
		return Scenario{}, nil, problem.New(problem.Invalid, "displacement.cannot-build", "No case can be built: %s", err.Error())
	}
	bundle, err := packFiles(built.Files)
	if err != nil {
		return Scenario{}, nil, err
	}
	var found []abm.Finding
	for _, f := range built.Findings {
		found = append(found, abm.Finding{Severity: abm.SevNote, File: f.Input, Line: f.Line, What: f.What, Assumed: f.Assumed})
	}
	found = append(found, abm.Finding{Severity: abm.SevNote, File: "case", What: fmt.Sprintf("%d places, %d routes (%d with an assumed length), %d places of conflict from %d events", built.Places, built.Routes, built.Assumed, built.Conflict, built.Events)})
	s, more, err := d.AddScenario(ctx, name, source, bundle)
	return s, append(found, more...), err
}
