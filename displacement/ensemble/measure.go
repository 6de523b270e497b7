package ensemble

import "math"

// Counts holds people per place for each day: Counts[day][place].
type Counts [][]float64

// ErrorNormal is Flee's "averaged relative difference" between simulated and
// counted people: mean over days of sum |S-U| / max(1, sum U). 0 is perfect,
// 2 means everybody is in the wrong place. Half of it is the share of people
// in the wrong place when the totals agree.
func ErrorNormal(simulated, counted Counts) float64 {
	return meanOverDays(simulated, counted, func(s, u []float64) float64 { return relative(s, u, 1) })
}

// ErrorRescaled is the same after scaling the simulated people of each day to
// the counted total, so that only the split over places is judged.
func ErrorRescaled(simulated, counted Counts) float64 {
	return meanOverDays(simulated, counted, func(s, u []float64) float64 {
		scale := 1.0
		if total := sum(s); total > 0 {
			scale = sum(u) / total
		}
		return relative(s, u, scale)
	})
}

func meanOverDays(simulated, counted Counts, f func(s, u []float64) float64) float64 {
	n := min(len(simulated), len(counted))
	if n == 0 {
		return math.NaN()
	}
	total := 0.0
	for day := 0; day < n; day++ {
		total += f(simulated[day], counted[day])
	}
	return total / float64(n)
}

func relative(s, u []float64, scale float64) float64 {
	off := 0.0
	for i := range u {
		off += math.Abs(s[i]*scale - u[i])
	}
	return off / math.Max(1, sum(u))
}

// CRPSSample is the continuous ranked probability score of a sample against
// what was counted, in people: E|X-y| - E|X-X'|/2 with the fair factor
// n(n-1) of Ferro (2014), which does not punish small ensembles. Smaller is
// better; for one member it is the absolute error. The sample is sorted.
func CRPSSample(sorted []float64, y float64) float64 {
	n := float64(len(sorted))
	if n == 0 {
		return math.NaN()
	}
	distance, spread := 0.0, 0.0
	for i, x := range sorted {
		distance += math.Abs(x - y)
		spread += (2*float64(i) - n + 1) * x
	}
	if n == 1 {
		return distance
	}
	return distance/n - spread/(n*(n-1))
}

// CRPSNormal is the closed form for a normal distribution (Gneiting and
// Raftery 2007, equation 5). A deviation of 0 gives the absolute error.
func CRPSNormal(mean, sd, y float64) float64 {
	if sd <= 0 {
		return math.Abs(y - mean)
	}
	z := (y - mean) / sd
	density := math.Exp(-z*z/2) / math.Sqrt(2*math.Pi)
	below := 0.5 * math.Erfc(-z/math.Sqrt2)
	return sd * (z*(2*below-1) + 2*density - 1/math.Sqrt(math.Pi))
}

// CRPSQuantiles is the score of a distribution given by equally weighted
// quantiles at levels (i+1/2)/n: twice the mean pinball loss. It converges to
// the CRPS as n grows and is how band forecasts without members are scored.
func CRPSQuantiles(sorted []float64, y float64) float64 {
	n := len(sorted)
	if n == 0 {
		return math.NaN()
	}
	loss := 0.0
	for i, q := range sorted {
		level := (float64(i) + 0.5) / float64(n)
		if y < q {
			loss += (1 - level) * (q - y)
		} else {
			loss += level * (y - q)
		}
	}
	return 2 * loss / float64(n)
}

// Band is a central interval for one count.
type Band struct{ Low, Mid, High float64 }

// Holds tells whether the counted value lies inside, ends included.
func (b Band) Holds(y float64) bool { return y >= b.Low && y <= b.High }

// Width of the band, in people.
func (b Band) Width() float64 { return b.High - b.Low }

// Score gathers how a set of bands did against what was counted later.
type Score struct {
	N             int     // counts judged
	Covered       int     // of them inside the band
	Below, Above  int     // counts under and over the band
	WidthSum      float64 // people
	CountSum      float64 // people counted
	AbsErrorSum   float64 // |mid - counted|
	CRPSSum       float64 // people
	IntervalScore float64 // summed, Gneiting and Raftery 2007, equation 43
}

// Add judges one band of the given level (0.9) against one count.
func (s *Score) Add(b Band, level, counted, crps float64) {
	s.N++
	alpha := 1 - level
	s.IntervalScore += b.Width()
	switch {
	case counted < b.Low:
		s.Below++
		s.IntervalScore += 2 / alpha * (b.Low - counted)
	case counted > b.High:
		s.Above++
		s.IntervalScore += 2 / alpha * (counted - b.High)
	default:
		s.Covered++
	}
	s.WidthSum += b.Width()
	s.CountSum += counted
	s.AbsErrorSum += math.Abs(b.Mid - counted)
	s.CRPSSum += crps
}

// Merge adds the counts of another score.
func (s *Score) Merge(o Score) {
	s.N += o.N
	s.Covered += o.Covered
	s.Below += o.Below
	s.Above += o.Above
	s.WidthSum += o.WidthSum
	s.CountSum += o.CountSum
	s.AbsErrorSum += o.AbsErrorSum
	s.CRPSSum += o.CRPSSum
	s.IntervalScore += o.IntervalScore
}

// Coverage is the share of counts inside their band.
func (s Score) Coverage() float64 { return float64(s.Covered) / float64(s.N) }

// RelativeWidth is the summed width over the summed counts, so that large
// places weigh as they do for a planner.
func (s Score) RelativeWidth() float64 { return s.WidthSum / math.Max(1, s.CountSum) }

// RelativeCRPS is the summed CRPS over the summed counts.
func (s Score) RelativeCRPS() float64 { return s.CRPSSum / math.Max(1, s.CountSum) }

// RelativeError is the summed absolute error of the middle over the counts.
func (s Score) RelativeError() float64 { return s.AbsErrorSum / math.Max(1, s.CountSum) }
