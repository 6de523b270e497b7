package spread_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lintas/platform/spread"
)

const joinEnv = "LINTAS_SPREAD_TEST_JOIN"

// TestMain lets the test binary be a worker process of its own.
func TestMain(m *testing.M) {
	if url := os.Getenv(joinEnv); url != "" {
		err := spread.Work(context.Background(), url, 1, func(ctx context.Context, job []byte, i int) ([]byte, error) {
			fmt.Fprintln(os.Stderr, "took", i)
			time.Sleep(time.Hour) // it will be killed holding the member
			return nil, nil
		})
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func hub(t *testing.T) *spread.Hub {
	t.Helper()
	h, err := spread.Start(context.Background(), spread.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

func square(_ context.Context, job []byte, i int) ([]byte, error) {
	return fmt.Appendf(nil, "%s %d", job, i*i), nil
}

// work joins n workers that end with the test.
func work(t *testing.T, h *spread.Hub, n int, fn func(context.Context, []byte, int) ([]byte, error)) {
	ctx, stop := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			if err := spread.Work(ctx, h.URL(), 2, fn); err != nil && !errors.Is(err, context.Canceled) {
				t.Errorf("worker: %v", err)
			}
		})
	}
	t.Cleanup(func() { stop(); wg.Wait() })
}

func collect(t *testing.T, h *spread.Hub, n int) []string {
	t.Helper()
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	out := make([]string, n)
	err := h.Map(ctx, []byte("job"), n, spread.Here{}, func(i int, r []byte) error {
		if out[i] != "" {
			t.Errorf("member %d came back twice", i)
		}
		out[i] = string(r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestEveryMemberComesBackOnceWhoeverComputedIt(t *testing.T) {
	h := hub(t)
	work(t, h, 3, square)
	for i, r := range collect(t, h, 200) {
		if r != fmt.Sprintf("job %d", i*i) {
			t.Errorf("member %d is %q", i, r)
		}
	}
}

func TestJobsOneAfterAnotherDoNotMix(t *testing.T) {
	h := hub(t)
	work(t, h, 2, square)
	if a, b := collect(t, h, 20), collect(t, h, 20); !slices.Equal(a, b) {
		t.Errorf("%v and %v", a, b)
	}
}

func TestWorkHandedOutBeforeAnyWorkerJoinsIsDoneWhenOneDoes(t *testing.T) {
	h := hub(t)
	time.AfterFunc(300*time.Millisecond, func() { work(t, h, 1, square) })
	if got := collect(t, h, 5); got[4] != "job 16" {
		t.Errorf("got %v", got)
	}
}

func TestAKilledWorkerCostsItsMemberAndNothingElse(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for a lost worker to be missed, ten seconds")
	}
	h := hub(t)
	victim := exec.Command(os.Args[0])
	victim.Env = append(os.Environ(), joinEnv+"="+h.URL())
	said := &lines{}
	victim.Stderr = said
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for !strings.Contains(said.String(), "took") {
			time.Sleep(10 * time.Millisecond)
		}
		victim.Process.Kill()
		victim.Wait()
		work(t, h, 1, square)
	}()
	for i, r := range collect(t, h, 10) {
		if r != fmt.Sprintf("job %d", i*i) {
			t.Errorf("member %d is %q", i, r)
		}
	}
}

type lines struct {
	mu sync.Mutex
	b  strings.Builder
}

func (l *lines) Write(p []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(p) }
func (l *lines) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

func TestAWorkersErrorEndsTheJobWithItsReason(t *testing.T) {
	h := hub(t)
	work(t, h, 1, func(_ context.Context, _ []byte, i int) ([]byte, error) {
		if i == 3 {
			return nil, errors.New("the road is cut")
		}
		return nil, nil
	})
	ctx, stop := context.WithTimeout(context.Background(), time.Minute)
	defer stop()
	err := h.Map(ctx, nil, 5, spread.Here{}, func(int, []byte) error { return nil })
	if err == nil || !strings.Contains(err.Error(), "member 3 failed: the road is cut") {
		t.Errorf("got %v", err)
	}
}

func TestALargeJobAndALargeResultArrive(t *testing.T) {
	h := hub(t)
	work(t, h, 1, func(_ context.Context, job []byte, _ int) ([]byte, error) { return job, nil })
	job := make([]byte, 8<<20)
	job[len(job)-1] = 7
	err := h.Map(context.Background(), job, 2, spread.Here{}, func(_ int, r []byte) error {
		if len(r) != len(job) || r[len(r)-1] != 7 {
			t.Errorf("%d bytes came back", len(r))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAStrangerWithoutTheTokenCannotJoin(t *testing.T) {
	h := hub(t)
	stranger := strings.Replace(h.URL(), "@", "x@", 1)
	if err := spread.Work(context.Background(), stranger, 1, square); err == nil {
		t.Error("a stranger joined")
	}
}

// here computes square in the test's own process.
func here(parallel int) spread.Here {
	return spread.Here{Parallel: parallel, Do: func(ctx context.Context, i int) ([]byte, error) { return square(ctx, []byte("job"), i) }}
}

func TestWithoutAnyWorkerTheProcessItselfDoesTheWork(t *testing.T) {
	h := hub(t)
	got := 0
	if err := h.Map(context.Background(), []byte("job"), 50, here(2), func(int, []byte) error { got++; return nil }); err != nil || got != 50 {
		t.Errorf("%d of 50 members, %v", got, err)
	}
}

func TestAProcessThatHelpsLeavesTheRestToTheWorkers(t *testing.T) {
	h := hub(t)
	var byWorkers, byHere atomic.Int64
	taken, othersDone := make(chan struct{}), make(chan struct{})
	work(t, h, 1, func(ctx context.Context, job []byte, i int) ([]byte, error) {
		<-taken // until this process holds a member
		byWorkers.Add(1)
		return square(ctx, job, i)
	})
	slow := spread.Here{Parallel: 1, Do: func(ctx context.Context, i int) ([]byte, error) {
		byHere.Add(1)
		close(taken)
		<-othersDone
		return square(ctx, []byte("job"), i)
	}}
	out := map[int]string{}
	err := h.Map(context.Background(), []byte("job"), 40, slow, func(i int, r []byte) error {
		out[i] = string(r)
		if len(out) == 39 {
			close(othersDone)
		}
		return nil
	})
	if err != nil || len(out) != 40 || byWorkers.Load() != 39 || byHere.Load() != 1 {
		t.Errorf("%d members, %d by workers, %d here, %v", len(out), byWorkers.Load(), byHere.Load(), err)
	}
}

func TestTwoJobsAtOnceTakeTurnsAndDoNotMix(t *testing.T) {
	h := hub(t)
	var wg sync.WaitGroup
	for k := range 3 {
		wg.Go(func() {
			do := spread.Here{Parallel: 2, Do: func(_ context.Context, i int) ([]byte, error) { return fmt.Appendf(nil, "%d %d", k, i), nil }}
			if err := h.Map(context.Background(), nil, 20, do, func(i int, r []byte) error {
				if want := fmt.Sprintf("%d %d", k, i); string(r) != want {
					return fmt.Errorf("%q for %q", r, want)
				}
				return nil
			}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

func TestAJobThatIsStoppedEndsAndTheNextOneIsWhole(t *testing.T) {
	h := hub(t)
	ctx, stop := context.WithCancel(context.Background())
	held := spread.Here{Parallel: 2, Do: func(ctx context.Context, i int) ([]byte, error) {
		stop()
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	if err := h.Map(ctx, nil, 30, held, func(int, []byte) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Fatalf("stopped with %v", err)
	}
	got := 0
	if err := h.Map(context.Background(), []byte("job"), 30, here(2), func(int, []byte) error { got++; return nil }); err != nil || got != 30 {
		t.Errorf("after it %d of 30 members, %v", got, err)
	}
}

func TestAWorkerThatIsUnfitLeavesItsMemberToTheOthers(t *testing.T) {
	h := hub(t)
	left := make(chan error, 1)
	go func() {
		left <- spread.Work(context.Background(), h.URL(), 1, func(context.Context, []byte, int) ([]byte, error) {
			return nil, fmt.Errorf("%w: another version", spread.ErrUnfit)
		})
	}()
	work(t, h, 1, square)
	for i, r := range collect(t, h, 30) {
		if r != fmt.Sprintf("job %d", i*i) {
			t.Errorf("member %d is %q", i, r)
		}
	}
	for range 30 { // it may not have been given a member yet
		select {
		case err := <-left:
			if !errors.Is(err, spread.ErrUnfit) {
				t.Errorf("it left with %v", err)
			}
			return
		default:
			collect(t, h, 5)
		}
	}
	t.Error("the unfit worker stays")
}

func TestWorkersAreCountedWhileTheyAreThere(t *testing.T) {
	h := hub(t)
	eventually := func(want int) {
		t.Helper()
		for range 500 {
			if h.Workers() == want {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Errorf("%d workers are counted, wanted %d", h.Workers(), want)
	}
	eventually(0)
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error, 2)
	for range 2 {
		go func() { done <- spread.Work(ctx, h.URL(), 3, square) }()
	}
	eventually(2)
	stop()
	<-done
	<-done
	eventually(0)
}

func TestAnAddressInUseIsToldAtOnce(t *testing.T) {
	h := hub(t)
	if _, err := spread.Start(context.Background(), spread.Options{Listen: h.Address().String()}); err == nil || !strings.Contains(err.Error(), "cannot listen") {
		t.Errorf("got %v", err)
	}
}
