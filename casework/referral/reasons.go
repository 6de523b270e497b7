package referral

// Reasons are the coded reasons a page offers for an event. A reason is kept
// as "code" or "code: the words of whoever gave it"; counting declined
// referrals by code is what shows an agency which service its country lacks.
var Reasons = map[Event][]string{
	Decline:  {"full", "not_eligible", "no_common_language", "outside_area", "cannot_reach_person", "not_safe", "closed", "other"},
	GiveBack: {"need_met_in_part", "need_changed", "person_left", "not_safe", "no_capacity", "other"},
	Revoke:   {"sent_by_mistake", "other_service_found", "not_safe", "person_left", "other"},
	Rescope:  {"disclose_less", "disclose_more", "other_need", "other_receiver_contact"},
	Extend:   {"receiver_asked", "person_could_not_be_reached", "no_other_service"},
	AskAgain: {"person_asked"},
}
