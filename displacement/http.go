package displacement

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
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
// are those who plan; only planners and analysts write. Which scenarios each of
// them sees, and who may edit which, the desk says (sharing.go).
func (d *Desk) Routes(g *gate.Gate) {
	read := gate.Roles(actor.Planner, actor.Analyst, actor.Secretariat, actor.Supervisor, actor.Administrator)
	write := gate.Roles(actor.Planner, actor.Analyst)
	d.scenarioRoutes(g, read, write)
	d.sharingRoutes(g, gate.Roles(actor.Planner, actor.Analyst, actor.Supervisor))
	d.arrivalRoutes(g, read, write)
	d.runRoutes(g, read, write)
	d.viewRoutes(g, read)
	d.fileRoutes(g, read)
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
				return nil, errBundle()
			}
			s, found, err := d.AddScenario(ctx, in.Body.Name, in.Body.Source, raw)
			return &body[added]{added{s, orEmpty(found)}}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios/built", Summary: "Build a case from places, events and roads", DefaultStatus: 201, MaxBodyBytes: 64 << 20}, write,
		func(ctx context.Context, in *struct {
			Body struct {
				Name   string `json:"name" maxLength:"200"`
				Source string `json:"source" maxLength:"2000" doc:"where the tables come from"`
				Tables
			}
		}) (*body[added], error) {
			s, found, err := d.Build(ctx, in.Body.Name, in.Body.Source, in.Body.Tables)
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
				Changes  []abm.Intervention `json:"changes" maxItems:"200"`
				Note     string             `json:"note,omitempty" maxLength:"1000"`
			}
		}) (*body[Version], error) {
			v, err := d.AddVersion(ctx, in.ID, in.Body.Expected, Version{Ruleset: in.Body.Ruleset, Changes: in.Body.Changes, Note: in.Body.Note})
			return &body[Version]{v}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/scenarios/{id}/provenance", Summary: "Every input, with its fingerprint, its source, who and when"}, read,
		func(ctx context.Context, in *byID) (*list[Input], error) { return listOf(d.Provenance(ctx, in.ID)) })
}

// sharingRoutes are for who brought a scenario and for supervisors of their
// organisation; the desk refuses anybody else.
func (d *Desk) sharingRoutes(g *gate.Gate, edit gate.Who) {
	type edited struct {
		ID   string `path:"id"`
		Body struct {
			Expected int64 `json:"expected" doc:"the scenario's revision as seen"`
		}
	}
	gate.Register(g, huma.Operation{Method: "PATCH", Path: "/api/displacement/scenarios/{id}", Summary: "Rename a scenario; say who sees it: its maker and the supervisors (maker), the organisation's readers (organisation), or readers of every organisation of the node, who cannot change it (node)"}, edit,
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body struct {
				Expected int64  `json:"expected" doc:"the scenario's revision as seen"`
				Name     string `json:"name" maxLength:"200"`
				SeenBy   string `json:"seen_by" enum:"maker,organisation,node"`
			}
		}) (*body[Scenario], error) {
			s, err := d.EditScenario(ctx, in.ID, in.Body.Expected, in.Body.Name, in.Body.SeenBy)
			return &body[Scenario]{s}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios/{id}/remove", Summary: "Remove a scenario for everybody, with its versions, runs and comparisons; it can be brought back for 30 days"}, edit,
		func(ctx context.Context, in *edited) (*body[Scenario], error) {
			s, err := d.RemoveScenario(ctx, in.ID, in.Body.Expected)
			return &body[Scenario]{s}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios/{id}/restore", Summary: "Bring a removed scenario back"}, edit,
		func(ctx context.Context, in *byID) (*body[Scenario], error) {
			s, err := d.RestoreScenario(ctx, in.ID)
			return &body[Scenario]{s}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/removed", Summary: "Removed scenarios that can still be brought back"}, edit,
		func(ctx context.Context, _ *struct{}) (*list[Scenario], error) { return listOf(d.Removed(ctx)) })
}

func (d *Desk) arrivalRoutes(g *gate.Gate, read, write gate.Who) {
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
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios/{id}/arrivals/table", Summary: "Keep a table of counts, all or none", DefaultStatus: 204, MaxBodyBytes: 4 << 20}, write,
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body struct {
				CSV    string `json:"csv" doc:"lines of place, date, people"`
				Source string `json:"source" maxLength:"500"`
			}
		}) (*struct{}, error) {
			counts, err := readCounts(in.Body.CSV, in.Body.Source)
			if err != nil {
				return nil, err
			}
			return nil, d.AddArrivals(ctx, in.ID, counts)
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios/{id}/series", Summary: "Keep a series of newly displaced people per day", DefaultStatus: 201, MaxBodyBytes: 4 << 20}, write,
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body struct {
				Name   string `json:"name" minLength:"1" maxLength:"200"`
				Source string `json:"source" maxLength:"2000"`
				CSV    string `json:"csv" doc:"lines of date, newly displaced people"`
			}
		}) (*body[DailySeries], error) {
			start, people, err := readSeries(in.Body.CSV)
			if err != nil {
				return nil, err
			}
			v, err := d.AddSeries(ctx, in.ID, DailySeries{Name: in.Body.Name, Source: in.Body.Source, Start: start, People: people})
			return &body[DailySeries]{v}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/scenarios/{id}/series/outlook", Summary: "Ask the warning desk for a series and keep it", DefaultStatus: 201}, write,
		func(ctx context.Context, in *byID) (*body[DailySeries], error) {
			v, err := d.FetchSeries(ctx, in.ID)
			return &body[DailySeries]{v}, err
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
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/displacement/runs/{id}/stop", Summary: "End a run; what is finished is kept"}, write,
		func(ctx context.Context, in *byID) (*body[Run], error) {
			r, err := d.Stop(ctx, in.ID)
			return &body[Run]{r}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/runs/{id}/comparison", Summary: "Counts that came in beside what was foretold and beside persistence"}, read,
		func(ctx context.Context, in *byID) (*body[Comparison], error) {
			c, err := d.Compare(ctx, in.ID)
			return &body[Comparison]{c}, err
		})
}

func (d *Desk) viewRoutes(g *gate.Gate, read gate.Who) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/scenarios/{id}/flows", Summary: "People and flows by day, of one run with seed 1"}, read,
		func(ctx context.Context, in *byVersion) (*body[FlowView], error) {
			v, err := d.flows(ctx, in.ID, in.Version)
			return &body[FlowView]{v}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/displacement/scenarios/{id}/gaps", Summary: "Missing shelter places and interviews, by place and week"}, read,
		func(ctx context.Context, in *struct {
			ID      string `path:"id"`
			Version int64  `query:"version" default:"1"`
			Staffing
		}) (*list[GapRow], error) {
			return listOf(d.gaps(ctx, in.ID, in.Version, in.Staffing))
		})
}

// fileRoutes are downloads. Each is named after its scenario and version.
func (d *Desk) fileRoutes(g *gate.Gate, read gate.Who) {
	file := func(path, kind string, open func(r *http.Request) (name string, write func(io.Writer) error, err error)) {
		gate.Handle(g, "GET", path, read, func(w http.ResponseWriter, r *http.Request) {
			name, write, err := open(r)
			if err != nil {
				g.WriteError(w, r, err)
				return
			}
			w.Header().Set("Content-Type", kind)
			w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
			if err := write(w); err != nil {
				d.Log.Warn("displacement export ended early", "error", err)
			}
		})
	}
	single := func(what string, write func(w io.Writer, c *abm.Case, r *abm.Result) error) func(*http.Request) (string, func(io.Writer) error, error) {
		return func(r *http.Request) (string, func(io.Writer) error, error) {
			scenario := r.PathValue("id")
			version, err := versionOf(r)
			if err != nil {
				return "", nil, err
			}
			c, res, err := d.single(r.Context(), scenario, version)
			if err != nil {
				return "", nil, err
			}
			s, err := d.Scenario(r.Context(), scenario)
			return fileName(s.Name, version, what), func(w io.Writer) error { return write(w, c, res) }, err
		}
	}
	const csvKind = "text/csv; charset=utf-8"
	file("/api/displacement/scenarios/{id}/out.csv", csvKind, single("out.csv", writeOutCSV))
	file("/api/displacement/scenarios/{id}/map.geojson", "application/geo+json", single("map.geojson", writeGeoJSON))
	file("/api/displacement/scenarios/{id}/gaps.csv", csvKind, d.gapsFile)
	file("/api/displacement/scenarios/{id}/arrivals.csv", csvKind, func(r *http.Request) (string, func(io.Writer) error, error) {
		s, err := d.Scenario(r.Context(), r.PathValue("id"))
		if err != nil {
			return "", nil, err
		}
		counts, err := d.Arrivals(r.Context(), s.ID)
		return fileName(s.Name, 1, "arrivals.csv"), func(w io.Writer) error { return writeArrivals(w, counts) }, err
	})
	file("/api/displacement/scenarios/{id}/case.zip", "application/zip", func(r *http.Request) (string, func(io.Writer) error, error) {
		s, err := d.Scenario(r.Context(), r.PathValue("id"))
		return fileName(s.Name, 1, "case.zip"), func(w io.Writer) error { _, err := w.Write(s.bundle); return err }, err
	})
	file("/api/displacement/runs/{id}/bands.csv", csvKind, d.bandsFile)
}

// versionOf is the version that a download names; 1 when it names none.
func versionOf(r *http.Request) (int64, error) {
	text := r.URL.Query().Get("version")
	if text == "" {
		return 1, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, problem.New(problem.Invalid, "displacement.bad-version", "Name the version by its number.").With("query.version", "is not a number")
	}
	return n, nil
}

func (d *Desk) gapsFile(r *http.Request) (string, func(io.Writer) error, error) {
	q := r.URL.Query()
	number := func(name string, otherwise float64) float64 {
		if n, err := strconv.ParseFloat(q.Get(name), 64); err == nil && n >= 0 && n <= 10_000 {
			return n
		}
		return otherwise
	}
	staff := Staffing{Interviewers: int(number("interviewers", 2)), At: q["staff_at"], PerDay: number("per_day", 8), WorkingDays: int(number("working_days", 5)), Screened: min(1, number("screened", 1))}
	version, err := versionOf(r)
	if err != nil {
		return "", nil, err
	}
	rows, err := d.gaps(r.Context(), r.PathValue("id"), version, staff)
	if err != nil {
		return "", nil, err
	}
	s, err := d.Scenario(r.Context(), r.PathValue("id"))
	return fileName(s.Name, version, "gaps.csv"), func(w io.Writer) error { return writeGaps(w, rows) }, err
}

func (d *Desk) bandsFile(r *http.Request) (string, func(io.Writer) error, error) {
	run, err := d.Run(r.Context(), r.PathValue("id"))
	if err != nil {
		return "", nil, err
	}
	if run.View == nil {
		return "", nil, problem.New(problem.Conflict, "displacement.not-done", "The run is not done yet; try again in a moment.")
	}
	var v View
	if err := json.Unmarshal(run.View, &v); err != nil {
		return "", nil, err
	}
	s, err := d.Scenario(r.Context(), run.Scenario)
	return fileName(s.Name, run.Version, "bands.csv"), v.CSV, err
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
