package clocks

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func profile(t testing.TB, name string) Profile {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "profiles", name))
	if err != nil {
		t.Fatal(err)
	}
	p, err := Read(data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryProfileCanBeCountedBy(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "profiles", "*.json"))
	if err != nil || len(files) < 3 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		p := profile(t, filepath.Base(f))
		if len(p.Retention) != 8 {
			t.Errorf("%s limits %d of 8 field classes", f, len(p.Retention))
		}
	}
}

// A law's term and an agency's custom both say where they come from, and no
// country pretends to be checked.
func TestEveryTermNamesItsSourceAndIsADraft(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "profiles", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		p := profile(t, filepath.Base(f))
		if !p.Draft || p.Country+".json" != filepath.Base(f) {
			t.Errorf("%s is of %s, draft %v", f, p.Country, p.Draft)
		}
		for _, c := range p.Clocks {
			if len(c.Source) < 20 {
				t.Errorf("%s: %s has the source %q", f, c.Code, c.Source)
			}
			if c.ChildMayWithdraw {
				t.Errorf("%s: %s lets a child withdraw", f, c.Code)
			}
		}
	}
}

func TestTheCommonProfileEndsWithTheDayOfThePlace(t *testing.T) {
	common := profile(t, "XX.json")
	for zone, want := range map[string]string{"Asia/Kathmandu": "2026-03-31T18:15:00Z", "Asia/Yangon": "2026-03-31T17:30:00Z", "Pacific/Auckland": "2026-03-31T11:00:00Z"} {
		there, err := common.In(zone, []int{6})
		if err != nil {
			t.Fatal(err)
		}
		if got := there.End(at(t, zone, "2026-03-01 09:00"), Span{Days: 30}).UTC().Format(time.RFC3339); got != want {
			t.Errorf("thirty days from 1 March in %s end at %s", zone, got)
		}
	}
	if _, err := common.In("Moon/Crater", nil); err == nil {
		t.Error("a place without a clock was taken")
	}
}

func at(t testing.TB, zone, text string) time.Time {
	loc, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	v, err := time.ParseInLocation("2006-01-02 15:04", text, loc)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestDaysEndWithTheirLastDayWhereTheCaseIs(t *testing.T) {
	bangkok := profile(t, "TH.json")
	// 23:30 in Bangkok is still the same day in UTC; 06:30 is the day before.
	for _, start := range []string{"2026-03-01 06:30", "2026-03-01 23:30"} {
		end := bangkok.End(at(t, "Asia/Bangkok", start), Span{Days: 15})
		if got := end.In(bangkok.Location()).Format("2006-01-02 15:04"); got != "2026-03-17 00:00" {
			t.Errorf("fifteen days from %s end at %s", start, got)
		}
	}
}

func TestClockChangesNeitherAddNorTakeADay(t *testing.T) {
	uk := profile(t, "GB.json")
	// London's clocks go forward on 29 March 2026.
	end := uk.End(at(t, "Europe/London", "2026-03-28 10:00"), Span{Days: 45})
	if got := end.In(uk.Location()).Format("2006-01-02 15:04"); got != "2026-05-13 00:00" {
		t.Error(got)
	}
	if got := uk.End(at(t, "Europe/London", "2026-03-28 10:00"), Span{Hours: 24}).In(uk.Location()).Format("2006-01-02 15:04"); got != "2026-03-29 11:00" {
		t.Error(got)
	}
}

func TestADayThatBeginsAtOneOClockBeginsThere(t *testing.T) {
	// Beirut's clocks go forward at midnight.
	loc, err := time.LoadLocation("Asia/Beirut")
	if err != nil {
		t.Skip("SKIPPED: no zone Asia/Beirut here")
	}
	start := dayStart(time.Date(2026, 3, 29, 0, 0, 0, 0, time.UTC), loc)
	if got := start.In(loc).Format("2006-01-02 15:04"); got != "2026-03-29 01:00" {
		t.Error(got)
	}
}

func TestMonthsKeepToTheLastDayOfAShorterMonth(t *testing.T) {
	p := profile(t, "XX.json")
	for start, want := range map[string]string{"2026-01-31 09:00": "2026-03-01", "2028-01-31 09:00": "2028-03-01", "2026-03-15 09:00": "2026-04-16"} {
		if got := p.End(at(t, p.Zone, start), Span{Months: 1}).In(p.Location()).Format(time.DateOnly); got != want {
			t.Errorf("a month from %s ends as %s begins, want %s", start, got, want)
		}
	}
}

func TestWorkingDaysLeaveOutWeekendsAndHolidays(t *testing.T) {
	p := profile(t, "GB.json")
	p.Holidays = []string{"2026-04-03"}
	// Thursday 2 April; Friday is a holiday; Monday and Tuesday count.
	if got := p.End(at(t, p.Zone, "2026-04-02 09:00"), Span{Working: 2}).In(p.Location()).Format(time.DateOnly); got != "2026-04-08" {
		t.Error(got)
	}
}

func TestAnExtensionRunsOnFromTheEndAndOnlyAsOftenAsTheLawAllows(t *testing.T) {
	p := profile(t, "TH.json")
	var c Clock
	for _, one := range p.Clocks {
		if one.Extensions > 0 {
			c = one
		}
	}
	if c.Code == "" {
		t.Fatal("the profile has no clock that can be extended")
	}
	start := at(t, p.Zone, "2026-03-01 09:00")
	events := []Event{{Code: c.Starts, At: start}}
	first, _ := p.run(c, events)
	for range c.Extensions + 3 {
		events = append(events, Event{Code: Extended, Clock: c.Code, At: start.Add(time.Hour)})
	}
	last, _ := p.run(c, events)
	want := first.End
	for range c.Extensions {
		want = want.AddDate(0, 0, c.Extension.Days)
	}
	if last.Extensions != c.Extensions || !last.End.Equal(want) {
		t.Errorf("extended %d times to %s, want %s", last.Extensions, last.End, want)
	}
}

func TestAClockStopsStartsAgainAndAFloorIsNeverLate(t *testing.T) {
	p := profile(t, "GB.json")
	start := at(t, p.Zone, "2026-01-05 09:00")
	running := p.Start([]Event{
		{Code: "presumed", At: start}, {Code: "decided", At: start.AddDate(0, 0, 10)}, {Code: "presumed", At: start.AddDate(0, 0, 20)},
	})
	if len(running) == 0 {
		t.Fatal("nothing runs")
	}
	for _, r := range running {
		if r.Clock.Starts == "presumed" && (!r.Stopped.IsZero() || !r.Start.Equal(start.AddDate(0, 0, 20))) {
			t.Errorf("%s: started %s, stopped %s", r.Clock.Code, r.Start, r.Stopped)
		}
		if late := r.Late(r.End.AddDate(1, 0, 0)); late == r.Clock.Minimum {
			t.Errorf("%s: late %v, minimum %v", r.Clock.Code, late, r.Clock.Minimum)
		}
		if r.Warn.After(r.End) {
			t.Errorf("%s warns after its end", r.Clock.Code)
		}
	}
}

// A later start never ends earlier, in any zone and over any clock change, and
// a term of n days always has the n whole days after its start.
func TestTermsAreMonotoneAndWhole(t *testing.T) {
	base := profile(t, "XX.json")
	rapid.Check(t, func(t *rapid.T) {
		p := base
		p.zone, _ = time.LoadLocation(rapid.SampledFrom([]string{"UTC", "Asia/Bangkok", "Europe/London", "Australia/Lord_Howe", "America/New_York", "Asia/Beirut"}).Draw(t, "zone"))
		start := time.Unix(rapid.Int64Range(1.6e9, 2.2e9).Draw(t, "start"), 0)
		later := start.Add(time.Duration(rapid.Int64Range(0, int64(80*24*time.Hour)).Draw(t, "later")))
		s := Span{Days: rapid.IntRange(0, 90).Draw(t, "days"), Months: rapid.IntRange(0, 3).Draw(t, "months"), Working: rapid.IntRange(0, 20).Draw(t, "working")}
		a, b := p.End(start, s), p.End(later, s)
		if b.Before(a) {
			t.Fatalf("from %s until %s, from %s until %s", start, a, later, b)
		}
		if local := a.In(p.zone); local.Add(-time.Second).Day() == local.Day() {
			t.Fatalf("ends in the middle of a day: %s", local)
		}
		if p.End(start, Span{Days: s.Days}).Sub(start) < time.Duration(s.Days)*24*time.Hour-2*time.Hour {
			t.Fatalf("%d days are cut short", s.Days)
		}
	})
}

func TestAProfileThatCannotBeCountedByIsRefused(t *testing.T) {
	for _, text := range []string{`{}`, `{"zone":"Nowhere/Land"}`, `{"zone":"UTC","clocks":[{"code":"a"}]}`, `{"zone":"UTC","weekend":[0,1,2,3,4,5,6]}`} {
		if _, err := Read([]byte(text)); err == nil {
			t.Errorf("%s was accepted", text)
		}
	}
}

func TestADayEndsWhereTheProfileIs(t *testing.T) {
	for zone, want := range map[string]string{
		"Asia/Bangkok":     "2026-03-05T16:59:59Z",
		"Pacific/Auckland": "2026-03-05T10:59:59Z",
		"America/Lima":     "2026-03-06T04:59:59Z",
	} {
		p, err := Profile{}.In(zone, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.DayEnd(time.Date(2026, 3, 5, 0, 0, 0, 0, time.UTC)).UTC().Format(time.RFC3339); got != want {
			t.Errorf("%s: 5 March ends at %s, want %s", zone, got, want)
		}
	}
}

// In Beirut the clocks of 2026 go forward at midnight, so that 29 March begins at one.
func TestADayEndsBeforeTheClocksGoForward(t *testing.T) {
	p, err := Profile{}.In("Asia/Beirut", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.DayEnd(time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC)).In(p.Location()).Format(time.DateTime); got != "2026-03-28 23:59:59" {
		t.Errorf("28 March ends at %s", got)
	}
}
