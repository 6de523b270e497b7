package abm

import (
	"math"
	"math/bits"
	"math/rand/v2"
)

// stream is the one source of chance of a run. It is a concrete PCG, never an
// interface, so that a draw costs a few nanoseconds. Every sampler below uses
// only integer arithmetic, exact float operations and the ln and exp of this
// file, so that a seed gives the same people on every machine.
type stream struct {
	pcg rand.PCG
}

// splitmix spreads a small seed over 64 bits (Steele, Lea and Flood 2014).
func splitmix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

func (s *stream) seed(seed uint64) {
	s.pcg.Seed(splitmix(seed), splitmix(seed^0x5bf03635dd6a9c11))
}

// unit is uniform on [0, 1).
func (s *stream) unit() float64 { return float64(s.pcg.Uint64()>>11) * 0x1p-53 }

// chance is true with probability p.
func (s *stream) chance(p float64) bool {
	if p >= 1 {
		return true
	}
	return p > 0 && s.unit() < p
}

// below is uniform on 0..n-1 (Lemire 2019, without the rejection: the bias is
// under n/2^64).
func (s *stream) below(n uint64) uint64 {
	hi, _ := bits.Mul64(s.pcg.Uint64(), n)
	return hi
}

// binomial draws the number of successes in n trials of probability p.
func (s *stream) binomial(n int64, p float64) int64 {
	switch {
	case n <= 0 || p <= 0:
		return 0
	case p >= 1:
		return n
	case n == 1:
		if s.unit() < p {
			return 1
		}
		return 0
	case p == 0.5 && n <= 64:
		return int64(bits.OnesCount64(s.pcg.Uint64() >> (64 - uint(n))))
	case n <= 8:
		var k int64
		for i := int64(0); i < n; i++ {
			if s.unit() < p {
				k++
			}
		}
		return k
	case p > 0.5:
		return n - s.binomialSmall(n, 1-p)
	}
	return s.binomialSmall(n, p)
}

// binomialSmall needs 0 < p <= 0.5.
func (s *stream) binomialSmall(n int64, p float64) int64 {
	if float64(n)*p < 10 {
		return s.binomialByInversion(n, p)
	}
	return s.binomialByRejection(n, p)
}

// binomialByInversion walks the distribution from 0 upwards (BINV of
// Kachitvichyanukul and Schmeiser 1988).
func (s *stream) binomialByInversion(n int64, p float64) int64 {
	q := 1 - p
	ratio := p / q
	mass := power(q, n)
	u := s.unit()
	if u < mass {
		return 0
	}
	for k := int64(1); k <= n; k++ {
		u -= mass
		mass = mass * (ratio * float64(n-k+1) / float64(k))
		if u < mass {
			return k
		}
		if mass == 0 {
			return k
		}
	}
	return n
}

// power is q to the n.
func power(q float64, n int64) float64 {
	if n > 255 {
		return exp(float64(float64(n) * ln(q)))
	}
	v := 1.0
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			v *= q
		}
		q *= q
	}
	return v
}

// binomialByRejection is BTRS, the transformed rejection of Hörmann (1993),
// exact for n*p >= 10.
func (s *stream) binomialByRejection(n int64, p float64) int64 {
	nf := float64(n)
	q := 1 - p
	spq := math.Sqrt(float64(nf*p) * q)
	b := 1.15 + float64(2.53*spq)
	a := -0.0873 + float64(0.0248*b) + float64(0.01*p)
	c := float64(nf*p) + 0.5
	vr := 0.92 - 4.2/b
	var alpha, lpq, h, m float64
	ready := false
	for {
		v := s.unit()
		u := s.unit() - 0.5
		us := 0.5 - math.Abs(u)
		k := math.Floor(float64((float64(2*a)/us+b)*u) + c)
		if us >= 0.07 && v <= vr {
			if k >= 0 && k <= nf {
				return int64(k)
			}
			continue
		}
		if k < 0 || k > nf {
			continue
		}
		if !ready {
			alpha = float64((2.83 + 5.1/b) * spq)
			lpq = ln(p / q)
			m = math.Floor(float64((nf + 1) * p))
			h = lnFactorial(m) + lnFactorial(nf-m)
			ready = true
		}
		v = v * alpha / (a/(us*us) + b)
		if ln(v) <= h-lnFactorial(k)-lnFactorial(nf-k)+float64((k-m)*lpq) {
			return int64(k)
		}
	}
}

// poisson draws a Poisson count of the given mean; a mean that is not a number,
// zero or negative gives 0.
func (s *stream) poisson(mean float64) int64 {
	switch {
	case !(mean > 0):
		return 0
	case mean < 10:
		limit := exp(-mean)
		u := s.unit()
		var k int64
		for u >= limit && k < 200 {
			u -= limit
			k++
			limit = limit * mean / float64(k)
		}
		return k
	case mean > 1e12:
		mean = 1e12
	}
	// PTRS, Hörmann (1993).
	root := math.Sqrt(mean)
	b := 0.931 + float64(2.53*root)
	a := -0.059 + float64(0.02483*b)
	vr := 0.9277 - 3.6224/(b-2)
	lnMean := ln(mean)
	for {
		u := s.unit() - 0.5
		v := s.unit()
		us := 0.5 - math.Abs(u)
		k := math.Floor(float64((float64(2*a)/us+b)*u) + mean + 0.43)
		if us >= 0.07 && v <= vr {
			return int64(k)
		}
		if k < 0 || (us < 0.013 && v > us) {
			continue
		}
		inv := 1.1239 + 1.1328/(b-3.4)
		if ln(v*inv/(a/(us*us)+b)) <= float64(k*lnMean)-mean-lnFactorial(k) {
			return int64(k)
		}
	}
}

var lnFactorialTable = func() [128]float64 {
	var t [128]float64
	for i := 2; i < len(t); i++ {
		t[i] = t[i-1] + ln(float64(i))
	}
	return t
}()

// lnFactorial is ln(k!) for a whole k >= 0, by Stirling's series above 127.
func lnFactorial(k float64) float64 {
	if k < 128 {
		return lnFactorialTable[int(k)]
	}
	x := k + 1
	inv := 1 / x
	inv2 := float64(inv * inv)
	series := float64(inv * (1.0/12 - float64(inv2*(1.0/360-float64(inv2*(1.0/1260))))))
	return float64((x-0.5)*ln(x)) - x + 0.918938533204672741780329736406 + series
}

// ln is the natural logarithm with every product rounded on its own: the Go
// compiler may fuse a*b+c on some processors, and a fused last bit would send
// one person elsewhere. Algorithm: atanh series on [sqrt(1/2), sqrt(2)).
func ln(x float64) float64 {
	if !(x > 0) {
		if x == 0 {
			return math.Inf(-1)
		}
		return math.NaN()
	}
	if math.IsInf(x, 1) {
		return x
	}
	f, e := math.Frexp(x)
	if f < math.Sqrt2/2 {
		f *= 2
		e--
	}
	s := (f - 1) / (f + 1)
	z := float64(s * s)
	p := 1.0 / 23
	for _, c := range [...]float64{1.0 / 21, 1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3, 1} {
		p = float64(p*z) + c
	}
	const ln2Hi, ln2Lo = 6.93147180369123816490e-01, 1.90821492927058770002e-10
	return float64(float64(e)*ln2Hi) + (float64(2*s*p) + float64(float64(e)*ln2Lo))
}

var inverseFactorial = func() (t [15]float64) {
	t[0] = 1
	f := 1.0
	for i := 1; i < len(t); i++ {
		f *= float64(i)
		t[i] = 1 / f
	}
	return t
}()

// exp is e to the x, rounded like ln.
func exp(x float64) float64 {
	switch {
	case x != x:
		return x
	case x > 709:
		return math.Inf(1)
	case x < -745:
		return 0
	}
	const ln2Hi, ln2Lo = 6.93147180369123816490e-01, 1.90821492927058770002e-10
	k := math.Floor(float64(x*1.44269504088896338700) + 0.5)
	r := (x - float64(k*ln2Hi)) - float64(k*ln2Lo)
	p := inverseFactorial[14]
	for i := 13; i >= 0; i-- {
		p = float64(p*r) + inverseFactorial[i]
	}
	return math.Ldexp(p, int(k))
}

// pow is x to the y for x >= 0, with the exponents that matter most exact.
func pow(x, y float64) float64 {
	switch {
	case y == 0:
		return 1
	case y == 1:
		return x
	case x == 0:
		if y < 0 {
			return math.Inf(1)
		}
		return 0
	case x == 1:
		return 1
	case y == 2:
		return x * x
	case y == 0.5:
		return math.Sqrt(x)
	}
	return exp(float64(y * ln(x)))
}
