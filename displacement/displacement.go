// Package displacement is the desk of scenarios: who arrives where and when if
// this conflict spreads or that border shuts, how sure that is, and where beds
// will be missing.
//
// The story: a planner brings a case (Flee's folder, or one built from events,
// places and roads), which is stored as it came with its fingerprint and who
// brought it. Versions put settings and what-ifs on top of it; none is ever
// changed. Runs of the model (engine abm) over uncertain inputs become bands
// (engine ensemble); what-ifs run on the same seeds as their base; counts of
// arrivals are laid beside what was foretold.
//
// Every number says what it rests on: which case, which settings, which seed,
// which program. Forecasts stand beside persistence, splits beside a split by
// capacity and an equal one, because those are what a planner has today.
package displacement

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"time"

	"lintas/displacement/abm"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Deps is what the desk stands on.
type Deps struct {
	DB      *db.DB
	Clock   clock.Clock
	Log     *slog.Logger
	Version string // of the program, kept beside every run
}

// Desk holds the verbs. It is safe for concurrent use.
type Desk struct{ Deps }

// Open makes the desk's tables and the desk.
func Open(ctx context.Context, deps Deps) (*Desk, error) {
	if err := deps.DB.Migrate(ctx, "displacement", migrations); err != nil {
		return nil, err
	}
	return &Desk{Deps: deps}, nil
}

// Scenario is a case that somebody brought.
type Scenario struct {
	ID           string    `json:"id"`
	Name         string    `json:"name"`
	Organisation string    `json:"organisation"`
	Source       string    `json:"source"`
	SHA256       string    `json:"sha256"`
	MadeAt       time.Time `json:"made_at"`
	MadeBy       string    `json:"made_by"`
	bundle       []byte
}

// Version is what is put on top of a case. It is never changed.
type Version struct {
	Version int64              `json:"version"`
	Ruleset string             `json:"ruleset" doc:"empty: the case's own settings"`
	Changes []abm.Intervention `json:"changes"`
	Note    string             `json:"note"`
	MadeAt  time.Time          `json:"made_at"`
	MadeBy  string             `json:"made_by"`
}

// RunSettings are a planner's choices for a run.
type RunSettings struct {
	Members int    `json:"members" minimum:"1" maximum:"2000"`
	Seed    uint64 `json:"seed,omitempty"`
	Warm    *Warm  `json:"warm,omitempty"`
	Stride  int    `json:"stride,omitempty" minimum:"0" maximum:"30"`
}

// Run is an ensemble asked for.
type Run struct {
	ID       string          `json:"id"`
	Scenario string          `json:"scenario"`
	Version  int64           `json:"version"`
	Settings RunSettings     `json:"settings"`
	State    string          `json:"state" enum:"queued,running,done,failed"`
	Done     int64           `json:"done"`
	Problem  string          `json:"problem,omitempty"`
	View     json.RawMessage `json:"view,omitempty"`
	Program  string          `json:"program"`
	AskedAt  time.Time       `json:"asked_at"`
	AskedBy  string          `json:"asked_by"`
}

// Arrival is a count of people present at a place on a date, as it came in.
type Arrival struct {
	Place  string    `json:"place"`
	Date   string    `json:"date" format:"date"`
	People int64     `json:"people" minimum:"0"`
	Source string    `json:"source" maxLength:"500"`
	MadeAt time.Time `json:"made_at,omitempty"`
}

// AddScenario stores a case as it came, with its first version.
func (d *Desk) AddScenario(ctx context.Context, name, source string, bundle []byte) (Scenario, []abm.Finding, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return Scenario{}, nil, problem.New(problem.Invalid, "displacement.no-name", "Give the scenario a name.").With("body.name", "is empty")
	}
	_, found, err := readBundle(bundle)
	if err != nil {
		return Scenario{}, found, err
	}
	sum := sha256.Sum256(bundle)
	who := actor.From(ctx)
	s := Scenario{ID: id.New(), Name: name, Organisation: who.Organisation, Source: source, SHA256: hex.EncodeToString(sum[:]), MadeAt: d.Clock.Now(), MadeBy: who.Label(), bundle: bundle}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := insertScenario(t, s); err != nil {
			return err
		}
		if err := insertVersion(t, s.ID, Version{Version: 1, Note: "as it came", Changes: []abm.Intervention{}, MadeAt: s.MadeAt, MadeBy: s.MadeBy}); err != nil {
			return err
		}
		return audit.Append(t, s.MadeAt, who, audit.Entry{Verb: "displacement.add", Object: "displacement:" + s.ID, Detail: map[string]any{"sha256": s.SHA256}, Stored: bundle})
	})
	return s, found, err
}

// AddVersion puts settings and what-ifs on top of a case. expected is the
// newest version the planner saw; another since then is a conflict.
func (d *Desk) AddVersion(ctx context.Context, scenario string, expected int64, v Version) (Version, error) {
	s, err := d.Scenario(ctx, scenario)
	if err != nil {
		return v, err
	}
	if v.Changes == nil {
		v.Changes = []abm.Intervention{}
	}
	if _, err := d.planned(s, v); err != nil {
		return v, err
	}
	who := actor.From(ctx)
	v.Version, v.MadeAt, v.MadeBy = expected+1, d.Clock.Now(), who.Label()
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := insertVersion(t, scenario, v); err != nil {
			if db.Unique(err) {
				return problem.New(problem.Conflict, "displacement.newer-version", "Somebody has made a newer version. Look at it, then make yours on top.")
			}
			return err
		}
		return audit.Append(t, v.MadeAt, who, audit.Entry{Verb: "displacement.change", Object: "displacement:" + scenario, Detail: map[string]any{"version": v.Version, "changes": len(v.Changes)}})
	})
	return v, err
}

// planned makes the plan of a version; it refuses what cannot be run.
func (d *Desk) planned(s Scenario, v Version) (Plan, error) {
	// A ruleset is one of the program's here: a path would read the node's files.
	if v.Ruleset != "" && !slices.Contains(Rulesets(), v.Ruleset) {
		return Plan{}, problem.New(problem.NotFound, "displacement.no-ruleset", "There is no ruleset %q. Known: %s.", v.Ruleset, strings.Join(Rulesets(), ", "))
	}
	p := Plan{Bundle: s.bundle, Name: s.Name, Seed: 1, Members: 1, Changes: v.Changes}
	if v.Ruleset != "" {
		set, _, err := readRuleset(v.Ruleset)
		if err != nil {
			return p, err
		}
		p.Settings = &set
	}
	_, err := Prepare(p)
	return p, err
}

// Ask queues a run of a version.
func (d *Desk) Ask(ctx context.Context, scenario string, version int64, settings RunSettings) (Run, error) {
	s, err := d.Scenario(ctx, scenario)
	if err != nil {
		return Run{}, err
	}
	if settings.Seed == 0 {
		settings.Seed = 1
	}
	p := Plan{Bundle: s.bundle, Members: settings.Members, Warm: settings.Warm}
	if err := p.check(); err != nil {
		return Run{}, err
	}
	who := actor.From(ctx)
	r := Run{ID: id.New(), Scenario: scenario, Version: version, Settings: settings, State: "queued", Program: d.Version, AskedAt: d.Clock.Now(), AskedBy: who.Label()}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if _, err := selectVersion(t, scenario, version); err != nil {
			return err
		}
		if err := insertRun(t, r); err != nil {
			return err
		}
		return audit.Append(t, r.AskedAt, who, audit.Entry{Verb: "displacement.run", Object: "displacement-run:" + r.ID, Detail: map[string]any{"scenario": scenario, "version": version, "members": settings.Members}})
	})
	return r, err
}

// AddArrival keeps a count. A later count of the same place and day does not
// erase the earlier one; the newest holds.
func (d *Desk) AddArrival(ctx context.Context, scenario string, a Arrival) error {
	s, err := d.Scenario(ctx, scenario)
	if err != nil {
		return err
	}
	c, _, err := readBundle(s.bundle)
	if err != nil {
		return err
	}
	if c.PlaceIndex(a.Place) < 0 {
		return problem.New(problem.Invalid, "displacement.no-place", "The case has no place %q.", a.Place).With("body.place", "is not in the case")
	}
	if _, err := time.Parse("2006-01-02", a.Date); err != nil {
		return problem.New(problem.Invalid, "displacement.bad-date", "Write the date as YYYY-MM-DD.").With("body.date", "is not a date")
	}
	who := actor.From(ctx)
	a.MadeAt = d.Clock.Now()
	return d.DB.Write(ctx, func(t *db.Tx) error {
		if err := insertArrival(t, scenario, a, who.Label()); err != nil {
			return err
		}
		return audit.Append(t, a.MadeAt, who, audit.Entry{Verb: "displacement.count", Object: "displacement:" + scenario, Detail: map[string]any{"place": a.Place, "date": a.Date}})
	})
}

// MakeDemo stores a case folder as a scenario once; a second call does nothing.
func (d *Desk) MakeDemo(ctx context.Context, name string, folder fs.FS) error {
	all, err := d.Scenarios(ctx)
	if err != nil || slices.ContainsFunc(all, func(s Scenario) bool { return s.Name == name }) {
		return err
	}
	bundle, err := packCase(folder)
	if err != nil {
		return err
	}
	s, _, err := d.AddScenario(ctx, name, "Invented for trying out; no such place exists.", bundle)
	if err != nil {
		return err
	}
	_, err = d.Ask(ctx, s.ID, 1, RunSettings{Members: 60, Seed: 1})
	return err
}
