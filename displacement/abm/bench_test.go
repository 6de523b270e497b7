package abm

import (
	"context"
	"fmt"
	"runtime"
	"testing"
)

func benchmarkCase(b *testing.B, name string, core CoreKind) {
	c := readCase(b, name).WithSettings(readRulesetFile(b, "validation"))
	space := &Workspace{}
	var agentDays int64
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		r := mustRun(b, c, Options{Seed: uint64(i), Core: core, Compat: CompatFlee, Space: space})
		agentDays = 0
		for _, n := range r.Present {
			agentDays += int64(n)
		}
		for _, n := range r.Travelling {
			agentDays += int64(n)
		}
	}
	b.ReportMetric(float64(agentDays)*float64(b.N)/b.Elapsed().Seconds()/1e6, "Magentdays/s")
}

func BenchmarkMali2012(b *testing.B)      { benchmarkCase(b, "mali2012", Cohorts) }
func BenchmarkBurundi2015(b *testing.B)   { benchmarkCase(b, "burundi2015", Cohorts) }
func BenchmarkCar2013(b *testing.B)       { benchmarkCase(b, "car2013", Cohorts) }
func BenchmarkSSudan2013(b *testing.B)    { benchmarkCase(b, "ssudan2013", Cohorts) }
func BenchmarkVenezuela2022(b *testing.B) { benchmarkCase(b, "venezuela2022", Cohorts) }

func BenchmarkAgentsMali2012(b *testing.B)   { benchmarkCase(b, "mali2012", Agents) }
func BenchmarkAgentsSSudan2013(b *testing.B) { benchmarkCase(b, "ssudan2013", Agents) }

// madeUp is a case of any size: places on a grid with roads to neighbours, a
// conflict front that crosses the country, camps along one side. It is made from
// the numbers alone, so that a size always gives the same case.
func madeUp(places, routes int, people int64, days int) *Case {
	c := &Case{Name: "made up", Days: days, Settings: DefaultSettings(), Conflict: make([][]Step, places)}
	c.Start = c.Start.AddDate(2023, 0, 0)
	s := &c.Settings
	s.MaxMoveSpeed, s.Softening, s.DistancePower, s.CapacityScaling, s.AvoidShortStints = 400, 50, 0.75, 1.25, true
	s.DefaultMoveChance, s.ConflictWeight, s.ConflictDecay = 0.5, 0.25, []float64{1, 1, 1, 0.5, 0.1}
	width := 1
	for width*width < places {
		width++
	}
	var rng stream
	rng.seed(uint64(places)*1_000_003 + uint64(routes))
	for i := range places {
		x, y := i%width, i/width
		p := Place{Name: fmt.Sprintf("P%05d", i), Region: fmt.Sprintf("R%d", y/10), Country: "Home", Lat: float64(y) * 0.2, Lon: float64(x) * 0.2, Kind: Town, Population: 2000 + int64(rng.below(20_000))}
		if x >= width*9/10 {
			p.Country, p.Foreign = "Away", true
			if rng.below(4) == 0 {
				p.Kind, p.Population, p.Capacity = Camp, 0, people/int64(max(1, places/60))
			}
		} else if x < width/2 && rng.below(3) == 0 {
			p.Kind = Conflict
			p.ConflictDate = int(rng.below(uint64(max(1, days/2))))
			c.Conflict[i] = []Step{{p.ConflictDate, 1}}
		}
		c.Places = append(c.Places, p)
	}
	for i := 0; len(c.Routes) < routes; i++ {
		a := i % places
		b := a + 1
		switch i / places % 4 {
		case 1:
			b = a + width
		case 2:
			b = a + width + 1
		case 3:
			b = a + 1 + int(rng.below(uint64(3*width)))
		}
		if b < places && a != b {
			c.Routes = append(c.Routes, Route{A: a, B: b, Km: 15 + float64(rng.below(60))})
		}
	}
	c.reindex()
	return c
}

// evenly displaces people evenly over the days.
func evenly(people int64, days int) ArrivalSeries {
	s := ArrivalSeries{People: make([]int64, days)}
	for d := range days {
		s.People[d] = people*int64(d+1)/int64(days) - people*int64(d)/int64(days)
	}
	return s
}

func benchmarkMadeUp(b *testing.B, places, routes int, people int64, days int) {
	c := madeUp(places, routes, people, days)
	space := &Workspace{}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		if _, err := Run(context.Background(), c, Options{Seed: uint64(i), Space: space, Arrivals: evenly(people, days)}); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.HeapInuse)/(1<<20), "MiB-in-use")
}

// Linear in days and places, flat in people: compare along each axis.
func BenchmarkMadeUp(b *testing.B) {
	for _, v := range []struct {
		places, routes int
		people         int64
		days           int
	}{
		{500, 2000, 2_000_000, 100}, {500, 2000, 2_000_000, 200}, {500, 2000, 200_000_000, 100}, {500, 2000, 200_000, 100},
		{1000, 4000, 2_000_000, 100}, {2000, 8000, 2_000_000, 100}, {5000, 20000, 20_000_000, 365},
	} {
		b.Run(fmt.Sprintf("places=%d/people=%d/days=%d", v.places, v.people, v.days), func(b *testing.B) {
			benchmarkMadeUp(b, v.places, v.routes, v.people, v.days)
		})
	}
}

// BenchmarkHundredMembers is an ensemble of ssudan2013 on every processor.
func BenchmarkHundredMembers(b *testing.B) {
	c := readCase(b, "ssudan2013").WithSettings(readRulesetFile(b, "validation"))
	for range b.N {
		seeds := make(chan uint64)
		done := make(chan struct{})
		for range runtime.GOMAXPROCS(0) {
			go func() {
				space := &Workspace{}
				for s := range seeds {
					mustRun(b, c, Options{Seed: s, Compat: CompatFlee, Space: space})
				}
				done <- struct{}{}
			}()
		}
		for s := range uint64(100) {
			seeds <- s
		}
		close(seeds)
		for range runtime.GOMAXPROCS(0) {
			<-done
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(m.Sys)/(1<<20), "MiB-from-system")
}
