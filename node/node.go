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
	"lintas/platform/footprint"
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
	workers *workers
	phones  phoneLists
}

// Open opens the store, brings its tables up to date and builds the desks. c must be complete.
func Open(ctx context.Context, c Config, clk clock.Clock, log *slog.Logger) (*Node, error) {
	n := &Node{Config: c, Clock: clk, Log: log, metrics: httpd.NewMetrics(), workers: newWorkers(c)}
	if err := n.open(ctx); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *Node) open(ctx context.Context) (err error) {
	if n.DB, err = db.Open(ctx, n.Config.Database); err != nil {
		return err
	}
	saveMemory(n.DB.Dialect())
	if err = audit.Migrate(ctx, n.DB); err != nil {
		return err
	}
	if err = n.keysAreThere(ctx); err != nil {
		return err
	}
	if n.Keys, err = keys.Open(ctx, n.Config.KeyDatabase, n.Config.KeyFile, n.Clock); err != nil {
		return err
	}
	if n.runner, err = jobs.Open(ctx, n.DB, n.Clock, n.Log); err != nil {
		return err
	}
	if n.Demo, err = n.isDemo(); err != nil {
		return err
	}
	if err = n.wire(ctx); err != nil {
		return err
	}
	return n.mount(n.Agency.Authenticate)
}

// keysAreThere refuses to begin a new key database beside a store that holds records already: everybody in it
// would look erased, and nobody would be told. A key database in PostgreSQL that is not there says so by itself.
func (n *Node) keysAreThere(ctx context.Context) error {
	path, ok := db.FileOf(n.Config.KeyDatabase)
	if !ok {
		return nil
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	leaves, err := audit.Size(ctx, n.DB)
	if err != nil || leaves == 0 {
		return err
	}
	return problem.New(problem.Unavailable, "keys.missing", "The key database %s is missing, and no person's record can be read without it. Restore it, or name it with --key-database. If it is lost for good, make an empty file of this name: the node then starts, and everybody recorded until now counts as erased.", path)
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
func (n *Node) mount(auth gate.Authenticator) error {
	n.Gate = gate.New(Version(), auth, n.Log)
	g := n.Gate
	gate.Handle(g, "GET", "/healthz", gate.Public("says only that the process runs"), func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	gate.Handle(g, "GET", "/readyz", gate.Public("says only that the store and the keys answer"), n.ready)
	gate.Handle(g, "GET", "/metrics", gate.Public("checks for this machine or the metrics token itself; counts only"), n.serveMetrics)
	n.Agency.Routes(g)
	n.deskRoutes(g)
	gate.Handle(g, "", "/api/", gate.Public("says only that there is no such route"), func(w http.ResponseWriter, r *http.Request) {
		gate.WriteProblem(w, r, problem.New(problem.NotFound, "gate.no-route", "There is no such address in this API. See /api/openapi.json."))
	})
	gate.Handle(g, "", "/", gate.Public("the pages hold no data of the node"), n.pages())
	return g.Settle()
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
	if err := errors.Join(n.DB.Ping(r.Context()), n.Keys.Ping(r.Context())); err != nil {
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
	if n.Config.Workers != "" {
		hub, err := n.workers.get(ctx)
		if err != nil {
			return errors.Join(l.Close(), problem.New(problem.Unavailable, "node.workers", "Workers cannot join on %s: %v. Choose another address with --workers-listen, or leave it out.", n.Config.Workers, err))
		}
		defer n.workers.close()
		n.Log.Info("workers may join", "address", hub.Address().String())
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { footprint.Keep(ctx) })
	wg.Go(func() { n.runner.Run(ctx, append(n.deskJobs(), n.ownJobs()...)) })
	if ready != nil {
		ready(l.Addr())
	}
	err = httpd.Serve(ctx, l, n.Handler(), n.Log, n.Config.Grace)
	cancel()
	wg.Wait()
	return err
}

// saveMemory makes the collector run before the heap has grown as far as Go lets it: a node at a jetty shares a
// small machine. PostgreSQL keeps the store's pages outside of this process, which leaves room. GOGC in the
// environment wins.
func saveMemory(store db.Dialect) {
	percent := 50
	if store == db.Postgres {
		percent = 90
	}
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

func (n *Node) ownJobs() []jobs.Job {
	return []jobs.Job{
		{Name: "agency.sessions", Every: time.Hour, Run: n.Agency.EndSessions},
		{Name: "audit.checkpoint", Every: 10 * time.Minute, Run: n.checkpoint},
	}
}
