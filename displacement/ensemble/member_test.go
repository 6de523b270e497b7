package ensemble

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var testInputs = []Input{
	{Name: "speed", Spread: LogUniform, Low: 100, High: 400},
	{Name: "awareness", Spread: Whole, Low: 1, High: 3},
	{Name: "capacity", Spread: LogNormal, Low: .5, High: 2},
	{Name: "movechance", Spread: Uniform, Low: .2, High: .8},
}

func TestDrawsStayInsideTheirSpread(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := Draw(rapid.Uint64().Draw(t, "run"), rapid.IntRange(0, 1e6).Draw(t, "member"), testInputs, nil)
		for _, in := range testInputs {
			if in.Spread != LogNormal && (v[in.Name] < in.Low || v[in.Name] > in.High) {
				t.Fatalf("%s is %v", in.Name, v[in.Name])
			}
		}
		if a := v["awareness"]; a != math.Trunc(a) {
			t.Fatalf("awareness %v is not whole", a)
		}
	})
}

func TestNineInTenLogNormalDrawsLieBetweenItsEnds(t *testing.T) {
	in, inside := testInputs[2], 0
	for m := range 2000 {
		if v := Draw(5, m, []Input{in}, nil)[in.Name]; v >= in.Low && v <= in.High {
			inside++
		}
	}
	if inside < 1740 || inside > 1860 {
		t.Fatalf("%d of 2000 inside, wanted about 1800", inside)
	}
}

func TestAnInputMoreLeavesTheDrawsOfTheOthers(t *testing.T) {
	few, all := Draw(9, 3, testInputs[:2], nil), Draw(9, 3, testInputs, nil)
	for name, v := range few {
		if all[name] != v {
			t.Errorf("%s was %v and is %v", name, v, all[name])
		}
	}
	if Draw(9, 3, testInputs, map[string]bool{"speed": true})["speed"] != 200 {
		t.Error("a frozen input stands at the middle of its spread")
	}
}

func member(n int) Member {
	r := Stream(1, n, "test")
	return Member{Number: n, People: func(day, place int) uint64 { return uint64(day*10+place) + r.Uint64N(50) }}
}

func TestOneWorkerAndEightGiveTheSameSummary(t *testing.T) {
	sum := func(workers int) *Summary {
		s := NewSummary([]string{"a", "b"}, 20, 1)
		err := Run(t.Context(), 0, 40, workers, func(_ context.Context, n int) (Member, error) { return member(n), nil },
			func(m Member) error { s.Fold(m.People); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if diff := cmp.Diff(sum(1), sum(8), cmp.AllowUnexported(Sketch{}, moments{})); diff != "" {
		t.Fatal(diff)
	}
}

func TestWhatIsFinishedIsKeptWhenStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	s := NewSummary([]string{"a"}, 3, 1)
	err := Run(ctx, 0, 1000, 2, func(_ context.Context, n int) (Member, error) { return member(n), nil },
		func(m Member) error {
			s.Fold(m.People)
			if s.Members == 5 {
				stop()
			}
			return nil
		})
	if !errors.Is(err, context.Canceled) || s.Members < 5 || s.Members > 100 {
		t.Fatalf("%d members kept, error %v", s.Members, err)
	}
}

func TestTheFirstErrorEndsTheRun(t *testing.T) {
	broken := errors.New("no such place")
	err := Run(t.Context(), 0, 50, 4, func(_ context.Context, n int) (Member, error) {
		if n == 7 {
			return Member{}, broken
		}
		return member(n), nil
	}, func(Member) error { return nil })
	if !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
}

func TestSensitivityNamesTheInputThatMatters(t *testing.T) {
	s := NewSensitivity(testInputs)
	for m := range 300 {
		v := Draw(4, m, testInputs, nil)
		s.Add(v, uint64(1000*v["movechance"]+40*v["capacity"]))
	}
	shares := s.Shares()
	if shares[0].Input != "movechance" || shares[0].First < .9 {
		t.Errorf("the first is %+v", shares[0])
	}
	for _, x := range shares[1:] {
		if x.First > .15 {
			t.Errorf("%s explains %.2f although it hardly matters", x.Input, x.First)
		}
	}
}

func TestStretchedBandsHoldTheirLevelOnAnotherCase(t *testing.T) {
	judge := func(name string, seed uint64) []Judged {
		var out []Judged
		r := Stream(seed, 0, "judge")
		for range 400 {
			mid := 1000 + 9000*r.Float64()
			out = append(out, Judged{Band{mid * .98, mid, mid * 1.02}, mid * math.Exp(.2*r.NormFloat64()), name, 0})
		}
		return out
	}
	s := Calibrate(append(judge("a", 1), judge("b", 2)...), .9, .1)
	var got Score
	for _, j := range judge("c", 3) {
		got.Add(s.Apply(j.Band, j.Crowd), .9, j.Counted, 0)
	}
	if c := got.Coverage(); c < .86 || c > .98 {
		t.Fatalf("bands that held almost nothing now hold %.2f, wanted about .9", c)
	}
}
