package displacement

import (
	"slices"
	"strings"

	"lintas/displacement/abm"
	"lintas/displacement/ensemble"
)

// groups are the people that shelter and screening are planned for, beside all.
// They overlap: a child under five is a child.
var groups = []struct {
	name string
	has  func(band, sex int) bool // indices of abm.AgeBands and abm.Sexes
}{
	{"under_five", func(band, _ int) bool { return band == 0 }},
	{"children", func(band, _ int) bool { return band <= 2 }}, // 0 to 17
	{"women", func(band, sex int) bool { return band >= 3 && sex == 0 }},
	{"older", func(band, _ int) bool { return band == 4 }}, // 60 and above
}

// saysWho is true for a case that gives both ages and sexes: with one alone the
// other would be made up.
func saysWho(c *abm.Case) bool {
	has := func(names ...string) bool {
		return slices.ContainsFunc(c.Attributes, func(a abm.Attribute) bool { return slices.Contains(names, strings.ToLower(a.Name)) })
	}
	return has("age") && has("gender", "sex")
}

// withWho makes the people of a case carry age and sex where it can.
func withWho(c *abm.Case) *abm.Case {
	if c.Settings.Split || !saysWho(c) {
		return c
	}
	set := c.Settings
	set.Split = true
	return c.WithSettings(set)
}

// toldDays are the indices of kept days on which groups are told: the last of
// each week of the case, as nobody plans beds for children by the day and most
// weeks end fuller than they began.
func toldDays(kept []int) (out []int) {
	for k, day := range kept {
		if k == len(kept)-1 || kept[k+1]/7 != day/7 {
			out = append(out, k)
		}
	}
	return out
}

// groupCounts is how many of each group a member has at the counted places on
// the told days: [told][camp][group].
func (w *Work) groupCounts(r *abm.Result) [][][]uint64 {
	out := make([][][]uint64, len(w.told))
	for j, k := range w.told {
		out[j] = make([][]uint64, len(w.Camps))
		for i, place := range w.Camps {
			out[j][i] = make([]uint64, len(groups))
			for band := range abm.AgeBands {
				for sex := range abm.Sexes {
					n := uint64(max(0, r.SplitAt(w.kept[k], place, band, sex)))
					for g := range groups {
						if groups[g].has(band, sex) {
							out[j][i][g] += n
						}
					}
				}
			}
		}
	}
	return out
}

// whoSketches gathers the groups over members.
func whoSketches(w *Work) [][][]ensemble.Sketch {
	out := make([][][]ensemble.Sketch, len(w.told))
	for j := range out {
		out[j] = make([][]ensemble.Sketch, len(w.Camps))
		for i := range out[j] {
			out[j][i] = make([]ensemble.Sketch, len(groups))
		}
	}
	return out
}

// who are the bands of each group at a place, one per told day.
func (o *Outcome) who(place int) map[string]Bands {
	out := map[string]Bands{}
	for g := range groups {
		var b Bands
		for j := range o.work.told {
			b.add(o.groups[j][place][g].Band(0.9))
		}
		out[groups[g].name] = b
	}
	return out
}
