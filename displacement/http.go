package displacement

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"lintas/displacement/abm"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/gate"
)

type body[T any] struct{ Body T }

type list[T any] struct {
	Body struct {
		Items []T `json:"items"`
	}
}

func listOf[T any](items []T, err error) (*list[T], error) {
	out := &list[T]{}
	if out.Body.Items = items; items == nil {
		out.Body.Items = []T{}
	}
	return out, err
}

type byID struct {
	ID string `path:"id"`
}

type byVersion struct {
	ID      string `path:"id"`
	Version int64  `query:"version" default:"1"`
}

// Routes declares the desk's routes. Scenarios hold no personal data: readers
// are those who plan; only planners and analysts write.
func (d *Desk) Routes(g *gate.Gate) {
	read := gate.Roles(actor.Planner, actor.Analyst, actor.Secretariat, actor.Supervisor, actor.Administrator)
	write := gate.Roles(actor.Planner, actor.Analyst)
	d.scenarioRoutes(g, read, write)
	d.runRoutes(g, read, write)
}

func (d *Desk) scenarioRoutes(g *gate.Gate, read, write gate.Who) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/scenarios", Summary: "Scenarios, newest first"}, read,
		func(ctx context.Context, _ *struct{}) (*list[Scenario], error) { return listOf(d.Scenarios(ctx)) })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios", Summary: "Bring a case", DefaultStatus: 201, MaxBodyBytes: 64 << 20}, write,
		func(ctx context.Context, in *struct {
			Body struct {
				Name   string `json:"name" maxLength:"200"`
				Source string `json:"source" maxLength:"2000" doc:"where the case comes from"`
				Bundle string `json:"bundle" doc:"the case folder as a zip, in base64"`
			}
		}) (*body[added], error) {
			raw, err := base64.StdEncoding.DecodeString(in.Body.Bundle)
			if err != nil {
				return nil, problem.New(problem.Malformed, "displacement.bad-bundle", "The bundle is not base64.")
			}
			s, found, err := d.AddScenario(ctx, in.Body.Name, in.Body.Source, raw)
			return &body[added]{added{s, orEmpty(found)}}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/scenarios/{id}", Summary: "A scenario with its map, versions and runs"}, read,
		func(ctx context.Context, in *byID) (*body[ScenarioView], error) {
			v, err := d.scenarioView(ctx, in.ID)
			return &body[ScenarioView]{v}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios/{id}/versions", Summary: "Put settings and what-ifs on top", DefaultStatus: 201}, write,
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body struct {
				Expected int64              `json:"expected" doc:"the newest version seen"`
				Ruleset  string             `json:"ruleset,omitempty"`
				Changes  []abm.Intervention `json:"changes"`
				Note     string             `json:"note,omitempty" maxLength:"1000"`
			}
		}) (*body[Version], error) {
			v, err := d.AddVersion(ctx, in.ID, in.Body.Expected, Version{Ruleset: in.Body.Ruleset, Changes: in.Body.Changes, Note: in.Body.Note})
			return &body[Version]{v}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/scenarios/{id}/arrivals", Summary: "Counts as they came in"}, read,
		func(ctx context.Context, in *byID) (*list[Arrival], error) { return listOf(d.Arrivals(ctx, in.ID)) })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios/{id}/arrivals", Summary: "Keep a count", DefaultStatus: 204}, write,
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body struct {
				Place  string `json:"place"`
				Date   string `json:"date"`
				People int64  `json:"people" minimum:"0"`
				Source string `json:"source,omitempty" maxLength:"500"`
			}
		}) (*struct{}, error) {
			return nil, d.AddArrival(ctx, in.ID, Arrival{Place: in.Body.Place, Date: in.Body.Date, People: in.Body.People, Source: in.Body.Source})
		})
}

func (d *Desk) runRoutes(g *gate.Gate, read, write gate.Who) {
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios/{id}/runs", Summary: "Ask for an ensemble", DefaultStatus: 202}, write,
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body struct {
				Version  int64       `json:"version"`
				Settings RunSettings `json:"settings"`
			}
		}) (*body[Run], error) {
			r, err := d.Ask(ctx, in.ID, in.Body.Version, in.Body.Settings)
			return &body[Run]{r}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/runs/{id}", Summary: "A run with its answer"}, read,
		func(ctx context.Context, in *byID) (*body[Run], error) {
			r, err := d.Run(ctx, in.ID)
			return &body[Run]{r}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/scenarios/{id}/flows", Summary: "People and flows by day, of one run with seed 1"}, read,
		func(ctx context.Context, in *byVersion) (*body[FlowView], error) {
			v, err := d.flows(ctx, in.ID, in.Version)
			return &body[FlowView]{v}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/scenarios/{id}/gaps", Summary: "Missing shelter places and interviews, by place and week"}, read,
		func(ctx context.Context, in *struct {
			ID           string  `path:"id"`
			Version      int64   `query:"version" default:"1"`
			Interviewers int     `query:"interviewers" default:"2" minimum:"0" maximum:"10000" doc:"at each camp"`
			PerDay       float64 `query:"per_day" default:"8" minimum:"0" maximum:"200" doc:"interviews per interviewer and working day"`
			WorkingDays  int     `query:"working_days" default:"5" minimum:"1" maximum:"7"`
			Screened     float64 `query:"screened" default:"1" minimum:"0" maximum:"1" doc:"share of arrivals interviewed"`
		}) (*list[GapRow], error) {
			return listOf(d.gaps(ctx, in.ID, in.Version, in.Interviewers, in.PerDay, in.WorkingDays, in.Screened))
		})
	file := func(name, kind string, write func(w http.ResponseWriter, c *abm.Case, r *abm.Result) error) {
		gate.Handle(g, "GET", "/api/displacement/scenarios/{id}/"+name, read, func(w http.ResponseWriter, r *http.Request) {
			version, err := strconv.ParseInt(r.URL.Query().Get("version"), 10, 64)
			if err != nil {
				version = 1
			}
			c, res, err := d.single(r.Context(), r.PathValue("id"), version)
			if err != nil {
				g.WriteError(w, r, err)
				return
			}
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
			if err := write(w, c, res); err != nil {
				d.Log.Warn("displacement export ended early", "error", err)
			}
		})
	}
	file("out.csv", "text/csv; charset=utf-8", func(w http.ResponseWriter, c *abm.Case, r *abm.Result) error { return writeOutCSV(w, c, r) })
	file("map.geojson", "application/geo+json", func(w http.ResponseWriter, c *abm.Case, r *abm.Result) error { return writeGeoJSON(w, c, r) })
	gate.Handle(g, "GET", "/api/displacement/runs/{id}/bands.csv", read, func(w http.ResponseWriter, r *http.Request) { d.bandsCSV(g, w, r) })
}

func (d *Desk) bandsCSV(g *gate.Gate, w http.ResponseWriter, r *http.Request) {
	run, err := d.Run(r.Context(), r.PathValue("id"))
	var v View
	if err == nil && run.State != "done" {
		err = problem.New(problem.Conflict, "displacement.not-done", "The run is not done yet; try again in a moment.")
	}
	if err == nil {
		err = json.Unmarshal(run.View, &v)
	}
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="bands.csv"`)
	if err := v.CSV(w); err != nil {
		d.Log.Warn("displacement export ended early", "error", err)
	}
}

type added struct {
	Scenario Scenario      `json:"scenario"`
	Findings []abm.Finding `json:"findings"`
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
