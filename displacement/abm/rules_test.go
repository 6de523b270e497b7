package abm

import (
	"math"
	"testing"
	"time"
)

// The tests in this file hold each rule against what can be worked out by hand:
// people stand at Start, roads of 40 and 190 km lead to Near and Far. With the
// softening of 10 km they weigh 1/50 and 1/200, so that 4 in 5 set out for Near.
// Everybody is slow, so that nobody arrives on the day.

const (
	start = iota
	near
	far
)

// many is how many people set out: enough to tell a wrong weight from chance.
const many = 200_000

func fork(change func(*Case)) *Case {
	c := &Case{Name: "fork", Days: 60, Settings: DefaultSettings(), Start: time.Date(2031, 1, 1, 0, 0, 0, 0, time.UTC)}
	c.Places = []Place{{Name: "Start", Country: "Home", Kind: Forward}, {Name: "Near", Country: "Home"}, {Name: "Far", Country: "Home"}}
	c.Routes = []Route{{A: start, B: near, Km: 40}, {A: start, B: far, Km: 190}}
	c.Settings.MaxMoveSpeed, c.Settings.MaxWalkSpeed = 5, 5
	if change != nil {
		change(c)
	}
	c.Conflict = append(c.Conflict, make([][]Step, len(c.Places)-len(c.Conflict))...)
	c.reindex()
	return c
}

// on makes a list per place with the steps of one.
func on(place int, steps ...Step) [][]Step {
	out := make([][]Step, 3)
	out[place] = steps
	return out
}

// onBothCores runs a test with cohorts and with people one by one.
func onBothCores(t *testing.T, test func(t *testing.T, core CoreKind)) {
	for name, core := range map[string]CoreKind{"cohorts": Cohorts, "agents": Agents} {
		t.Run(name, func(t *testing.T) { test(t, core) })
	}
}

// setOut is the share of the crowd at Start that enters each route on a day.
func setOut(t *testing.T, c *Case, core CoreKind, day int, others ...PlaceCount) []float64 {
	t.Helper()
	o := Options{Seed: 11, Core: core, Flows: true, Until: day + 1, Arrivals: ArrivalSeries{}, Initial: &State{Day: day, Counts: append(others, PlaceCount{start, many})}}
	return shares(c, mustRun(t, c, o), day)
}

func shares(c *Case, r *Result, day int) []float64 {
	out := make([]float64, len(c.Routes))
	for i, l := range r.Links {
		if l.From == start {
			out[i/2] = float64(r.Flow(day, i)) / many
		}
	}
	return out
}

// are compares shares of the crowd with what was worked out: five standard
// deviations, and nothing at all where there is no chance.
func are(t *testing.T, got []float64, want ...float64) {
	t.Helper()
	for i, p := range want {
		if limit := 5*math.Sqrt(p*(1-p)/many) + 1e-9; i >= len(got) || math.Abs(got[i]-p) > limit {
			t.Fatalf("shares %.4f, by hand %.4f", got, want)
		}
	}
}

// weighed is the shares of two weights.
func weighed(a, b float64) []float64 { return []float64{a / (a + b), b / (a + b)} }

func one(name, value string) Attribute {
	return Attribute{Name: name, Values: []string{value}, Default: []float64{1}}
}

func TestEachRuleOfChoiceWeighsTheWaysAsByHand(t *testing.T) {
	hostile := func(c *Case) { // Near is worth a quarter: 0.25/50 and 1/200 are the same
		c.Places[near].Kind, c.Settings.ConflictWeight = Conflict, 0.25
	}
	peoples := func(c *Case, kind Kind) {
		c.Attributes = []Attribute{{Name: "ethnicity", Values: []string{"a", "b"}, Default: []float64{1, 0}}}
		c.Places[near].Kind, c.Places[near].Attributes = kind, map[string]string{"a": "30", "b": "70"} // x10 x .3
		c.Places[far].Kind, c.Places[far].Attributes = kind, map[string]string{"a": "10", "b": "90"}   // x10 x .1
	}
	flooded := func(c *Case, level float64) {
		c.Settings.Flood = FloodRules{On: true, LocationWeights: []float64{1, 0.5, 0.25}}
		c.Flood = on(near, Step{0, level})
	}
	for name, v := range map[string]struct {
		change func(*Case)
		day    int
		want   []float64
	}{
		"softening 10":      {nil, 0, weighed(1./50, 1./200)},
		"softening 110":     {func(c *Case) { c.Settings.Softening = 110 }, 0, weighed(1./150, 1./300)},
		"distance_power 2":  {func(c *Case) { c.Settings.DistancePower = 2 }, 0, weighed(1./2500, 1./40000)},
		"distance_power .5": {func(c *Case) { c.Settings.DistancePower = 0.5 }, 0, weighed(2, 1)},
		"weight_power 2":    {func(c *Case) { c.Settings.WeightPower = 2 }, 0, weighed(16, 1)},
		"foreign_weight 4":  {func(c *Case) { c.Places[far].Foreign, c.Settings.ForeignWeight = true, 4 }, 0, weighed(1, 1)},
		"weight_softening 3": {func(c *Case) {
			c.Places[far].Foreign, c.Settings.ForeignWeight, c.Settings.WeightSoftening = true, 5, 3
		}, 0, weighed(4./50, 8./200)},
		"camp_weight 4":           {func(c *Case) { c.Places[far].Kind, c.Settings.CampWeight = Camp, 4 }, 0, weighed(1, 1)},
		"camp_weight 4, IDP camp": {func(c *Case) { c.Places[far].Kind, c.Settings.CampWeight = IDPCamp, 4 }, 0, weighed(1, 1)},
		"a foreign camp has both weights": {func(c *Case) {
			c.Places[far].Kind, c.Places[far].Foreign, c.Settings.CampWeight, c.Settings.ForeignWeight = Camp, true, 2, 3
		}, 0, weighed(1./50, 6./200)},
		"conflict_weight .25": {hostile, 0, weighed(1, 1)},
		"conflict_weight to the power of the intensity": {func(c *Case) {
			hostile(c)
			c.Places[near].Attributes = map[string]string{"conflict_intensity": "2"}
		}, 0, weighed(0.0625/50, 1./200)},
		"a conflict before its decay": {func(c *Case) {
			c.Settings.ConflictWeight, c.Settings.ConflictDecay, c.Settings.ConflictDecayInterval, c.Conflict = 0.25, []float64{1, 0.5}, 10, on(near, Step{0, 1})
		}, 9, weighed(1, 1)},
		"a conflict after its decay": {func(c *Case) {
			c.Settings.ConflictWeight, c.Settings.ConflictDecay, c.Settings.ConflictDecayInterval, c.Conflict = 0.25, []float64{1, 0.5}, 10, on(near, Step{0, 1})
		}, 10, weighed(0.5/50, 1./200)},
		"use_economic_pull": {func(c *Case) {
			c.Settings.EconomicPull = true
			c.Places[far].Foreign, c.Places[far].Attributes = true, map[string]string{"trade_volume": "0.5", "hdi": "0.5"}
			c.Places[near].Attributes = map[string]string{"trade_volume": "9", "hdi": "9"} // at home it pulls nobody
		}, 0, weighed(1./50, 1.75/200)},
		"avoid_food_deprived_locations": {func(c *Case) { c.Settings.AvoidFoodDeprived, c.IPC = true, on(near, Step{0, 50}) }, 0, weighed(0.75/50, 1./200)},
		"food crises are lines between their days": {func(c *Case) {
			c.Settings.AvoidFoodDeprived, c.IPC = true, on(near, Step{0, 0}, Step{20, 100})
		}, 10, weighed(0.75/50, 1./200)},
		"use_pop_for_loc_weight": {func(c *Case) {
			c.Settings.UsePopForLocWeight, c.Settings.PopPowerForLocWeight = true, 0.5
			c.Places[far].Population = 10_000 // Near has nobody and counts as one
		}, 0, weighed(1./50, 100./200)},
		"use_pop_for_loc_weight is not of camps": {func(c *Case) {
			c.Settings.UsePopForLocWeight, c.Places[far].Kind, c.Places[far].Population = true, Camp, 10_000
		}, 0, weighed(1./50, 1./200)},
		"pruning_threshold 3 drops what is weaker than a third": {func(c *Case) { c.Settings.PruningThreshold = 3 }, 0, []float64{1, 0}},
		"pruning_threshold 5 does not":                          {func(c *Case) { c.Settings.PruningThreshold = 5 }, 0, weighed(1./50, 1./200)},
		"awareness_level 0 draws evenly":                        {func(c *Case) { c.Settings.AwarenessLevel = 0 }, 0, weighed(1, 1)},
		"all weights 0 draw evenly":                             {func(c *Case) { c.Places[near].Foreign, c.Places[far].Foreign, c.Settings.ForeignWeight = true, true, 0 }, 0, weighed(1, 1)},
		"fixed_routes weigh the score twice": {func(c *Case) {
			c.Settings.FixedRoutes, c.Places[far].Foreign, c.Settings.ForeignWeight = true, true, 2
		}, 0, weighed(1./50, 4./200)},
		"without fixed_routes every way counts": {func(c *Case) { c.Routes = append(c.Routes, Route{A: start, B: near, Km: 90}) }, 0, []float64{4. / 7, 1. / 7, 2. / 7}},
		"fixed_routes keep the best way to each end": {func(c *Case) {
			c.Settings.FixedRoutes = true
			c.Routes = append(c.Routes, Route{A: start, B: near, Km: 90})
		}, 0, []float64{0.8, 0.2, 0}},
		"a major route counts a quarter of its length": {func(c *Case) { // 40 + 340 km by Near, 95 felt; the direct road is 190
			c.Settings.FixedRoutes = true
			c.Routes = append(c.Routes, Route{A: near, B: far, Km: 340})
			c.MajorRoutes = [][]int{{start, near, far}}
		}, 0, weighed(1./50+1./105, 0)},
		"a slower road is felt longer": {func(c *Case) { c.RouteWeights = []RouteWeight{{A: start, B: near, Day: 0, Factor: 2.25}} }, 0, weighed(1./100, 1./200)},
		"ChildrenAvoidHazards, a child": {func(c *Case) {
			hostile(c)
			c.Settings.ChildrenAvoidHazards = true
			c.Attributes = []Attribute{one("age", "18")}
		}, 0, weighed(0.0625/50, 1./200)},
		"ChildrenAvoidHazards, nineteen": {func(c *Case) {
			hostile(c)
			c.Settings.ChildrenAvoidHazards = true
			c.Attributes = []Attribute{one("age", "19")}
		}, 0, weighed(1, 1)},
		"BoysTakeRisk, a boy of fifteen": {func(c *Case) {
			hostile(c)
			c.Settings.ChildrenAvoidHazards, c.Settings.BoysTakeRisk = true, true
			c.Attributes = []Attribute{one("age", "15"), one("gender", "male")}
		}, 0, weighed(1./50, 1./200)},
		"BoysTakeRisk, a boy of fourteen": {func(c *Case) {
			hostile(c)
			c.Settings.ChildrenAvoidHazards, c.Settings.BoysTakeRisk = true, true
			c.Attributes = []Attribute{one("age", "14"), one("gender", "male")}
		}, 0, weighed(0.0625/50, 1./200)},
		"BoysTakeRisk, a girl": {func(c *Case) {
			hostile(c)
			c.Settings.ChildrenAvoidHazards, c.Settings.BoysTakeRisk = true, true
			c.Attributes = []Attribute{one("age", "16"), one("gender", "female")}
		}, 0, weighed(0.0625/50, 1./200)},
		"BoysTakeRisk alone does nothing": {func(c *Case) {
			hostile(c)
			c.Settings.BoysTakeRisk = true
			c.Attributes = []Attribute{one("age", "16"), one("gender", "male")}
		}, 0, weighed(1, 1)},
		"ElderlyAvoidHazards, sixty": {func(c *Case) {
			hostile(c)
			c.Settings.ElderlyAvoidHazards = true
			c.Attributes = []Attribute{one("age", "60")}
		}, 0, weighed(0.0625/50, 1./200)},
		"ElderlyAvoidHazards, fifty-nine": {func(c *Case) {
			hostile(c)
			c.Settings.ElderlyAvoidHazards = true
			c.Attributes = []Attribute{one("age", "59")}
		}, 0, weighed(1, 1)},
		"WomenAvoidHazards, a woman": {func(c *Case) {
			hostile(c)
			c.Settings.WomenAvoidHazards = true
			c.Attributes = []Attribute{one("gender", "female")}
		}, 0, weighed(0.0625/50, 1./200)},
		"WomenAvoidHazards, a man": {func(c *Case) {
			hostile(c)
			c.Settings.WomenAvoidHazards = true
			c.Attributes = []Attribute{one("gender", "male")}
		}, 0, weighed(1, 1)},
		"a girl is not squared twice": {func(c *Case) {
			hostile(c)
			c.Settings.WomenAvoidHazards, c.Settings.ChildrenAvoidHazards = true, true
			c.Attributes = []Attribute{one("age", "9"), one("gender", "female")}
		}, 0, weighed(0.0625/50, 1./200)},
		"MatchTownEthnicity":                 {func(c *Case) { peoples(c, Town); c.Settings.MatchTownEthnicity = true }, 0, weighed(3./50, 1./200)},
		"MatchCampEthnicity":                 {func(c *Case) { peoples(c, Camp); c.Settings.MatchCampEthnicity = true }, 0, weighed(3./50, 1./200)},
		"MatchConflictEthnicity":             {func(c *Case) { peoples(c, Conflict); c.Settings.MatchConflictEthnicity = true }, 0, weighed(3./50, 1./200)},
		"MatchCampEthnicity is not of towns": {func(c *Case) { peoples(c, Town); c.Settings.MatchCampEthnicity = true }, 0, weighed(1./50, 1./200)},
		"MatchTownEthnicity is not of camps": {func(c *Case) { peoples(c, Camp); c.Settings.MatchTownEthnicity = true }, 0, weighed(1./50, 1./200)},
		"a place that counts no peoples is neutral": {func(c *Case) {
			peoples(c, Town)
			c.Settings.MatchTownEthnicity, c.Places[far].Attributes = true, nil
		}, 0, weighed(3./50, 1./200)},
		"MatchCampReligion": {func(c *Case) {
			c.Attributes = []Attribute{{Name: "religion", Values: []string{"x", "y"}, Default: []float64{1, 0}}}
			c.Settings.MatchCampReligion, c.Settings.AverageReligionFraction = true, 0.2
			c.Places[near].Kind, c.Places[near].Attributes = Camp, map[string]string{"x": "50", "y": "50"}
			c.Places[far].Kind, c.Places[far].Attributes = Camp, map[string]string{"x": "10", "y": "90"}
		}, 0, weighed(2.5/50, 0.5/200)},
		"flood_loc_weights":                      {func(c *Case) { flooded(c, 2) }, 0, weighed(1, 1)},
		"flood_loc_weights between levels":       {func(c *Case) { flooded(c, 1.5) }, 0, weighed(0.375/50, 1./200)},
		"flood_loc_weights above the last level": {func(c *Case) { flooded(c, 9) }, 0, weighed(1, 1)},
		"a flood that is over weighs nothing":    {func(c *Case) { flooded(c, 2); c.Flood[near] = append(c.Flood[near], Step{3, 0}) }, 3, weighed(1./50, 1./200)},
		"flood_forecaster, a flood that comes":   {func(c *Case) { foreseen(c) }, 0, weighed(1, 1)},
		"flood_forecaster, beyond what it sees":  {func(c *Case) { foreseen(c); c.Flood = on(near, Step{3, 2}) }, 0, weighed(1./50, 1./200)},
		"flood_forecaster, after its end":        {func(c *Case) { foreseen(c); c.Settings.Flood.ForecastEndDay = 2; c.Flood = on(near, Step{4, 2}) }, 3, weighed(1./50, 1./200)},
		"flood_forecaster, no further than its end": {func(c *Case) { // the second day ahead lies beyond: only the first is read
			foreseen(c)
			c.Settings.Flood.ForecastEndDay, c.Flood = 1, on(near, Step{2, 2})
		}, 0, weighed(1./50, 1./200)},
		"flood_forecaster_weights": {func(c *Case) { // tomorrow 3, the day after 1: (3 x 1 + 1 x .25)/4
			foreseen(c)
			c.Settings.Flood.ForecastWeights, c.Flood = []float64{9, 3, 1}, on(near, Step{2, 2})
		}, 0, weighed(0.8125/50, 1./200)},
		"flood_awareness_weights, one who takes it all in": {func(c *Case) { foreseen(c); awareOf(c, 2) }, 0, weighed(1, 1)},
		"flood_awareness_weights, one who hears half":      {func(c *Case) { foreseen(c); awareOf(c, 1) }, 0, weighed(0.625/50, 1./200)},
		"flood_awareness_weights, one who hears nothing":   {func(c *Case) { foreseen(c); awareOf(c, 0) }, 0, weighed(1./50, 1./200)},
	} {
		t.Run(name, func(t *testing.T) {
			onBothCores(t, func(t *testing.T, core CoreKind) { are(t, setOut(t, fork(v.change), core, v.day), v.want...) })
		})
	}
}

// foreseen has a flood of level 2 at Near from tomorrow on, and two days foretold.
func foreseen(c *Case) {
	c.Settings.Flood = FloodRules{On: true, LocationWeights: []float64{1, 0.5, 0.25}, Forecast: true, ForecastDays: 2, ForecastEndDay: 50}
	c.Flood = on(near, Step{1, 2})
}

// awareOf makes everybody of one group of awareness: nothing, half, all.
func awareOf(c *Case, group int) {
	c.Settings.Flood.AwarenessWeights = []float64{0, 0.5, 1}
	weights := []float64{0, 0, 0}
	weights[group] = 1
	c.Attributes = []Attribute{{Name: "floodawareness", Values: []string{"0", "1", "2"}, Default: weights}}
}

func TestACampThatFillsLosesItsPullAsByHand(t *testing.T) {
	// Near is a camp for 1,000 with 940 in it.
	for name, v := range map[string]struct {
		change func(*Settings)
		want   []float64
	}{
		"capacity_buffer .9: six tenths of its pull":            {func(s *Settings) {}, weighed(0.6/50, 1./200)},
		"capacity_buffer .8: three, and nobody sets out":        {func(s *Settings) { s.CapacityBuffer = 0.8 }, []float64{0, (1. / 200) / (0.3/50 + 1./200)}},
		"capacity_scaling 2: room enough":                       {func(s *Settings) { s.CapacityScaling = 2 }, weighed(1./50, 1./200)},
		"capacity_scaling .9: full":                             {func(s *Settings) { s.CapacityScaling = 0.9 }, []float64{0, 1}},
		"weight_power 2: the pull is squared, too":              {func(s *Settings) { s.WeightPower = 2 }, weighed(0.36/2500, 1./40000)},
		"fixed_routes: crowding is not looked at in the choice": {func(s *Settings) { s.FixedRoutes = true }, weighed(1./50, 1./200)},
	} {
		t.Run(name, func(t *testing.T) {
			c := fork(func(c *Case) {
				c.Places[near].Kind, c.Places[near].Capacity, c.Settings.CampMoveChance = Camp, 1000, 0
				v.change(&c.Settings)
			})
			onBothCores(t, func(t *testing.T, core CoreKind) { are(t, setOut(t, c, core, 0, PlaceCount{near, 940}), v.want...) })
		})
	}
}

func TestACampGrowsByItsCapacityPerDay(t *testing.T) {
	c := fork(func(c *Case) {
		c.Places[near].Kind, c.Places[near].Capacity, c.Settings.CampMoveChance = Camp, 900, 0
		c.Places[near].Attributes = map[string]string{"capacity_per_day": "25"}
	})
	onBothCores(t, func(t *testing.T, core CoreKind) {
		are(t, setOut(t, c, core, 0, PlaceCount{near, 940}), 0, 1)                       // 925 places
		are(t, setOut(t, c, core, 3, PlaceCount{near, 940}), weighed(0.6/50, 1./200)...) // 1,000 places
	})
}

func TestPeopleStayNearTheirHomeAsByHand(t *testing.T) {
	// One degree along the equator is 111.195 km; Far lies four times as far from
	// home, so that its weight falls by another half.
	c := fork(func(c *Case) {
		c.Settings.StayCloseToHome, c.Settings.ConflictMoveChance = true, 1
		c.Places[start].Kind, c.Places[start].Population = Conflict, 10
		c.Places[near].Lon, c.Places[far].Lon = 1, 4
	})
	spawned := func(c *Case, core CoreKind) []float64 {
		return shares(c, mustRun(t, c, Options{Seed: 3, Core: core, Flows: true, Until: 1, Arrivals: ArrivalSeries{People: []int64{many}}}), 0)
	}
	onBothCores(t, func(t *testing.T, core CoreKind) {
		are(t, spawned(c, core), weighed(1./50, 0.5/200)...)
		wider := *c
		wider.Settings.HomeDistancePower = 1
		are(t, spawned(&wider, core), weighed(1./50, 0.25/200)...)
	})
}

func TestAwarenessSeesSoManyHopsAndMarkersCostNone(t *testing.T) {
	// Start - Near - Far, 40 and 150 km: Near weighs 1/50, Far behind it 1/200.
	chain := func(level int, mid Kind) *Case {
		return road(func(c *Case) {
			c.Routes[0].Km, c.Routes[1].Km = 40, 150
			c.Settings.AwarenessLevel, c.Settings.MaxMoveSpeed, c.Places[near].Kind = level, 1000, mid
		})
	}
	for name, v := range map[string]struct {
		c         *Case
		near, far float64
	}{
		"one hop":            {chain(1, Town), 1, 0},
		"two hops":           {chain(2, Town), 0.8, 0.2},
		"three see no more":  {chain(3, Town), 0.8, 0.2},
		"one hop, a marker":  {chain(1, Marker), 0, 1},
		"two hops, a marker": {chain(2, Marker), 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			onBothCores(t, func(t *testing.T, core CoreKind) {
				r := mustRun(t, v.c, Options{Seed: 8, Core: core, Until: 1, Arrivals: ArrivalSeries{}, Initial: &State{Counts: []PlaceCount{{start, many}}}})
				are(t, []float64{float64(r.At(0, near)) / many, float64(r.At(0, far)) / many}, v.near, v.far)
			})
		})
	}
}

// settles lists the fields of two settings that differ.
