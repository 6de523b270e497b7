package ensemble

import (
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The four public cases, read here in the simplest way that serves the tests
// of this package; the engine abm owns the real reader.

var caseNames = []string{"mali2012", "burundi2015", "car2013", "ssudan2013"}

func sharedCases(t *testing.T) string {
	t.Helper()
	root := os.Getenv("LINTAS_SHARED")
	if root == "" {
		dir, _ := os.Getwd()
		for {
			if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
				root = filepath.Join(dir, "..", "shared")
				break
			}
			if dir == filepath.Dir(dir) {
				break
			}
			dir = filepath.Dir(dir)
		}
	}
	path := filepath.Join(root, "data", "displacement")
	if _, err := os.Stat(path); err != nil {
		t.Skipf("SKIPPED: the public displacement cases are not at %s; set LINTAS_SHARED to the folder that holds data/displacement", path)
	}
	return path
}

type testCase struct {
	Observed
	conflict func(day int) []Source
}

func readCSV(t *testing.T, path string) [][]string {
	t.Helper()
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, row := range rows {
		for i := range row {
			row[i] = strings.Trim(strings.TrimSpace(row[i]), "\"")
		}
	}
	return rows
}

func loadCase(t *testing.T, name string) testCase {
	t.Helper()
	dir := filepath.Join(sharedCases(t), name)
	period := map[string]string{}
	for _, row := range readCSV(t, filepath.Join(dir, "input_csv", "sim_period.csv")) {
		period[row[0]] = row[1]
	}
	start, err := time.Parse("2006-01-02", period["StartDate"])
	if err != nil {
		t.Fatal(err)
	}
	length, _ := strconv.Atoi(period["Length"])
	day := func(s string) (int, bool) {
		d, err := time.Parse("2006-01-02", s)
		return int(d.Sub(start).Hours() / 24), err == nil
	}
	c := testCase{Observed: Observed{Name: name, Days: length}}
	index := map[string]int{}
	type where struct{ lat, lon, pop float64 }
	all := map[string]where{}
	for _, row := range readCSV(t, filepath.Join(dir, "input_csv", "locations.csv")) {
		if strings.HasPrefix(row[0], "#") {
			continue
		}
		lat, _ := strconv.ParseFloat(row[3], 64)
		lon, _ := strconv.ParseFloat(row[4], 64)
		capacity, _ := strconv.ParseFloat(row[7], 64)
		all[row[0]] = where{lat, lon, capacity}
	}
	for _, row := range readCSV(t, filepath.Join(dir, "source_data", "data_layout.csv")) {
		if row[0] == "total" || strings.HasPrefix(row[0], "#") {
			continue
		}
		at, known := all[row[0]]
		if !known {
			continue
		}
		index[row[0]] = len(c.Places)
		c.Places = append(c.Places, Place{Name: row[0], Capacity: at.pop, Lat: at.lat, Lon: at.lon})
		var files []Series
		for _, file := range row[1:] {
			var s Series
			for _, rec := range readCSV(t, filepath.Join(dir, "source_data", file)) {
				if len(rec) < 2 {
					continue
				}
				d, ok := day(rec[0])
				v, err := strconv.ParseFloat(rec[1], 64)
				if ok && err == nil {
					s = append(s, Report{d, v})
				}
			}
			files = append(files, s)
		}
		c.Series = append(c.Series, Sum(files...))
	}
	for _, row := range readCSV(t, filepath.Join(dir, "input_csv", "registration_corrections.csv")) {
		if len(row) < 2 {
			continue
		}
		if d, ok := day(row[1]); ok {
			if i, known := index[row[0]]; known {
				c.Corrections = append(c.Corrections, Correction{i, d})
			}
		}
	}
	rows := readCSV(t, filepath.Join(dir, "input_csv", "conflicts.csv"))
	c.conflict = func(day int) []Source {
		var out []Source
		row := rows[min(day+1, len(rows)-1)]
		for k := 1; k < len(row) && k < len(rows[0]); k++ {
			if v, _ := strconv.ParseFloat(row[k], 64); v > 0 {
				at := all[rows[0][k]]
				out = append(out, Source{at.lat, at.lon, at.pop * v})
			}
		}
		return out
	}
	return c
}

func counted(o Observed) Counts {
	lev := o.Levelled()
	out := make(Counts, o.Days)
	for d := range out {
		out[d] = lev.Field(d)
	}
	return out
}
