package displacement

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"lintas/displacement/abm"
	"lintas/displacement/ensemble"
	"lintas/kernel/problem"
)

// Limits of a case folder or bundle: larger ones are refused before reading.
const (
	maxCaseFiles = 5_000
	maxCaseBytes = 256 << 20
)

// Refusals of a bundle. Each call makes its own: the findings of one case are added to it.
func errBundle() *problem.Problem {
	return problem.New(problem.Malformed, "displacement.bad-bundle", "The file is not a zip of a case folder, or it is damaged. Make it again and send it.")
}

func errManyFiles() *problem.Problem {
	return problem.New(problem.TooLarge, "displacement.too-many-files", "The case holds more than %d files.", maxCaseFiles)
}

func errLargeCase() *problem.Problem {
	return problem.New(problem.TooLarge, "displacement.case-too-large", "The case is larger than %d MB.", maxCaseBytes>>20)
}

// packCase makes a bundle (zip) of a case folder with its files in order and
// without dates, so that the same folder gives the same bytes.
func packCase(folder fs.FS) ([]byte, error) {
	var names []string
	err := fs.WalkDir(folder, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if ext := strings.ToLower(filepath.Ext(name)); ext == ".csv" || ext == ".yml" || ext == ".yaml" || d.Name() == landFile {
			names = append(names, name)
		}
		if len(names) > maxCaseFiles {
			return errManyFiles()
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	files := make(map[string][]byte, len(names))
	total := 0
	for _, name := range names {
		raw, err := fs.ReadFile(folder, name)
		if err != nil {
			return nil, err
		}
		if total += len(raw); total > maxCaseBytes {
			return nil, errLargeCase()
		}
		files[filepath.ToSlash(name)] = raw
	}
	return packFiles(files)
}

// packFiles zips files in the order of their names and without dates.
func packFiles(files map[string][]byte) ([]byte, error) {
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range sortedKeys(files) {
		w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate})
		if err != nil {
			return nil, err
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, err
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// bundleFiles reads all files of a bundle.
func bundleFiles(bundle []byte) (map[string][]byte, error) {
	folder, err := unpackCase(bundle)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	err = fs.WalkDir(folder, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		files[name], err = fs.ReadFile(folder, name)
		return err
	})
	return files, err
}

// layout is source_data/data_layout.csv: which file holds whose reports.
type layout struct {
	folder string
	lines  [][]string
}

// readLayout finds the reports where the reader of cases does: in source_data, or
// wherever data_layout.csv lies; without one they will lie in source_data.
func readLayout(files map[string][]byte) *layout {
	l := &layout{folder: "source_data/"}
	for _, name := range sortedKeys(files) {
		if within, is := strings.CutSuffix(name, "input_csv/locations.csv"); is && files["source_data/data_layout.csv"] == nil {
			l.folder = within + "source_data/"
		}
	}
	if files[l.folder+"data_layout.csv"] == nil {
		for _, name := range sortedKeys(files) {
			if path.Base(name) == "data_layout.csv" {
				l.folder = strings.TrimSuffix(name, "data_layout.csv")
				break
			}
		}
	}
	_ = eachLine(string(files[l.folder+"data_layout.csv"]), 1, func(_ int, cells []string) error {
		l.lines = append(l.lines, cells)
		return nil
	})
	return l
}

// filesOf are the files of a place or of the total.
func (l *layout) filesOf(name string) []string {
	for _, line := range l.lines {
		if l.names(line, name) {
			return slices.DeleteFunc(slices.Clone(line[1:]), func(s string) bool { return s == "" })
		}
	}
	return nil
}

// names is true for the line of a name. The total may be written in any letters.
func (l *layout) names(line []string, name string) bool {
	return line[0] == name || name == "total" && strings.EqualFold(line[0], name)
}

// keep writes that name's reports lie in file, and in no other.
func (l *layout) keep(files map[string][]byte, name, file string) {
	i := slices.IndexFunc(l.lines, func(line []string) bool { return l.names(line, name) })
	if i < 0 {
		l.lines, i = append(l.lines, nil), len(l.lines)
	}
	l.lines[i] = []string{name, file}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	_ = w.WriteAll(l.lines) // to memory: cannot fail
	files[l.folder+"data_layout.csv"] = out.Bytes()
}

// unpackCase opens a bundle as a folder. A bundle that would grow beyond the
// limit is refused by what it really holds, not by what its index claims.
func unpackCase(bundle []byte) (fs.FS, error) {
	z, err := zip.NewReader(bytes.NewReader(bundle), int64(len(bundle)))
	if err != nil {
		return nil, errBundle()
	}
	if len(z.File) > maxCaseFiles {
		return nil, errManyFiles()
	}
	left := int64(maxCaseBytes)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, errBundle()
		}
		n, err := io.Copy(io.Discard, io.LimitReader(r, left+1))
		r.Close()
		if left -= n; left < 0 {
			return nil, errLargeCase()
		}
		if err != nil {
			return nil, errBundle()
		}
	}
	return rootOf(z), nil
}

// rootOf steps into the only folder of a bundle that was zipped with its name.
func rootOf(z fs.FS) fs.FS {
	entries, err := fs.ReadDir(z, ".")
	if err != nil || len(entries) != 1 || !entries[0].IsDir() || entries[0].Name() == "input_csv" {
		return z
	}
	if sub, err := fs.Sub(z, entries[0].Name()); err == nil {
		return sub
	}
	return z
}

// openCase reads a case from a folder or a bundle on disk.
func openCase(path string) (*abm.Case, []abm.Finding, []byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, nil, problem.New(problem.NotFound, "displacement.case-not-found", "There is no case at %q.", path)
	}
	var bundle []byte
	if info.IsDir() {
		path = caseRoot(path)
		bundle, err = packCase(os.DirFS(path))
	} else {
		bundle, err = os.ReadFile(path)
	}
	if err != nil {
		return nil, nil, nil, err
	}
	c, found, err := readBundle(bundle)
	if c != nil && c.Name == "" {
		c.Name = caseName(path)
	}
	return c, found, bundle, err
}

// caseName is the name of the folder or bundle, also of "." and of a link.
func caseName(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		path = whole
	}
	return strings.TrimSuffix(filepath.Base(path), ".zip")
}

// caseRoot steps out of input_csv when that folder is named in place of its case.
func caseRoot(path string) string {
	whole, err := filepath.Abs(path)
	if err == nil && filepath.Base(whole) == "input_csv" {
		if info, err := os.Stat(filepath.Join(filepath.Dir(whole), "source_data")); err == nil && info.IsDir() {
			return filepath.Dir(whole)
		}
	}
	return path
}

// readBundle reads a case from a bundle. Findings come with an error too.
func readBundle(bundle []byte) (*abm.Case, []abm.Finding, error) {
	folder, err := unpackCase(bundle)
	if err != nil {
		return nil, nil, err
	}
	c, found, err := abm.ReadCase(folder)
	if errors.Is(err, abm.ErrNoCase) {
		why := ""
		for _, f := range found {
			if f.Severity == abm.SevError && (why == "" || strings.HasSuffix(f.File, "locations.csv")) {
				why = " " + f.String() + "."
			}
		}
		return nil, found, problem.New(problem.Invalid, "displacement.no-case", "No place could be read from locations.csv.%s", why)
	}
	if err != nil {
		return nil, found, fmt.Errorf("read the case: %w", err)
	}
	if c.Days == 0 {
		return nil, found, problem.New(problem.Invalid, "displacement.no-days", "The case has no days: sim_period.csv gives no Length, and there are no reports to take it from.")
	}
	return c, found, nil
}

// observed is the case as those who count see it, for the baselines and
// forecasts. Reports are on the level of the registrations the reader applied.
func observed(c *abm.Case) ensemble.Observed {
	o := ensemble.Observed{Name: c.Name, Days: c.Days}
	for _, camp := range c.Camps {
		p := c.Places[camp.Place]
		o.Places = append(o.Places, ensemble.Place{Name: p.Name, Capacity: float64(p.Capacity), Lat: p.Lat, Lon: p.Lon})
		s := make(ensemble.Series, 0, len(camp.Reports))
		for _, r := range camp.Reports {
			s = append(s, ensemble.Report{Day: r.Day, Count: r.Count})
		}
		o.Series = append(o.Series, s)
	}
	return o
}

// sources are the places of conflict on a day with their population, for gravity.
func sources(c *abm.Case) func(day int) []ensemble.Source {
	return func(day int) []ensemble.Source {
		var out []ensemble.Source
		for i, steps := range c.Conflict {
			v := 0.0
			for _, s := range steps {
				if s.Day <= day {
					v = s.Value
				}
			}
			if v > 0 {
				p := c.Places[i]
				out = append(out, ensemble.Source{Lat: p.Lat, Lon: p.Lon, Weight: v * float64(max(1, p.Population))})
			}
		}
		return out
	}
}
