package node

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"lintas/kernel/clock"
	"lintas/platform/gate"
)

// letterbox is a real SMTP server on loopback that keeps what it takes.
type letterbox struct {
	mu    sync.Mutex
	mails []letter
	came  chan struct{}
}

type letter struct{ to, data string }

type delivery struct {
	box *letterbox
	to  string
}

func (b *letterbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &delivery{box: b}, nil }

func (s *delivery) Mail(string, *smtp.MailOptions) error { return nil }
func (s *delivery) Rcpt(to string, _ *smtp.RcptOptions) error {
	s.to = to
	return nil
}
func (s *delivery) Data(r io.Reader) error {
	data, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.mails = append(s.box.mails, letter{s.to, string(data)})
	select {
	case s.box.came <- struct{}{}:
	default:
	}
	return err
}
func (s *delivery) Reset()        {}
func (s *delivery) Logout() error { return nil }

// visitor calls a running node as a browser does, with its cookie.
type visitor struct {
	http.Client
	node string
}

func (v *visitor) call(t *testing.T, method, path string, body, out any) {
	t.Helper()
	data, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequest(method, v.node+path, bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(gate.HeaderRequest, "1")
	answer, err := v.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode >= 300 {
		t.Fatalf("%s %s: %d %s %v", method, path, answer.StatusCode, text, err)
	}
	if out != nil {
		if err := json.Unmarshal(text, out); err != nil {
			t.Fatal(err)
		}
	}
}

// run serves the node until the test ends, and returns somebody signed in.
func run(t *testing.T, n *Node, login string) *visitor {
	t.Helper()
	ctx, end := context.WithCancel(context.Background())
	ready, done := make(chan net.Addr, 1), make(chan error, 1)
	go func() { done <- n.Serve(ctx, func(a net.Addr) { ready <- a }) }()
	t.Cleanup(func() {
		end()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	v := &visitor{http.Client{Jar: jar, Timeout: 30 * time.Second}, "http://" + (<-ready).String()}
	v.call(t, "POST", "/api/agency/sign-in", map[string]string{"login": login, "password": demoPassword}, nil)
	return v
}

// personal collects every text of four letters or more of a value, so that it can be looked for elsewhere.
func personal(v any, into *[]string) {
	switch v := v.(type) {
	case map[string]any:
		for _, one := range v {
			personal(one, into)
		}
	case []any:
		for _, one := range v {
			personal(one, into)
		}
	case string:
		if len([]rune(v)) >= 4 {
			*into = append(*into, v)
		}
	}
}

// holds finds a text that does not stand inside a longer word: "Tran" is no part of "Transfer".
func holds(text, secret string) bool {
	return regexp.MustCompile(`(^|[^\pL\pN])` + regexp.QuoteMeta(secret) + `($|[^\pL\pN])`).MatchString(text)
}

// The whole way: a caseworker asks for notices, something happens on a running node, a mail server takes the mail.
// It says that there is something and nothing else: no name, code, id or word of any case is in it.
func TestARunningNodeMailsANoticeThatSaysNothingPersonal(t *testing.T) {
	box := &letterbox{came: make(chan struct{}, 1)}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(box)
	go server.Serve(l)
	t.Cleanup(func() { server.Close() })

	var log bytes.Buffer
	dir := t.TempDir()
	c := Config{Data: dir, Database: filepath.Join(dir, "n.db"), Listen: "127.0.0.1:0", PublicURL: "http://localhost:8080", Name: "trial", Country: "XS", SMTP: "smtp://" + l.Addr().String(), MailFrom: "node@agency.example"}
	if err := c.Complete(); err != nil {
		t.Fatal(err)
	}
	n, err := Open(context.Background(), c, clock.System{}, slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	if _, err := n.MakeDemo(context.Background()); err != nil {
		t.Fatal(err)
	}

	var secrets []string
	t.Run("something happens", func(t *testing.T) { // the node ends with this part, the mails are sent or not
		v := run(t, n, "caseworker@demo")
		v.call(t, "PUT", "/api/casework/channel", map[string]string{"kind": "email", "value": "desk-seven@agency.example"}, nil)
		var made struct{ ID, Code string }
		v.call(t, "POST", "/api/casework/cases", map[string]any{"values": map[string]string{"given_name": "Khin Myat", "family_name": "Noe", "phone": "+95 9 420 111 222", "story": "She was promised a kitchen."}, "needs": []string{"shelter"}}, &made)
		v.call(t, "POST", "/api/casework/cases/"+made.ID+"/entries", map[string]any{"kind": "task", "code": "call", "due_day": "2020-01-01", "text": map[string]string{"text": "Ask the sister in Hpa-An."}}, nil)
		// The node's own jobs go round once a minute, so that a mail comes within two; this is their next round.
		for _, job := range n.Casework.Jobs() {
			if job.Name == "casework.terms" || job.Name == "casework.notices" {
				if err := job.Run(context.Background()); err != nil {
					t.Error(job.Name, err)
				}
			}
		}
		select {
		case <-box.came:
		case <-time.After(time.Minute):
			t.Fatal("no mail has come")
		}
		var list struct{ Items []map[string]any }
		v.call(t, "GET", "/api/casework/cases?limit=100", nil, &list)
		for _, one := range list.Items {
			var page map[string]any
			v.call(t, "GET", "/api/casework/cases/"+one["id"].(string), nil, &page)
			personal(page["sheets"], &secrets)
			for _, part := range page["entries"].([]any) {
				personal(part.(map[string]any)["text"], &secrets)
			}
			secrets = append(secrets, one["id"].(string), one["code"].(string))
		}
	})
	for _, must := range []string{"Khin Myat", "+95 9 420 111 222", "She was promised a kitchen.", "Ask the sister in Hpa-An."} {
		if !slices.Contains(secrets, must) {
			t.Fatalf("the test does not look for %q", must)
		}
	}
	box.mu.Lock()
	defer box.mu.Unlock()
	if len(box.mails) == 0 {
		t.Fatal("no mail")
	}
	for _, m := range box.mails {
		if m.to != "desk-seven@agency.example" || !strings.Contains(m.data, "There is something for you in Lintas") || !strings.Contains(m.data, "Auto-Submitted: auto-generated") {
			t.Errorf("to %s: %s", m.to, m.data)
		}
		for _, secret := range append(secrets, "Dewi", "caseworker@demo", "referral", "overdue") {
			if holds(m.data, secret) {
				t.Errorf("a mail holds %q", secret)
			}
		}
	}
	for _, secret := range append(secrets, "desk-seven@agency.example") {
		if holds(log.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}
