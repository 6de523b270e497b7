package abm

// knownSettings maps every key of simsetting.yml to its field. Keys are as in
// Flee; where its versions spell one differently, both are here.
var knownSettings map[string]setter

// The table is filled here and not at its declaration because two of its
// readers look further keys up in it.
func init() {
	m := map[string]setter{}
	spawn := func(key string, s setter) { m["spawn_rules."+key] = s }
	move := func(key string, s setter) { m["move_rules."+key] = s }
	flood := func(key string, s setter) { m["move_rules.flood_rules."+key] = s }

	m["optimisations.hasten"] = whole(func(s *Settings) *int { return &s.Hasten })
	m["optimizations.hasten"] = m["optimisations.hasten"]

	spawn("take_from_population", flag(func(s *Settings) *bool { return &s.TakeFromPopulation }))
	spawn("insert_day0", flag(func(s *Settings) *bool { return &s.InsertDay0 }))
	spawn("empty_camps_on_day0", flag(func(s *Settings) *bool { return &s.EmptyCampsOnDay0 }))
	spawn("conflict_zone_spawning_only", flag(func(s *Settings) *bool { return &s.ConflictZonesOnly }))
	spawn("flood_zone_spawning_only", flag(func(s *Settings) *bool { return &s.FloodZonesOnly }))
	spawn("sum_from_camps", flag(func(s *Settings) *bool { return &s.SumFromCamps }))
	spawn("camps_are_sinks", flag(func(s *Settings) *bool { return &s.CampsAreSinks }))
	spawn("camps_are_sicks", flag(func(s *Settings) *bool { return &s.CampsAreSinks })) // the key Flee looks for
	spawn("read_from_agents_csv_file", flag(func(s *Settings) *bool { return &s.AgentsFile }))
	spawn("starvation_driven_spawning", flag(func(s *Settings) *bool { return &s.StarvationDriven }))
	spawn("conflict_spawn_decay", table(func(s *Settings) *[]float64 { return &s.ConflictDecay }))
	spawn("conflict_spawn_decay_interval", whole(func(s *Settings) *int { return &s.ConflictDecayInterval }))
	spawn("conflict_driven_spawning", spawnDrive)
	spawn("flood_driven_spawning", floodDrive)
	spawn("flood_driven_spawn_mode.flood_spawn_mode", floodMode)
	spawn("flood_driven_spawn_mode.spawn_mode", floodMode)
	spawn("flood_driven_spawn_mode.displaced_per_flood_day", table(func(s *Settings) *[]float64 { return &s.FloodDriven.Rate }))

	move("max_move_speed", number(func(s *Settings) *float64 { return &s.MaxMoveSpeed }))
	move("max_walk_speed", number(func(s *Settings) *float64 { return &s.MaxWalkSpeed }))
	move("max_crossing_speed", number(func(s *Settings) *float64 { return &s.MaxCrossingSpeed }))
	move("foreign_weight", number(func(s *Settings) *float64 { return &s.ForeignWeight }))
	move("camp_weight", number(func(s *Settings) *float64 { return &s.CampWeight }))
	move("conflict_weight", number(func(s *Settings) *float64 { return &s.ConflictWeight }))
	move("conflict_movechance", number(func(s *Settings) *float64 { return &s.ConflictMoveChance }))
	move("camp_movechance", number(func(s *Settings) *float64 { return &s.CampMoveChance }))
	move("idpcamp_movechance", number(func(s *Settings) *float64 { return &s.IDPCampMoveChance }))
	move("default_movechance", number(func(s *Settings) *float64 { return &s.DefaultMoveChance }))
	move("awareness_level", whole(func(s *Settings) *int { return &s.AwarenessLevel }))
	move("capacity_buffer", number(func(s *Settings) *float64 { return &s.CapacityBuffer }))
	move("capacity_scaling", number(func(s *Settings) *float64 { return &s.CapacityScaling }))
	move("avoid_short_stints", flag(func(s *Settings) *bool { return &s.AvoidShortStints }))
	move("start_on_foot", flag(func(s *Settings) *bool { return &s.StartOnFoot }))
	move("use_v1_rules", v1Rules)
	move("softening", number(func(s *Settings) *float64 { return &s.Softening }))
	move("weight_softening", number(func(s *Settings) *float64 { return &s.WeightSoftening }))
	move("weight_power", number(func(s *Settings) *float64 { return &s.WeightPower }))
	move("distance_power", number(func(s *Settings) *float64 { return &s.DistancePower }))
	move("stay_close_to_home", flag(func(s *Settings) *bool { return &s.StayCloseToHome }))
	move("home_distance_power", number(func(s *Settings) *float64 { return &s.HomeDistancePower }))
	move("use_pop_for_loc_weight", flag(func(s *Settings) *bool { return &s.UsePopForLocWeight }))
	move("pop_power_for_loc_weight", number(func(s *Settings) *float64 { return &s.PopPowerForLocWeight }))
	move("movechance_pop_base", number(func(s *Settings) *float64 { return &s.MoveChancePopBase }))
	move("movechance_pop_scale_factor", number(func(s *Settings) *float64 { return &s.MoveChancePopExponent }))
	move("pruning_threshold", number(func(s *Settings) *float64 { return &s.PruningThreshold }))
	move("fixed_routes", flag(func(s *Settings) *bool { return &s.FixedRoutes }))
	move("flee_when_starving", flag(func(s *Settings) *bool { return &s.FleeWhenStarving }))
	move("avoid_food_deprived_locations", flag(func(s *Settings) *bool { return &s.AvoidFoodDeprived }))
	move("use_economic_pull", flag(func(s *Settings) *bool { return &s.EconomicPull }))
	move("avg_religion_fraction", number(func(s *Settings) *float64 { return &s.AverageReligionFraction }))
	move("harvest_months", harvestMonths)
	both := func(field func(*Settings) *bool, names ...string) {
		for _, name := range names {
			move(name, flag(field))
		}
	}
	both(func(s *Settings) *bool { return &s.ChildrenAvoidHazards }, "ChildrenAvoidHazards", "children_avoid_hazards")
	both(func(s *Settings) *bool { return &s.WomenAvoidHazards }, "WomenAvoidHazards", "women_avoid_hazards")
	both(func(s *Settings) *bool { return &s.ElderlyAvoidHazards }, "ElderlyAvoidHazards", "elderly_avoid_hazards")
	both(func(s *Settings) *bool { return &s.BoysTakeRisk }, "BoysTakeRisk", "boys_take_risk")
	both(func(s *Settings) *bool { return &s.MatchCampEthnicity }, "MatchCampEthnicity", "match_camp_ethnicity")
	both(func(s *Settings) *bool { return &s.MatchTownEthnicity }, "MatchTownEthnicity", "match_town_ethnicity")
	both(func(s *Settings) *bool { return &s.MatchConflictEthnicity }, "MatchConflictEthnicity", "match_conflict_ethnicity")
	both(func(s *Settings) *bool { return &s.MatchCampReligion }, "MatchCampReligion", "match_camp_religion")

	flood("flood_movechances", table(func(s *Settings) *[]float64 { return &s.Flood.MoveChances }))
	flood("flood_loc_weights", table(func(s *Settings) *[]float64 { return &s.Flood.LocationWeights }))
	flood("flood_forecaster", flag(func(s *Settings) *bool { return &s.Flood.Forecast }))
	flood("flood_forecaster_timescale", whole(func(s *Settings) *int { return &s.Flood.ForecastDays }))
	flood("flood_forecaster_end_time", whole(func(s *Settings) *int { return &s.Flood.ForecastEndDay }))
	flood("flood_forecaster_weights", table(func(s *Settings) *[]float64 { return &s.Flood.ForecastWeights }))
	flood("flood_awareness_weights", table(func(s *Settings) *[]float64 { return &s.Flood.AwarenessWeights }))

	// Beyond Flee: a section of its own, which Flee ignores.
	m["lintas.returns_chance"] = number(func(s *Settings) *float64 { return &s.Returns.Chance })
	m["lintas.returns_safe_days"] = whole(func(s *Settings) *int { return &s.Returns.SafeDays })
	m["lintas.returns_from_camps"] = flag(func(s *Settings) *bool { return &s.Returns.FromCamps })
	m["lintas.distance_steps"] = whole(func(s *Settings) *int { return &s.DistanceSteps })
	m["lintas.split"] = flag(func(s *Settings) *bool { return &s.Split })
	knownSettings = m
}
