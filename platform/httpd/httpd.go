// Package httpd runs the node's HTTP server: limits, security headers, a log line and a count per request
// without personal data, health, metrics, and a shutdown that lets requests finish.
package httpd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"lintas/platform/gate"
)

// Policy is the Content-Security-Policy of every page: nothing from elsewhere, no inline script or style, no
// eval but WebAssembly, no HTML from strings but through the two named policies. connect-src allows data:
// because the form engine loads its own grammar from a data: URL.
const Policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data: blob:; " +
	"media-src 'self' blob:; font-src 'self'; connect-src 'self' data:; worker-src 'self'; manifest-src 'self'; frame-src 'self' blob:; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'; object-src 'none'; require-trusted-types-for 'script'; trusted-types vue lintas"

// Metrics counts requests by method, route pattern and status. Never by path: paths hold ids.
type Metrics struct {
	Registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

// NewMetrics makes a registry with the process's own figures and the request counts.
func NewMetrics() *Metrics {
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "lintas_http_requests_total", Help: "Requests by method, route and status."}, []string{"method", "route", "status"}),
		seconds:  prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "lintas_http_request_seconds", Help: "Time to answer by route.", Buckets: []float64{.001, .005, .025, .1, .5, 2.5, 10}}, []string{"route"}),
	}
	m.Registry.MustRegister(m.requests, m.seconds, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Wrap puts the house's walls around the gate: recovery, headers, counts, log.
func Wrap(g http.Handler, m *Metrics, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun := time.Now()
		rec := &recorder{ResponseWriter: w}
		secure(rec.Header(), r)
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				log.Error("panic in a request", "route", r.Pattern, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
				if !rec.wrote {
					gate.WriteProblem(rec, r, gate.Internal())
				}
			}
			route := r.Pattern
			if route == "" {
				route = "none"
			}
			took := time.Since(begun)
			m.requests.WithLabelValues(method(r.Method), route, fmt.Sprint(rec.status())).Inc()
			m.seconds.WithLabelValues(route).Observe(took.Seconds())
			log.Debug("request", "method", r.Method, "route", route, "status", rec.status(), "bytes", rec.bytes, "ms", took.Milliseconds())
		}()
		g.ServeHTTP(rec, r)
	})
}

// method keeps made-up methods from growing the metrics without bound.
func method(m string) string {
	switch m {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return m
	}
	return "other"
}

func secure(h http.Header, r *http.Request) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "geolocation=(self), microphone=(self), camera=(self), interest-cohort=()")
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if strings.HasPrefix(r.URL.Path, "/api/") {
		h.Set("Cache-Control", "no-store") // a handler that serves public, versioned data may say otherwise
	}
}

type recorder struct {
	http.ResponseWriter
	code  int
	wrote bool
	bytes int64
}

func (r *recorder) status() int {
	if r.code == 0 {
		return 200
	}
	return r.code
}
func (r *recorder) WriteHeader(code int) {
	if !r.wrote {
		r.code, r.wrote = code, code >= 200
	}
	r.ResponseWriter.WriteHeader(code)
}
func (r *recorder) Write(b []byte) (int, error) {
	r.wrote = true
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection (flush, deadlines).
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Serve answers on l until ctx ends, then lets running requests finish for up to grace.
func Serve(ctx context.Context, l net.Listener, h http.Handler, log *slog.Logger, grace time.Duration) error {
	s := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(quiet{log.Handler()}, slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.Info("shutting down", "grace", grace)
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	if err := s.Shutdown(end); err != nil {
		s.Close()
		return fmt.Errorf("some requests were cut off at shutdown: %w", err)
	}
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// quiet is the handler for net/http's own messages (handshakes, aborted connections), which may hold
// addresses of clients: they are dropped unless someone debugs.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return q.Handler.Enabled(ctx, slog.LevelDebug)
}
