package httpd_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"lintas/platform/httpd"
)

// wrapped is a small site behind the house's walls, and what it logged.
func wrapped(mux *http.ServeMux) (http.Handler, *httpd.Metrics, *bytes.Buffer) {
	log := &bytes.Buffer{}
	m := httpd.NewMetrics()
	return httpd.Wrap(mux, m, slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))), m, log
}

func get(h http.Handler, path string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestEveryAnswerCarriesTheWalls(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/x/{id}", func(http.ResponseWriter, *http.Request) {})
	h, _, _ := wrapped(mux)
	for _, path := range []string{"/api/x/1", "/gone"} {
		w := get(h, path)
		for name, want := range map[string]string{"Content-Security-Policy": "default-src 'none'", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin"} {
			if !strings.HasPrefix(w.Header().Get(name), want) {
				t.Errorf("%s: %s is %q", path, name, w.Header().Get(name))
			}
		}
	}
	for _, bad := range []string{"'unsafe-inline'", "'unsafe-eval'", "http:", "https:", "*"} {
		if strings.Contains(httpd.Policy, bad) {
			t.Errorf("the policy holds %s", bad)
		}
	}
}

func TestAnswersOfTheAPIAreNotKeptAndTLSIsInsistedOnOnceItIsThere(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	h, _, _ := wrapped(mux)
	if got := get(h, "/api/x").Header().Get("Cache-Control"); got != "no-store" {
		t.Errorf("an answer of the API may be kept: %q", got)
	}
	if got := get(h, "/x").Header().Get("Strict-Transport-Security"); got != "" {
		t.Errorf("a plain connection is told %q", got)
	}
	if got := get(h, "/x", "X-Forwarded-Proto", "https").Header().Get("Strict-Transport-Security"); got == "" {
		t.Error("a connection over TLS is not held to it")
	}
}

func TestAPanicIsAnsweredAsAProblemAndTheNextRequestIsServed(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { panic("row of a person") })
	mux.HandleFunc("/fine", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "fine") })
	h, _, log := wrapped(mux)
	w := get(h, "/panic")
	var b struct{ Code string }
	if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil || w.Code != 500 || b.Code != "gate.internal" {
		t.Errorf("answered %d %s", w.Code, w.Body)
	}
	if strings.Contains(w.Body.String(), "row of") || !strings.Contains(log.String(), "panic in a request") {
		t.Error("the panic belongs in the log and not in the answer")
	}
	if w := get(h, "/fine"); w.Body.String() != "fine" {
		t.Errorf("after a panic: %d %s", w.Code, w.Body)
	}
}

func TestAPanicAfterTheFirstByteAddsNothingToTheAnswer(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "half"); panic("late") })
	h, _, _ := wrapped(mux)
	if w := get(h, "/half"); w.Body.String() != "half" {
		t.Errorf("answered %q", w.Body)
	}
}

func TestNeitherMetricsNorLogHoldAPathOrAMadeUpMethod(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/api/people/{id}", func(http.ResponseWriter, *http.Request) {})
	h, m, log := wrapped(mux)
	get(h, "/api/people/melati?name=melati")
	r := httptest.NewRequest("MELATI", "/api/people/melati", nil)
	h.ServeHTTP(httptest.NewRecorder(), r)
	get(h, "/melati")
	families, err := m.Registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range families {
		if strings.HasPrefix(f.GetName(), "lintas_") {
			all.WriteString(f.String())
		}
	}
	if !strings.Contains(all.String(), "/api/people/{id}") {
		t.Errorf("the route is not counted by its pattern: %s", all.String())
	}
	if strings.Contains(strings.ToLower(all.String()), "melati") || strings.Contains(log.String(), "melati") {
		t.Error("a path reached the metrics or the log")
	}
}

func TestAtShutdownARunningRequestIsFinished(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	started, finish := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { close(started); <-finish; fmt.Fprint(w, "whole") })
	served := make(chan error, 1)
	go func() { served <- httpd.Serve(ctx, l, h, slog.New(slog.DiscardHandler), time.Minute) }()
	body := make(chan string, 1)
	go func() {
		answer, err := http.Get("http://" + l.Addr().String())
		if err != nil {
			body <- err.Error()
			return
		}
		defer answer.Body.Close()
		b, _ := io.ReadAll(answer.Body)
		body <- string(b)
	}()
	<-started
	stop()
	close(finish)
	if got := <-body; got != "whole" {
		t.Errorf("the request got %q", got)
	}
	if err := <-served; err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

func TestARequestThatNeverEndsIsCutOffAndSaidSo(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	started := make(chan struct{})
	h := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(started); <-r.Context().Done() })
	served := make(chan error, 1)
	go func() { served <- httpd.Serve(ctx, l, h, slog.New(slog.DiscardHandler), 10*time.Millisecond) }()
	go http.Get("http://" + l.Addr().String())
	<-started
	stop()
	if err := <-served; err == nil {
		t.Error("a cut-off request was passed over in silence")
	}
}
