package abm

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
)

// sameDistribution compares two samples of one count: their means, their
// spreads, and the greatest distance between their distribution functions
// (Kolmogorov and Smirnov). The limits allow some hundred comparisons of samples
// with fixed seeds without a false alarm.
func sameDistribution(a, b []float64) error {
	ma, va := meanVar(a)
	mb, vb := meanVar(b)
	na, nb := float64(len(a)), float64(len(b))
	if se := math.Sqrt(va/na + vb/nb); math.Abs(ma-mb) > 4.2*se+0.5 {
		return fmt.Errorf("means %.1f and %.1f differ by %.1f standard errors", ma, mb, math.Abs(ma-mb)/se)
	}
	if va > 30 && vb > 30 {
		// The logarithm of a ratio of variances has about this spread.
		if limit := 4.2 * math.Sqrt(2/(na-1)+2/(nb-1)); math.Abs(math.Log(va/vb)) > limit {
			return fmt.Errorf("variances %.1f and %.1f", va, vb)
		}
	}
	if va+vb > 4 {
		if d := ksDistance(a, b); d > 2.1*math.Sqrt((na+nb)/(na*nb)) {
			return fmt.Errorf("distribution functions differ by %.2f", d)
		}
	}
	return nil
}

func meanVar(v []float64) (mean, variance float64) {
	for _, x := range v {
		mean += x
	}
	mean /= float64(len(v))
	for _, x := range v {
		variance += (x - mean) * (x - mean)
	}
	return mean, variance / float64(len(v)-1)
}

func ksDistance(a, b []float64) float64 {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	d := 0.0
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		x := math.Min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		d = math.Max(d, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return d
}

// samples runs seeds and returns, per watched day and place, one value per seed.
func samples(t *testing.T, c *Case, core CoreKind, compat Compat, seeds int, offset uint64, days []int) map[[2]int][]float64 {
	out := map[[2]int][]float64{}
	space := &Workspace{}
	for s := range seeds {
		r := mustRun(t, c, Options{Seed: uint64(s) + offset, Core: core, Compat: compat, Space: space})
		for _, day := range days {
			for p := range c.Places {
				out[[2]int{day, p}] = append(out[[2]int{day, p}], float64(r.At(day, p)/r.Scale))
			}
			out[[2]int{day, -1}] = append(out[[2]int{day, -1}], float64(int64(r.Travelling[day])/r.Scale))
		}
	}
	return out
}

func compareCores(t *testing.T, c *Case, compat Compat, seeds int) {
	t.Helper()
	days := []int{c.Days / 4, c.Days / 2, c.Days - 1}
	a := samples(t, c, Cohorts, compat, seeds, 1, days)
	b := samples(t, c, Agents, compat, seeds, 100_001, days)
	for key, v := range a {
		if err := sameDistribution(v, b[key]); err != nil {
			name := "on the road"
			if key[1] >= 0 {
				name = c.Places[key[1]].Name
			}
			t.Errorf("day %d, %s: %v", key[0], name, err)
		}
	}
}

func TestBothCoresGiveTheSamePeopleOnEveryCase(t *testing.T) {
	// Hastened so that a run has some thousand people and many seeds are cheap.
	for name, hasten := range map[string]int{"mali2012": 30, "burundi2015": 60, "car2013": 150, "ssudan2013": 150, "venezuela2022": 300, "dflee_Nigeria_dflee": 1000} {
		t.Run(name, func(t *testing.T) {
			c := readCase(t, name)
			c.Settings.Hasten = hasten
			seeds := 60
			if os.Getenv("LINTAS_SLOW") == "" {
				seeds = 12
				c.Days = min(c.Days, 200)
			}
			compareCores(t, c, CompatNone, seeds)
			compareCores(t, c, CompatFlee, seeds)
		})
	}
}

func TestBothCoresGiveTheSamePeopleUnderEveryRule(t *testing.T) {
	base := fstestCase(t)
	for name, change := range map[string]func(*Case){
		"as it is":          func(*Case) {},
		"on foot":           func(c *Case) { c.Settings.StartOnFoot = true },
		"short stints":      func(c *Case) { c.Settings.AvoidShortStints = false },
		"awareness 0":       func(c *Case) { c.Settings.AwarenessLevel = 0 },
		"awareness 3":       func(c *Case) { c.Settings.AwarenessLevel = 3 },
		"stay close":        func(c *Case) { c.Settings.StayCloseToHome = true },
		"fixed routes":      func(c *Case) { c.Settings.FixedRoutes = true },
		"weight power":      func(c *Case) { c.Settings.WeightPower = 2 },
		"walking links":     func(c *Case) { c.Routes[1].WalkProbability = 0.5 },
		"forced route":      func(c *Case) { c.Routes[0].Forced = 2 },
		"returns":           func(c *Case) { c.Settings.Returns = ReturnRules{Chance: 0.1, SafeDays: 2, FromCamps: true} },
		"conflict driven":   func(c *Case) { c.Settings.ConflictDriven = SpawnDrive{true, "poisson", 40} },
		"hardly any room":   func(c *Case) { c.Places[4].Capacity, c.Places[5].Capacity = 800, 700 },
		"by sea":            func(c *Case) { c.Sea = []SeaRoute{testSea(c)} },
		"take from the pop": func(c *Case) { c.Settings.TakeFromPopulation = true; c.Places[0].Population = 2500 },
		"camps are sinks": func(c *Case) {
			c.Settings.CampsAreSinks = true
			c.Places[4].Attributes = map[string]string{"deactivation_probability": "0.02"}
		},
		"women and children": func(c *Case) {
			c.Attributes = []Attribute{{Name: "age", Values: []string{"3", "16", "30", "70"}, Default: []float64{2, 2, 3, 1}}, {Name: "gender", Values: []string{"f", "m"}, Default: []float64{1, 1}}}
			c.Settings.ChildrenAvoidHazards, c.Settings.BoysTakeRisk, c.Settings.ElderlyAvoidHazards, c.Settings.WomenAvoidHazards = true, true, true, true
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := base.Clone()
			change(c)
			compareCores(t, c, CompatNone, 25)
			// Larger graphs are walked in steps, and a crowd swept.
			c.Settings.DistanceSteps = daySteps
			compareCores(t, c, CompatNone, 25)
		})
	}
}

func TestBothCoresGiveTheSamePeopleOnADenseGraph(t *testing.T) {
	// Roads so short that people pass a handful of stops a day; camps that fill
	// and camps that do not; crowds that are swept and some that are not.
	for _, people := range []int64{2_000, 12_000} {
		c := madeUp(60, 200, people, 40)
		c.Settings.DistanceSteps = daySteps
		for i := range c.Places {
			if c.Places[i].Kind == Camp {
				c.Places[i].Capacity = people / 20
			}
		}
		for i, n := range evenly(people, c.Days).People {
			if i == 0 {
				c.Total = &Series{}
			}
			last := 0.0
			if i > 0 {
				last = c.Total.Reports[i-1].Count
			}
			c.Total.Reports = append(c.Total.Reports, Report{Day: i, Count: last + float64(n)})
		}
		c.Settings.SumFromCamps = false
		compareCores(t, c, CompatNone, 20)
	}
}

func TestStepsLeaveTheArrivalsAsTheyAre(t *testing.T) {
	// Distances in steps are an approximation; this holds it to what it costs.
	c := madeUp(300, 1200, 20_000, 60)
	arrivals := func(steps int) []float64 {
		c.Settings.DistanceSteps = steps
		sum := make([]float64, len(c.Places))
		for seed := range uint64(8) {
			r := mustRun(t, c, Options{Seed: seed, Arrivals: evenly(20_000, c.Days)})
			for p := range sum {
				if c.Places[p].Kind == Camp {
					sum[p] += float64(r.At(c.Days-1, p)) / 8
				}
			}
		}
		return sum
	}
	exact, stepped := arrivals(-1), arrivals(daySteps)
	total, wrong := 0.0, 0.0
	for p := range exact {
		total += exact[p]
		wrong += math.Abs(exact[p] - stepped[p])
	}
	t.Logf("%.0f people in camps; %.1f %% of them in another camp for the steps", total, 50*wrong/total)
	if wrong/total > 0.05 {
		t.Errorf("steps move %.1f %% of the arrivals to another camp", 50*wrong/total)
	}
}

func testSea(c *Case) SeaRoute {
	return SeaRoute{From: c.PlaceIndex("Fela"), To: c.PlaceIndex("Emas"), Km: 300, Speed: 80, BoatsPerDay: 1.5, Capacity: 12,
		DriftChance: 0.3, Interception: 0.08, Pushback: 0.4, Loss: 0.01, Landings: []Landing{{c.PlaceIndex("Duri"), 1}, {c.PlaceIndex("Emas"), 2}}}
}
