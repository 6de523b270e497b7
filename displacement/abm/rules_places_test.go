package abm

import (
	"testing"
)

func TestEachKindOfPlaceIsLeftWithItsChance(t *testing.T) {
	set := func(s *Settings) {
		s.ConflictMoveChance, s.CampMoveChance, s.IDPCampMoveChance, s.DefaultMoveChance = 0.9, 0.05, 0.2, 0.3
	}
	for name, v := range map[string]struct {
		change func(*Case)
		want   float64
	}{
		"conflict_movechance":               {func(c *Case) { c.Places[start].Kind = Conflict }, 0.9},
		"camp_movechance":                   {func(c *Case) { c.Places[start].Kind = Camp }, 0.05},
		"idpcamp_movechance":                {func(c *Case) { c.Places[start].Kind = IDPCamp }, 0.2},
		"default_movechance":                {func(c *Case) { c.Places[start].Kind = Town }, 0.3},
		"flood zones are left as towns are": {func(c *Case) { c.Places[start].Kind = FloodZone }, 0.3},
		"a forwarding hub is left by all":   {func(c *Case) { c.Places[start].Kind = Forward }, 1},
		"movechance_pop by population": {func(c *Case) {
			c.Places[start].Kind = Town
			c.Places[start].Population = 2500
			c.Settings.MoveChancePopExponent = 0.5
		}, 0.15},
		"movechance_pop by capacity": {func(c *Case) {
			c.Places[start].Kind = Camp
			c.Places[start].Capacity = 40_000
			c.Settings.MoveChancePopExponent = 0.5
		}, 0.1},
		"movechance_pop_base": {func(c *Case) {
			c.Places[start].Kind = Town
			c.Places[start].Population = 2500
			c.Settings.MoveChancePopExponent, c.Settings.MoveChancePopBase = 0.5, 2500
		}, 0.3},
		"flee_when_starving": {func(c *Case) {
			c.Places[start].Kind = Town
			c.Settings.FleeWhenStarving, c.IPC = true, on(start, Step{0, 40})
		}, 0.4 + 0.6*0.3},
		"food crisis without the rule": {func(c *Case) { c.Places[start].Kind = Town; c.IPC = on(start, Step{0, 40}) }, 0.3},
		"flood_movechances replace the chance": {func(c *Case) {
			c.Places[start].Kind = Town
			c.Settings.Flood = FloodRules{On: true, MoveChances: []float64{0, 0.7, 1}}
			c.Flood = on(start, Step{0, 1})
		}, 0.7},
		"flood_movechances between levels": {func(c *Case) {
			c.Places[start].Kind = Town
			c.Settings.Flood = FloodRules{On: true, MoveChances: []float64{0, 0.7, 1}}
			c.Flood = on(start, Step{0, 1.5})
		}, 0.85},
		"flood_movechances without a flood": {func(c *Case) {
			c.Places[start].Kind = Town
			c.Settings.Flood = FloodRules{On: true, MoveChances: []float64{0, 0.7, 1}}
			c.Flood = on(near, Step{0, 1})
		}, 0.3},
		"harvest_months, in the harvest":   {func(c *Case) { farming(c); c.Settings.HarvestMonths = []int{12, 1} }, 0.3 * 0.75},
		"harvest_months, in another month": {func(c *Case) { farming(c); c.Settings.HarvestMonths = []int{2} }, 0.3},
		"harvest_months, abroad":           {func(c *Case) { farming(c); c.Settings.HarvestMonths = []int{1}; c.Places[start].Foreign = true }, 0.3},
	} {
		t.Run(name, func(t *testing.T) {
			c := fork(func(c *Case) { set(&c.Settings); v.change(c) })
			onBothCores(t, func(t *testing.T, core CoreKind) {
				got := setOut(t, c, core, 0)
				are(t, []float64{got[near-1] + got[far-1]}, v.want)
			})
		})
	}
}

func farming(c *Case) {
	c.Places[start].Kind, c.Places[start].Attributes = Town, map[string]string{"farmer_fraction": "0.25"}
}

// road is Start - Near - Far in a row, 100 and 100 km, walked by people whom
// nothing keeps at Start and nothing moves on from elsewhere.
func road(change func(*Case)) *Case {
	return fork(func(c *Case) {
		c.Routes = []Route{{A: start, B: near, Km: 100}, {A: near, B: far, Km: 100}}
		c.Settings.MaxMoveSpeed, c.Settings.MaxWalkSpeed, c.Settings.DefaultMoveChance = 40, 40, 0
		if change != nil {
			change(c)
		}
	})
}

// firstDay is the first day on which everybody is at a place; -1 if never.
func firstDay(t *testing.T, c *Case, core CoreKind, place int) int {
	t.Helper()
	r := mustRun(t, c, Options{Seed: 2, Core: core, Until: 30, Arrivals: ArrivalSeries{}, Initial: &State{Counts: []PlaceCount{{start, 500}}}})
	for day := range r.Days {
		if r.At(day, place) == 500 {
			return day
		}
	}
	return -1
}

func TestPeopleArriveOnTheDayThatTheirSpeedGives(t *testing.T) {
	onwards := func(c *Case) { c.Settings.AwarenessLevel = 2; c.Places[near].Kind = Marker } // only Far is a destination
	for name, v := range map[string]struct {
		change func(*Case)
		place  int
		want   int // the first evening with everybody there; day 0 is the first of travel
	}{
		"max_move_speed 40: 40, 80, 120":         {nil, near, 2},
		"max_move_speed 50: 100 is not over 100": {func(c *Case) { c.Settings.MaxMoveSpeed = 50 }, near, 2},
		"max_move_speed 101: the same day":       {func(c *Case) { c.Settings.MaxMoveSpeed = 101 }, near, 0},
		"a route's own max_move_speed":           {func(c *Case) { c.Routes[0].MaxMoveSpeed = 30 }, near, 3},
		"walk_probability 1, max_walk_speed 15":  {func(c *Case) { c.Routes[0].WalkProbability, c.Settings.MaxWalkSpeed = 1, 15 }, near, 6},
		"walk_probability 0":                     {func(c *Case) { c.Settings.MaxWalkSpeed = 15 }, near, 2},
		"start_on_foot":                          {func(c *Case) { c.Settings.StartOnFoot, c.Settings.MaxWalkSpeed = true, 15 }, near, 6},
		"start_on_foot is of the first link alone": {func(c *Case) {
			onwards(c)
			c.Settings.StartOnFoot, c.Settings.MaxWalkSpeed, c.Settings.MaxMoveSpeed = true, 15, 101
		}, far, 6},
		"without it both links on one day":                          {func(c *Case) { onwards(c); c.Settings.MaxMoveSpeed = 101 }, far, 0},
		"on a further link of the day the whole speed counts again": {func(c *Case) { onwards(c); c.Settings.MaxMoveSpeed = 60 }, far, 2},
	} {
		t.Run(name, func(t *testing.T) {
			onBothCores(t, func(t *testing.T, core CoreKind) {
				if got := firstDay(t, road(v.change), core, v.place); got != v.want {
					t.Errorf("everybody is there on day %d, by hand %d", got, v.want)
				}
			})
		})
	}
}

func TestNobodyRestsInATownAfterAShortStint(t *testing.T) {
	// 30 km of 100 a day: with the rule nobody stays at Near, who would without.
	short := func(on bool) *Case {
		return road(func(c *Case) {
			c.Routes[0].Km, c.Settings.MaxMoveSpeed, c.Settings.AvoidShortStints = 30, 100, on
			c.Places[far].Kind, c.Settings.CampMoveChance, c.Places[start].Kind = Camp, 0, Conflict
		})
	}
	onBothCores(t, func(t *testing.T, core CoreKind) {
		if day := firstDay(t, short(false), core, near); day != 0 {
			t.Errorf("without the rule they rest at Near on day %d, by hand on day 0", day)
		}
		r := mustRun(t, short(true), Options{Seed: 5, Core: core, Until: 30, Arrivals: ArrivalSeries{}, Initial: &State{Counts: []PlaceCount{{start, 500}}}})
		if r.At(0, near) != 0 {
			t.Errorf("with the rule %d rest at Near on the first evening", r.At(0, near))
		}
		if r.At(29, far) == 0 {
			t.Error("with the rule nobody comes to Far")
		}
	})
}

func TestCampsThatAreSinksLetPeopleGo(t *testing.T) {
	c := origins(func(c *Case) {
		c.Settings.CampsAreSinks = true
		c.Places[near].Kind, c.Places[near].Attributes = Camp, map[string]string{"deactivation_probability": "0.1"}
		c.Places[far].Attributes = map[string]string{"deactivation_probability": "1"} // a town is no sink
	})
	onBothCores(t, func(t *testing.T, core CoreKind) {
		o := Options{Seed: 4, Core: core, Until: 2, Arrivals: ArrivalSeries{}, Initial: &State{Counts: []PlaceCount{{near, many}, {far, 50}}}}
		r := mustRun(t, c, o)
		are(t, []float64{float64(r.At(0, near)) / many, float64(r.At(1, near)) / many, float64(r.Deactivated[0]) / many}, 0.9, 0.81, 0.1)
		if r.At(1, far) != 50 {
			t.Errorf("%d of 50 are left in a town", r.At(1, far))
		}
		off := *c
		off.Settings.CampsAreSinks = false
		if r := mustRun(t, &off, o); r.At(1, near) != many {
			t.Errorf("%d are left in a camp that is no sink", r.At(1, near))
		}
	})
}

func TestAPlaceThatChangesItsKindIsTreatedAsTheNewOne(t *testing.T) {
	// A town is left by 3 in 10, a camp by none, a forwarding hub by all.
	c := fork(func(c *Case) {
		c.Places[start].Kind, c.Settings.DefaultMoveChance, c.Settings.CampMoveChance = Town, 0.3, 0
		c.PlaceChanges = []PlaceChange{{start, Camp, 5}, {start, Forward, 9}}
	})
	onBothCores(t, func(t *testing.T, core CoreKind) {
		for day, want := range map[int]float64{4: 0.3, 5: 0, 8: 0, 9: 1} {
			got := setOut(t, c, core, day)
			are(t, []float64{got[0] + got[1]}, want)
		}
	})
}

func TestEachKindOfClosureShutsWhatItNamesFromItsFirstDayToItsLast(t *testing.T) {
	// Near is in Home and Far in Away. Shut on days 3 and 4.
	for name, v := range map[string]struct {
		closure Closure
		want    []float64
	}{
		"country":         {Closure{Kind: CloseCountry, Name1: "Away", Name2: "Home"}, []float64{1, 0}},
		"location":        {Closure{Kind: ClosePlace, Name1: "Near"}, []float64{0, 1}},
		"link":            {Closure{Kind: CloseLink, Name1: "Near", Name2: "Start"}, []float64{0, 1}},
		"camp: a town":    {Closure{Kind: CloseCamp, Name1: "Far"}, weighed(1./50, 1./200)},
		"idpcamp: a town": {Closure{Kind: CloseIDPCamp, Name1: "Far"}, weighed(1./50, 1./200)},
	} {
		t.Run(name, func(t *testing.T) {
			v.closure.Start, v.closure.End = 3, 5
			c := fork(func(c *Case) {
				c.Places[far].Kind, c.Places[far].Country, c.Settings.CampWeight = Camp, "Away", 4
				c.Closures = []Closure{v.closure}
			})
			onBothCores(t, func(t *testing.T, core CoreKind) {
				for day, want := range map[int][]float64{2: weighed(1, 1), 3: v.want, 4: v.want, 5: weighed(1, 1)} {
					are(t, setOut(t, c, core, day), want...)
				}
			})
		})
	}
}

func TestAnIDPCampThatOpensAgainIsLeftAsAnIDPCamp(t *testing.T) {
	for kind, closure := range map[Kind]ClosureKind{Camp: CloseCamp, IDPCamp: CloseIDPCamp} {
		c := fork(func(c *Case) {
			c.Places[start].Kind = kind
			c.Settings.CampMoveChance, c.Settings.IDPCampMoveChance, c.Settings.DefaultMoveChance = 0.1, 0.2, 0.3
			c.Closures = []Closure{{Kind: closure, Name1: "Start", Start: 3, End: 5}}
		})
		onBothCores(t, func(t *testing.T, core CoreKind) {
			opened := map[Kind]float64{Camp: 0.1, IDPCamp: 0.2}[kind]
			for day, want := range map[int]float64{2: opened, 3: 0.3, 5: opened} {
				got := setOut(t, c, core, day)
				are(t, []float64{got[0] + got[1]}, want)
			}
		})
	}
}

func TestForcedRedirectionCanBeTakenOffAndPutOnAgain(t *testing.T) {
	c := fork(func(c *Case) {
		c.Places[start].Kind, c.Settings.DefaultMoveChance = Town, 0
		c.Routes[1].Forced = 2 // everyone at Start goes on to Far
		c.Closures = []Closure{{Kind: CloseRedirect, Name1: "Start", Name2: "Far", Start: 3, End: 5}}
	})
	onBothCores(t, func(t *testing.T, core CoreKind) {
		for day, want := range map[int]float64{2: 1, 3: 0, 4: 0, 5: 1} {
			are(t, setOut(t, c, core, day), 0, want)
		}
	})
}

func TestReturnsFollowTheirChanceOnceTheHomeWasCalmLongEnough(t *testing.T) {
	// Everybody is displaced from Start on day 0 and is at Near that evening; the
	// conflict ends on day 10 and the home counts as safe five days later.
	home := func(fromCamps bool, kind Kind) *Case {
		return road(func(c *Case) {
			c.Settings.MaxMoveSpeed, c.Settings.CampMoveChance, c.Settings.ConflictMoveChance = 101, 0, 1
			c.Places[start].Kind, c.Places[start].Population, c.Places[near].Kind = Conflict, 10, kind
			c.Routes = c.Routes[:1]
			c.Conflict = on(start, Step{-1, 1}, Step{10, 0})
			c.Settings.Returns = ReturnRules{Chance: 0.25, SafeDays: 5, FromCamps: fromCamps}
		})
	}
	for name, v := range map[string]struct {
		c    *Case
		want float64
	}{
		"from a town":                     {home(false, Town), 0.25},
		"from a camp, returns_from_camps": {home(true, Camp), 0.25},
		"from a camp without it":          {home(false, Camp), 0},
	} {
		t.Run(name, func(t *testing.T) {
			onBothCores(t, func(t *testing.T, core CoreKind) {
				r := mustRun(t, v.c, Options{Seed: 9, Core: core, Until: 17, Arrivals: ArrivalSeries{People: []int64{many}}})
				are(t, []float64{float64(r.Returned[14]) / many, float64(r.Returned[15]) / many}, 0, v.want)
				if rest := float64(r.At(15, near)) / many; v.want > 0 {
					are(t, []float64{rest, float64(r.Returned[16]) / many}, 0.75, 0.75*0.25)
				}
			})
		})
	}
}
