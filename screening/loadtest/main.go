// Command loadtest measures how many interviews a second the screening desk takes through POST /submission,
// what each costs the node in processor time, and how much memory the node holds.
//
//	go run ./screening/loadtest                                          # SQLite in a temporary folder
//	go run ./screening/loadtest -database postgres://user@localhost/empty
//
// The node runs in a process of its own, so that the clients' own cost is not counted. It is the real desk
// behind the real gate, store, key ring and audit log; only sign-in is replaced by one device token. Each
// interview is new, is of the demonstration instrument, and is scored by its pack. The figures are read from
// /proc, so it runs on Linux.
package main

import (
	"bufio"
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/gate"
	"lintas/platform/keys"
	"lintas/screening"
)

const token = "load-test-device"

func main() {
	log.SetFlags(0)
	database := flag.String("database", "", "path of a SQLite file or URL of an empty PostgreSQL database; a temporary SQLite file when empty")
	seconds := flag.Float64("seconds", 5, "how long to post with each number of clients")
	clients := flag.String("clients", "1,8,32", "numbers of clients")
	profile := flag.String("profile", "", "file for a processor profile of the node")
	node := flag.String("node", "", "(internal) run the node with its keys in this folder")
	flag.Parse()
	if *node != "" {
		if err := serve(*database, *node, *profile); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := measure(*database, *clients, *seconds, *profile); err != nil {
		log.Fatal(err)
	}
}

// serve is the node. It ends when its standard input closes.
func serve(database, keyFolder, profile string) error {
	ctx := context.Background()
	d, err := db.Open(ctx, database)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := audit.Migrate(ctx, d); err != nil {
		return err
	}
	ring, err := keys.Open(ctx, filepath.Join(keyFolder, "keys.db"), filepath.Join(keyFolder, "kek"), clock.System{})
	if err != nil {
		return err
	}
	quiet := slog.New(slog.NewTextHandler(io.Discard, nil))
	desk, err := screening.Open(ctx, screening.Deps{DB: d, Keys: ring, Clock: clock.System{}, Log: quiet})
	if err != nil {
		return err
	}
	supervisor := actor.Actor{Person: "load-test", Roles: []actor.Role{actor.Supervisor}}
	if err := desk.Demo(ctx, screening.DemoCast{Publisher: supervisor}); err != nil {
		return err
	}
	g := gate.New("load test", func(r *http.Request) (actor.Actor, error) {
		if strings.HasPrefix(r.URL.Path, "/key/"+token+"/") {
			return actor.Actor{Device: "load-test"}, nil
		}
		return actor.Actor{}, problem.New(problem.Forbidden, "agency.token-unknown", "This device is not known here.")
	}, quiet)
	desk.Routes(g)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	go http.Serve(l, g)
	if profile != "" {
		f, err := os.Create(profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	fmt.Println(l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

func measure(database, clients string, seconds float64, profile string) error {
	folder, err := os.MkdirTemp("", "lintas-loadtest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	kind := "PostgreSQL"
	if database == "" || !strings.Contains(database, "://") {
		kind = "SQLite"
	}
	if database == "" {
		database = filepath.Join(folder, "lintas.db")
	}
	cmd := exec.Command(os.Args[0], "-node", folder, "-database", database, "-profile", profile)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer cmd.Wait()
	defer in.Close()
	address, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return fmt.Errorf("the node did not start: %w", err)
	}
	url := "http://" + strings.TrimSpace(address) + "/key/" + token + "/submission"
	fmt.Printf("%-11s %8s %12s %12s %14s %12s\n", "store", "clients", "interviews", "per second", "ms CPU each", "MiB resident")
	for _, c := range strings.Split(clients, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(c))
		if err != nil {
			return err
		}
		if err := round(kind, url, n, seconds, cmd.Process.Pid); err != nil {
			return err
		}
	}
	return nil
}

// round posts with n clients for a while and prints a line.
func round(kind, url string, n int, seconds float64, pid int) error {
	before, _, err := cost(pid)
	if err != nil {
		return err
	}
	var done, failed atomic.Int64
	begun := time.Now()
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			client := &http.Client{Timeout: 60 * time.Second, Transport: &http.Transport{}}
			for time.Since(begun).Seconds() < seconds {
				if err := post(client, url); err != nil {
					failed.Add(1)
					log.Print(err)
					return
				}
				done.Add(1)
			}
		})
	}
	wg.Wait()
	took := time.Since(begun)
	after, resident, err := cost(pid)
	if err != nil {
		return err
	}
	fmt.Printf("%-11s %8d %12d %12.0f %14.2f %12.0f\n", kind, n, done.Load(), float64(done.Load())/took.Seconds(),
		1000*(after-before).Seconds()/float64(max(1, done.Load())), resident)
	if failed.Load() > 0 {
		return fmt.Errorf("%d posts failed", failed.Load())
	}
	return nil
}

func post(client *http.Client, url string) error {
	var b bytes.Buffer
	m := multipart.NewWriter(&b)
	part, err := m.CreateFormFile("xml_submission_file", "interview.xml")
	if err != nil {
		return err
	}
	part.Write(screening.DemoInterview("uuid:" + id.New()))
	m.Close()
	req, err := http.NewRequest("POST", url, &b)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", m.FormDataContentType())
	req.Header.Set("X-OpenRosa-Version", "1.0")
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	if res.StatusCode != http.StatusCreated {
		return fmt.Errorf("answered %d: %s", res.StatusCode, text)
	}
	return nil
}

// cost is the processor time a process has used, and the most memory it has held resident, in MiB.
func cost(pid int) (time.Duration, float64, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	var resident float64
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscanf(v, "%f", &resident)
		}
	}
	return time.Duration(user+system) * 10 * time.Millisecond, resident / 1024, nil // clock ticks are 1/100 s on Linux
}
