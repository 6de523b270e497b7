package displacement

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"lintas/displacement/abm"
	"lintas/displacement/ensemble"
	"lintas/kernel/problem"
)

// Plan is everything an ensemble follows from: given to any machine it gives
// the same bytes for the same member.
type Plan struct {
	Bundle   []byte        `json:"bundle"` // the case folder, zipped
	Name     string        `json:"name"`
	Settings *abm.Settings `json:"settings,omitempty"` // in place of the case's own
	Flee     bool          `json:"flee,omitempty"`     // copy Flee's quirks
	// AssumeCapacity forgets the capacities of the file (in the public cases
	// they are learnt from the answer) and gives every camp this one; 0 is none.
	AssumeCapacity *int64             `json:"assume_capacity,omitempty"`
	Seed           uint64             `json:"seed"`
	Members        int                `json:"members"`
	Inputs         []ensemble.Input   `json:"inputs,omitempty"`
	Changes        []abm.Intervention `json:"changes,omitempty"` // the what-if; every member runs with and without
	Warm           *Warm              `json:"warm,omitempty"`
	Stride         int                `json:"stride,omitempty"` // keep every so many days; 0 is 1
	// Program is what made the plan; workers that are another refuse it.
	Program string `json:"program,omitempty"`
}

// Warm starts a run on a day from the reports known then. Nothing that happens
// later is read: no totals, no registrations, no conflicts, no closures.
type Warm struct {
	Day     int `json:"day"`
	Horizon int `json:"horizon"` // days to foretell
}

// Bounds of a plan; larger ones are refused with the reason.
const (
	maxMembers = 100_000
	maxHorizon = 400
)

func (p Plan) check() error {
	switch {
	case p.Members < 1 || p.Members > maxMembers:
		return problem.New(problem.Invalid, "displacement.bad-members", "An ensemble has 1 to %d members; %d were asked for.", maxMembers, p.Members)
	case p.Warm != nil && (p.Warm.Day < 1 || p.Warm.Horizon < 1 || p.Warm.Horizon > maxHorizon):
		return problem.New(problem.Invalid, "displacement.bad-warm-start", "A warm start begins on day 1 or later and looks 1 to %d days ahead.", maxHorizon)
	}
	return nil
}

// Work is a plan made ready to run members of. Its methods are safe for
// several goroutines at once.
type Work struct {
	Plan   Plan
	Case   *abm.Case // settings applied, without the what-if
	WhatIf *abm.Case // nil without changes
	Camps  []int     // the places counted: camps with reports, else all camps

	first, days int   // days kept are first..first+days-1, every Stride-th
	kept        []int // days
	told        []int // indices of kept on which ages and sexes are told; nil where the case has none
	start       *abm.State
	pace        []int64 // warm: quantiles of new arrivals per day, 1..99 %
	spaces      sync.Pool
}

// Prepare reads the case of a plan and applies what is the same for all members.
func Prepare(p Plan) (*Work, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	c, _, err := readBundle(p.Bundle)
	if err != nil {
		return nil, err
	}
	c.Name = p.Name
	w := &Work{Plan: p, days: c.Days, spaces: sync.Pool{New: func() any { return &abm.Workspace{} }}}
	if p.Settings != nil {
		c = c.WithSettings(*p.Settings)
	}
	if p.AssumeCapacity != nil {
		c = assumeCapacity(c, *p.AssumeCapacity)
	}
	w.Camps = countedPlaces(c)
	if p.Warm != nil {
		if c, err = w.warm(c); err != nil {
			return nil, err
		}
	}
	c = withWho(c)
	w.Case = c
	if len(p.Changes) > 0 {
		if w.WhatIf, err = applyChanges(c, p.Changes); err != nil {
			return nil, err
		}
		w.Camps = withNewCamps(w.Camps, w.WhatIf, p.Changes)
	}
	for day := w.first; day < w.first+w.days; day++ {
		if (day-w.first)%max(1, p.Stride) == 0 || day == w.first+w.days-1 {
			w.kept = append(w.kept, day)
		}
	}
	if saysWho(c) {
		w.told = toldDays(w.kept)
	}
	return w, nil
}

// assumeCapacity forgets what the file says about camps and gives each the
// same capacity; 0 is without limit.
func assumeCapacity(c *abm.Case, capacity int64) *abm.Case {
	d := c.Clone()
	for i := range d.Places {
		if d.Places[i].Kind.IsCamp() {
			d.Places[i].Capacity = capacity
		}
	}
	return d
}

// countedPlaces are the camps with reports in their order; without reports all
// camps; without camps every place abroad, and at last every place.
func countedPlaces(c *abm.Case) []int {
	var out, camps, abroad, all []int
	for _, s := range c.Camps {
		out = append(out, s.Place)
	}
	for i, p := range c.Places {
		if p.Kind.IsCamp() {
			camps = append(camps, i)
		}
		if p.Foreign {
			abroad = append(abroad, i)
		}
		all = append(all, i)
	}
	for _, list := range [][]int{out, camps, abroad} {
		if len(list) > 0 {
			return list
		}
	}
	return all
}

// warm sets the case back to what is known on the day: people stand where the
// newest reports count them, conflicts and closures stay as they are that day,
// and new arrivals follow the forecast from reports.
func (w *Work) warm(c *abm.Case) (*abm.Case, error) {
	day, horizon := w.Plan.Warm.Day, w.Plan.Warm.Horizon
	if len(c.Camps) == 0 {
		return nil, problem.New(problem.Invalid, "displacement.no-reports", "A warm start needs reports of arrivals; this case has none.")
	}
	known := observed(c).Known(day)
	d := c.Clone()
	d.Days = day + horizon + 1
	for _, table := range [][][]abm.Step{d.Conflict, d.Flood, d.IPC} {
		for i, steps := range table {
			table[i] = stepsUntil(steps, day)
		}
	}
	d.PlaceChanges = slices.DeleteFunc(d.PlaceChanges, func(ch abm.PlaceChange) bool { return ch.Day > day })
	d.Closures = nil
	for _, cl := range c.Closures {
		switch {
		case cl.Start > day:
		case cl.End > day:
			cl.End = math.MaxInt32
			d.Closures = append(d.Closures, cl)
		default:
			d.Closures = append(d.Closures, cl)
		}
	}
	w.first, w.days = day, horizon+1
	w.start = &abm.State{Day: day}
	last := ensemble.Persistence(known)
	for i, n := range last {
		w.start.Counts = append(w.start.Counts, abm.PlaceCount{Place: c.Camps[i].Place, People: int64(n)})
	}
	w.pace = arrivalPace(ensemble.ForCase(c.Name).Forecast(known, day, horizon), horizon)
	return d, nil
}

// applyChanges turns the engine's refusal into a problem that can be acted on.
func applyChanges(c *abm.Case, changes []abm.Intervention) (*abm.Case, error) {
	d, err := abm.Apply(c, changes)
	var refused *abm.InterventionError
	if errors.As(err, &refused) {
		return nil, problem.New(problem.Invalid, "displacement.bad-what-if", "The what-if cannot be applied: %s.", refused.Error()).
			With(fmt.Sprintf("body.changes[%d]", refused.Index), refused.Why)
	}
	return d, err
}

// withNewCamps adds the places that a what-if makes camps.
func withNewCamps(counted []int, changed *abm.Case, changes []abm.Intervention) []int {
	for _, v := range changes {
		if v.Kind != abm.OpenCamp {
			continue
		}
		name := v.Place
		if v.New != nil {
			name = v.New.Name
		}
		if i := changed.PlaceIndex(name); i >= 0 && !slices.Contains(counted, i) {
			counted = append(counted[:len(counted):len(counted)], i)
		}
	}
	return counted
}

func stepsUntil(steps []abm.Step, day int) []abm.Step {
	for k, s := range steps {
		if s.Day > day {
			return steps[:k]
		}
	}
	return steps
}

// arrivalPace turns the outlooks of all places into quantiles of new people
// per day, taking the places to err together, which is the wide side.
func arrivalPace(outlooks []ensemble.Outlook, horizon int) []int64 {
	pace := make([]int64, 99)
	for k := range pace {
		total := 0.0
		for _, o := range outlooks {
			n := len(o.Quantiles)
			total += math.Max(0, o.Quantiles[min(n-1, (k+1)*n/100)]-o.Last)
		}
		pace[k] = int64(total / float64(horizon))
	}
	return pace
}

// People of one member at the counted places on the kept days: [kept][camp].
type memberCounts struct {
	base, whatIf [][]uint64
	groups       [][][]uint64 // of the version as it is: [told][camp][group]
	scores       abm.Scores
}

// Run runs one member. It gives the same for the same plan and number.
func (w *Work) run(ctx context.Context, member int) (memberCounts, error) {
	var out memberCounts
	values := ensemble.Draw(w.Plan.Seed, member, w.Plan.Inputs, nil)
	space := w.spaces.Get().(*abm.Workspace)
	defer w.spaces.Put(space)
	base := vary(w.Case, w.Plan.Seed, member, values)
	r, err := abm.Run(ctx, base, w.options(base, member, values, space))
	if err != nil {
		return out, err
	}
	out.base = w.counts(r)
	if w.WhatIf == nil {
		out.groups = w.groupCounts(r)
	}
	if len(w.Case.Camps) > 0 {
		out.scores = abm.Score(w.Case, r)
	}
	if w.WhatIf != nil {
		changed := vary(w.WhatIf, w.Plan.Seed, member, values)
		// The same people are displaced with and without the change: arrivals
		// come from the base.
		if r, err = abm.Run(ctx, changed, w.options(base, member, values, space)); err != nil {
			return out, err
		}
		out.whatIf, out.groups = w.counts(r), w.groupCounts(r)
	}
	return out, nil
}

func (w *Work) options(c *abm.Case, member int, values map[string]float64, space *abm.Workspace) abm.Options {
	o := abm.Options{Seed: ensemble.Seed(w.Plan.Seed, member), Space: space}
	if w.Plan.Flee {
		o.Compat = abm.CompatFlee
	}
	switch {
	case w.start != nil:
		o.Initial = w.start
		u := ensemble.Stream(w.Plan.Seed, member, "arrivals").Float64()
		o.Arrivals = steady{w.first, w.pace[min(98, int(u*99))]}
	case values[inTotals] > 0 && values[inTotals] != 1 && !c.Settings.ConflictDriven.On && !c.Settings.FloodDriven.On:
		o.Arrivals = reportedArrivals(c, values[inTotals])
	}
	return o
}

// steady is the same number of newly displaced people on every day after first.
type steady struct {
	first  int
	perDay int64
}

// New implements abm.Arrivals.
func (s steady) New(day int) int64 {
	if day <= s.first {
		return 0
	}
	return s.perDay
}

func (w *Work) counts(r *abm.Result) [][]uint64 {
	out := make([][]uint64, len(w.kept))
	for k, day := range w.kept {
		out[k] = make([]uint64, len(w.Camps))
		for i, place := range w.Camps {
			out[k][i] = uint64(max(0, r.At(day, place)))
		}
	}
	return out
}

// Member runs one member and packs the result for sending.
func (w *Work) Member(ctx context.Context, member int) ([]byte, error) {
	m, err := w.run(ctx, member)
	if err != nil {
		return nil, err
	}
	b := binary.LittleEndian.AppendUint64(nil, math.Float64bits(m.scores.Normal))
	b = binary.LittleEndian.AppendUint64(b, math.Float64bits(m.scores.Rescaled))
	for _, table := range [][][]uint64{m.base, m.whatIf} {
		for _, row := range table {
			for _, n := range row {
				b = binary.AppendUvarint(b, n)
			}
		}
	}
	for _, row := range m.groups {
		for _, place := range row {
			for _, n := range place {
				b = binary.AppendUvarint(b, n)
			}
		}
	}
	return b, nil
}

// unpack is the other side of Member; what a worker sends is checked.
func (w *Work) unpack(b []byte) (memberCounts, error) {
	var m memberCounts
	if len(b) < 16 {
		return m, fmt.Errorf("a member of %d bytes is too short", len(b))
	}
	m.scores.Normal = math.Float64frombits(binary.LittleEndian.Uint64(b))
	m.scores.Rescaled = math.Float64frombits(binary.LittleEndian.Uint64(b[8:]))
	r := bytes.NewReader(b[16:])
	row := func(n int) ([]uint64, error) {
		out := make([]uint64, n)
		for i := range out {
			v, err := binary.ReadUvarint(r)
			if err != nil {
				return nil, fmt.Errorf("a member ends early: %w", err)
			}
			out[i] = v
		}
		return out, nil
	}
	table := func(rows, columns int) (out [][]uint64, err error) {
		for range rows {
			v, err := row(columns)
			if err != nil {
				return nil, err
			}
			out = append(out, v)
		}
		return out, nil
	}
	var err error
	if m.base, err = table(len(w.kept), len(w.Camps)); err == nil && w.WhatIf != nil {
		m.whatIf, err = table(len(w.kept), len(w.Camps))
	}
	for range w.told {
		if err != nil {
			break
		}
		var places [][]uint64
		places, err = table(len(w.Camps), len(groups))
		m.groups = append(m.groups, places)
	}
	if err == nil && r.Len() > 0 {
		err = fmt.Errorf("a member has %d bytes too many", r.Len())
	}
	return m, err
}

// encode is the plan as it travels to workers.
func (p Plan) encode() ([]byte, error) { return json.Marshal(p) }
