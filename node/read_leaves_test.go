package node

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"lintas/kernel/actor"
	"lintas/platform/audit"
	"lintas/platform/gate"
	"lintas/screening"
)

// staffOf are the people of the demo by their login, as actors.
func staffOf(t *testing.T, n *Node) map[string]actor.Actor {
	t.Helper()
	all, err := n.Agency.Organisations(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]actor.Actor{}
	for _, o := range all {
		people, err := n.Agency.People(actor.With(context.Background(), actor.Actor{System: "test", Organisation: o.ID}))
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range people {
			out[p.Login] = actor.Actor{Person: p.ID, Organisation: o.ID, Roles: p.Roles}
		}
	}
	return out
}

// said are the words that the demo's travellers said of themselves, and the ids of the screenings that hold them.
func said(t *testing.T, n *Node) (words [][]byte, ids []string) {
	t.Helper()
	ctx := actor.With(context.Background(), actor.Actor{System: "test"})
	page, err := n.Screening.List(ctx, screening.Query{Limit: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range page.Items {
		s, err := n.Screening.Read(ctx, l.ID, "en")
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range s.Answers {
			if a.ValueLabel == "" && len(a.Value) > 5 && strings.Contains(a.Value, " ") { // written, not chosen
				words, ids = append(words, []byte(a.Value)), append(ids, l.ID)
			}
		}
	}
	return words, ids
}

var anID = regexp.MustCompile(`"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"`)

func TestNoRouteShowsWhatAPersonSaidWithoutALeaf(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	if _, err := n.MakeDemo(context.Background()); err != nil {
		t.Fatal(err)
	}
	staff := staffOf(t, n)
	words, ids := said(t, n)
	if len(words) < 5 {
		t.Fatalf("only %d words: the demo does not show anything", len(words))
	}
	if err := n.mount(func(r *http.Request) (actor.Actor, error) { return staff[r.Header.Get("X-Login")], nil }); err != nil {
		t.Fatal(err)
	}
	get := func(login, path string) []byte {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("X-Login", login)
		r.Header.Set("X-OpenRosa-Version", "1.0")
		r.Header.Set(gate.HeaderRequest, "1")
		w := httptest.NewRecorder()
		n.Handler().ServeHTTP(w, r)
		if w.Code != 200 {
			return nil
		}
		return w.Body.Bytes()
	}
	leaves := func() int64 {
		size, err := audit.Size(context.Background(), n.DB)
		if err != nil {
			t.Fatal(err)
		}
		return size
	}
	readers := []string{"supervisor@demo", "caseworker@demo", "shelter@demo"} // who may read anything of a person
	for _, login := range readers {
		for _, route := range n.Gate.Routes() {
			if route.Method == "GET" && !strings.Contains(route.Path, "{") {
				for _, m := range anID.FindAllSubmatch(get(login, route.Path), 3) {
					ids = append(ids, string(m[1]))
				}
			}
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	shown := map[string]bool{}
	for _, login := range readers {
		for _, route := range n.Gate.Routes() {
			if route.Method != "GET" || strings.Count(route.Path, "{") > 1 {
				continue
			}
			paths := []string{route.Path}
			if strings.Contains(route.Path, "{") {
				paths = nil
				for _, id := range ids {
					paths = append(paths, parameter.ReplaceAllString(route.Path, id))
				}
			}
			for _, path := range paths {
				before := leaves()
				body := get(login, path)
				if !slices.ContainsFunc(words, func(w []byte) bool { return bytes.Contains(body, w) || bytes.Contains(body, quoted(t, w)) }) {
					continue
				}
				shown[route.Path] = true
				if leaves() == before {
					t.Errorf("%s read %s, which holds what a person said, and nothing was written down", login, route.Path)
				}
			}
		}
	}
	if !shown["/api/screening/screenings/{id}"] {
		t.Errorf("only %v showed anything: the walk did not reach the records", shown)
	}
	t.Logf("%d ids; what persons said is shown by %v", len(ids), shown)
}

// quoted is a text as it stands inside JSON.
func quoted(t *testing.T, text []byte) []byte {
	t.Helper()
	b, err := json.Marshal(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return b[1 : len(b)-1]
}
