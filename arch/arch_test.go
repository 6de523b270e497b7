// Package arch holds the house's arrows: they go down only, and no desk knows another.
package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// engines are the pure packages: deterministic, testable and citable alone. They import no platform,
// database, network, files, wall clock or global randomness.
var engines = []string{
	"screening/xlsform", "screening/indicator",
	"displacement/abm", "displacement/ensemble", "displacement/builder",
	"casework/calendar", "casework/hsds", "casework/matching", "casework/htcds", "casework/referral", "casework/clocks", "casework/merge", "casework/names",
}

// data packages embed data files and hold no logic but loading; they stand beside the engines that read them.
var data = []string{"screening/packs", "screening/instruments", "screening/cards", "demo", "demo/displacement"}

// desks are the vertical rooms.
var desks = []string{"screening", "casework", "exchange", "warning", "displacement", "preparedness", "workplan", "library", "recruitment", "statistics", "agency"}

var forbiddenToEngines = []string{"net", "net/http", "os", "os/exec", "database/sql", "log/slog", "crypto/rand", "path/filepath"}

type listed struct {
	ImportPath string
	Imports    []string
	GoFiles    []string
	Dir        string
}

func packages(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,GoFiles,Dir", "lintas/...")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	all := map[string]listed{}
	d := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, "lintas/")] = p
	}
}

func room(pkg string) string { first, _, _ := strings.Cut(pkg, "/"); return first }

func under(pkg string, list []string) bool {
	return slices.ContainsFunc(list, func(e string) bool { return pkg == e || strings.HasPrefix(pkg, e+"/") })
}

// floor numbers the storeys from the ground up.
func floor(pkg string) int {
	switch {
	case room(pkg) == "kernel":
		return 0
	case room(pkg) == "web":
		return 1
	case under(pkg, engines) || under(pkg, data) || room(pkg) == "platform":
		return 2
	case slices.Contains(desks, room(pkg)):
		return 3
	case room(pkg) == "node":
		return 4
	}
	return 5 // cmd, e2e, tools
}

func TestArrowsGoDownOnlyAndNoDeskKnowsAnother(t *testing.T) {
	for name, p := range packages(t) {
		for _, imported := range p.Imports {
			other, ours := strings.CutPrefix(imported, "lintas/")
			if !ours {
				continue
			}
			if floor(other) > floor(name) {
				t.Errorf("%s imports %s, which stands above it", name, other)
			}
			if slices.Contains(desks, room(name)) && slices.Contains(desks, room(other)) && room(name) != room(other) {
				t.Errorf("%s imports %s: desks meet in node/wiring.go only", name, other)
			}
			if room(name) == "kernel" && room(other) != "kernel" {
				t.Errorf("%s imports %s: the kernel knows nobody", name, other)
			}
			if room(name) == "platform" && room(other) != "platform" && room(other) != "kernel" {
				t.Errorf("%s imports %s: the platform stands on the kernel alone", name, other)
			}
		}
	}
}

func TestEnginesArePure(t *testing.T) {
	for name, p := range packages(t) {
		if !slices.Contains(engines, name) {
			continue
		}
		for _, imported := range p.Imports {
			if slices.Contains(forbiddenToEngines, imported) {
				t.Errorf("engine %s imports %s", name, imported)
			}
			if other, ours := strings.CutPrefix(imported, "lintas/"); ours && room(other) == "platform" {
				t.Errorf("engine %s imports %s", name, other)
			}
		}
	}
}

func TestThereAreNoDrawerPackages(t *testing.T) {
	for name := range packages(t) {
		for _, part := range strings.Split(name, "/") {
			if slices.Contains([]string{"util", "utils", "common", "helpers", "models", "services", "internal", "pkg", "misc"}, part) {
				t.Errorf("%s: name a package by what it is about", name)
			}
		}
	}
}
