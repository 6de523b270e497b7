package builder

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"lintas/displacement/abm"
)

const places = `name,latitude,longitude,population,country,type,capacity
Bandar,0.0,100.0,50000,Samudra,,
Kota,0.5,100.5,20000,Samudra,,
Pasar,1.0,101.0,8000,Samudra,,
Camp Timur,1.5,101.5,,Teluk,camp,4000
`

const events = `id,latitude,longitude,date_start,date_end,best,where_prec
1,0.02,100.01,2025-03-05 00:00:00.000,2025-03-06 00:00:00.000,12,1
2,0.51,100.49,2025-04-01 00:00:00.000,2025-04-01 00:00:00.000,3,2
3,0.51,100.49,2025-04-02 00:00:00.000,2025-04-02 00:00:00.000,9,5
4,20,20,2025-04-02 00:00:00.000,2025-04-02 00:00:00.000,9,1
5,0.0,100.0,2025-03-04 00:00:00.000,2025-03-04 00:00:00.000,0,1
`

func built(t *testing.T, in Input, o Options) *Built {
	t.Helper()
	b, err := Build(in, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func files(b *Built) fstest.MapFS {
	out := fstest.MapFS{}
	for name, data := range b.Files {
		out[name] = &fstest.MapFile{Data: data}
	}
	return out
}

func said(b *Built, part string) bool {
	for _, f := range b.Findings {
		if strings.Contains(f.What, part) {
			return true
		}
	}
	return false
}

func TestABuiltCaseRunsAndPeopleReachTheCamp(t *testing.T) {
	b := built(t, Input{Places: []byte(places), Events: []byte(events)}, Options{Days: 60})
	c, findings, err := abm.ReadCase(files(b))
	if err != nil {
		t.Fatal(err, findings)
	}
	for _, f := range findings {
		if f.Severity == abm.SevError {
			t.Errorf("the reader of cases complains: %+v", f)
		}
	}
	r, err := abm.Run(context.Background(), c, abm.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	arrived := int64(0)
	for i, p := range c.Places {
		if p.Name == "Camp Timur" {
			arrived = int64(r.At(59, i))
		}
	}
	if arrived == 0 {
		t.Error("nobody reached the camp in sixty days")
	}
}

func TestAnEventTouchesTheNearestPlaceFromItsDayUntilSomeTimeAfter(t *testing.T) {
	b := built(t, Input{Places: []byte(places), Events: []byte(events)}, Options{Days: 60, Lasting: 2 * 24 * time.Hour})
	lines := strings.Split(string(b.Files["input_csv/conflicts.csv"]), "\n")
	for i, want := range []string{"#Day,Bandar,Kota,Pasar", "0,1,0,0", "1,1,0,0", "2,1,0,0", "3,1,0,0", "4,0,0,0"} {
		if lines[i] != want {
			t.Errorf("line %d is %q, want %q", i, lines[i], want)
		}
	}
	if lines[28] != "27,0,1,0" || b.Events != 2 || b.Conflict != 2 {
		t.Errorf("line 28 is %q, %d events at %d places", lines[28], b.Events, b.Conflict)
	}
	if !strings.HasPrefix(string(b.Files["input_csv/sim_period.csv"]), "StartDate,2025-03-05\n") {
		t.Errorf("the case starts %q", b.Files["input_csv/sim_period.csv"])
	}
}

func TestRoadsWithoutALengthAreFlaggedAsGreatCircleDefaults(t *testing.T) {
	roads := "name1,name2,km\nBandar,Kota,95\nKota,Pasar,\nPasar,Camp Timur,10\nBandar,Nowhere,5\n"
	b := built(t, Input{Places: []byte(places), Events: []byte(events), Roads: []byte(roads)}, Options{})
	if b.Routes != 3 || b.Assumed != 1 {
		t.Errorf("%d routes, %d assumed", b.Routes, b.Assumed)
	}
	if p := string(b.Files["provenance.csv"]); !strings.Contains(p, "Kota,Pasar,102.2,great-circle default") || !strings.Contains(p, "Bandar,Kota,95.0,given") {
		t.Errorf("provenance:\n%s", p)
	}
	if !said(b, "Kota - Pasar has no length") || !said(b, "shorter than the great circle") || !said(b, `"Nowhere"`) {
		t.Errorf("findings: %+v", b.Findings)
	}
}

func TestGeoJSONRoadsMakeNeighboursOfPlacesThatNoThirdStandsBetween(t *testing.T) {
	roads := `{"type":"FeatureCollection","features":[
	 {"type":"Feature","properties":{},"geometry":{"type":"LineString","coordinates":[[100.0,0.0],[100.2,0.3],[100.5,0.5],[101.0,1.0]]}},
	 {"type":"Feature","properties":{},"geometry":{"type":"MultiLineString","coordinates":[[[101.0,1.0],[101.3,1.2],[101.5,1.5]]]}}]}`
	b := built(t, Input{Places: []byte(places), Events: []byte(events), Roads: []byte(roads)}, Options{})
	want := "name1,name2,km,source\nBandar,Kota,80.2,along roads\nKota,Pasar,78.6,along roads\nPasar,Camp Timur,80.2,along roads\n"
	if got := string(b.Files["provenance.csv"]); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if b.Assumed != 0 {
		t.Errorf("%d assumed", b.Assumed)
	}
}

func TestAPlaceOffTheRoadsIsJoinedByAFlaggedGreatCircle(t *testing.T) {
	roads := `{"type":"LineString","coordinates":[[100.0,0.0],[100.5,0.5],[101.5,1.5]]}`
	b := built(t, Input{Places: []byte(places), Events: []byte(events), Roads: []byte(roads)}, Options{})
	if b.Assumed != 1 || !said(b, "no road passes within 10 km of Pasar") {
		t.Errorf("%d assumed, %+v", b.Assumed, b.Findings)
	}
}

func TestWithoutRoadsEverythingIsJoinedAndFlagged(t *testing.T) {
	b := built(t, Input{Places: []byte(places), Events: []byte(events)}, Options{Neighbours: 1})
	if b.Assumed != b.Routes || b.Routes < 3 || said(b, "joined to no camp") {
		t.Errorf("%d of %d assumed, %+v", b.Assumed, b.Routes, b.Findings)
	}
}

func TestAPlaceThatReachesNoCampIsNamed(t *testing.T) {
	roads := "name1,name2,km\nBandar,Kota,95\nPasar,Camp Timur,90\n"
	b := built(t, Input{Places: []byte(places), Events: []byte(events), Roads: []byte(roads)}, Options{})
	if !said(b, "Bandar is joined to no camp") || !said(b, "Kota is joined to no camp") || said(b, "Pasar is joined to no camp") {
		t.Errorf("%+v", b.Findings)
	}
}

func TestTheSameInputGivesTheSameBytes(t *testing.T) {
	in := Input{Places: []byte(places), Events: []byte(events)}
	a, b := built(t, in, Options{}), built(t, in, Options{})
	for name := range a.Files {
		if !bytes.Equal(a.Files[name], b.Files[name]) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestWithoutPlacesItSaysWhatTheFileNeeds(t *testing.T) {
	for _, data := range []string{"", "nom,lat\nx,1\n", "name,latitude,longitude\nX,95,0\n"} {
		if _, err := Build(Input{Places: []byte(data)}, Options{}); err == nil || !strings.Contains(err.Error(), "header with name") {
			t.Errorf("%q: got %v", data, err)
		}
	}
}

func TestRealUCDPEventsMakeACase(t *testing.T) {
	shared := os.Getenv("LINTAS_SHARED")
	if shared == "" {
		shared = filepath.Join("..", "..", "..", "shared")
	}
	data, err := os.ReadFile(filepath.Join(shared, "data", "early-warning", "ucdp", "GEDEvent_v23_0_10.csv"))
	if err != nil {
		t.Skipf("SKIPPED: the shared UCDP events are not here (%v)", err)
	}
	sudan := "name,lat,lon,pop,country,type,capacity\nKhartoum,15.5,32.56,5000000,Sudan,,\nNyala,12.05,24.88,500000,Sudan,,\nEl Geneina,13.45,22.45,250000,Sudan,,\nAdre,13.47,22.2,,Chad,camp,150000\n"
	b := built(t, Input{Places: []byte(sudan), Events: data}, Options{})
	if b.Conflict != 3 || b.Events < 10 {
		t.Errorf("%d events at %d places", b.Events, b.Conflict)
	}
}

func FuzzBuild(f *testing.F) {
	f.Add([]byte(places), []byte(events), []byte("name1,name2\nBandar,Kota\n"))
	f.Add([]byte(places), []byte(events), []byte(`{"type":"LineString","coordinates":[[100,0],[101.5,1.5]]}`))
	f.Fuzz(func(t *testing.T, p, e, r []byte) {
		b, err := Build(Input{Places: p, Events: e, Roads: r}, Options{Days: 10})
		if err != nil {
			return
		}
		c, _, err := abm.ReadCase(files(b))
		if err != nil {
			return
		}
		if c.Places == nil {
			t.Error("a case without places was read")
		}
	})
}
