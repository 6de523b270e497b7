package displacement

import (
	"context"
	"math"
	"runtime"
	"time"

	"lintas/displacement/abm"
	"lintas/displacement/ensemble"
)

// Validation is how a case does, beside what a pencil does. Errors are Flee's
// averaged relative differences (0 perfect, 2 worst).
type Validation struct {
	Case    string `json:"case"`
	Ruleset string `json:"ruleset"`
	Compat  string `json:"compat"`
	Seeds   int    `json:"seeds"`
	Places  int    `json:"places"`
	Camps   int    `json:"camps"`
	Days    int    `json:"days"`

	ErrorNormal     float64 `json:"error_normal"`   // mean over the seeds
	ErrorRescaled   float64 `json:"error_rescaled"` // mean over the seeds
	SDNormal        float64 `json:"sd_normal"`      // over the seeds
	SDRescaled      float64 `json:"sd_rescaled"`
	SecondsPerRun   float64 `json:"seconds_per_run"` // elapsed for one worker; other work on the machine counts in
	CapacitiesKnown bool    `json:"capacities_known"`

	Baselines Baselines      `json:"baselines"`
	Forecasts []ForecastRow  `json:"forecasts"`
	Bands     *BandScore     `json:"bands,omitempty"` // of the ensemble; with --members
	Cold      *ColdScore     `json:"cold,omitempty"`  // without capacities; with --cold
	Notes     []string       `json:"notes"`
	outlooks  []placeOutlook // for the report
	runs      [][]float64    // mean people per day and camp, for the report
}

// Baselines are rescaled errors of splits that use each day's known total.
type Baselines struct {
	CapacitySplit float64 `json:"capacity_split"` // reads the answer where capacities are maxima of the series
	EqualSplit    float64 `json:"equal_split"`
	Gravity1      float64 `json:"gravity_1_d"`  // population in conflict / distance
	Gravity2      float64 `json:"gravity_1_d2"` // the same / distance squared
	Held30        float64 `json:"held_from_day_30"`
}

// ForecastRow is one horizon: totals not given, only reports known on the day.
type ForecastRow struct {
	Horizon         int     `json:"horizon"`
	Error           float64 `json:"error"`       // every 10 days, relative to the people counted then
	Persistence     float64 `json:"persistence"` // the same of the newest report held
	Reports         int     `json:"reports"`     // judged below
	CRPS            float64 `json:"crps"`        // relative to the people counted
	PersistenceCRPS float64 `json:"persistence_crps"`
	Coverage        float64 `json:"coverage_90"` // of 90 % bands at report dates
	Width           float64 `json:"width_90"`    // relative to the people counted
	// PersistenceWidth is that of a band of so many per cent about the newest
	// report, stretched until it holds as many reports as ours. Only widths at
	// equal coverage can be compared.
	PersistenceWidth float64 `json:"persistence_width_at_equal_coverage"`
	LearntOn         string  `json:"learnt_on"`
}

type placeOutlook struct {
	day  int
	band []ensemble.Band // per camp
}

// BandScore is how the bands of an ensemble hold the reports.
type BandScore struct {
	Members  int     `json:"members"`
	Reports  int     `json:"reports"`
	Coverage float64 `json:"coverage_90"`
	Width    float64 `json:"width_90"`
	CRPS     float64 `json:"crps"`
	// After stretching by what the other cases of this command teach.
	CalibratedCoverage float64 `json:"calibrated_coverage_90,omitempty"`
	CalibratedWidth    float64 `json:"calibrated_width_90,omitempty"`
	ErrorOfMean        float64 `json:"error_rescaled_of_mean"`
	judged             []ensemble.Judged
	outcome            *Outcome
}

// validateOptions say what to measure.
type validateOptions struct {
	ruleset string
	flee    bool
	seeds   int
	members int
	cold    bool
	workers int
	seed    uint64
}

// validate measures one case. progress is told how many runs are done.
func validate(ctx context.Context, c *abm.Case, bundle []byte, o validateOptions, progress func(done int)) (*Validation, error) {
	v := &Validation{Case: c.Name, Ruleset: o.ruleset, Compat: compatName(o.flee), Seeds: o.seeds, Places: len(c.Places), Camps: len(c.Camps), Days: c.Days, CapacitiesKnown: true, Forecasts: []ForecastRow{}, Notes: []string{}}
	if v.Ruleset == "" {
		v.Ruleset = "of the case"
	}
	set, given, err := readRuleset(o.ruleset)
	if err != nil {
		return nil, err
	}
	if given {
		c = c.WithSettings(set)
	}
	stopped := v.seedRuns(ctx, c, o, progress)
	if !reported(c) {
		v.Notes = append(v.Notes, "Nobody was ever reported in this case: there is nothing to measure it against, and the errors mean nothing.")
	}
	v.baselines(c)
	v.forecasts(c)
	if stopped != nil {
		return v, stopped
	}
	if o.members > 0 {
		if v.Bands, err = bandScore(ctx, c, bundle, o, progress); err != nil {
			return v, err
		}
	}
	if o.cold {
		v.Cold, err = coldScore(ctx, c, o.workers, o.seeds)
	}
	return v, err
}

func compatName(flee bool) string {
	if flee {
		return "flee"
	}
	return "none"
}

// seedRuns plays the case once per seed and keeps sums only.
func (v *Validation) seedRuns(ctx context.Context, c *abm.Case, o validateOptions, progress func(int)) error {
	scores := make([]abm.Scores, o.seeds)
	sums := make([][]float64, c.Days)
	for d := range sums {
		sums[d] = make([]float64, len(c.Camps))
	}
	var notes []string
	began := time.Now()
	workers := o.workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	type played struct {
		scores abm.Scores
		people [][]int64
		notes  []string
	}
	results := make([]played, o.seeds)
	done := 0
	err := ensemble.Run(ctx, 0, o.seeds, workers, func(ctx context.Context, n int) (ensemble.Member, error) {
		opt := abm.Options{Seed: ensemble.Seed(o.seed, n)}
		if o.flee {
			opt.Compat = abm.CompatFlee
		}
		r, err := abm.Run(ctx, c, opt)
		if err != nil {
			return ensemble.Member{}, err
		}
		p := played{scores: abm.Score(c, r), people: make([][]int64, c.Days), notes: r.Notes}
		for d := range p.people {
			p.people[d] = make([]int64, len(c.Camps))
			for i := range c.Camps {
				p.people[d][i] = r.At(d, c.Camps[i].Place)
			}
		}
		results[n] = p
		return ensemble.Member{Number: n}, nil
	}, func(m ensemble.Member) error {
		scores[m.Number] = results[m.Number].scores
		for d := range sums {
			for i := range sums[d] {
				sums[d][i] += float64(results[m.Number].people[d][i])
			}
		}
		notes = results[m.Number].notes
		results[m.Number].people = nil
		done++
		if progress != nil {
			progress(done)
		}
		return nil
	})
	v.Seeds = done
	if done == 0 {
		return err
	}
	v.SecondsPerRun = time.Since(began).Seconds() * float64(min(workers, done)) / float64(done)
	for d := range sums {
		for i := range sums[d] {
			sums[d][i] /= float64(done)
		}
	}
	v.runs, v.Notes = sums, notes
	v.ErrorNormal, v.SDNormal = meanAndDeviation(scores, func(s abm.Scores) float64 { return s.Normal })
	v.ErrorRescaled, v.SDRescaled = meanAndDeviation(scores, func(s abm.Scores) float64 { return s.Rescaled })
	return err
}

// meanAndDeviation skips seeds that were not run (no days).
func meanAndDeviation(scores []abm.Scores, f func(abm.Scores) float64) (mean, sd float64) {
	n := 0.0
	for _, s := range scores {
		if s.Days > 0 {
			mean += f(s)
			n++
		}
	}
	mean /= math.Max(1, n)
	for _, s := range scores {
		if s.Days > 0 {
			sd += (f(s) - mean) * (f(s) - mean)
		}
	}
	if n < 2 {
		return mean, 0
	}
	return mean, math.Sqrt(sd / (n - 1))
}

// counted are the reports of a case, interpolated as Flee reads them.
func counted(c *abm.Case) ensemble.Counts {
	out := make(ensemble.Counts, c.Days)
	for d := range out {
		out[d] = make([]float64, len(c.Camps))
		for i := range c.Camps {
			out[d][i] = float64(c.Observed(i, d))
		}
	}
	return out
}

func (v *Validation) baselines(c *abm.Case) {
	o, truth := observed(c), counted(c)
	if len(o.Series) == 0 {
		return
	}
	v.Baselines = Baselines{
		CapacitySplit: ensemble.ErrorRescaled(ensemble.CapacitySplit(o), truth),
		EqualSplit:    ensemble.ErrorRescaled(ensemble.EqualSplit(o), truth),
		Gravity1:      ensemble.ErrorRescaled(ensemble.Gravity(o, sources(c), 1), truth),
		Gravity2:      ensemble.ErrorRescaled(ensemble.Gravity(o, sources(c), 2), truth),
		Held30:        ensemble.ErrorRescaled(ensemble.HeldShares(o, 30), truth),
	}
}

func (v *Validation) forecasts(c *abm.Case) {
	o := observed(c)
	f := ensemble.ForCase(c.Name)
	learnt := ""
	for i, n := range f.Learnt {
		if i > 0 {
			learnt += ", "
		}
		learnt += n
	}
	for _, h := range ensemble.Horizons {
		if o.Days <= h+30 || len(o.Series) == 0 {
			continue
		}
		row := ForecastRow{Horizon: h, LearntOn: learnt}
		row.Error, row.Persistence = ensemble.PointErrors(o, f, h)
		s := ensemble.Judge(o, f, h)
		if row.Reports = s.N; s.N > 0 {
			row.CRPS, row.Coverage, row.Width = s.RelativeCRPS(), s.Coverage(), s.RelativeWidth()
			held := f
			held.Growth = 0
			row.PersistenceCRPS = ensemble.Judge(o, held, h).RelativeError()
			row.PersistenceWidth = ensemble.WidthAtCoverage(o, ensemble.HeldForCase(c.Name), h, row.Coverage)
		}
		v.Forecasts = append(v.Forecasts, row)
	}
	v.outlooks = nil
	for day := 30; day+30 < c.Days; day += 10 {
		at := placeOutlook{day: day + 30}
		for _, x := range f.Forecast(o.Known(day), day, 30) {
			at.band = append(at.band, x.Band(0.9))
		}
		v.outlooks = append(v.outlooks, at)
	}
}

// bandScore runs an ensemble over uncertain inputs and holds its bands against
// the reports.
func bandScore(ctx context.Context, c *abm.Case, bundle []byte, o validateOptions, progress func(int)) (*BandScore, error) {
	w, err := Prepare(Plan{Bundle: bundle, Name: c.Name, Settings: &c.Settings, Flee: o.flee, Seed: o.seed, Members: o.members, Inputs: DefaultInputs()})
	if err != nil {
		return nil, err
	}
	out, err := runLocally(ctx, w, o.workers, progress)
	if err != nil && out.Base.Members == 0 {
		return nil, err
	}
	b := &BandScore{Members: out.Base.Members, outcome: out}
	var s ensemble.Score
	total := make([]float64, c.Days)
	for d, row := range counted(c) {
		for _, n := range row {
			total[d] += n
		}
	}
	for i, camp := range c.Camps {
		for _, r := range camp.Reports {
			if r.Day < 30 || r.Day >= c.Days {
				continue
			}
			cell := out.Base.Cells[r.Day][i]
			band := cell.Band(0.9)
			s.Add(band, 0.9, r.Count, ensemble.CRPSQuantiles(cell.Quantiles(40), r.Count))
			b.judged = append(b.judged, ensemble.Judged{Band: band, Counted: r.Count, Case: c.Name, Crowd: total[r.Day] / float64(len(c.Camps))})
		}
	}
	mean := make(ensemble.Counts, c.Days)
	for d := range mean {
		mean[d] = make([]float64, len(c.Camps))
		for i := range c.Camps {
			mean[d][i] = out.Base.Cells[d][i].Mean()
		}
	}
	b.ErrorOfMean = ensemble.ErrorRescaled(mean, counted(c))
	if b.Reports = s.N; s.N > 0 {
		b.Coverage, b.Width, b.CRPS = s.Coverage(), s.RelativeWidth(), s.RelativeCRPS()
	}
	return b, err
}

// calibrateAcross stretches the bands of each case by what the others teach.
func calibrateAcross(all []*Validation) {
	for i, v := range all {
		if v.Bands == nil {
			continue
		}
		var others []ensemble.Judged
		for k, o := range all {
			if k != i && o.Bands != nil {
				others = append(others, o.Bands.judged...)
			}
		}
		if len(others) == 0 {
			continue
		}
		stretch := ensemble.Calibrate(others, 0.9, 0.25)
		var s ensemble.Score
		for _, j := range v.Bands.judged {
			s.Add(stretch.Apply(j.Band, j.Crowd), 0.9, j.Counted, 0)
		}
		if s.N > 0 {
			v.Bands.CalibratedCoverage, v.Bands.CalibratedWidth = s.Coverage(), s.RelativeWidth()
		}
	}
}
