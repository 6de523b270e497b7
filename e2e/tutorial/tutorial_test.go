// Package tutorial runs docs/tutorial.md: what a newcomer reads there is what happens.
//
// Every block marked sh goes into one bash, in order, in a fresh folder that looks like the repository; the
// program is built from this source. Every line of a block marked text must appear in the output of the sh
// block before it, in order; "..." stands for anything. Blocks of another kind are not run. The port 8080 of
// the page is replaced by a free one.
package tutorial

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// step is one sh block with the lines that must follow it.
type step struct {
	line   int // of the page, where the block begins
	script string
	want   []string
}

// read takes the page apart. A text block without an sh block before it is a mistake of the page.
func read(page string) ([]step, error) {
	var steps []step
	var kind string
	var begun int
	var body []string
	for i, line := range strings.Split(page, "\n") {
		fence, isFence := strings.CutPrefix(line, "```")
		switch {
		case isFence && kind == "":
			kind, begun, body = fence, i+1, nil
			if kind == "" {
				return nil, fmt.Errorf("line %d: say of what kind the block is: sh, text or console", i+1)
			}
		case isFence:
			switch kind {
			case "sh":
				steps = append(steps, step{line: begun, script: strings.Join(body, "\n")})
			case "text":
				if len(steps) == 0 || steps[len(steps)-1].want != nil {
					return nil, fmt.Errorf("line %d: there is no sh block before this output", begun)
				}
				steps[len(steps)-1].want = body
			case "console":
			default:
				return nil, fmt.Errorf("line %d: a block of kind %q is neither run nor compared", begun, kind)
			}
			kind = ""
		case kind != "":
			body = append(body, line)
		}
	}
	if kind != "" {
		return nil, fmt.Errorf("line %d: the block does not end", begun)
	}
	return steps, nil
}

// lacking is the first wanted line that does not follow in the output, or "".
func lacking(output string, want []string) string {
	lines := strings.Split(output, "\n")
	for _, w := range want {
		parts := strings.Split(strings.TrimSpace(w), "...")
		for i, p := range parts {
			parts[i] = regexp.QuoteMeta(p)
		}
		fits := regexp.MustCompile("^\\s*" + strings.Join(parts, ".*") + "\\s*$")
		found := false
		for len(lines) > 0 && !found {
			found = fits.MatchString(lines[0])
			lines = lines[1:]
		}
		if !found {
			return w
		}
	}
	return ""
}

const mark = "@@step-ended"

func TestTheTutorialDoesWhatItSays(t *testing.T) {
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("SKIPPED: the tutorial needs %s, which is not installed here", tool)
		}
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	steps, err := read(strings.ReplaceAll(string(page), ":8080", ":"+freePort(t)))
	if err != nil {
		t.Fatalf("docs/tutorial.md: %v", err)
	}
	if len(steps) < 20 {
		t.Fatalf("docs/tutorial.md has only %d steps: blocks were lost", len(steps))
	}
	outputs, said := walk(t, root, steps)
	for i, s := range steps {
		if i >= len(outputs) {
			t.Fatalf("docs/tutorial.md:%d: the walk ended in this step:\n%s\n\nIt said:\n%s", s.line, s.script, said)
		}
		if testing.Verbose() {
			t.Logf("docs/tutorial.md:%d:\n%s\n\nsaid\n%s", s.line, s.script, outputs[i])
		}
		if w := lacking(outputs[i], s.want); w != "" {
			t.Errorf("docs/tutorial.md:%d:\n%s\n\nlacks the line\n  %s\nIt said:\n%s", s.line, s.script, w, outputs[i])
		}
	}
}

// walk types all steps into one bash and returns the output of each that ended well, and of the last.
func walk(t *testing.T, root string, steps []step) (outputs []string, last string) {
	t.Helper()
	here := t.TempDir()
	for _, name := range []string{"screening", "e2e"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(here, name)); err != nil {
			t.Fatal(err)
		}
	}
	var script strings.Builder
	script.WriteString("set -e\n")
	for _, s := range steps {
		fmt.Fprintf(&script, "%s\nprintf '\\n%s\\n'\n", s.script, mark)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	c := exec.CommandContext(ctx, "bash", "-c", script.String())
	c.Dir = here
	c.Env = append(clean(os.Environ()), "PATH="+filepath.Dir(program(t, root))+string(os.PathListSeparator)+os.Getenv("PATH"), "LC_ALL=C.UTF-8")
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	// The node runs behind the shell's prompt: end the whole group, or it would outlive a walk that stops half-way.
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = 5 * time.Second
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	err := c.Wait()
	syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
	parts := strings.Split(out.String(), "\n"+mark+"\n")
	if err != nil {
		t.Logf("the shell ended with: %v", err)
	}
	return parts[:len(parts)-1], parts[len(parts)-1]
}

// clean keeps settings of whoever runs the test out of the walk.
func clean(env []string) (out []string) {
	for _, e := range env {
		if !strings.HasPrefix(e, "LINTAS_") && !strings.HasPrefix(e, "PATH=") && !strings.HasPrefix(e, "LC_ALL=") {
			out = append(out, e)
		}
	}
	return out
}

// program builds lintas, or takes the one that LINTAS_BIN names.
func program(t *testing.T, root string) string {
	t.Helper()
	to := filepath.Join(t.TempDir(), "lintas")
	if built := os.Getenv("LINTAS_BIN"); built != "" {
		if err := os.Symlink(built, to); err != nil {
			t.Fatal(err)
		}
		return to
	}
	c := exec.Command("go", "build", "-o", to, "./cmd/lintas")
	c.Dir = root
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("the program does not build: %v\n%s", err, text)
	}
	return to
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

func TestThePageIsTakenApartAsItSays(t *testing.T) {
	steps, err := read("a\n```sh\none\ntwo\n```\nb\n```text\nout\n```\n```console\n$ not run\n```\n```sh\nthree\n```\n")
	if err != nil || len(steps) != 2 || steps[0].script != "one\ntwo" || strings.Join(steps[0].want, "|") != "out" || steps[1].want != nil || steps[1].line != 13 {
		t.Errorf("%v %+v", err, steps)
	}
	for _, wrong := range []string{"```text\nx\n```\n", "```\nx\n```\n", "```sh\nx\n", "```python\nx\n```\n"} {
		if _, err := read(wrong); err == nil {
			t.Errorf("%q was taken in silence", wrong)
		}
	}
}

func TestAMissingLineIsMissed(t *testing.T) {
	output := "one\n  two 2\nthree"
	for _, ok := range [][]string{nil, {"one"}, {"one", "three"}, {"two ..."}, {"...o 2", "thr..."}} {
		if w := lacking(output, ok); w != "" {
			t.Errorf("%q lacks %q", ok, w)
		}
	}
	for _, wrong := range [][]string{{"four"}, {"three", "one"}, {"on"}, {"one", "one"}, {"two ...9"}} {
		if lacking(output, wrong) == "" {
			t.Errorf("%q was found", wrong)
		}
	}
}
