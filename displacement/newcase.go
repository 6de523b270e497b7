package displacement

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"lintas/displacement/builder"
	"lintas/kernel/problem"
)

// NewCommand builds a case.
type NewCommand struct {
	Folder    string  `arg:"" help:"Folder to make; it must not exist or be empty."`
	Places    string  `required:"" help:"CSV: name, latitude, longitude, population, country; optional region, type, capacity." placeholder:"FILE"`
	Events    string  `required:"" help:"CSV of UCDP's georeferenced events, or date, latitude, longitude, deaths." placeholder:"FILE"`
	Roads     string  `help:"CSV name1, name2, km, or GeoJSON lines; without it roads are great circles times a detour, and say so." placeholder:"FILE"`
	Start     string  `help:"First day, YYYY-MM-DD; empty is the first event." placeholder:"DATE"`
	Days      int     `help:"Length in days." default:"180"`
	Radius    float64 `help:"An event touches the nearest place within so many km." default:"50"`
	MinDeaths int     `help:"Deaths from which an event counts." default:"1"`
	JSON      bool    `help:"Print JSON."`
}

// Help shows an example.
func (NewCommand) Help() string {
	return "Everything assumed is listed here and in the case's provenance.csv.\n\nExample:\n  lintas displacement new mycase --places places.csv --events ged.csv --roads roads.geojson && lintas displacement check mycase"
}

// Run builds the case.
func (cmd NewCommand) Run(_ context.Context, s IO) error {
	if entries, err := os.ReadDir(cmd.Folder); err == nil && len(entries) > 0 {
		return problem.New(problem.Conflict, "displacement.folder-not-empty", "The folder %q is not empty; nothing was written.", cmd.Folder)
	}
	var in builder.Input
	o := builder.Options{Days: cmd.Days, RadiusKm: cmd.Radius, MinDeaths: cmd.MinDeaths}
	var err error
	if cmd.Start != "" {
		if o.Start, err = time.Parse("2006-01-02", cmd.Start); err != nil {
			return problem.New(problem.Invalid, "displacement.bad-first-day", "Write the first day as YYYY-MM-DD, not %q.", cmd.Start)
		}
	}
	for path, into := range map[string]*[]byte{cmd.Places: &in.Places, cmd.Events: &in.Events, cmd.Roads: &in.Roads} {
		if path == "" {
			continue
		}
		if *into, err = os.ReadFile(path); err != nil {
			return problem.New(problem.NotFound, "displacement.no-file", "The file %q cannot be read.", path)
		}
	}
	built, err := builder.Build(in, o)
	if err != nil {
		return problem.New(problem.Invalid, "displacement.cannot-build", "No case can be built: %s", err.Error())
	}
	if err := writeFolder(cmd.Folder, built.Files); err != nil {
		return err
	}
	if cmd.JSON {
		return printJSON(s.Stdout, built)
	}
	for _, f := range built.Findings {
		line := fmt.Sprintf("%s:%d: %s", f.Input, f.Line, f.What)
		if f.Assumed != "" {
			line += "; " + f.Assumed
		}
		fmt.Fprintln(s.Stdout, line)
	}
	fmt.Fprintf(s.Stdout, "%s: %d places, %d routes (%d with an assumed length), %d places of conflict from %d events\n", cmd.Folder, built.Places, built.Routes, built.Assumed, built.Conflict, built.Events)
	return nil
}

// writeFolder writes files below a folder; names come from the builder.
func writeFolder(folder string, files map[string][]byte) error {
	var names []string
	for name := range files {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, files[name], 0o644)); err != nil {
			return err
		}
	}
	return nil
}
