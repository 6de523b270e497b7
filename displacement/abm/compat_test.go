package abm

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// meanScores is the mean error over seeds at full size.
func meanScores(t *testing.T, c *Case, compat Compat, seeds int) Scores {
	t.Helper()
	var sum Scores
	space := &Workspace{}
	for s := range seeds {
		v := Score(c, mustRun(t, c, Options{Seed: uint64(s + 1), Compat: compat, Space: space}))
		sum.Normal += v.Normal / float64(seeds)
		sum.Rescaled += v.Rescaled / float64(seeds)
	}
	return sum
}

func TestCompatGivesFleesErrors(t *testing.T) {
	// Flee's own runs, ruleset validation; docs/desks/displacement-abm.md.
	want := map[string]Scores{
		"mali2012":    {Normal: 0.3455, Rescaled: 0.3140},
		"burundi2015": {Normal: 0.5172, Rescaled: 0.4667},
		"car2013":     {Normal: 0.3343, Rescaled: 0.3667},
		"ssudan2013":  {Normal: 0.5099, Rescaled: 0.5390},
	}
	slow := os.Getenv("LINTAS_SLOW") != ""
	for name, flee := range want {
		t.Run(name, func(t *testing.T) {
			if !slow && (name == "car2013" || name == "ssudan2013") {
				t.Skip("SKIPPED: takes half a minute; set LINTAS_SLOW=1")
			}
			seeds := 5
			if slow {
				seeds = 20
			}
			got := meanScores(t, readCase(t, name).WithSettings(readRulesetFile(t, "validation")), CompatFlee, seeds)
			t.Logf("error normal %.4f (Flee %.4f), rescaled %.4f (Flee %.4f), %d seeds", got.Normal, flee.Normal, got.Rescaled, flee.Rescaled, seeds)
			if math.Abs(got.Normal-flee.Normal) > 0.005 || math.Abs(got.Rescaled-flee.Rescaled) > 0.005 {
				t.Errorf("%.4f / %.4f is not within .005 of Flee's %.4f / %.4f", got.Normal, got.Rescaled, flee.Normal, flee.Rescaled)
			}
		})
	}
}

// setA is the simple ruleset of the facts: Flee's defaults with awareness 2,
// first leg on foot, no short stints, and conflict decay.
func setA() Settings {
	s := DefaultSettings()
	s.StartOnFoot, s.AvoidShortStints, s.AwarenessLevel = true, true, 2
	s.ConflictDecay = []float64{1, 1, 1, 0.5, 0.1}
	return s
}

func TestOtherRulesetsGiveFleesErrors(t *testing.T) {
	if os.Getenv("LINTAS_SLOW") == "" {
		t.Skip("SKIPPED: takes a minute; set LINTAS_SLOW=1")
	}
	// Flee's rescaled errors at the hasten that they were measured with.
	for _, v := range []struct {
		rules, name string
		hasten      int
		flee        float64
	}{
		{"setA", "mali2012", 40, 0.2285}, {"setA", "burundi2015", 40, 0.3920}, {"setA", "ssudan2013", 40, 0.4435},
		{"modern125aw2dm75", "mali2012", 20, 0.3157}, {"modern125aw2dm75", "burundi2015", 20, 0.4187},
		{"fastflow", "mali2012", 20, 0.2857}, {"fastflow", "burundi2015", 20, 0.4688}, {"fastflow", "ssudan2013", 20, 0.5508},
	} {
		s := setA()
		if v.rules != "setA" {
			s = readRulesetFile(t, v.rules)
		}
		s.Hasten = v.hasten
		got := meanScores(t, readCase(t, v.name).WithSettings(s), CompatFlee, 20)
		t.Logf("%-16s %-12s h%d: rescaled %.4f, Flee %.4f, difference %+.4f", v.rules, v.name, v.hasten, got.Rescaled, v.flee, got.Rescaled-v.flee)
		if math.Abs(got.Rescaled-v.flee) > 0.012 {
			t.Errorf("%s under %s: %.4f is far from Flee's %.4f", v.name, v.rules, got.Rescaled, v.flee)
		}
	}
}

func TestEveryCaseRunsUnderEveryRuleset(t *testing.T) {
	root := sharedCases(t)
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	rules, err := filepath.Glob(filepath.Join(root, "_rulesets", "*.yml"))
	if err != nil || len(rules) == 0 {
		t.Fatalf("no rulesets: %v", err)
	}
	ran := 0
	for _, e := range entries {
		if !e.IsDir() || e.Name() == "_rulesets" {
			continue
		}
		c := readCase(t, e.Name())
		settings := []Settings{c.Settings, setA()}
		for _, file := range rules {
			settings = append(settings, readRulesetFile(t, strings.TrimSuffix(filepath.Base(file), ".yml")))
		}
		for i, s := range settings {
			s.Hasten = 100
			s.FloodDriven, s.FloodZonesOnly, s.Flood, s.TakeFromPopulation = c.Settings.FloodDriven, c.Settings.FloodZonesOnly, c.Settings.Flood, c.Settings.TakeFromPopulation
			r := mustRun(t, c.WithSettings(s), Options{Seed: uint64(i), Compat: CompatFlee})
			var people int64
			for p := range c.Places {
				people += r.At(r.Days-1, p)
			}
			if people == 0 {
				t.Errorf("%s under ruleset %d: nobody is anywhere on the last day", e.Name(), i)
			}
			ran++
		}
	}
	t.Logf("%d runs", ran)
}
