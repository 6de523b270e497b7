package abm

import "fmt"

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
