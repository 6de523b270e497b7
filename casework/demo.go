package casework

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
)

// DemoCast is who acts in the demo. Worker and Supervisor are of one agency,
// Shelter is a caseworker of another.
type DemoCast struct {
	Worker, Supervisor, Shelter actor.Actor
	// Neighbour is the country to which people of the demo go home.
	Neighbour string
}

// The services of demo/directory.json that the story uses.
const (
	demoSafeHouse = "b3f97593-cdd2-5349-b6c7-a2d03d7a6924" // Rumah Mercusuar, where Shelter works
	demoClinic    = "9d363c71-28bd-51ca-b7ba-71884ae50314"
	demoDefender  = "a49f7cc6-84e2-5c1c-aa96-c943f1049c0c"
	demoChildren  = "a4aea057-c2b1-51e0-9713-b90838c865bd"
	demoFishers   = "dff17f8c-d022-54c9-93fe-dce8d49c0e8f" // not confirmed for a long time
	demoTravel    = "4f3f59b4-7f7a-5f27-9a52-3c7a30a4b0d1" // of Worker's own agency
)

// Demo fills the desk with people who never lived, each standing where a case
// may stand: helped, waiting, overdue, declined, going home, closed. The verbs
// are those of every day; only their clock runs in the past, so that the desk
// looks as if it had been worked at for months.
func (d *Desk) Demo(ctx context.Context, cast DemoCast) error {
	then := clock.NewManual(d.Clock.Now())
	past := &Desk{Deps: d.Deps, policies: d.policies, profiles: d.profiles}
	past.Clock = then
	if err := d.AnswerFor(actor.With(ctx, cast.Shelter), demoSafeHouse, true); err != nil {
		return err
	}
	s := &story{Desk: past, ctx: ctx, cast: cast, clock: then, now: d.Clock.Now()}
	for _, tell := range []func(*story){
		(*story).helped, (*story).unanswered, (*story).child, (*story).madeToCheat, (*story).declined, (*story).nobodyFound,
		(*story).goneHome, (*story).returnSuspended, (*story).tookBackConsent, (*story).readyToClose, (*story).closed, (*story).twoEdits, (*story).referredToUs,
	} {
		if tell(s); s.err != nil {
			return s.err
		}
	}
	return errors.Join(d.Deadlines(ctx), d.Terms(ctx))
}

// story tells one life after the other. The first error ends it.
type story struct {
	*Desk
	ctx   context.Context
	cast  DemoCast
	clock *clock.Manual
	now   time.Time
	err   error
}

// ago sets the clock to so long before now.
func (s *story) ago(d time.Duration) { s.clock.Set(s.now.Add(-d)) }

const day = 24 * time.Hour

func (s *story) by(a actor.Actor) context.Context { return actor.With(s.ctx, a) }

// check keeps the first error, with what was being done.
func (s *story) check(what string, err error) {
	if s.err == nil && err != nil {
		s.err = fmt.Errorf("%s: %w", what, err)
	}
}

// open opens a case; values are "field: value; field: value".
func (s *story) open(a actor.Actor, values, place string, needs ...string) Case {
	if s.err != nil {
		return Case{}
	}
	fields := map[string]string{}
	for _, pair := range strings.Split(values, ";") {
		name, value, _ := strings.Cut(pair, ":")
		fields[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	c, err := s.OpenCase(s.by(a), NewCase{Values: fields, Needs: needs, Place: place})
	s.check("case of "+fields["given_name"], err)
	return c
}

// add puts an entry on a case; due is days from now, 0 none.
func (s *story) add(a actor.Actor, c Case, kind, code, words string, due int) Entry {
	if s.err != nil {
		return Entry{}
	}
	n := NewEntry{Kind: kind, Code: code, Text: map[string]string{"text": words}}
	if due != 0 {
		n.DueAt = s.now.AddDate(0, 0, due)
	}
	e, err := s.AddEntry(s.by(a), c.ID, n)
	s.check(kind+" "+code, err)
	return e
}

func (s *story) state(c Case, to State, reason string) {
	if s.err != nil {
		return
	}
	_, err := s.SetState(s.by(s.cast.Worker), c.ID, to, reason)
	s.check(string(to), err)
}

// refer takes consent for the fields and sends a referral. receiver is an
// agency with accounts here; empty goes by link.
func (s *story) refer(a actor.Actor, c Case, service, receiver string, p referral.Priority, needs []string, words string, fields ...string) Referral {
	if s.err != nil {
		return Referral{}
	}
	n := NewReceipt{Purpose: "referral", Fields: fields, Recipient: service, Language: "my", How: "spoken", GivenBy: "person", Until: s.now.AddDate(0, 3, 0)}
	if c.Child {
		n.GivenBy, n.Assent = "guardian", true
		n.Text = map[string]string{"guardian": "Aunt, her mother's sister", "best_interests": "She is safest with her own age and a guardian who is free of the people she fears."}
	}
	receipt, err := s.TakeConsent(s.by(a), c.ID, n)
	if s.check("consent", err); s.err != nil {
		return Referral{}
	}
	r, err := s.Offer(s.by(a), c.ID, NewReferral{Service: service, Receiver: receiver, Priority: p, Needs: needs, Fields: fields, Receipt: receipt.ID, Text: words})
	s.check("offer", err)
	return s.step(a, r, referral.Send, "")
}

func (s *story) step(a actor.Actor, r Referral, e referral.Event, reason string) Referral {
	if s.err != nil {
		return r
	}
	r, err := s.TakeStep(s.by(a), r.ID, StepIn{Event: e, Reason: reason})
	s.check("referral "+string(e), err)
	return r
}

// byLink lets a partner without an account answer.
func (s *story) byLink(a actor.Actor, r Referral, e referral.Event, reason string) {
	if s.err != nil {
		return
	}
	link, err := s.MakeLink(s.by(a), r.ID)
	if s.check("link", err); s.err != nil {
		return
	}
	_, secret, _ := strings.Cut(link.URL, "#")
	session, _, err := s.PartnerOpen(s.ctx, secret, link.Code)
	if err == nil {
		_, err = s.PartnerAnswer(s.ctx, session, StepIn{Event: e, Reason: reason})
	}
	s.check("partner", err)
}

// approve asks for a supervisor's word, and gives it when decided.
func (s *story) approve(c Case, what, reason string, decided bool) {
	if s.err != nil {
		return
	}
	a, err := s.AskApproval(s.by(s.cast.Worker), c.ID, what, reason)
	s.check("ask "+what, err)
	if s.err == nil && decided {
		_, err = s.DecideApproval(s.by(s.cast.Supervisor), c.ID, a.ID, true, "")
		s.check("approve "+what, err)
	}
}

// helped: identified three weeks ago, in the safe house, one task overdue.
func (s *story) helped() {
	w := s.cast.Worker
	s.ago(20 * day)
	c := s.open(w, "given_name: Thiri; family_name: Aye; birth_date: 2002-08-14; gender: Feminine; language: my; citizenship: XT; interpreter: yes; phone: +999 555 0611; safe_contact: Write first. Her brother must not hear of it.; medical_needs: Sleeps badly.", "XS-01", "shelter", "psychosocial", "labour_rights")
	s.add(w, c, "event", "presumed", "The officer at the jetty saw the signs, and she agreed to talk to us.", 0)
	s.add(w, c, "risk", "danger_from_others", "The recruiter knows her village.", 0)
	r := s.refer(w, c, demoSafeHouse, s.cast.Shelter.Organisation, referral.Emergency, []string{"shelter", "psychosocial"}, "A bed from tonight, and somebody who speaks Burmese.", "given_name", "language", "age", "gender")
	s.ago(20*day - 3*time.Hour)
	s.step(s.cast.Shelter, r, referral.See, "")
	s.step(s.cast.Shelter, r, referral.Accept, "")
	s.ago(18 * day)
	s.add(w, c, "assessment", "assessment", "Safe where she is. Wants her wages, then to go on with her course.", 0)
	s.approve(c, "assessment", "", true)
	s.ago(16 * day)
	goal := s.add(w, c, "goal", "labour_rights", "She is paid what she is owed.", 60)
	if s.err == nil {
		_, err := s.AddEntry(s.by(w), c.ID, NewEntry{Kind: "task", Code: "call", Parent: goal.ID, DueAt: s.now.AddDate(0, 0, -2), Text: map[string]string{"text": "Ask the legal desk for the date of the hearing on wages."}})
		s.check("task", err)
	}
	s.add(w, c, "task", "met", "Visit her in the safe house, with the interpreter.", 3)
	s.add(w, c, "family", "sister", "Her sister in the capital; may be called, in the evening only.", 0)
	s.approve(c, "plan", "", true)
	s.ago(9 * day)
	s.step(s.cast.Shelter, r, referral.Progress, "")
	s.add(w, c, "note", "called", "She sleeps better and has begun to cook for the house.", 0)
}

// unanswered: sent to an entry that nobody has confirmed for half a year.
func (s *story) unanswered() {
	w := s.cast.Worker
	s.ago(6 * day)
	c := s.open(w, "given_name: Duc; family_name: Nguyen; birth_date: 1996-02-03; gender: Masculine; language: vi; citizenship: XT; interpreter: yes", "XS-02", "labour_rights", "shelter", "medical")
	s.add(w, c, "event", "referred_for_identification", "Fourteen months on a boat, papers with the captain.", 0)
	r := s.refer(w, c, demoFishers, "", referral.Urgent, []string{"labour_rights", "shelter"}, "He needs a place until the owner answers.", "given_name", "language", "gender")
	s.check("link", s.ignore(s.MakeLink(s.by(w), r.ID)))
	clinic := s.refer(w, c, demoClinic, "", referral.Normal, []string{"medical"}, "A wound on the hand.", "given_name", "language", "medical_needs")
	s.ago(5 * day)
	s.byLink(w, clinic, referral.Decline, "full")
	s.add(w, c, "task", "call", "Telephone the union: the link was not opened.", -1)
}

func (s *story) ignore(_ LinkOut, err error) error {
	if s.err != nil {
		return nil
	}
	return err
}

// child: an emergency that must be answered today.
func (s *story) child() {
	w := s.cast.Worker
	s.ago(19 * time.Hour)
	born := s.now.AddDate(-15, -2, 0).Format(time.DateOnly)
	c := s.open(w, "given_name: Malee; family_name: Suk; birth_date: "+born+"; gender: Feminine; language: th; citizenship: XT; interpreter: yes", "XS-01", "child_protection", "shelter", "family_tracing")
	s.add(w, c, "event", "presumed", "", 0)
	s.add(w, c, "best_interests", "shelter", "She is afraid of the man who brought her and not of her aunt; she asked that the aunt be called.", 0)
	s.add(w, c, "family", "aunt", "Aunt, her mother's sister; comes tomorrow.", 0)
	s.refer(w, c, demoChildren, "", referral.Emergency, []string{"child_protection", "shelter"}, "Fifteen, alone. Please somebody who speaks Thai.", "given_name", "age", "language", "birth_date")
	s.add(w, c, "task", "met", "Meet the aunt and see her papers.", 1)
}

// madeToCheat: not to be punished; what came of the referral is overdue.
func (s *story) madeToCheat() {
	w := s.cast.Worker
	s.ago(41 * day)
	c := s.open(w, "given_name: Bao; family_name: Tran; birth_date: 2001-11-30; gender: Masculine; language: vi; citizenship: XT; interpreter: yes; exploitation: ForcedCriminality; legal_status: irregular; story: They took the telephone and gave numbers to write to each day.", "XS-03", "legal_aid", "psychosocial")
	s.add(w, c, "event", "presumed", "", 0)
	s.ago(40 * day)
	if s.err == nil {
		yes, released := true, []string{Administrative, Legal}
		_, err := s.ChangeCase(s.by(s.cast.Supervisor), c.ID, CaseChange{NonPunishment: &yes, Released: &released})
		s.check("non-punishment", err)
	}
	r := s.refer(w, c, demoDefender, "", referral.Urgent, []string{"legal_aid"}, "He is questioned on Thursday and must not be alone.", "given_name", "language", "legal_status", "exploitation")
	s.ago(39 * day)
	s.byLink(w, r, referral.Accept, "")
}

// declined: identified, and does not want help now.
func (s *story) declined() {
	s.ago(12 * day)
	c := s.open(s.cast.Worker, "given_name: Min; family_name: Htet; birth_date: 1990-06-21; gender: Masculine; language: my; citizenship: XT", "XS-02", "labour_rights")
	s.add(s.cast.Worker, c, "note", "met", "Knows where we are. May come back when the season ends.", 0)
	s.state(c, Declined, "wants_to_work")
}

// nobodyFound: wants help, and no service can give it.
func (s *story) nobodyFound() {
	s.ago(8 * day)
	c := s.open(s.cast.Worker, "given_name: Rahim; family_name: Karim; birth_date: 1985-01-09; gender: Masculine; language: bn; citizenship: XU; interpreter: yes", "XS-01", "psychosocial")
	s.state(c, Unreferred, "no_interpreter")
	s.add(s.cast.Worker, c, "task", "call", "Ask the university for somebody who speaks Bengali.", 2)
}

// goneHome: received six weeks ago; the first follow-up is late.
func (s *story) goneHome() {
	w := s.cast.Worker
	s.ago(120 * day)
	c := s.open(w, "given_name: Linh; family_name: Pham; birth_date: 1998-03-17; gender: Feminine; language: vi; citizenship: XT; safe_contact: Her sister's number, after six.; town: Ben Xanh", "XS-01", "return", "livelihood")
	s.add(w, c, "event", "presumed", "", 0)
	s.add(w, c, "event", "decided", "Recognised by the ministry.", 0)
	if s.err != nil {
		return
	}
	r, err := s.StartReturn(s.by(w), c.ID, s.cast.Neighbour)
	s.check("return", err)
	s.walkReturn(w, c, r, []returnStep{
		{110, "decided", map[string]string{"information_given": "What help there is at home, that she may stay, and that nobody loses anything by changing their mind.", "language": "vi", "decision": "I want to be home before my sister's wedding."}},
		{95, "assessed", map[string]string{"risk_assessment": "The recruiter was arrested; low.", "family_assessment": "Sister and mother expect her and know."}},
		{70, "preparing", map[string]string{"documents": "Passport of the consulate.", "travel_plan": "By ship, with a companion."}},
		{45, "travelling", map[string]string{"fit_to_travel": "Yes: the harbour clinic.", "reception_confirmed": "The coordination office of Teluk Hijau."}},
		{42, "received", map[string]string{"received_by": "Coordination office, on the quay."}},
		{40, "reintegrating", map[string]string{"economic": "A sewing machine and a stall.", "social": "The women's union of the town.", "psychosocial": "Once in two weeks, by telephone."}},
	})
}

type returnStep struct {
	daysAgo  int
	to       string
	recorded map[string]string
}

// walkReturn takes a return through its steps, each on its day.
func (s *story) walkReturn(w actor.Actor, c Case, r Return, steps []returnStep) {
	for _, step := range steps {
		if s.err != nil {
			return
		}
		s.ago(time.Duration(step.daysAgo) * day)
		_, err := s.MoveReturn(s.by(w), c.ID, r.ID, step.to, step.recorded)
		s.check("return "+step.to, err)
	}
}

// returnSuspended: risk rose before the journey.
func (s *story) returnSuspended() {
	w := s.cast.Worker
	s.ago(30 * day)
	c := s.open(w, "given_name: Sokun; family_name: Chea; birth_date: 1994-12-02; gender: Masculine; language: km; citizenship: XT; interpreter: yes", "XS-03", "return")
	if s.err != nil {
		return
	}
	r, err := s.StartReturn(s.by(w), c.ID, s.cast.Neighbour)
	s.check("return", err)
	s.walkReturn(w, c, r, []returnStep{
		{25, "decided", map[string]string{"information_given": "What waits at home and here.", "language": "km", "decision": "I want to go."}},
		{20, "assessed", map[string]string{"risk_assessment": "Medium: debts at home.", "family_assessment": "Parents agree."}},
		{4, "suspended", map[string]string{"risk": "The lender came to the parents' house and asked for him."}},
	})
}

// tookBackConsent: the person changed their mind, and the other end learnt it.
func (s *story) tookBackConsent() {
	w := s.cast.Worker
	s.ago(14 * day)
	c := s.open(w, "given_name: Nilar; family_name: Win; birth_date: 1988-09-09; gender: Feminine; language: my; citizenship: XT; interpreter: yes", "XS-01", "shelter")
	r := s.refer(w, c, demoSafeHouse, s.cast.Shelter.Organisation, referral.Normal, []string{"shelter"}, "For two weeks.", "given_name", "language")
	s.ago(13 * day)
	s.step(s.cast.Shelter, r, referral.See, "")
	s.ago(11 * day)
	if s.err == nil {
		_, err := s.WithdrawConsent(s.by(w), c.ID, r.Receipt, "person")
		s.check("withdrawal", err)
	}
	s.add(w, c, "note", "called", "Stays with a friend for now. Wants us to call again.", 0)
	s.add(w, c, "task", "called", "Call again.", -3)
}

// readyToClose waits for the supervisor.
func (s *story) readyToClose() {
	s.ago(75 * day)
	c := s.open(s.cast.Worker, "given_name: Hafsa; family_name: Begum; birth_date: 1979-04-27; gender: Feminine; language: bn; citizenship: XU", "XS-02", "documents")
	s.ago(3 * day)
	s.approve(c, "closure", "goals_reached", false)
}

// closed some time ago.
func (s *story) closed() {
	s.ago(200 * day)
	c := s.open(s.cast.Worker, "given_name: Arif; family_name: Putra; birth_date: 1992-07-07; gender: Masculine; language: id; citizenship: XU", "XS-02", "food")
	s.ago(150 * day)
	s.approve(c, "closure", "goals_reached", true)
}

// twoEdits: two people wrote different telephone numbers.
func (s *story) twoEdits() {
	s.ago(2 * day)
	c := s.open(s.cast.Worker, "given_name: Kanya; family_name: Boonmee; birth_date: 2000-10-19; gender: Feminine; language: th; citizenship: XT; phone: +999 555 0640; interpreter: no", "XS-03", "medical", "education")
	if s.err != nil {
		return
	}
	s.ago(26 * time.Hour)
	_, err := s.EditSheets(s.by(s.cast.Worker), c.ID, Edit{Base: c.Revision, Values: map[string]string{"phone": "+999 555 0641", "town": "Teluk Kecil"}})
	s.check("first edit", err)
	s.ago(25 * time.Hour)
	_, err = s.EditSheets(s.by(s.cast.Supervisor), c.ID, Edit{Base: c.Revision, Values: map[string]string{"phone": "+999 555 0649", "disability": "Hears badly on the left."}})
	s.check("second edit", err)
	s.refer(s.cast.Worker, c, demoClinic, "", referral.Normal, []string{"medical"}, "An ear test.", "given_name", "language", "disability")
}

// referredToUs: the other agency asks ours for help with a journey.
func (s *story) referredToUs() {
	them := s.cast.Shelter
	s.ago(30 * time.Hour)
	c := s.open(them, "given_name: Yuli; family_name: Sari; birth_date: 1999-01-25; gender: Feminine; language: id; citizenship: XU", "XS-01", "documents")
	s.refer(them, c, demoTravel, s.cast.Worker.Organisation, referral.Urgent, []string{"documents"}, "She has a ship in five days and no papers.", "given_name", "language", "citizenship")
	s.ago(10 * day)
	other := s.open(them, "given_name: Dao; family_name: Vong; birth_date: 1993-05-05; gender: Feminine; language: lo; citizenship: XT", "XS-03", "documents")
	r := s.refer(them, other, demoTravel, s.cast.Worker.Organisation, referral.Normal, []string{"documents"}, "Papers for the way home.", "given_name", "citizenship")
	s.ago(9 * day)
	s.step(s.cast.Worker, r, referral.See, "")
	s.step(s.cast.Worker, r, referral.Accept, "")
}
