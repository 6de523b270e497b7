package ensemble

import "math"

// The baselines: what a planner could do with a pencil. A model that does not
// beat them has not earned its complexity, however good its figure looks.

// CapacitySplit shares each day's known total by capacity. In the public
// cases capacities are the maxima of the counted series, so this baseline
// reads the answer; it shows how much of a published accuracy is that leak.
func CapacitySplit(o Observed) Counts {
	w := make([]float64, len(o.Places))
	for i, p := range o.Places {
		w[i] = p.Capacity
	}
	return o.Levelled().splitBy(w)
}

// EqualSplit shares each day's known total equally.
func EqualSplit(o Observed) Counts {
	w := make([]float64, len(o.Places))
	for i := range w {
		w[i] = 1
	}
	return o.Levelled().splitBy(w)
}

// Source is a place that people leave, with its weight on a day.
type Source struct{ Lat, Lon, Weight float64 }

// Gravity shares each day's known total in proportion to the sum over that
// day's sources of weight / distance^power.
func Gravity(o Observed, sources func(day int) []Source, power float64) Counts {
	lev := o.Levelled()
	out := make(Counts, o.Days)
	w := make([]float64, len(o.Places))
	for day := range out {
		now := sources(day)
		for i, p := range o.Places {
			w[i] = 0
			for _, s := range now {
				w[i] += s.Weight / math.Pow(math.Max(1, GreatCircle(p.Lat, p.Lon, s.Lat, s.Lon)), power)
			}
		}
		out[day] = share(sum(lev.Field(day)), w)
	}
	return out
}

// HeldShares keeps the split of one day for every later total (a planner who
// knows the totals and believes that the split no longer changes).
func HeldShares(o Observed, day int) Counts {
	lev := o.Levelled()
	return lev.splitBy(lev.Field(day))
}

func (o Observed) splitBy(w []float64) Counts {
	out := make(Counts, o.Days)
	for day := range out {
		out[day] = share(sum(o.Field(day)), w)
	}
	return out
}

func share(total float64, w []float64) []float64 {
	out := make([]float64, len(w))
	all := sum(w)
	for i := range w {
		if all > 0 {
			out[i] = total * w[i] / all
		} else {
			out[i] = total / float64(len(w))
		}
	}
	return out
}

// GreatCircle is the distance in km on a sphere of radius 6371.0088 km.
func GreatCircle(lat1, lon1, lat2, lon2 float64) float64 {
	const rad = math.Pi / 180
	dLat, dLon := (lat2-lat1)*rad, (lon2-lon1)*rad
	h := math.Pow(math.Sin(dLat/2), 2) + math.Cos(lat1*rad)*math.Cos(lat2*rad)*math.Pow(math.Sin(dLon/2), 2)
	return 2 * 6371.0088 * math.Asin(math.Min(1, math.Sqrt(h)))
}

// Persistence is the newest report of every place, held.
func Persistence(known Observed) []float64 {
	out := make([]float64, len(known.Series))
	for i, s := range known.Series {
		if r, ok := s.Last(); ok {
			out[i] = r.Count
		}
	}
	return out
}
