package spread

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"lintas/kernel/id"
)

const (
	failure = "Lintas-Failure" // header of a result that is an error
	leaving = "leaving"        // what a worker says at last
)

// ErrUnfit, from a worker's function, says that this worker cannot do the job though others may: the worker
// leaves and the member goes to them.
var ErrUnfit = errors.New("this worker cannot do the job")

// Work joins a hub and computes members with fn, up to parallel at once, until ctx ends or the hub is gone
// for good. fn must give the same bytes for the same job and index on any machine. An error of fn ends the
// hub's Map; it is not tried again, as it would fail again. ErrUnfit ends this worker alone.
func Work(ctx context.Context, hubURL string, parallel int, fn func(ctx context.Context, job []byte, i int) ([]byte, error)) error {
	closed := make(chan struct{})
	conn, err := nats.Connect(hubURL, nats.MaxReconnects(5), nats.ReconnectWait(time.Second), nats.ClosedHandler(func(*nats.Conn) { close(closed) }))
	if err != nil {
		return fmt.Errorf("cannot join the hub; check its address and token: %w", err)
	}
	defer conn.Close()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	go func() {
		select {
		case <-closed:
			cancel(errHubGone)
		case <-ctx.Done():
		}
	}()
	w := &worker{conn: conn, fn: fn, leave: cancel}
	if w.js, err = jetstream.New(conn); err != nil {
		return err
	}
	queue, err := w.js.Consumer(ctx, stream, consumer)
	if err != nil {
		return fmt.Errorf("the hub hands out no work: %w", err)
	}
	var wg sync.WaitGroup
	wg.Go(func() { w.sayPresent(ctx) })
	for range max(parallel, 1) {
		wg.Go(func() { w.loop(ctx, queue) })
	}
	wg.Wait()
	if errors.Is(context.Cause(ctx), errHubGone) {
		return nil // the hub has ended: its work is done or given up
	}
	return context.Cause(ctx)
}

// sayPresent tells the hub that this worker is there until ctx ends, and then that it leaves.
func (w *worker) sayPresent(ctx context.Context) {
	subject := presence + "." + id.New()
	tick := time.NewTicker(alive)
	defer tick.Stop()
	for {
		w.conn.Publish(subject, nil)
		select {
		case <-tick.C:
		case <-ctx.Done():
			w.conn.Publish(subject, []byte(leaving))
			w.conn.FlushTimeout(time.Second)
			return
		}
	}
}

var errHubGone = errors.New("the hub is gone")

type worker struct {
	conn  *nats.Conn
	js    jetstream.JetStream
	fn    func(context.Context, []byte, int) ([]byte, error)
	leave context.CancelCauseFunc

	mu   sync.Mutex
	name string // of the job in hand
	job  []byte
}

func (w *worker) loop(ctx context.Context, queue jetstream.Consumer) {
	for ctx.Err() == nil {
		batch, err := queue.Fetch(1, jetstream.FetchMaxWait(2*time.Second))
		if err != nil {
			pause(ctx, time.Second)
			continue
		}
		w.all(ctx, batch)
	}
}

// all computes what was taken off the queue; false when that was nothing.
func (w *worker) all(ctx context.Context, batch jetstream.MessageBatch) (some bool) {
	for m := range batch.Messages() {
		some = true
		w.member(ctx, m)
	}
	return some
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// member computes one member, saying all the while that it lives, and takes it off the queue once the hub
// has its result.
func (w *worker) member(ctx context.Context, m jetstream.Msg) {
	name, i, err := partsOf(m.Subject())
	if err != nil {
		m.Term()
		return
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		tick := time.NewTicker(alive)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				m.InProgress()
			}
		}
	}()
	job, err := w.fetch(ctx, name)
	if errors.Is(err, jetstream.ErrObjectNotFound) {
		m.Term() // the job has ended
		return
	}
	if err != nil {
		m.Nak()
		return
	}
	out := &nats.Msg{Subject: fmt.Sprintf("%s.%s.%d", results, name, i), Header: nats.Header{}}
	out.Data, err = w.fn(ctx, job, i)
	switch {
	case errors.Is(err, ErrUnfit):
		w.leave(err)
		m.Nak()
		return
	case ctx.Err() != nil:
		m.Nak() // somebody else shall take it now, not when this worker is missed
		return
	case err != nil:
		out.Header.Set(failure, strings.ReplaceAll(err.Error(), "\n", " "))
	case len(out.Data) > maxResult:
		out.Data = nil
		out.Header.Set(failure, fmt.Sprintf("the result is larger than %d MiB", maxResult>>20))
	}
	if _, err := w.conn.RequestMsgWithContext(ctx, out); err != nil && out.Header.Get(failure) == "" && !errors.Is(err, nats.ErrNoResponders) {
		m.Nak()
		return
	}
	m.Ack()
}

// fetch is the job, kept from the last member.
func (w *worker) fetch(ctx context.Context, name string) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.name == name {
		return w.job, nil
	}
	store, err := w.js.ObjectStore(ctx, bucket)
	if err != nil {
		return nil, err
	}
	job, err := store.GetBytes(ctx, name)
	if err == nil {
		w.name, w.job = name, job
	}
	return job, err
}

func partsOf(subject string) (job string, i int, err error) {
	parts := strings.Split(subject, ".")
	if len(parts) != 3 {
		return "", 0, fmt.Errorf("%q names no member", subject)
	}
	i, err = strconv.Atoi(parts[2])
	return parts[1], i, err
}

func indexOf(subject string) (int, error) {
	_, i, err := partsOf(subject)
	return i, err
}
