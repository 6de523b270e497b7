package node

import (
	"context"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"lintas/displacement"
	"lintas/kernel/actor"
)

// serving runs a node until the test ends.
func serving(t *testing.T, n *Node) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	up, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- n.Serve(ctx, func(net.Addr) { close(up) }) }()
	select {
	case <-up:
	case err := <-ended:
		t.Fatalf("the node does not serve: %v", err)
	}
	stop = func() error { cancel(); err := <-ended; ended <- err; return err }
	t.Cleanup(func() { stop() })
	return stop
}

func TestWithoutAnAddressForWorkersNothingIsStartedForThem(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	serving(t, n)
	if n.workers.hub != nil || n.Displacement.Hub != nil {
		t.Error("a hub was started")
	}
	if _, err := os.Stat(filepath.Join(n.Config.Data, "workers-token")); !os.IsNotExist(err) {
		t.Error("a token was made")
	}
}

func TestAWorkerJoinsTheNodeWithTheTokenOfItsFileAndHelpsWithARunAskedFor(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"), func(c *Config) { c.Workers = "127.0.0.1:0" })
	if n.workers.hub != nil {
		t.Error("a node that is only opened, as by a command, started the hub")
	}
	if _, err := n.MakeDemo(context.Background()); err != nil {
		t.Fatal(err)
	}
	stop := serving(t, n)
	hub, err := n.workers.get(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(n.Config.Data, "workers-token")
	token, err := os.ReadFile(file)
	if info, _ := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the token's file is not for the node alone: %v %v", info, err)
	}
	address := url.URL{Scheme: "nats", Host: hub.Address().String()}
	if err := displacement.Worker(context.Background(), address.String(), 1, Version()); err == nil {
		t.Fatal("a stranger without the token joined")
	}
	address.User = url.User(strings.TrimSpace(string(token)))
	left := make(chan error, 1)
	go func() { left <- displacement.Worker(context.Background(), address.String(), 1, Version()) }()

	organisation, err := n.FirstOrganisation(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx := actor.With(context.Background(), actor.Actor{Person: "p", Organisation: organisation, Roles: []actor.Role{actor.Planner}})
	all, err := n.Displacement.Scenarios(ctx)
	if err != nil || len(all) == 0 {
		t.Fatal("the demo has no scenario", err)
	}
	run, err := n.Displacement.Ask(ctx, all[0].ID, 1, displacement.RunSettings{Members: 2000})
	if err != nil {
		t.Fatal(err)
	}
	for range 30_000 { // the demonstration’s own runs come first, and a slow machine needs minutes for them
		if run, err = n.Displacement.Run(ctx, run.ID); err != nil {
			t.Fatal(err)
		}
		if run.Workers == 1 {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if run.Workers != 1 {
		t.Fatalf("the run is %s and %d workers help", run.State, run.Workers)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if err := <-left; err != nil {
		t.Errorf("the worker left with %v when the node ended", err)
	}
}

func TestAnAddressForWorkersThatIsTakenIsToldWhenTheNodeStarts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	n := open(t, filepath.Join(t.TempDir(), "n.db"), func(c *Config) { c.Workers = taken.Addr().String() })
	if err := n.Serve(context.Background(), nil); err == nil || !strings.Contains(err.Error(), "--workers-listen") {
		t.Errorf("got %v", err)
	}
}

func TestAWeakTokenForWorkersIsRefused(t *testing.T) {
	c := Config{Data: t.TempDir(), Listen: "127.0.0.1:0", PublicURL: "http://localhost:8080", Workers: "127.0.0.1:0", WorkersToken: "hush"}
	if err := c.Complete(); err == nil || strings.Contains(err.Error(), "hush") {
		t.Errorf("got %v", err)
	}
}
