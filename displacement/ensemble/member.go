package ensemble

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"sync"
)

// Stream is the random source of one member of one run, for one purpose.
// It depends on nothing else, so any machine can draw any member, and a what-if
// drawn from the same run and member differs from its base by the change alone
// (common random numbers).
func Stream(run uint64, member int, purpose string) *rand.Rand {
	h := sha256.New()
	var b [16]byte
	binary.LittleEndian.PutUint64(b[:8], run)
	binary.LittleEndian.PutUint64(b[8:], uint64(member))
	h.Write(b[:])
	h.Write([]byte(purpose))
	var seed [32]byte
	copy(seed[:], h.Sum(nil))
	return rand.New(rand.NewChaCha8(seed))
}

// Seed is the seed of the model itself for a member.
func Seed(run uint64, member int) uint64 { return Stream(run, member, "model").Uint64() }

// Spread is how an uncertain input is spread around its setting.
type Spread string

const (
	Uniform    Spread = "uniform"     // between Low and High
	LogUniform Spread = "log-uniform" // between Low and High, even in the logarithm
	LogNormal  Spread = "log-normal"  // 90 % between Low and High, even in the logarithm
	Whole      Spread = "whole"       // whole numbers Low..High
)

// Input is something not known well: a parameter, capacities, the conflict
// record, or the model itself.
type Input struct {
	Name   string  `json:"name"`
	Spread Spread  `json:"spread"`
	Low    float64 `json:"low"`
	High   float64 `json:"high"`
}

// At turns a share of the unit interval into a value of the input.
func (in Input) At(u float64) float64 {
	switch in.Spread {
	case Whole:
		return math.Min(in.High, in.Low+math.Floor(u*(in.High-in.Low+1)))
	case LogUniform:
		return in.Low * math.Pow(in.High/in.Low, u)
	case LogNormal:
		middle, half := math.Sqrt(in.Low*in.High), math.Log(in.High/in.Low)/2
		return middle * math.Exp(half/1.6448536269514722*normalAt(u))
	default:
		return in.Low + u*(in.High-in.Low)
	}
}

// normalAt is the standard normal quantile.
func normalAt(u float64) float64 {
	return -math.Sqrt2 * math.Erfcinv(2*math.Min(1-1e-12, math.Max(1e-12, u)))
}

// Draw gives the values of all inputs for a member. Each input has its own
// stream: adding an input later leaves the draws of the others as they were.
// Frozen inputs stand at their middle.
func Draw(run uint64, member int, inputs []Input, frozen map[string]bool) map[string]float64 {
	out := make(map[string]float64, len(inputs))
	for _, in := range inputs {
		u := 0.5
		if !frozen[in.Name] {
			u = Stream(run, member, "input:"+in.Name).Float64()
		}
		out[in.Name] = in.At(u)
	}
	return out
}

// Member is one finished run. A model gives its result as a table to read, or
// packed when it may have to travel.
type Member struct {
	Number int
	People func(day, place int) uint64
	Packed []byte
}

// Run calls run for the members in [from, to) on a number of workers and gives
// each result to fold, one at a time. When ctx ends, members that are finished
// are kept and ctx's error is returned; the first error of a member ends all.
func Run(ctx context.Context, from, to, workers int, run func(ctx context.Context, member int) (Member, error), fold func(Member) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	next := make(chan int)
	go func() {
		defer close(next)
		for m := from; m < to; m++ {
			select {
			case next <- m:
			case <-ctx.Done():
				return
			}
		}
	}()
	var one sync.Mutex
	var all sync.WaitGroup
	for range max(1, workers) {
		all.Go(func() {
			for m := range next {
				got, err := run(ctx, m)
				if err == nil {
					one.Lock()
					err = fold(got)
					one.Unlock()
				}
				if err != nil {
					stop(err)
					return
				}
			}
		})
	}
	all.Wait()
	return context.Cause(ctx)
}
