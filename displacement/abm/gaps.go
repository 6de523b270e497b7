package abm

import "math"

// Staffing is what screening needs: how many people one interviewer sees a day.
type Staffing struct {
	Interviewers       map[int]int // by place index
	InterviewsPerDay   float64     // per interviewer and working day
	WorkingDaysPerWeek int         // 1..7
	// Screened is the share of arrivals to be interviewed; 0 is everybody.
	Screened float64
}

// Gap is what one place lacks in one week.
type Gap struct {
	Place    int   `json:"place"`
	Week     int   `json:"week"`      // from 0, counted from the first day of the result
	FirstDay int   `json:"first_day"` // day of the case
	Peak     int64 `json:"peak"`      // most people present on a day of the week
	Capacity int64 `json:"capacity"`  // shelter places on the peak day; -1 is without limit
	Shelter  int64 `json:"shelter_gap"`
	Arrivals int64 `json:"arrivals"` // net new people in the week, at least 0
	// Interviews are those needed in the week, those left over from the weeks
	// before included; Seen is what the staff can do; Waiting is left at its end.
	Interviews int64 `json:"interviews"`
	Seen       int64 `json:"seen"`
	Waiting    int64 `json:"waiting"`
	// Staff is the number of interviewers with whom nobody would wait.
	Staff int `json:"staff_needed"`
}

// Gaps computes, per place with people and per week, the shelter places and
// interviews that are lacking. Shelter is compared with the place's capacity as
// the case has it on the day, what-ifs included; a place without a capacity has
// no shelter gap. Arrivals are net: people who come and leave within a day do
// not show, so screening needs are a lower bound there.
func Gaps(c *Case, r *Result, s Staffing) []Gap {
	var out []Gap
	days := max(1, min(7, s.WorkingDaysPerWeek))
	share := s.Screened
	if !(share > 0) || share > 1 {
		share = 1
	}
	for p := range c.Places {
		waiting := int64(0)
		before := int64(0)
		for week := 0; week*7 < r.Days; week++ {
			g := Gap{Place: p, Week: week, FirstDay: r.FirstDay + week*7, Capacity: -1}
			for i := week * 7; i < min(r.Days, week*7+7); i++ {
				n := int64(r.Present[i*r.Places+p])
				if week > 0 || i > 0 {
					g.Arrivals += max(0, n-before)
				}
				before = n
				if n >= g.Peak {
					g.Peak, g.Capacity = n, c.capacityOn(p, r.FirstDay+i)
				}
			}
			if g.Capacity >= 0 {
				g.Shelter = max(0, g.Peak-g.Capacity)
			}
			g.Interviews = waiting + int64(math.Ceil(float64(g.Arrivals)*share))
			perWeek := s.InterviewsPerDay * float64(days)
			g.Seen = min(g.Interviews, int64(float64(s.Interviewers[p])*perWeek))
			g.Waiting = g.Interviews - g.Seen
			if perWeek > 0 {
				g.Staff = int(math.Ceil(float64(g.Interviews) / perWeek))
			}
			waiting = g.Waiting
			if g.Peak > 0 || g.Interviews > 0 {
				out = append(out, g)
			}
		}
	}
	return out
}

// capacityOn is the shelter places of a place on a day; -1 is without limit. A
// place that is no camp has none of its own.
func (c *Case) capacityOn(p, day int) int64 {
	capacity := float64(c.Places[p].Capacity)
	camp := c.Places[p].Kind.IsCamp()
	grow := attribute(&c.Places[p], "capacity_per_day")
	capacity += grow * float64(day+1)
	for _, ch := range c.CapacityChanges {
		if ch.Place == p && ch.Day <= day {
			capacity = float64(ch.Capacity) + grow*float64(day-ch.Day+1)
		}
	}
	for _, ch := range c.PlaceChanges {
		if ch.Place == p && ch.Day <= day {
			camp = ch.Kind.IsCamp()
		}
	}
	if !camp || capacity <= 0 {
		return -1
	}
	return int64(capacity)
}
