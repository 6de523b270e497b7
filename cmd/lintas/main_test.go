package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"lintas": func() {
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
		},
	})
}

func TestTheCommandLineReadsLikeItsManual(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata"})
}

// aCommand is one command of a line of an example, up to what a shell takes for itself.
var aCommand = regexp.MustCompile(`lintas ((?:'[^']*'|"[^"]*"|[^ ])(?:'[^']*'|"[^"]*"|[^|<>&('"])*)`)

// aWord is one word as a shell reads it.
var aWord = regexp.MustCompile(`(?:'[^']*'|"[^"]*"|[^ '"])+`)

func TestEveryCommandShowsExamplesThatItUnderstands(t *testing.T) {
	parser := func() *kong.Kong {
		p, err := newParser(&commands{}, streams{nil, io.Discard, io.Discard}, nil, func(int) {})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	found := 0
	for _, leaf := range parser().Model.Leaves(true) {
		examples := slices.DeleteFunc(strings.Split(leaf.Detail, "\n"), func(line string) bool { return !strings.HasPrefix(line, "  ") })
		if len(examples) == 0 {
			t.Errorf("lintas %s --help has no example", leaf.Path())
		}
		for _, line := range examples {
			for _, command := range aCommand.FindAllStringSubmatch(line, -1) {
				found++
				var args []string
				for _, word := range aWord.FindAllString(command[1], -1) {
					args = append(args, strings.NewReplacer(`'`, ``, `"`, ``).Replace(word))
				}
				if slices.Equal(args, []string{"..."}) {
					continue
				}
				if i := slices.Index(args, "2"); i > 0 && i == len(args)-1 {
					args = args[:i] // of 2> file
				}
				if _, err := parser().Parse(args); err != nil {
					t.Errorf("the example %q: %v", line, err)
				}
			}
		}
	}
	if found < 60 {
		t.Errorf("only %d examples were tried", found)
	}
}
