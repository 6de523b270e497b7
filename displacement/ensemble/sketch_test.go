package ensemble

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func fill(values []uint64) Sketch {
	var s Sketch
	for _, v := range values {
		s.Add(v)
	}
	return s
}

func TestQuantilesLieWithinTheStatedAccuracyOfTheExactOnes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Uint64Range(0, 1<<33), 1, 300).Draw(t, "values")
		s := fill(values)
		sorted := slices.Clone(values)
		slices.Sort(sorted)
		for _, level := range []float64{0, .05, .25, .5, .75, .95, 1} {
			rank := max(1, int(math.Ceil(level*float64(len(sorted)))))
			exact := float64(sorted[rank-1])
			if got := s.Quantile(level); math.Abs(got-exact) > Accuracy*exact+1e-9 {
				t.Fatalf("level %v: %v, exactly %v", level, got, exact)
			}
		}
		total := 0.0
		for _, v := range values {
			total += float64(v)
		}
		if mean := total / float64(len(values)); math.Abs(s.Mean()-mean) > 1e-9*mean {
			t.Fatalf("mean %v, exactly %v", s.Mean(), mean)
		}
	})
}

func TestTheOrderAndTheMachinesLeaveNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.Uint64Range(0, 1<<40), 0, 100).Draw(t, "values")
		cut := rapid.IntRange(0, len(values)).Draw(t, "cut")
		whole := fill(values)
		backwards := slices.Clone(values)
		slices.Reverse(backwards)
		left, right := fill(backwards[:cut]), fill(backwards[cut:])
		// What a worker sends is JSON.
		sent, err := json.Marshal(right)
		if err != nil {
			t.Fatal(err)
		}
		var got Sketch
		if err := json.Unmarshal(sent, &got); err != nil {
			t.Fatal(err)
		}
		left.Merge(got)
		if diff := cmp.Diff(whole, left, cmp.AllowUnexported(Sketch{}, moments{}), cmp.Comparer(func(a, b []uint32) bool { return slices.Equal(a, b) })); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestMemoryDoesNotGrowWithMembers(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	s := NewSummary([]string{"a", "b"}, 100, 7)
	fold := func(n int) {
		for range n {
			s.Fold(func(_, _ int) uint64 { return 1000 + r.Uint64N(9000) })
		}
	}
	fold(200)
	before := s.Bytes()
	fold(5000)
	if after := s.Bytes(); after > before*3/2 {
		t.Fatalf("200 members took %d bytes, 5,200 take %d", before, after)
	}
}

func TestDeviationIsExactForLargeCounts(t *testing.T) {
	s := fill([]uint64{4_000_000_000, 4_000_000_002, 4_000_000_004})
	// A relative error of 1e-16 of 1.6e19 squares is some thousands.
	if got := s.Deviation(); math.IsNaN(got) || got > 100 {
		t.Fatalf("deviation of three near counts is %v", got)
	}
	if got := fill([]uint64{2, 4, 4, 4, 5, 5, 7, 9}).Deviation(); math.Abs(got-2.138089935) > 1e-6 {
		t.Fatalf("deviation %v, by hand 2.138", got)
	}
}

func TestASketchThatDoesNotAddUpIsRefused(t *testing.T) {
	var s Sketch
	for _, bad := range []string{`{"n":3,"zeros":1,"low":0,"buckets":[1]}`, `{"n":1,"low":-4,"buckets":[1]}`, `{"n":1,"low":1600,"buckets":[1,0,0]}`, `[]`} {
		if err := json.Unmarshal([]byte(bad), &s); err == nil {
			t.Errorf("%s was taken for a sketch", bad)
		}
	}
}

func FuzzSketchFromAWorker(f *testing.F) {
	f.Add([]byte(`{"n":2,"zeros":1,"low":3,"buckets":[1],"sum":5,"squares":[0,25],"min":0,"max":5}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Sketch
		if json.Unmarshal(b, &s) != nil {
			return
		}
		s.Quantile(.05)
		s.Merge(fill([]uint64{1, 1 << 40}))
		s.Band(.9)
	})
}

func TestDifferenceOrdersLossesBeforeGains(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d Difference
		var exact []float64
		for range rapid.IntRange(1, 60).Draw(t, "members") {
			a, b := rapid.Uint64Range(0, 10000).Draw(t, "base"), rapid.Uint64Range(0, 10000).Draw(t, "what if")
			d.Add(a, b)
			exact = append(exact, float64(b)-float64(a))
		}
		slices.Sort(exact)
		for _, level := range []float64{.05, .5, .95} {
			want := exact[max(1, int(math.Ceil(level*float64(len(exact)))))-1]
			if got := d.Quantile(level); math.Abs(got-want) > Accuracy*math.Abs(want)+1e-9 {
				t.Fatalf("level %v: %v, exactly %v of %v", level, got, want, exact)
			}
		}
	})
}

// TestNoRankOfADifferenceIsMissedByRounding: seven of 25, as a share of them,
// makes a little more than seven again.
func TestNoRankOfADifferenceIsMissedByRounding(t *testing.T) {
	for same := 1; same <= 30; same++ {
		for more := 2; more <= 40; more++ {
			for ones := 1; ones < more; ones++ {
				var d Difference
				for i := range same + more {
					gain := uint64(1000)
					if i < same {
						gain = 0
					} else if i < same+ones {
						gain = 1
					}
					d.Add(0, gain)
				}
				level := (float64(same+ones) - 0.5) / float64(same+more) // between two ranks
				if got := d.Quantile(level); got > 1.1 {
					t.Fatalf("%d the same, %d of one, %d in all: %v", same, ones, same+more, got)
				}
			}
		}
	}
}
