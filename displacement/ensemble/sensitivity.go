package ensemble

import (
	"math"
	"slices"
)

// bins is how many parts an input's draws are sorted into. With a hundred
// members ten parts hold ten each, enough for a mean.
const bins = 10

// Sensitivity finds which input widens the band of one number (people at a
// place on a day). It keeps sums per bin, not members. First is the share of
// the variance explained by an input alone, by its correlation ratio, with the
// bias of finite bins taken off (omega squared, Hays 1963).
type Sensitivity struct {
	inputs []Input
	sums   [][bins]moments
	all    moments
}

// NewSensitivity watches the given inputs.
func NewSensitivity(inputs []Input) *Sensitivity {
	return &Sensitivity{inputs: inputs, sums: make([][bins]moments, len(inputs))}
}

// Add counts one member: the values its inputs had (from Draw) and the outcome.
func (s *Sensitivity) Add(values map[string]float64, outcome uint64) {
	s.all.add(outcome)
	for i, in := range s.inputs {
		s.sums[i][in.bin(values[in.Name])].add(outcome)
	}
}

// bin inverts At by bisection: which tenth of its spread a value stands in.
func (in Input) bin(value float64) int {
	lo, hi := 0.0, 1.0
	for range 20 {
		mid := (lo + hi) / 2
		if in.At(mid) < value {
			lo = mid
		} else {
			hi = mid
		}
	}
	return min(bins-1, int(hi*bins))
}

// Share is how much of the variance an input explains alone.
type Share struct {
	Input string  `json:"input"`
	First float64 `json:"first"` // 0..1
}

// Shares, largest first. With fewer than 30 members they mean nothing and are nil.
func (s *Sensitivity) Shares() []Share {
	if s.all.n < 30 {
		return nil
	}
	n := float64(s.all.n)
	total := s.all.squareSum() - float64(s.all.sum)*float64(s.all.sum)/n
	out := make([]Share, 0, len(s.inputs))
	for i, in := range s.inputs {
		between, used := 0.0, 0
		for _, b := range s.sums[i] {
			if b.n > 0 {
				between += float64(b.sum) * float64(b.sum) / float64(b.n)
				used++
			}
		}
		between -= float64(s.all.sum) * float64(s.all.sum) / n
		share := 0.0
		if total > 0 && int(s.all.n) > used {
			within := (total - between) / (n - float64(used))
			share = (between - float64(used-1)*within) / (total + within)
		}
		out = append(out, Share{in.Name, math.Min(1, math.Max(0, share))})
	}
	slices.SortStableFunc(out, func(a, b Share) int {
		switch {
		case a.First > b.First:
			return -1
		case a.First < b.First:
			return 1
		}
		return 0
	})
	return out
}
