package displacement

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lintas/displacement/abm"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/gate"
)

// tiny is a case of three places and thirty days.
func tiny() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"input_csv/sim_period.csv":    file("StartDate,2031-03-01\nLength,30\n"),
		"input_csv/locations.csv":     file("#name,region,country,lat,lon,type,date,pop\nTown,R,Home,0,0,conflict_zone,0,50000\nHarbour,R,Coast,0,1,camp,,900\nHills,R,Hill,1,0,camp,,500\n"),
		"input_csv/routes.csv":        file("#name1,name2,distance,forced\nTown,Harbour,80,0\nTown,Hills,120,0\n"),
		"input_csv/closures.csv":      file("#type,name1,name2,start,end\n"),
		"input_csv/conflicts.csv":     file("#Day,Town,Harbour,Hills\n0,1,0,0\n"),
		"source_data/data_layout.csv": file("total,refugees.csv\nHarbour,h.csv\nHills,i.csv\n"),
		"source_data/refugees.csv":    file("2031-03-01,0\n2031-03-30,1200\n"),
		"source_data/h.csv":           file("2031-03-01,0\n2031-03-11,300\n2031-03-30,800\n"),
		"source_data/i.csv":           file("2031-03-01,0\n2031-03-30,400\n"),
		"simsetting.yml":              file("move_rules:\n  max_move_speed: 200\n"),
	}
}

func tinyBundle(t testing.TB) []byte {
	t.Helper()
	b, err := packCase(tiny())
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func openDesk(t *testing.T, d *db.DB) *Desk {
	t.Helper()
	if err := audit.Migrate(t.Context(), d); err != nil {
		t.Fatal(err)
	}
	desk, err := Open(t.Context(), Deps{DB: d, Clock: clock.NewManual(time.Date(2031, 4, 1, 8, 0, 0, 0, time.UTC)), Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return desk
}

func planner(ctx context.Context) context.Context {
	return actor.With(ctx, actor.Actor{Person: "p1", Organisation: "o1", Roles: []actor.Role{actor.Planner}})
}

// system is the node's own job.
func system(t *testing.T) context.Context {
	return actor.With(t.Context(), actor.Actor{System: "displacement.runs"})
}

func hasCode(t *testing.T, err error, code string) {
	t.Helper()
	var p *problem.Problem
	if !errors.As(err, &p) || p.Code != code {
		t.Fatalf("wanted the problem %s, got %v", code, err)
	}
}

func TestAScenarioIsBroughtChangedRunAndCompared(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, ctx := openDesk(t, d), planner(t.Context())
		s, _, err := desk.AddScenario(ctx, "Strait", "drawn by hand", tinyBundle(t))
		if err != nil {
			t.Fatal(err)
		}
		v, err := desk.AddVersion(ctx, s.ID, 1, Version{Changes: []abm.Intervention{{Kind: abm.ShutBorder, Country: "Home", Country2: "Hill", From: 2}}, Note: "the pass is shut"})
		if err != nil || v.Version != 2 || v.MadeBy != "person:p1" {
			t.Fatalf("%+v %v", v, err)
		}
		_, err = desk.AddVersion(ctx, s.ID, 1, Version{})
		hasCode(t, err, "displacement.newer-version")

		run, err := desk.Ask(ctx, s.ID, 2, RunSettings{Members: 6})
		if err != nil {
			t.Fatal(err)
		}
		if err := desk.RunQueued(system(t)); err != nil {
			t.Fatal(err)
		}
		done, err := desk.Run(ctx, run.ID)
		if err != nil || done.State != "done" {
			t.Fatalf("state %q %q, error %v", done.State, done.Problem, err)
		}
		var view View
		if err := json.Unmarshal(done.View, &view); err != nil {
			t.Fatal(err)
		}
		last := len(view.Days) - 1
		hills := view.Places[1]
		if hills.Place != "Hills" || hills.Change.High[last] >= 0 || view.Members != 6 {
			t.Fatalf("shutting the pass should leave fewer in Hills in every member: %+v", hills.Change)
		}
	})
}

func TestBothCountsOfADayAreKeptAndTheNewestHolds(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		desk, ctx := openDesk(t, d), planner(t.Context())
		s, _, err := desk.AddScenario(ctx, "Strait", "", tinyBundle(t))
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range []int64{310, 290} {
			desk.Clock.(*clock.Manual).Advance(time.Minute)
			if err := desk.AddArrival(ctx, s.ID, Arrival{Place: "Harbour", Date: "2031-03-12", People: n}); err != nil {
				t.Fatal(err)
			}
		}
		all, err := desk.Arrivals(ctx, s.ID)
		if err != nil || len(all) != 1 || all[0].People != 290 {
			t.Fatalf("%+v %v", all, err)
		}
		hasCode(t, desk.AddArrival(ctx, s.ID, Arrival{Place: "Moon", Date: "2031-03-12"}), "displacement.no-place")
		hasCode(t, desk.AddArrival(ctx, s.ID, Arrival{Place: "Hills", Date: "12 March"}), "displacement.bad-date")
	})
}

func TestWhatCannotBeRunIsRefusedBeforeItIsKept(t *testing.T) {
	desk, ctx := openDesk(t, dbtest.SQLite(t)), planner(t.Context())
	_, _, err := desk.AddScenario(ctx, "x", "", []byte("no zip"))
	hasCode(t, err, "displacement.bad-bundle")
	s, _, err := desk.AddScenario(ctx, "Strait", "", tinyBundle(t))
	if err != nil {
		t.Fatal(err)
	}
	_, err = desk.AddVersion(ctx, s.ID, 1, Version{Ruleset: "/etc/passwd"})
	hasCode(t, err, "displacement.no-ruleset")
	_, err = desk.AddVersion(ctx, s.ID, 1, Version{Changes: []abm.Intervention{{Kind: abm.ShutPlace, Place: "Atlantis"}}})
	hasCode(t, err, "displacement.bad-what-if")
	_, err = desk.Ask(ctx, s.ID, 1, RunSettings{Members: 0})
	hasCode(t, err, "displacement.bad-members")
	_, err = desk.Ask(ctx, s.ID, 7, RunSettings{Members: 3})
	hasCode(t, err, "displacement.no-version")
}

func TestARunLeftByADeadProcessIsDoneAgain(t *testing.T) {
	desk, ctx := openDesk(t, dbtest.SQLite(t)), planner(t.Context())
	s, _, err := desk.AddScenario(ctx, "Strait", "", tinyBundle(t))
	if err != nil {
		t.Fatal(err)
	}
	run, err := desk.Ask(ctx, s.ID, 1, RunSettings{Members: 2})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok, err := desk.takeRun(ctx, leftAlone); !ok || err != nil {
		t.Fatal("the run was not taken", err)
	}
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	if r, _ := desk.Run(ctx, run.ID); r.State != "running" {
		t.Fatalf("a run that moved just now was taken from its process: %s", r.State)
	}
	desk.Clock.(*clock.Manual).Advance(leftAlone + time.Second)
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	if r, _ := desk.Run(ctx, run.ID); r.State != "done" {
		t.Fatalf("the run is %s", r.State)
	}
}

func TestTheRoutesServeMapFlowsGapsAndFilesToPlannersOnly(t *testing.T) {
	desk := openDesk(t, dbtest.SQLite(t))
	roles := []actor.Role{actor.Planner}
	g := gate.New("test", func(*http.Request) (actor.Actor, error) {
		return actor.Actor{Person: "p1", Organisation: "o1", Roles: roles}, nil
	}, desk.Log)
	desk.Routes(g)
	if err := desk.MakeDemo(planner(t.Context()), Demo{Name: "Strait", Folder: tiny()}); err != nil {
		t.Fatal(err)
	}
	if err := desk.MakeDemo(planner(t.Context()), Demo{Name: "Strait", Folder: tiny()}); err != nil {
		t.Fatal(err)
	}
	all, err := desk.Scenarios(planner(t.Context()))
	if err != nil || len(all) != 1 {
		t.Fatalf("the demo made %d scenarios, error %v", len(all), err)
	}
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	runs, err := desk.Runs(planner(t.Context()), all[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	get := func(path string) (int, string) {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		return w.Code, w.Body.String()
	}
	base := "/api/displacement/scenarios/" + all[0].ID
	for path, want := range map[string]string{
		"/api/displacement/scenarios":          `"name":"Strait"`,
		base:                                   `"routes":[{"a":0,"b":1`,
		base + "/flows":                        `"flows":[[`,
		base + "/gaps?interviewers=1":          `"shelter_gap"`,
		base + "/out.csv":                      "Day,Date,Harbour sim,Harbour data",
		base + "/map.geojson":                  `"FeatureCollection"`,
		"/api/displacement/runs/" + runs[0].ID: `"state":"done"`,
		"/api/displacement/runs/" + runs[0].ID + "/bands.csv": "day,date,place,low_5",
	} {
		if code, got := get(path); code != 200 || !strings.Contains(got, want) {
			t.Errorf("%s gave %d without %s: %.200s", path, code, want, got)
		}
	}
	if code, got := get("/api/displacement/scenarios/none/out.csv"); code != 404 || !strings.Contains(got, "displacement.no-scenario") {
		t.Errorf("an unknown scenario gave %d %s", code, got)
	}
	roles = []actor.Role{actor.Officer}
	if code, _ := get(base); code != 403 {
		t.Errorf("an officer got %d", code)
	}
}
