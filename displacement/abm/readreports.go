package abm

import (
	"cmp"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"time"
)

// sourceData reads data_layout.csv and the files it names.
func (r *caseReader) sourceData() {
	f := r.source.open(path.Join(r.data, "data_layout.csv"))
	if f == nil {
		r.found.add(SevWarning, path.Join(r.data, "data_layout.csv"), 0, 0, "there are no reports: no total to spread and nothing to compare with", "the file is missing")
		return
	}
	entries := r.layout(f)
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
	for n, e := range entries {
		s := r.series(f, e.row)
		switch e.place {
		case aTotal:
			r.c.Total = &s
			if n > 0 {
				// Flee takes the first line for the total and adds the others up.
				r.c.Unmapped = append(r.c.Unmapped, s)
			}
		case anUnmapped:
			r.c.Unmapped = append(r.c.Unmapped, s)
		default:
			r.c.Camps = append(r.c.Camps, CampSeries{Place: e.place, Series: s, first: n == 0})
		}
	}
	for i, p := range r.c.Places {
		if p.Kind.IsCamp() && !slices.ContainsFunc(r.c.Camps, func(s CampSeries) bool { return s.Place == i }) {
			r.found.add(SevNote, f.name, 0, 0, "it takes people and is not compared", "camp %s has no reports", clip(p.Name))
		}
	}
}

// layoutEntry is one line of data_layout.csv and whose reports it names.
type layoutEntry struct {
	row   csvRow
	place int // index of the place, aTotal or anUnmapped
}

const (
	aTotal     = -1
	anUnmapped = -2
)

func (r *caseReader) layout(f *csvFile) []layoutEntry {
	var entries []layoutEntry
	listed := map[string]bool{}
	total := r.totalLine(f)
	for i, row := range f.rows {
		if row.comment || i == 0 && looksLikeHeader(row, "name") {
			continue
		}
		name := row.get(0)
		p := r.c.PlaceIndex(name)
		e := layoutEntry{row, p}
		switch first := len(entries) == 0; {
		case i == total:
			e.place = aTotal
			if !first {
				r.found.add(SevWarning, f.name, row.line, 1, "here it is the total all the same; Flee, and compat, add it to the camps", "the total is not the first line")
			} else if !strings.EqualFold(name, "total") {
				r.found.add(SevWarning, f.name, row.line, 1, "taken for the total, as in Flee", "the first line is called %q", clip(name))
			}
		case listed[name]:
			e.place = anUnmapped
			r.found.add(SevError, f.name, row.line, 1, "the line is left out; Flee, and compat, add it to the total", "%q was listed before", clip(name))
		case p < 0:
			e.place = anUnmapped
			r.found.add(SevError, f.name, row.line, 1, "its reports are not compared; Flee still adds them to the total, and so does compat", "no place is called %q", clip(name))
		case first:
			r.found.add(SevWarning, f.name, row.line, 1, "its changes count here; Flee, and compat, take the first line for the total and leave it out", "the first line is a place, %s", clip(name))
		}
		if e.place >= 0 && !r.c.Places[p].Kind.IsCamp() {
			r.found.add(SevNote, f.name, row.line, 1, "it is compared all the same; with compat, as in Flee, it only adds to the total", "%s has reports and is a %s", clip(name), r.c.Places[p].Kind)
		}
		listed[name] = true
		entries = append(entries, e)
	}
	return entries
}

// totalLine is the row of the total: the one called so, else the first line if
// it is no place, as in Flee; -1 if there is none.
func (r *caseReader) totalLine(f *csvFile) int {
	first, likely := -1, -1
	for i, row := range f.rows {
		switch name := row.get(0); {
		case row.comment || i == 0 && looksLikeHeader(row, "name"):
			continue
		case name == "total":
			return i
		case likely < 0 && strings.EqualFold(name, "total"):
			likely = i
		}
		if first < 0 {
			first = i
		}
	}
	if likely < 0 && first >= 0 && r.c.PlaceIndex(f.rows[first].get(0)) < 0 {
		return first
	}
	return likely
}

func (r *caseReader) firstDate(file string) {
	if file == "" {
		return
	}
	quiet := &source{fs: r.fs}
	f := quiet.open(path.Join(r.data, file))
	if f == nil {
		return
	}
	f.orderOfDates(0)
	for _, row := range f.rows {
		if t, ok := quiet.date(f, row, 0); ok {
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
	var parts, asRead [][]Report
	for i := 1; i < len(row.cells); i++ {
		name := row.get(i)
		if name == "" {
			continue
		}
		s.Files = append(s.Files, name)
		file := r.reportFile(layout, row, i)
		if file == nil {
			r.found.add(SevError, layout.name, row.line, i+1, "the camp counts as empty", "no file %s in %s", clip(name), r.data)
			continue
		}
		reports, unordered := r.reports(file)
		if len(reports) == 0 {
			r.found.add(SevError, file.name, 0, 0, "the camp counts as empty", "no report could be read")
		}
		parts = append(parts, reports)
		asRead = append(asRead, unordered)
	}
	if len(s.Files) == 0 {
		r.found.add(SevError, layout.name, row.line, 2, "the camp counts as empty", "%s names no file", clip(s.Name))
	}
	s.Reports = sumReports(parts)
	if len(parts) > 1 || len(parts) == 1 && !slices.Equal(parts[0], asRead[0]) {
		s.asFlee = slices.Clone(asRead[0])
		for _, p := range asRead[1:] {
			s.asFlee = fleeSum(s.asFlee, p)
		}
	}
	return s
}

// reportFile opens a file that data_layout.csv names. Names from Windows, in
// other letters or with backslashes, are found too.
func (r *caseReader) reportFile(layout *csvFile, row csvRow, i int) *csvFile {
	name := path.Join(r.data, row.get(i))
	if f := r.source.open(name); f != nil {
		return f
	}
	name = path.Join(r.data, strings.ReplaceAll(row.get(i), `\`, "/"))
	entries, err := fs.ReadDir(r.fs, path.Dir(name))
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if other := path.Join(path.Dir(name), e.Name()); strings.EqualFold(other, name) {
			if f := r.source.open(other); f != nil {
				r.found.add(SevWarning, layout.name, row.line, i+1, "read from "+other, "no file is called %s to the letter", clip(row.get(i)))
				return f
			}
		}
	}
	return nil
}

// reports reads one file: in order with one report a day, and as it stood.
func (r *caseReader) reports(f *csvFile) (ordered, asRead []Report) {
	var out []Report
	var lines []int
	f.orderOfDates(0)
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
		lines = append(lines, row.line)
	}
	for i := 1; i < len(out); i++ {
		if out[i].Day >= out[i-1].Day {
			continue
		}
		r.found.add(SevWarning, f.name, lines[i], 1, "they are put in order; with compat they are read in the order of the file, as Flee does", "the dates are not in order: %s comes after %s", out[i].Date.Format("2006-01-02"), out[i-1].Date.Format("2006-01-02"))
		break
	}
	last := map[int]int{}
	for i, rep := range out {
		if before, twice := last[rep.Day]; twice {
			r.found.add(SevWarning, f.name, lines[i], 1, "the last one counts; with compat the line before it leads to the first, as in Flee", "%s was given in line %d", rep.Date.Format("2006-01-02"), lines[before])
		}
		last[rep.Day] = i
	}
	ordered = make([]Report, 0, len(last))
	for i, rep := range out {
		if last[rep.Day] == i {
			ordered = append(ordered, rep)
		}
	}
	slices.SortFunc(ordered, byDay)
	return ordered, out
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
	return out
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
		if s == nil && r.c.Total != nil && r.c.Total.Name == row.get(0) {
			s = r.c.Total
		}
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
	fleeScale(s.asFlee, day)
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

// fleeScale applies a correction to the series that compat uses, whatever its
// order, as Flee does.
func fleeScale(reports []Report, day int) {
	for i := 1; i < len(reports); i++ {
		if reports[i].Day != day || reports[i-1].Count <= 0 {
			continue
		}
		before, at := reports[i-1].Count, reports[i].Count
		for k := range i {
			reports[k].Count = reports[k].Count * at / before
		}
	}
}
