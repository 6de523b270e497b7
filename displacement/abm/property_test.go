package abm

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"
)

// drawCase invents a small case with anything in it that a run can meet.
func drawCase(t *rapid.T) *Case {
	n := rapid.IntRange(2, 12).Draw(t, "places")
	c := &Case{Name: "invented", Days: rapid.IntRange(1, 60).Draw(t, "days"), Settings: DefaultSettings()}
	c.Start = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range n {
		p := Place{Name: fmt.Sprintf("P%d", i), Region: "R", Country: rapid.SampledFrom([]string{"Home", "Away", "Far"}).Draw(t, "country")}
		p.Kind = rapid.SampledFrom([]Kind{Town, Camp, IDPCamp, Conflict, Forward, Marker, FloodZone}).Draw(t, "kind")
		if i == 0 {
			p.Kind, p.Country = Conflict, "Home"
		}
		p.Lat, p.Lon = float64(i), float64(2*i%7)
		if p.Kind.IsCamp() {
			p.Capacity = rapid.Int64Range(0, 2000).Draw(t, "capacity")
		} else {
			p.Population = rapid.Int64Range(0, 20_000).Draw(t, "population")
		}
		p.Foreign = p.Country != "Home"
		c.Places = append(c.Places, p)
	}
	c.reindex()
	place := rapid.IntRange(0, n-1)
	for range rapid.IntRange(1, 25).Draw(t, "routes") {
		a, b := place.Draw(t, "a"), place.Draw(t, "b")
		if a == b {
			continue
		}
		c.Routes = append(c.Routes, Route{A: a, B: b, Km: rapid.Float64Range(5, 900).Draw(t, "km"),
			Forced: rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "forced"), WalkProbability: rapid.SampledFrom([]float64{0, 0, 0.3, 1}).Draw(t, "walk")})
	}
	c.Conflict = make([][]Step, n)
	for range rapid.IntRange(0, 4).Draw(t, "conflicts") {
		from := rapid.IntRange(0, 40).Draw(t, "from")
		c.Conflict[place.Draw(t, "where")] = []Step{{from, 1}, {from + rapid.IntRange(1, 20).Draw(t, "for"), 0}}
	}
	for range rapid.IntRange(0, 3).Draw(t, "closures") {
		start := rapid.IntRange(0, 30).Draw(t, "start")
		c.Closures = append(c.Closures, Closure{
			Kind:  rapid.SampledFrom([]ClosureKind{CloseCountry, ClosePlace, CloseLink, CloseCamp, CloseIDPCamp, CloseRedirect}).Draw(t, "closure"),
			Name1: rapid.SampledFrom([]string{"Home", "Away", "P0", "P1"}).Draw(t, "name1"), Name2: rapid.SampledFrom([]string{"Home", "Away", "P0", "P1"}).Draw(t, "name2"),
			Start: start, End: start + rapid.IntRange(0, 30).Draw(t, "length")})
	}
	for i, p := range c.Places {
		if p.Kind.IsCamp() {
			s := Series{Name: p.Name}
			for d := 0; d < 60; d += rapid.IntRange(5, 30).Draw(t, "step") {
				s.Reports = append(s.Reports, Report{Day: d, Count: float64(rapid.IntRange(0, 3000).Draw(t, "count"))})
			}
			c.Camps = append(c.Camps, CampSeries{Place: i, Series: s})
		}
	}
	if rapid.Bool().Draw(t, "sea") {
		a, b := place.Draw(t, "from"), place.Draw(t, "to")
		if a != b {
			c.Sea = append(c.Sea, SeaRoute{From: a, To: b, Km: rapid.Float64Range(10, 1500).Draw(t, "km"), Speed: 80, SeasonStart: 1, SeasonEnd: rapid.IntRange(1, 366).Draw(t, "season"),
				BoatsPerDay: 3, Capacity: 60, DriftChance: 0.2, Interception: 0.1, Pushback: 0.3, Loss: 0.02, Landings: []Landing{{place.Draw(t, "landing"), 1}}})
		}
	}
	s := &c.Settings
	s.AwarenessLevel = rapid.IntRange(0, 3).Draw(t, "awareness")
	s.AvoidShortStints, s.StartOnFoot = rapid.Bool().Draw(t, "stints"), rapid.Bool().Draw(t, "foot")
	s.TakeFromPopulation, s.InsertDay0 = rapid.Bool().Draw(t, "take"), rapid.Bool().Draw(t, "day0")
	s.EmptyCampsOnDay0 = rapid.Bool().Draw(t, "empty")
	s.StayCloseToHome, s.UsePopForLocWeight, s.FixedRoutes = rapid.Bool().Draw(t, "close"), rapid.Bool().Draw(t, "pop"), rapid.Bool().Draw(t, "fixed")
	s.WeightPower = rapid.SampledFrom([]float64{1, 0.5, 3}).Draw(t, "power")
	s.PruningThreshold = rapid.SampledFrom([]float64{1, 2}).Draw(t, "prune")
	s.ConflictDecay = rapid.SampledFrom([][]float64{nil, {1, 0.5, 0.1}}).Draw(t, "decay")
	if rapid.Bool().Draw(t, "driven") {
		s.ConflictDriven = SpawnDrive{true, rapid.SampledFrom([]string{"constant", "poisson", "pop_ratio"}).Draw(t, "mode"), rapid.SampledFrom([]float64{0.01, 20}).Draw(t, "rate")}
		if s.ConflictDriven.Mode == "pop_ratio" {
			s.ConflictDriven.Rate = 0.01 // twenty times the people of a place every day took minutes
		}
	}
	if rapid.Bool().Draw(t, "returns") {
		s.Returns = ReturnRules{Chance: 0.2, SafeDays: 3, FromCamps: true}
	}
	if rapid.Bool().Draw(t, "sinks") {
		s.CampsAreSinks = true
		for i := range c.Places {
			c.Places[i].Attributes = map[string]string{"deactivation_probability": "0.05"}
		}
	}
	if rapid.Bool().Draw(t, "ages") {
		c.Attributes = []Attribute{{Name: "age", Values: []string{"3", "16", "30", "70"}, Default: []float64{1, 2, 3, 1}}, {Name: "gender", Values: []string{"female", "male"}, Default: []float64{1, 1}}}
		s.ChildrenAvoidHazards, s.BoysTakeRisk, s.WomenAvoidHazards, s.Split = true, true, true, true
	}
	s.Hasten = rapid.SampledFrom([]int{1, 1, 3, 50}).Draw(t, "hasten")
	return c
}

func drawOptions(t *rapid.T) Options {
	return Options{
		Seed: rapid.Uint64().Draw(t, "seed"), Core: rapid.SampledFrom([]CoreKind{Cohorts, Agents}).Draw(t, "core"),
		Compat: rapid.SampledFrom([]Compat{CompatNone, CompatFlee}).Draw(t, "compat"), Flows: true,
	}
}

func TestEverybodyIsSomewhere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		r, err := Run(context.Background(), c, drawOptions(t))
		if err != nil {
			t.Fatal(err)
		}
		var came, left int64
		for day := range r.Days {
			came += int64(r.Spawned[day])
			left += int64(r.Deactivated[day]) + int64(r.Returned[day]) + int64(r.Lost[day])
			here := int64(r.Travelling[day]) + int64(r.AtSea[day])
			for p := range c.Places {
				n := r.At(day, p)
				if n < 0 {
					t.Fatalf("day %d: %d people at %s", day, n, c.Places[p].Name)
				}
				here += n
			}
			if came != here+left {
				t.Fatalf("day %d: %d came, %d are there, %d have left", day, came, here, left)
			}
		}
	})
}

func TestTheSplitAddsUpToThePeoplePresent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		r, err := Run(context.Background(), c, drawOptions(t))
		if err != nil {
			t.Fatal(err)
		}
		if r.Split == nil {
			t.Skip("no ages in this case")
		}
		for day := range r.Days {
			for p := range c.Places {
				var n int64
				for band := range AgeBands {
					for sex := range Sexes {
						n += r.SplitAt(day, p, band, sex)
					}
				}
				if n != r.At(day, p) {
					t.Fatalf("day %d at %s: the bands hold %d of %d people", day, c.Places[p].Name, n, r.At(day, p))
				}
			}
		}
	})
}

// shutOn tells which links the case's own closures hold shut on a day, worked
// out from the closures alone and not from the engine's state.
func shutOn(c *Case, l Link, day int) bool {
	a, b := &c.Places[l.From], &c.Places[l.To]
	for _, cl := range c.Closures {
		if day < cl.Start || day >= cl.End {
			continue
		}
		one := func(x, y string) bool { return x == cl.Name1 && y == cl.Name2 || x == cl.Name2 && y == cl.Name1 }
		switch cl.Kind {
		case CloseCountry:
			if one(a.Country, b.Country) {
				return true
			}
		case ClosePlace:
			if a.Name == cl.Name1 || b.Name == cl.Name1 {
				return true
			}
		case CloseLink:
			if one(a.Name, b.Name) {
				return true
			}
		}
	}
	return false
}

func TestNobodyEntersAClosedLink(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := drawCase(t)
		o := drawOptions(t)
		o.Compat = CompatNone
		r, err := Run(context.Background(), c, o)
		if err != nil {
			t.Fatal(err)
		}
		for day := range r.Days {
			for i, l := range r.Links {
				if n := r.Flow(day, i); n > 0 && shutOn(c, l, day) {
					t.Fatalf("day %d: %d people took the closed link %s-%s", day, n, c.Places[l.From].Name, c.Places[l.To].Name)
				}
			}
		}
	})
}

func TestNobodySetsOutForAFullCamp(t *testing.T) {
	// Everyone is one hop from the camp: beyond capacity there can only be those
	// who were under way when it passed the mark, and those who set out together
	// in one morning.
	rapid.Check(t, func(t *rapid.T) {
		c := twoTowns(rapid.Int64Range(100, 5000).Draw(t, "capacity"))
		arrivals := rapid.Int64Range(1, 400).Draw(t, "arrivals")
		r, err := Run(context.Background(), c, Options{Seed: rapid.Uint64().Draw(t, "seed"), Core: rapid.SampledFrom([]CoreKind{Cohorts, Agents}).Draw(t, "core"),
			Arrivals: ArrivalSeries{People: slices.Repeat([]int64{arrivals}, 60)}})
		if err != nil {
			t.Fatal(err)
		}
		capacity := c.Places[2].Capacity
		for day := 1; day < r.Days; day++ {
			before, now := r.At(day-1, 2), r.At(day, 2)
			if float64(before) >= 0.95*float64(capacity) && now > before {
				t.Fatalf("day %d: the camp went from %d to %d with room for %d", day, before, now, capacity)
			}
		}
	})
}

// twoTowns is conflict - town - camp in a row, half a day apart.
func twoTowns(capacity int64) *Case {
	c := &Case{Days: 60, Settings: DefaultSettings(), Start: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), Conflict: make([][]Step, 3)}
	c.Places = []Place{
		{Name: "Zone", Country: "Home", Kind: Conflict, Population: 1_000_000},
		{Name: "Town", Country: "Home", Kind: Town},
		{Name: "Camp", Country: "Away", Kind: Camp, Capacity: capacity, Foreign: true},
	}
	c.Routes = []Route{{A: 0, B: 1, Km: 100}, {A: 1, B: 2, Km: 100}}
	c.Settings.CampMoveChance = 0
	c.reindex()
	return c
}

func TestTheSameSeedGivesTheSameBytesOnAnyNumberOfCores(t *testing.T) {
	c := fstestCase(t)
	for _, core := range []CoreKind{Cohorts, Agents} {
		want := mustRun(t, c, Options{Seed: 7, Core: core, Flows: true})
		for _, procs := range []int{1, 2, 5} {
			old := runtime.GOMAXPROCS(procs)
			var wg sync.WaitGroup
			got := make([]*Result, 4)
			for i := range got {
				wg.Go(func() {
					space := &Workspace{}
					// A used workspace must not show in what follows.
					if _, err := Run(context.Background(), c, Options{Seed: uint64(i), Core: core, Space: space}); err != nil {
						t.Error(err)
					}
					got[i], _ = Run(context.Background(), c, Options{Seed: 7, Core: core, Flows: true, Space: space})
				})
			}
			wg.Wait()
			runtime.GOMAXPROCS(old)
			for i := range got {
				if !reflect.DeepEqual(want, got[i]) {
					t.Fatalf("core %d, %d processors, run %d differs", core, procs, i)
				}
			}
		}
	}
}

func TestAnotherSeedGivesAnotherRun(t *testing.T) {
	c := fstestCase(t)
	a, b := mustRun(t, c, Options{Seed: 1}), mustRun(t, c, Options{Seed: 2})
	if reflect.DeepEqual(a.Present, b.Present) {
		t.Fatal("seeds 1 and 2 give the same people in the same places")
	}
}

func TestAStoppedRunSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, fstestCase(t), Options{}); err != context.Canceled {
		t.Fatalf("got %v", err)
	}
}

// fstestCase is the small case that the reader tests use.
func fstestCase(t testing.TB) *Case {
	t.Helper()
	c, findings, err := ReadCase(smallCase())
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Severity == SevError {
			t.Fatalf("the small case should be clean: %s", f)
		}
	}
	return c
}

func smallCase() fstest.MapFS {
	return fstest.MapFS{
		"simsetting.yml":           {Data: []byte("spawn_rules:\n  conflict_spawn_decay: [1.0,0.5]\nmove_rules:\n  max_move_speed: 200.0\n  awareness_level: 2\n  avoid_short_stints: True\n  default_movechance: 0.5\n")},
		"input_csv/sim_period.csv": {Data: []byte("StartDate,2020-03-01\nLength,60\n")},
		"input_csv/locations.csv": {Data: []byte("#name,region,country,lat,lon,location_type,conflict_date,pop/cap\n" +
			"Alun,North,Kelara,5.1,97.0,conflict_zone,0,40000\nBaru,North,Kelara,5.4,97.4,town,,12000\nCita,South,Kelara,4.9,97.8,conflict_zone,20,22000\n" +
			"Pass,Border,Kelara,5.5,98.0,marker,,\nDuri,East,Sunda,5.6,98.4,camp,,3000\nEmas,East,Sunda,5.2,98.9,camp,,2500\nFela,South,Kelara,4.7,98.1,idpcamp,,1500\n")},
		"input_csv/routes.csv":                   {Data: []byte("#name1,name2,distance,forced_redirection\nAlun,Baru,80,0\nBaru,Cita,60,\nBaru,Pass,70,0\nPass,Duri,40,0\nDuri,Emas,90,0\nCita,Fela,50,0\nFela,Emas,120,0\n")},
		"input_csv/closures.csv":                 {Data: []byte("#closure_type,name1,name2,closure_start,closure_end\nlink,Fela,Emas,5,25\n")},
		"input_csv/conflicts.csv":                {Data: []byte(conflictRows())},
		"input_csv/registration_corrections.csv": {Data: []byte("Duri,2020-04-01\n")},
		"source_data/data_layout.csv":            {Data: []byte("total,all.csv\nDuri,duri.csv\nEmas,emas-a.csv,emas-b.csv\nFela,fela.csv\n")},
		"source_data/all.csv":                    {Data: []byte("2020-03-01,0\n2020-04-30,5000\n")},
		"source_data/duri.csv":                   {Data: []byte("2020-03-01,100\n2020-03-20,1500\n2020-04-01,1200\n2020-04-30,2600\n")},
		"source_data/emas-a.csv":                 {Data: []byte("2020-03-01,0\n2020-03-11,400\n2020-04-30,900\n")},
		"source_data/emas-b.csv":                 {Data: []byte("2020-03-05,0\n2020-03-21,300\n2020-04-25,700\n")},
		"source_data/fela.csv":                   {Data: []byte("2020-03-01,0\n2020-04-30,1200\n")},
	}
}

func conflictRows() string {
	rows := "#Day,Alun,Cita\n"
	for d := range 60 {
		alun, cita := 1, 0
		if d >= 20 {
			cita = 1
		}
		if d >= 45 {
			alun = 0
		}
		rows += fmt.Sprintf("%d,%d,%d\n", d, alun, cita)
	}
	return rows
}
