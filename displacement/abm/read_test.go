package abm

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// with is the small case with files replaced; an empty text removes the file.
func with(files ...string) fstest.MapFS {
	m := smallCase()
	for i := 0; i < len(files); i += 2 {
		if files[i+1] == "" {
			delete(m, files[i])
			continue
		}
		m[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return m
}

func mustRead(t *testing.T, folder fs.FS) (*Case, []Finding) {
	t.Helper()
	c, findings, err := ReadCase(folder)
	if err != nil {
		t.Fatal(err)
	}
	return c, findings
}

func TestAFindingNamesFileLineColumnAndWhatWasAssumed(t *testing.T) {
	for _, v := range []struct {
		name, file, text, want string
	}{
		{"unknown place on a route", "input_csv/routes.csv", "#h\nAlun,Baro,80,0\nAlun,Baru,80,0\n", `input_csv/routes.csv:2:2: error: no place is called "Baro"; the line is left out`},
		{"distance that is no number", "input_csv/routes.csv", "#h\nAlun,Baru,far,0\n", `input_csv/routes.csv:2:3: error: distance is not a number: "far"; taken as -1`},
		{"unknown closure", "input_csv/closures.csv", "#h\nbridge,Alun,Baru,1,2\n", `input_csv/closures.csv:2:1: error: unknown closure "bridge"; the line is left out`},
		{"unknown conflict column", "input_csv/conflicts.csv", "#Day,Alun,Nowhere\n0,1,1\n", `input_csv/conflicts.csv:1:3: error: no place or region is called "Nowhere"; the column is left out`},
		{"unknown type", "input_csv/locations.csv", "#h\nAlun,N,K,5,97,village,0,10\n", `input_csv/locations.csv:2:6: error: unknown location_type "village"; taken as a town; in Flee and with compat everybody leaves it at once`},
		{"a place given twice", "input_csv/locations.csv", "#h\nAlun,N,K,5,97,town,0,10\nAlun,N,K,5,97,town,0,10\n", `input_csv/locations.csv:2:1: error: place Alun is given again in line 3; this line is left out: the last one counts, as in Flee`},
		{"a correction on no report", "input_csv/registration_corrections.csv", "Duri,2020-04-02\n", `input_csv/registration_corrections.csv:1:2: error: Duri has no report on 2020-04-02 (Flee stops here); it is left out`},
		{"unknown setting", "simsetting.yml", "move_rules:\n  max_move_sped: 3\n", `simsetting.yml:2:3: warning: unknown setting move_rules.max_move_sped; it is ignored`},
		{"setting that is no number", "simsetting.yml", "move_rules:\n  max_move_speed: fast\n", `simsetting.yml:2:19: error: move_rules.max_move_speed is not a number: "fast"; the default holds`},
		{"missing report file", "source_data/data_layout.csv", "total,all.csv\nDuri,dari.csv\n", `source_data/data_layout.csv:2:2: error: no file dari.csv in source_data; the camp counts as empty`},
	} {
		t.Run(v.name, func(t *testing.T) {
			_, findings := mustRead(t, with(v.file, v.text))
			for _, f := range findings {
				if f.String() == v.want {
					return
				}
			}
			t.Fatalf("wanted\n  %s\namong\n  %v", v.want, findings)
		})
	}
}

func TestAFolderWithoutPlacesIsNoCase(t *testing.T) {
	_, findings, err := ReadCase(fstest.MapFS{})
	if !errors.Is(err, ErrNoCase) || len(findings) == 0 {
		t.Fatalf("error %v, findings %v", err, findings)
	}
}

func TestWindowsLineEndsQuotesAndAByteOrderMarkAreRead(t *testing.T) {
	c, findings := mustRead(t, with("input_csv/locations.csv", "\xef\xbb\xbf#name,region,country,x,y,t,d,p\r\n\"Alun\", \"North, upper\" ,Kelara,5.1,97.0,conflict_zone,0,40000\r\nBaru,N,Kelara,5,97,town,,\r\n"))
	if c.Places[0].Name != "Alun" || c.Places[0].Region != "North, upper" || c.Places[0].Population != 40000 {
		t.Fatalf("%+v, %v", c.Places[0], findings)
	}
}

func TestARegistrationScalesTheCountsBeforeIt(t *testing.T) {
	c := fstestCase(t)
	// 1500 on 20 March became 1200 by registration on 1 April: a factor of 0.8.
	if got := []int64{c.Observed(0, 0), c.Observed(0, 19), c.Observed(0, 31), c.Observed(0, 60)}; !slices.Equal(got, []int64{80, 1200, 1200, 2600}) {
		t.Fatalf("got %v", got)
	}
}

func TestSeveralFilesOfACampAreSummedOnTheUnionOfTheirDates(t *testing.T) {
	c := fstestCase(t)
	got := map[int]float64{}
	for _, r := range c.Camps[1].Reports {
		got[r.Day] = r.Count
	}
	want := map[int]float64{0: 0, 4: 0, 10: 400, 20: 700, 55: 1100, 60: 1600}
	for day, n := range want {
		if got[day] != n {
			t.Fatalf("day %d: %v, want %v in %v", day, got[day], n, got)
		}
	}
}

func TestEverySettingOfFleeIsRead(t *testing.T) {
	text := `
spawn_rules:
  take_from_population: True
  insert_day0: False
  conflict_spawn_decay: [1.0, 0.5]
  conflict_spawn_decay_interval: 10
  conflict_driven_spawning:
    spawn_mode: pop_ratio
  starvation_driven_spawning: True
move_rules:
  use_v1_rules: False
  awareness_level: 3
  stay_close_to_home: yes
  pruning_threshold: 20
  harvest_months: [9, 10]
  BoysTakeRisk: True
  flood_rules:
    flood_movechances: [0.3, 1.0]
    flood_forecaster: True
    flood_forecaster_timescale: 5
optimisations:
  hasten: 10
`
	s, findings := ReadRuleset([]byte(text), "r.yml")
	if len(findings) > 0 {
		t.Fatal(findings)
	}
	if !s.TakeFromPopulation || s.InsertDay0 || len(s.ConflictDecay) != 2 || s.ConflictDecayInterval != 10 ||
		s.ConflictDriven != (SpawnDrive{true, "pop_ratio", 0.01}) || !s.StarvationDriven || s.AwarenessLevel != 3 || !s.StayCloseToHome ||
		s.PruningThreshold != 20 || len(s.HarvestMonths) != 2 || !s.BoysTakeRisk || !s.Flood.On || s.Flood.ForecastDays != 5 || s.Hasten != 10 {
		t.Fatalf("%+v", s)
	}
	// Every key in the table must be settable without a complaint about its name.
	for key := range knownSettings {
		section, name, _ := strings.Cut(key, ".")
		doc := section + ":\n  " + name + ": 1\n"
		if deeper, leaf, ok := strings.Cut(name, "."); ok {
			doc = section + ":\n  " + deeper + ":\n    " + leaf + ": 1\n"
		}
		_, findings := ReadRuleset([]byte(doc), "r.yml")
		for _, f := range findings {
			if strings.Contains(f.What, "unknown setting") {
				t.Errorf("%s: %s", key, f)
			}
		}
	}
}

func TestTheOldRulesSetFiveNumbersWhateverElseIsSaid(t *testing.T) {
	s, _ := ReadRuleset([]byte("move_rules:\n  use_v1_rules: True\n  max_move_speed: 400\n  start_on_foot: True\n"), "r.yml")
	if s.MaxMoveSpeed != 200 || s.StartOnFoot || s.CampWeight != 2 || s.ConflictWeight != 0.25 {
		t.Fatalf("%+v", s)
	}
}

func TestACaseWithoutConflictsFileTakesTheDatesOfItsPlaces(t *testing.T) {
	c, _ := mustRead(t, with("input_csv/conflicts.csv", ""))
	if len(c.Conflict[0]) != 1 || c.Conflict[0][0].Day != 0 || c.Conflict[2][0].Day != 20 {
		t.Fatalf("%v", c.Conflict)
	}
}

func TestSeaRoutesAreRead(t *testing.T) {
	c, findings := mustRead(t, with("input_csv/sea_routes.csv", "#from,to,km,...\nFela,Emas,300,90,280,60,2,80,0.1,0.05,0.5,0.01,Duri:1;Emas:3\n"))
	if len(c.Sea) != 1 || c.Sea[0].Capacity != 80 || len(c.Sea[0].Landings) != 2 || c.Sea[0].Landings[1].Weight != 3 {
		t.Fatalf("%+v %v", c.Sea, findings)
	}
}

func TestACaseIsFoundHoweverItsFoldersLie(t *testing.T) {
	for name, place := range map[string]func(string) string{
		"one folder down":    func(f string) string { return "mali/" + f },
		"all in one folder":  func(f string) string { return f[strings.LastIndex(f, "/")+1:] },
		"data beside inputs": func(f string) string { return strings.Replace(f, "source_data/", "input_csv/", 1) },
		"data named else":    func(f string) string { return strings.Replace(f, "source_data/", "conflict_data/", 1) },
		"settings in inputs": func(f string) string { return strings.Replace(f, "simsetting.yml", "input_csv/simsetting.yml", 1) },
	} {
		t.Run(name, func(t *testing.T) {
			want := fstestCase(t)
			m := fstest.MapFS{}
			for f, data := range smallCase() {
				m[place(f)] = data
			}
			c, findings := mustRead(t, m)
			if len(c.Places) != len(want.Places) || len(c.Camps) != len(want.Camps) || c.Observed(0, 60) != want.Observed(0, 60) || c.Settings.MaxMoveSpeed != 200 {
				t.Fatalf("%d places, %d camps, speed %v: %v", len(c.Places), len(c.Camps), c.Settings.MaxMoveSpeed, findings)
			}
		})
	}
}

func TestACorrectionBeforeTheStartOrWithTheFirstReportChangesNothing(t *testing.T) {
	plain, _ := mustRead(t, with("input_csv/registration_corrections.csv", ""))
	for _, row := range []string{"Duri,2019-12-01\n", "Duri,2020-03-01\n", "Nowhere,2020-04-01\n", "# Duri,2020-04-01\n"} {
		c, _ := mustRead(t, with("input_csv/registration_corrections.csv", row))
		for day := range 60 {
			if c.Observed(0, day) != plain.Observed(0, day) {
				t.Fatalf("%q changed day %d", row, day)
			}
		}
	}
}

func TestReportsAreStraightLinesCutToWholePeopleAndFlatOutside(t *testing.T) {
	c, _ := mustRead(t, with("source_data/fela.csv", "2020-03-11,10\n2020-03-14,20\n", "input_csv/registration_corrections.csv", ""))
	i := slices.IndexFunc(c.Camps, func(s CampSeries) bool { return s.Name == "Fela" })
	var got []int64
	for _, day := range []int{0, 10, 11, 12, 13, 59} {
		got = append(got, c.Observed(i, day))
	}
	if !slices.Equal(got, []int64{10, 10, 13, 16, 20, 20}) {
		t.Fatal(got)
	}
}
