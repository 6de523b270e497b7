package displacement

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"

	"lintas/displacement/abm"
	"lintas/kernel/problem"
)

// lintasMain is `lintas displacement` alone, as the test binary runs it.
func lintasMain() {
	var cli struct {
		Displacement Commands `cmd:""`
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	k := kong.Parse(&cli, kong.Name("lintas"))
	k.BindTo(ctx, (*context.Context)(nil))
	k.Bind(IO{Stdout: os.Stdout, Stderr: os.Stderr, Version: "test"})
	if err := k.Run(); err != nil {
		var p *problem.Problem
		if errors.As(err, &p) {
			fmt.Fprintf(os.Stderr, "%s: %s\n", p.Code, p.Text)
		} else {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(1)
	}
}

func TestMain(m *testing.M) {
	if os.Getenv("LINTAS_TEST_AS_COMMAND") != "" {
		lintasMain() // a real worker process of a test
		return
	}
	testscript.Main(m, map[string]func(){"lintas": lintasMain})
}

// sharedData is the folder of the public cases, or "".
func sharedData() string {
	root := os.Getenv("LINTAS_SHARED")
	if root == "" {
		dir, err := os.Getwd()
		if err != nil {
			return ""
		}
		for dir != filepath.Dir(dir) {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				root = filepath.Join(dir, "..", "shared")
				break
			}
			dir = filepath.Dir(dir)
		}
	}
	path := filepath.Join(root, "data", "displacement")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

func TestCommandsReadLikeTheManual(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/scripts",
		Setup: func(e *testscript.Env) error {
			e.Setenv("CASES", sharedData())
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			// samebut KEY A B compares two files but for the lines with a key.
			"samebut": func(ts *testscript.TestScript, neg bool, args []string) {
				without := func(name string) string {
					var out []string
					for _, line := range strings.Split(ts.ReadFile(name), "\n") {
						if !strings.Contains(line, `"`+args[0]+`"`) {
							out = append(out, line)
						}
					}
					return strings.Join(out, "\n")
				}
				if same := without(args[1]) == without(args[2]); same == neg {
					ts.Fatalf("%s and %s: the same is %v", args[1], args[2], same)
				}
			},
		},
		Condition: func(cond string) (bool, error) {
			if cond == "cases" {
				return sharedData() != "", nil
			}
			return false, fmt.Errorf("no such condition: %s", cond)
		},
	})
}

func TestAFileOfArrivalsTakesThePlaceOfTheTotals(t *testing.T) {
	c, _, _, err := openCase("../demo/displacement/case")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "arrivals.csv")
	text := fmt.Sprintf("date,people\n%s,700\n%s,300\n", c.Date(5).Format(time.DateOnly), c.Date(6).Format(time.DateOnly))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if c, _, err = (caseFlags{Arrivals: file}).open(IO{}, "../demo/displacement/case"); err != nil {
		t.Fatal(err)
	}
	r, err := abm.Run(context.Background(), c, abm.Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for day, want := range map[int]int32{4: 0, 5: 700, 6: 300, 7: 0} {
		if r.Spawned[day] != want {
			t.Errorf("day %d: %d newly displaced, the file says %d", day, r.Spawned[day], want)
		}
	}
}

func TestASeriesTakesThePlaceOfATotalInOtherLetters(t *testing.T) {
	m := tiny()
	m["source_data/data_layout.csv"].Data = []byte("Total,refugees.csv\nHarbour,h.csv\nHills,i.csv\n")
	bundle, err := packCase(m)
	if err != nil {
		t.Fatal(err)
	}
	if bundle, err = withSeries(bundle, DailySeries{Start: "2031-03-03", People: []int64{40, 2}}); err != nil {
		t.Fatal(err)
	}
	c, found, err := readBundle(bundle)
	if err != nil || c.Total == nil || c.Total.At(3) != 42 || len(c.Unmapped) != 0 {
		t.Fatalf("%+v %v %v", c.Total, found, err)
	}
}

func TestWhatARulesetAsksForInVainIsSaid(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yml")
	if err := os.WriteFile(file, []byte("move_rules:\n  max_move_sped: 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var said strings.Builder
	if _, _, err := (caseFlags{Ruleset: file}).open(IO{Stderr: &said}, "../demo/displacement/case"); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(said.String(), file+":2:3: warning: unknown setting move_rules.max_move_sped; it is ignored") {
		t.Fatalf("%q", said.String())
	}
}

func TestAnArrivalsFileThatIsWrongIsNamedWithItsLine(t *testing.T) {
	file := filepath.Join(t.TempDir(), "arrivals.csv")
	if err := os.WriteFile(file, []byte("date,people\n2031-01-02,many\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, _, err := caseFlags{Arrivals: file}.open(IO{}, "../demo/displacement/case")
	if err == nil || !strings.Contains(err.Error(), file+", 2:people") {
		t.Fatalf("got %v", err)
	}
}
