package node

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"lintas/agency"
	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/gate"
	"lintas/platform/httpd"
	"lintas/platform/jobs"
	"lintas/platform/keys"
	"lintas/platform/push"
	"lintas/web"
)

// Node is an opened node: its store and its desks.
type Node struct {
	Config Config
	DB     *db.DB
	Keys   *keys.Ring
	Clock  clock.Clock
	Log    *slog.Logger
	Gate   *gate.Gate
	Demo   bool

	Agency *agency.Desk
	Push   *push.Sender
	desks

	metrics *httpd.Metrics
	runner  *jobs.Runner
}

// Open opens the store, brings its tables up to date and builds the desks. c must be complete.
func Open(ctx context.Context, c Config, clk clock.Clock, log *slog.Logger) (*Node, error) {
	saveMemory()
	n := &Node{Config: c, Clock: clk, Log: log, metrics: httpd.NewMetrics()}
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Node) open(ctx context.Context) (err error) {
	if n.DB, err = db.Open(ctx, n.Config.Database); err != nil {
		return err
	}
	if n.Keys, err = keys.Open(ctx, n.Config.KeyDatabase, n.Config.KeyFile, n.Clock); err != nil {
		return err
	}
	if err = audit.Migrate(ctx, n.DB); err != nil {
		return err
	}
	if n.runner, err = jobs.Open(ctx, n.DB, n.Clock, n.Log); err != nil {
		return err
	}
	if n.Demo, err = n.isDemo(ctx); err != nil {
		return err
	}
	if err = n.wire(ctx); err != nil {
		return err
	}
	n.mount(n.Agency.Authenticate)
	return nil
}

// Close closes the store after the writes under way.
func (n *Node) Close() error {
	var errs []error
	if n.DB != nil {
		errs = append(errs, n.DB.Close())
	}
	if n.Keys != nil {
		errs = append(errs, n.Keys.Close())
	}
	return errors.Join(errs...)
}

// Version is the program's version as built.
func Version() string {
	if b, ok := debug.ReadBuildInfo(); ok && b.Main.Version != "" && b.Main.Version != "(devel)" {
		return b.Main.Version
	}
	return "0.1.0-dev"
}

// mount declares every route on a fresh gate.
func (n *Node) mount(auth gate.Authenticator) {
	n.Gate = gate.New(Version(), auth, n.Log)
	g := n.Gate
	gate.Handle(g, "GET", "/healthz", gate.Public("says only that the process runs"), func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	gate.Handle(g, "GET", "/readyz", gate.Public("says only that the store answers"), n.ready)
	gate.Handle(g, "GET", "/metrics", gate.Public("checks for this machine or the metrics token itself; counts only"), n.serveMetrics)
	n.Agency.Routes(g)
	n.deskRoutes(g)
	gate.Handle(g, "", "/api/", gate.Public("says only that there is no such route"), func(w http.ResponseWriter, r *http.Request) {
		gate.WriteProblem(w, r, problem.New(problem.NotFound, "gate.no-route", "There is no such address in this API. See /api/openapi.json."))
	})
	gate.Handle(g, "", "/", gate.Public("the pages hold no data of the node"), n.pages())
}

func (n *Node) pages() http.HandlerFunc {
	if web.Built() {
		return httpd.Static(web.Files())
	}
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "This program was built without its web pages. Build them with `make web`, then build the program again (`make build`). The API answers under /api/.")
	}
}

func (n *Node) ready(w http.ResponseWriter, r *http.Request) {
	if err := n.DB.Ping(r.Context()); err != nil {
		n.Log.Error("not ready", "error", err)
		http.Error(w, "the store does not answer", http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ready")
}

func (n *Node) serveMetrics(w http.ResponseWriter, r *http.Request) {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	ip := net.ParseIP(host)
	local := ip != nil && ip.IsLoopback() && r.Header.Get("X-Forwarded-For") == "" && r.Header.Get("Forwarded") == ""
	if !local && !n.mayReadMetrics(r) {
		gate.WriteProblem(w, r, problem.New(problem.Forbidden, "gate.metrics", "Metrics are read from the node's own machine, or with the token of --metrics-token as bearer token."))
		return
	}
	promhttp.HandlerFor(n.metrics.Registry, promhttp.HandlerOpts{}).ServeHTTP(w, r)
}

// mayReadMetrics accepts the token as Prometheus sends it, or in the header X-Metrics-Token.
func (n *Node) mayReadMetrics(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		given = r.Header.Get("X-Metrics-Token")
	}
	want := n.Config.MetricsToken
	return want != "" && subtle.ConstantTimeCompare([]byte(given), []byte(want)) == 1
}

// Handler is the node's HTTP side.
func (n *Node) Handler() http.Handler { return httpd.Wrap(n.Gate, n.metrics, n.Log) }

// Serve listens, calls ready with the address once it answers, runs the jobs, and returns after ctx has
// ended and the requests and jobs under way are done.
func (n *Node) Serve(ctx context.Context, ready func(net.Addr)) error {
	l, err := net.Listen("tcp", n.Config.Listen)
	if err != nil {
		return problem.New(problem.Unavailable, "node.listen", "Cannot answer on %s: %v. Choose another address with --listen.", n.Config.Listen, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	debug.FreeOSMemory() // what starting took
	wg.Go(func() { n.runner.Run(ctx, append(n.deskJobs(), n.ownJobs()...)) })
	if ready != nil {
		ready(l.Addr())
	}
	err = httpd.Serve(ctx, l, n.Handler(), n.Log, n.Config.Grace)
	cancel()
	wg.Wait()
	return err
}

// saveMemory makes the collector run at half the growth that Go lets the heap have: a node at a jetty shares
// a small machine. GOGC in the environment wins.
func saveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

func (n *Node) ownJobs() []jobs.Job {
	return []jobs.Job{
		{Name: "agency.sessions", Every: time.Hour, Run: n.Agency.EndSessions},
		{Name: "audit.checkpoint", Every: 10 * time.Minute, Run: n.checkpoint},
	}
}

// isDemo reports whether the data folder was filled by `lintas demo`.
func (n *Node) isDemo(context.Context) (bool, error) {
	_, err := os.Stat(n.demoMark())
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

func (n *Node) demoMark() string { return strings.TrimSuffix(n.Config.Data, "/") + "/demo" }
