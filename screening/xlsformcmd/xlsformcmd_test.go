package xlsformcmd

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts in testdata read like a manual: they run the commands as a person
// would, in a program with nothing else in it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"lintas": program})
}

func program() {
	var cli struct {
		XLSForm Commands `cmd:"" name:"xlsform" help:"Work with XLSForm workbooks."`
	}
	parser, err := kong.New(&cli, kong.Name("lintas"), kong.Exit(os.Exit))
	if err != nil {
		panic(err)
	}
	parsed, err := parser.Parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "lintas: error:", err)
		os.Exit(int(usage))
	}
	err = parsed.Run(&Streams{Stdout: os.Stdout, Stderr: os.Stderr})
	var exit Exit
	if errors.As(err, &exit) {
		os.Exit(exit.ExitCode())
	}
	parsed.FatalIfErrorf(err)
}

func TestCommands(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata", Setup: func(e *testscript.Env) error {
		if root := shared(); root != "" {
			e.Setenv("CORPUS", filepath.Join(root, "data", "xlsform-corpus"))
		}
		return nil
	}, Condition: func(cond string) (bool, error) {
		if cond == "corpus" {
			if shared() == "" {
				t.Log("SKIPPED a part: the XLSForm corpus is not beside the repository; set LINTAS_SHARED")
				return false, nil
			}
			return true, nil
		}
		return false, fmt.Errorf("unknown condition %s", cond)
	}})
}

func shared() string {
	root := os.Getenv("LINTAS_SHARED")
	if root == "" {
		dir, err := os.Getwd()
		for err == nil && dir != filepath.Dir(dir) {
			if _, statErr := os.Stat(filepath.Join(dir, "go.mod")); statErr == nil {
				root = filepath.Join(dir, "..", "shared")
				break
			}
			dir = filepath.Dir(dir)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "data", "xlsform-corpus", "cases")); err != nil {
		return ""
	}
	return root
}
