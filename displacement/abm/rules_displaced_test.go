package abm

import (
	"math"
	"slices"
	"testing"
)

// origins is a case in which Start, Near and Far can all be where people come
// from; nobody moves.
func origins(change func(*Case)) *Case {
	return fork(func(c *Case) {
		c.Settings.ConflictMoveChance, c.Settings.DefaultMoveChance, c.Settings.CampMoveChance = 0, 0, 0
		for i := range c.Places {
			c.Places[i].Kind, c.Places[i].Population = Town, 1000
		}
		change(c)
	})
}

func TestNewlyDisplacedPeopleComeFromWhereTheRulesSay(t *testing.T) {
	zones := func(c *Case) { c.Places[start].Kind, c.Places[near].Kind = Conflict, Conflict }
	for name, v := range map[string]struct {
		change func(*Case)
		day    int
		want   []float64 // start, near, far
	}{
		"by population":                {func(c *Case) { zones(c); c.Places[near].Population = 3000 }, 0, []float64{0.25, 0.75, 0}},
		"by intensity":                 {func(c *Case) { zones(c); c.Places[near].Attributes = map[string]string{"conflict_intensity": "3"} }, 0, []float64{0.25, 0.75, 0}},
		"conflict_spawn_decay, before": {decaying, 20, []float64{0.5, 0.5, 0}},
		"conflict_spawn_decay, after":  {decaying, 21, []float64{0.2, 0.8, 0}},
		"flood_zone_spawning_only": {func(c *Case) {
			zones(c)
			c.Settings.FloodZonesOnly, c.Settings.ConflictZonesOnly = true, false
			c.Places[near].Kind, c.Places[far].Kind = FloodZone, FloodZone
			c.Flood = [][]Step{{{0, 2}}, {{0, 1}}, {{0, 3}}} // a flood outside flood zones brings nobody
		}, 0, []float64{0, 0.25, 0.75}},
		"starvation_driven_spawning stays in zones when only these spawn": {func(c *Case) {
			zones(c)
			c.Settings.StarvationDriven = true
			c.Places[near].Attributes = map[string]string{"conflict_intensity": "0.3"}
			c.IPC = [][]Step{nil, {{0, 20}}, {{0, 50}}}
		}, 0, []float64{1000. / 1500, 500. / 1500, 0}},
		"starvation_driven_spawning elsewhere": {func(c *Case) {
			zones(c)
			c.Settings.StarvationDriven, c.Settings.ConflictZonesOnly = true, false
			c.IPC = [][]Step{nil, nil, {{0, 50}}}
		}, 0, []float64{1000. / 2500, 1000. / 2500, 500. / 2500}},
		"starvation_driven_spawning never counts more than the people there are": {func(c *Case) {
			zones(c)
			c.Settings.StarvationDriven = true
			c.Places[near].Attributes = map[string]string{"conflict_intensity": "0.9"}
			c.IPC = [][]Step{{{0, 80}}, {{0, 80}}, nil}
		}, 0, []float64{0.5, 0.5, 0}},
		"starvation_driven_spawning beside conflicts that drive by themselves adds nobody": {func(c *Case) {
			zones(c)
			c.Settings.StarvationDriven, c.Settings.ConflictDriven = true, SpawnDrive{true, "constant", many / 2}
			c.IPC = [][]Step{nil, nil, {{0, 50}}}
		}, -1, []float64{0.5, 0.5, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			c := origins(v.change)
			onBothCores(t, func(t *testing.T, core CoreKind) {
				o := Options{Seed: 4, Core: core, Until: max(0, v.day) + 1}
				if v.day >= 0 {
					o.Arrivals = ArrivalSeries{FirstDay: v.day, People: []int64{many}}
				}
				r := mustRun(t, c, o)
				got := make([]float64, 3)
				for p := range got {
					got[p] = float64(r.At(max(0, v.day), p)) / many
				}
				are(t, got, v.want...)
			})
		})
	}
}

// decaying has a conflict at Start from day 0 and one at Near from day 15; after
// twenty days one brings a quarter. Who comes follows the weights of the evening
// before, unless a conflict changes on the day.
func decaying(c *Case) {
	c.Settings.ConflictDecay, c.Settings.ConflictDecayInterval = []float64{1, 1, 0.25}, 10
	c.Conflict = [][]Step{{{0, 1}}, {{15, 1}}, nil}
}

// spawned is the newly displaced of each day.
func spawned(t *testing.T, c *Case, days int, core CoreKind) []int32 {
	t.Helper()
	return slices.Clone(mustRun(t, c, Options{Seed: 6, Core: core, Until: days}).Spawned)
}

func TestSoManyAreNewlyDisplacedOnEachDay(t *testing.T) {
	driven := func(d SpawnDrive) func(*Case) {
		return func(c *Case) {
			c.Places[start].Kind, c.Settings.ConflictDriven = Conflict, d
			c.Places[start].Attributes = map[string]string{"conflict_intensity": "2"}
		}
	}
	flood := func(mode string, rate ...float64) func(*Case) {
		return func(c *Case) {
			c.Settings.FloodDriven, c.Settings.Flood.On = FloodDrive{true, mode, rate}, true
			c.Flood = on(near, Step{1, 1}, Step{2, 1.5}, Step{3, 0})
		}
	}
	reports := func(c *Case) { // a camp at Far with 10, 30, 20, 50; a total of 100, 200, 300, 400
		c.Places[start].Kind, c.Places[far].Kind = Conflict, Camp
		c.Camps = []CampSeries{{Place: far, Series: Series{Name: "Far", Reports: []Report{{Day: 0, Count: 10}, {Day: 1, Count: 30}, {Day: 2, Count: 20}, {Day: 3, Count: 50}}}}}
		c.Total = &Series{Name: "total", Reports: []Report{{Day: 0, Count: 100}, {Day: 3, Count: 400}}}
	}
	for name, v := range map[string]struct {
		change func(*Case)
		want   []int32
	}{
		"sum_from_camps: a fall is owed":                       {reports, []int32{10, 20, 0, 20}},
		"sum_from_camps off: the total's change":               {func(c *Case) { reports(c); c.Settings.SumFromCamps = false }, []int32{10, 100, 100, 100}},
		"insert_day0 off: the first day's come from the zones": {func(c *Case) { reports(c); c.Settings.InsertDay0 = false }, []int32{10, 20, 0, 20}},
		"empty_camps_on_day0: they are in no number":           {func(c *Case) { reports(c); c.Settings.EmptyCampsOnDay0 = true }, []int32{0, 20, 0, 20}},
		"conflict_driven_spawning constant: 7 x 2":             {driven(SpawnDrive{true, "constant", 7}), []int32{14, 14, 14, 14}},
		"conflict_driven_spawning pop_ratio: .01 x 1000 x 2":   {driven(SpawnDrive{true, "pop_ratio", 0.01}), []int32{20, 20, 20, 20}},
		"take_from_population: until nobody is left": {func(c *Case) {
			driven(SpawnDrive{true, "constant", 15})(c)
			c.Settings.TakeFromPopulation, c.Places[start].Population = true, 80
		}, []int32{30, 30, 20, 0}},
		"take_from_population with pop_ratio: of those who are left": {func(c *Case) {
			driven(SpawnDrive{true, "pop_ratio", 0.25})(c)
			c.Settings.TakeFromPopulation, c.Places[start].Population = true, 80
		}, []int32{40, 20, 10, 5}},
		"flood_driven_spawning constant, between levels":                                         {flood("constant", 0, 10, 30), []int32{0, 10, 20, 0}},
		"flood_driven_spawning pop_ratio":                                                        {flood("pop_ratio", 0, 0.1, 0.3), []int32{0, 100, 200, 0}},
		"flood_driven_spawning beside flood_zone_spawning_only: every flooded place, as in Flee": {func(c *Case) { flood("constant", 0, 10, 30)(c); c.Settings.FloodZonesOnly = true }, []int32{0, 10, 20, 0}},
		"hasten: people come in tens": {func(c *Case) {
			driven(SpawnDrive{true, "constant", 35})(c) // 70 people are 7 of ten
			c.Settings.Hasten = 10
		}, []int32{70, 70, 70, 70}},
		"initial_idps stand there on the first day": {func(c *Case) { c.Places[near].Attributes = map[string]string{"initial_idps": "33"} }, []int32{33, 0, 0, 0}},
		"read_from_agents_csv_file": {func(c *Case) {
			c.Settings.AgentsFile, c.People = true, []Person{{Place: near}, {Place: near}, {Place: far}}
		}, []int32{3, 0, 0, 0}},
		"agents.csv without the rule": {func(c *Case) { c.People = []Person{{Place: near}} }, []int32{0, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			onBothCores(t, func(t *testing.T, core CoreKind) {
				if got := spawned(t, origins(v.change), 4, core); !slices.Equal(got, v.want) {
					t.Errorf("%v newly displaced, by hand %v", got, v.want)
				}
			})
		})
	}
}

func TestWhoIsThereOnDay0IsWhereTheRuleSays(t *testing.T) {
	reports := func(insert, empty bool) *Case {
		return origins(func(c *Case) {
			c.Places[start].Kind, c.Places[far].Kind = Conflict, Camp
			c.Camps = []CampSeries{{Place: far, Series: Series{Name: "Far", Reports: []Report{{Day: 0, Count: 10}}}}}
			c.Settings.InsertDay0, c.Settings.EmptyCampsOnDay0 = insert, empty
		})
	}
	for name, v := range map[string]struct {
		c          *Case
		start, far int64
		observed   int64
	}{
		"insert_day0":         {reports(true, false), 0, 10, 10},
		"insert_day0 off":     {reports(false, false), 10, 0, 10},
		"empty_camps_on_day0": {reports(true, true), 0, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			r := mustRun(t, v.c, Options{Until: 1})
			if r.At(0, start) != v.start || r.At(0, far) != v.far || v.c.Observed(0, 0) != v.observed {
				t.Errorf("%d at Start, %d in the camp, %d reported", r.At(0, start), r.At(0, far), v.c.Observed(0, 0))
			}
		})
	}
}

func TestDrivenPoissonDrawsHaveTheMeanAndTheSpreadOfPoisson(t *testing.T) {
	for name, change := range map[string]func(*Case){
		"conflict": func(c *Case) {
			c.Places[start].Kind, c.Settings.ConflictDriven = Conflict, SpawnDrive{true, "poisson", 40}
		},
		"flood": func(c *Case) {
			c.Settings.FloodDriven, c.Settings.Flood.On, c.Flood = FloodDrive{true, "poisson", []float64{0, 40}}, true, on(near, Step{0, 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := origins(func(c *Case) { change(c); c.Days = 4000 })
			var days []float64
			for _, n := range spawned(t, c, 0, Cohorts) {
				days = append(days, float64(n))
			}
			mean, variance := meanVar(days)
			if math.Abs(mean-40) > 5*math.Sqrt(40./4000) || math.Abs(variance-40) > 5*40*math.Sqrt(2./4000) {
				t.Errorf("mean %.2f, variance %.2f; by hand 40 and 40", mean, variance)
			}
		})
	}
}

func TestPeopleOfAgentsCSVHaveTheAttributesOfTheirRow(t *testing.T) {
	c := origins(func(c *Case) {
		c.Settings.AgentsFile, c.Settings.Split = true, true
		c.Attributes = []Attribute{{Name: "age", Values: []string{"30"}, Default: []float64{1}}, {Name: "gender", Values: []string{"female", "male"}, Default: []float64{1, 0}}}
		c.People = []Person{{Place: near, Attributes: map[string]string{"age": "7", "gender": "male"}}, {Place: near, Attributes: map[string]string{"age": "64"}}, {Place: near}}
	})
	onBothCores(t, func(t *testing.T, core CoreKind) {
		r := mustRun(t, c, Options{Core: core, Until: 1})
		for _, want := range []struct{ band, sex int }{{1, 1}, {4, 0}, {3, 0}} { // the row's, else drawn
			if n := r.SplitAt(0, near, want.band, want.sex); n != 1 {
				t.Errorf("%d people are %s and %s, by hand 1", n, AgeBands[want.band], Sexes[want.sex])
			}
		}
	})
}

func TestASmallPlaceIsNotLostWhenPeopleAreHastened(t *testing.T) {
	c := origins(func(c *Case) {
		c.Places[start].Kind, c.Places[start].Population = Conflict, 4
		c.Settings.Hasten = 10
	})
	r := mustRun(t, c, Options{Until: 1, Arrivals: ArrivalSeries{People: []int64{50}}})
	if r.At(0, start) != 50 || r.Unplaced != 0 {
		t.Errorf("%d came from the place of four people, %d could not be placed", r.At(0, start), r.Unplaced)
	}
	r = mustRun(t, c, Options{Until: 1, Arrivals: ArrivalSeries{People: []int64{50}}, Compat: CompatFlee})
	if r.At(0, start) != 0 || r.Unplaced != 50 {
		t.Errorf("compat keeps the place that Flee loses: %d", r.At(0, start))
	}
}
