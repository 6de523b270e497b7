package ensemble

import "math"

// Judged is one band of a model and what was counted later.
type Judged struct {
	Band    Band
	Counted float64
	Case    string
	Crowd   float64 // people at a middling place that day; keeps empty places from having no doubt at all
}

// Stretch is how far bands of a model must be pulled about their middle so
// that they hold what they promise: separately below and above, because models
// of displacement err on one side. Factors multiply the half width plus Floor
// times the middle and the crowd, which opens bands that are too sure of themselves.
type Stretch struct {
	Below float64 `json:"below"`
	Above float64 `json:"above"`
	Floor float64 `json:"floor"`
}

// Calibrate finds the factors on other cases (split conformal prediction,
// Vovk 2005, with each case given the same weight). Never give it the case the
// bands will be used or judged on.
func Calibrate(judged []Judged, level, floor float64) Stretch {
	each := map[string]int{}
	for _, j := range judged {
		each[j.Case]++
	}
	var below, above []weighted
	for _, j := range judged {
		w := 1 / float64(each[j.Case])
		d := j.Counted - j.Band.Mid
		below = append(below, weighted{math.Max(0, -d) / half(j.Band.Mid-j.Band.Low, j.Band.Mid+j.Crowd, floor), w})
		above = append(above, weighted{math.Max(0, d) / half(j.Band.High-j.Band.Mid, j.Band.Mid+j.Crowd, floor), w})
	}
	s := Stretch{Below: 1, Above: 1, Floor: floor}
	if len(judged) == 0 {
		return s
	}
	sortWeighted(below)
	sortWeighted(above)
	// (n+1)/n of the finite sample, with the cases as the units that repeat.
	n := float64(len(each))
	tail := math.Min(1, (1+level)/2*(1+1/(20*n)))
	s.Below, s.Above = weightedQuantile(below, tail), weightedQuantile(above, tail)
	return s
}

func half(width, size, floor float64) float64 { return math.Max(0, width) + floor*size + 1 }

// Apply stretches a band; nobody can be fewer than none.
func (s Stretch) Apply(b Band, crowd float64) Band {
	return Band{
		Low:  math.Max(0, b.Mid-s.Below*half(b.Mid-b.Low, b.Mid+crowd, s.Floor)),
		Mid:  b.Mid,
		High: b.Mid + s.Above*half(b.High-b.Mid, b.Mid+crowd, s.Floor),
	}
}

// Difference is what a what-if changes, with its own band: the quantiles of
// the member-by-member differences, which are far narrower than the difference
// of two bands when both ran on the same seeds.
type Difference struct {
	More Sketch `json:"more"` // members with more people than the base, by how many
	Less Sketch `json:"less"` // members with fewer, or the same (0)
}

// Add counts one member of the pair.
func (d *Difference) Add(base, whatIf uint64) {
	if whatIf > base {
		d.More.Add(whatIf - base)
	} else {
		d.Less.Add(base - whatIf)
	}
}

// Merge adds the pairs another machine counted.
func (d *Difference) Merge(o Difference) {
	d.More.Merge(o.More)
	d.Less.Merge(o.Less)
}

// Quantile of the differences, in people, negative when the what-if has fewer.
func (d Difference) Quantile(level float64) float64 {
	n := d.Less.N() + d.More.N()
	if n == 0 {
		return math.NaN()
	}
	rank := max(1, int(math.Ceil(level*float64(n))))
	if rank <= d.Less.N() {
		// Rank k from the lowest is rank N+1-k of the losses.
		return 0 - d.Less.ranked(d.Less.N()+1-rank)
	}
	return d.More.ranked(rank - d.Less.N())
}

// Band of the differences at a level such as 0.9.
func (d Difference) Band(level float64) Band {
	return Band{d.Quantile((1 - level) / 2), d.Quantile(0.5), d.Quantile((1 + level) / 2)}
}

// Probability that the what-if leaves more people at the place than the base.
func (d Difference) Probability() float64 {
	return float64(d.More.N()) / math.Max(1, float64(d.More.N()+d.Less.N()))
}
