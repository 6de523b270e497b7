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
	"errors"
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
	"lintas/platform/spread"
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
//
// A scenario belongs to the organisation of who brought it. Who sees it is said
// with it (sharing.go): to anybody else it is not there.
type Desk struct {
	Deps
	// Names gives the names of persons by id, for who changed what; nil shows
	// ids. The node points it at the agency desk.
	Names func(ctx context.Context, ids []string) (map[string]string, error)
	// OrganisationName names the organisation whose scenario it is to readers of
	// others; nil shows none. The node points it at the agency desk.
	OrganisationName func(ctx context.Context, id string) string
	// Outlook foretells newly displaced people per day from a date on. The node
	// points it at the warning desk; nil while there is none: a series can then
	// be uploaded only.
	Outlook func(ctx context.Context, organisation string, from time.Time, days int) (DailySeries, error)
	// Hub is where workers join to help with runs. The node points it at its own
	// when it has an address for workers; nil: every run is computed here alone.
	Hub func(ctx context.Context) (*spread.Hub, error)

	played playedCases
}

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
	SeenBy       string    `json:"seen_by" enum:"maker,organisation,node"`
	Revision     int64     `json:"revision" doc:"of its name and of who sees it; an edit names the one it saw"`
	// What depends on who looks: whether it is of their organisation, else whose;
	// whether they may rename, share and remove it.
	Ours    bool   `json:"ours"`
	Of      string `json:"of,omitempty"`
	MayEdit bool   `json:"may_edit"`
	// RemovedAt and the day after which it cannot be brought back.
	RemovedAt *time.Time `json:"removed_at,omitempty"`
	GoneAt    *time.Time `json:"gone_at,omitempty"`

	bundle []byte
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
	Stride  int    `json:"stride,omitempty" minimum:"0" maximum:"30" doc:"keep every so many days; 0 lets the node choose"`
	Series  string `json:"series,omitempty" doc:"id of a series of newly displaced people, in place of the case's totals"`
}

// Run is an ensemble asked for.
type Run struct {
	ID       string      `json:"id"`
	Scenario string      `json:"scenario"`
	Version  int64       `json:"version"`
	Settings RunSettings `json:"settings"`
	State    string      `json:"state" enum:"queued,running,stopping,stopped,done,failed"`
	Done     int64       `json:"done"`
	// Workers is how many other processes help while it runs.
	Workers int64 `json:"workers,omitempty"`
	// SecondsLeft is told while it runs and something is done.
	SecondsLeft *int64          `json:"seconds_left,omitempty"`
	Problem     string          `json:"problem,omitempty"`
	View        json.RawMessage `json:"view,omitempty"`
	Program     string          `json:"program"`
	AskedAt     time.Time       `json:"asked_at"`
	AskedBy     string          `json:"asked_by"`

	startedAt time.Time // zero: not begun
	attempts  int64
}

var errNoName = problem.New(problem.Invalid, "displacement.no-name", "Give the scenario a name.").With("body.name", "is empty")

// AddScenario stores a case as it came, with its first version.
func (d *Desk) AddScenario(ctx context.Context, name, source string, bundle []byte) (Scenario, []abm.Finding, error) {
	name = strings.TrimSpace(name)
	if name == "" {
		return Scenario{}, nil, errNoName
	}
	_, found, err := readBundle(bundle)
	if err != nil {
		return Scenario{}, found, withFindings(err, found)
	}
	sum := sha256.Sum256(bundle)
	who := actor.From(ctx)
	s := Scenario{ID: id.New(), Name: name, Organisation: who.Organisation, Source: source, SHA256: hex.EncodeToString(sum[:]), MadeAt: d.Clock.Now(), MadeBy: who.Label(), SeenBy: SeenByOrganisation, Revision: 1, bundle: bundle}
	d.seenFrom(ctx, &s)
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
	s, err := d.ours(ctx, scenario)
	if err != nil {
		return v, err
	}
	if v.Changes == nil {
		v.Changes = []abm.Intervention{}
	}
	if len(v.Changes) > maxChanges {
		return v, problem.New(problem.Invalid, "displacement.too-many-changes", "A version has at most %d changes; this one has %d.", maxChanges, len(v.Changes))
	}
	if _, err := d.planned(s, v); err != nil {
		return v, err
	}
	who := actor.From(ctx)
	v.Version, v.MadeAt, v.MadeBy = expected+1, d.Clock.Now(), who.Label()
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := mustBeThere(t, scenario); err != nil {
			return err
		}
		newest, err := newestVersion(t, scenario)
		if err != nil {
			return err
		}
		if newest != expected {
			return errNewerVersion
		}
		if err := insertVersion(t, scenario, v); err != nil {
			if db.Unique(err) {
				return errNewerVersion
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

// maxChanges is more than anybody can talk about.
const maxChanges = 200

// errNewerVersion is told, too, when the version named has never been there.
var errNewerVersion = problem.New(problem.Conflict, "displacement.newer-version", "Somebody has made a newer version. Look at it, then make yours on top.")

// withFindings adds to a refusal what the reader of the case could not read,
// each with its file, line and column.
func withFindings(err error, found []abm.Finding) error {
	var refused *problem.Problem
	if !errors.As(err, &refused) {
		return err
	}
	for _, f := range found {
		if f.Severity == abm.SevError && len(refused.Fields) < 50 {
			where, _, _ := strings.Cut(f.String(), ": ")
			refused = refused.With(where, f.What)
		}
	}
	return refused
}

// Ask queues a run of a version.
func (d *Desk) Ask(ctx context.Context, scenario string, version int64, settings RunSettings) (Run, error) {
	s, err := d.ours(ctx, scenario)
	if err != nil {
		return Run{}, err
	}
	if settings.Seed == 0 {
		settings.Seed = 1
	}
	if err := d.checkSeries(ctx, s, settings); err != nil {
		return Run{}, err
	}
	who := actor.From(ctx)
	r := Run{ID: id.New(), Scenario: scenario, Version: version, Settings: settings, State: "queued", Program: d.Version, AskedAt: d.Clock.Now(), AskedBy: who.Label()}
	// What cannot run is refused now, not found failed later.
	if _, err := d.prepared(ctx, r); err != nil {
		return Run{}, err
	}
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := mustBeThere(t, scenario); err != nil {
			return err
		}
		if err := insertRun(t, r); err != nil {
			return err
		}
		return audit.Append(t, r.AskedAt, who, audit.Entry{Verb: "displacement.run", Object: "displacement-run:" + r.ID, Detail: map[string]any{"scenario": scenario, "version": version, "members": settings.Members}})
	})
	return r, err
}

// Stop ends a run that waits or runs. What is finished by then is kept; a run
// that has ended already stays as it is.
func (d *Desk) Stop(ctx context.Context, run string) (Run, error) {
	r, err := d.Run(ctx, run)
	if err != nil {
		return Run{}, err
	}
	if _, err := d.ours(ctx, r.Scenario); err != nil {
		return Run{}, err
	}
	now := d.Clock.Now()
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		stopped, err := askToStop(t, run)
		if err != nil || !stopped {
			return err
		}
		return audit.Append(t, now, actor.From(ctx), audit.Entry{Verb: "displacement.stop", Object: "displacement-run:" + run})
	})
	if err != nil {
		return Run{}, err
	}
	return d.Run(ctx, run)
}
