package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"lintas/node"
)

// settingsFile is where settings are looked for when neither --config nor LINTAS_CONFIG names a file.
const settingsFile = "lintas.yaml"

// readSettings reads the file that --config or LINTAS_CONFIG names, or lintas.yaml where it is there.
func readSettings(args []string) (settings map[string]any, path string, err error) {
	path, asked := fileOf(args)
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) && !asked {
		return nil, path, nil
	}
	if err != nil {
		var at *os.PathError
		if errors.As(err, &at) {
			err = at.Err
		}
		return nil, path, fmt.Errorf("the settings file %s cannot be read (%w). Name another with --config or LINTAS_CONFIG, or leave both out", path, err)
	}
	if err := yaml.Unmarshal(text, &settings); err != nil {
		return nil, path, fmt.Errorf("the settings file %s is not right: %w", path, err)
	}
	return settings, path, nil
}

// notForAFile refuses what a line of the file cannot hold: each setting is one word, number or yes and no.
func notForAFile(settings map[string]any, path string) error {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		switch settings[name].(type) {
		case nil:
			return fmt.Errorf("the settings file %s gives %s no value; write one, or take the line out", path, name)
		case map[string]any, []any:
			return fmt.Errorf("the settings file %s gives %s more than one value; write one, as in `%s: VALUE`", path, name, name)
		}
	}
	return nil
}

// unknownSetting refuses a file with a name that no setting has: a mistyped name would leave the default in
// force without a word.
func unknownSetting(app *kong.Application, settings map[string]any, path string) error {
	var names []string
	for _, f := range app.Flags {
		if len(f.Envs) > 0 && f.Name != "config" {
			names = append(names, f.Name)
		}
	}
	for name := range settings {
		if !slices.Contains(names, name) {
			return fmt.Errorf("the settings file %s names %q, which is no setting; the settings are: %s", path, name, strings.Join(names, ", "))
		}
	}
	return nil
}

// fileResolver gives kong the settings of the file. It stands below the environment: kong would let a
// resolver win over it.
func fileResolver(settings map[string]any) kong.Resolver {
	return kong.ResolverFunc(func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		if len(flag.Envs) == 0 || fromEnvironment(flag) {
			return nil, nil
		}
		if v, ok := settings[flag.Name]; ok {
			return fmt.Sprint(v), nil // as it would stand on the command line: a bare 5 is no five nanoseconds
		}
		return nil, nil
	})
}

// durations reads a length of time and says how to write one.
func durations(c *kong.DecodeContext, target reflect.Value) error {
	text, err := c.Scan.PopValue("duration")
	if err != nil {
		return err
	}
	d, err := time.ParseDuration(fmt.Sprint(text.Value))
	if err != nil || d < 0 {
		return fmt.Errorf("%q is no length of time; write it as 20s or 2m", text.Value)
	}
	target.SetInt(int64(d))
	return nil
}

var namesSetting = regexp.MustCompile(`^--([a-z-]+)`)

// origin says of an error about a setting where its value came from, when that is not the command line.
func origin(err error, app *kong.Application, args []string, settings map[string]any, path string) error {
	found := namesSetting.FindStringSubmatch(err.Error())
	if found == nil || strings.Contains(err.Error(), "(from envar") {
		return err
	}
	given := func(a string) bool { return a == "--"+found[1] || strings.HasPrefix(a, "--"+found[1]+"=") }
	if slices.ContainsFunc(args, given) {
		return err
	}
	for _, f := range app.Flags {
		if _, filed := settings[f.Name]; f.Name == found[1] && fromEnvironment(f) {
			return fmt.Errorf("%w (from the environment, %s)", err, f.Envs[0])
		} else if f.Name == found[1] && filed {
			return fmt.Errorf("%w (from the file %s)", err, path)
		}
	}
	return err
}

// notSettings are variables of the environment that tests read.
var notSettings = regexp.MustCompile(`^LINTAS_(CONFIG|SLOW|SHARED|TEST_.*|BIN|CHROMIUM|FORMS)$`)

// mistyped are the variables of the environment that look like settings and are none: the default is in force
// where somebody meant another value.
func mistyped(app *kong.Application, environment []string) (names []string) {
	known := map[string]bool{}
	for _, f := range app.Flags {
		for _, e := range f.Envs {
			known[e] = true
		}
	}
	for _, v := range environment {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "LINTAS_") && !known[name] && !notSettings.MatchString(name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func fileOf(args []string) (path string, asked bool) {
	for i, a := range args {
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			return v, true
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1], true
		}
	}
	if v := os.Getenv("LINTAS_CONFIG"); v != "" {
		return v, true
	}
	return settingsFile, false
}

func fromEnvironment(flag *kong.Flag) bool {
	for _, e := range flag.Envs {
		if _, ok := os.LookupEnv(e); ok {
			return true
		}
	}
	return false
}

// configCommand prints what is in force.
type configCommand struct {
	JSON bool `help:"Print JSON."`
}

// Help is printed by --help.
func (configCommand) Help() string {
	return "Prints every setting, its value and where it came from: flag, environment, file or default. Secrets are shown as set or not set.\n\nExamples:\n  lintas config\n  LINTAS_LISTEN=127.0.0.1:9000 lintas config --json"
}

type setting struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	From  string `json:"from"`
	Env   string `json:"environment"`
}

// Run prints the settings.
func (c configCommand) Run(parsed *kong.Context, s streams) error {
	settings := settingsOf(parsed)
	if c.JSON {
		e := json.NewEncoder(s.Out)
		e.SetIndent("", "  ")
		return e.Encode(settings)
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "SETTING\tVALUE\tFROM\tENVIRONMENT")
	for _, x := range settings {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", x.Name, x.Value, x.From, x.Env)
	}
	return w.Flush()
}

func settingsOf(parsed *kong.Context) []setting {
	from := map[string]string{}
	for _, p := range parsed.Path {
		if p.Flag != nil && !p.Resolved {
			from[p.Flag.Name] = "flag"
		} else if p.Flag != nil {
			from[p.Flag.Name] = "file"
		}
	}
	var out []setting
	for _, f := range parsed.Model.Flags {
		if len(f.Envs) == 0 || f.Name == "config" {
			continue
		}
		x := setting{Name: f.Name, Value: fmt.Sprint(f.Target.Interface()), From: from[f.Name], Env: f.Envs[0]}
		if x.From == "" && fromEnvironment(f) {
			x.From = "environment"
		} else if x.From == "" {
			x.From = "default"
		}
		if node.Secret(x.Name) && strings.Contains(x.Value, "://") || strings.HasSuffix(x.Name, "-token") {
			x.Value = map[bool]string{true: "(set)", false: "(not set)"}[x.Value != ""]
		}
		out = append(out, x)
	}
	return out
}
