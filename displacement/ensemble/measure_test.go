package ensemble

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestErrorIsTwoWhenEverybodyIsInTheWrongPlace(t *testing.T) {
	if got := ErrorNormal(Counts{{100, 0}}, Counts{{0, 100}}); got != 2 {
		t.Fatalf("got %v", got)
	}
}

func TestRescalingForgivesTheTotalOnly(t *testing.T) {
	half, counted := Counts{{30, 20}}, Counts{{60, 40}}
	if got := ErrorRescaled(half, counted); got != 0 {
		t.Errorf("the same split at half the total is off by %v", got)
	}
	if got := ErrorNormal(half, counted); got != .5 {
		t.Errorf("without rescaling it is off by .5, got %v", got)
	}
}

func TestCRPSOfASampleComesNearTheClosedForm(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	sample := make([]float64, 4000)
	for i := range sample {
		sample[i] = 100 + 15*r.NormFloat64()
	}
	slices.Sort(sample)
	for _, y := range []float64{70, 100, 131} {
		closed := CRPSNormal(100, 15, y)
		if got := CRPSSample(sample, y); math.Abs(got-closed) > .5 {
			t.Errorf("at %v: sample %v, closed form %v", y, got, closed)
		}
		var quantiles []float64
		for i := range 200 {
			quantiles = append(quantiles, quantileAt(sample, (float64(i)+.5)/200))
		}
		if got := CRPSQuantiles(quantiles, y); math.Abs(got-closed) > .5 {
			t.Errorf("at %v: quantiles %v, closed form %v", y, got, closed)
		}
	}
}

func TestCRPSOfOneMemberIsItsError(t *testing.T) {
	if got := CRPSSample([]float64{7}, 10); got != 3 {
		t.Errorf("sample: %v", got)
	}
	if got := CRPSQuantiles([]float64{7}, 10); got != 3 {
		t.Errorf("quantiles: %v", got)
	}
	if got := CRPSNormal(7, 0, 10); got != 3 {
		t.Errorf("normal: %v", got)
	}
}

func TestScoreCountsBothSidesOfABand(t *testing.T) {
	var s Score
	for _, y := range []float64{5, 15, 25, 12} {
		s.Add(Band{10, 15, 20}, .9, y, 0)
	}
	if s.Below != 1 || s.Above != 1 || s.Coverage() != .5 {
		t.Fatalf("%+v", s)
	}
	// 4 widths of 10, and 20 times 5 on each side.
	if math.Abs(s.IntervalScore-240) > 1e-9 {
		t.Fatalf("interval score %v, by hand 240", s.IntervalScore)
	}
}
