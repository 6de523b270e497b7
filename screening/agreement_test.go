package screening

import (
	"math"
	"testing"
)

// Newcombe, Statistics in Medicine 17 (1998), table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29.
func TestIntervalsAreThoseOfThePublishedTable(t *testing.T) {
	for _, c := range []struct {
		n, of     int
		low, high float64
	}{{81, 263, 0.2553, 0.3662}, {15, 148, 0.0624, 0.1605}, {0, 20, 0, 0.1611}, {1, 29, 0.0061, 0.1718}} {
		low, high := wilson(c.n, c.of)
		if math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", c.n, c.of, low, high, c.low, c.high)
		}
	}
}

// The variance in its closed form must be what the delta method gives: the gradient of kappa over the cells,
// taken numerically, against the covariance of a multinomial.
func TestTheErrorOfKappaIsThatOfTheDeltaMethod(t *testing.T) {
	for _, table := range []pairTable{{45, 15, 25, 15}, {20, 3, 1, 30}, {2, 9, 1, 4}, {5, 5, 5, 5}} {
		n := float64(table.pairs())
		p := [4]float64{float64(table.both) / n, float64(table.first) / n, float64(table.second) / n, float64(table.neither) / n}
		var gradient [4]float64
		for i := range p {
			const h = 1e-6
			up, down := p, p
			up[i], down[i] = p[i]+h, p[i]-h
			gradient[i] = (homogeneousKappa(up) - homogeneousKappa(down)) / (2 * h)
		}
		var mean, square float64
		for i := range p {
			mean += p[i] * gradient[i]
			square += p[i] * gradient[i] * gradient[i]
		}
		want := z95 * math.Sqrt((square-mean*mean)/n)
		k := table.kappa()
		if got := k.Value - k.Low; k.Low > -1 && math.Abs(got-want) > 1e-4 {
			t.Errorf("%+v: half of the interval is %.5f, want %.5f", table, got, want)
		}
	}
}

// homogeneousKappa is kappa of cells that need not add up to one, so that each can be moved alone.
func homogeneousKappa(p [4]float64) float64 {
	sum := p[0] + p[1] + p[2] + p[3]
	k, _ := kappaOf(p[0]/sum, p[1]/sum, p[2]/sum, p[3]/sum)
	return k
}

func TestKappaIsSilentWhereItSaysNothing(t *testing.T) {
	for name, table := range map[string]pairTable{"four pairs": {2, 0, 0, 2}, "never seen by anybody": {0, 0, 0, 40}} {
		if k := table.kappa(); k != nil {
			t.Errorf("%s: %+v", name, k)
		}
	}
	if k := (pairTable{10, 0, 0, 10}).kappa(); k == nil || k.Value != 1 {
		t.Errorf("full agreement: %+v", k)
	}
}
