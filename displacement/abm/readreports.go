package abm

import (
	"cmp"
	"math"
	"path"
	"slices"
	"time"
)

// sourceData reads data_layout.csv and the files it names.
func (r *caseReader) sourceData() {
	f := r.source.open(path.Join(r.data, "data_layout.csv"))
	if f == nil {
		r.found.add(SevWarning, path.Join(r.data, "data_layout.csv"), 0, 0, "there are no reports: no total to spread and nothing to compare with", "the file is missing")
		return
	}
	type entry struct {
		row   csvRow
		place int
	}
	var entries []entry
	listed := map[string]bool{}
	for i, row := range f.rows {
		if row.comment || i == 0 && looksLikeHeader(row, "name") {
			continue
		}
		if listed[row.get(0)] {
			r.found.add(SevError, f.name, row.line, 1, "the line is left out", "%q was listed before", clip(row.get(0)))
			continue
		}
		listed[row.get(0)] = true
		if row.get(0) == "total" {
			entries = append(entries, entry{row, -1})
			continue
		}
		p := r.c.PlaceIndex(row.get(0))
		if p < 0 {
			r.found.add(SevError, f.name, row.line, 1, "its reports are not compared; Flee still adds them to the total, and so does compat", "no place is called %q", clip(row.get(0)))
			entries = append(entries, entry{row, -2})
			continue
		}
		if !r.c.Places[p].Kind.IsCamp() {
			r.found.add(SevNote, f.name, row.line, 1, "it is compared all the same", "%s has reports and is a %s", clip(row.get(0)), r.c.Places[p].Kind)
		}
		entries = append(entries, entry{row, p})
	}
	if r.c.Start.IsZero() {
		for _, e := range entries {
			for i := 1; i < len(e.row.cells); i++ {
				r.firstDate(e.row.get(i))
			}
		}
	}
	if r.c.Start.IsZero() {
		r.c.Start = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
		r.found.add(SevError, path.Join(r.in, "sim_period.csv"), 0, 0, "day 0 is 2000-01-01", "no start date is known")
	}
	for _, e := range entries {
		s := r.series(f, e.row)
		switch e.place {
		case -1:
			r.c.Total = &s
		case -2:
			r.c.Unmapped = append(r.c.Unmapped, s)
		default:
			r.c.Camps = append(r.c.Camps, CampSeries{e.place, s})
		}
	}
	for i, p := range r.c.Places {
		if p.Kind.IsCamp() && !slices.ContainsFunc(r.c.Camps, func(s CampSeries) bool { return s.Place == i }) {
			r.found.add(SevNote, f.name, 0, 0, "it takes people and is not compared", "camp %s has no reports", clip(p.Name))
		}
	}
}

func (r *caseReader) firstDate(file string) {
	if file == "" {
		return
	}
	f := (&source{fs: r.fs}).open(path.Join(r.data, file))
	if f == nil {
		return
	}
	for _, row := range f.rows {
		if t, err := time.Parse("2006-01-02", row.get(0)); err == nil {
			if r.c.Start.IsZero() || t.Before(r.c.Start) {
				r.c.Start = t
			}
			return
		}
	}
}

// series merges the files of one line of data_layout.csv: on the union of their
// dates the last value of each file is carried and summed.
func (r *caseReader) series(layout *csvFile, row csvRow) Series {
	s := Series{Name: row.get(0)}
	var parts [][]Report
	for i := 1; i < len(row.cells); i++ {
		name := row.get(i)
		if name == "" {
			continue
		}
		s.Files = append(s.Files, name)
		file := r.source.open(path.Join(r.data, name))
		if file == nil {
			r.found.add(SevError, layout.name, row.line, i+1, "the camp counts as empty", "no file %s in %s", clip(name), r.data)
			continue
		}
		reports := r.reports(file)
		if len(reports) == 0 {
			r.found.add(SevError, file.name, 0, 0, "the camp counts as empty", "no report could be read")
		}
		parts = append(parts, reports)
	}
	if len(s.Files) == 0 {
		r.found.add(SevError, layout.name, row.line, 2, "the camp counts as empty", "%s names no file", clip(s.Name))
	}
	s.Reports = sumReports(parts)
	if len(parts) > 1 {
		s.asFlee = parts[0]
		for _, p := range parts[1:] {
			s.asFlee = fleeSum(s.asFlee, p)
		}
	}
	return s
}

func (r *caseReader) reports(f *csvFile) []Report {
	var out []Report
	for i, row := range f.rows {
		if row.comment {
			continue
		}
		t, ok := r.date(f, row, 0)
		if !ok {
			if i > 0 {
				r.found.add(SevError, f.name, row.line, 1, "the line is left out", "not a date: %q", clip(row.get(0)))
			}
			continue
		}
		if row.get(1) == "" {
			r.found.add(SevWarning, f.name, row.line, 2, "the line is left out", "no count")
			continue
		}
		v := r.number(f, row, 1, "the count", math.NaN())
		if math.IsNaN(v) {
			continue
		}
		if v < 0 || v > 2e9 {
			r.found.add(SevError, f.name, row.line, 2, "taken as 0", "a count of %s", clip(row.get(1)))
			v = 0
		}
		if y := t.Year(); y < 1900 || y > 2200 {
			r.found.add(SevError, f.name, row.line, 1, "the line is left out", "the year %d", y)
			continue
		}
		if len(out) == maxReports {
			break
		}
		out = append(out, Report{daysBetween(r.c.Start, t), t, v})
	}
	if !slices.IsSortedFunc(out, byDay) {
		r.found.add(SevWarning, f.name, 0, 0, "they are put in order", "the dates are not in order")
		slices.SortStableFunc(out, byDay)
	}
	kept := out[:0]
	for _, rep := range out {
		if n := len(kept); n > 0 && kept[n-1].Day == rep.Day {
			r.found.add(SevWarning, f.name, 0, 0, "the last one counts", "%s is given twice", rep.Date.Format("2006-01-02"))
			kept[n-1] = rep
			continue
		}
		kept = append(kept, rep)
	}
	return kept
}

func byDay(a, b Report) int { return cmp.Compare(a.Day, b.Day) }

func sumReports(parts [][]Report) []Report {
	if len(parts) == 1 {
		return parts[0]
	}
	var all []Report
	for _, p := range parts {
		all = append(all, p...)
	}
	slices.SortStableFunc(all, byDay)
	all = slices.CompactFunc(all, func(a, b Report) bool { return a.Day == b.Day })
	for i := range all {
		sum := 0.0
		for _, p := range parts {
			n, found := slices.BinarySearchFunc(p, all[i].Day, func(r Report, d int) int { return r.Day - d })
			if found {
				sum += p[n].Count
			} else if n > 0 {
				sum += p[n-1].Count
			}
		}
		all[i].Count = sum
	}
	return all
}

// fleeSum adds two files the way Flee 3 does, for compat: on dates of b before
// the next date of a it takes a's next value, and it stops with b's last date.
func fleeSum(a, b []Report) []Report {
	if len(a) == 0 || len(b) == 0 {
		return append(slices.Clone(a), b...)
	}
	var out []Report
	at, last := 0, 0.0
	for _, r := range b {
		for r.Day > a[at].Day {
			out = append(out, Report{a[at].Day, a[at].Date, a[at].Count + last})
			if at == len(a)-1 {
				break
			}
			at++
		}
		if r.Day > a[at].Day {
			continue // a has ended
		}
		out = append(out, Report{r.Day, r.Date, r.Count + a[at].Count})
		if r.Day == a[at].Day && at < len(a)-1 {
			at++
		}
		last = r.Count
	}
	slices.SortStableFunc(out, byDay)
	return slices.CompactFunc(out, func(a, b Report) bool { return a.Day == b.Day })
}

// corrections applies registration_corrections.csv: head counts before a
// registration are scaled by what the registration found.
func (r *caseReader) corrections() {
	f := r.open("registration_corrections.csv")
	if f == nil {
		return
	}
	for _, row := range f.rows {
		if row.comment || row.get(0) == "" {
			continue
		}
		s := r.c.reported(row.get(0))
		if s == nil {
			r.found.add(SevWarning, f.name, row.line, 1, "the line is left out", "no camp with reports is called %q", clip(row.get(0)))
			continue
		}
		t, ok := r.date(f, row, 1)
		if !ok {
			r.found.add(SevError, f.name, row.line, 2, "the line is left out", "not a date: %q", clip(row.get(1)))
			continue
		}
		r.correct(f, row, s, t)
	}
}

func (r *caseReader) correct(f *csvFile, row csvRow, s *Series, t time.Time) {
	day := daysBetween(r.c.Start, t)
	if day < 0 {
		r.found.add(SevNote, f.name, row.line, 2, "it is left out, as in Flee", "the correction lies before the start")
		return
	}
	s.asFlee = scaled(s.asFlee, day)
	n, found := slices.BinarySearchFunc(s.Reports, day, func(r Report, d int) int { return r.Day - d })
	if !found {
		r.found.add(SevError, f.name, row.line, 2, "it is left out", "%s has no report on %s (Flee stops here)", s.Name, t.Format("2006-01-02"))
		return
	}
	if n == 0 {
		return
	}
	before, at := s.Reports[n-1].Count, s.Reports[n].Count
	if before <= 0 {
		r.found.add(SevWarning, f.name, row.line, 2, "it is left out", "the report before is 0, nothing can be scaled")
		return
	}
	for i := range n {
		s.Reports[i].Count = s.Reports[i].Count * at / before
	}
}

// scaled applies a correction to the series that compat uses.
func scaled(reports []Report, day int) []Report {
	n, found := slices.BinarySearchFunc(reports, day, func(r Report, d int) int { return r.Day - d })
	if !found || n == 0 || reports[n-1].Count <= 0 {
		return reports
	}
	before, at := reports[n-1].Count, reports[n].Count
	for i := range n {
		reports[i].Count = reports[i].Count * at / before
	}
	return reports
}
