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
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"lintas/kernel/id"
)

const (
	stream    = "members"        // members not yet done
	consumer  = "workers"        // all workers share it
	bucket    = "jobs"           // what the members are of
	results   = "results"        // subject prefix of results
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
	dir, err := os.MkdirTemp("", "lintas-spread-")
	if err != nil {
		return nil, err
	}
	h := &Hub{dir: dir, token: o.Token}
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

// Workers counts the connections other than the hub's own.
func (h *Hub) Workers() int { return max(h.server.NumClients()-1, 0) }

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

// Map hands out the members 0..n-1 of a job and calls each once for every member with its result, in the
// order in which they come back, never two at a time. It returns when all are back, when each or a worker's
// function returns an error, or when ctx ends.
func (h *Hub) Map(ctx context.Context, job []byte, n int, each func(i int, result []byte) error) error {
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
	defer h.purge(context.WithoutCancel(ctx), name)
	for i := range n {
		if _, err := h.js.Publish(ctx, fmt.Sprintf("%s.%s.%d", stream, name, i), nil); err != nil {
			return fmt.Errorf("hand out member %d: %w", i, err)
		}
	}
	return h.collect(ctx, back, n, each)
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
