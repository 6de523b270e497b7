package abm

// Settings are all the rules of a run. The fields follow Flee's simsetting.yml
// (named in each comment) and its defaults; DefaultSettings gives them.
// Distances are km, times are days, chances are per person and day.
type Settings struct {
	// --- spawn_rules: where new displaced people come from ---

	TakeFromPopulation bool // take_from_population: a spawned person leaves the place's population
	InsertDay0         bool // insert_day0: camps start with the reported count of day 0
	EmptyCampsOnDay0   bool // empty_camps_on_day0: day-0 counts are subtracted from the data instead
	ConflictZonesOnly  bool // conflict_zone_spawning_only
	FloodZonesOnly     bool // flood_zone_spawning_only
	SumFromCamps       bool // sum_from_camps: the daily total is the sum over camps, not the `total` file
	CampsAreSinks      bool // camps_are_sinks: deactivation_probability of camps applies
	AgentsFile         bool // read_from_agents_csv_file: place the people of agents.csv on day 0

	ConflictDecay         []float64 // conflict_spawn_decay: factor by age of a conflict; empty is none
	ConflictDecayInterval int       // conflict_spawn_decay_interval, days per entry

	ConflictDriven SpawnDrive // conflict_driven_spawning
	FloodDriven    FloodDrive // flood_driven_spawning, flood_driven_spawn_mode

	StarvationDriven bool    // starvation_driven_spawning: population in food crisis (IPC) adds to spawn weights
	Connectivity     float64 // average_social_connectivity; read, not used by any rule here

	// --- move_rules ---

	MaxMoveSpeed     float64 // max_move_speed, km/day
	MaxWalkSpeed     float64 // max_walk_speed, km/day
	MaxCrossingSpeed float64 // max_crossing_speed, km/day; Flee reads it and does not use it; here the default speed of sea routes

	ForeignWeight  float64 // foreign_weight
	CampWeight     float64 // camp_weight
	ConflictWeight float64 // conflict_weight

	ConflictMoveChance float64 // conflict_movechance
	CampMoveChance     float64 // camp_movechance
	IDPCampMoveChance  float64 // idpcamp_movechance
	DefaultMoveChance  float64 // default_movechance

	AwarenessLevel  int     // awareness_level: longest path in hops that is weighed
	CapacityBuffer  float64 // capacity_buffer: share of capacity from which a place gets less attractive
	CapacityScaling float64 // capacity_scaling: multiplier on every capacity

	AvoidShortStints bool    // avoid_short_stints: nobody rests in a town before a full day's distance in two days
	StartOnFoot      bool    // start_on_foot: the first link is walked
	Softening        float64 // softening, km added to every distance
	WeightSoftening  float64 // weight_softening
	WeightPower      float64 // weight_power
	DistancePower    float64 // distance_power

	StayCloseToHome       bool    // stay_close_to_home
	HomeDistancePower     float64 // home_distance_power
	UsePopForLocWeight    bool    // use_pop_for_loc_weight
	PopPowerForLocWeight  float64 // pop_power_for_loc_weight
	MoveChancePopBase     float64 // movechance_pop_base, persons
	MoveChancePopExponent float64 // movechance_pop_scale_factor
	PruningThreshold      float64 // pruning_threshold: drop paths weaker than best/threshold; 1 is off
	FixedRoutes           bool    // fixed_routes: one best path per destination and day

	FleeWhenStarving         bool // flee_when_starving
	AvoidFoodDeprived        bool // avoid_food_deprived_locations
	EconomicPull             bool // use_economic_pull
	ChildrenAvoidHazards     bool
	WomenAvoidHazards        bool
	ElderlyAvoidHazards      bool
	BoysTakeRisk             bool // only together with ChildrenAvoidHazards, as in Flee
	MatchCampEthnicity       bool
	MatchTownEthnicity       bool
	MatchConflictEthnicity   bool
	MatchCampReligion        bool
	AverageReligionFraction  float64 // avg_religion_fraction
	HarvestMonths            []int   // harvest_months, 1..12; people of farming places stay for the harvest
	Flood                    FloodRules
	TwoSystemDecisionMaking  bool // two_system_decision_making: never switched on in Flee; read and reported
	Hasten                   int  // optimisations.hasten: one simulated person stands for so many
	ForcedRedirectionIgnored bool // set by compat: v3 of Flee reads forced_redirection and never uses it

	// --- beyond Flee; all off by default ---

	// DistanceSteps is into how many steps a day's travel is cut: 0 chooses (to
	// the metre up to 1,000 places, 16 steps above), negative is to the metre.
	DistanceSteps int

	Returns ReturnRules // returns home once a place is safe again
	v1      bool        // use_v1_rules was on

	Split bool // carry age band and sex with every person, for the split of a result
}

// SpawnDrive makes conflicts themselves push people out, so that no total is needed.
type SpawnDrive struct {
	On   bool
	Mode string  // constant, poisson or pop_ratio
	Rate float64 // displaced_per_conflict_day: persons per zone and day, or share of the population per day
}

// FloodDrive is the same for floods, by flood level.
type FloodDrive struct {
	On   bool
	Mode string    // constant, poisson or pop_ratio
	Rate []float64 // displaced_per_flood_day, indexed by flood level, linear between levels
}

// FloodRules are DFlee's: how floods change moving and attraction.
type FloodRules struct {
	On               bool
	MoveChances      []float64 // flood_movechances by level; replaces the move chance where the level is above 0
	LocationWeights  []float64 // flood_loc_weights by level; multiplies the score
	Forecast         bool      // flood_forecaster
	ForecastDays     int       // flood_forecaster_timescale
	ForecastEndDay   int       // flood_forecaster_end_time
	ForecastWeights  []float64 // flood_forecaster_weights by day ahead
	AwarenessWeights []float64 // flood_awareness_weights by awareness group
}

// ReturnRules say when people go home. Off while Chance is 0.
type ReturnRules struct {
	Chance    float64 // per person and day, once the home is safe
	SafeDays  int     // days without conflict before a home counts as safe
	FromCamps bool    // also people in camps go home, not only those in towns
}

// DefaultSettings are Flee's defaults when simsetting.yml says nothing.
func DefaultSettings() Settings {
	return Settings{
		InsertDay0: true, ConflictZonesOnly: true, SumFromCamps: true, ConflictDecayInterval: 30,
		Connectivity: 3,
		MaxMoveSpeed: 360, MaxWalkSpeed: 35, MaxCrossingSpeed: 20,
		ForeignWeight: 1, CampWeight: 1, ConflictWeight: 1 / 3.16227766017,
		ConflictMoveChance: 1, CampMoveChance: 0.001, IDPCampMoveChance: 0.1, DefaultMoveChance: 0.3,
		AwarenessLevel: 1, CapacityBuffer: 0.9, CapacityScaling: 1,
		Softening: 10, WeightPower: 1, DistancePower: 1,
		HomeDistancePower: 0.5, PopPowerForLocWeight: 0.1, MoveChancePopBase: 1e4, PruningThreshold: 1,
		AverageReligionFraction: 0.25, Hasten: 1,
	}
}
