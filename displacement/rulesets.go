package displacement

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"lintas/displacement/abm"
	"lintas/kernel/problem"
)

//go:embed rulesets/*.yml
var rulesets embed.FS

// Rulesets are the names of the sets in the program.
func Rulesets() []string {
	entries, err := rulesets.ReadDir("rulesets")
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yml"))
	}
	return names
}

// sayRuleset says on s.Stderr what a ruleset asks for and does not get.
func sayRuleset(s IO, name string) {
	raw, err := os.ReadFile(name)
	if err != nil || s.Stderr == nil {
		return // a set of the program, or none
	}
	_, found := abm.ReadRuleset(raw, name)
	for _, f := range found {
		if f.Severity == abm.SevWarning {
			fmt.Fprintln(s.Stderr, f)
		}
	}
}

// readRuleset finds a set by its name in the program or as a file. Empty means
// the settings of the case itself (ok is false).
func readRuleset(name string) (set abm.Settings, ok bool, err error) {
	if name == "" {
		return abm.Settings{}, false, nil
	}
	raw, err := rulesets.ReadFile(path.Join("rulesets", name+".yml"))
	if errors.Is(err, fs.ErrNotExist) {
		raw, err = os.ReadFile(name)
	}
	if err != nil {
		return abm.Settings{}, false, problem.New(problem.NotFound, "displacement.ruleset-not-found",
			"There is no ruleset %q. Give the path of a file or one of: %s.", name, strings.Join(Rulesets(), ", "))
	}
	set, found := abm.ReadRuleset(raw, name)
	for _, f := range found {
		if f.Severity == abm.SevError {
			return set, false, problem.New(problem.Invalid, "displacement.bad-ruleset", "The ruleset cannot be read: %s", f.String())
		}
	}
	return set, true, nil
}
