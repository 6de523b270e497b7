package screening

import "math"

// Share is a part of a whole with its 95 % interval. Few says that the whole is too small to be shown: then
// only the whole's floor is told, because a share of three people speaks of three people.
type Share struct {
	N     int     `json:"n"`
	Of    int     `json:"of"`
	Share float64 `json:"share"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Few   bool    `json:"few,omitempty" doc:"Fewer than five: not shown"`
}

// fewest is the smallest number of people that a measure of the pilot may speak of.
const fewest = 5

// shareOf is n of a whole, with the score interval of Wilson (1927): honest also for few, for none and for all.
func shareOf(n, of int) Share {
	if of < fewest || n > of {
		return Share{Few: true}
	}
	low, high := wilson(n, of)
	return Share{N: n, Of: of, Share: float64(n) / float64(of), Low: low, High: high}
}

const z95 = 1.959963984540054 // standard normal quantile of 0.975

func wilson(n, of int) (low, high float64) {
	if of == 0 {
		return 0, 1
	}
	p, m := float64(n)/float64(of), float64(of)
	middle := (p + z95*z95/(2*m)) / (1 + z95*z95/m)
	half := z95 / (1 + z95*z95/m) * math.Sqrt(p*(1-p)/m+z95*z95/(4*m*m))
	return max(0, middle-half), min(1, middle+half)
}

// Kappa is Cohen's kappa (1960), agreement beyond what chance alone would give, with a 95 % interval from the
// large-sample error of Fleiss, Cohen and Everitt (1969).
type Kappa struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// pairTable counts pairs of interviews with the same person by what each established.
type pairTable struct{ both, first, second, neither int }

func (t *pairTable) add(one, two bool) {
	switch {
	case one && two:
		t.both++
	case one:
		t.first++
	case two:
		t.second++
	default:
		t.neither++
	}
}

func (t pairTable) pairs() int { return t.both + t.first + t.second + t.neither }

// kappa is nil where it says nothing: with fewer than five pairs, or where chance alone explains all agreement.
func (t pairTable) kappa() *Kappa {
	n := float64(t.pairs())
	if n < fewest {
		return nil
	}
	a, b, c, d := float64(t.both)/n, float64(t.first)/n, float64(t.second)/n, float64(t.neither)/n
	k, chance := kappaOf(a, b, c, d)
	if 1-chance < 1e-9 {
		return nil
	}
	yes, no := (a+b)+(a+c), (c+d)+(b+d) // what each category was given by both together
	diagonal := a*sq(1-yes*(1-k)) + d*sq(1-no*(1-k))
	// Outside the diagonal: the row's category of the second interviewer and the column's of the first.
	off := sq(1-k) * (b*sq((a+c)+(c+d)) + c*sq((b+d)+(a+b)))
	variance := (diagonal + off - sq(k-chance*(1-k))) / (sq(1-chance) * n)
	half := z95 * math.Sqrt(max(0, variance))
	return &Kappa{Value: k, Low: max(-1, k-half), High: min(1, k+half)}
}

func kappaOf(a, b, c, d float64) (kappa, chance float64) {
	chance = (a+b)*(a+c) + (c+d)*(b+d)
	return (a + d - chance) / (1 - chance), chance
}

func sq(x float64) float64 { return x * x }
