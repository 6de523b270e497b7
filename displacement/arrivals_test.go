package displacement

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lintas/displacement/abm"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/db/dbtest"
	"lintas/platform/gate"
)

// brought is a desk with one scenario of the tiny case.
func brought(t *testing.T) (*Desk, context.Context, Scenario) {
	t.Helper()
	desk, ctx := openDesk(t, dbtest.SQLite(t)), planner(t.Context())
	s, _, err := desk.AddScenario(ctx, "Strait", "drawn by hand", tinyBundle(t))
	if err != nil {
		t.Fatal(err)
	}
	return desk, ctx, s
}

// answerOf asks for a run, runs it and reads its answer.
func answerOf(t *testing.T, desk *Desk, ctx context.Context, scenario string, settings RunSettings) (Run, View) {
	t.Helper()
	asked, err := desk.Ask(ctx, scenario, 1, settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	run, err := desk.Run(ctx, asked.ID)
	if err != nil || run.State != "done" {
		t.Fatalf("the run is %s (%s), error %v", run.State, run.Problem, err)
	}
	var v View
	if err := json.Unmarshal(run.View, &v); err != nil {
		t.Fatal(err)
	}
	return run, v
}

func TestToAnotherOrganisationAScenarioIsNotThere(t *testing.T) {
	desk, ctx, s := brought(t)
	run, err := desk.Ask(ctx, s.ID, 1, RunSettings{Members: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	stranger := actor.Actor{Person: "p2", Organisation: "o2", Roles: []actor.Role{actor.Planner}}
	g := gate.New("test", func(*http.Request) (actor.Actor, error) { return stranger, nil }, desk.Log)
	desk.Routes(g)
	ask := func(method, path, body string) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Lintas-Request", "1")
		g.ServeHTTP(w, r)
		return w
	}
	of, at := "/api/displacement/scenarios/"+s.ID, "/api/displacement/runs/"+run.ID
	for _, call := range [][3]string{
		{"GET", of}, {"GET", of + "/provenance"}, {"GET", of + "/flows"}, {"GET", of + "/gaps"}, {"GET", of + "/arrivals"},
		{"GET", of + "/out.csv"}, {"GET", of + "/map.geojson"}, {"GET", of + "/gaps.csv"}, {"GET", of + "/arrivals.csv"}, {"GET", of + "/case.zip"},
		{"GET", at}, {"GET", at + "/comparison"}, {"GET", at + "/bands.csv"}, {"POST", at + "/stop"},
		{"POST", of + "/versions", `{"expected":1,"changes":[]}`}, {"POST", of + "/runs", `{"version":1,"settings":{"members":1}}`},
		{"POST", of + "/arrivals", `{"place":"Harbour","date":"2031-03-12","people":1}`},
		{"POST", of + "/arrivals/table", `{"csv":"Harbour,2031-03-12,1","source":""}`},
		{"POST", of + "/series", `{"name":"x","source":"","csv":"2031-03-12,1"}`}, {"POST", of + "/series/outlook"},
	} {
		if w := ask(call[0], call[1], call[2]); w.Code != 404 || strings.Contains(w.Body.String(), "Strait") {
			t.Errorf("%s %s gave %d: %s", call[0], call[1], w.Code, w.Body)
		}
	}
	if w := ask("GET", "/api/displacement/scenarios", ""); w.Code != 200 || strings.Contains(w.Body.String(), s.ID) {
		t.Errorf("the list gave %d: %s", w.Code, w.Body)
	}
}

func TestAVersionThatWasNeverThereCannotBeBuiltOn(t *testing.T) {
	desk, ctx, s := brought(t)
	_, err := desk.AddVersion(ctx, s.ID, 5, Version{})
	hasCode(t, err, "displacement.newer-version")
}

func TestARunThatWaitsStopsAtOnce(t *testing.T) {
	desk, ctx, s := brought(t)
	run, err := desk.Ask(ctx, s.ID, 1, RunSettings{Members: 3})
	if err != nil {
		t.Fatal(err)
	}
	if run, err = desk.Stop(ctx, run.ID); err != nil || run.State != "stopped" {
		t.Fatalf("the run is %s, error %v", run.State, err)
	}
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	if run, _ = desk.Run(ctx, run.ID); run.State != "stopped" || run.View != nil {
		t.Fatalf("a stopped run went on: %s", run.State)
	}
}

func TestARunThatIsStoppedKeepsWhatIsFinished(t *testing.T) {
	desk, ctx, s := brought(t)
	run, err := desk.Ask(ctx, s.ID, 1, RunSettings{Members: 2000})
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- desk.RunQueued(system(t)) }()
	for run.State != "running" || run.Done == 0 {
		if run.State == "done" {
			t.Skip("this machine finished 2,000 members within a heartbeat")
		}
		time.Sleep(5 * time.Millisecond)
		if run, err = desk.Run(ctx, run.ID); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := desk.Stop(ctx, run.ID); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	run, err = desk.Run(ctx, run.ID)
	var v View
	if err != nil || json.Unmarshal(run.View, &v) != nil {
		t.Fatalf("nothing was kept of the run: %s, error %v", run.State, err)
	}
	if run.State != "done" && (run.State != "stopped" || v.Members == 0 || v.Members >= 2000 || len(v.Notes) == 0) {
		t.Fatalf("the run is %s with %d members and notes %v", run.State, v.Members, v.Notes)
	}
}

func TestARunOfANodeThatEndsIsBegunAgainAtOnce(t *testing.T) {
	desk, ctx, s := brought(t)
	run, err := desk.Ask(ctx, s.ID, 1, RunSettings{Members: 2})
	if err != nil {
		t.Fatal(err)
	}
	ending, end := context.WithCancel(system(t))
	taken, ok, err := desk.takeRun(ending, leftAlone)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	end()
	if err := desk.runOne(ending, taken); err != nil {
		t.Fatal(err)
	}
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	if run, _ = desk.Run(ctx, run.ID); run.State != "done" {
		t.Fatalf("the run is %s", run.State)
	}
}

func TestARunThatEndsItsProcessEachTimeIsGivenUp(t *testing.T) {
	desk, ctx, s := brought(t)
	run, err := desk.Ask(ctx, s.ID, 1, RunSettings{Members: 2})
	if err != nil {
		t.Fatal(err)
	}
	for range maxAttempts {
		if _, ok, err := desk.takeRun(system(t), leftAlone); !ok || err != nil {
			t.Fatal("the run was not taken", err)
		}
		desk.Clock.(*clock.Manual).Advance(leftAlone + time.Second)
	}
	if err := desk.RunQueued(system(t)); err != nil {
		t.Fatal(err)
	}
	if run, _ = desk.Run(ctx, run.ID); run.State != "failed" || run.Problem == "" {
		t.Fatalf("the run is %s: %s", run.State, run.Problem)
	}
}

func TestATableOfCountsIsKeptWholeOrNotAtAll(t *testing.T) {
	desk, ctx, s := brought(t)
	counts, err := readCounts("\ufeffPlace;Date;People\nHarbour;2031-03-12;310\n\nHills;2031-03-12; 120\n", "field team")
	if err != nil || len(counts) != 2 || counts[1].People != 120 {
		t.Fatalf("%+v %v", counts, err)
	}
	if err := desk.AddArrivals(ctx, s.ID, counts); err != nil {
		t.Fatal(err)
	}
	bad, err := readCounts("Harbour,2031-03-13,311\nAtlantis,2031-03-13,4\n", "")
	if err != nil {
		t.Fatal(err)
	}
	err = desk.AddArrivals(ctx, s.ID, bad)
	hasCode(t, err, "displacement.no-place")
	if p := err.(*problem.Problem); p.Fields[0].Location != "body.csv:2:place" {
		t.Errorf("the line is told as %q", p.Fields[0].Location)
	}
	if all, _ := desk.Arrivals(ctx, s.ID); len(all) != 2 {
		t.Errorf("half a table was kept: %d counts", len(all))
	}
}

func TestWhatIsNoTableOfCountsIsRefusedWithItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"Harbour,2031-03-12,1\nHarbour,2031-03-13,many": "body.csv:2:people",
		"Harbour,2031-03-12,1\nHarbour":                 "body.csv:2",
		"Harbour,2031-03-12,1\n\"Harbour,2031":          "body.csv:2:14",
	} {
		_, err := readCounts(text, "")
		p, is := err.(*problem.Problem)
		if !is || p.Fields[0].Location != want {
			t.Errorf("%q gave %v, wanted the place %s", text, err, want)
		}
	}
}

func TestASeriesDrivesARunInPlaceOfTheTotals(t *testing.T) {
	desk, ctx, s := brought(t)
	start, people, err := readSeries("date,people\n2031-03-02,100\n2031-03-05,200\n")
	if err != nil || start != "2031-03-02" || len(people) != 4 || people[1] != 0 || people[3] != 200 {
		t.Fatalf("%s %v %v", start, people, err)
	}
	series, err := desk.AddSeries(ctx, s.ID, DailySeries{Name: "worst week", Source: "by hand", Start: start, People: people})
	if err != nil {
		t.Fatal(err)
	}
	_, plain := answerOf(t, desk, ctx, s.ID, RunSettings{Members: 8})
	_, driven := answerOf(t, desk, ctx, s.ID, RunSettings{Members: 8, Series: series.ID})
	last := len(plain.Days) - 1
	if got := driven.Total.High[last]; got > 400 || got <= 0 {
		t.Errorf("300 people in the series came to %.0f in the camps", got)
	}
	if plain.Total.Low[last] < driven.Total.High[last] {
		t.Errorf("the case's 1,200 people (%v) are not told from the series's 300 (%v)", plain.Total.Low[last], driven.Total.High[last])
	}
	_, err = desk.Ask(ctx, s.ID, 1, RunSettings{Members: 1, Series: series.ID, Warm: &Warm{Day: 10, Horizon: 10}})
	hasCode(t, err, "displacement.series-and-warm")
	_, err = desk.Ask(ctx, s.ID, 1, RunSettings{Members: 1, Series: "none"})
	hasCode(t, err, "displacement.no-series")
}

func TestASeriesComesFromTheWarningDeskWhereThereIsOne(t *testing.T) {
	desk, ctx, s := brought(t)
	_, err := desk.FetchSeries(ctx, s.ID)
	hasCode(t, err, "displacement.no-outlook")
	desk.Outlook = func(_ context.Context, organisation string, from time.Time, days int) (DailySeries, error) {
		return DailySeries{Name: organisation, Source: "warning", Start: from.Format(time.DateOnly), People: make([]int64, days)}, nil
	}
	v, err := desk.FetchSeries(ctx, s.ID)
	if err != nil || v.Name != "o1" || v.Start != "2031-03-01" || len(v.People) != 30 || len(v.SHA256) != 64 {
		t.Fatalf("%+v %v", v, err)
	}
}

func TestAWarmStartKnowsTheCountsThatCameIn(t *testing.T) {
	desk, ctx, s := brought(t)
	warm := RunSettings{Members: 8, Warm: &Warm{Day: 12, Horizon: 5}}
	_, before := answerOf(t, desk, ctx, s.ID, warm)
	if err := desk.AddArrival(ctx, s.ID, Arrival{Place: "Harbour", Date: "2031-03-13", People: 640}); err != nil {
		t.Fatal(err)
	}
	_, after := answerOf(t, desk, ctx, s.ID, warm)
	if before.Places[0].Mid[0] > 500 || math.Abs(after.Places[0].Mid[0]-640) > 10 { // a band's middle is known to about 1 %
		t.Errorf("the run begins with %.0f people without and %.0f with the count of 640", before.Places[0].Mid[0], after.Places[0].Mid[0])
	}
}

func TestCountsFindTheReportsHoweverTheFoldersOfACaseLie(t *testing.T) {
	for _, move := range []func(name string) string{
		func(name string) string { return "crisis/" + name },
		func(name string) string { return path.Base(name) },
	} {
		files := map[string][]byte{"notes.csv": nil}
		for name, f := range tiny() {
			files[move(name)] = f.Data
		}
		bundle, err := packFiles(files)
		if err != nil {
			t.Fatal(err)
		}
		counted, err := withCounts(bundle, []Arrival{{Place: "Harbour", Date: "2031-03-20", People: 777}})
		if err != nil {
			t.Fatal(err)
		}
		c, found, err := readBundle(counted)
		if err != nil {
			t.Fatal(err, found)
		}
		if got := c.Observed(0, 19); got != 777 {
			t.Errorf("%s: the count reads back as %d; %v", move("x"), got, found)
		}
	}
}

func TestTheLandOfACaseIsFoundAndWhatIsNoneIsLeftOut(t *testing.T) {
	folder := tiny()
	for text, want := range map[string]bool{`{"type":"FeatureCollection","features":[]}`: true, `{"type":"Point"}`: false, `not json`: false} {
		folder["land.geojson"] = &fstest.MapFile{Data: []byte(text)}
		bundle, err := packCase(folder)
		if err != nil {
			t.Fatal(err)
		}
		if got := landOf(bundle); (got != nil) != want {
			t.Errorf("%s gave %s", text, got)
		}
	}
}

func TestAWarmStartAfterTheCaseOrWithoutReportsIsRefusedWhenItIsAskedFor(t *testing.T) {
	desk, ctx, s := brought(t)
	_, err := desk.Ask(ctx, s.ID, 1, RunSettings{Members: 1, Warm: &Warm{Day: 30, Horizon: 5}})
	hasCode(t, err, "displacement.warm-start-late")
	folder := tiny()
	delete(folder, "source_data/data_layout.csv")
	bundle, err := packCase(folder)
	if err != nil {
		t.Fatal(err)
	}
	silent, _, err := desk.AddScenario(ctx, "Silent", "", bundle)
	if err != nil {
		t.Fatal(err)
	}
	_, err = desk.Ask(ctx, silent.ID, 1, RunSettings{Members: 1, Warm: &Warm{Day: 5, Horizon: 5}})
	hasCode(t, err, "displacement.no-reports")
}

func TestACountOfAnotherTimeIsRefused(t *testing.T) {
	desk, ctx, s := brought(t)
	for _, date := range []string{"0001-01-01", "2029-12-31", "2032-09-01"} {
		hasCode(t, desk.AddArrival(ctx, s.ID, Arrival{Place: "Harbour", Date: date, People: 1}), "displacement.other-time")
	}
}

func TestAVersionHasNoMoreChangesThanCanBeTalkedAbout(t *testing.T) {
	desk, ctx, s := brought(t)
	_, err := desk.AddVersion(ctx, s.ID, 1, Version{Changes: make([]abm.Intervention, maxChanges+1)})
	hasCode(t, err, "displacement.too-many-changes")
}

func TestSeveralFilesOfAPlaceAreSummedBeforeACountIsPutAmongThem(t *testing.T) {
	got := mergeReports([][]byte{[]byte("2031-03-01,10\n2031-03-03,30\n"), []byte("#date,n\n2031-03-02,5\n")}, []Arrival{{Date: "2031-03-03", People: 50}, {Date: "2031-03-04", People: 60}})
	if want := "2031-03-01,10\n2031-03-02,15\n2031-03-03,50\n2031-03-04,60\n"; string(got) != want {
		t.Errorf("got %q, wanted %q", got, want)
	}
}

func TestCountsAreComparedWithTheBandAndWithPersistence(t *testing.T) {
	v := View{Dates: []string{"2031-03-01", "2031-03-02", "2031-03-03", "2031-03-05"}, Places: []PlaceRun{
		{Place: "Harbour", Bands: Bands{[]float64{0, 80, 150, 200}, []float64{0, 100, 200, 300}, []float64{0, 120, 250, 400}}, Reports: []DatedReport{{"2031-03-01", 50}}},
		{Place: "Hills", Bands: Bands{[]float64{0, 0, 0, 0}, []float64{0, 10, 20, 30}, []float64{0, 90, 90, 90}}},
	}}
	got := compare(v, []Arrival{
		{Place: "Harbour", Date: "2031-03-02", People: 110},
		{Place: "Hills", Date: "2031-03-02", People: 40}, // no report before: what persistence says from here on
		{Place: "Harbour", Date: "2031-03-04", People: 500},
		{Place: "Hills", Date: "2031-03-05", People: 50},
		{Place: "Hills", Date: "2032-01-01", People: 50}, // after the run
	})
	// |100-110| + |200-500| + |30-50| over 660; |50-110| + |50-500| + |40-50| over 660.
	if got.Compared != 3 || got.Inside != 2.0/3 || got.Error != 330.0/660 || got.Persistence != 520.0/660 {
		t.Errorf("%+v", got)
	}
}

func TestAWarmStartIsComparedWithLaterCountsOnly(t *testing.T) {
	v := View{Warm: &Warm{Day: 1, Horizon: 2}, Dates: []string{"2031-03-02", "2031-03-03", "2031-03-04"}, Places: []PlaceRun{
		{Place: "Harbour", Bands: Bands{[]float64{100, 90, 90}, []float64{100, 110, 120}, []float64{100, 150, 150}}, Reports: []DatedReport{{"2031-03-02", 100}, {"2031-03-04", 140}}},
	}}
	got := compare(v, []Arrival{{Place: "Harbour", Date: "2031-03-02", People: 100}, {Place: "Harbour", Date: "2031-03-04", People: 140}})
	if got.Compared != 1 || got.Places[0].Counts[0].Persistence != 100 {
		t.Errorf("%+v", got)
	}
}

func TestEveryInputHasItsFingerprintSourceWhoAndWhen(t *testing.T) {
	desk, ctx, s := brought(t)
	if _, err := desk.AddVersion(ctx, s.ID, 1, Version{Ruleset: "setA"}); err != nil {
		t.Fatal(err)
	}
	if err := desk.AddArrival(ctx, s.ID, Arrival{Place: "Harbour", Date: "2031-03-12", People: 5, Source: "radio"}); err != nil {
		t.Fatal(err)
	}
	if _, err := desk.AddSeries(ctx, s.ID, DailySeries{Name: "worst", Source: "guess", Start: "2031-03-01", People: []int64{4}}); err != nil {
		t.Fatal(err)
	}
	all, err := desk.Provenance(ctx, s.ID)
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]int{}
	for _, in := range all {
		kinds[in.Kind]++
		if len(in.SHA256) != 64 || in.Source == "" || in.MadeBy != "person:p1" || in.MadeAt.IsZero() {
			t.Errorf("%+v", in)
		}
	}
	if kinds["case-file"] != len(tiny()) || kinds["ruleset"] != 1 || kinds["counts"] != 1 || kinds["series"] != 1 {
		t.Errorf("the inputs are %v", kinds)
	}
}

func TestARefusedCaseTellsFileLineAndColumn(t *testing.T) {
	desk, ctx := openDesk(t, dbtest.SQLite(t)), planner(t.Context())
	folder := tiny()
	folder["input_csv/locations.csv"].Data = []byte("#name,region,country,lat,lon,type,date,pop\n,R,Home,0,0,camp,0,1\n")
	bundle, err := packCase(folder)
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = desk.AddScenario(ctx, "broken", "", bundle)
	hasCode(t, err, "displacement.no-case")
	if p := err.(*problem.Problem); len(p.Fields) == 0 || p.Fields[0].Location != "input_csv/locations.csv:2:1" {
		t.Errorf("the fields are %+v", p.Fields)
	}
}

func TestACaseIsBuiltFromTables(t *testing.T) {
	desk, ctx := openDesk(t, dbtest.SQLite(t)), planner(t.Context())
	tables := Tables{
		Places: "name,latitude,longitude,population,country,type\nTown,0,0,50000,Home,\nHarbour,0,1,0,Coast,camp\n",
		Events: "date,latitude,longitude,deaths\n2031-03-01,0,0.01,12\n",
	}
	s, found, err := desk.Build(ctx, "Built", "by hand", tables)
	if err != nil || len(found) == 0 {
		t.Fatal(err, found)
	}
	if _, v := answerOf(t, desk, ctx, s.ID, RunSettings{Members: 2}); v.Places[0].Place != "Harbour" {
		t.Errorf("%+v", v.Places)
	}
	_, _, err = desk.Build(ctx, "Built", "", Tables{Places: "nothing", Events: "at all"})
	hasCode(t, err, "displacement.cannot-build")
}

func TestANameThatIsAFormulaIsNoneInAFile(t *testing.T) {
	v := View{Dates: []string{"2031-03-01"}, Days: []int{0}, Places: []PlaceRun{{Place: `=HYPERLINK("x")`, Bands: Bands{[]float64{1}, []float64{2}, []float64{3}}}}}
	var bands, counts bytes.Buffer
	if err := v.CSV(&bands); err != nil {
		t.Fatal(err)
	}
	if err := writeArrivals(&counts, []Arrival{{Place: "Harbour", Date: "2031-03-01", Source: "@SUM(A1)"}}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(bands.String(), `"'=HYPERLINK`) || !strings.Contains(counts.String(), ",'@SUM(A1),") {
		t.Errorf("%s\n%s", bands.String(), counts.String())
	}
	if cell("Green Terrace") != "Green Terrace" || cell("") != "" {
		t.Error("an ordinary name was changed")
	}
}

func TestADownloadIsNamedAfterItsScenario(t *testing.T) {
	for name, want := range map[string]string{
		"Serai straits (invented)": "serai-straits-invented-v2-out.csv",
		"\"; rm -rf\r\n/ ..":       "rm-rf-v2-out.csv",
		"ရခိုင်":                   "scenario-v2-out.csv",
	} {
		if got := fileName(name, 2, "out.csv"); got != want {
			t.Errorf("%q gave %q, wanted %q", name, got, want)
		}
	}
}

func TestStaffIsGivenForAllCampsOrForOne(t *testing.T) {
	desk, ctx, s := brought(t)
	rows, err := desk.gaps(ctx, s.ID, 1, Staffing{Interviewers: 1, At: []string{"Hills=7"}, PerDay: 8, WorkingDays: 5, Screened: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range rows {
		if want := map[string]int{"Harbour": 1, "Hills": 7}[g.Name]; g.Interviewers != want || g.Seen > int64(want*8*5) {
			t.Errorf("%+v, wanted %d interviewers", g, want)
		}
	}
	for _, bad := range []string{"Hills", "Town=1", "Hills=many", "Moon=2"} {
		_, err := desk.gaps(ctx, s.ID, 1, Staffing{At: []string{bad}})
		hasCode(t, err, "displacement.bad-staff")
	}
}

func TestNobodyIsInterviewedWhereNobodyIsToBe(t *testing.T) {
	desk, ctx, s := brought(t)
	rows, err := desk.gaps(ctx, s.ID, 1, Staffing{Interviewers: 1, PerDay: 8, WorkingDays: 5, Screened: 0})
	if err != nil || len(rows) == 0 {
		t.Fatal(err, len(rows))
	}
	for _, g := range rows {
		if g.Waiting != 0 || g.Staff != 0 {
			t.Errorf("%+v", g)
		}
	}
}

func TestAgesAndSexesAddUpToThePeople(t *testing.T) {
	folder := tiny()
	folder["input_csv/demographics_age.csv"] = &fstest.MapFile{Data: []byte("age,Default\n0-4,20\n18-59,80\n")}
	folder["input_csv/demographics_gender.csv"] = &fstest.MapFile{Data: []byte("gender,Default\nf,60\nm,40\n")}
	bundle, err := packCase(folder)
	if err != nil {
		t.Fatal(err)
	}
	desk, ctx := openDesk(t, dbtest.SQLite(t)), planner(t.Context())
	s, _, err := desk.AddScenario(ctx, "Strait", "", bundle)
	if err != nil {
		t.Fatal(err)
	}
	v, err := desk.flows(ctx, s.ID, 1)
	if err != nil || v.Split == nil {
		t.Fatal(err, v.Notes)
	}
	for k, day := range v.Split.Days {
		for p, row := range v.Split.People[k] {
			sum := int64(0)
			for _, n := range row {
				sum += n
			}
			if sum != v.People[day][p] {
				t.Errorf("day %d, %s: %d people by age and sex, %d in all", day, v.Places[p].Name, sum, v.People[day][p])
			}
		}
	}
}

func TestNamesStandForPersonsWhereTheNodeKnowsThem(t *testing.T) {
	desk, ctx, s := brought(t)
	desk.Names = func(_ context.Context, ids []string) (map[string]string, error) {
		return map[string]string{ids[0]: "Arun"}, nil
	}
	v, err := desk.scenarioView(ctx, s.ID)
	if err != nil || v.Names["person:p1"] != "Arun" {
		t.Fatal(v.Names, err)
	}
}

func TestTheLastReportIsTheNewestOfCaseAndCounts(t *testing.T) {
	desk, ctx, s := brought(t)
	v, err := desk.scenarioView(ctx, s.ID)
	if err != nil || v.LastReport != 29 {
		t.Fatal(v.LastReport, err)
	}
	c := &abm.Case{Start: time.Date(2031, 3, 1, 0, 0, 0, 0, time.UTC), Days: 30}
	if got := lastReport(c, []Arrival{{Date: "2031-03-05"}, {Date: "2032-01-01"}}); got != 4 {
		t.Errorf("got %d", got)
	}
}
