package abm

import (
	"fmt"
	"slices"
)

// InterventionKind names a what-if.
type InterventionKind string

// What can be tried on a case. Which fields each needs is said beside it.
const (
	ShutBorder     InterventionKind = "shut_border"     // Country, Country2, From, Until
	ShutPlace      InterventionKind = "shut_place"      // Place, From, Until
	CutRoad        InterventionKind = "cut_road"        // Place, Place2, From, Until
	SlowRoad       InterventionKind = "slow_road"       // Place, Place2, From, Until, Factor on its felt length
	OpenCamp       InterventionKind = "open_camp"       // Place (becomes a camp) or New with Roads, From, Until, Capacity
	CloseCampAt    InterventionKind = "close_camp"      // Place, From, Until
	SetCapacity    InterventionKind = "set_capacity"    // Place, From, Until, Capacity (0 is without limit)
	FillCamp       InterventionKind = "fill_camp"       // Place admits nobody, From, Until
	SpreadConflict InterventionKind = "spread_conflict" // Place, From, Until, Intensity (0 is 1)
	Ceasefire      InterventionKind = "ceasefire"       // Place ("" is everywhere), From, Until
	StopBoats      InterventionKind = "stop_boats"      // Place, Place2 ("" is every sea route), From, Until
	Flooding       InterventionKind = "flood"           // Place, From, Until, Intensity is the level
)

// Intervention is one what-if: data on top of a case. Days are days of the case;
// From is the first day it holds, Until the first day it no longer holds, and an
// Until of 0 or less means to the end.
type Intervention struct {
	Kind      InterventionKind `json:"kind"`
	From      int              `json:"from"`
	Until     int              `json:"until,omitempty"`
	Place     string           `json:"place,omitempty"`
	Place2    string           `json:"place2,omitempty"`
	Country   string           `json:"country,omitempty"`
	Country2  string           `json:"country2,omitempty"`
	Capacity  int64            `json:"capacity,omitempty"` // persons
	Intensity float64          `json:"intensity,omitempty"`
	Factor    float64          `json:"factor,omitempty"`
	New       *NewPlace        `json:"new,omitempty"`
	Roads     []NewRoad        `json:"roads,omitempty"`
}

// NewPlace is a place that the case does not have.
type NewPlace struct {
	Name    string  `json:"name"`
	Region  string  `json:"region,omitempty"`
	Country string  `json:"country"`
	Lat     float64 `json:"lat"`
	Lon     float64 `json:"lon"`
}

// NewRoad joins a new place to one of the case. Km 0 takes the great circle.
type NewRoad struct {
	To string  `json:"to"`
	Km float64 `json:"km,omitempty"`
}

// InterventionError says which what-if of a list cannot be applied, and why.
type InterventionError struct {
	Index int
	Why   string
}

func (e *InterventionError) Error() string {
	return fmt.Sprintf("what-if %d: %s", e.Index+1, e.Why)
}

// Apply gives the case under a list of what-ifs, in order. The case given is not
// changed. A name the case does not know is an *InterventionError.
func Apply(c *Case, list []Intervention) (*Case, error) {
	d := c.Clone()
	d.reindex()
	for i, v := range list {
		if why := d.apply(v); why != "" {
			return nil, &InterventionError{i, why}
		}
	}
	return d, nil
}

// end turns Until into a day.
func (v *Intervention) end() int {
	if v.Until <= 0 {
		return maxDays + 1
	}
	return v.Until
}

// apply returns why it cannot, or "".
func (c *Case) apply(v Intervention) string {
	if v.From < 0 || v.From > maxDays || v.Until > 0 && v.Until <= v.From {
		return fmt.Sprintf("it should hold from a day to a later one, not from %d until %d", v.From, v.Until)
	}
	switch v.Kind {
	case ShutBorder:
		return c.shutBorder(v)
	case ShutPlace:
		return c.atPlace(v.Place, func(int) {
			c.Closures = append(c.Closures, Closure{ClosePlace, v.Place, "", v.From, v.end(), true})
		})
	case CutRoad:
		return c.onRoad(v, func(int, int) {
			c.Closures = append(c.Closures, Closure{CloseLink, v.Place, v.Place2, v.From, v.end(), true})
		})
	case SlowRoad:
		if !(v.Factor > 0) || v.Factor > 1e4 {
			return fmt.Sprintf("the factor should be above 0 and at most 10000, not %g", v.Factor)
		}
		return c.onRoad(v, func(a, b int) {
			c.RouteWeights = append(c.RouteWeights, RouteWeight{a, b, v.From, v.Factor})
			if v.Until > 0 {
				c.RouteWeights = append(c.RouteWeights, RouteWeight{a, b, v.Until, 1})
			}
		})
	case OpenCamp:
		return c.openCamp(v)
	case CloseCampAt:
		return c.atPlace(v.Place, func(p int) {
			c.PlaceChanges = append(c.PlaceChanges, PlaceChange{p, Town, v.From})
			if v.Until > 0 {
				c.PlaceChanges = append(c.PlaceChanges, PlaceChange{p, c.Places[p].Kind, v.Until})
			}
		})
	case SetCapacity, FillCamp:
		return c.setCapacity(v)
	case SpreadConflict:
		intensity := v.Intensity
		if intensity == 0 {
			intensity = 1
		}
		if !(intensity > 0) || intensity > 1e6 {
			return fmt.Sprintf("the intensity should be above 0, not %g", v.Intensity)
		}
		return c.atPlace(v.Place, func(p int) { c.override(p, v, intensity) })
	case Ceasefire:
		if v.Place == "" {
			for p := range c.Places {
				c.override(p, v, 0)
			}
			return ""
		}
		return c.atPlace(v.Place, func(p int) { c.override(p, v, 0) })
	case StopBoats:
		return c.stopBoats(v)
	case Flooding:
		return c.atPlace(v.Place, func(p int) {
			if c.Flood == nil {
				c.Flood = make([][]Step, len(c.Places))
			}
			c.Flood[p] = overridden(c.Flood[p], v, max(0, v.Intensity))
		})
	}
	return fmt.Sprintf("there is no what-if called %q", v.Kind)
}

func (c *Case) atPlace(name string, do func(p int)) string {
	p := c.PlaceIndex(name)
	if p < 0 {
		return fmt.Sprintf("no place is called %q", name)
	}
	do(p)
	return ""
}

func (c *Case) onRoad(v Intervention, do func(a, b int)) string {
	a, b := c.PlaceIndex(v.Place), c.PlaceIndex(v.Place2)
	if a < 0 || b < 0 {
		return fmt.Sprintf("no road joins %q and %q: one of them is unknown", v.Place, v.Place2)
	}
	joined := slices.ContainsFunc(c.Routes, func(r Route) bool { return r.A == a && r.B == b || r.A == b && r.B == a }) ||
		slices.ContainsFunc(c.Sea, func(s SeaRoute) bool { return s.From == a && s.To == b || s.From == b && s.To == a })
	if !joined {
		return fmt.Sprintf("no road joins %s and %s", v.Place, v.Place2)
	}
	do(a, b)
	return ""
}

func (c *Case) shutBorder(v Intervention) string {
	for _, name := range []string{v.Country, v.Country2} {
		if !slices.ContainsFunc(c.Places, func(p Place) bool { return p.Country == name }) {
			return fmt.Sprintf("no place lies in country %q", name)
		}
	}
	c.Closures = append(c.Closures, Closure{CloseCountry, v.Country, v.Country2, v.From, v.end(), true})
	return ""
}

func (c *Case) setCapacity(v Intervention) string {
	if v.Capacity < 0 || v.Capacity > 1e12 {
		return fmt.Sprintf("the capacity should be 0 or more, not %d", v.Capacity)
	}
	return c.atPlace(v.Place, func(p int) {
		before := c.Places[p].Capacity
		set := CapacityChange{p, v.From, v.Capacity, false}
		if v.Kind == FillCamp {
			set.Capacity, set.Full = before, true
		}
		c.CapacityChanges = append(c.CapacityChanges, set)
		if v.Until > 0 {
			c.CapacityChanges = append(c.CapacityChanges, CapacityChange{p, v.Until, before, false})
		}
	})
}

func (c *Case) openCamp(v Intervention) string {
	if v.New == nil {
		return c.atPlace(v.Place, func(p int) {
			kind := Camp
			if !c.Places[p].Foreign {
				kind = IDPCamp
			}
			c.PlaceChanges = append(c.PlaceChanges, PlaceChange{p, kind, v.From})
			c.CapacityChanges = append(c.CapacityChanges, CapacityChange{p, v.From, v.Capacity, false})
			if v.Until > 0 {
				after := c.Places[p].Kind
				if after == Conflict {
					after = Town // whether there is conflict then is for the conflict steps to say
				}
				c.PlaceChanges = append(c.PlaceChanges, PlaceChange{p, after, v.Until})
				c.CapacityChanges = append(c.CapacityChanges, CapacityChange{p, v.Until, c.Places[p].Capacity, false})
			}
		})
	}
	if v.New.Name == "" || c.PlaceIndex(v.New.Name) >= 0 {
		return fmt.Sprintf("a new place needs a name of its own, not %q", v.New.Name)
	}
	if len(v.Roads) == 0 {
		return "a new place needs at least one road"
	}
	n := len(c.Places)
	foreign := v.New.Country != c.Places[0].Country
	kind := IDPCamp
	if foreign {
		kind = Camp
	}
	p := Place{Name: v.New.Name, Region: orUnknown(v.New.Region), Country: orUnknown(v.New.Country), Lat: v.New.Lat, Lon: v.New.Lon, Kind: kind, Capacity: max(0, v.Capacity), Foreign: foreign}
	for _, road := range v.Roads {
		to := c.PlaceIndex(road.To)
		if to < 0 {
			return fmt.Sprintf("no place is called %q", road.To)
		}
		km := road.Km
		if km <= 0 {
			km = max(1, GreatCircleKm(p, c.Places[to]))
		}
		if km > 40_000 {
			return fmt.Sprintf("a road of %g km", km)
		}
		c.Routes = append(c.Routes, Route{A: n, B: to, Km: km})
	}
	c.Places = append(c.Places, p)
	c.Conflict = append(c.Conflict, nil)
	if c.Flood != nil {
		c.Flood = append(c.Flood, nil)
	}
	if c.IPC != nil {
		c.IPC = append(c.IPC, nil)
	}
	if v.From > 0 {
		c.Closures = append(c.Closures, Closure{ClosePlace, p.Name, "", 0, v.From, true})
	}
	if v.Until > 0 {
		c.Closures = append(c.Closures, Closure{ClosePlace, p.Name, "", v.Until, maxDays + 1, true})
	}
	c.reindex()
	return ""
}

func (c *Case) stopBoats(v Intervention) string {
	a, b := -1, -1
	if v.Place != "" {
		a, b = c.PlaceIndex(v.Place), c.PlaceIndex(v.Place2)
	}
	found := false
	for _, r := range c.Sea {
		if v.Place == "" || r.From == a && r.To == b {
			c.Closures = append(c.Closures, Closure{CloseSea, c.Places[r.From].Name, c.Places[r.To].Name, v.From, v.end(), true})
			found = true
		}
	}
	if !found {
		return fmt.Sprintf("no sea route joins %q and %q", v.Place, v.Place2)
	}
	return ""
}

// override sets the conflict of a place during a what-if; afterwards what the
// case had before holds again.
func (c *Case) override(p int, v Intervention, intensity float64) {
	steps := c.Conflict[p]
	if c.Places[p].Kind == Conflict && c.Places[p].ConflictDate <= 0 && (len(steps) == 0 || steps[0].Day > 0) {
		// A zone from before day 0 has no step of its own yet.
		steps = append([]Step{{-1, startIntensity(c.Places[p])}}, steps...)
	}
	c.Conflict[p] = overridden(steps, v, intensity)
}

func overridden(steps []Step, v Intervention, value float64) []Step {
	after := 0.0
	if v.Until > 0 {
		after = level(steps, v.Until)
	}
	var out []Step
	for _, s := range steps {
		if s.Day < v.From {
			out = append(out, s)
		}
	}
	out = append(out, Step{v.From, value})
	if v.Until > 0 {
		out = append(out, Step{v.Until, after})
		for _, s := range steps {
			if s.Day > v.Until {
				out = append(out, s)
			}
		}
	}
	return out
}
