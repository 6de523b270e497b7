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

// api is the desk behind its gate, asked as a caseworker.
func (w *world) api(t testing.TB) func(method, path string, body []byte) (int, []byte) {
	g := gate.New("test", func(*http.Request) (actor.Actor, error) {
		return actor.Actor{Person: "sari", Organisation: ours, Roles: []actor.Role{actor.Supervisor}}, nil
	}, slog.New(slog.NewTextHandler(io.Discard, nil)))
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
	_, out = ask("GET", "/hsds/services?organization_id=5f0e4c9a-0000-4000-8000-000000000011", nil)
	if err := json.Unmarshal(out, &page); err != nil || page.Size != 1 || page.Contents[0].ID != shelterID {
		t.Errorf("%s", out)
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
	err := CheckCases([]byte("prs_FirstName,prs_Birthdate,prs_Gender\nMya,1/2/2020,Female\nNu,2001-01-01,Star\n"), &out)
	wantCode(t, err, "casework.htcds-rows")
	want := "error: row 1, prs_Birthdate: \"1/2/2020\" is not a date; write it as year-month-day, like 2026-03-01\nwarning: row 2, prs_Gender: not in the standard's list; kept as written\n2 cases, 1 errors, 1 warnings\n"
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
