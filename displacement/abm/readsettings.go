package abm

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// ReadRuleset reads a simsetting.yml or a ruleset on top of the defaults. It
// never fails: what cannot be read is a finding, and the default holds.
func ReadRuleset(raw []byte, file string) (Settings, []Finding) {
	var fs findings
	set := readRuleset(raw, file, &fs)
	return set, fs.list
}

func readRuleset(raw []byte, file string, found *findings) (set Settings) {
	set = DefaultSettings()
	// The YAML library is not ours; a panic in it must not end a run.
	defer func() {
		if p := recover(); p != nil {
			found.add(SevError, file, 0, 0, "all settings are Flee's defaults", "the YAML cannot be read: %v", p)
			set = DefaultSettings()
		}
	}()
	// Keys given twice are common in Flee's cases; its reader takes the last.
	doc, err := parser.ParseBytes(withoutTrailingBlanks(raw), 0, parser.AllowDuplicateMapKey())
	if err != nil {
		found.add(SevError, file, 0, 0, "all settings are Flee's defaults", "the YAML cannot be read: %s", strings.SplitN(err.Error(), "\n", 2)[0])
		return set
	}
	y := &yamlReader{file: file, found: found, root: "", set: &set}
	for i, d := range doc.Docs {
		if i > 0 {
			found.add(SevWarning, file, 0, 0, "only the first is read", "holds %d YAML documents", len(doc.Docs))
			break
		}
		if d.Body != nil {
			y.section("", d.Body)
		}
	}
	if len(strings.TrimSpace(string(raw))) == 0 {
		found.add(SevWarning, file, 0, 0, "all settings are Flee's defaults", "the file is empty")
	}
	set.check(file, found)
	return set
}

// withoutTrailingBlanks lets a line that ends in tabs, or holds nothing else, be
// read: YAML allows no tab there.
func withoutTrailingBlanks(raw []byte) []byte {
	lines := splitLines(raw)
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \t")
	}
	return []byte(strings.Join(lines, "\n"))
}

// yamlReader walks the tree by hand, so that every value keeps its line.
type yamlReader struct {
	file  string
	found *findings
	root  string
	set   *Settings
}

func (y *yamlReader) complain(n ast.Node, sev Severity, assumed, form string, args ...any) {
	line, col := 0, 0
	if t := n.GetToken(); t != nil && t.Position != nil {
		line, col = t.Position.Line, t.Position.Column
	}
	y.found.add(sev, y.file, line, col, assumed, form, args...)
}

func pairs(n ast.Node) ([]*ast.MappingValueNode, bool) {
	switch n := n.(type) {
	case *ast.MappingNode:
		return n.Values, true
	case *ast.MappingValueNode:
		return []*ast.MappingValueNode{n}, true
	case *ast.NullNode:
		return nil, true
	}
	return nil, false
}

// setter stores one value.
type setter func(y *yamlReader, n ast.Node, path string)

func (y *yamlReader) section(prefix string, n ast.Node) {
	values, ok := pairs(n)
	if !ok {
		y.complain(n, SevError, "the section is left out", "%s should be a list of `key: value`", orRoot(prefix))
		return
	}
	for _, v := range y.lastOfEach(prefix, values) {
		key := prefix + strings.TrimSpace(keyText(v.Key))
		switch {
		case v.Value == nil:
			continue
		case sections[key]:
			y.section(key+".", v.Value)
		case strings.HasPrefix(key, "log_levels."):
			y.logLevel(key, v)
		default:
			y.value(key, v)
		}
	}
}

// lastOfEach drops all but the last of equal keys, whole sections included, as
// Flee's reader does.
func (y *yamlReader) lastOfEach(prefix string, values []*ast.MappingValueNode) []*ast.MappingValueNode {
	last := map[string]int{}
	for i, v := range values {
		last[strings.TrimSpace(keyText(v.Key))] = i
	}
	kept := make([]*ast.MappingValueNode, 0, len(values))
	for i, v := range values {
		name := strings.TrimSpace(keyText(v.Key))
		if n := last[name]; n != i {
			line := 0
			if t := values[n].Key.GetToken(); t != nil && t.Position != nil {
				line = t.Position.Line
			}
			y.complain(v.Key, SevWarning, "the last one counts, as in Flee", "%s is given again in line %d", clip(prefix+name), line)
			continue
		}
		kept = append(kept, v)
	}
	return kept
}

// logLevel is about what Flee writes beside its out.csv; no number depends on it.
func (y *yamlReader) logLevel(key string, v *ast.MappingValueNode) {
	said, known := logFiles[strings.ToLower(strings.TrimPrefix(key, "log_levels."))]
	switch text := strings.ToLower(scalar(v.Value)); {
	case text == "0" || text == "" || text == "location" || text == "false":
	case known:
		y.complain(v.Key, SevNote, said, "%s asks for a log of Flee", key)
	default:
		y.complain(v.Key, SevNote, "no log is written", "%s asks for a log that is not known", clip(key))
	}
}

// logFiles say what there is in place of each log of Flee.
var logFiles = map[string]string{
	"agent":       "agents.out is not written; a run of single people can hold journeys",
	"link":        "links.out is not written; people per road are in the GeoJSON of a run",
	"camp":        "no journey times are written",
	"conflict":    "nothing is written while running",
	"init":        "nothing is written while running; `check` lists what was read",
	"flood":       "nothing is written while running",
	"idp_totals":  "out.csv gets no column of IDPs; people inside the country are in the results",
	"granularity": "people are counted per place, not per region",
}

func (y *yamlReader) value(key string, v *ast.MappingValueNode) {
	if set, ok := knownSettings[key]; ok {
		if _, null := v.Value.(*ast.NullNode); !null {
			set(y, v.Value, key)
		}
		return
	}
	if note, ok := knownUnused[key]; ok {
		y.complain(v.Key, SevNote, note, "%s is read and has no effect", key)
		return
	}
	if lost, ok := notModelled[key]; ok {
		// Switched off it asks for nothing.
		if text := strings.ToLower(scalar(v.Value)); text != "false" && text != "no" && text != "off" && text != "0" && text != "0.0" && text != lost.idle {
			y.complain(v.Key, lost.severity, lost.consequence, "%s is not modelled", key)
		}
		return
	}
	y.complain(v.Key, SevWarning, "it is ignored", "unknown setting %s", clip(key))
}

func orRoot(prefix string) string {
	if prefix == "" {
		return "the file"
	}
	return strings.TrimSuffix(prefix, ".")
}

func keyText(n ast.MapKeyNode) string {
	if t := n.GetToken(); t != nil {
		return t.Value
	}
	return ""
}

// sections are the mappings of simsetting.yml.
var sections = map[string]bool{
	"log_levels": true, "spawn_rules": true, "move_rules": true, "optimisations": true, "optimizations": true,
	"lintas": true, "move_rules.flood_rules": true, "spawn_rules.flood_driven_spawn_mode": true,
}

var knownUnused = map[string]string{
	"number_of_steps":                           "the length is that of sim_period.csv",
	"conflict_input_file":                       "input_csv/conflicts.csv is read",
	"flood_level_input_file":                    "input_csv/flood_level.csv is read",
	"move_rules.max_flood_level":                "levels are bounded by the tables",
	"move_rules.flood_rules.max_flood_level":    "levels are bounded by the tables",
	"move_rules.flood_rules.flood_link_weights": "no version of Flee uses it either",
	"spawn_rules.average_social_connectivity":   "no rule in use depends on it",
	"move_rules.average_social_connectivity":    "no rule in use depends on it",
	"move_rules.s1s2_model":                     "it serves two_system_decision_making only",
	"move_rules.conflict_threshold":             "it serves two_system_decision_making only",
	"move_rules.connectivity_mode":              "it serves two_system_decision_making only",
	"move_rules.soft_capability":                "it serves two_system_decision_making only",
	"move_rules.steepness":                      "it serves two_system_decision_making only",
	"move_rules.decision_mode":                  "it serves two_system_decision_making only",
	"move_rules.s2_weight_override":             "it serves two_system_decision_making only",
	"move_rules.sys2_weight_override":           "it serves two_system_decision_making only",
}

// unmodelled is a setting that changes results in some version of Flee and
// nothing here.
type unmodelled struct {
	idle        string // the value that asks for nothing, beside false
	severity    Severity
	consequence string
}

var notModelled = map[string]unmodelled{
	"move_rules.two_system_decision_making": {"", SevWarning, "everybody decides by the one rule, as in Flee 3, where it could not be switched on; later versions let people hesitate and plan ahead"},
	"default_conflict_intensity":            {"1", SevError, "a conflict without an intensity of its own has 1"},
}

func number(field func(*Settings) *float64) setter {
	return func(y *yamlReader, n ast.Node, path string) {
		if v, ok := y.float(n, path); ok {
			*field(y.set) = v
		}
	}
}

func whole(field func(*Settings) *int) setter {
	return func(y *yamlReader, n ast.Node, path string) {
		if v, ok := y.float(n, path); ok {
			if math.Abs(v) > 1e9 {
				y.complain(n, SevError, "the default holds", "%s should be a whole number, not %s", path, format(v))
				return
			}
			if v != math.Trunc(v) {
				y.complain(n, SevWarning, "cut to "+format(math.Trunc(v))+", as in Flee", "%s should be a whole number, not %s", path, format(v))
			}
			*field(y.set) = int(v)
		}
	}
}

func flag(field func(*Settings) *bool) setter {
	return func(y *yamlReader, n ast.Node, path string) {
		if v, ok := y.boolean(n, path); ok {
			*field(y.set) = v
		}
	}
}

func table(field func(*Settings) *[]float64) setter {
	return func(y *yamlReader, n ast.Node, path string) {
		if v, ok := y.floats(n, path); ok {
			*field(y.set) = v
		}
	}
}

func (y *yamlReader) float(n ast.Node, path string) (float64, bool) {
	text := scalar(n)
	if b, ok := n.(*ast.BoolNode); ok {
		y.complain(n, SevWarning, "true is 1, false is 0", "%s should be a number", path)
		if b.Value {
			return 1, true
		}
		return 0, true
	}
	v, err := strconv.ParseFloat(strings.ReplaceAll(text, "_", ""), 64) // YAML allows 10_000
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		y.complain(n, SevError, "the default holds", "%s is not a number: %q", path, clip(text))
		return 0, false
	}
	return v, true
}

func (y *yamlReader) boolean(n ast.Node, path string) (bool, bool) {
	text := strings.ToLower(scalar(n))
	switch text {
	case "true", "yes", "on", "1", "1.0":
		return true, true
	case "false", "no", "off", "0", "0.0", "none", "null", "":
		if s, ok := n.(*ast.StringNode); ok && quoted(s) && text != "" {
			y.complain(n, SevWarning, "taken as off; Flee takes any quoted word for on", "%s is %q in quotes", path, clip(scalar(n)))
		}
		return false, true
	}
	if v, err := strconv.ParseFloat(text, 64); err == nil {
		y.complain(n, SevWarning, "any number but 0 is on, as in Flee", "%s should be true or false, not %s", path, clip(text))
		return v != 0, true
	}
	y.complain(n, SevError, "the default holds", "%s is neither true nor false: %q", path, clip(scalar(n)))
	return false, false
}

// quoted tells a quoted word from a bare one.
func quoted(s *ast.StringNode) bool {
	return s.Token != nil && (s.Token.Type == token.DoubleQuoteType || s.Token.Type == token.SingleQuoteType)
}

func (y *yamlReader) floats(n ast.Node, path string) ([]float64, bool) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok {
		v, ok := y.float(n, path)
		return []float64{v}, ok
	}
	out := make([]float64, 0, len(seq.Values))
	for _, item := range seq.Values {
		v, ok := y.float(item, path)
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

func scalar(n ast.Node) string {
	switch n := n.(type) {
	case *ast.StringNode:
		return strings.TrimSpace(n.Value)
	case *ast.MappingNode, *ast.MappingValueNode, *ast.SequenceNode:
		return ""
	}
	if t := n.GetToken(); t != nil {
		return strings.TrimSpace(t.Value)
	}
	return ""
}

// spawnDrive reads conflict_driven_spawning: a mapping, or a bare true.
func spawnDrive(y *yamlReader, n ast.Node, path string) {
	d := SpawnDrive{On: true, Mode: "constant", Rate: 500}
	values, ok := pairs(n)
	if !ok {
		on, read := y.boolean(n, path)
		if read && on {
			y.set.ConflictDriven = d
		}
		return
	}
	rated := false
	for _, v := range y.lastOfEach(path+".", values) {
		switch key := keyText(v.Key); key {
		case "spawn_mode":
			d.Mode = strings.ToLower(scalar(v.Value))
		case "displaced_per_conflict_day":
			if x, ok := y.float(v.Value, path+"."+key); ok {
				d.Rate, rated = x, true
			}
		default:
			y.complain(v.Key, SevWarning, "it is ignored", "unknown setting %s.%s", path, clip(key))
		}
	}
	if d.Mode == "pop_ratio" && !rated {
		d.Rate = 0.01
	}
	y.set.ConflictDriven = d
}

// floodDrive reads flood_driven_spawning: a bare true (the rates are then in
// flood_driven_spawn_mode) or, in older files, a mapping.
func floodDrive(y *yamlReader, n ast.Node, path string) {
	values, ok := pairs(n)
	if !ok {
		if on, read := y.boolean(n, path); read {
			y.set.FloodDriven.On = on
		}
		return
	}
	y.set.FloodDriven.On = true
	for _, v := range y.lastOfEach("spawn_rules.flood_driven_spawning.", values) {
		y.value("spawn_rules.flood_driven_spawn_mode."+keyText(v.Key), v)
	}
}

func floodMode(y *yamlReader, n ast.Node, _ string) {
	y.set.FloodDriven.Mode = strings.ToLower(scalar(n))
}

func harvestMonths(y *yamlReader, n ast.Node, path string) {
	months, ok := y.floats(n, path)
	if !ok {
		return
	}
	y.set.HarvestMonths = nil
	for _, m := range months {
		if m < 1 || m > 12 || m != math.Trunc(m) {
			y.complain(n, SevError, "it is left out", "%s: %s is not a month", path, format(m))
			continue
		}
		y.set.HarvestMonths = append(y.set.HarvestMonths, int(m))
	}
}

func v1Rules(y *yamlReader, n ast.Node, path string) {
	if on, ok := y.boolean(n, path); ok && on {
		y.set.v1 = true
		y.complain(n, SevNote, "speed 200, camp weight 2, conflict weight 0.25, no first leg on foot, short stints allowed", "%s sets five numbers, as in Flee 3", path)
	}
}

// check bounds what a run could not survive and reports doubtful values.
func (s *Settings) check(file string, found *findings) {
	if s.v1 {
		s.MaxMoveSpeed, s.StartOnFoot, s.AvoidShortStints, s.CampWeight, s.ConflictWeight = 200, false, false, 2, 0.25
	}
	positive := func(name string, v *float64, fallback float64) {
		if !(*v > 0) || *v > 1e5 {
			found.add(SevError, file, 0, 0, fmt.Sprintf("taken as %s", format(fallback)), "%s should be above 0 and at most 100000, not %s", name, format(*v))
			*v = fallback
		}
	}
	share := func(name string, v *float64) {
		if *v < 0 || *v > 1 {
			found.add(SevWarning, file, 0, 0, "cut to the range", "%s is a chance and should lie in 0..1, not %s", name, format(*v))
			*v = math.Max(0, math.Min(1, *v))
		}
	}
	bounded := func(name string, v *float64, lo, hi, fallback float64) {
		if *v < lo || *v > hi {
			found.add(SevError, file, 0, 0, "taken as "+format(fallback), "%s should lie in %s..%s, not %s", name, format(lo), format(hi), format(*v))
			*v = fallback
		}
	}
	d := DefaultSettings()
	positive("max_move_speed", &s.MaxMoveSpeed, d.MaxMoveSpeed)
	positive("max_walk_speed", &s.MaxWalkSpeed, d.MaxWalkSpeed)
	positive("max_crossing_speed", &s.MaxCrossingSpeed, d.MaxCrossingSpeed)
	positive("movechance_pop_base", &s.MoveChancePopBase, d.MoveChancePopBase)
	positive("avg_religion_fraction", &s.AverageReligionFraction, d.AverageReligionFraction)
	share("conflict_movechance", &s.ConflictMoveChance)
	share("camp_movechance", &s.CampMoveChance)
	share("idpcamp_movechance", &s.IDPCampMoveChance)
	share("default_movechance", &s.DefaultMoveChance)
	share("capacity_buffer", &s.CapacityBuffer)
	bounded("softening", &s.Softening, 0, 1e5, d.Softening)
	bounded("weight_softening", &s.WeightSoftening, 0, 1e9, 0)
	bounded("weight_power", &s.WeightPower, -50, 50, 1)
	bounded("distance_power", &s.DistancePower, -50, 50, 1)
	bounded("home_distance_power", &s.HomeDistancePower, -50, 50, d.HomeDistancePower)
	bounded("pop_power_for_loc_weight", &s.PopPowerForLocWeight, -10, 10, d.PopPowerForLocWeight)
	bounded("movechance_pop_scale_factor", &s.MoveChancePopExponent, -10, 10, 0)
	bounded("capacity_scaling", &s.CapacityScaling, 0, 1e9, 1)
	bounded("foreign_weight", &s.ForeignWeight, 0, 1e9, 1)
	bounded("camp_weight", &s.CampWeight, 0, 1e9, 1)
	bounded("conflict_weight", &s.ConflictWeight, 0, 1e9, d.ConflictWeight)
	if s.ConflictDecayInterval < 1 {
		found.add(SevError, file, 0, 0, "taken as 30 days", "conflict_spawn_decay_interval should be at least 1, not %d", s.ConflictDecayInterval)
		s.ConflictDecayInterval = 30
	}
	for i, v := range s.ConflictDecay {
		if v < 0 || v > 1e6 {
			found.add(SevError, file, 0, 0, "taken as 1", "conflict_spawn_decay holds %s", format(v))
			s.ConflictDecay[i] = 1
		}
	}
	if s.Hasten < 1 {
		found.add(SevError, file, 0, 0, "taken as 1", "hasten should be at least 1, not %d", s.Hasten)
		s.Hasten = 1
	}
	if s.AwarenessLevel < 0 {
		found.add(SevWarning, file, 0, 0, "taken as 1: that is what Flee 3 does with it", "awareness_level is %d", s.AwarenessLevel)
		s.AwarenessLevel = 1
	}
	if s.AwarenessLevel > 6 {
		found.add(SevWarning, file, 0, 0, "taken as 6", "awareness_level %d would weigh paths without end", s.AwarenessLevel)
		s.AwarenessLevel = 6
	}
	if s.ConflictZonesOnly && s.FloodZonesOnly {
		found.add(SevError, file, 0, 0, "flood zones are used", "conflict_zone_spawning_only and flood_zone_spawning_only are both on")
		s.ConflictZonesOnly = false
	}
	s.checkDrives(file, found)
	for _, m := range []struct {
		name string
		mode *string
	}{{"conflict_driven_spawning.spawn_mode", &s.ConflictDriven.Mode}, {"flood_spawn_mode", &s.FloodDriven.Mode}} {
		switch *m.mode {
		case "", "constant", "poisson", "pop_ratio":
		default:
			found.add(SevError, file, 0, 0, "taken as constant", "%s should be constant, poisson or pop_ratio, not %q", m.name, clip(*m.mode))
			*m.mode = "constant"
		}
	}
	if s.ConflictDriven.Rate < 0 {
		found.add(SevError, file, 0, 0, "taken as 0", "displaced_per_conflict_day is negative")
		s.ConflictDriven.Rate = 0
	}
	if s.FloodDriven.On {
		if s.FloodDriven.Mode == "" {
			s.FloodDriven.Mode = "pop_ratio"
		}
		if len(s.FloodDriven.Rate) == 0 {
			s.FloodDriven.Rate = []float64{0, 0.1, 0.2, 0.5, 0.9}
			if s.FloodDriven.Mode != "pop_ratio" {
				s.FloodDriven.Rate = []float64{0, 100, 200, 300, 500}
			}
		}
	}
	for _, list := range [][]float64{s.FloodDriven.Rate, s.Flood.MoveChances, s.Flood.LocationWeights, s.Flood.ForecastWeights, s.Flood.AwarenessWeights} {
		for i, v := range list {
			if v < 0 {
				found.add(SevError, file, 0, 0, "taken as 0", "a flood table holds the negative value %s", format(v))
				list[i] = 0
			}
		}
	}
	s.Flood.On = len(s.Flood.MoveChances)+len(s.Flood.LocationWeights) > 0 || s.FloodDriven.On
}

// checkDrives looks what drives displacement. Flee lets floods do it only with
// flood_zone_spawning_only, and conflicts only without.
func (s *Settings) checkDrives(file string, found *findings) {
	if s.ConflictDriven.On && s.FloodZonesOnly {
		found.add(SevError, file, 0, 0, "conflict_driven_spawning is left out, as in Flee", "flood_zone_spawning_only is on beside conflict_driven_spawning")
		s.ConflictDriven = SpawnDrive{}
	}
	if !s.FloodDriven.On {
		return
	}
	if !s.FloodZonesOnly {
		found.add(SevWarning, file, 0, 0, "floods drive the case; Flee and compat spread the reported totals", "flood_driven_spawning is on without flood_zone_spawning_only")
	}
	if !s.TakeFromPopulation {
		found.add(SevWarning, file, 0, 0, "a flooded place sends the same people again each day; Flee refuses such a case", "flood_driven_spawning is on without take_from_population")
	}
}
