package ensemble

import (
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
)

// Accuracy of a Sketch: a quantile it gives lies within 1 % of the value of
// that rank. The idea is DDSketch (Masson, Rim and Lee 2019): buckets whose
// bounds grow by a constant factor.
const (
	Accuracy    = 0.01
	bucketRatio = (1 + Accuracy) / (1 - Accuracy)
	maxBuckets  = 1600 // 1 to 7e13 people; never reached by counts
)

var logRatio = math.Log(bucketRatio)

// Sketch summarises how many people members had at one place on one day. Its
// memory grows with the spread of the values, never with how many there are:
// a spread of ten times takes 116 buckets of four bytes. Adding and merging are
// exact and commutative, so the order in which workers answer leaves no trace.
type Sketch struct {
	zeros   uint32
	low     int32    // index of buckets[0]
	buckets []uint32 // counts of values in (ratio^(i-1), ratio^i]
	min     uint64
	max     uint64
	moments
}

// moments are sums that do not depend on the order of adding.
type moments struct {
	n       uint32
	sum     uint64
	squares [2]uint64 // 128 bits, high word first
}

func (m *moments) add(v uint64) {
	high, low := bits.Mul64(v, v)
	m.merge(moments{1, v, [2]uint64{high, low}})
}

func (m *moments) merge(o moments) {
	var carry uint64
	m.n += o.n
	m.sum += o.sum
	m.squares[1], carry = bits.Add64(m.squares[1], o.squares[1], 0)
	m.squares[0], _ = bits.Add64(m.squares[0], o.squares[0], carry)
}

func (m moments) squareSum() float64 {
	return float64(m.squares[0])*math.Exp2(64) + float64(m.squares[1])
}

// Add counts one value, in people.
func (s *Sketch) Add(people uint64) {
	if s.n == 0 || people < s.min {
		s.min = people
	}
	s.max = max(s.max, people)
	s.moments.add(people)
	if people == 0 {
		s.zeros++
		return
	}
	s.bump(bucketOf(people), 1)
}

func bucketOf(people uint64) int32 {
	return int32(min(maxBuckets, math.Ceil(math.Log(float64(people))/logRatio)))
}

// bump adds to a bucket and widens the span when the bucket lies outside it.
func (s *Sketch) bump(i int32, by uint32) {
	switch {
	case len(s.buckets) == 0:
		s.low, s.buckets = i, []uint32{0}
	case i < s.low:
		wider := make([]uint32, int(s.low-i)+len(s.buckets))
		copy(wider[s.low-i:], s.buckets)
		s.low, s.buckets = i, wider
	case int(i-s.low) >= len(s.buckets):
		wider := make([]uint32, i-s.low+1)
		copy(wider, s.buckets)
		s.buckets = wider
	}
	s.buckets[i-s.low] += by
}

// Merge adds what another sketch counted.
func (s *Sketch) Merge(o Sketch) {
	if o.n == 0 {
		return
	}
	if s.n == 0 || o.min < s.min {
		s.min = o.min
	}
	s.max = max(s.max, o.max)
	s.moments.merge(o.moments)
	s.zeros += o.zeros
	for k, c := range o.buckets {
		if c > 0 {
			s.bump(o.low+int32(k), c)
		}
	}
}

// N is how many values were added.
func (s Sketch) N() int { return int(s.n) }

// Mean of the values, exact.
func (s Sketch) Mean() float64 {
	if s.n == 0 {
		return math.NaN()
	}
	return float64(s.sum) / float64(s.n)
}

// Deviation is the standard deviation with n-1, 0 for fewer than two values.
func (s Sketch) Deviation() float64 {
	if s.n < 2 {
		return 0
	}
	n := float64(s.n)
	return math.Sqrt(math.Max(0, s.squareSum()-float64(s.sum)*float64(s.sum)/n) / (n - 1))
}

// Quantile is a value within Accuracy of the one of rank ceil(level*n),
// counted from 1; level 0 and 1 are the exact smallest and largest.
func (s Sketch) Quantile(level float64) float64 {
	return s.ranked(int(math.Ceil(level * float64(s.n))))
}

// ranked is a value within Accuracy of the one of this rank, counted from 1.
func (s Sketch) ranked(nth int) float64 {
	if s.n == 0 {
		return math.NaN()
	}
	rank := uint32(max(1, nth))
	switch {
	case rank <= 1:
		return float64(s.min)
	case rank >= s.n:
		return float64(s.max)
	case rank <= s.zeros:
		return 0
	}
	seen := s.zeros
	for k, c := range s.buckets {
		seen += c
		if seen >= rank {
			return s.inside(2 * math.Pow(bucketRatio, float64(s.low)+float64(k)) / (bucketRatio + 1))
		}
	}
	return float64(s.max)
}

func (s Sketch) inside(v float64) float64 {
	return math.Min(float64(s.max), math.Max(float64(s.min), v))
}

// Band is the central band at a level such as 0.9.
func (s Sketch) Band(level float64) Band {
	return Band{s.Quantile((1 - level) / 2), s.Quantile(0.5), s.Quantile((1 + level) / 2)}
}

// Quantiles are n equally weighted quantiles at levels (i+1/2)/n.
func (s Sketch) Quantiles(n int) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = s.Quantile((float64(i) + 0.5) / float64(n))
	}
	return out
}

// Bytes is the memory one sketch takes beyond its fixed part.
func (s Sketch) Bytes() int { return 4 * cap(s.buckets) }

type sketchJSON struct {
	N       uint32    `json:"n"`
	Zeros   uint32    `json:"zeros"`
	Low     int32     `json:"low"`
	Buckets []uint32  `json:"buckets"`
	Sum     uint64    `json:"sum"`
	Squares [2]uint64 `json:"squares"`
	Min     uint64    `json:"min"`
	Max     uint64    `json:"max"`
}

// MarshalJSON writes the sketch so that it can be merged elsewhere.
func (s Sketch) MarshalJSON() ([]byte, error) {
	return json.Marshal(sketchJSON{s.n, s.zeros, s.low, s.buckets, s.sum, s.squares, s.min, s.max})
}

// UnmarshalJSON reads what MarshalJSON wrote and refuses what cannot be a sketch.
func (s *Sketch) UnmarshalJSON(b []byte) error {
	var j sketchJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	total := uint64(j.Zeros)
	for _, c := range j.Buckets {
		total += uint64(c)
	}
	if total != uint64(j.N) || j.Low < 0 || int(j.Low)+len(j.Buckets) > maxBuckets+1 {
		return fmt.Errorf("a sketch of %d values has buckets for %d from %d", j.N, total, j.Low)
	}
	*s = Sketch{j.Zeros, j.Low, j.Buckets, j.Min, j.Max, moments{j.N, j.Sum, j.Squares}}
	return nil
}

// Summary is a grid of sketches, one per place and kept day.
type Summary struct {
	Days    []int      `json:"days"`    // the days kept, ascending
	Places  []string   `json:"places"`  // their order is the order of columns
	Cells   [][]Sketch `json:"cells"`   // Cells[k][i]: day Days[k], place i
	Totals  []Sketch   `json:"totals"`  // all places together, per kept day
	Members int        `json:"members"` // folded so far
}

// NewSummary keeps every stride-th day and the last, so that a case of 5,000
// places fits into a small memory with a stride of 7.
func NewSummary(places []string, days, stride int) *Summary {
	s := &Summary{Places: places}
	for d := 0; d < days; d++ {
		if d%max(1, stride) == 0 || d == days-1 {
			s.Days = append(s.Days, d)
		}
	}
	s.Cells = make([][]Sketch, len(s.Days))
	for k := range s.Cells {
		s.Cells[k] = make([]Sketch, len(places))
	}
	s.Totals = make([]Sketch, len(s.Days))
	return s
}

// Fold adds one member: people(day, place).
func (s *Summary) Fold(people func(day, place int) uint64) {
	for k, day := range s.Days {
		total := uint64(0)
		for i := range s.Places {
			n := people(day, i)
			s.Cells[k][i].Add(n)
			total += n
		}
		s.Totals[k].Add(total)
	}
	s.Members++
}

// Merge adds the members of another summary of the same shape.
func (s *Summary) Merge(o *Summary) error {
	if len(o.Days) != len(s.Days) || len(o.Places) != len(s.Places) {
		return fmt.Errorf("summaries of %d days and %d places and of %d days and %d places do not fit together",
			len(s.Days), len(s.Places), len(o.Days), len(o.Places))
	}
	for k := range s.Cells {
		for i := range s.Cells[k] {
			s.Cells[k][i].Merge(o.Cells[k][i])
		}
		s.Totals[k].Merge(o.Totals[k])
	}
	s.Members += o.Members
	return nil
}

// Row is the index of the newest kept day not after day.
func (s *Summary) Row(day int) int {
	best := 0
	for k, d := range s.Days {
		if d <= day {
			best = k
		}
	}
	return best
}

// Bytes is the memory the sketches hold beyond their fixed part.
func (s *Summary) Bytes() int {
	total := 0
	for k := range s.Cells {
		for i := range s.Cells[k] {
			total += s.Cells[k][i].Bytes()
		}
		total += s.Totals[k].Bytes()
	}
	return total
}
