package referral

import (
	"fmt"
	"time"
)

// Priority is how soon an answer is needed. The three terms are those of the
// inter-agency referral form: emergency 24 hours, urgent 72 hours, normal two
// weeks.
type Priority string

const (
	Emergency Priority = "emergency"
	Urgent    Priority = "urgent"
	Normal    Priority = "normal"
)

// Priorities from the most pressing.
var Priorities = []Priority{Emergency, Urgent, Normal}

// OutcomeDays is how long after acceptance, and after each word of progress,
// the sender asks again what came of it.
const OutcomeDays = 30

// Deadline is the instant an answer is due. Emergency and urgent count elapsed
// hours, so that a night on which the clocks change gives nobody an hour more
// or less. Normal counts fourteen days of the zone's calendar and falls on the
// same clock time; a clock time that does not exist that day moves forward.
func Deadline(p Priority, from time.Time, zone *time.Location) (time.Time, error) {
	switch p {
	case Emergency:
		return from.Add(24 * time.Hour), nil
	case Urgent:
		return from.Add(72 * time.Hour), nil
	case Normal:
		return addDays(from, 14, zone), nil
	}
	return time.Time{}, fmt.Errorf("%w: %q", ErrUnknownValue, p)
}

// addDays is the same clock time so many calendar days later in a zone. Go
// promises nothing about a clock time that the zone skips or repeats, so it is
// settled here in favour of whoever has to answer: skipped moves forward, and
// of a repeated one the later counts.
func addDays(from time.Time, days int, zone *time.Location) time.Time {
	wall := from.In(zone)
	year, month, day := wall.Date()
	hour, minute, second := wall.Clock()
	flat := time.Date(year, month, day+days, hour, minute, second, wall.Nanosecond(), time.UTC)
	_, before := flat.Add(-26 * time.Hour).In(zone).Zone()
	_, after := flat.Add(26 * time.Hour).In(zone).Zone()
	early, late := flat.Add(-time.Duration(before)*time.Second), flat.Add(-time.Duration(after)*time.Second)
	if late.Before(early) {
		early, late = late, early
	}
	for _, t := range []time.Time{late, early} {
		if local := t.In(zone); local.Day() == flat.Day() && local.Hour() == hour && local.Minute() == minute {
			return local
		}
	}
	return late.In(zone)
}

// Kind says what an alarm is about.
type Kind string

const (
	// Soon: three quarters of the term have passed without an answer.
	Soon Kind = "soon"
	// Due: the deadline has come; the referral expires.
	Due Kind = "due"
	// Outcome: it is time to ask what came of an accepted referral.
	Outcomes Kind = "outcome"
)

// Alarm is something that must happen at an instant if nothing else happens.
type Alarm struct {
	Kind Kind
	At   time.Time
	To   []Party
}

// Alarms are what the clock will do to this referral, earliest first.
func (r Referral) Alarms() []Alarm {
	if r.State == Accepted {
		return []Alarm{{Outcomes, r.OutcomeDue, []Party{Sender, Receiver}}}
	}
	if !r.State.Waiting() {
		return nil
	}
	soon := r.Began.Add(r.Deadline.Sub(r.Began) / 4 * 3)
	to := []Party{Sender, Supervisor}
	if r.State.Disclosed() {
		to = append(to, Receiver)
	}
	return []Alarm{{Soon, soon, to}, {Due, r.Deadline, to}}
}
