package jobs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
)

// node is one process of the node: its runner and its clock.
type node struct {
	*Runner
	clock *clock.Manual
	log   *lines
}

// lines is a log that several goroutines may write.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *lines) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func open(t *testing.T, d *db.DB) node {
	t.Helper()
	n := node{clock: clock.NewManual(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)), log: &lines{}}
	r, err := Open(context.Background(), d, n.clock, slog.New(slog.NewTextHandler(n.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	n.Runner = r
	return n
}

// turn gives the job one turn and reports whether it ran.
func (n node) turn(t *testing.T, every time.Duration) (ran bool) {
	t.Helper()
	if err := n.once(context.Background(), Job{Name: "test.job", Every: every, Run: func(context.Context) error { ran = true; return nil }}); err != nil {
		t.Fatal(err)
	}
	return ran
}

func TestOneOfTwoProcessesRunsAJob(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := open(t, d), open(t, d)
		if !a.turn(t, time.Hour) {
			t.Fatal("the first process did not run the job")
		}
		if b.turn(t, time.Hour) {
			t.Error("the second process ran it, too")
		}
		if !a.turn(t, time.Hour) {
			t.Error("the first process was stopped by its own lease")
		}
	})
}

func TestAnotherProcessTakesOverWhenTheFirstHasDied(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := open(t, d), open(t, d)
		a.turn(t, time.Hour)
		b.clock.Advance(2 * time.Hour)
		if b.turn(t, time.Hour) {
			t.Error("taken over at the very end of the lease, not after it")
		}
		b.clock.Advance(time.Millisecond)
		if !b.turn(t, time.Hour) {
			t.Error("nobody took over")
		}
		a.clock.Set(b.clock.Now())
		if a.turn(t, time.Hour) {
			t.Error("the first process came back and ran beside the second")
		}
	})
}

func TestAQuickJobIsHeldForAMinuteSoThatAShortPauseMovesNothing(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := open(t, d), open(t, d)
		a.turn(t, time.Second)
		b.clock.Advance(59 * time.Second)
		if b.turn(t, time.Second) {
			t.Error("taken over within the minute")
		}
	})
}

func TestAClockThatJumpsBackNeitherStopsAJobNorRunsItTwice(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := open(t, d), open(t, d)
		a.turn(t, time.Hour)
		a.clock.Advance(-24 * time.Hour)
		if !a.turn(t, time.Hour) {
			t.Error("the holder stopped when its clock jumped back")
		}
		b.clock.Advance(-24 * time.Hour)
		if b.turn(t, time.Hour) {
			t.Error("a second process whose clock jumped back ran the job, too")
		}
	})
}

func TestALeaseTakenUnderAClockFarAheadIsPutRightByTheHoldersNextTurn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := open(t, d), open(t, d)
		a.clock.Advance(365 * 24 * time.Hour)
		a.turn(t, time.Hour)
		a.clock.Advance(-365 * 24 * time.Hour)
		a.turn(t, time.Hour) // the lease follows the corrected clock
		b.clock.Advance(2*time.Hour + time.Millisecond)
		if !b.turn(t, time.Hour) {
			t.Error("a lease of next year keeps everybody out")
		}
	})
}

func TestALeaseOfAProcessThatDiedUnderAClockFarAheadBindsNobody(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		died, next := open(t, d), open(t, d)
		died.clock.Advance(365 * 24 * time.Hour)
		died.turn(t, time.Hour)
		if !next.turn(t, time.Hour) {
			t.Error("the job rests for a year because a clock was wrong once")
		}
	})
}

func TestJobsAreLeasedOneByOne(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		a, b := open(t, d), open(t, d)
		a.turn(t, time.Hour)
		ran := false
		if err := b.once(context.Background(), Job{Name: "test.other", Every: time.Hour, Run: func(context.Context) error { ran = true; return nil }}); err != nil || !ran {
			t.Errorf("another job waited for the first: %v", err)
		}
	})
}

func TestOfManyProcessesAtOnceExactlyOneWins(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		var mu sync.Mutex
		var wg sync.WaitGroup
		won := 0
		for range 8 {
			n := open(t, d)
			wg.Go(func() {
				mine, err := n.lease(context.Background(), Job{Name: "test.job", Every: time.Hour})
				mu.Lock()
				defer mu.Unlock()
				if err != nil {
					t.Error(err)
				}
				if mine {
					won++
				}
			})
		}
		wg.Wait()
		if won != 1 {
			t.Errorf("%d of 8 won", won)
		}
	})
}

func TestAPanicIsAFailureOfThatTurnOnly(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := open(t, d)
		j := Job{Name: "test.job", Every: time.Hour, Run: func(context.Context) error { panic("torn row") }}
		if err := n.once(context.Background(), j); err == nil || !strings.Contains(err.Error(), "torn row") {
			t.Errorf("the panic became %v", err)
		}
		if !n.turn(t, time.Hour) {
			t.Error("the job did not run again")
		}
	})
}

func TestAFailureIsLoggedAndOtherJobsGoOn(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := open(t, d)
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		var turns sync.WaitGroup
		turns.Add(3)
		count := func(err error, crash bool) func(context.Context) error {
			var once sync.Once
			return func(context.Context) error {
				once.Do(turns.Done)
				if crash {
					panic("torn row")
				}
				return err
			}
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			n.Run(ctx, []Job{
				{Name: "test.fails", Every: time.Hour, Run: count(errors.New("no network"), false)},
				{Name: "test.panics", Every: time.Hour, Run: count(nil, true)},
				{Name: "test.works", Every: time.Hour, Run: count(nil, false)},
			})
		}()
		turns.Wait()
		for !strings.Contains(n.log.String(), "no network") || !strings.Contains(n.log.String(), "torn row") {
			time.Sleep(time.Millisecond) // each is logged after its turn; the test's own deadline ends a wait in vain
		}
		stop()
		<-done
		if strings.Contains(n.log.String(), "test.works") {
			t.Errorf("a job that works is complained about: %s", n.log.String())
		}
	})
}

func TestTheRunnerWaitsForTheTurnUnderWay(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := open(t, d)
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		finished := false
		n.Run(ctx, []Job{{Name: "test.long", Every: time.Hour, Run: func(ctx context.Context) error {
			stop()
			<-ctx.Done()
			finished = true
			return nil
		}}})
		if !finished {
			t.Error("the runner left a turn behind")
		}
	})
}

func TestAJobActsUnderItsOwnName(t *testing.T) {
	dbtest.Each(t, func(t *testing.T, d *db.DB) {
		n := open(t, d)
		var who string
		if err := n.once(context.Background(), Job{Name: "casework.deadlines", Every: time.Hour, Run: func(ctx context.Context) error { who = actor.From(ctx).Label(); return nil }}); err != nil {
			t.Fatal(err)
		}
		if who != "system:casework.deadlines" {
			t.Errorf("it acted as %s", who)
		}
	})
}
