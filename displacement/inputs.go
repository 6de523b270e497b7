package displacement

import (
	"math"
	"slices"

	"lintas/displacement/abm"
	"lintas/displacement/ensemble"
)

// Names of the uncertain inputs that are not settings of the model.
const (
	inCapacity   = "capacity"      // factor on every capacity
	inCapacities = "capacities"    // log-deviation of a factor of each capacity by itself
	inConflict   = "conflict_days" // days by which each conflict may begin earlier or later
	inRoads      = "roads"         // log-deviation of a factor of each road's length: the model's own error
	inTotals     = "totals"        // factor on the people newly displaced each day
)

// settingInputs are the settings an input may vary, by their name in simsetting.yml.
var settingInputs = map[string]func(*abm.Settings, float64){
	"max_move_speed":       func(s *abm.Settings, v float64) { s.MaxMoveSpeed = v },
	"softening":            func(s *abm.Settings, v float64) { s.Softening = v },
	"distance_power":       func(s *abm.Settings, v float64) { s.DistancePower = v },
	"weight_power":         func(s *abm.Settings, v float64) { s.WeightPower = v },
	"conflict_weight":      func(s *abm.Settings, v float64) { s.ConflictWeight = v },
	"foreign_weight":       func(s *abm.Settings, v float64) { s.ForeignWeight = v },
	"camp_weight":          func(s *abm.Settings, v float64) { s.CampWeight = v },
	"default_movechance":   func(s *abm.Settings, v float64) { s.DefaultMoveChance = v },
	"camp_movechance":      func(s *abm.Settings, v float64) { s.CampMoveChance = v },
	"awareness_level":      func(s *abm.Settings, v float64) { s.AwarenessLevel = int(v) },
	"stay_close_to_home":   func(s *abm.Settings, v float64) { s.StayCloseToHome = v >= 1 },
	"use_pop_for_loc":      func(s *abm.Settings, v float64) { s.UsePopForLocWeight = v >= 1 },
	"start_on_foot":        func(s *abm.Settings, v float64) { s.StartOnFoot = v >= 1 },
	"avoid_short_stints":   func(s *abm.Settings, v float64) { s.AvoidShortStints = v >= 1 },
	"conflict_spawn_decay": func(s *abm.Settings, v float64) { s.ConflictDecay = []float64{1, 1, 1, v, v * v} },
}

// DefaultInputs are what nobody knows well before a crisis, each with the
// spread that published rulesets and reports give it.
func DefaultInputs() []ensemble.Input {
	return []ensemble.Input{
		{Name: "max_move_speed", Spread: ensemble.LogUniform, Low: 200, High: 500},
		{Name: "softening", Spread: ensemble.LogUniform, Low: 5, High: 100},
		{Name: "distance_power", Spread: ensemble.Uniform, Low: .5, High: 1.5},
		{Name: "conflict_weight", Spread: ensemble.LogUniform, Low: .1, High: .5},
		{Name: "default_movechance", Spread: ensemble.Uniform, Low: .2, High: 1},
		{Name: "camp_movechance", Spread: ensemble.LogUniform, Low: .0005, High: .005},
		{Name: "awareness_level", Spread: ensemble.Whole, Low: 1, High: 2},
		{Name: inCapacity, Spread: ensemble.LogNormal, Low: .5, High: 2},
		{Name: inCapacities, Spread: ensemble.Uniform, Low: 0, High: .6},
		{Name: inConflict, Spread: ensemble.Uniform, Low: 0, High: 14},
		{Name: inRoads, Spread: ensemble.Uniform, Low: 0, High: .8},
		{Name: inTotals, Spread: ensemble.LogNormal, Low: .85, High: 1.18},
	}
}

// vary makes the case of one member from the values drawn for its inputs.
func vary(base *abm.Case, run uint64, member int, values map[string]float64) *abm.Case {
	c := base.Clone()
	for name, set := range settingInputs {
		if v, ok := values[name]; ok {
			set(&c.Settings, v)
		}
	}
	varyCapacities(c, run, member, values)
	if days := values[inConflict]; days > 0 {
		shiftConflicts(c, run, member, days)
	}
	if sd := values[inRoads]; sd > 0 {
		for i := range c.Routes {
			r := &c.Routes[i]
			// One stream per road by its ends: cutting a road in a what-if
			// leaves the draws of the others as they were.
			z := ensemble.Stream(run, member, "road:"+c.Places[r.A].Name+"|"+c.Places[r.B].Name).NormFloat64()
			r.Km *= math.Exp(sd * z)
		}
	}
	return c
}

func varyCapacities(c *abm.Case, run uint64, member int, values map[string]float64) {
	common, ok := values[inCapacity]
	if !ok {
		common = 1
	}
	sd := values[inCapacities]
	if common == 1 && sd == 0 {
		return
	}
	for i := range c.Places {
		p := &c.Places[i]
		if p.Capacity <= 0 || !p.Kind.IsCamp() {
			continue
		}
		z := ensemble.Stream(run, member, "capacity:"+p.Name).NormFloat64()
		p.Capacity = int64(math.Max(1, math.Round(float64(p.Capacity)*common*math.Exp(sd*z))))
	}
}

// shiftConflicts moves the days on which each conflict begins or ends by up to
// days, keeping their order and what holds on day 0.
func shiftConflicts(c *abm.Case, run uint64, member int, days float64) {
	for i, steps := range c.Conflict {
		if len(steps) == 0 {
			continue
		}
		by := int(math.Round((2*ensemble.Stream(run, member, "conflict:"+c.Places[i].Name).Float64() - 1) * days))
		moved := slices.Clone(steps)
		for k := range moved {
			if moved[k].Day > 0 {
				moved[k].Day = max(1, moved[k].Day+by)
			}
		}
		// Two steps pushed onto one day: the later one holds.
		out := moved[:0]
		for _, s := range moved {
			if n := len(out); n > 0 && out[n-1].Day >= s.Day {
				out[n-1].Value = s.Value
				continue
			}
			out = append(out, s)
		}
		c.Conflict[i] = out
	}
}

// reportedArrivals is the daily number of newly displaced people by the
// reports, as the model reads it: a falling total is a debt that later
// arrivals pay first (facts, 2.4).
func reportedArrivals(c *abm.Case, factor float64) abm.ArrivalSeries {
	out := abm.ArrivalSeries{People: make([]int64, c.Days)}
	var before, debt int64
	for day := range c.Days {
		var now int64
		if c.Settings.SumFromCamps || c.Total == nil {
			for i := range c.Camps {
				now += c.Camps[i].At(day)
			}
		} else {
			now = c.Total.At(day)
		}
		if day > 0 {
			n := now - before - debt
			debt = max(0, -n)
			out.People[day] = int64(math.Round(float64(max(0, n)) * factor))
		}
		before = now
	}
	return out
}
