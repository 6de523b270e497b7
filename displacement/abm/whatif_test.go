package abm

import (
	"errors"
	"reflect"
	"testing"
)

// mean is the mean over seeds of what see reads from a run.
func mean(t *testing.T, c *Case, o Options, see func(*Result) int64) float64 {
	t.Helper()
	const seeds = 10
	total := 0.0
	for s := range uint64(seeds) {
		o.Seed = s
		total += float64(see(mustRun(t, c, o))) / seeds
	}
	return total
}

func applied(t *testing.T, c *Case, list ...Intervention) *Case {
	t.Helper()
	d, err := Apply(c, list)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAWhatIfLeavesTheCaseAlone(t *testing.T) {
	c := fstestCase(t)
	before := mustRun(t, c, Options{Seed: 3})
	applied(t, c, Intervention{Kind: ShutBorder, Country: "Kelara", Country2: "Sunda", From: 5}, Intervention{Kind: Ceasefire, From: 2},
		Intervention{Kind: OpenCamp, New: &NewPlace{Name: "Gading", Country: "Sunda", Lat: 5, Lon: 98}, Roads: []NewRoad{{To: "Baru"}}, Capacity: 10})
	if after := mustRun(t, c, Options{Seed: 3}); !reflect.DeepEqual(before.Present, after.Present) {
		t.Fatal("applying what-ifs to a copy changed the case")
	}
}

func TestAShutBorderKeepsPeopleInside(t *testing.T) {
	c := fstestCase(t)
	abroad := func(r *Result) int64 { return r.Abroad(c, r.Days-1) }
	open := mean(t, c, Options{}, abroad)
	shut := applied(t, c, Intervention{Kind: ShutBorder, Country: "Kelara", Country2: "Sunda", From: 0})
	// Those of day 0 are abroad already, and stay there.
	if got := mean(t, shut, Options{}, abroad); got != 80 {
		t.Fatalf("%.0f people abroad behind a shut border, %.0f with it open", got, open)
	}
	again := applied(t, c, Intervention{Kind: ShutBorder, Country: "Kelara", Country2: "Sunda", From: 0, Until: 30})
	if got := mean(t, again, Options{}, abroad); got < open/2 {
		t.Fatalf("%.0f people abroad after reopening, %.0f with the border open", got, open)
	}
}

func TestACutRoadWorksEvenUnderCompat(t *testing.T) {
	c := applied(t, twoTowns(1000), Intervention{Kind: CutRoad, Place: "Town", Place2: "Camp", From: 0})
	r := mustRun(t, c, Options{Compat: CompatFlee, Arrivals: evenly(2000, 60)})
	if n := r.At(59, 2); n != 0 {
		t.Fatalf("%d people in the camp beyond the cut road", n)
	}
}

func TestAFullCampAdmitsNobody(t *testing.T) {
	c := applied(t, twoTowns(0), Intervention{Kind: FillCamp, Place: "Camp", From: 20})
	r := mustRun(t, c, Options{Arrivals: evenly(3000, 60)})
	// Two days let those under way arrive.
	if r.At(22, 2) == 0 || r.At(59, 2) > r.At(22, 2) {
		t.Fatalf("%d people on day 22, %d on day 59", r.At(22, 2), r.At(59, 2))
	}
}

func TestMoreCapacityTakesMorePeople(t *testing.T) {
	c := twoTowns(300)
	camp := func(r *Result) int64 { return r.At(59, 2) }
	few := mean(t, c, Options{Arrivals: evenly(3000, 60)}, camp)
	many := mean(t, applied(t, c, Intervention{Kind: SetCapacity, Place: "Camp", From: 0, Capacity: 2000}), Options{Arrivals: evenly(3000, 60)}, camp)
	if few > 400 || many < 1500 {
		t.Fatalf("%.0f people with room for 300, %.0f with room for 2000", few, many)
	}
}

func TestANewCampTakesPeopleFromItsFirstDay(t *testing.T) {
	c := applied(t, fstestCase(t), Intervention{Kind: OpenCamp, From: 20, Capacity: 5000, New: &NewPlace{Name: "Gading", Country: "Sunda", Lat: 5, Lon: 98}, Roads: []NewRoad{{To: "Baru", Km: 30}}})
	r := mustRun(t, c, Options{Seed: 1})
	p := c.PlaceIndex("Gading")
	if r.At(19, p) != 0 || r.At(59, p) == 0 {
		t.Fatalf("%d people the day before it opens, %d at the end", r.At(19, p), r.At(59, p))
	}
}

func TestConflictThatSpreadsDisplacesAndACeasefireEndsIt(t *testing.T) {
	c := fstestCase(t)
	c.Settings.ConflictDriven = SpawnDrive{true, "constant", 10}
	total := func(list ...Intervention) (n int64) {
		r := mustRun(t, applied(t, c, list...), Options{})
		for _, v := range r.Spawned {
			n += int64(v)
		}
		return n
	}
	// Alun has conflict on days 0-44, Cita on days 20-59; 80 are in a camp on day 0.
	if n := total(); n != 80+45*10+40*10 {
		t.Fatalf("%d people displaced", n)
	}
	if n := total(Intervention{Kind: SpreadConflict, Place: "Baru", From: 50}); n != 80+45*10+40*10+10*10 {
		t.Fatalf("%d people displaced when conflict spreads", n)
	}
	if n := total(Intervention{Kind: Ceasefire, From: 10, Until: 30}); n != 80+(10+15)*10+30*10 {
		t.Fatalf("%d people displaced with a ceasefire for 20 days", n)
	}
}

func TestAWhatIfThatCannotBeSaysWhichAndWhy(t *testing.T) {
	_, err := Apply(fstestCase(t), []Intervention{{Kind: Ceasefire}, {Kind: CutRoad, Place: "Alun", Place2: "Emas"}})
	var e *InterventionError
	if !errors.As(err, &e) || e.Index != 1 || err.Error() != "what-if 2: no road joins Alun and Emas" {
		t.Fatalf("got %v", err)
	}
}

func TestForcedRedirectionSendsEveryoneOnUnlessTheEndIsFull(t *testing.T) {
	c := twoTowns(500)
	c.Routes[1].Forced = 2 // from the town on to the camp
	c.Settings.DefaultMoveChance = 0
	c.Settings.AvoidShortStints = false
	r := mustRun(t, c, Options{Arrivals: evenly(300, 60)})
	if r.At(59, 1) != 0 || r.At(59, 2) < 250 {
		t.Fatalf("%d people wait in the town, %d are in the camp", r.At(59, 1), r.At(59, 2))
	}
	r = mustRun(t, c, Options{Arrivals: evenly(3000, 60)})
	if r.At(59, 1) < 1000 {
		t.Fatalf("%d people in the town before a full camp", r.At(59, 1))
	}
	r = mustRun(t, c, Options{Arrivals: evenly(300, 60), Compat: CompatFlee})
	if r.At(59, 2) > 0 && r.At(59, 1) == 0 {
		t.Fatal("compat must not force anybody: Flee does not")
	}
}

func TestAWarmStartPutsPeopleWhereTheyAre(t *testing.T) {
	c := fstestCase(t)
	counts := []PlaceCount{{c.PlaceIndex("Duri"), 1000}, {c.PlaceIndex("Baru"), 500}}
	r := mustRun(t, c, Options{Initial: &State{Day: 30, Counts: counts}, Arrivals: ArrivalSeries{}})
	if r.FirstDay != 30 || r.Days != 30 || r.Spawned[0] != 1500 {
		t.Fatalf("first day %d, %d days, %d people", r.FirstDay, r.Days, r.Spawned[0])
	}
	// The road Fela-Emas was shut on days 5-24 and must be open now.
	emas := mean(t, c, Options{Initial: &State{Day: 30, Counts: []PlaceCount{{c.PlaceIndex("Fela"), 3000}}}, Arrivals: ArrivalSeries{}}, func(r *Result) int64 { return r.At(59, c.PlaceIndex("Emas")) })
	if emas == 0 {
		t.Fatal("nobody takes the road that had reopened before the start")
	}
}

func TestPeopleGoHomeOnceItIsSafe(t *testing.T) {
	c := fstestCase(t) // conflict in Alun ends on day 45
	c.Settings.Returns = ReturnRules{Chance: 0.2, SafeDays: 5, FromCamps: true}
	r := mustRun(t, c, Options{Seed: 2})
	var early, late int32
	for day, n := range r.Returned {
		if day < 50 {
			early += n
		} else {
			late += n
		}
	}
	if early != 0 || late == 0 {
		t.Fatalf("%d came home before it was safe, %d after", early, late)
	}
}

func TestBoatsLeaveInTheSeasonWithThoseWhoHaveASeat(t *testing.T) {
	c := fstestCase(t)
	s := testSea(c)
	s.SeasonStart, s.SeasonEnd = 61, 75 // day 0 is 1 March: the first fortnight
	s.Interception, s.Loss, s.DriftChance = 0, 0, 0
	c.Sea = []SeaRoute{s}
	c.Places[c.PlaceIndex("Fela")].Population = 0
	start := &State{Counts: []PlaceCount{{c.PlaceIndex("Fela"), 4000}}}
	c.Settings.IDPCampMoveChance = 0.5
	r := mustRun(t, c, Options{Initial: start, Arrivals: ArrivalSeries{}, Flows: true})
	count := r.Sea[0]
	if count.Departed == 0 || count.NoSeat == 0 || count.Departed != count.Landed+count.PeopleAtSea {
		t.Fatalf("%+v", count)
	}
	if count.PersonDays < 4*count.Landed {
		t.Fatalf("300 km at 80 km a day take 4 days: %+v", count)
	}
	for i, l := range r.Links {
		for day := 16; l.Sea && day < r.Days; day++ {
			if r.Flow(day, i) > 0 {
				t.Fatalf("a boat left on day %d, out of season", day)
			}
		}
	}
}

func TestInterceptedBoatsAreLandedOrSentBack(t *testing.T) {
	c := fstestCase(t)
	s := testSea(c)
	s.Interception, s.Pushback, s.Loss, s.BoatsPerDay, s.Capacity = 1, 0.5, 0, 5, 40
	c.Sea = []SeaRoute{s}
	r := mustRun(t, c, Options{Seed: 4})
	n := r.Sea[0]
	if n.Landed != 0 || n.PushedBack == 0 || n.Disembarked == 0 || n.PushedBack+n.Disembarked != n.Departed {
		t.Fatalf("%+v", n)
	}
}

func TestGapsCountMissingPlacesAndInterviews(t *testing.T) {
	c := twoTowns(100)
	r := &Result{Days: 14, Places: 3, Scale: 1, Present: make([]int32, 14*3)}
	for day := range 14 {
		r.Present[day*3+2] = int32(20 * day) // 260 on the last day
	}
	gaps := Gaps(c, r, Staffing{Interviewers: map[int]int{2: 2}, InterviewsPerDay: 4, WorkingDaysPerWeek: 5})
	want := []Gap{
		{Place: 2, Week: 0, FirstDay: 0, Peak: 120, Capacity: 100, Shelter: 20, Arrivals: 120, Interviews: 120, Seen: 40, Waiting: 80, Staff: 6},
		{Place: 2, Week: 1, FirstDay: 7, Peak: 260, Capacity: 100, Shelter: 160, Arrivals: 140, Interviews: 220, Seen: 40, Waiting: 180, Staff: 11},
	}
	if !reflect.DeepEqual(gaps, want) {
		t.Fatalf("got  %+v\nwant %+v", gaps, want)
	}
}

func TestJourneysAreContinuous(t *testing.T) {
	c := fstestCase(t)
	r := mustRun(t, c, Options{Core: Agents, Journeys: 500})
	if len(r.Journeys) != 500 {
		t.Fatalf("%d journeys", len(r.Journeys))
	}
	joined := map[[2]int]bool{}
	for _, l := range c.Routes {
		joined[[2]int{l.A, l.B}], joined[[2]int{l.B, l.A}] = true, true
	}
	for _, j := range r.Journeys {
		for i := 1; i < len(j.Stops); i++ {
			a, b := j.Stops[i-1], j.Stops[i]
			if b.Day < a.Day || a.Place != b.Place && !joined[[2]int{a.Place, b.Place}] {
				t.Fatalf("person %d went from %+v to %+v", j.Person, a, b)
			}
		}
	}
}
