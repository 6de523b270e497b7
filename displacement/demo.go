package displacement

import (
	"context"
	"encoding/json"
	"io/fs"
	"slices"

	"lintas/displacement/abm"
)

// Demo is a scenario to try things on, invented from end to end.
type Demo struct {
	Name, Source string
	Folder       fs.FS // the case
	// WhatIf, a JSON list of changes, becomes version 2, with its reason.
	WhatIf []byte
	Note   string
	// Arrivals are lines of place, date and people that came in after the case
	// was brought.
	Arrivals string
}

// MakeDemo stores a scenario once, asks for a run of each version and keeps the
// counts; a second call does nothing.
func (d *Desk) MakeDemo(ctx context.Context, demo Demo) error {
	all, err := d.Scenarios(ctx)
	if err != nil || slices.ContainsFunc(all, func(s Scenario) bool { return s.Name == demo.Name }) {
		return err
	}
	bundle, err := packCase(demo.Folder)
	if err != nil {
		return err
	}
	s, _, err := d.AddScenario(ctx, demo.Name, demo.Source, bundle)
	if err != nil {
		return err
	}
	if demo.Arrivals != "" {
		counts, err := readCounts(demo.Arrivals, demo.Source)
		if err != nil {
			return err
		}
		if err := d.AddArrivals(ctx, s.ID, counts); err != nil {
			return err
		}
	}
	// The newest run is the first that a page shows: the one with the what-if.
	if _, err = d.Ask(ctx, s.ID, 1, RunSettings{Members: demoMembers}); err != nil || len(demo.WhatIf) == 0 {
		return err
	}
	var changes []abm.Intervention
	if err := json.Unmarshal(demo.WhatIf, &changes); err != nil {
		return err
	}
	v, err := d.AddVersion(ctx, s.ID, 1, Version{Changes: changes, Note: demo.Note})
	if err != nil {
		return err
	}
	_, err = d.Ask(ctx, s.ID, v.Version, RunSettings{Members: demoMembers})
	return err
}

// demoMembers are enough for a 90 % band and take a second or two.
const demoMembers = 60
