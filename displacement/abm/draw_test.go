package abm

import (
	"math"
	"testing"
)

func TestLnAndExpAgreeWithTheStandardLibrary(t *testing.T) {
	for x := 1e-300; x < 1e300; x *= 3.7 {
		if got, want := ln(x), math.Log(x); math.Abs(got-want) > 4e-15*math.Max(1, math.Abs(want)) {
			t.Fatalf("ln(%g) = %.17g, want %.17g", x, got, want)
		}
	}
	for x := -700.0; x < 700; x += 0.37 {
		if got, want := exp(x), math.Exp(x); math.Abs(got-want) > 1e-14*want {
			t.Fatalf("exp(%g) = %.17g, want %.17g", x, got, want)
		}
	}
	if ln(0) != math.Inf(-1) || exp(-1000) != 0 || pow(2, 0.5) != math.Sqrt2 || pow(0, 0.75) != 0 {
		t.Fatal("edges")
	}
}

// chiSquare compares counts with expected ones over cells with enough people,
// and returns the statistic in standard deviations above its mean.
func chiSquare(got map[int64]int, expected func(k int64) float64, n float64) float64 {
	stat, cells, rest, restWant := 0.0, 0.0, 0.0, 0.0
	seen := 0.0
	for k := int64(0); seen < 0.999999 && k < 10_000; k++ {
		want := expected(k) * n
		seen += want / n
		if want < 8 {
			rest += float64(got[k])
			restWant += want
			continue
		}
		d := float64(got[k]) - want
		stat += d * d / want
		cells++
	}
	if restWant > 8 {
		stat += (rest - restWant) * (rest - restWant) / restWant
		cells++
	}
	return (stat - (cells - 1)) / math.Sqrt(2*math.Max(1, cells-1))
}

func TestBinomialDrawsFollowTheBinomial(t *testing.T) {
	var rng stream
	rng.seed(11)
	for _, v := range []struct {
		n int64
		p float64
	}{{5, 0.3}, {20, 0.5}, {64, 0.5}, {200, 0.001}, {200, 0.02}, {100, 0.9}, {60, 0.4}, {1000, 0.3}, {5000, 0.01}} {
		got := map[int64]int{}
		const draws = 40_000
		for range draws {
			got[rng.binomial(v.n, v.p)]++
		}
		want := func(k int64) float64 {
			if k > v.n {
				return 0
			}
			return exp(lnFactorial(float64(v.n)) - lnFactorial(float64(k)) - lnFactorial(float64(v.n-k)) + float64(k)*ln(v.p) + float64(v.n-k)*ln(1-v.p))
		}
		if z := chiSquare(got, want, draws); z > 5 {
			t.Errorf("n=%d p=%g: chi-square is %.1f deviations high", v.n, v.p, z)
		}
	}
	if k := rng.binomial(20_000_000, 0.25); math.Abs(float64(k)-5e6) > 6*math.Sqrt(20e6*0.25*0.75) {
		t.Errorf("20 million trials gave %d", k)
	}
}

func TestPoissonDrawsFollowThePoisson(t *testing.T) {
	var rng stream
	rng.seed(12)
	for _, mean := range []float64{0.2, 3, 9.9, 12, 80, 700} {
		got := map[int64]int{}
		const draws = 40_000
		for range draws {
			got[rng.poisson(mean)]++
		}
		want := func(k int64) float64 { return exp(float64(k)*ln(mean) - mean - lnFactorial(float64(k))) }
		if z := chiSquare(got, want, draws); z > 5 {
			t.Errorf("mean %g: chi-square is %.1f deviations high", mean, z)
		}
	}
	if rng.poisson(math.NaN()) != 0 || rng.poisson(-1) != 0 {
		t.Error("a mean that is none must give nobody")
	}
}

func TestErrorsOfADayAreThoseOfTheirDefinition(t *testing.T) {
	normal, rescaled := DayError([]float64{30, 10}, []float64{60, 40})
	// |30-60|+|10-40| over 100; scaled by 2.5 to 75 and 25: 15+15 over 100.
	if normal != 0.6 || rescaled != 0.3 {
		t.Fatalf("%v %v", normal, rescaled)
	}
	if n, r := DayError([]float64{0, 0}, []float64{0, 0}); n != 0 || r != 0 {
		t.Fatalf("nobody anywhere: %v %v", n, r)
	}
}
