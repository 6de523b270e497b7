package abm

import (
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// What Flee's readers do with files as its cases have them, and what ours make
// of files that a spreadsheet has been through. All cases here are invented.

func hasFinding(findings []Finding, want string) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return strings.Contains(f.String(), want) })
}

func needFinding(t *testing.T, findings []Finding, want string) {
	t.Helper()
	if !hasFinding(findings, want) {
		t.Fatalf("wanted a finding with\n  %s\namong\n  %v", want, findings)
	}
}

// --- simsetting.yml ---

func TestOfASettingGivenTwiceTheLastCountsAndTheOthersStay(t *testing.T) {
	s, findings := ReadRuleset([]byte("spawn_rules:\n  flood_driven_spawning: True\n  flood_zone_spawning_only: True\n  conflict_zone_spawning_only: False\n  take_from_population: True\n  flood_driven_spawning:\n    flood_spawn_mode: \"pop_ratio\"\n    displaced_per_flood_day: [0.0,0.1]\nmove_rules:\n  max_move_speed: 123\n"), "s.yml")
	if !s.FloodDriven.On || !slices.Equal(s.FloodDriven.Rate, []float64{0, 0.1}) || s.MaxMoveSpeed != 123 {
		t.Fatalf("%+v", s)
	}
	needFinding(t, findings, "s.yml:2:3: warning: spawn_rules.flood_driven_spawning is given again in line 6; the last one counts, as in Flee")
}

func TestOfASectionGivenTwiceNothingOfTheFirstCounts(t *testing.T) {
	s, findings := ReadRuleset([]byte("move_rules:\n  max_move_speed: 123\nmove_rules:\n  camp_weight: 3\n"), "s.yml")
	if s.MaxMoveSpeed != DefaultSettings().MaxMoveSpeed || s.CampWeight != 3 {
		t.Fatalf("speed %v, camp weight %v", s.MaxMoveSpeed, s.CampWeight)
	}
	needFinding(t, findings, "s.yml:1:1: warning: move_rules is given again in line 3")
}

func TestTabsAtTheEndOfALineLoseNoSetting(t *testing.T) {
	s, findings := ReadRuleset([]byte("move_rules:\t\n  max_move_speed: 123\t\r\n\t\noptimisations:\n  hasten: 10 \t\n"), "s.yml")
	if s.MaxMoveSpeed != 123 || s.Hasten != 10 {
		t.Fatalf("%v, %v: %v", s.MaxMoveSpeed, s.Hasten, findings)
	}
}

func TestSettingsAreTakenAsFleeTakesThem(t *testing.T) {
	for _, v := range []struct {
		text, finding string
		right         func(Settings) bool
	}{
		{"move_rules:\n  awareness_level: 2.7\n", "cut to 2, as in Flee", func(s Settings) bool { return s.AwarenessLevel == 2 }},
		{"move_rules:\n  awareness_level: -1\n", "taken as 1", func(s Settings) bool { return s.AwarenessLevel == 1 }},
		{"optimisations:\n  hasten: 1_000\n", "", func(s Settings) bool { return s.Hasten == 1000 }},
		{"move_rules:\n  start_on_foot: 2\n", "any number but 0 is on", func(s Settings) bool { return s.StartOnFoot }},
		{"spawn_rules:\n  insert_day0: \"False\"\n", "Flee takes any quoted word for on", func(s Settings) bool { return !s.InsertDay0 }},
		{"move_rules:\n  two_system_decision_making: true\n", "warning: move_rules.two_system_decision_making is not modelled; everybody decides by the one rule", nil},
		{"default_conflict_intensity: 2\n", "error: default_conflict_intensity is not modelled", nil},
		{"log_levels:\n  agent: 1\n", "agents.out is not written", nil},
		{"log_levels:\n  granularity: region\n", "per place, not per region", nil},
		{"spawn_rules:\n  spawn_rules_camps: False\n", "warning: unknown setting spawn_rules.spawn_rules_camps; it is ignored", nil},
		{"spawn_rules:\n  flood_zone_spawning_only: True\n  conflict_zone_spawning_only: False\n  conflict_driven_spawning:\n    spawn_mode: constant\n", "conflict_driven_spawning is left out, as in Flee", func(s Settings) bool { return !s.ConflictDriven.On }},
		{"spawn_rules:\n  flood_driven_spawning: True\n  take_from_population: True\n", "Flee and compat spread the reported totals", func(s Settings) bool { return s.FloodDriven.On }},
		{"spawn_rules:\n  flood_driven_spawning: True\n  flood_zone_spawning_only: True\n  conflict_zone_spawning_only: False\n", "the same people again each day", nil},
	} {
		s, findings := ReadRuleset([]byte(v.text), "s.yml")
		if v.finding != "" && !hasFinding(findings, v.finding) || v.finding == "" && len(findings) > 0 {
			t.Errorf("%q: wanted %q among %v", v.text, v.finding, findings)
		}
		if v.right != nil && !v.right(s) {
			t.Errorf("%q was read as %+v", v.text, s)
		}
	}
}

func TestWhatASettingSwitchesOffIsNoLoss(t *testing.T) {
	_, findings := ReadRuleset([]byte("log_levels:\n  agent: 0\n  granularity: location\nmove_rules:\n  two_system_decision_making: False\ndefault_conflict_intensity: 1\n"), "s.yml")
	if len(findings) > 0 {
		t.Fatal(findings)
	}
}

// --- the form of the files ---

func TestAQuoteInsideANameIsALetter(t *testing.T) {
	c, _ := mustRead(t, with("input_csv/locations.csv", "#name,region,country,lat,lon,t,d,p\nAlun,N \"upper\" side,Kelara,5,97,conflict_zone,0,40000\nBaru,5\" road,Kelara,5,97,town,,12\n"))
	if len(c.Places) != 2 || c.Places[0].Region != `N "upper" side` || c.Places[1].Region != `5" road` || c.Places[1].Population != 12 {
		t.Fatalf("%+v", c.Places)
	}
}

func TestAQuotedCellMayRunOverALineEnd(t *testing.T) {
	c, findings := mustRead(t, with("input_csv/locations.csv", "#name,region,country,lat,lon,t,d,\"pop\n/cap\"\nAlun,N,Kelara,5,97,conflict_zone,0,40000\n"))
	if len(c.Places) != 1 || c.Places[0].Population != 40000 {
		t.Fatalf("%+v %v", c.Places, findings)
	}
}

func TestAQuoteThatNeverClosesLosesOnlyItsMeaning(t *testing.T) {
	c, findings := mustRead(t, with("input_csv/locations.csv", "#name,region,country,lat,lon,t,d,p\nAlun,\"N,Kelara,5,97,conflict_zone,0,40000\nBaru,N,Kelara,5,97,town,,12\n"))
	if len(c.Places) != 2 || c.Places[0].Population != 40000 {
		t.Fatalf("%+v", c.Places)
	}
	needFinding(t, findings, "input_csv/locations.csv:2: warning: a quote is never closed")
}

func TestFilesOfSpreadsheetsInOtherCountriesAreRead(t *testing.T) {
	want := fstestCase(t)
	for name, change := range map[string]func(string) string{
		"semicolons":         func(s string) string { return strings.ReplaceAll(s, ",", ";") },
		"tabs":               func(s string) string { return strings.ReplaceAll(s, ",", "\t") },
		"line ends of a Mac": func(s string) string { return strings.ReplaceAll(s, "\n", "\r") },
		"everything in quotes": func(s string) string {
			lines := strings.Split(strings.TrimSuffix(s, "\n"), "\n")
			for i, line := range lines {
				lines[i] = `"` + strings.ReplaceAll(line, ",", `","`) + `"`
			}
			return strings.Join(lines, "\n")
		},
		"empty lines and spaces": func(s string) string {
			return "\n" + strings.ReplaceAll(strings.ReplaceAll(s, "\n", " \n \n"), ",", " , ")
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := fstest.MapFS{}
			for file, data := range smallCase() {
				text := string(data.Data)
				if strings.HasSuffix(file, ".csv") {
					text = change(text)
				}
				m[file] = &fstest.MapFile{Data: []byte(text)}
			}
			c, findings := mustRead(t, m)
			if len(c.Places) != len(want.Places) || len(c.Routes) != len(want.Routes) || len(c.Closures) != 1 || c.Days != 60 || c.Observed(0, 60) != want.Observed(0, 60) || len(c.Conflict[0]) != len(want.Conflict[0]) {
				t.Fatalf("%d places, %d routes, %d days: %v", len(c.Places), len(c.Routes), c.Days, findings)
			}
		})
	}
}

func TestThousandsSetApartAreRead(t *testing.T) {
	c, findings := mustRead(t, with("input_csv/locations.csv", "#name,region,country,lat,lon,t,d,p\nAlun,N,Kelara,5,97,conflict_zone,0,\"1,340,000\"\n"))
	if c.Places[0].Population != 1_340_000 {
		t.Fatalf("%+v", c.Places[0])
	}
	needFinding(t, findings, "read as 1.34e+06")
}

func TestDatesInOtherFormsAreRead(t *testing.T) {
	for form, text := range map[string]string{
		"day first":      "20/03/2020,1500\n05/04/2020,2600\n",
		"month first":    "03/20/2020,1500\n04/05/2020,2600\n",
		"names of month": "20-Mar-2020,1500\n5 April 2020,2600\n",
		"with a time":    "2020-03-20 00:00:00,1500\n2020-04-05T12:30:00Z,2600\n",
		"dots":           "20.3.2020,1500\n5.4.2020,2600\n",
	} {
		c, findings := mustRead(t, with("source_data/duri.csv", "Date,Refugees\n2020-03-01,100\n"+text, "input_csv/registration_corrections.csv", ""))
		if r := c.Camps[0].Reports; len(r) != 3 || r[1].Day != 19 || r[2].Day != 35 {
			t.Errorf("%s: %+v %v", form, r, findings)
		}
	}
}

// --- what stands in them ---

func TestAPeriodUnderItsOlderNameIsRead(t *testing.T) {
	c, findings := mustRead(t, with("input_csv/sim_period.csv", "", "input_csv/conflict_period.csv", "StartDate,2020-03-01\nLength,42\n"))
	if c.Days != 42 || c.Start.Format("2006-01-02") != "2020-03-01" {
		t.Fatalf("%d days from %s", c.Days, c.Start)
	}
	needFinding(t, findings, "conflict_period.csv: note: there is no sim_period.csv")
}

func TestAPlaceThatIsCommentedOutIsNoHeader(t *testing.T) {
	c, _ := mustRead(t, with("input_csv/locations.csv", "#name,region,country,lat,lon,t,d,p,hdi\nAlun,N,Kelara,5,97,conflict_zone,0,40000,0.4\n#Old,N,Kelara,5,97,town,0,1,0.1,x\nBaru,N,Kelara,5,97,town,,12,0.5\n"))
	if c.Places[1].Attributes["hdi"] != "0.5" {
		t.Fatalf("%+v", c.Places[1])
	}
}

func TestAHeaderWithTheLongitudeFirstIsBelieved(t *testing.T) {
	c, findings := mustRead(t, with("input_csv/locations.csv", "#name,region,country,longitude,latitude,t,d,p\nAlun,N,Kelara,97.5,5.25,conflict_zone,0,40000\n"))
	if c.Places[0].Lat != 5.25 || c.Places[0].Lon != 97.5 {
		t.Fatalf("%+v", c.Places[0])
	}
	needFinding(t, findings, "read as longitude and then latitude")
}

func TestOfAPlaceGivenTwiceTheLastCountsAndACampStaysOneForCompat(t *testing.T) {
	text := string(smallCase()["input_csv/locations.csv"].Data)
	c, findings := mustRead(t, with("input_csv/locations.csv", text+"Duri,East,Sunda,5.6,98.4,town,0,6000\n"))
	p := c.Places[c.PlaceIndex("Duri")]
	if len(c.Places) != 7 || p.Kind != Town || p.Population != 6000 || !p.CampToo {
		t.Fatalf("%+v", p)
	}
	needFinding(t, findings, "input_csv/locations.csv:6:1: error: place Duri is given again in line 9; this line is left out: the last one counts, as in Flee")
	if c.Camps[0].Name != "Duri" || !c.comparedAs(CompatFlee, 0) {
		t.Fatal("Flee compares Duri as a camp")
	}
}

func TestTheHomeCountryIsThatOfTheFirstLineEvenIfItIsGivenAgain(t *testing.T) {
	c, _ := mustRead(t, with("input_csv/locations.csv", "#name,region,country,lat,lon,t,d,p\nAlun,N,Kelara,5,97,conflict_zone,0,40000\nBaru,N,Kelara,5,97,town,,12\nAlun,N,Sunda,5,97,town,,1\n"))
	if !c.Places[0].Foreign || c.Places[1].Foreign {
		t.Fatalf("%+v", c.Places)
	}
}

func TestExchangedCoordinatesAreFound(t *testing.T) {
	head := "#name,region,country,lat,lon,t,d,p\nAlun,N,Kelara,5,47,conflict_zone,0,40000\nBaru,N,Kelara,6,46,town,,12\nCita,S,Kelara,4,48,town,,1\nDuri,E,Sunda,5,49,camp,,1\n"
	c, findings := mustRead(t, with("input_csv/locations.csv", head+"Emas,E,Sunda,46.5,5.5,camp,,1\nFela,E,Sunda,97.5,5.25,camp,,1\nGala,E,Sunda,30,30,camp,,1\n"))
	for name, want := range map[string][2]float64{"Emas": {5.5, 46.5}, "Fela": {5.25, 97.5}, "Gala": {30, 30}, "Alun": {5, 47}} {
		if p := c.Places[c.PlaceIndex(name)]; p.Lat != want[0] || p.Lon != want[1] {
			t.Errorf("%s lies at %v, %v", name, p.Lat, p.Lon)
		}
	}
	needFinding(t, findings, "input_csv/locations.csv:6:4: warning: Emas lies far from all others")
	needFinding(t, findings, "input_csv/locations.csv:7:4: warning: 97.5, 5.25 is a longitude and latitude")
}

func TestColumnsAndFilesThatNoRuleReadsAreNamed(t *testing.T) {
	_, findings := mustRead(t, with(
		"input_csv/locations.csv", "name,region,country,lat,lon,t,d,population,capacity,trade_volume,colour\nAlun,N,Kelara,5,97,conflict_zone,0,40000,,0,red\nDuri,N,Sunda,5,97,camp,0,0,500,0,\n",
		"input_csv/routes.csv", "#name1,name2,distance,forced_redirection,link_type,max_move_speed\nAlun,Duri,20,0,walk,30\n",
		"input_csv/region_attributes_rain.csv", "#Day,N\n0,3\n", "input_csv/floods.csv", "#Hour,Alun\n0,1\n", "input_csv/population.csv", "a,b\n"))
	for _, want := range []string{
		`input_csv/locations.csv:1:9: warning: a column "capacity" of its own`,
		`input_csv/locations.csv:1:11: note: the column "colour"`,
		`input_csv/routes.csv:1:5: note: the column "link_type"`,
		"input_csv/region_attributes_rain.csv: warning: no rule uses the attribute",
		"input_csv/floods.csv: warning: a flood file of an older version",
		"input_csv/population.csv: note: not a file of a case",
	} {
		needFinding(t, findings, want)
	}
	if hasFinding(findings, "trade_volume") || hasFinding(findings, "max_move_speed") {
		t.Fatalf("columns that are read were named: %v", findings)
	}
}

func TestTheDayOfConflictOfATownIsNotRead(t *testing.T) {
	_, findings := mustRead(t, with("input_csv/locations.csv", "#name,region,country,lat,lon,t,d,p\nAlun,N,Kelara,5,97,conflict_zone,0,40000\nBaru,N,Kelara,5,97,town,none,12\n"))
	if hasFinding(findings, "conflict_date") {
		t.Fatal(findings)
	}
}

func TestACommentAboveTheHeaderOfConflictsIsNoHeader(t *testing.T) {
	c, findings := mustRead(t, with("input_csv/conflicts.csv", "# from the duty log\n#Day,Alun,Cita\n0,1,0\n1,1,1\n"))
	if len(c.Conflict[0]) != 1 || len(c.Conflict[2]) != 1 || c.Conflict[2][0].Day != 1 {
		t.Fatalf("%v %v", c.Conflict, findings)
	}
}

func TestAPlaceWithTwoColumnsOfConflictKeepsTheFirst(t *testing.T) {
	c, findings := mustRead(t, with("input_csv/conflicts.csv", "#Day,Alun,Cita,Alun\n0,1,0,0\n1,1,1,0\n2,0,1,1\n"))
	if want := []Step{{0, 1}, {2, 0}}; !slices.Equal(c.Conflict[0], want) {
		t.Fatalf("%v", c.Conflict[0])
	}
	needFinding(t, findings, "input_csv/conflicts.csv:1:4: error: Alun has column 2 already")
}

func TestRowsOfConflictsThatSayAnotherDayAreNamedOnce(t *testing.T) {
	_, findings := mustRead(t, with("input_csv/conflicts.csv", "#Date,Alun\n2020-03-01,1\n2020-03-02,1\n2020-03-03,0\n"))
	n := 0
	for _, f := range findings {
		if f.File == "input_csv/conflicts.csv" && strings.Contains(f.Assumed, "rows are counted") {
			n++
		}
	}
	if n != 2 { // the first row, and how many there are
		t.Fatalf("%d findings: %v", n, findings)
	}
}

func TestFloodLevelsBetweenTwoRowsLieOnALine(t *testing.T) {
	c, _ := mustRead(t, with("input_csv/flood_level.csv", "#Day, Alun, Baru\n0,0,2\n4,4,2\n6,0,2\n"))
	var got []float64
	for day := range 8 {
		got = append(got, level(c.Flood[0], day))
	}
	if want := []float64{0, 1, 2, 3, 4, 2, 0, 0}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
}

func TestFoodCrisesAreFoundUnderTheirOtherName(t *testing.T) {
	c, _ := mustRead(t, with("input_csv/region_attributes_IPC_level.csv", "#Day,North\n0,50\n"))
	if len(c.IPC) == 0 || c.IPC[0][0].Value != 50 {
		t.Fatalf("%v", c.IPC)
	}
}

func TestAFileOfReportsIsFoundInOtherLetters(t *testing.T) {
	c, findings := mustRead(t, with("source_data/data_layout.csv", "total,all.csv\nDuri,DURI.CSV\nFela,Fela.csv\n"))
	if c.Observed(0, 0) == 0 || c.Observed(1, 60) != 1200 {
		t.Fatal(findings)
	}
	needFinding(t, findings, "source_data/data_layout.csv:2:2: warning: no file is called DURI.CSV to the letter; read from source_data/duri.csv")
}

// --- data_layout.csv: the first line is the total ---

func TestTheFirstLineOfTheLayoutIsTheTotalHoweverItIsCalled(t *testing.T) {
	c, findings := mustRead(t, with("source_data/data_layout.csv", "All of them,all.csv\nDuri,duri.csv\n"))
	if c.Total == nil || c.Total.At(60) != 5000 || len(c.Unmapped) != 0 {
		t.Fatalf("%+v, %v", c.Total, c.Unmapped)
	}
	needFinding(t, findings, `the first line is called "All of them"; taken for the total, as in Flee`)
}

func TestALineCalledTotalIsTheTotalAfterAFirstLineOfAnotherName(t *testing.T) {
	c, findings := mustRead(t, with("source_data/data_layout.csv", "Abroad,duri.csv\nDuri,duri.csv\nTotal,all.csv\n"))
	if c.Total == nil || c.Total.At(60) != 5000 {
		t.Fatalf("%+v %v", c.Total, findings)
	}
}

func spawnedBy(t *testing.T, c *Case, compat Compat) int64 {
	t.Helper()
	r := mustRun(t, c, Options{Seed: 1, Compat: compat})
	var n int64
	for _, day := range r.Spawned {
		n += int64(day)
	}
	return n
}

// layoutCase is the small case under Flee's defaults with other reports.
func layoutCase(t *testing.T, layout string) *Case {
	t.Helper()
	c, _ := mustRead(t, with("simsetting.yml", "spawn_rules:\n  insert_day0: True\n", "source_data/data_layout.csv", layout, "input_csv/registration_corrections.csv", "",
		"source_data/duri.csv", "2020-03-01,0\n2020-04-29,1000\n", "source_data/fela.csv", "2020-03-01,0\n2020-04-29,300\n", "source_data/baru.csv", "2020-03-01,70\n2020-04-29,570\n"))
	return c
}

func TestACampInTheFirstLineOfTheLayoutAddsToTheTotalOnlyHere(t *testing.T) {
	c := layoutCase(t, "Duri,duri.csv\nFela,fela.csv\n")
	if here, flee := spawnedBy(t, c, CompatNone), spawnedBy(t, c, CompatFlee); here != 1300 || flee != 300 {
		t.Fatalf("%d here and %d with compat, want 1300 and 300", here, flee)
	}
}

func TestATotalThatIsNotTheFirstLineIsAddedToTheCampsWithCompat(t *testing.T) {
	c := layoutCase(t, "Duri,duri.csv\ntotal,all.csv\nFela,fela.csv\n")
	// Flee: Fela and the total (0 to 5000 over 60 days); Duri is taken for the total.
	if here, flee := spawnedBy(t, c, CompatNone), spawnedBy(t, c, CompatFlee); here != 1300 || flee != 300+4916 {
		t.Fatalf("%d here and %d with compat", here, flee)
	}
}

func TestReportsOfATownOnlyAddToTheTotalWithCompat(t *testing.T) {
	c := layoutCase(t, "total,all.csv\nDuri,duri.csv\nBaru,baru.csv\n")
	flee := mustRun(t, c, Options{Seed: 1, Compat: CompatFlee})
	if got := spawnedBy(t, c, CompatFlee); got != 1500 {
		t.Fatalf("%d newly displaced, want 1000 and 500", got)
	}
	// Were Baru compared, its 70 people of day 0, whom Flee does not put there,
	// would be an error on every day.
	only := layoutCase(t, "total,all.csv\nDuri,duri.csv\n")
	only.Unmapped = append(only.Unmapped, c.Camps[1].Series)
	if a, b := Score(c, flee), Score(only, mustRun(t, only, Options{Seed: 1, Compat: CompatFlee})); a != b {
		t.Fatalf("%+v with the town, %+v without", a, b)
	}
}

func TestWithoutPeopleOfDayZeroFleeAddsTheTotalToTheCampsOfThatDay(t *testing.T) {
	c := layoutCase(t, "total,all.csv\nDuri,duri.csv\n")
	c.Settings.InsertDay0 = false
	for i := range c.Camps[0].Reports {
		c.Camps[0].Reports[i].Count += 100
	}
	c.Total.Reports[0].Count = 40
	if here, flee := spawnedBy(t, c, CompatNone), spawnedBy(t, c, CompatFlee); here != 1100 || flee != 1140 {
		t.Fatalf("%d here and %d with compat, want 1100 and 1140", here, flee)
	}
}

// --- reports out of order ---

func TestReportsOutOfOrderAreReadInTheOrderOfTheFileWithCompat(t *testing.T) {
	c, findings := mustRead(t, with("source_data/duri.csv", "2020-03-01,100\n2020-03-11,200\n2020-03-05,900\n2020-03-21,400\n", "input_csv/registration_corrections.csv", ""))
	var here, flee []int64
	for _, day := range []int{0, 4, 9, 10, 15, 20, 30} {
		here = append(here, c.Observed(0, day))
		flee = append(flee, c.ObservedAs(CompatFlee, 0, day))
	}
	// In the file's order, from 11 March on the line runs from 5 March (900) to 21 March (400).
	if want := []int64{100, 140, 190, 712, 556, 400, 400}; !slices.Equal(flee, want) {
		t.Errorf("with compat %v, want %v", flee, want)
	}
	if want := []int64{100, 900, 316, 200, 300, 400, 400}; !slices.Equal(here, want) {
		t.Errorf("here %v, want %v", here, want)
	}
	needFinding(t, findings, "source_data/duri.csv:3:1: warning: the dates are not in order: 2020-03-05 comes after 2020-03-11")
}

func TestOfADateGivenTwiceFleeComesFromTheLastAndGoesToTheFirst(t *testing.T) {
	c, findings := mustRead(t, with("source_data/duri.csv", "2020-03-01,100\n2020-03-11,200\n2020-03-11,300\n2020-03-21,400\n", "input_csv/registration_corrections.csv", ""))
	var flee []int64
	for _, day := range []int{5, 10, 15} {
		flee = append(flee, c.ObservedAs(CompatFlee, 0, day))
	}
	if want := []int64{150, 300, 350}; !slices.Equal(flee, want) {
		t.Fatalf("%v, want %v", flee, want)
	}
	needFinding(t, findings, "source_data/duri.csv:3:1: warning: 2020-03-11 was given in line 2")
}

func TestACorrectionOfTheTotalIsApplied(t *testing.T) {
	c, _ := mustRead(t, with("source_data/all.csv", "2020-03-01,100\n2020-03-20,1000\n2020-04-01,500\n", "input_csv/registration_corrections.csv", "total,2020-04-01\n"))
	if got := c.Total.At(0); got != 50 {
		t.Fatalf("%d on day 0, want half of 100", got)
	}
}

// --- rules that floods, food and types of places follow ---

func TestAnyFloodedPlaceSendsPeopleOff(t *testing.T) {
	c, _ := mustRead(t, with("simsetting.yml", "spawn_rules:\n  insert_day0: False\n  flood_driven_spawning: True\n  flood_zone_spawning_only: True\n  conflict_zone_spawning_only: False\n  take_from_population: True\n  flood_driven_spawn_mode:\n    flood_spawn_mode: pop_ratio\n    displaced_per_flood_day: [0.0,0.1]\n",
		"input_csv/flood_level.csv", "#Day,Baru\n0,1\n1,0\n", "input_csv/conflicts.csv", ""))
	if got := spawnedBy(t, c, CompatNone); got != 1200 {
		t.Fatalf("%d people left the flooded town of 12000, want a tenth", got)
	}
}

func TestFloodsTakeNobodyFromThePopulationInFlee(t *testing.T) {
	c, _ := mustRead(t, with("simsetting.yml", "spawn_rules:\n  insert_day0: False\n  flood_driven_spawning: True\n  flood_zone_spawning_only: True\n  conflict_zone_spawning_only: False\n  take_from_population: True\n  flood_driven_spawn_mode:\n    displaced_per_flood_day: [0.0,0.5]\n",
		"input_csv/flood_level.csv", "#Day,Baru\n0,1\n1,1\n2,0\n", "input_csv/conflicts.csv", "#Day,Alun\n0,0\n"))
	if here, flee := spawnedBy(t, c, CompatNone), spawnedBy(t, c, CompatFlee); here != 6000+3000 || flee != 6000+6000 {
		t.Fatalf("%d here and %d with compat, want half of 12000 and half of the rest, and half twice", here, flee)
	}
}

func TestFloodsDriveNothingInFleeWithoutFloodZonesOnly(t *testing.T) {
	c, _ := mustRead(t, with("simsetting.yml", "spawn_rules:\n  insert_day0: False\n  flood_driven_spawning: True\n  take_from_population: True\n", "input_csv/flood_level.csv", "#Day,Baru\n0,1\n1,0\n", "input_csv/registration_corrections.csv", ""))
	// Duri 100 to 2600, Emas 0 to 1600 with Flee's sum of two files, Fela 0 to 1200.
	if here, flee := spawnedBy(t, c, CompatNone), spawnedBy(t, c, CompatFlee); here != 1200 || flee < 4000 {
		t.Fatalf("%d here and %d with compat", here, flee)
	}
}

func TestHungerDrivesNobodyFromAPlaceWithoutConflictWhereOnlyThoseSpawn(t *testing.T) {
	for rule, want := range map[string]bool{"True": false, "False": true} {
		c, _ := mustRead(t, with("simsetting.yml", "spawn_rules:\n  starvation_driven_spawning: True\n  conflict_zone_spawning_only: "+rule+"\n",
			"input_csv/region_attributes_IPC.csv", "#Day,North,South\n0,80,80\n60,80,80\n"))
		w := &world{}
		w.build(c, &Options{})
		w.beginDay(0)
		w.settleDay()
		if got := w.spawnWeight[1] > 0; got != want { // Baru, a town
			t.Errorf("conflict_zone_spawning_only %s: people come from the town: %v", rule, got)
		}
		if w.spawnWeight[0] > float64(w.pop[0]) {
			t.Errorf("the weight %v of a place passes its people %d", w.spawnWeight[0], w.pop[0])
		}
	}
}

func TestFleeDoesNotDivideARateOfPersonsByHasten(t *testing.T) {
	c, _ := mustRead(t, with("simsetting.yml", "spawn_rules:\n  insert_day0: False\n  conflict_driven_spawning:\n    spawn_mode: constant\n    displaced_per_conflict_day: 30\noptimisations:\n  hasten: 10\n", "input_csv/conflicts.csv", "#Day,Alun\n0,1\n1,0\n"))
	if here, flee := spawnedBy(t, c, CompatNone), spawnedBy(t, c, CompatFlee); here != 30 || flee != 300 {
		t.Fatalf("%d people here and %d with compat, want 30 and 300", here, flee)
	}
}

func TestEverybodyLeavesAPlaceOfAnUnknownTypeWithCompat(t *testing.T) {
	c, _ := mustRead(t, with("simsetting.yml", "move_rules:\n  default_movechance: 0.25\n", "input_csv/locations.csv", strings.Replace(string(smallCase()["input_csv/locations.csv"].Data), "Kelara,5.4,97.4,town", "Kelara,5.4,97.4,village", 1)))
	for compat, want := range map[Compat]float64{CompatNone: 0.25, CompatFlee: 1} {
		w := &world{}
		w.build(c, &Options{Compat: compat})
		w.beginDay(0)
		w.settleDay()
		if w.moveChance[1] != want {
			t.Errorf("compat %v: chance %v, want %v", compat, w.moveChance[1], want)
		}
	}
}
