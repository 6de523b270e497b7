package gate_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"lintas/platform/gate"
)

func TestOnlyRoutesThatSayNothingAboutAPersonArePacked(t *testing.T) {
	text := strings.Repeat("Were you free to leave? ", 200)
	g := newTrial(t)
	serve := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"7"`)
		io.WriteString(w, text)
	}
	g.Pack("GET /forms/{id}")
	gate.Handle(g.Gate, "GET", "/forms/{id}", gate.SignedIn(), serve)
	gate.Handle(g.Gate, "GET", "/persons/{id}", gate.SignedIn(), serve)

	for _, c := range []struct {
		path, accepts, caller, coding string
	}{
		{"/forms/1", "br, gzip", "officer", "gzip"},
		{"/forms/1", "br", "officer", ""},
		{"/forms/1", "", "officer", ""},
		{"/persons/1", "gzip", "officer", ""},
	} {
		status, _, w := g.call("GET", c.path, c.caller, "", "Accept-Encoding", c.accepts)
		var body io.Reader = w.Body
		if got := w.Header().Get("Content-Encoding"); status != 200 || got != c.coding {
			t.Errorf("%s accepting %q: %d, coded %q", c.path, c.accepts, status, got)
			continue
		}
		if c.coding != "" {
			if w.Body.Len() > len(text)/5 || !strings.Contains(w.Header().Get("Vary"), "Accept-Encoding") || w.Header().Get("ETag") != `"7"` {
				t.Errorf("%s: %d of %d bytes, %v", c.path, w.Body.Len(), len(text), w.Header())
			}
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != text {
			t.Errorf("%s accepting %q: %d bytes, %v", c.path, c.accepts, len(got), err)
		}
	}
	if status, p, _ := g.call("GET", "/forms/1", "", "", "Accept-Encoding", "gzip"); status != http.StatusUnauthorized || p.Code == "" {
		t.Errorf("nobody: %d %+v", status, p)
	}
}
