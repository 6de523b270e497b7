package displacement

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"lintas/displacement/abm"
	"lintas/displacement/ensemble"
	"lintas/kernel/problem"
	"lintas/platform/spread"
)

// Commands is `lintas displacement`. None of them needs the node's store.
type Commands struct {
	Run      RunCommand      `cmd:"" help:"Play a case once and write who is where on each day."`
	Ensemble EnsembleCommand `cmd:"" help:"Play a case many times over what is not known well: bands per place."`
	Whatif   WhatifCommand   `cmd:"" help:"Compare a case with and without a change, on the same seeds."`
	Validate ValidateCommand `cmd:"" help:"Measure a case against its reports, beside what a pencil would say."`
	Check    CheckCommand    `cmd:"" help:"Read a case and say what is wrong and what was assumed."`
	New      NewCommand      `cmd:"" help:"Build a case from events, places and roads."`
	Worker   WorkerCommand   `cmd:"" help:"Join an ensemble that another process hands out."`
}

// IO is where commands speak to.
type IO struct {
	Stdout, Stderr io.Writer
	Terminal       bool // Stderr is one: draw progress
	Version        string
}

// caseFlags are shared by the commands that run a case.
type caseFlags struct {
	Ruleset  string `help:"Settings in place of the case's own: a name in the program (validation, setA, classic125, modern125, modern125aw2dm75, fastflow) or a file." placeholder:"NAME|FILE"`
	Compat   string `help:"Copy Flee's quirks (flee) or not (none)." enum:"none,flee" default:"none"`
	Seed     uint64 `help:"Seed; the same seed gives the same numbers on any machine." default:"1"`
	Arrivals string `help:"CSV of newly displaced people per day (date,people), such as a forecast's, in place of the totals of the case." placeholder:"FILE"`
	JSON     bool   `help:"Print JSON."`
}

// open reads a case under the settings and arrivals asked for. What was lost in
// reading is said on s.Stderr, where it cannot spoil an output.
func (f caseFlags) open(s IO, path string) (*abm.Case, []byte, error) {
	c, found, bundle, err := openCase(path)
	if err != nil {
		return nil, nil, err
	}
	sayFindings(s, path, found)
	set, given, err := readRuleset(f.Ruleset)
	if err != nil {
		return nil, nil, err
	}
	sayRuleset(s, f.Ruleset)
	if !given {
		set = c.Settings
	}
	if f.Arrivals != "" {
		name := c.Name
		if c, bundle, err = followSeries(bundle, f.Arrivals); err != nil {
			return nil, nil, err
		}
		// Whoever brings a series wants it followed, not what a case makes up.
		c.Name, set.SumFromCamps = name, false
		set.ConflictDriven, set.FloodDriven = abm.SpawnDrive{}, abm.FloodDrive{}
	}
	return c.WithSettings(set), bundle, nil
}

// followSeries makes a file of newly displaced people per day drive a case.
func followSeries(bundle []byte, file string) (*abm.Case, []byte, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, problem.New(problem.NotFound, "displacement.no-arrivals", "There is no file %q with arrivals.", file)
	}
	start, people, err := readSeries(string(raw))
	if err != nil {
		if p, ok := problem.As(err); ok && len(p.Fields) > 0 {
			p.Text = fmt.Sprintf("%s, %s: %s", file, strings.TrimPrefix(p.Fields[0].Location, "body.csv:"), p.Text)
		}
		return nil, nil, err
	}
	if bundle, err = withSeries(bundle, DailySeries{Start: start, People: people}); err != nil {
		return nil, nil, err
	}
	c, _, err := readBundle(bundle)
	return c, bundle, err
}

// sayFindings is one line on what reading lost; check lists it.
func sayFindings(s IO, path string, found []abm.Finding) {
	lost := 0
	for _, f := range found {
		if f.Severity == abm.SevError {
			lost++
		}
	}
	if lost > 0 && s.Stderr != nil {
		fmt.Fprintf(s.Stderr, "%s: places in the case where something that was meant is lost: %d; lintas displacement check %s names them.\n", path, lost, path)
	}
}

// RunCommand plays a case once.
type RunCommand struct {
	Case string `arg:"" help:"Case folder or zip bundle."`
	caseFlags
	Out     string `help:"Write Flee's out.csv here." placeholder:"FILE"`
	GeoJSON string `name:"geojson" help:"Write places with people at the end and routes with flows here." placeholder:"FILE"`
	Agents  bool   `help:"Move people one by one instead of in cohorts (slower, the same in distribution)."`
}

// Help shows examples.
func (RunCommand) Help() string {
	return "Examples:\n  lintas displacement run mali2012\n  lintas displacement run mali2012 --ruleset setA --out out.csv --geojson map.geojson"
}

type runView struct {
	Case   string      `json:"case"`
	Seed   uint64      `json:"seed"`
	Days   int         `json:"days"`
	Scores *abm.Scores `json:"scores,omitempty"`
	Places []placeEnd  `json:"places"`
	Notes  []string    `json:"notes"`
}

type placeEnd struct {
	Place    string `json:"place"`
	Kind     string `json:"kind"`
	People   int64  `json:"people"`
	Reported *int64 `json:"reported,omitempty"`
}

// Run plays the case.
func (cmd RunCommand) Run(ctx context.Context, s IO) error {
	c, _, err := cmd.open(s, cmd.Case)
	if err != nil {
		return err
	}
	o := abm.Options{Seed: cmd.Seed, Flows: cmd.GeoJSON != ""}
	if cmd.Compat == "flee" {
		o.Compat = abm.CompatFlee
	}
	if cmd.Agents {
		o.Core = abm.Agents
	}
	r, err := abm.Run(ctx, c, o)
	if err != nil {
		return err
	}
	if cmd.Out != "" {
		if err := writeWhole(cmd.Out, func(w io.Writer) error { return writeOutCSV(w, c, r) }); err != nil {
			return err
		}
	}
	if cmd.GeoJSON != "" {
		if err := writeWhole(cmd.GeoJSON, func(w io.Writer) error { return writeGeoJSON(w, c, r) }); err != nil {
			return err
		}
	}
	v := runView{Case: c.Name, Seed: cmd.Seed, Days: r.Days, Notes: r.Notes, Places: placeEnds(c, r)}
	if reported(c) {
		scores := abm.Score(c, r)
		v.Scores = &scores
	}
	if cmd.JSON {
		return printJSON(s.Stdout, v)
	}
	return v.print(s.Stdout)
}

// reported is true when anybody was ever counted: without counts an error says
// nothing.
func reported(c *abm.Case) bool {
	for _, s := range c.Camps {
		for _, r := range s.Reports {
			if r.Count > 0 {
				return true
			}
		}
	}
	return false
}

func placeEnds(c *abm.Case, r *abm.Result) []placeEnd {
	last := r.FirstDay + r.Days - 1
	counted := map[int]int64{}
	for i := range c.Camps {
		counted[c.Camps[i].Place] = c.Observed(i, last)
	}
	var out []placeEnd
	for i, p := range c.Places {
		e := placeEnd{Place: p.Name, Kind: p.Kind.String(), People: r.At(last, i)}
		if n, ok := counted[i]; ok {
			e.Reported = &n
		}
		if e.People > 0 || e.Reported != nil {
			out = append(out, e)
		}
	}
	return out
}

func (v runView) print(w io.Writer) error {
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "place\tkind\tpeople on day %d\treported\t\n", v.Days-1)
	for _, p := range v.Places {
		reported := "-"
		if p.Reported != nil {
			reported = fmt.Sprint(*p.Reported)
		}
		fmt.Fprintf(t, "%s\t%s\t%d\t%s\t\n", p.Place, p.Kind, p.People, reported)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if v.Scores != nil {
		fmt.Fprintf(w, "error normal %.4f, rescaled %.4f (mean over %d days; 0 is perfect, 2 the worst)\n", v.Scores.Normal, v.Scores.Rescaled, v.Scores.Days)
	}
	for _, n := range v.Notes {
		fmt.Fprintln(w, "note:", n)
	}
	return nil
}

// EnsembleCommand plays a case many times.
type EnsembleCommand struct {
	Case string `arg:"" help:"Case folder or zip bundle."`
	caseFlags
	ensembleFlags
}

type ensembleFlags struct {
	Members int    `help:"How many times to play it." default:"100"`
	Workers int    `help:"At once on this machine; 0 is one per processor." default:"0"`
	Inputs  string `help:"JSON file with the uncertain inputs and their spread; empty takes the usual ones, 'none' only seeds." placeholder:"FILE"`
	From    int    `help:"Warm start: stand on this day and read only the reports published by then." default:"0"`
	Horizon int    `help:"Days to look ahead from a warm start." default:"90"`
	Stride  int    `help:"Keep every so many days." default:"1"`
	Serve   string `help:"Hand the members out to workers that join at this address instead of running them here, e.g. 127.0.0.1:0." placeholder:"HOST:PORT"`
}

// Help shows examples.
func (EnsembleCommand) Help() string {
	return "Examples:\n  lintas displacement ensemble ssudan2013 --members 100\n  lintas displacement ensemble mali2012 --from 120 --horizon 90 --json\n  lintas displacement ensemble mali2012 --arrivals forecast.csv\n  lintas displacement ensemble mali2012 --serve 127.0.0.1:4555   (then, elsewhere: lintas displacement worker --join URL)"
}

func (f ensembleFlags) plan(c *abm.Case, bundle []byte, cf caseFlags) (Plan, error) {
	p := Plan{Bundle: bundle, Name: c.Name, Settings: &c.Settings, Flee: cf.Compat == "flee", Seed: cf.Seed, Members: f.Members, Stride: f.Stride}
	if f.From > 0 {
		p.Warm = &Warm{Day: f.From, Horizon: f.Horizon}
	}
	switch f.Inputs {
	case "":
		p.Inputs = DefaultInputs()
	case "none":
	default:
		raw, err := os.ReadFile(f.Inputs)
		if err == nil {
			err = json.Unmarshal(raw, &p.Inputs)
		}
		if err != nil {
			return p, problem.New(problem.Invalid, "displacement.bad-inputs", "The inputs file cannot be read: %s. It is a list of {\"name\",\"spread\",\"low\",\"high\"}.", err.Error())
		}
	}
	return p, checkInputs(p.Inputs)
}

// Run plays the ensemble.
func (cmd EnsembleCommand) Run(ctx context.Context, s IO) error {
	c, bundle, err := cmd.open(s, cmd.Case)
	if err != nil {
		return err
	}
	p, err := cmd.plan(c, bundle, cmd.caseFlags)
	if err != nil {
		return err
	}
	out, err := cmd.run(ctx, s, p)
	if out == nil {
		return err
	}
	view := out.View()
	if cmd.JSON {
		return errors.Join(printJSON(s.Stdout, view), err)
	}
	return errors.Join(view.print(s.Stdout), err)
}

// run plays a plan here or hands it out, with progress. An interrupted run
// returns what is finished and an error that says so.
func (f ensembleFlags) run(ctx context.Context, s IO, p Plan) (*Outcome, error) {
	w, err := Prepare(p)
	if err != nil {
		return nil, err
	}
	bar := newProgress(s, p.Members)
	defer bar.end()
	var out *Outcome
	if f.Serve == "" {
		out, err = runLocally(ctx, w, f.Workers, bar.set)
	} else {
		var hub *spread.Hub
		if hub, err = spread.Start(ctx, spread.Options{Listen: f.Serve}); err != nil {
			return nil, err
		}
		defer hub.Close()
		fmt.Fprintln(s.Stderr, "Workers join with: lintas displacement worker --join", hub.URL())
		w.Plan.Program = programOf(s.Version)
		out, err = runSpread(ctx, w, hub, 0, bar.set)
	}
	if err != nil && ctx.Err() != nil && out != nil && out.Base.Members > 0 {
		return out, fmt.Errorf("%w: %d of %d members are in the result", ErrStopped, out.Base.Members, p.Members)
	}
	if err != nil {
		return nil, err
	}
	return out, nil
}

// WhatifCommand compares a case with and without a change.
type WhatifCommand struct {
	Case    string `arg:"" help:"Case folder or zip bundle."`
	Changes string `arg:"" help:"JSON file with the changes, or the JSON itself."`
	caseFlags
	ensembleFlags
}

// Help shows examples.
func (WhatifCommand) Help() string {
	return `A change is {"kind", "from", "until", ...}. Kinds: shut_border (country, country2), shut_place, cut_road (place, place2), slow_road (factor), open_camp (place or new with roads; capacity), close_camp, set_capacity, fill_camp, spread_conflict, ceasefire, stop_boats, flood.

Examples:
  lintas displacement whatif mali2012 '[{"kind":"shut_border","country":"Mali","country2":"Niger","from":60}]'
  lintas displacement whatif mali2012 changes.json --members 100 --json`
}

// Run compares.
func (cmd WhatifCommand) Run(ctx context.Context, s IO) error {
	c, bundle, err := cmd.open(s, cmd.Case)
	if err != nil {
		return err
	}
	p, err := cmd.plan(c, bundle, cmd.caseFlags)
	if err != nil {
		return err
	}
	raw := []byte(cmd.Changes)
	if text := strings.TrimSpace(cmd.Changes); !strings.HasPrefix(text, "[") && !strings.HasPrefix(text, "{") {
		if raw, err = os.ReadFile(cmd.Changes); err != nil {
			return problem.New(problem.NotFound, "displacement.no-changes", "There is no file %q with changes.", cmd.Changes)
		}
	}
	if p.Changes, err = readChanges(raw); err != nil {
		return err
	}
	out, err := cmd.run(ctx, s, p)
	if out == nil {
		return err
	}
	view := out.View()
	if cmd.JSON {
		return errors.Join(printJSON(s.Stdout, view), err)
	}
	return errors.Join(view.print(s.Stdout), err)
}

func readChanges(raw []byte) ([]abm.Intervention, error) {
	var list []abm.Intervention
	err := json.Unmarshal(raw, &list)
	if err != nil {
		var one abm.Intervention
		if json.Unmarshal(raw, &one) == nil {
			return []abm.Intervention{one}, nil
		}
		return nil, problem.New(problem.Malformed, "displacement.bad-changes", "The changes are not a JSON list of changes: %s.", err.Error())
	}
	if len(list) == 0 {
		return nil, problem.New(problem.Invalid, "displacement.bad-changes", "The list of changes is empty.")
	}
	return list, nil
}

// ValidateCommand measures cases.
type ValidateCommand struct {
	Case    []string `arg:"" help:"Case folders or zip bundles."`
	Seeds   int      `help:"Runs with different seeds." default:"5"`
	Members int      `help:"Also an ensemble of so many members over uncertain inputs, for coverage and width of its bands." default:"0"`
	Cold    bool     `help:"Also the split with capacities forgotten, with settings chosen on other cases."`
	Workers int      `help:"At once on this machine; 0 is one per processor." default:"0"`
	Report  string   `help:"Write an HTML report here." placeholder:"FILE"`
	caseFlags
}

// Help shows examples.
func (ValidateCommand) Help() string {
	return "Examples:\n  lintas displacement validate mali2012 --ruleset validation --compat flee --seeds 20 --json\n  lintas displacement validate mali2012 burundi2015 car2013 ssudan2013 --cold --members 100 --report report.html"
}

// Run measures.
func (cmd ValidateCommand) Run(ctx context.Context, s IO) error {
	if cmd.Seeds < 1 || cmd.Seeds > 10_000 {
		return problem.New(problem.Invalid, "displacement.bad-seeds", "Give 1 to 10000 seeds.")
	}
	workers := cmd.Workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var all []*Validation
	var cases []*abm.Case
	var stopped error
	sayRuleset(s, cmd.Ruleset)
	for _, path := range cmd.Case {
		c, found, bundle, err := openCase(path)
		if err != nil {
			return err
		}
		sayFindings(s, path, found)
		bar := newProgress(s, cmd.Seeds)
		bar.what = c.Name
		v, err := validate(ctx, c, bundle, validateOptions{ruleset: cmd.Ruleset, flee: cmd.Compat == "flee", seeds: cmd.Seeds, members: cmd.Members, cold: cmd.Cold, workers: workers, seed: cmd.Seed}, bar.set)
		bar.end()
		if v != nil && v.Seeds > 0 {
			all, cases = append(all, v), append(cases, c)
		}
		if err != nil {
			if ctx.Err() == nil {
				return err
			}
			stopped = fmt.Errorf("%w: what is finished follows", ErrStopped)
			break
		}
	}
	calibrateAcross(all)
	if cmd.Report != "" {
		if err := writeWhole(cmd.Report, func(w io.Writer) error { return writeReport(w, cases, all) }); err != nil {
			return err
		}
	}
	if cmd.JSON {
		if len(cmd.Case) == 1 && len(all) == 1 {
			return errors.Join(printJSON(s.Stdout, all[0]), stopped)
		}
		return errors.Join(printJSON(s.Stdout, all), stopped)
	}
	for _, v := range all {
		v.print(s.Stdout)
	}
	return stopped
}

func (v *Validation) print(w io.Writer) {
	fmt.Fprintf(w, "%s: %d places, %d camps counted, %d days; ruleset %s, compat %s, %d seeds, %.2f s per run\n", v.Case, v.Places, v.Camps, v.Days, v.Ruleset, v.Compat, v.Seeds, v.SecondsPerRun)
	t := tabwriter.NewWriter(w, 2, 8, 2, ' ', 0)
	fmt.Fprintf(t, "  model\tnormal %.4f ± %.4f\trescaled %.4f ± %.4f\n", v.ErrorNormal, v.SDNormal, v.ErrorRescaled, v.SDRescaled)
	b := v.Baselines
	fmt.Fprintf(t, "  capacity split\t\trescaled %.3f\treads the answer where capacities come from the counts\n", b.CapacitySplit)
	fmt.Fprintf(t, "  equal split\t\trescaled %.3f\n  gravity 1/d, 1/d²\t\trescaled %.3f, %.3f\n  shares held from day 30\t\trescaled %.3f\n", b.EqualSplit, b.Gravity1, b.Gravity2, b.Held30)
	if v.Cold != nil {
		fmt.Fprintf(t, "  without capacities\t\trescaled %.3f\tmean of %d sets chosen on other cases, %.0f %% placed evenly\n", v.Cold.Error, v.Cold.Sets, 100*v.Cold.EvenShare)
		fmt.Fprintf(t, "  with capacities\t\trescaled %.3f\tmean of %d sets chosen on other cases\n", v.Cold.WithCapacities, v.Cold.Sets)
	}
	for _, f := range v.Forecasts {
		if f.Reports == 0 {
			fmt.Fprintf(t, "  forecast %d days\terror %.3f\tpersistence %.3f\tno report late enough to judge bands\n", f.Horizon, f.Error, f.Persistence)
			continue
		}
		fmt.Fprintf(t, "  forecast %d days\terror %.3f\tpersistence %.3f\tCRPS %.3f (persistence %.3f)\t90 %% bands hold %.0f %% of %d reports, width %.2f (persistence %.2f to hold as many)\n",
			f.Horizon, f.Error, f.Persistence, f.CRPS, f.PersistenceCRPS, 100*f.Coverage, f.Reports, f.Width, f.PersistenceWidth)
	}
	if v.Bands != nil {
		fmt.Fprintf(t, "  ensemble of %d\tmean, rescaled %.3f\t90 %% bands hold %.0f %%, width %.2f\n", v.Bands.Members, v.Bands.ErrorOfMean, 100*v.Bands.Coverage, v.Bands.Width)
		if v.Bands.CalibratedWidth > 0 {
			fmt.Fprintf(t, "    stretched as the other cases teach\t\t90 %% bands hold %.0f %%, width %.2f\n", 100*v.Bands.CalibratedCoverage, v.Bands.CalibratedWidth)
		}
	}
	t.Flush()
	for _, n := range v.Notes {
		fmt.Fprintln(w, "  note:", n)
	}
}

// CheckCommand reads a case strictly.
type CheckCommand struct {
	Case []string `arg:"" help:"Case folders or zip bundles."`
	JSON bool     `help:"Print JSON."`
}

// Help shows an example.
func (CheckCommand) Help() string {
	return "Prints file:line:column: what is wrong; what was assumed. Ends with an error when something was lost.\n\nExample:\n  lintas displacement check mali2012"
}

// Run reads.
func (cmd CheckCommand) Run(s IO) error {
	lost := 0
	type checked struct {
		Case     string        `json:"case"`
		OK       bool          `json:"ok"`
		Places   int           `json:"places"`
		Routes   int           `json:"routes"`
		Days     int           `json:"days"`
		Camps    int           `json:"camps_with_reports"`
		Findings []abm.Finding `json:"findings"`
		Error    string        `json:"error,omitempty"`
	}
	var all []checked
	for _, path := range cmd.Case {
		c, found, _, err := openCase(path)
		v := checked{Case: filepath.Base(path), OK: err == nil, Findings: found}
		if err != nil {
			v.Error = err.Error()
			lost++
		} else {
			v.Places, v.Routes, v.Days, v.Camps = len(c.Places), len(c.Routes), c.Days, len(c.Camps)
		}
		for _, f := range found {
			if f.Severity == abm.SevError {
				v.OK = false
				lost++
			}
		}
		all = append(all, v)
		if !cmd.JSON {
			for _, f := range found {
				fmt.Fprintln(s.Stdout, f)
			}
			if err != nil {
				fmt.Fprintln(s.Stdout, v.Case+":", err)
				continue
			}
			fmt.Fprintf(s.Stdout, "%s: %d places, %d routes, %d days, %d camps with reports, %d findings\n", v.Case, v.Places, v.Routes, v.Days, v.Camps, len(found))
		}
	}
	if cmd.JSON {
		if err := printJSON(s.Stdout, all); err != nil {
			return err
		}
	}
	if lost > 0 {
		return problem.New(problem.Invalid, "displacement.case-has-errors", "Places in the case where something that was meant is lost: %d; see above.", lost)
	}
	return nil
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// writeWhole writes a file whole or not at all.
func writeWhole(path string, write func(io.Writer) error) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".lintas-*")
	if err != nil {
		return problem.New(problem.Invalid, "displacement.cannot-write", "Cannot write to the folder of %q.", path)
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// progress draws a line with the time left on a terminal.
type progress struct {
	s     IO
	what  string
	of    int
	began time.Time
	last  time.Time
}

func newProgress(s IO, of int) *progress { return &progress{s: s, of: of, began: time.Now()} }

func (p *progress) set(done int) {
	if !p.s.Terminal || done == 0 || time.Since(p.last) < 100*time.Millisecond && done < p.of {
		return
	}
	p.last = time.Now()
	left := time.Duration(float64(time.Since(p.began)) / float64(done) * float64(max(0, p.of-done))).Round(time.Second)
	filled := min(30, 30*done/max(1, p.of))
	fmt.Fprintf(p.s.Stderr, "\r%s [%s%s] %d/%d, %s left \x1b[K", p.what, strings.Repeat("=", filled), strings.Repeat(" ", 30-filled), done, p.of, left)
}

func (p *progress) end() {
	if p.s.Terminal {
		fmt.Fprint(p.s.Stderr, "\r\x1b[K")
	}
}

// checkInputs refuses inputs that cannot be drawn.
func checkInputs(inputs []ensemble.Input) error {
	known := func(name string) bool {
		_, ok := settingInputs[name]
		return ok || name == inCapacity || name == inCapacities || name == inConflict || name == inRoads || name == inTotals
	}
	for i, in := range inputs {
		at := fmt.Sprintf("inputs[%d]", i)
		bad := func(why string) error {
			return problem.New(problem.Invalid, "displacement.bad-inputs", "The uncertain input %q cannot be used: %s.", in.Name, why).With(at, why)
		}
		switch in.Spread {
		case ensemble.Uniform, ensemble.Whole:
		case ensemble.LogUniform, ensemble.LogNormal:
			if in.Low <= 0 {
				return bad("a logarithmic spread needs ends above 0")
			}
		default:
			return bad("its spread should be uniform, log-uniform, log-normal or whole")
		}
		if !known(in.Name) {
			return bad("there is no input of this name")
		}
		if !(in.High >= in.Low) {
			return bad("its high end is below its low end")
		}
	}
	return nil
}
