// Command lintas is a node of Lintas and every tool that goes with it.
//
// Exit codes: 0 done; 1 the work could not be done, or what was checked is not in order; 2 the command line
// is wrong; 3 the node's store or keys cannot be opened; 130 ended by Ctrl-C.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"reflect"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/node"
)

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
	exitStore  = 3
	exitSignal = 130
)

// streams are where a command reads and writes; tests hand in their own.
type streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// opener opens the node of the settings in force; a command that needs no node never calls it.
type opener func(ctx context.Context) (*node.Node, error)

// errStore marks that the node could not be opened.
type errStore struct{ error }

func (e errStore) Unwrap() error { return e.error }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr})
	stop()
	os.Exit(code)
}

// run is the whole program but for the process around it.
func run(ctx context.Context, args []string, s streams) int {
	var c commands
	exit := -1
	args, told := asked(args)
	if told == exitUsage {
		s.Out = s.Err // nothing was asked for: what there is stands where errors stand
	}
	settings, path, err := readSettings(args)
	if err == nil {
		err = notForAFile(settings, path)
	}
	if err != nil && slices.ContainsFunc(args, func(a string) bool { return a == "--help" || a == "-h" }) {
		settings, err = nil, nil // help is for those whose file is broken, too
	}
	if err != nil {
		fmt.Fprintln(s.Err, "lintas:", err)
		return exitUsage
	}
	parser, err := newParser(&c, s, settings, func(code int) { exit = code; panic(exited{}) })
	if err != nil {
		fmt.Fprintln(s.Err, "lintas:", err)
		return exitUsage
	}
	if err := unknownSetting(parser.Model, settings, path); err != nil {
		fmt.Fprintln(s.Err, "lintas:", err)
		return exitUsage
	}
	where := func(err error) error { return origin(err, parser.Model, args, settings, path) }
	parsed, code := parse(parser, args, &exit, s, where)
	if parsed == nil {
		return max(code, told)
	}
	if err := c.Config.Complete(); err != nil {
		fmt.Fprintln(s.Err, "lintas:", where(err))
		return exitUsage
	}
	log := newLog(c.Config, s.Err)
	if command := parsed.Command(); command == "serve" || command == "config" {
		for _, name := range mistyped(parser.Model, os.Environ()) {
			log.Warn("the environment names a setting that there is not; lintas config lists them", "name", name)
		}
	}
	open := opener(func(ctx context.Context) (*node.Node, error) {
		if err := thereIsANode(parsed.Command(), c.Config); err != nil {
			return nil, errStore{err}
		}
		n, err := node.Open(ctx, c.Config, clock.System{}, log)
		if err != nil {
			return nil, errStore{err}
		}
		return n, nil
	})
	closeNode, err := bind(parsed, ctx, s, open, &c, log)
	if err != nil {
		fmt.Fprintln(s.Err, "lintas:", err)
		return exitUsage
	}
	err = parsed.Run()
	return exitOf(ctx, errors.Join(err, closeNode()), s)
}

// thereIsANode keeps a command that works on a node from making an empty one where the folder was mistyped:
// "0 leaves, in order" would be a lie. Only those that begin a node may make it.
func thereIsANode(command string, c node.Config) error {
	for _, begins := range []string{"serve", "demo", "person add"} {
		if command == begins || strings.HasPrefix(command, begins+" ") {
			return nil
		}
	}
	if strings.Contains(c.Database, "://") {
		return nil
	}
	if _, err := os.Stat(strings.TrimPrefix(c.Database, "sqlite:")); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no node in %s yet. Give its folder with --data, or begin one with `lintas serve --data %s`", c.Data, c.Data)
	}
	return nil
}

// exited unwinds out of kong when it wants to end the process (after --help).
type exited struct{}

// newParser reads command lines into c; end is called when kong wants to end the process.
func newParser(c *commands, s streams, settings map[string]any, end func(code int)) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("lintas"),
		kong.Description("Protect people from trafficking; be ready for displacement. One program, one node for each organisation. Independent software, not official.\n\nExit codes: 0 done, 1 failed or not in order, 2 wrong command line, 3 store or keys cannot be opened, 130 ended by Ctrl-C."),
		kong.Writers(s.Out, s.Err),
		kong.Exit(end),
		kong.Resolvers(fileResolver(settings)),
		kong.TypeMapper(reflect.TypeFor[time.Duration](), kong.MapperFunc(durations)),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
	)
}

// asked turns "lintas help COMMAND" and "lintas --version" into what the parser knows. With nothing on the command
// line it asks for help, and the exit code says that something was missing.
func asked(args []string) (known []string, code int) {
	switch {
	case len(args) == 0:
		return []string{"--help"}, exitUsage
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help"), exitDone
	case args[0] == "--version":
		return append([]string{"version"}, args[1:]...), exitDone
	}
	return args, exitDone
}

func parse(parser *kong.Kong, args []string, exit *int, s streams, where func(error) error) (parsed *kong.Context, code int) {
	defer func() {
		if p := recover(); p != nil {
			if _, ok := p.(exited); !ok {
				panic(p)
			}
			parsed, code = nil, *exit
		}
	}()
	parsed, err := parser.Parse(args)
	if err == nil {
		return parsed, 0
	}
	fmt.Fprintf(s.Err, "lintas: %v\nSee `lintas --help`, or `lintas COMMAND --help` for one command.\n", where(err))
	return nil, exitUsage
}

func newLog(c node.Config, w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	o := &slog.HandlerOptions{Level: level}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

// exitOf prints what went wrong and says with which code to end.
func exitOf(ctx context.Context, err error, s streams) int {
	var store errStore
	var with interface{ ExitCode() int }
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &with):
		if text := err.Error(); text != "" {
			fmt.Fprintln(s.Err, "lintas:", text)
		}
		return with.ExitCode()
	}
	text := err.Error()
	if p, ok := problem.As(err); ok {
		text = p.Text
	}
	fmt.Fprintln(s.Err, "lintas:", text)
	switch {
	case errors.As(err, &store):
		return exitStore
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		return exitSignal
	}
	return exitFailed
}
