package node

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/gate"
	"lintas/screening"
)

func open(t testing.TB, database string, change ...func(*Config)) *Node {
	t.Helper()
	dir := t.TempDir()
	c := Config{Data: dir, Database: database, Listen: "127.0.0.1:0", PublicURL: "http://localhost:8080", Name: "trial", Country: "XS"}
	for _, set := range change {
		set(&c)
	}
	if err := c.Complete(); err != nil {
		t.Fatal(err)
	}
	n, err := Open(context.Background(), c, clock.System{}, slog.New(slog.NewTextHandler(io.Discard, nil)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

func each(t *testing.T, fn func(t *testing.T, n *Node)) {
	t.Run("sqlite", func(t *testing.T) { fn(t, open(t, filepath.Join(t.TempDir(), "n.db"))) })
	t.Run("postgres", func(t *testing.T) { fn(t, open(t, dbtest.PostgresURL(t))) })
}

// playing makes the node believe that the request's header X-Role says who calls.
func playing(n *Node, organisation string) {
	n.mount(func(r *http.Request) (actor.Actor, error) {
		switch role := r.Header.Get("X-Role"); role {
		case "":
			return actor.Actor{}, nil
		case "device":
			return actor.Actor{Device: "no-such-device", Organisation: organisation}, nil
		default:
			return actor.Actor{Person: "no-such-person", Organisation: organisation, Roles: []actor.Role{actor.Role(role)}}, nil
		}
	})
}

var parameter = regexp.MustCompile(`\{[^}]*\}`)

func call(n *Node, method, path, role string) *httptest.ResponseRecorder {
	if method == "" {
		method = "GET"
	}
	path = strings.TrimSuffix(path, "{$}") // the mux's mark for "exactly this"
	r := httptest.NewRequest(method, parameter.ReplaceAllString(path, "none"), strings.NewReader("{}"))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(gate.HeaderRequest, "1")
	r.Header.Set("X-Role", role)
	r.Header.Set("X-OpenRosa-Version", "1.0")
	w := httptest.NewRecorder()
	n.Handler().ServeHTTP(w, r)
	return w
}

// refusedAtTheGate tells the gate's own refusal from a refusal further in.
func refusedAtTheGate(w *httptest.ResponseRecorder) bool {
	if w.Code != 401 && w.Code != 403 {
		return false
	}
	var b gate.Body
	if json.Unmarshal(w.Body.Bytes(), &b) != nil {
		return true // a protocol of its own, e.g. OpenRosa
	}
	return b.Code == "gate.sign-in" || b.Code == "gate.not-allowed"
}

func TestEveryRouteLetsInExactlyTheRolesItDeclares(t *testing.T) {
	each(t, func(t *testing.T, n *Node) {
		if _, err := n.MakeDemo(context.Background()); err != nil {
			t.Fatal(err)
		}
		organisation, err := n.FirstOrganisation(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		playing(n, organisation)
		callers := []string{"", "device"}
		for _, r := range actor.Roles {
			callers = append(callers, string(r))
		}
		routes := n.Gate.Routes()
		if len(routes) < 30 {
			t.Fatalf("only %d routes: the list is not whole", len(routes))
		}
		for _, route := range routes {
			for _, caller := range callers {
				a := actor.Actor{Organisation: organisation}
				switch caller {
				case "":
					a = actor.Actor{}
				case "device":
					a.Device = "d"
				default:
					a.Person, a.Roles = "p", []actor.Role{actor.Role(caller)}
				}
				may := route.Who.Check(a) == nil
				w := call(n, route.Method, route.Path, caller)
				if refused := refusedAtTheGate(w); refused == may {
					t.Errorf("%s %s as %q: may=%v, answered %d %s", route.Method, route.Path, caller, may, w.Code, strings.TrimSpace(w.Body.String()))
				}
				if w.Code == 500 {
					t.Errorf("%s %s as %q: 500 %s", route.Method, route.Path, caller, w.Body.String())
				}
			}
		}
	})
}

func TestEveryPublicRouteSaysWhy(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	for _, r := range n.Gate.Routes() {
		if r.Who.String() == "" {
			t.Errorf("%s %s does not say who may call it", r.Method, r.Path)
		}
	}
}

func TestARequestFromAnotherSiteIsRefused(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	r := httptest.NewRequest("POST", "/api/agency/sign-in", strings.NewReader(`{"login":"a","password":"b"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	n.Handler().ServeHTTP(w, r)
	if w.Code != 403 || !strings.Contains(w.Body.String(), "gate.cross-site") {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
}

func TestErrorsAreProblemsAndShowNoValueOfTheInput(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	r := httptest.NewRequest("POST", "/api/agency/sign-in", strings.NewReader(`{"login":{"secret":"Siti"},"password":"b"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(gate.HeaderRequest, "1")
	w := httptest.NewRecorder()
	n.Handler().ServeHTTP(w, r)
	if w.Code != 422 || w.Header().Get("Content-Type") != "application/problem+json" || strings.Contains(w.Body.String(), "Siti") {
		t.Errorf("answered %d %s %s", w.Code, w.Header().Get("Content-Type"), w.Body)
	}
}

// The rules are those of OpenAPI 3.1 (components object, operation object, reference object).
func TestTheDescriptionOfTheAPIIsWellFormed(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	raw, err := n.Gate.Description()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Paths      map[string]map[string]struct{ OperationID string }
		Components struct{ Schemas map[string]any }
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	for schema := range d.Components.Schemas {
		if !name.MatchString(schema) {
			t.Errorf("%q is no name for a schema", schema)
		}
	}
	seen := map[string]string{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			if other, twice := seen[op.OperationID]; twice {
				t.Errorf("%s %s has the operation id of %s, %q", method, path, other, op.OperationID)
			}
			seen[op.OperationID] = method + " " + path
		}
	}
	for _, ref := range regexp.MustCompile(`"#/components/schemas/([^"]*)"`).FindAllStringSubmatch(string(raw), -1) {
		if _, ok := d.Components.Schemas[ref[1]]; !ok {
			t.Errorf("nothing is called %q, which is referred to", ref[1])
		}
	}
}

func TestMetricsCountRoutesNotPaths(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	call(n, "GET", "/api/agency/people/some-person-id", "")
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	n.Handler().ServeHTTP(w, r)
	if !strings.Contains(w.Body.String(), `route="GET /api/agency/people/{id}"`) || strings.Contains(w.Body.String(), "some-person-id") {
		t.Error("the metrics do not count by route")
	}
}

func TestPrometheusReadsTheMetricsFromAnotherMachineWithTheToken(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	n.Config.MetricsToken = "trial token"
	for given, want := range map[string]int{"Bearer trial token": 200, "Bearer another": 403, "": 403} {
		r := httptest.NewRequest("GET", "/metrics", nil)
		r.RemoteAddr = "192.0.2.7:40000"
		r.Header.Set("Authorization", given)
		w := httptest.NewRecorder()
		n.Handler().ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("with %q: %d instead of %d", given, w.Code, want)
		}
	}
}

func TestMetricsAreNotForOtherMachinesWithoutTheToken(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.RemoteAddr = "192.0.2.1:1"
	w := httptest.NewRecorder()
	n.Handler().ServeHTTP(w, r)
	if w.Code != 403 {
		t.Errorf("answered %d", w.Code)
	}
}

func TestADemoIsMadeOnceAndNeverInANodeInUse(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	for i, want := range []bool{true, false} {
		made, err := n.MakeDemo(context.Background())
		if err != nil || made != want {
			t.Errorf("call %d: made=%v, %v", i+1, made, err)
		}
	}
	used := open(t, filepath.Join(t.TempDir(), "n.db"))
	if _, err := used.FirstOrganisation(actor.With(context.Background(), actor.Actor{System: "test"})); err != nil {
		t.Fatal(err)
	}
	if _, err := used.MakeDemo(context.Background()); err == nil {
		t.Error("a demo was made among real data")
	}
}

func TestADemoThatWasCutShortIsNeitherAFullDemoNorARealNode(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	if err := n.markDemo(demoBegun); err != nil {
		t.Fatal(err)
	}
	if _, err := n.Agency.AddOrganisation(actor.With(context.Background(), actor.Actor{System: "demo"}), demoOrganisations[0]); err != nil {
		t.Fatal(err)
	}
	again := reopen(t, n)
	if !again.Demo {
		t.Error("half a demo is taken for a real node")
	}
	if _, err := again.MakeDemo(context.Background()); !problem.HasCode(err, "node.demo-unfinished") {
		t.Errorf("got %v", err)
	}
}

func TestAStoreWithRecordsDoesNotStartOnANewEmptyKeyDatabase(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	if _, err := n.MakeDemo(context.Background()); err != nil {
		t.Fatal(err)
	}
	n.Close()
	if err := os.Rename(n.Config.KeyDatabase, n.Config.KeyDatabase+".away"); err != nil {
		t.Fatal(err)
	}
	start := func() error {
		n, err := Open(context.Background(), n.Config, clock.System{}, n.Log)
		if err == nil {
			n.Close()
		}
		return err
	}
	for range 2 { // the refusal must not make the file that it misses
		if err := start(); !problem.HasCode(err, "keys.missing") {
			t.Fatalf("got %v", err)
		}
	}
	if err := os.WriteFile(n.Config.KeyDatabase, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := start(); err != nil {
		t.Errorf("an empty key database was made on purpose, and: %v", err)
	}
}

func TestANodeIsNotReadyWhenItsStoreOrItsKeysAreGone(t *testing.T) {
	for _, which := range []string{"store", "keys"} {
		t.Run(which, func(t *testing.T) {
			n := open(t, filepath.Join(t.TempDir(), "n.db"))
			if w := call(n, "GET", "/readyz", ""); w.Code != 200 {
				t.Fatalf("answered %d before anything was gone", w.Code)
			}
			gone := map[string]string{"store": n.Config.Database, "keys": n.Config.KeyDatabase}[which]
			if err := os.Rename(gone, gone+".away"); err != nil {
				t.Fatal(err)
			}
			if w := call(n, "GET", "/readyz", ""); w.Code != 503 {
				t.Errorf("answered %d", w.Code)
			}
			if w := call(n, "GET", "/healthz", ""); w.Code != 200 {
				t.Errorf("the process runs and /healthz answered %d", w.Code)
			}
		})
	}
}

func reopen(t *testing.T, n *Node) *Node {
	t.Helper()
	n.Close()
	again, err := Open(context.Background(), n.Config, clock.System{}, n.Log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { again.Close() })
	return again
}

func TestARowTakenOutOfTheStoreWithoutALeafIsFoundAndAnErasedOneIsNot(t *testing.T) {
	each(t, func(t *testing.T, n *Node) {
		ctx := actor.With(context.Background(), actor.Actor{System: "test"})
		if _, err := n.MakeDemo(ctx); err != nil {
			t.Fatal(err)
		}
		page, err := n.Screening.List(ctx, screening.Query{Limit: 2})
		if err != nil || len(page.Items) != 2 {
			t.Fatalf("%d screenings, %v", len(page.Items), err)
		}
		if err := n.Screening.Erase(ctx, page.Items[0].ID, "asked"); err != nil {
			t.Fatal(err)
		}
		if report, err := n.VerifyAudit(ctx, nil); err != nil || !report.OK() {
			t.Fatalf("after an erasure: %v, %v", report.Problems, err)
		}
		if err := n.DB.Write(ctx, func(tx *db.Tx) error {
			for _, q := range []string{`UPDATE screening_submission SET xml = NULL WHERE record = ?`, `UPDATE screening_result SET sealed = NULL WHERE record = ?`, `DELETE FROM screening_file WHERE owner = ?`} {
				if _, err := tx.Exec(q, page.Items[1].ID); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		report, err := n.VerifyAudit(ctx, nil)
		if err != nil || !strings.Contains(strings.Join(report.Problems, " "), "screening:"+page.Items[1].ID+" was removed") {
			t.Errorf("a screening was emptied by hand: %v, %v", report.Problems, err)
		}
	})
}

func TestTheAuditLogOfADemoNodeIsProvedAndACutLogIsFound(t *testing.T) {
	each(t, func(t *testing.T, n *Node) {
		ctx := context.Background()
		if _, err := n.MakeDemo(ctx); err != nil {
			t.Fatal(err)
		}
		report, err := n.VerifyAudit(ctx, nil)
		if err != nil || !report.OK() || report.Leaves == 0 || report.Stored == 0 {
			t.Fatalf("%+v, %v", report, err)
		}
		cutLog(t, n)
		report, err = n.VerifyAudit(ctx, nil)
		if err != nil || report.OK() {
			t.Errorf("the log was cut short and %+v, %v", report, err)
		}
		before, err := os.ReadFile(n.checkpointFile())
		if err != nil {
			t.Fatal(err)
		}
		if err := n.checkpoint(ctx); err == nil {
			t.Error("the job signs a log that was cut short")
		}
		if after, err := os.ReadFile(n.checkpointFile()); err != nil || string(after) != string(before) {
			t.Errorf("the checkpoint that proves the cut was replaced (%v)", err)
		}
	})
}
