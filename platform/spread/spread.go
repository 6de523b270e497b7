// Package spread hands out the members of a computation to workers: processes on this or other machines
// inside one node's trust boundary, joined over an embedded NATS JetStream server.
//
// Only for work that can be computed again: everything lies in memory, and a hub that dies takes its job with
// it. A worker that dies costs the member it held and nothing else: the member is handed out again when its
// sign of life is missing. A member may so be computed twice; the first result counts. As members are
// deterministic (same bytes for the same job and index), nobody can tell.
//
// The link is not encrypted: join workers on one machine or over a private, encrypted network. The token
// keeps strangers out; it is part of the URL and must not be logged.
package spread

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"lintas/kernel/id"
)

const (
	stream    = "members"  // members not yet done
	consumer  = "workers"  // all workers share it
	bucket    = "jobs"     // what the members are of
	results   = "results"  // subject prefix of results
	presence  = "presence" // subject prefix on which workers say that they are there
	idle      = 100 * time.Millisecond
	alive     = 3 * time.Second  // a worker says that it lives this often
	lost      = 10 * time.Second // and is given up after this long
	maxResult = 32 << 20         // bytes of one result
	maxJob    = 512 << 20        // bytes of a job
)

// Options say where the hub answers.
type Options struct {
	Listen string // HOST:PORT; port 0 = any free one; empty = 127.0.0.1:0
	Token  string // what workers must know; empty = a new random one
}

// Hub is the embedded server and the side that hands out.
type Hub struct {
	server *server.Server
	conn   *nats.Conn
	js     jetstream.JetStream
	dir    string
	token  string
	turn   chan struct{} // holds one: jobs take turns

	mu    sync.Mutex
	heard map[string]time.Time // when each worker last said that it is there
}

// Start starts a hub. Close it.
func Start(ctx context.Context, o Options) (*Hub, error) {
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	if o.Token == "" {
		o.Token = id.Secret()
	}
	host, port, err := listenAt(o.Listen)
	if err != nil {
		return nil, err
	}
	if err := free(host, port); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lintas-spread-")
	if err != nil {
		return nil, err
	}
	h := &Hub{dir: dir, token: o.Token, turn: make(chan struct{}, 1), heard: map[string]time.Time{}}
	if err := h.start(ctx, host, port); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

func listenAt(listen string) (string, int, error) {
	host, text, err := net.SplitHostPort(listen)
	if err != nil {
		return "", 0, fmt.Errorf("write the address as HOST:PORT, e.g. 127.0.0.1:4222: %w", err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		return "", 0, fmt.Errorf("the port %q is not a number", text)
	}
	if port == 0 {
		port = server.RANDOM_PORT
	}
	return host, port, nil
}

// free says at once what the server would say after ten seconds only.
func free(host string, port int) error {
	if port == server.RANDOM_PORT {
		return nil
	}
	l, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return fmt.Errorf("the hub cannot listen: %w", err)
	}
	return l.Close()
}

func (h *Hub) start(ctx context.Context, host string, port int) (err error) {
	h.server, err = server.NewServer(&server.Options{
		Host: host, Port: port, Authorization: h.token, JetStream: true, StoreDir: h.dir, MaxPayload: maxResult + 1<<16,
		JetStreamMaxMemory: 2 << 30, JetStreamMaxStore: maxJob, NoLog: true, NoSigs: true, DisableJetStreamBanner: true,
	})
	if err != nil {
		return fmt.Errorf("start the hub: %w", err)
	}
	h.server.Start()
	if !h.server.ReadyForConnections(10 * time.Second) {
		return errors.New("the hub did not get ready within ten seconds; is the address free?")
	}
	if h.conn, err = nats.Connect("", nats.InProcessServer(h.server), nats.Token(h.token)); err != nil {
		return fmt.Errorf("connect to the hub: %w", err)
	}
	if h.js, err = jetstream.New(h.conn); err != nil {
		return err
	}
	if _, err = h.conn.Subscribe(presence+".*", h.hear); err != nil {
		return err
	}
	if _, err = h.js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: bucket, Storage: jetstream.MemoryStorage, MaxBytes: maxJob}); err != nil {
		return err
	}
	if _, err = h.js.CreateStream(ctx, jetstream.StreamConfig{Name: stream, Subjects: []string{stream + ".*.*"}, Retention: jetstream.WorkQueuePolicy, Storage: jetstream.MemoryStorage}); err != nil {
		return err
	}
	_, err = h.js.CreateConsumer(ctx, stream, jetstream.ConsumerConfig{Durable: consumer, AckPolicy: jetstream.AckExplicitPolicy, AckWait: lost, MaxDeliver: -1, MaxAckPending: 10_000})
	return err
}

// URL is what workers join; it holds the token.
func (h *Hub) URL() string {
	u, err := url.Parse(h.server.ClientURL())
	if err != nil {
		return h.server.ClientURL()
	}
	u.User = url.User(h.token)
	return u.String()
}

// Address is where the hub answers.
func (h *Hub) Address() net.Addr { return h.server.Addr() }

// hear notes that a worker is there, or leaves.
func (h *Hub) hear(m *nats.Msg) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if who := strings.TrimPrefix(m.Subject, presence+"."); string(m.Data) == leaving {
		delete(h.heard, who)
	} else {
		h.heard[who] = time.Now()
	}
}

// Workers counts the workers that said they are there within the time after which one is given up: a machine
// that lost its power closes no connection.
func (h *Hub) Workers() (n int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for who, at := range h.heard {
		if time.Since(at) > lost {
			delete(h.heard, who)
			continue
		}
		n++
	}
	return n
}

// Close ends the hub.
func (h *Hub) Close() error {
	if h.conn != nil {
		h.conn.Close()
	}
	if h.server != nil {
		h.server.Shutdown()
		h.server.WaitForShutdown()
	}
	return os.RemoveAll(h.dir)
}

// Here is what this process does itself of a job that it hands out.
type Here struct {
	Parallel int // members at once; 0 leaves all to the workers
	Do       func(ctx context.Context, i int) ([]byte, error)
}

// Map hands out the members 0..n-1 of a job and calls each once for every member with its result, in the
// order in which they come back, never two at a time. here takes members off the same queue, so that a job
// goes on when no worker is there. It returns when all are back, when each or a worker's function returns an
// error, or when ctx ends. Jobs take turns.
func (h *Hub) Map(ctx context.Context, job []byte, n int, here Here, each func(i int, result []byte) error) error {
	select {
	case h.turn <- struct{}{}:
		defer func() { <-h.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	name := id.New()
	store, err := h.js.ObjectStore(ctx, bucket)
	if err != nil {
		return err
	}
	if _, err := store.PutBytes(ctx, name, job); err != nil {
		return fmt.Errorf("hand over the job: %w", err)
	}
	defer store.Delete(context.WithoutCancel(ctx), name)
	back, err := h.conn.SubscribeSync(results + "." + name + ".*")
	if err != nil {
		return err
	}
	defer back.Unsubscribe()
	if err := back.SetPendingLimits(-1, -1); err != nil { // a slow reader must not lose results
		return err
	}
	defer h.help(ctx, name, here)()
	defer h.purge(context.WithoutCancel(ctx), name) // before the help ends: what it gives back is not handed out
	for i := range n {
		if _, err := h.js.Publish(ctx, fmt.Sprintf("%s.%s.%d", stream, name, i), nil); err != nil {
			return fmt.Errorf("hand out member %d: %w", i, err)
		}
	}
	return h.collect(ctx, back, n, each)
}

// help computes members of a job in this process until the function that it returns is called.
func (h *Hub) help(ctx context.Context, name string, here Here) (end func()) {
	ctx, stop := context.WithCancelCause(ctx)
	w := &worker{conn: h.conn, js: h.js, leave: stop, name: name}
	w.fn = func(ctx context.Context, _ []byte, i int) ([]byte, error) { return here.Do(ctx, i) }
	var wg sync.WaitGroup
	for range here.Parallel {
		wg.Go(func() {
			queue, err := h.js.Consumer(ctx, stream, consumer)
			for err == nil && ctx.Err() == nil {
				// Not waiting in the queue: a wait that outlived the job would swallow a member of the next.
				batch, err := queue.FetchNoWait(1)
				if err != nil || !w.all(ctx, batch) {
					pause(ctx, idle)
				}
			}
		})
	}
	return func() { stop(nil); wg.Wait() }
}

func (h *Hub) collect(ctx context.Context, back *nats.Subscription, n int, each func(i int, result []byte) error) error {
	seen := make([]bool, n)
	for left := n; left > 0; {
		m, err := back.NextMsgWithContext(ctx)
		if err != nil {
			return err
		}
		i, err := indexOf(m.Subject)
		if err != nil || i >= n {
			return fmt.Errorf("a worker sent a result for a member that does not exist (%s)", m.Subject)
		}
		if text := m.Header.Get(failure); text != "" {
			return fmt.Errorf("member %d failed: %s", i, text)
		}
		// The worker takes the member off the queue only after this answer: a result that reached nobody is
		// computed again.
		if err := m.Respond(nil); err != nil {
			return err
		}
		if seen[i] {
			continue
		}
		seen[i] = true
		left--
		if err := each(i, m.Data); err != nil {
			return err
		}
	}
	return nil
}

func (h *Hub) purge(ctx context.Context, name string) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	if s, err := h.js.Stream(ctx, stream); err == nil {
		s.Purge(ctx, jetstream.WithPurgeSubject(stream+"."+name+".*"))
	}
}
