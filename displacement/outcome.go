package displacement

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"runtime"
	"sync"

	"lintas/displacement/abm"
	"lintas/displacement/ensemble"
	"lintas/platform/spread"
)

// Outcome is what an ensemble says, built up member by member. The order in
// which members come in leaves no trace.
type Outcome struct {
	Base        *ensemble.Summary
	WhatIf      *ensemble.Summary       // nil without changes
	Differences [][]ensemble.Difference // [kept][place], nil without changes
	groups      [][][]ensemble.Sketch   // who they are, of the version as it is: [told][place][group]
	shares      *ensemble.Sensitivity   // of the people in all places on the last day
	scores      []abm.Scores            // by member; NaN where it is missing
	work        *Work
}

func newOutcome(w *Work) *Outcome {
	names := make([]string, len(w.Camps))
	from := w.Case
	if w.WhatIf != nil {
		from = w.WhatIf
	}
	for i, p := range w.Camps {
		names[i] = from.Places[p].Name
	}
	o := &Outcome{Base: summaryOf(names, w), shares: ensemble.NewSensitivity(w.Plan.Inputs), scores: make([]abm.Scores, w.Plan.Members), groups: whoSketches(w), work: w}
	for i := range o.scores {
		o.scores[i].Normal = math.NaN()
	}
	if w.WhatIf != nil {
		o.WhatIf = summaryOf(names, w)
		o.Differences = make([][]ensemble.Difference, len(w.kept))
		for k := range o.Differences {
			o.Differences[k] = make([]ensemble.Difference, len(names))
		}
	}
	return o
}

func summaryOf(names []string, w *Work) *ensemble.Summary {
	s := ensemble.NewSummary(names, 0, 1)
	s.Days = w.kept
	s.Cells = make([][]ensemble.Sketch, len(w.kept))
	for k := range s.Cells {
		s.Cells[k] = make([]ensemble.Sketch, len(names))
	}
	s.Totals = make([]ensemble.Sketch, len(w.kept))
	return s
}

// add folds one member, given packed.
func (o *Outcome) add(member int, packed []byte) error {
	m, err := o.work.unpack(packed)
	if err != nil {
		return err
	}
	row := make(map[int]int, len(o.work.kept))
	for k, day := range o.work.kept {
		row[day] = k
	}
	o.Base.Fold(func(day, place int) uint64 { return m.base[row[day]][place] })
	if m.whatIf != nil {
		o.WhatIf.Fold(func(day, place int) uint64 { return m.whatIf[row[day]][place] })
		for k := range m.base {
			for i := range m.base[k] {
				o.Differences[k][i].Add(m.base[k][i], m.whatIf[k][i])
			}
		}
	}
	for j := range m.groups {
		for i := range m.groups[j] {
			for g, n := range m.groups[j][i] {
				o.groups[j][i][g].Add(n)
			}
		}
	}
	last := uint64(0)
	for _, n := range m.base[len(m.base)-1] {
		last += n
	}
	o.shares.Add(ensemble.Draw(o.work.Plan.Seed, member, o.work.Plan.Inputs, nil), last)
	o.scores[member] = m.scores
	return nil
}

// Scores is the mean over the members that are in, in their order.
func (o *Outcome) Scores() (mean abm.Scores, members int) {
	for _, s := range o.scores {
		if math.IsNaN(s.Normal) {
			continue
		}
		mean.Normal += s.Normal
		mean.Rescaled += s.Rescaled
		members++
	}
	mean.Normal /= float64(max(1, members))
	mean.Rescaled /= float64(max(1, members))
	mean.Days = o.work.days
	return mean, members
}

// Sensitivity tells which input widens the band of the people in all places on
// the last day; nil below 30 members.
func (o *Outcome) Sensitivity() []ensemble.Share { return o.shares.Shares() }

// runLocally runs all members on this machine. progress may be nil. When ctx
// ends, what is finished is kept and returned with ctx's error.
func runLocally(ctx context.Context, w *Work, workers int, progress func(done int)) (*Outcome, error) {
	o := newOutcome(w)
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	err := ensemble.Run(ctx, 0, w.Plan.Members, workers, func(ctx context.Context, n int) (ensemble.Member, error) {
		b, err := w.Member(ctx, n)
		if err != nil {
			return ensemble.Member{}, err
		}
		return ensemble.Member{Number: n, Packed: b}, nil
	}, func(m ensemble.Member) error {
		if err := o.add(m.Number, m.Packed); err != nil {
			return err
		}
		if progress != nil {
			progress(o.Base.Members)
		}
		return nil
	})
	return o, err
}

// runSpread hands the members out to workers that join the hub; here of them at once are run in this process.
func runSpread(ctx context.Context, w *Work, hub *spread.Hub, here int, progress func(done int)) (*Outcome, error) {
	job, err := w.Plan.encode()
	if err != nil {
		return nil, err
	}
	o := newOutcome(w)
	err = hub.Map(ctx, job, w.Plan.Members, spread.Here{Parallel: here, Do: w.Member}, func(i int, result []byte) error {
		if err := o.add(i, result); err != nil {
			return err
		}
		if progress != nil {
			progress(o.Base.Members)
		}
		return nil
	})
	return o, err
}

// Worker joins a hub and runs members until the hub is gone or ctx ends. It leaves a plan that another program
// than its own made: it might give other numbers.
func Worker(ctx context.Context, hubURL string, parallel int, version string) error {
	jobs := &jobCache{program: programOf(version)}
	return spread.Work(ctx, hubURL, parallel, func(ctx context.Context, job []byte, i int) ([]byte, error) {
		w, err := jobs.work(job)
		if err != nil {
			return nil, err
		}
		return w.Member(ctx, i)
	})
}

// programOf names what a member's numbers follow from beside its plan: the program's version, and the kind of
// processor, as compilers may round differently on another.
func programOf(version string) string { return version + " " + runtime.GOARCH }

// jobCache keeps the newest job ready, so that a worker reads a case once.
type jobCache struct {
	program string

	mu    sync.Mutex
	key   [sha256.Size]byte
	ready *Work
}

func (c *jobCache) work(job []byte) (*Work, error) {
	key := sha256.Sum256(job)
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ready != nil && c.key == key {
		return c.ready, nil
	}
	var p Plan
	if err := json.Unmarshal(job, &p); err != nil {
		return nil, fmt.Errorf("the job is not a plan: %w", err)
	}
	if p.Program != c.program {
		return nil, fmt.Errorf("%w: it is %q and the plan was made by %q; run the same program at both ends", spread.ErrUnfit, c.program, p.Program)
	}
	w, err := Prepare(p)
	if err != nil {
		return nil, err
	}
	c.key, c.ready = key, w
	return w, nil
}

// ErrStopped says that an ensemble was stopped and holds what was finished.
var ErrStopped = errors.New("stopped before all members were run")
