package abm

import (
	"context"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// folder is a case folder written as one text: a line `== name` before each
// file. (The parser of txtar 1.16 itself panics on the line `-- --`.)
func folder(text []byte) fstest.MapFS {
	m := fstest.MapFS{}
	for _, part := range strings.Split("\n"+string(text), "\n== ")[1:] {
		name, data, _ := strings.Cut(part, "\n")
		if fs.ValidPath(name) && name != "." {
			m[name] = &fstest.MapFile{Data: []byte(data)}
		}
	}
	return m
}

func archive(m fstest.MapFS) []byte {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(m)) {
		b.WriteString("== " + name + "\n" + strings.TrimSuffix(string(m[name].Data), "\n") + "\n")
	}
	return []byte(b.String())
}

// FuzzReadCase: no folder, however broken, may panic in reading or running.
func FuzzReadCase(f *testing.F) {
	f.Add(archive(smallCase()))
	f.Add(archive(with("simsetting.yml", "a: [", "input_csv/closures.csv", ",,,\n#\n\"")))
	f.Add(archive(with("input_csv/flood_level.csv", "#Day,Alun\n0,3\nx,\n", "input_csv/agents.csv", "location,age\nAlun,4\n", "input_csv/major_routes.csv", "Alun,Baru,Cita\n")))
	f.Add(archive(with("input_csv/demographics_age.csv", "age,Default,Alun\n3,1,0\n", "input_csv/region_attributes_IPC.csv", "#Day,North\n0,50\n10,200\n", "input_csv/sea_routes.csv", "Fela,Emas\n")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if len(raw) > 1<<16 {
			t.Skip("larger than any interesting mutation")
		}
		c, findings, err := ReadCase(folder(raw))
		if err != nil {
			if len(findings) == 0 {
				t.Fatal("a folder without a case and without a reason")
			}
			return
		}
		// A short run of few people: the point is what the rules meet.
		c.Days = min(c.Days, 12)
		c.Settings.Hasten = max(c.Settings.Hasten, 1)
		var most int64
		for _, s := range c.Camps {
			for _, r := range s.Reports {
				most = max(most, int64(r.Count))
			}
		}
		if most > 1e6 || len(c.Places) > 60 || len(c.Routes) > 200 || c.Settings.AwarenessLevel > 3 || c.Settings.ConflictDriven.Rate > 1e4 {
			return
		}
		for _, compat := range []Compat{CompatNone, CompatFlee} {
			r, err := Run(context.Background(), c, Options{Seed: 1, Compat: compat})
			if err == nil {
				Score(c, r)
				Gaps(c, r, Staffing{})
			}
		}
	})
}

func FuzzReadRuleset(f *testing.F) {
	f.Add("move_rules:\n  max_move_speed: 200.0\n")
	f.Add("spawn_rules: {conflict_driven_spawning: {spawn_mode: x}}\n")
	f.Add("a: &a [*a]\n? b\n: c\n---\n")
	f.Fuzz(func(t *testing.T, text string) {
		s, _ := ReadRuleset([]byte(text), "r.yml")
		if !(s.MaxMoveSpeed > 0) || s.Hasten < 1 || s.AwarenessLevel > 6 {
			t.Fatalf("settings no run could survive: %+v", s)
		}
	})
}

func TestBrokenCopiesOfRealCasesNeverPanic(t *testing.T) {
	// Every file of every case is, one at a time, missing, empty, cut in the
	// middle, and with its commas gone.
	root := sharedCases(t)
	for _, name := range []string{"mali2012", "dflee_Nigeria_dflee", "burundi2015"} {
		base := fstest.MapFS{}
		err := fs.WalkDir(os.DirFS(filepath.Join(root, name)), ".", func(p string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(filepath.Join(root, name, p))
			base[p] = &fstest.MapFile{Data: raw}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for file, whole := range base {
			for _, broken := range []string{"", "x", string(whole.Data[:len(whole.Data)/2]), strings.ReplaceAll(string(whole.Data), ",", ";"), strings.ReplaceAll(string(whole.Data), "1", "-1"), "\x00\xff,\"\n,,,,,\n"} {
				base[file] = &fstest.MapFile{Data: []byte(broken)}
				c, _, err := ReadCase(base)
				if err != nil {
					continue
				}
				c.Settings.Hasten = 2000
				c.Days = min(c.Days, 30)
				if r, err := Run(context.Background(), c, Options{}); err == nil {
					Score(c, r)
				}
			}
			base[file] = whole
		}
	}
}
