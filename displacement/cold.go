package displacement

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"sync"

	"lintas/displacement/abm"
	"lintas/displacement/ensemble"
)

// The split without a leak. In the public cases the capacities of camps are the
// maxima of the series to be foretold, so a model that reads them has read the
// answer. Here they are forgotten: every camp is assumed to hold the same, the
// settings are those that did best on other crises, several sets are averaged,
// and a part of the people is placed evenly, because a model that has never
// seen these camps should not be sure of itself.

const (
	coldSets  = 5   // sets averaged
	evenShare = 0.2 // part placed evenly over the camps
	// One simulated person stands for so many here, as when the sets were
	// chosen; a share over camps does not need single people.
	coldHasten = 20
)

// ColdSet is one set of settings with its rescaled error on the public cases.
type ColdSet struct {
	Settings abm.Settings       `json:"settings"`
	Capacity int64              `json:"capacity"` // assumed for every camp; -1 keeps the file's
	Errors   map[string]float64 `json:"errors"`   // by case
}

// cold.json holds the candidates: the best of 560 random sets on each three of
// the four public cases.
//
//go:embed cold.json
var coldJSON []byte

type coldFile struct {
	Unknown []ColdSet `json:"unknown"` // capacities not known
	Known   []ColdSet `json:"known"`   // capacities as the file gives them
}

var coldCandidates = sync.OnceValue(func() coldFile {
	var f coldFile
	if err := json.Unmarshal(coldJSON, &f); err != nil {
		panic("displacement: cold.json in the program is broken: " + err.Error())
	}
	return f
})

// bestElsewhere are the n sets with the smallest mean log error on the public
// cases other than the one named.
func bestElsewhere(all []ColdSet, name string, n int) []ColdSet {
	score := func(s ColdSet) float64 {
		total := 0.0
		for c, e := range s.Errors {
			if c != name {
				total += math.Log(e)
			}
		}
		return total
	}
	sorted := slices.Clone(all)
	slices.SortStableFunc(sorted, func(a, b ColdSet) int {
		switch x, y := score(a), score(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	return sorted[:min(n, len(sorted))]
}

// ColdScore is the rescaled error of the split without capacities, and of the
// same with the capacities of the file.
type ColdScore struct {
	Error          float64 `json:"error_rescaled"`                 // capacities forgotten
	WithCapacities float64 `json:"error_rescaled_with_capacities"` // as Flee uses them
	Sets           int     `json:"sets"`
	EvenShare      float64 `json:"even_share"`
	ChosenWithout  string  `json:"chosen_without"` // the case that had no say in the sets
}

// coldScore plays the chosen sets and scores their mean split.
func coldScore(ctx context.Context, c *abm.Case, workers, seeds int) (*ColdScore, error) {
	f := coldCandidates()
	out := &ColdScore{Sets: coldSets, EvenShare: evenShare, ChosenWithout: c.Name}
	mean, err := meanSplit(ctx, c, bestElsewhere(f.Unknown, c.Name, coldSets), workers, seeds, evenShare)
	if err != nil {
		return nil, err
	}
	truth := counted(c)
	out.Error = ensemble.ErrorRescaled(mean, truth)
	if mean, err = meanSplit(ctx, c, bestElsewhere(f.Known, c.Name, coldSets), workers, seeds, 0); err != nil {
		return nil, err
	}
	out.WithCapacities = ensemble.ErrorRescaled(mean, truth)
	return out, nil
}

// meanSplit is the share of each camp on each day, averaged over sets and seeds.
func meanSplit(ctx context.Context, c *abm.Case, sets []ColdSet, workers, seeds int, even float64) (ensemble.Counts, error) {
	camps := len(c.Camps)
	if camps == 0 || len(sets) == 0 {
		return nil, fmt.Errorf("a split needs camps and sets")
	}
	shares := make([]ensemble.Counts, len(sets)*seeds)
	err := ensemble.Run(ctx, 0, len(shares), workers, func(ctx context.Context, n int) (ensemble.Member, error) {
		set := sets[n%len(sets)]
		d := c
		if set.Capacity >= 0 {
			d = assumeCapacity(c, set.Capacity)
		}
		set.Settings.Hasten = coldHasten
		r, err := abm.Run(ctx, d.WithSettings(set.Settings), abm.Options{Seed: ensemble.Seed(7, n/len(sets))})
		if err != nil {
			return ensemble.Member{}, err
		}
		shares[n] = splitOf(c, r)
		return ensemble.Member{Number: n}, nil
	}, func(ensemble.Member) error { return nil })
	if err != nil {
		return nil, err
	}
	mean := make(ensemble.Counts, c.Days)
	for d := range mean {
		mean[d] = make([]float64, camps)
		for i := range mean[d] {
			for _, s := range shares {
				mean[d][i] += s[d][i] / float64(len(shares))
			}
			mean[d][i] = (1-even)*mean[d][i] + even/float64(camps)
		}
	}
	return mean, nil
}

// splitOf is the share of each counted camp on each day; even while nobody came.
func splitOf(c *abm.Case, r *abm.Result) ensemble.Counts {
	out := make(ensemble.Counts, c.Days)
	for d := range out {
		out[d] = make([]float64, len(c.Camps))
		total := 0.0
		for i := range c.Camps {
			out[d][i] = float64(max(0, r.At(d, c.Camps[i].Place)))
			total += out[d][i]
		}
		for i := range out[d] {
			if total > 0 {
				out[d][i] /= total
			} else {
				out[d][i] = 1 / float64(len(c.Camps))
			}
		}
	}
	return out
}
