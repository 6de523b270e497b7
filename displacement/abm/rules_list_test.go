package abm

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// heldBy names for each setting the test that holds its rule against what can
// be worked out by hand.
var heldBy = map[string]string{
	"optimisations.hasten": "TestSoManyAreNewlyDisplacedOnEachDay",

	"spawn_rules.take_from_population":                            "TestSoManyAreNewlyDisplacedOnEachDay",
	"spawn_rules.insert_day0":                                     "TestWhoIsThereOnDay0IsWhereTheRuleSays",
	"spawn_rules.empty_camps_on_day0":                             "TestWhoIsThereOnDay0IsWhereTheRuleSays",
	"spawn_rules.conflict_zone_spawning_only":                     "TestNewlyDisplacedPeopleComeFromWhereTheRulesSay",
	"spawn_rules.flood_zone_spawning_only":                        "TestNewlyDisplacedPeopleComeFromWhereTheRulesSay",
	"spawn_rules.sum_from_camps":                                  "TestSoManyAreNewlyDisplacedOnEachDay",
	"spawn_rules.camps_are_sinks":                                 "TestCampsThatAreSinksLetPeopleGo",
	"spawn_rules.read_from_agents_csv_file":                       "TestPeopleOfAgentsCSVHaveTheAttributesOfTheirRow",
	"spawn_rules.starvation_driven_spawning":                      "TestNewlyDisplacedPeopleComeFromWhereTheRulesSay",
	"spawn_rules.conflict_spawn_decay":                            "TestNewlyDisplacedPeopleComeFromWhereTheRulesSay",
	"spawn_rules.conflict_spawn_decay_interval":                   "TestNewlyDisplacedPeopleComeFromWhereTheRulesSay",
	"spawn_rules.conflict_driven_spawning":                        "TestSoManyAreNewlyDisplacedOnEachDay",
	"spawn_rules.flood_driven_spawning":                           "TestSoManyAreNewlyDisplacedOnEachDay",
	"spawn_rules.flood_driven_spawn_mode.flood_spawn_mode":        "TestSoManyAreNewlyDisplacedOnEachDay",
	"spawn_rules.flood_driven_spawn_mode.displaced_per_flood_day": "TestSoManyAreNewlyDisplacedOnEachDay",

	"move_rules.max_move_speed":                "TestPeopleArriveOnTheDayThatTheirSpeedGives",
	"move_rules.max_walk_speed":                "TestPeopleArriveOnTheDayThatTheirSpeedGives",
	"move_rules.max_crossing_speed":            "TestACrossingWithoutASpeedTakesTheSettings",
	"move_rules.start_on_foot":                 "TestPeopleArriveOnTheDayThatTheirSpeedGives",
	"move_rules.avoid_short_stints":            "TestNobodyRestsInATownAfterAShortStint",
	"move_rules.awareness_level":               "TestAwarenessSeesSoManyHopsAndMarkersCostNone",
	"move_rules.conflict_movechance":           "TestEachKindOfPlaceIsLeftWithItsChance",
	"move_rules.camp_movechance":               "TestEachKindOfPlaceIsLeftWithItsChance",
	"move_rules.idpcamp_movechance":            "TestEachKindOfPlaceIsLeftWithItsChance",
	"move_rules.default_movechance":            "TestEachKindOfPlaceIsLeftWithItsChance",
	"move_rules.movechance_pop_base":           "TestEachKindOfPlaceIsLeftWithItsChance",
	"move_rules.movechance_pop_scale_factor":   "TestEachKindOfPlaceIsLeftWithItsChance",
	"move_rules.flee_when_starving":            "TestEachKindOfPlaceIsLeftWithItsChance",
	"move_rules.harvest_months":                "TestEachKindOfPlaceIsLeftWithItsChance",
	"move_rules.flood_rules.flood_movechances": "TestEachKindOfPlaceIsLeftWithItsChance",
	"move_rules.capacity_buffer":               "TestACampThatFillsLosesItsPullAsByHand",
	"move_rules.capacity_scaling":              "TestACampThatFillsLosesItsPullAsByHand",
	"move_rules.stay_close_to_home":            "TestPeopleStayNearTheirHomeAsByHand",
	"move_rules.home_distance_power":           "TestPeopleStayNearTheirHomeAsByHand",
	"move_rules.use_v1_rules":                  "TestTheOldRulesSetFiveNumbersWhateverElseIsSaid",

	"lintas.returns_chance":     "TestReturnsFollowTheirChanceOnceTheHomeWasCalmLongEnough",
	"lintas.returns_safe_days":  "TestReturnsFollowTheirChanceOnceTheHomeWasCalmLongEnough",
	"lintas.returns_from_camps": "TestReturnsFollowTheirChanceOnceTheHomeWasCalmLongEnough",
	"lintas.distance_steps":     "TestStepsLeaveTheArrivalsAsTheyAre", // an approximation, held to its cost
	"lintas.split":              "TestTheSplitAddsUpToThePeoplePresent",
}

// choices are held by TestEachRuleOfChoiceWeighsTheWaysAsByHand.
var choices = []string{
	"foreign_weight", "camp_weight", "conflict_weight", "softening", "weight_softening", "weight_power", "distance_power",
	"use_pop_for_loc_weight", "pop_power_for_loc_weight", "pruning_threshold", "fixed_routes", "avoid_food_deprived_locations",
	"use_economic_pull", "avg_religion_fraction", "ChildrenAvoidHazards", "WomenAvoidHazards", "ElderlyAvoidHazards", "BoysTakeRisk",
	"MatchCampEthnicity", "MatchTownEthnicity", "MatchConflictEthnicity", "MatchCampReligion",
	"flood_rules.flood_loc_weights", "flood_rules.flood_forecaster", "flood_rules.flood_forecaster_timescale",
	"flood_rules.flood_forecaster_end_time", "flood_rules.flood_forecaster_weights", "flood_rules.flood_awareness_weights",
}

// spelled are other spellings of a setting.
var spelled = map[string]bool{
	"optimizations.hasten": true, "spawn_rules.camps_are_sicks": true, "spawn_rules.flood_driven_spawn_mode.spawn_mode": true,
	"move_rules.children_avoid_hazards": true, "move_rules.women_avoid_hazards": true, "move_rules.elderly_avoid_hazards": true, "move_rules.boys_take_risk": true,
	"move_rules.match_camp_ethnicity": true, "move_rules.match_town_ethnicity": true, "move_rules.match_conflict_ethnicity": true, "move_rules.match_camp_religion": true,
}

func TestEverySettingThatIsReadHasATestOfItsOwn(t *testing.T) {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	var tests string
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		tests += string(raw)
	}
	held := maps.Clone(heldBy)
	for _, name := range choices {
		held["move_rules."+name] = "TestEachRuleOfChoiceWeighsTheWaysAsByHand"
	}
	for key := range knownSettings {
		test, ok := held[key]
		if !ok && !spelled[key] {
			t.Errorf("%s has no test of its own", key)
		}
		if ok && !strings.Contains(tests, "\nfunc "+test+"(t *testing.T)") {
			t.Errorf("%s is said to be held by %s, which is not there", key, test)
		}
		delete(held, key)
	}
	for key := range held {
		t.Errorf("%s is no setting", key)
	}
}

func settles(a, b reflect.Value, at string) (out []string) {
	for i := range a.NumField() {
		name := at + a.Type().Field(i).Name
		switch x, y := a.Field(i), b.Field(i); {
		case x.Kind() == reflect.Struct:
			out = append(out, settles(x, y, name+".")...)
		case x.Kind() == reflect.Slice && x.Len() != y.Len(), x.Kind() != reflect.Slice && !x.Equal(y):
			out = append(out, name)
		}
	}
	return out
}

func TestEveryKeySetsTheFieldThatItsRuleReads(t *testing.T) {
	// Where a field is not called as its key.
	other := map[string]string{
		"conflict_zone_spawning_only": "ConflictZonesOnly", "flood_zone_spawning_only": "FloodZonesOnly", "camps_are_sicks": "CampsAreSinks", "read_from_agents_csv_file": "AgentsFile",
		"starvation_driven_spawning": "StarvationDriven", "conflict_spawn_decay": "ConflictDecay", "conflict_spawn_decay_interval": "ConflictDecayInterval",
		"conflict_driven_spawning": "ConflictDriven.On", "flood_driven_spawning": "FloodDriven.On", "flood_spawn_mode": "FloodDriven.Mode", "spawn_mode": "FloodDriven.Mode", "displaced_per_flood_day": "FloodDriven.Rate",
		"use_pop_for_loc_weight": "UsePopForLocWeight", "movechance_pop_base": "MoveChancePopBase", "movechance_pop_scale_factor": "MoveChancePopExponent", "avoid_food_deprived_locations": "AvoidFoodDeprived",
		"use_economic_pull": "EconomicPull", "avg_religion_fraction": "AverageReligionFraction",
		"flood_movechances": "Flood.MoveChances", "flood_loc_weights": "Flood.LocationWeights", "flood_forecaster": "Flood.Forecast",
		"flood_forecaster_timescale": "Flood.ForecastDays", "flood_forecaster_end_time": "Flood.ForecastEndDay", "flood_forecaster_weights": "Flood.ForecastWeights", "flood_awareness_weights": "Flood.AwarenessWeights",
		"returns_chance": "Returns.Chance", "returns_safe_days": "Returns.SafeDays", "returns_from_camps": "Returns.FromCamps",
	}
	plain := strings.NewReplacer("_", "")
	for key := range knownSettings {
		parts := strings.Split(key, ".")
		leaf := parts[len(parts)-1]
		if leaf == "use_v1_rules" {
			continue // five fields
		}
		doc := ""
		for depth, part := range parts {
			doc += "\n" + strings.Repeat("  ", depth) + part + ":"
		}
		set := false
		for _, value := range []string{"true", "false", "[3, 4, 5]", "5"} {
			got, _ := ReadRuleset([]byte(doc+" "+value+"\n"), "r.yml")
			fields := settles(reflect.ValueOf(got), reflect.ValueOf(DefaultSettings()), "")
			want := other[leaf]
			if len(fields) == 0 {
				continue
			}
			set = true
			if !slices.ContainsFunc(fields, func(f string) bool { return f == want || strings.EqualFold(f, plain.Replace(leaf)) }) {
				t.Errorf("%s: %s sets %v", key, value, fields)
			}
			break
		}
		if !set {
			t.Errorf("%s sets nothing", key)
		}
	}
}

func TestACrossingWithoutASpeedTakesTheSettings(t *testing.T) {
	c, findings := mustRead(t, with("simsetting.yml", "move_rules:\n  max_crossing_speed: 17\n", "input_csv/sea_routes.csv", "#from,to,km,...\nFela,Emas,300,,280,60,2,80,0.1,0.05,0.5,0.01,Duri:1\n"))
	if len(c.Sea) != 1 || c.Sea[0].Speed != 17 {
		t.Fatalf("%+v %v", c.Sea, findings)
	}
}
