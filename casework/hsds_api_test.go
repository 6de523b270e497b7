package casework

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lintas/casework/hsds"
	"lintas/casework/hsds/hsdstest"
	"lintas/kernel/actor"
	"lintas/platform/db/dbtest"
	"lintas/platform/gate"
)

// api is the desk behind its gate, asked as a supervisor.
func (w *world) api(t testing.TB) func(method, path string, body []byte) (int, []byte) {
	return w.apiOf(t, actor.Actor{Person: "sari", Organisation: ours, Roles: []actor.Role{actor.Supervisor}})
}

// apiOf is the desk as somebody asks it.
func (w *world) apiOf(t testing.TB, who actor.Actor) func(method, path string, body []byte) (int, []byte) {
	g := gate.New("test", func(*http.Request) (actor.Actor, error) { return who, nil }, slog.New(slog.NewTextHandler(io.Discard, nil)))
	w.Routes(g)
	return func(method, path string, body []byte) (int, []byte) {
		t.Helper()
		r := httptest.NewRequest(method, path, bytes.NewReader(body))
		r.Header.Set(gate.HeaderRequest, "1")
		out := httptest.NewRecorder()
		g.ServeHTTP(out, r)
		return out.Code, out.Body.Bytes()
	}
}

// Every answer of the read API obeys HSDS's own schemas: over the
// specification's example and over a directory of our own.
func TestEveryAnswerOfTheReadAPIObeysTheSchemas(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ask := w.api(t)
	tabular, err := os.ReadFile(filepath.Join(hsdstest.Folder(t), "examples", "tabular.json"))
	if err != nil {
		t.Fatal(err)
	}
	if status, out := ask("POST", "/api/casework/directory", tabular); status != 200 {
		t.Fatal(status, string(out))
	}
	checked := 0
	for path, schema := range map[string]string{
		"/hsds/services": "service", "/hsds/services?full=true": "service", "/hsds/services?search=counselling": "service", "/hsds/services?modified_after=2020-01-01": "service",
		"/hsds/organizations": "organization", "/hsds/organizations?full=true&full_service=true": "organization",
		"/hsds/service_at_locations": "service_at_location", "/hsds/service_at_locations?full=true": "service_at_location", "/hsds/service_at_locations?postcode=ABC1234&proximity=1000": "service_at_location",
		"/hsds/taxonomies": "taxonomy", "/hsds/taxonomy_terms": "taxonomy_term",
	} {
		status, out := ask("GET", path, nil)
		var page hsds.Page[json.RawMessage]
		if err := json.Unmarshal(out, &page); err != nil || status != 200 || len(page.Contents) == 0 {
			t.Errorf("%s: %d %s %v", path, status, out, err)
			continue
		}
		if page.TotalItems < page.Size || page.Size != len(page.Contents) || page.FirstPage != (page.PageNumber == 1) || page.Empty {
			t.Errorf("%s: page %+v", path, page)
		}
		s := hsdstest.Schema(t, schema)
		for _, item := range page.Contents {
			hsdstest.Valid(t, s, item)
			checked++
			var key struct{ ID string }
			if err := json.Unmarshal(item, &key); err != nil {
				t.Fatal(err)
			}
			base, _, _ := strings.Cut(path, "?")
			status, one := ask("GET", base+"/"+key.ID, nil)
			if status != 200 {
				t.Errorf("%s/%s: %d", base, key.ID, status)
			}
			hsdstest.Valid(t, s, one)
			checked++
		}
	}
	if checked < 30 {
		t.Errorf("only %d answers were checked", checked)
	}
}

func TestTheReadAPIFiltersPagesAndRefuses(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ask := w.api(t)
	for path, want := range map[string]int{
		"/hsds/": 200, "/hsds/services?per_page=0": 422, "/hsds/services?page=x": 422, "/hsds/services?modified_after=soon": 422, "/hsds/services/none": 404,
		"/hsds/taxonomies/none": 404, "/hsds/service_at_locations?postcode=1&proximity=far": 422, "/hsds/services?minimal=true": 200,
		"/hsds/services?full=perhaps": 422, "/hsds/services?format=xml": 422, "/hsds/service_at_locations?proximity=10": 422, "/hsds/services?modified_after=2026-03-01T00:00:00%2B07:00": 200, "/hsds/services?page=999": 200,
	} {
		if status, out := ask("GET", path, nil); status != want {
			t.Errorf("%s answers %d %s", path, status, out)
		}
	}
	var page hsds.Page[hsds.Service]
	_, out := ask("GET", "/hsds/services?per_page=1&page=2", nil)
	if err := json.Unmarshal(out, &page); err != nil || page.Size != 1 || page.TotalPages != 2 || !page.LastPage || page.FirstPage {
		t.Errorf("%s", out)
	}
	for path, want := range map[string]int{
		"/hsds/services?search=SHELTER+river": 1, "/hsds/services?search=shelter+hill": 0, "/hsds/services?modified_after=2026-03-02": 2, "/hsds/services?modified_after=2026-03-03": 0,
		"/hsds/services?taxonomy_term_id=none": 0, "/hsds/service_at_locations?organization_id=5f0e4c9a-0000-4000-8000-000000000011": 1, "/hsds/service_at_locations?postcode=1": 0,
	} {
		if _, out := ask("GET", path, nil); json.Unmarshal(out, &page) != nil || page.TotalItems != want {
			t.Errorf("%s finds %d: %s", path, page.TotalItems, out)
		}
	}
	if _, out := ask("GET", "/hsds/services?format=ndjson&per_page=1", nil); strings.Count(string(out), "\n") != 2 {
		t.Errorf("as lines: %s", out)
	}
	_, out = ask("GET", "/hsds/services?organization_id=5f0e4c9a-0000-4000-8000-000000000011", nil)
	if err := json.Unmarshal(out, &page); err != nil || page.Size != 1 || page.Contents[0].ID != shelterID {
		t.Errorf("%s", out)
	}
}

// Each of the specification's examples goes in through the route, and what
// comes out of the store is what went in.
func TestEveryExampleIsImportedThroughTheRoute(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(hsdstest.Folder(t), "examples", "*.json"))
	if err != nil || len(files) != 13 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, path := range files {
		w := newWorld(t, dbtest.SQLite(t))
		ask := w.api(t)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if status, out := ask("POST", "/api/casework/directory", data); status != 200 {
			t.Errorf("%s: %d %s", filepath.Base(path), status, out)
		}
		want, err := hsds.ReadJSON(data)
		if err != nil {
			t.Fatal(err)
		}
		_, out := ask("GET", "/api/casework/directory", nil)
		got, err := hsds.ReadJSON(out)
		if err != nil {
			t.Fatal(err)
		}
		have := map[hsds.Key]bool{}
		for _, k := range got.Keys() {
			have[k] = true
		}
		for _, k := range want.Keys() {
			if !have[k] {
				t.Errorf("%s: %v is gone", filepath.Base(path), k)
			}
		}
	}
}

func TestAServiceIsReplacedWholeAndWhatWasTakenOffStaysOff(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	dir, err := w.dir(ana)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := dir.service(shelterID)
	s.Languages = []hsds.Language{{ID: "another", Code: "th"}}
	s.Attributes = s.Attributes[:1]
	must[hsds.Service](t)(w.PutService(sari, s))
	if dir, err = w.dir(ana); err != nil {
		t.Fatal(err)
	}
	now, _ := dir.service(shelterID)
	if len(now.Languages) != 1 || now.Languages[0].Code != "th" || len(now.Attributes) != 1 || now.Organization == nil || now.ServiceAtLocations[0].Location == nil {
		t.Errorf("%+v", now)
	}
	if fresh := newDirectory(0, must[hsds.Directory](t)(w.ExportDirectory(ana))); len(fresh.matching) != 2 {
		t.Error("the export lacks a service")
	}
}

// The same reads as everybody, once the node publishes its directory: nothing
// that leads to a shelter.
func TestAPublishedDirectoryLeadsNobodyToAShelter(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	lat, lon := 10.0, 100.0
	place := func(id string) []hsds.ServiceAtLocation {
		return []hsds.ServiceAtLocation{{ID: "at-" + id, Location: &hsds.Location{ID: "l-" + id, LocationType: "physical", Name: "Door of " + id, Latitude: &lat, Longitude: &lon,
			Addresses: []hsds.Address{{ID: "ad-" + id, Address1: "Street of " + id, City: "C", StateProvince: "S", PostalCode: "1", Country: "XS", AddressType: "physical"}}}}}
	}
	for _, s := range []hsds.Service{
		{ID: "safe", Name: "Safe house", Status: "active", AssurerEmail: "mercy@house.test", ServiceAtLocations: place("safe"), Phones: []hsds.Phone{{ID: "hot", Number: "1234"}},
			Contacts:     []hsds.Contact{{ID: "c", Name: "Sister Mercy", Phones: []hsds.Phone{{ID: "private", Number: "777"}}}},
			Organization: &hsds.Organization{ID: "o", Name: "House", Description: "d", Locations: []hsds.Location{{ID: "l-office", LocationType: "physical", Name: "Door of the office"}}},
			Attributes:   []hsds.Attribute{{ID: "n", LinkType: attrNeed, Value: "shelter"}}},
		{ID: "night", Name: "Night shelter", Status: "active", ServiceAtLocations: place("night"),
			Attributes: []hsds.Attribute{{ID: "n2", LinkType: attrNeed, Value: "shelter"}, {ID: "n3", LinkType: attrConfidential, Value: "no"}}},
		{ID: "hidden", Name: "Hidden unit", Status: "active", Phones: []hsds.Phone{{ID: "secret", Number: "999"}},
			Attributes: []hsds.Attribute{{ID: "n4", LinkType: attrConfidential, Value: "entry"}}},
	} {
		must[hsds.Service](t)(w.PutService(sari, s))
	}
	closed := w.apiOf(t, actor.Actor{})
	if status, _ := closed("GET", "/hsds/services", nil); status != 401 {
		t.Errorf("a directory that is not published answers %d", status)
	}
	w.PublicDirectory = true
	ask := w.apiOf(t, actor.Actor{})
	var all strings.Builder
	for _, path := range []string{"/hsds/services?full=true", "/hsds/organizations?full=true&full_service=true", "/hsds/service_at_locations?full=true", "/hsds/services/safe", "/hsds/services/night", "/hsds/services?format=ndjson&full=true"} {
		status, out := ask("GET", path, nil)
		if status != 200 {
			t.Errorf("%s answers %d", path, status)
		}
		all.Write(out)
	}
	for _, never := range []string{"Door of safe", "Street of safe", "Mercy", "mercy@", "777", "Door of the office", "Hidden unit", "999"} {
		if strings.Contains(all.String(), never) {
			t.Errorf("everybody reads %q", never)
		}
	}
	for _, kept := range []string{"Safe house", "1234", "Street of night"} {
		if !strings.Contains(all.String(), kept) {
			t.Errorf("nobody reads %q", kept)
		}
	}
	for _, path := range []string{"/hsds/services/hidden", "/hsds/service_at_locations/at-safe"} {
		if status, _ := ask("GET", path, nil); status != 404 {
			t.Errorf("%s answers %d", path, status)
		}
	}
	if status, out := w.api(t)("GET", "/hsds/services/safe", nil); status != 200 || !strings.Contains(string(out), "Street of safe") {
		t.Errorf("who is signed in reads %d %s", status, out)
	}
}

// All examples go in and come out unchanged in meaning: through the store, as
// JSON and as a zip of CSV.
func TestTheDirectorySurvivesTheStoreInBothForms(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ask := w.api(t)
	full, err := os.ReadFile(filepath.Join(hsdstest.Folder(t), "examples", "service_full.json"))
	if err != nil {
		t.Fatal(err)
	}
	if status, out := ask("PUT", "/api/casework/services", full); status != 200 {
		t.Fatal(status, string(out))
	}
	strip := func(v any) any { // the store stamps the time of the change
		delete(v.(map[string]any), "last_modified")
		return v
	}
	_, out := ask("GET", "/hsds/services/ac148810-d857-441c-9679-408f346de14b", nil)
	if diff := cmp.Diff(strip(hsdstest.Generic(t, full)), strip(hsdstest.Generic(t, out))); diff != "" {
		t.Error(diff)
	}
	_, zipped := ask("GET", "/api/casework/directory?format=csv", nil)
	_, before := ask("GET", "/api/casework/directory", nil)
	other := newWorld(t, dbtest.SQLite(t))
	again := other.api(t)
	if status, out := again("POST", "/api/casework/directory", zipped); status != 200 {
		t.Fatal(status, string(out))
	}
	_, after := again("GET", "/api/casework/directory", nil)
	if diff := cmp.Diff(hsdstest.Generic(t, before), hsdstest.Generic(t, after)); diff != "" {
		t.Error(diff)
	}
}

func TestADamagedDirectoryIsRefusedWithItsRowsNamed(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	ask := w.api(t)
	for _, bad := range []string{"PK-not-a-zip", "{}", "[{]", `{"services.csv":[{"name":"no id"}]}`, "hello"} {
		if status, _ := ask("POST", "/api/casework/directory", []byte(bad)); status != 400 && status != 422 {
			t.Errorf("%q answers %d", bad, status)
		}
	}
	var z bytes.Buffer
	dir := hsds.Directory{Services: []hsds.Service{{ID: "a", Name: "A", Status: "active"}}}
	if err := dir.Zip(&z); err != nil {
		t.Fatal(err)
	}
	if status, out := ask("POST", "/api/casework/directory", z.Bytes()); status != 200 {
		t.Errorf("%d %s", status, out)
	}
}

func TestTheCommandNamesWhatIsWrongWithAFileOfCases(t *testing.T) {
	var out bytes.Buffer
	err := CheckCases([]byte("prs_FirstName,prs_Birthdate,prs_Gender\nMya,1/2/2020,Female\nNu,2001-01-01,Star\n"), false, &out)
	wantCode(t, err, "casework.htcds-rows")
	want := "error: row 1, prs_Birthdate (cell B2): \"1/2/2020\" could be two days, with the day first or the month first; write it as year-month-day, like 2026-03-01\nwarning: row 2, prs_Gender (cell C3): not in the standard's list; kept as written\n2 cases, 1 errors, 1 warnings\n"
	if out.String() != want {
		t.Errorf("said\n%s", out.String())
	}
	w := newWorld(t, dbtest.SQLite(t))
	w.openMya(t)
	out.Reset()
	if err := (&ExportCasesCommand{Format: "csv"}).Run(ana, w.Desk, &out); err != nil || strings.Contains(out.String(), "Mya") || !strings.Contains(out.String(), "Feminine") {
		t.Errorf("%v\n%s", err, out.String())
	}
	file := filepath.Join(t.TempDir(), "services.json")
	if err := os.WriteFile(file, []byte(`[{"id":"a","name":"A","status":"active"}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	if err := (&ImportDirectoryCommand{File: file}).Run(context.Background(), w.Desk, &out); err != nil || out.String() != "1 rows added, 0 changed\n" {
		t.Errorf("%v %s", err, out.String())
	}
}
