// Command loadtest measures how many interviews a second a node takes through POST /submission, what each
// costs the node in processor time, and how much memory the node holds.
//
//	go run ./screening/loadtest                                            # SQLite in a temporary folder
//	go run ./screening/loadtest -database postgres://user@localhost/empty
//
// The node is the program itself, built from this source and serving its demo country, in a process of its
// own, so that the clients' own cost is not counted. Phones enrolled as a supervisor would enrol them post
// interviews on the demonstration instrument; each interview is new and is scored by its pack. The figures
// are read from /proc, so it runs on Linux.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"lintas/kernel/id"
	"lintas/screening"
)

func main() {
	log.SetFlags(0)
	database := flag.String("database", "", "URL of an empty PostgreSQL database; a SQLite file in a temporary folder when empty")
	seconds := flag.Float64("seconds", 5, "how long to post with each number of clients")
	clients := flag.String("clients", "1,8,32", "numbers of clients")
	binary := flag.String("binary", "", "the program to measure; built from this source when empty")
	flag.Parse()
	if err := measure(*binary, *database, *clients, *seconds); err != nil {
		log.Fatal(err)
	}
}

func measure(binary, database, clients string, seconds float64) error {
	folder, err := os.MkdirTemp("", "lintas-loadtest-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	if binary == "" {
		binary = filepath.Join(folder, "lintas")
		if err := build(binary); err != nil {
			return err
		}
	}
	kind := "SQLite"
	settings := append(os.Environ(), "LINTAS_DATA="+filepath.Join(folder, "data"), "LINTAS_LOG_LEVEL=error")
	if database != "" {
		kind = "PostgreSQL"
		settings = append(settings, "LINTAS_DATABASE="+database)
	}
	if err := lintas(binary, settings, "demo").Run(); err != nil {
		return fmt.Errorf("making the demo country: %w", err)
	}
	node, address, err := serve(binary, settings)
	if err != nil {
		return err
	}
	defer func() {
		node.Process.Signal(os.Interrupt)
		node.Wait()
	}()
	phone, err := enrol(address)
	if err != nil {
		return err
	}
	if err := settle(node.Process.Pid); err != nil {
		return err
	}
	fmt.Printf("%-11s %8s %12s %12s %14s %14s %14s\n", "store", "clients", "interviews", "per second", "ms CPU each", "MB resident", "of it memory")
	for _, c := range strings.Split(clients, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(c))
		if err != nil {
			return err
		}
		if err := round(kind, phone+"/submission", n, seconds, node.Process.Pid); err != nil {
			return err
		}
	}
	return nil
}

// build makes the program and has the system forget what it keeps of the file, as if the machine had been started
// since: a file just written lies in the cache in pieces of up to 2 MB, and Linux since 6.18 maps the whole piece
// for each page that is needed. Measured on it, a node would seem to hold 10 to 25 MB more than on the day after.
func build(binary string) error {
	if out, err := exec.Command("go", "build", "-o", binary, "./cmd/lintas").CombinedOutput(); err != nil {
		return fmt.Errorf("building the program: %w: %s", err, out)
	}
	f, err := os.Open(binary)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil {
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}

func lintas(binary string, settings []string, arguments ...string) *exec.Cmd {
	cmd := exec.Command(binary, arguments...)
	cmd.Env, cmd.Stderr = settings, os.Stderr
	return cmd
}

// serve starts the node on a free port and waits until it answers.
func serve(binary string, settings []string) (*exec.Cmd, string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", err
	}
	address := l.Addr().String()
	l.Close()
	cmd := lintas(binary, settings, "serve", "--listen", address)
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	for range 300 {
		if res, err := http.Get("http://" + address + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return cmd, "http://" + address, nil
			}
		}
		time.Sleep(100 * time.Millisecond)
	}
	cmd.Process.Kill()
	return nil, "", errors.New("the node did not come up within 30 seconds")
}

// enrol signs in as the demo's supervisor, enrols a phone and returns its address of the node.
func enrol(node string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	supervisor := &http.Client{Jar: jar}
	if err := ask(supervisor, node+"/api/agency/sign-in", `{"login":"supervisor@demo","password":"lintas demo sunrise"}`, nil); err != nil {
		return "", fmt.Errorf("signing in: %w", err)
	}
	var phone struct {
		Address string `json:"server_url"` // holds the phone's token; its host is the node's public address
	}
	if err := ask(supervisor, node+"/api/agency/devices", `{"name":"load test"}`, &phone); err != nil {
		return "", fmt.Errorf("enrolling a phone: %w", err)
	}
	at := strings.Index(phone.Address, "/key/")
	if at < 0 {
		return "", fmt.Errorf("the phone's address %q holds no key", phone.Address)
	}
	return node + phone.Address[at:], nil
}

func ask(c *http.Client, url, body string, answer any) error {
	req, err := http.NewRequest("POST", url, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Lintas-Request", "1")
	res, err := c.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("answered %d: %s", res.StatusCode, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// trimmed is how long after its start the node has given back what only starting needed (platform/footprint).
const trimmed = 12 * time.Second

// settle waits until the node has done what it does after starting (the demo's scenarios are computed then), so
// that it is not counted as a cost of interviews.
func settle(pid int) error {
	time.Sleep(trimmed)
	for range 60 {
		before, _, _, err := cost(pid)
		if err != nil {
			return err
		}
		time.Sleep(time.Second)
		after, _, _, err := cost(pid)
		if err != nil {
			return err
		}
		if after-before < 50*time.Millisecond {
			return nil
		}
	}
	return errors.New("the node does not come to rest within a minute")
}

// round posts with n clients for a while and prints a line.
func round(kind, url string, n int, seconds float64, pid int) error {
	// "5" makes the kernel count the peak anew (proc(5), clear_refs): the round's own, not that of a sign-in.
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		return err
	}
	before, _, _, err := cost(pid)
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
	after, resident, own, err := cost(pid)
	if err != nil {
		return err
	}
	fmt.Printf("%-11s %8d %12d %12.0f %14.2f %14.0f %14.0f\n", kind, n, done.Load(), float64(done.Load())/took.Seconds(),
		1000*(after-before).Seconds()/float64(max(1, done.Load())), resident, own)
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

// cost is the processor time a process has used; the most memory it has held resident since the peak was last
// reset, in MB (10^6 bytes); and how much of what it holds now is its own, the rest being pages of the program's
// file.
func cost(pid int) (used time.Duration, resident, own float64, err error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, 0, err
	}
	f := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	user, _ := strconv.Atoi(f[11])
	system, _ := strconv.Atoi(f[12])
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		if v, ok := strings.CutPrefix(line, "VmHWM:"); ok {
			fmt.Sscanf(v, "%f", &resident)
		}
		if v, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			fmt.Sscanf(v, "%f", &own)
		}
	}
	return time.Duration(user+system) * 10 * time.Millisecond, resident * 1024 / 1e6, own * 1024 / 1e6, nil // clock ticks are 1/100 s on Linux
}
