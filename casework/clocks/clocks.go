// Package clocks counts the statutory and retention terms of a case.
//
// How long a reflection period lasts, who decides, and what a child may not
// withdraw from differ by country and change; so they are data (Profile), and
// this package only counts. It takes the instants from the case's own events
// and never looks at the wall clock.
package clocks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Span is a length of time in one unit. Working counts only days that are
// neither weekend nor holiday in the profile.
type Span struct {
	Hours   int `json:"hours,omitempty"`
	Days    int `json:"days,omitempty"`
	Working int `json:"working_days,omitempty"`
	Months  int `json:"months,omitempty"`
	Years   int `json:"years,omitempty"`
}

func (s Span) zero() bool { return s == Span{} }

// String is the span in words.
func (s Span) String() string {
	var parts []string
	for _, p := range []struct {
		n    int
		unit string
	}{{s.Years, "years"}, {s.Months, "months"}, {s.Days, "days"}, {s.Working, "working days"}, {s.Hours, "hours"}} {
		if p.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", p.n, p.unit))
		}
	}
	return strings.Join(parts, " and ")
}

// Clock is one term that the law, or the agency's rule, sets.
type Clock struct {
	Code string `json:"code"`
	// Name by language.
	Name map[string]string `json:"name"`
	// Starts and Stops are codes of case events.
	Starts string   `json:"starts"`
	Stops  []string `json:"stops"`
	Length Span     `json:"length"`
	// Warn is how long before the end the caseworker is told.
	Warn Span `json:"warn,omitempty"`
	// Minimum says that the term is a floor ("at least"): reaching its end
	// ends a protection, it does not mean that somebody is late.
	Minimum bool `json:"minimum,omitempty"`
	// Extension and Extensions: by how much, how often at most.
	Extension  Span `json:"extension,omitempty"`
	Extensions int  `json:"extensions,omitempty"`
	// AdultMayWithdraw and ChildMayWithdraw from the procedure it times.
	AdultMayWithdraw bool   `json:"adult_may_withdraw,omitempty"`
	ChildMayWithdraw bool   `json:"child_may_withdraw,omitempty"`
	Source           string `json:"source"`
}

// Retention is how long a field class is kept after a case closes.
type Retention struct {
	Class string `json:"class"`
	After Span   `json:"after"`
}

// Profile is a country's terms.
type Profile struct {
	Country string `json:"country"`
	Zone    string `json:"zone"`
	// Draft says that nobody versed in that country's law has checked it.
	Draft     bool        `json:"draft,omitempty"`
	Weekend   []int       `json:"weekend"`            // 0 is Sunday
	Holidays  []string    `json:"holidays,omitempty"` // year-month-day
	Clocks    []Clock     `json:"clocks"`
	Retention []Retention `json:"retention"`

	zone *time.Location
}

// Read reads a profile and refuses one that could not be counted by.
func Read(data []byte) (Profile, error) {
	var p Profile
	if err := json.Unmarshal(data, &p); err != nil {
		return p, fmt.Errorf("profile: %w", err)
	}
	var err error
	if p.zone, err = time.LoadLocation(p.Zone); err != nil || p.Zone == "" {
		return p, fmt.Errorf("profile %s: unknown time zone %q", p.Country, p.Zone)
	}
	if len(p.Weekend) > 6 {
		return p, fmt.Errorf("profile %s: a week needs a working day", p.Country)
	}
	for _, c := range p.Clocks {
		if c.Code == "" || c.Starts == "" || c.Length.zero() || c.Name["en"] == "" || c.Source == "" {
			return p, fmt.Errorf("profile %s: clock %q lacks a code, name, start, length or source", p.Country, c.Code)
		}
		if c.Extensions > 0 && c.Extension.zero() {
			return p, fmt.Errorf("profile %s: clock %q can be extended by nothing", p.Country, c.Code)
		}
	}
	return p, nil
}

// In is the profile with the clock and the weekend of another place.
func (p Profile) In(zone string, weekend []int) (Profile, error) {
	at, err := time.LoadLocation(zone)
	if err != nil {
		return p, fmt.Errorf("profile %s: %w", p.Country, err)
	}
	p.Zone, p.zone, p.Weekend = zone, at, weekend
	return p, nil
}

// Events are the codes of the events that start or stop one of the clocks, in
// the order of the clocks.
func (p Profile) Events() []string {
	var out []string
	for _, c := range p.Clocks {
		for _, code := range append([]string{c.Starts}, c.Stops...) {
			if !slices.Contains(out, code) {
				out = append(out, code)
			}
		}
	}
	return out
}

// Location is the profile's time zone.
func (p Profile) Location() *time.Location { return p.zone }

// End is the instant at which a span from start has run out: the end of its
// last day in the profile's zone (the first instant of the next), or, for
// hours, that many elapsed hours. The day of the start does not count.
func (p Profile) End(start time.Time, s Span) time.Time {
	if s.Hours > 0 {
		return start.Add(time.Duration(s.Hours) * time.Hour)
	}
	local := start.In(p.zone)
	year, month, day := local.Date()
	last := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	last = addMonths(last, 12*s.Years+s.Months).AddDate(0, 0, s.Days)
	for left := s.Working; left > 0; {
		last = last.AddDate(0, 0, 1)
		if p.works(last) {
			left--
		}
	}
	return dayStart(last.AddDate(0, 0, 1), p.zone)
}

// DayEnd is the last second of a calendar day in the profile's zone: what is
// due on a day is due until that day ends where the case is, whoever typed it.
func (p Profile) DayEnd(day time.Time) time.Time {
	return dayStart(day.AddDate(0, 0, 1), p.zone).Add(-time.Second)
}

// addMonths keeps to the last day of a shorter month: a month from 31 January
// is 28 February, not 3 March.
func addMonths(day time.Time, months int) time.Time {
	first := time.Date(day.Year(), day.Month()+time.Month(months), 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, min(day.Day(), first.AddDate(0, 1, -1).Day())-1)
}

// dayStart is the first instant of a calendar day in a zone. Some zones change
// their clocks at midnight, so that a day begins at one o'clock.
func dayStart(day time.Time, zone *time.Location) time.Time {
	t := time.Date(day.Year(), day.Month(), day.Day(), 12, 0, 0, 0, zone)
	for t.Add(-time.Hour).In(zone).Day() == day.Day() {
		t = t.Add(-time.Hour)
	}
	for t.Add(-time.Minute).In(zone).Day() == day.Day() {
		t = t.Add(-time.Minute)
	}
	return t
}

func (p Profile) works(day time.Time) bool {
	return !slices.Contains(p.Weekend, int(day.Weekday())) && !slices.Contains(p.Holidays, day.Format(time.DateOnly))
}

// Event is one dated fact of a case.
type Event struct {
	Code string
	At   time.Time
	// Clock names the clock an extension belongs to.
	Clock string
}

// Extended is the event that lengthens a running clock.
const Extended = "clock_extended"

// Running is a clock that has started on a case.
type Running struct {
	Clock      Clock     `json:"clock"`
	Start      time.Time `json:"start"`
	Warn       time.Time `json:"warn"`
	End        time.Time `json:"end"`
	Extensions int       `json:"extensions"`
	// Stopped is when it was stopped; zero while it runs.
	Stopped time.Time `json:"stopped"`
}

// Late says that somebody has missed the term.
func (r Running) Late(now time.Time) bool {
	return !r.Clock.Minimum && r.Stopped.IsZero() && !now.Before(r.End)
}

// Start lists the clocks that a case's events have started, in the profile's
// order. The last start counts; a stop before it does not stop it.
func (p Profile) Start(events []Event) []Running {
	var out []Running
	for _, c := range p.Clocks {
		if r, ok := p.run(c, events); ok {
			out = append(out, r)
		}
	}
	return out
}

func (p Profile) run(c Clock, events []Event) (Running, bool) {
	r := Running{Clock: c}
	for _, e := range events {
		if e.Code == c.Starts && !e.At.Before(r.Start) {
			r = Running{Clock: c, Start: e.At}
		}
	}
	if r.Start.IsZero() {
		return r, false
	}
	for _, e := range events {
		if e.At.Before(r.Start) {
			continue
		}
		if e.Code == Extended && e.Clock == c.Code && r.Extensions < c.Extensions {
			r.Extensions++
		}
		if slices.Contains(c.Stops, e.Code) && (r.Stopped.IsZero() || e.At.Before(r.Stopped)) {
			r.Stopped = e.At
		}
	}
	r.End = p.End(r.Start, c.Length)
	for range r.Extensions {
		// An extension runs on from the end: the last day counted is the one
		// before it.
		r.End = p.End(r.End.Add(-time.Nanosecond), c.Extension)
	}
	r.Warn = r.End
	if !c.Warn.zero() {
		r.Warn = p.before(r.End, c.Warn)
	}
	return r, true
}

// before is a span ahead of an end, never ahead of what calendar days allow.
func (p Profile) before(end time.Time, s Span) time.Time {
	if s.Hours > 0 {
		return end.Add(-time.Duration(s.Hours) * time.Hour)
	}
	local := end.In(p.zone)
	day := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	day = addMonths(day, -12*s.Years-s.Months).AddDate(0, 0, -s.Days)
	for left := s.Working; left > 0; {
		day = day.AddDate(0, 0, -1)
		if p.works(day) {
			left--
		}
	}
	return dayStart(day, p.zone)
}

// Kept is until when a field class is kept after a case closed; ok is false for
// a class the profile does not limit.
func (p Profile) Kept(class string, closed time.Time) (until time.Time, ok bool) {
	for _, r := range p.Retention {
		if r.Class == class {
			return p.End(closed, r.After), true
		}
	}
	return time.Time{}, false
}
