package screening

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/gate"
	"lintas/platform/keys"
)

// The child of the durability test is this test binary, started again as a node: a real process with a real
// store, so that kill -9 is a real kill -9.
const childEnv = "LINTAS_SCREENING_CHILD"

func TestMain(m *testing.M) {
	if where := os.Getenv(childEnv); where != "" {
		serveChild(where, os.Getenv(childEnv+"_KEYS"))
		return
	}
	os.Exit(m.Run())
}

func serveChild(where, keyFolder string) {
	fail := func(err error) {
		if err != nil {
			fmt.Println("child:", err)
			os.Exit(1)
		}
	}
	ctx := context.Background()
	d, err := db.Open(ctx, where)
	fail(err)
	fail(audit.Migrate(ctx, d))
	ring, err := keys.Open(ctx, filepath.Join(keyFolder, "keys.db"), filepath.Join(keyFolder, "kek"), clock.System{})
	fail(err)
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	desk, err := Open(ctx, Deps{DB: d, Keys: ring, Clock: clock.System{}, Log: log})
	fail(err)
	_, err = desk.Publish(actor.With(ctx, theSuper), Publication{XForm: arrivalXForm})
	fail(err)
	g := gate.New("test", authenticate, log)
	desk.Routes(g)
	server := httptest.NewServer(g)
	fmt.Println("listening", server.URL)
	select {}
}

// child is a node in a process of its own.
type child struct {
	cmd *exec.Cmd
	url string
}

func startChild(t *testing.T, where, keyFolder string) child {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^$")
	cmd.Env = append(os.Environ(), childEnv+"="+where, childEnv+"_KEYS="+keyFolder)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening ")
	if err != nil || !ok {
		t.Fatalf("the child did not start: %q %v", line, err)
	}
	return child{cmd, url}
}

func (c child) kill() {
	c.cmd.Process.Kill() // SIGKILL
	c.cmd.Wait()
}

func TestEveryAnswered201IsThereExactlyOnceAfterKill9(t *testing.T) {
	kills := 3
	if os.Getenv("LINTAS_SLOW") != "" {
		kills = 40
	}
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			where := filepath.Join(t.TempDir(), "lintas.db")
			if kind == "postgres" {
				where = dbtest.PostgresURL(t)
			}
			killLoop(t, where, t.TempDir(), kills)
		})
	}
}

// killLoop lets eight clients post, kills the node again and again, and counts.
func killLoop(t *testing.T, where, keyFolder string, kills int) {
	var answered sync.Map // instanceID -> true once 201 was heard
	var sent, heard atomic.Int64
	var node atomic.Pointer[child]
	c := startChild(t, where, keyFolder)
	node.Store(&c)
	stop := make(chan struct{})
	var clients sync.WaitGroup
	for n := range 8 {
		clients.Go(func() {
			for i := 0; ; i++ {
				id := fmt.Sprintf("uuid:%d-%d", n, i)
				for try := 0; ; try++ { // as a phone does: until it hears 201
					select {
					case <-stop:
						return
					default:
					}
					sent.Add(1)
					if postTo(node.Load().url, id) == http.StatusCreated {
						heard.Add(1)
						answered.Store(id, true)
						break
					}
					time.Sleep(time.Duration(rand.IntN(10)) * time.Millisecond)
				}
			}
		})
	}
	for range kills {
		time.Sleep(time.Duration(100+rand.IntN(300)) * time.Millisecond)
		node.Load().kill()
		c := startChild(t, where, keyFolder)
		node.Store(&c)
	}
	time.Sleep(200 * time.Millisecond)
	node.Load().kill()
	close(stop)
	clients.Wait()
	checkAfterKills(t, where, &answered)
	t.Logf("%d kills, %d posts, %d heard 201", kills+1, sent.Load(), heard.Load())
}

func postTo(url, instanceID string) int {
	typ, body := posting(withXML(interview(instanceID), attachment("papers.jpg", "jpeg"))...)
	req, _ := http.NewRequest("POST", url+"/key/good/submission", strings.NewReader(body))
	req.Header.Set("Content-Type", typ)
	req.Header.Set("X-OpenRosa-Version", "1.0")
	client := http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0
	}
	return res.StatusCode
}

func checkAfterKills(t *testing.T, where string, answered *sync.Map) {
	t.Helper()
	d, err := db.Open(context.Background(), where)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	times := map[string]int{}
	err = d.Read(context.Background(), func(tx *db.Tx) error {
		rows, err := db.All(tx, func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) }, `SELECT r.instance_id FROM screening_record r JOIN screening_submission s ON s.id = r.submission WHERE s.xml IS NOT NULL`)
		for _, v := range rows {
			times[v]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	answered.Range(func(id, _ any) bool {
		n++
		if times[id.(string)] != 1 {
			t.Errorf("%s was answered 201 and is there %d times", id, times[id.(string)])
		}
		return true
	})
	if n == 0 {
		t.Error("nothing was answered, so this test shows nothing")
	}
	for id, k := range times {
		if k != 1 {
			t.Errorf("%s is there %d times", id, k)
		}
	}
	r, err := audit.Verify(context.Background(), d, map[string]audit.Stored{"screening": Stored}, nil)
	if err != nil || !r.OK() {
		t.Errorf("the audit log does not hold: %v %v", err, r.Problems)
	}
}
