package abm

import "math"

// Scores are Flee's error measures over the days of a result that the case has
// reports for (facts, 2.6). They are averaged relative differences: 0 is
// perfect, 2 the worst.
type Scores struct {
	Normal   float64 `json:"error_normal"`   // mean over days of sum |S-U| / max(1, sum U)
	Rescaled float64 `json:"error_rescaled"` // the same with S scaled to the reported total of the day
	Days     int     `json:"days"`
}

// Score compares a result with the reports of its case, over every camp with
// reports and every day of the result.
func Score(c *Case, r *Result) Scores {
	sim := make([]float64, len(c.Camps))
	obs := make([]float64, len(c.Camps))
	var acc ScoreSum
	for day := r.FirstDay; day < r.FirstDay+r.Days; day++ {
		for i := range c.Camps {
			if !c.comparedAs(r.Compat, i) {
				continue // stays 0 on both sides
			}
			sim[i] = float64(r.At(day, c.Camps[i].Place))
			obs[i] = float64(c.ObservedAs(r.Compat, i, day))
		}
		acc.Add(sim, obs)
	}
	return acc.Scores()
}

// ScoreSum gathers days one by one, for ensembles that keep no results.
type ScoreSum struct {
	normal, rescaled float64
	days             int
}

// Add takes one day: simulated and reported people per camp.
func (a *ScoreSum) Add(sim, obs []float64) {
	n, r := DayError(sim, obs)
	a.normal += n
	a.rescaled += r
	a.days++
}

// Scores are the means so far.
func (a *ScoreSum) Scores() Scores {
	if a.days == 0 {
		return Scores{}
	}
	return Scores{a.normal / float64(a.days), a.rescaled / float64(a.days), a.days}
}

// DayError is the error of one day, normal and rescaled.
func DayError(sim, obs []float64) (normal, rescaled float64) {
	s, u := sum(sim), sum(obs)
	scale := 0.0
	if s > 0 {
		scale = u / s
	}
	for i := range obs {
		normal += math.Abs(sim[i] - obs[i])
		rescaled += math.Abs(sim[i]*scale - obs[i])
	}
	total := math.Max(1, u)
	return normal / total, rescaled / total
}
