package casework

import (
	"context"
	"database/sql"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"lintas/casework/htcds"
	"lintas/casework/matching"
	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/locale"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/push"
)

func TestPossibleDuplicatesAreShownBeforeACaseIsSaved(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		first := w.openMya(t)
		for name, values := range map[string]map[string]string{
			"names turned round":        {"given_name": "HLA", "family_name": "mya"},
			"one name and the birthday": {"given_name": "Mya", "birth_date": "1999-05-04"},
			"telephone without code":    {"phone": "081-234-5678"},
		} {
			_, err := w.OpenCase(ana, NewCase{Values: values})
			if code(err) != "casework.possible-duplicate" {
				t.Errorf("%s: %v", name, err)
			}
			if _, err := w.OpenCase(ana, NewCase{Values: values, NotDuplicateOf: []string{first.ID}}); err != nil && name == "names turned round" {
				t.Errorf("%s, looked at: %v", name, err)
			}
		}
		if _, err := w.OpenCase(ana, NewCase{Values: map[string]string{"given_name": "Mya", "family_name": "Thuzar"}}); err != nil {
			t.Errorf("one shared name word stops a case: %v", err)
		}
		if found := must[[]Likeness](t)(w.Duplicates(mai, mya)); len(found) != 0 {
			t.Errorf("another agency learns of %v", found)
		}
	})
}

func TestSearchFindsByCodeNameTelephoneAndBirthday(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		thai := must[Case](t)(w.OpenCase(ana, NewCase{Values: map[string]string{"given_name": "สมหญิง"}}))
		for text, want := range map[string]string{c.Code: c.ID, strings.ToLower(c.Code): c.ID, "hla mya": c.ID, "Mya": c.ID, "0812345678": c.ID, "1999-05-04": c.ID, "สมหญิง": thai.ID} {
			found := must[[]Case](t)(w.Cases(ana, Search{Text: text}))
			if len(found) != 1 || found[0].ID != want {
				t.Errorf("%q finds %d cases", text, len(found))
			}
			if others := must[[]Case](t)(w.Cases(budi, Search{Text: text})); len(others) != 0 {
				t.Errorf("%q shows a colleague %d cases", text, len(others))
			}
		}
		if found := must[[]Case](t)(w.Cases(ana, Search{Text: "Mya Aye"})); len(found) != 0 {
			t.Errorf("a word that is not there finds %d", len(found))
		}
	})
}

func TestTwoOfficersEditOneCaseAndNothingIsOverwritten(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		must[Case](t)(w.ChangeCase(sari, c.ID, CaseChange{Members: &[]string{"budi"}}))
		c = must[Case](t)(w.GetCase(ana, c.ID))
		must[Edited](t)(w.EditSheets(ana, c.ID, Edit{Base: c.Revision, Values: map[string]string{"given_name": "Mya Mya"}}))
		e := must[Edited](t)(w.EditSheets(budi, c.ID, Edit{Base: c.Revision, Values: map[string]string{"given_name": "Maya", "town": "Mae Sot"}}))
		if len(e.Conflicts) != 1 || e.Conflicts[0].Stored != "Mya Mya" || !slices.Contains(e.Changed, "town") {
			t.Fatalf("%+v", e)
		}
		p := must[Page](t)(w.CasePage(ana, c.ID))
		if p.Sheets[Identity].Values["given_name"] != "Mya Mya" || p.Sheets[Location].Values["town"] != "Mae Sot" {
			t.Errorf("stored %v", p.Sheets)
		}
		if len(p.Conflicts) != 1 || p.Conflicts[0].Mine != "Maya" || p.Conflicts[0].By != "budi" {
			t.Fatalf("shown %+v", p.Conflicts)
		}
		if err := w.ResolveConflict(ana, c.ID, p.Conflicts[0].ID, true); err != nil {
			t.Fatal(err)
		}
		p = must[Page](t)(w.CasePage(ana, c.ID))
		if p.Sheets[Identity].Values["given_name"] != "Maya" || len(p.Conflicts) != 0 {
			t.Errorf("after a human decided: %v %v", p.Sheets[Identity].Values, p.Conflicts)
		}
	})
}

func TestAClosureNeedsASecondPairOfEyesAndNoReferralUnderWay(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Priority: referral.Normal}))
		_, err := w.AskApproval(ana, c.ID, "closure", "goals_reached")
		wantCode(t, err, "casework.referral-under-way")
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Revoke, Reason: "person_left"}))
		a := must[Approval](t)(w.AskApproval(ana, c.ID, "closure", "goals_reached"))
		_, err = w.DecideApproval(ana, c.ID, a.ID, true, "")
		wantCode(t, err, "casework.not-allowed")
		own := must[Approval](t)(w.AskApproval(sari, c.ID, "plan", ""))
		_, err = w.DecideApproval(sari, c.ID, own.ID, true, "")
		wantCode(t, err, "casework.not-allowed")
		must[Approval](t)(w.DecideApproval(sari, c.ID, a.ID, true, ""))
		if c = must[Case](t)(w.GetCase(ana, c.ID)); c.State != Closed || c.Reason != "goals_reached" {
			t.Errorf("%s %s", c.State, c.Reason)
		}
		_, err = w.EditSheets(ana, c.ID, Edit{Values: map[string]string{"town": "x"}})
		wantCode(t, err, "casework.closed")
		if c = must[Case](t)(w.SetState(ana, c.ID, Opened, "new_need")); c.State != Opened || !c.ClosedAt.IsZero() {
			t.Errorf("%+v", c)
		}
	})
}

func TestWhoIsIdentifiedAndNotHelpedIsAStateWithAReason(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		_, err := w.SetState(ana, c.ID, Declined, "")
		wantCode(t, err, "casework.reason-unknown")
		must[Case](t)(w.SetState(ana, c.ID, Declined, "fear_of_authorities"))
		must[Case](t)(w.SetState(ana, c.ID, Opened, "person_asked"))
		c = must[Case](t)(w.SetState(ana, c.ID, Unreferred, "no_interpreter"))
		b := must[Board](t)(w.SupervisorBoard(sari))
		if c.Reason != "no_interpreter" || b.Cases[string(Unreferred)] != 1 {
			t.Errorf("%+v %v", c, b.Cases)
		}
	})
}

func TestAChildsConsentNeedsAGuardianOrABestInterestsNote(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := must[Case](t)(w.OpenCase(ana, NewCase{Values: map[string]string{"given_name": "Nu", "birth_date": "2012-01-01"}}))
		if !c.Child {
			t.Fatal("a child is not known as one")
		}
		n := NewReceipt{Purpose: "referral", Fields: []string{"given_name"}, Recipient: shelterID, Language: "my", How: "spoken", GivenBy: "person", Until: w.clock.Now().AddDate(0, 1, 0)}
		_, err := w.TakeConsent(ana, c.ID, n)
		wantCode(t, err, "casework.receipt")
		n.GivenBy, n.Text = "guardian", map[string]string{"guardian": "her aunt"}
		_, err = w.TakeConsent(ana, c.ID, n)
		wantCode(t, err, "casework.receipt") // without the child's assent
		n.Assent = true
		must[Receipt](t)(w.TakeConsent(ana, c.ID, n))
		n.GivenBy, n.Text = "person", map[string]string{"best_interests": "The only guardian is the suspect; two of us assessed it."}
		must[Receipt](t)(w.TakeConsent(ana, c.ID, n))
		n.GivenBy, n.Text = "supervisor", map[string]string{"reason": "Her life is in danger and she cannot be asked now."}
		_, err = w.TakeConsent(ana, c.ID, n)
		wantCode(t, err, "casework.not-allowed") // an override is a right of its own
		over := must[Receipt](t)(w.TakeConsent(sari, c.ID, n))
		if notices := must[Work](t)(w.WorkToday(sari)).Notices; over.Kind != "override" || len(notices) == 0 || notices[0].Kind != "consent_overridden" {
			t.Errorf("%s, told %v", over.Kind, notices)
		}
	})
}

func TestAReceiptThatRanOutDisclosesNothing(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		receipt := w.consent(t, c, "given_name")
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Normal, Fields: []string{"given_name", "story"}, Receipt: receipt.ID}))
		_, err := w.TakeStep(ana, r.ID, StepIn{Event: referral.Send})
		wantCode(t, err, "casework.no-consent") // story is not in the receipt
		fields := []string{"given_name"}
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send, Fields: &fields}))
		must[Referral](t)(w.TakeStep(mai, r.ID, StepIn{Event: referral.Accept}))
		if v := must[Disclosed](t)(w.OpenReferral(mai, r.ID)); len(v.Values) != 1 {
			t.Errorf("disclosed %v", v.Values)
		}
		w.clock.Advance(100 * 24 * time.Hour)
		if v := must[Disclosed](t)(w.OpenReferral(mai, r.ID)); len(v.Values) != 0 {
			t.Errorf("after its end the receipt discloses %v", v.Values)
		}
	})
}

func TestASharedCaseIsSharedNarrowerAndTakenBackAfterItWasAccepted(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		receipt := w.consent(t, c, "given_name", "language", "phone")
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Normal, Fields: []string{"given_name", "phone"}, Receipt: receipt.ID}))
		for _, s := range []struct {
			who context.Context
			in  StepIn
		}{{ana, StepIn{Event: referral.Send}}, {mai, StepIn{Event: referral.Accept}}, {ana, StepIn{Event: referral.Rescope, Reason: "disclose_less", Fields: &[]string{"given_name"}}}} {
			must[Referral](t)(w.TakeStep(s.who, r.ID, s.in))
		}
		if v := must[Disclosed](t)(w.OpenReferral(mai, r.ID)); len(v.Values) != 0 || v.Text != "" {
			t.Errorf("while it is changed the receiver sees %v", v.Values)
		}
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
		if v := must[Disclosed](t)(w.OpenReferral(mai, r.ID)); len(v.Values) != 1 || v.Values["given_name"] != "Mya" {
			t.Errorf("narrower: %v", v.Values)
		}
		must[Referral](t)(w.TakeStep(mai, r.ID, StepIn{Event: referral.Accept}))
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Revoke, Reason: "not_safe"}))
		if v := must[Disclosed](t)(w.OpenReferral(mai, r.ID)); v.Referral.State != referral.Revoked || len(v.Values) != 0 {
			t.Errorf("revoked: %s %v", v.Referral.State, v.Values)
		}
	})
}

func TestAReturnIsFollowedUpAndStopsWhenRiskRises(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		r := must[Return](t)(w.StartReturn(ana, c.ID, "MM"))
		_, err := w.MoveReturn(ana, c.ID, r.ID, "decided", map[string]string{"language": "my"})
		wantCode(t, err, "casework.return-incomplete")
		words := map[string]string{}
		for _, rule := range ReturnTable {
			for _, need := range rule.Needs {
				words[need] = "written down"
			}
		}
		for _, to := range []string{"decided", "assessed", "preparing", "travelling", "received"} {
			must[Return](t)(w.MoveReturn(ana, c.ID, r.ID, to, words))
		}
		open := func() (n int) {
			for _, e := range must[Page](t)(w.CasePage(ana, c.ID)).Entries {
				if e.Kind == "task" && e.State == "open" && e.Parent == r.ID {
					n++
				}
			}
			return n
		}
		if n := open(); n != 4 {
			t.Errorf("%d follow-ups", n)
		}
		must[Return](t)(w.MoveReturn(ana, c.ID, r.ID, "suspended", words))
		if n := open(); n != 0 {
			t.Errorf("%d follow-ups go on while it is suspended", n)
		}
		_, err = w.MoveReturn(ana, c.ID, r.ID, "resume", words)
		wantCode(t, err, "casework.not-allowed")
		back := must[Return](t)(w.MoveReturn(sari, c.ID, r.ID, "resume", words))
		if n := open(); n != 4 || back.State != "received" {
			t.Errorf("%d follow-ups, %s", n, back.State)
		}
		report, err := audit.Verify(context.Background(), w.DB, w.Stored(), nil)
		if err != nil || len(report.Problems) > 0 {
			t.Errorf("the log does not verify: %v %v", report.Problems, err)
		}
	})
}

func TestASecondSuspensionKeepsTheWordsOfTheFirst(t *testing.T) {
	now := time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)
	r := Return{State: "preparing"}
	for _, risk := range []string{"a threat by telephone", "somebody waits at the house"} {
		if err := r.move("suspended", map[string]string{"risk": risk}, now); err != nil {
			t.Fatal(err)
		}
		if err := r.move("resume", map[string]string{"risk_assessment": "looked at"}, now); err != nil {
			t.Fatal(err)
		}
	}
	if want := "a threat by telephone\n2026-05-04: somebody waits at the house"; r.Recorded["preparing.risk"] != want {
		t.Errorf("recorded %q instead of %q", r.Recorded["preparing.risk"], want)
	}
}

func TestEveryStateOfAReturnHasAWayOut(t *testing.T) {
	out := map[string]bool{}
	for _, r := range ReturnTable {
		out[r.From] = true
	}
	for _, r := range ReturnTable {
		if !out[r.To] && r.To != "finished" && r.To != "stopped" && r.To != "resume" {
			t.Errorf("%s has no way out", r.To)
		}
	}
}

func TestStatutoryTermsFollowTheCasesEventsAndItsCountry(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "event", Code: "presumed"}))
		p := must[Page](t)(w.CasePage(ana, c.ID))
		ends := map[string]string{}
		for _, r := range p.Clocks {
			ends[r.Clock.Code] = r.End.In(time.UTC).Format(time.RFC3339)
		}
		// Opened on 2 March in Bangkok; fifteen days end as the 18th begins there.
		if ends["shelter_before_interview"] != "2026-03-17T17:00:00Z" || ends["reflection"] != "2026-04-16T17:00:00Z" {
			t.Errorf("ends %v", ends)
		}
		_, err := w.ChangeCase(ana, c.ID, CaseChange{Profile: ptr("GB")})
		if err != nil {
			t.Fatal(err)
		}
		if p = must[Page](t)(w.CasePage(ana, c.ID)); len(p.Clocks) != 2 || p.Clocks[1].Clock.Code != "reflection_review" {
			t.Errorf("in another country: %+v", p.Clocks)
		}
		for _, days := range []time.Duration{41, 19} { // before the last of the terms ends, and after it
			w.clock.Advance(days * 24 * time.Hour)
			if err := w.Terms(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		kinds := map[string]int{}
		for _, n := range must[Work](t)(w.WorkToday(ana)).Notices {
			kinds[n.Kind]++
		}
		if kinds["clock_soon"] == 0 || kinds["clock_due"] == 0 {
			t.Errorf("told %v", kinds)
		}
	})
}

func ptr[T any](v T) *T { return &v }

// The proof: a backup from before the erasure, put back, cannot be read.
func TestAnErasedPersonIsUnreadableInAnOldBackup(t *testing.T) {
	store := filepath.Join(t.TempDir(), "store.db")
	d, err := db.Open(context.Background(), store)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, d)
	c := w.openMya(t)
	must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "note", Text: map[string]string{"text": "a secret"}}))
	must[Case](t)(w.ChangeCase(sari, c.ID, CaseChange{Hold: ptr(true)}))
	backup := filepath.Join(t.TempDir(), "backup.db")
	if err := d.Backup(context.Background(), backup); err != nil {
		t.Fatal(err)
	}
	_, err = w.EraseCase(sari, c.ID, nil)
	wantCode(t, err, "casework.legal-hold")
	must[Case](t)(w.ChangeCase(sari, c.ID, CaseChange{Hold: ptr(false)}))
	_, err = w.EraseCase(ana, c.ID, nil)
	wantCode(t, err, "casework.not-allowed")
	proof := must[Erased](t)(w.EraseCase(sari, c.ID, nil))
	if proof.Sealed == 0 {
		t.Error("nothing was there to prove it on")
	}
	for name, where := range map[string]string{"today": store, "backup": backup} {
		old, err := db.Open(context.Background(), where)
		if err != nil {
			t.Fatal(err)
		}
		defer old.Close()
		deps := w.Deps
		deps.DB = old
		p := must[Page](t)((&Desk{Deps: deps, policies: w.policies, profiles: w.profiles}).CasePage(ana, c.ID))
		for class, s := range p.Sheets {
			if !s.Erased || len(s.Values) > 0 {
				t.Errorf("%s: %s reads %v", name, class, s.Values)
			}
		}
		for _, e := range p.Entries {
			if !e.Hidden || len(e.Text) > 0 {
				t.Errorf("%s: entry %s reads %v", name, e.Kind, e.Text)
			}
		}
		if raw, err := os.ReadFile(where); err != nil || strings.Contains(string(raw), "a secret") || strings.Contains(string(raw), "Mya") {
			t.Errorf("%s: the file holds plain text (%v)", name, err)
		}
	}
	if found := must[[]Case](t)(w.Cases(sari, Search{Text: "Mya"})); len(found) != 0 {
		t.Error("the name still finds the case")
	}
	_, err = w.EditSheets(ana, c.ID, Edit{Base: 9, Values: map[string]string{"given_name": "Mya"}})
	wantCode(t, err, "casework.erased")
}

func TestEachFieldClassIsErasedWhenItsTermEndsAndHoldStopsIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var ids []string
		for i := range 2 {
			c := must[Case](t)(w.OpenCase(ana, NewCase{Values: map[string]string{"given_name": []string{"Aung", "Thuzar"}[i], "legal_status": "irregular", "language": "my"}}))
			a := must[Approval](t)(w.AskApproval(ana, c.ID, "closure", "goals_reached"))
			must[Approval](t)(w.DecideApproval(sari, c.ID, a.ID, true, ""))
			ids = append(ids, c.ID)
		}
		must[Case](t)(w.ChangeCase(sari, ids[1], CaseChange{Hold: ptr(true)}))
		readable := func(id string) (classes []string) {
			for class, s := range must[Page](t)(w.CasePage(ana, id)).Sheets {
				if !s.Erased {
					classes = append(classes, class)
				}
			}
			slices.Sort(classes)
			return classes
		}
		for _, step := range []struct {
			years      int
			free, held []string
		}{{4, []string{Administrative, Identity, Legal}, []string{Administrative, Identity, Legal}}, {2, []string{Administrative, Legal}, []string{Administrative, Identity, Legal}}, {5, nil, []string{Administrative, Identity, Legal}}} {
			w.clock.Set(w.clock.Now().AddDate(step.years, 0, 0))
			if err := w.Retain(context.Background()); err != nil {
				t.Fatal(err)
			}
			if got := readable(ids[0]); !slices.Equal(got, step.free) {
				t.Errorf("%d years on: %v", step.years, got)
			}
			if got := readable(ids[1]); !slices.Equal(got, step.held) {
				t.Errorf("%d years on, held: %v", step.years, got)
			}
		}
	})
}

func TestBulkImportRunsDryShowsTheDifferenceAndKeepsGoodRows(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		file := "case_id,prs_First_Name,prs_SecondName,prs_Birthdate,vic_MethodsOfControl,shoe_size\n" +
			"K-1,Mya,Hla,1999-05-04,DebtBondage;Other,x\nK-2,Thida,Win,3/4/2026,,\nK-3,Nwe,Oo,1990-01-01,,\n"
		bring := func(text string, dry bool) Import {
			records, issues, err := ReadCases([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return must[Import](t)(w.ImportHTCDS(ana, records, issues, dry))
		}
		dry := bring(file, true)
		if dry.Added != 2 || dry.Wrong != 1 || dry.Rows[1].Do != "wrong" || dry.Rows[1].Issues[0].Field != "prs_Birthdate" || dry.Rows[0].Unmapped[0] != "shoe_size" {
			t.Errorf("%+v", dry)
		}
		if n := len(must[[]Case](t)(w.Cases(ana, Search{}))); n != 0 {
			t.Fatalf("a dry run stored %d cases", n)
		}
		if done := bring(file, false); done.Added != 2 {
			t.Errorf("%+v", done)
		}
		again := bring(strings.Replace(file, "Nwe", "Nwe Nwe", 1), true)
		if again.Added != 0 || again.Change != 1 || again.Rows[0].Do != "same" || len(again.Rows[2].Changes) != 1 || again.Rows[2].Changes[0].New[0] != "Nwe Nwe" {
			t.Errorf("%+v", again)
		}
		if other := bring("case_id,prs_FirstName,prs_SecondName\nX-9,Hla,Mya\n", true); other.Rows[0].Do != "duplicate" {
			t.Errorf("%+v", other)
		}
		w.exported(t)
	})
}

// exported: nothing personal by default; whole with the right to it.
func (w *world) exported(t *testing.T) {
	t.Helper()
	for _, r := range must[[]htcds.Record](t)(w.ExportHTCDS(ana, false)) {
		if len(r.Values["prs_FirstName"]) > 0 || len(r.Other) > 0 {
			t.Errorf("an export holds %v %v", r.Values, r.Other)
		}
	}
	_, err := w.ExportHTCDS(ana, true)
	wantCode(t, err, "casework.not-allowed")
	names := map[string]bool{}
	for _, r := range must[[]htcds.Record](t)(w.ExportHTCDS(sari, true)) {
		names[r.Values["prs_FirstName"][0]] = true
	}
	if !names["Mya"] || !names["Nwe"] {
		t.Errorf("exported %v", names)
	}
}

func TestAServiceConfirmsItsEntryByALinkAndRises(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		b := must[Board](t)(w.SupervisorBoard(sari))
		if b.Stale != 1 {
			t.Errorf("%d services are overdue", b.Stale)
		}
		url := must[string](t)(w.AskAssurance(ana, clinicID))
		_, secret, _ := strings.Cut(url, "#")
		nobody := context.Background()
		if s, err := w.LookAssurance(nobody, secret); err != nil || s.Name != "Hill clinic" {
			t.Fatal(s.Name, err)
		}
		if err := w.Assure(nobody, Assurance{Secret: secret, Email: "desk@hill.test", Status: "active", Free: ptr(2)}); err != nil {
			t.Fatal(err)
		}
		wantCode(t, w.Assure(nobody, Assurance{Secret: secret, Email: "desk@hill.test", Status: "active"}), "casework.link")
		if b = must[Board](t)(w.SupervisorBoard(sari)); b.Stale != 0 {
			t.Errorf("%d services are overdue", b.Stale)
		}
		dir, err := w.dir(nobody)
		if err != nil {
			t.Fatal(err)
		}
		if s, _ := dir.service(clinicID); s.AssuredDate != "2026-03-02" || s.AssurerEmail != "desk@hill.test" || !slices.ContainsFunc(dir.matching, func(m matching.Service) bool { return m.ID == clinicID && m.Free == 2 }) {
			t.Errorf("%+v", s)
		}
	})
}

func TestNoticesLeaveTheNodeWithoutAnythingPersonal(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var sent []string
		w.Mail = func(_ context.Context, to, subject, text string) error {
			sent = append(sent, to+"|"+subject+"|"+text)
			return nil
		}
		if err := w.SetChannel(ana, "email", "ana@agency.test"); err != nil {
			t.Fatal(err)
		}
		wantCode(t, w.SetChannel(ana, "email", "not an address"), "casework.channel-address")
		c := w.openMya(t)
		receipt := w.consent(t, c, "given_name")
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Normal, Fields: []string{"given_name"}, Receipt: receipt.ID}))
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
		must[Referral](t)(w.TakeStep(mai, r.ID, StepIn{Event: referral.Accept}))
		for range 2 {
			if err := w.SendNotices(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		if len(sent) != 1 || !strings.HasPrefix(sent[0], "ana@agency.test|") {
			t.Fatalf("sent %v", sent)
		}
		for _, secret := range []string{"Mya", c.Code, c.ID, r.ID, "River"} {
			if strings.Contains(sent[0], secret) {
				t.Errorf("a notice carries %q", secret)
			}
		}
	})
}

func TestANoticeIsWrittenInTheLanguageOfWhoeverGetsIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		reads := map[string]string{"sari": "my", "tun": "ar", "mai": "xx"} // a language that nobody wrote yet is English
		w.LocaleOf = func(_ context.Context, person string) (string, error) { return reads[person], nil }
		w.Staff = func(context.Context, string, ...actor.Role) ([]string, error) {
			return []string{"sari", "tun", "mai"}, nil
		}
		mails, pushes := map[string][2]string{}, map[string]string{}
		w.Mail = func(_ context.Context, to, subject, text string) error {
			mails[to] = [2]string{subject, text}
			return nil
		}
		w.Push = func(_ context.Context, subscription []byte, text string) error {
			pushes[string(subscription)] = text
			return nil
		}
		for who, ctx := range map[string]context.Context{"sari": sari, "tun": as("tun", ours, actor.Supervisor), "mai": mai} {
			if err := w.SetChannel(ctx, "email", who+"@agency.test"); err != nil {
				t.Fatal(err)
			}
			if err := w.SetChannel(ctx, "push", who); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.BreakGlass(budi, w.openMya(t).ID, "she called me and Ana is ill today"); err != nil {
			t.Fatal(err)
		}
		if err := w.SendNotices(context.Background()); err != nil {
			t.Fatal(err)
		}
		for who, code := range map[string]string{"sari": "my", "tun": "ar", "mai": "en"} {
			want := noticesIn[code]
			if mails[who+"@agency.test"] != [2]string{want.Subject, want.Text} || pushes[who] != want.Push {
				t.Errorf("%s reads %s and is sent %q and %q", who, code, mails[who+"@agency.test"], pushes[who])
			}
		}
	})
}

func TestEveryLanguageOfTheInterfaceHasItsNotice(t *testing.T) {
	for _, l := range locale.Interface {
		w := noticesIn[l.Code]
		if w.Subject == "" || w.Text == "" || w.Push == "" {
			t.Errorf("%s lacks a notice: %+v", l.Code, w)
		}
		if n := len(utf16.Encode([]rune(w.Push))); n > 100 {
			t.Errorf("the push in %s has %d characters and is cut at 100", l.Code, n)
		}
		for other, o := range noticesIn {
			if other != l.Code && o.Text == w.Text {
				t.Errorf("%s and %s say the same words", l.Code, other)
			}
		}
	}
	if len(noticesIn) != len(locale.Interface) {
		t.Errorf("%d languages have a notice, the interface has %d", len(noticesIn), len(locale.Interface))
	}
}

// The database's own file never holds a personal field in the clear.
func TestTheStoreHoldsNoPlainText(t *testing.T) {
	d := dbtest.SQLite(t)
	w := newWorld(t, d)
	c := w.openMya(t)
	must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "note", Text: map[string]string{"text": "she fears her cousin"}}))
	err := d.Read(context.Background(), func(tx *db.Tx) error {
		for _, table := range []string{"casework_sheet", "casework_entry", "casework_mark", "casework_case", "audit_leaf"} {
			rows, err := tx.Query(`SELECT * FROM ` + table)
			if err != nil {
				return err
			}
			if err := noPlain(t, table, rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func noPlain(t *testing.T, table string, rows *sql.Rows) error {
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	for rows.Next() {
		cells := make([]sql.RawBytes, len(cols))
		to := make([]any, len(cols))
		for i := range cells {
			to[i] = &cells[i]
		}
		if err := rows.Scan(to...); err != nil {
			return err
		}
		for i, cell := range cells {
			for _, secret := range []string{"Mya", "Hla", "diabetes", "1999-05-04", "cousin"} {
				if strings.Contains(string(cell), secret) {
					t.Errorf("%s.%s holds %q", table, cols[i], secret)
				}
			}
		}
	}
	return rows.Err()
}

// One person, two offices, two scripts.
func TestTheSamePersonIsFoundAcrossScriptsAndOrders(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		for what, values := range map[string]map[string]string{
			"in Burmese":                  {"given_name": "မြ", "family_name": "လှ", "birth_date": "1999-05-04"},
			"in Burmese, as one word":     {"given_name": "မြလှ", "birth_date": "1999-05-04"},
			"turned round":                {"given_name": "HLA", "family_name": "mya"},
			"with one name and the birth": {"given_name": "Mya", "birth_date": "1999-05-04"},
		} {
			found := must[[]Likeness](t)(w.Duplicates(ana, values))
			if len(found) != 1 || found[0].Case != c.ID {
				t.Errorf("%s: %+v", what, found)
			}
		}
		for what, values := range map[string]map[string]string{
			"only a short sound": {"given_name": "မြ"}, "another person born that day": {"given_name": "Somsak", "birth_date": "1999-05-04"}, "one word": {"given_name": "Mya"},
		} {
			if found := must[[]Likeness](t)(w.Duplicates(ana, values)); len(found) > 0 {
				t.Errorf("%s: %+v", what, found)
			}
		}
		for _, text := range []string{"မြ လှ", "hla mya", "Hla"} {
			if found := must[[]Case](t)(w.Cases(ana, Search{Text: text})); len(found) != 1 {
				t.Errorf("a search for %q finds %d", text, len(found))
			}
		}
	})
}

func TestACountryWithoutAProfileHasItsOwnDay(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	for country, zone := range map[string]string{"MM": "Asia/Yangon", "NP": "Asia/Kathmandu", "TH": "Asia/Bangkok", "QQ": "UTC"} {
		if got := w.profile(country).Location().String(); got != zone {
			t.Errorf("%s counts in %s", country, got)
		}
	}
	for country, r := range regions {
		if _, err := w.profile("XX").In(r.Zone, r.Weekend); err != nil || len(r.Weekend) == 0 {
			t.Errorf("%s: %v", country, err)
		}
	}
}

// What the database calls enough and what the dry run calls enough is one rule.
func TestEnoughIsTheSameInSQLAndInGo(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		rng := rand.New(rand.NewPCG(5, 5))
		pick := func(list ...string) string { return list[rng.IntN(len(list))] }
		person := func() map[string]string {
			return map[string]string{
				"given_name": pick("Mya", "မြ", "Somchai", "สมชาย", "", "Daw Mya", "นางสาวมาลี", "Nguyen Thi", "Siti binti"), "family_name": pick("Hla", "Srisuwan", "ศรีสุวรรณ", "Win", "Hoa", "Hla Win"),
				"other_names": pick("", "", "May", "Mya Hla"),
				"birth_date":  pick("", "1999-05-04", "2000-01-01"), "phone": pick("", "", "+66812345678"),
			}
		}
		for range 120 {
			first, second := person(), person()
			seen := rowsSeen{}
			seen.add(w.Desk, 1, first)
			inGo := len(seen.add(w.Desk, 2, second)) > 0
			org := id.New()
			who := as("x", org, actor.Caseworker)
			must[Case](t)(w.OpenCase(who, NewCase{Values: first}))
			if inSQL := len(must[[]Likeness](t)(w.Duplicates(who, second))) > 0; inSQL != inGo {
				t.Errorf("%v and %v: %v in SQL, %v in Go", first, second, inSQL, inGo)
			}
		}
	})
}

// A glass that is broken rings with every supervisor, a referral that has come
// with everybody who could take it, and nobody hears it five times.
func TestNoticesToAGroupReachWhoIsInIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		sent := map[string]int{}
		w.Mail = func(_ context.Context, to, _, _ string) error { sent[to]++; return nil }
		w.Push = func(context.Context, []byte, string) error { return push.ErrGone }
		w.Staff = func(_ context.Context, organisation string, roles ...actor.Role) ([]string, error) {
			switch {
			case organisation == theirs && slices.Contains(roles, actor.Caseworker):
				return []string{"mai", "tun"}, nil
			case organisation == ours && !slices.Contains(roles, actor.Caseworker):
				return []string{"sari"}, nil
			}
			return nil, nil
		}
		for who, ctx := range map[string]context.Context{"mai": mai, "tun": as("tun", theirs, actor.Caseworker), "sari": sari, "ana": ana, "budi": budi} {
			if err := w.SetChannel(ctx, "email", who+"@agency.test"); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.SetChannel(mai, "push", `{"endpoint":"https://push.test/1"}`); err != nil {
			t.Fatal(err)
		}
		c := w.openMya(t)
		if err := w.BreakGlass(budi, c.ID, "she called me and Ana is ill today"); err != nil {
			t.Fatal(err)
		}
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Normal, Fields: []string{"given_name"}, Receipt: w.consent(t, c, "given_name").ID}))
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
		for range 3 {
			if err := w.SendNotices(context.Background()); err != nil {
				t.Fatal(err)
			}
		}
		want := map[string]int{"sari@agency.test": 1, "mai@agency.test": 1, "tun@agency.test": 1}
		if !maps.Equal(sent, want) {
			t.Errorf("sent %v", sent)
		}
		if !slices.ContainsFunc(must[Work](t)(w.WorkToday(mai)).Notices, func(n Notice) bool { return n.Kind == "referral_send" && n.Case == "" }) {
			t.Error("a caseworker of the receiver does not see that a referral has come")
		}
	})
}

func TestARiskWrittenOnTheCaseSuspendsAReturnUnderWay(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		r := must[Return](t)(w.StartReturn(ana, c.ID, "MM"))
		add := func(code string) Entry {
			return must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "risk", Code: code, Text: map[string]string{"text": "They asked for her at home."}}))
		}
		state := func() string { return must[Page](t)(w.CasePage(ana, c.ID)).Returns[0].State }
		add("danger_on_return")
		if s := state(); s != "considering" {
			t.Errorf("a return that was not decided yet is %s", s)
		}
		words := map[string]string{}
		for _, rule := range ReturnTable {
			for _, need := range rule.Needs {
				words[need] = "said"
			}
		}
		must[Return](t)(w.MoveReturn(ana, c.ID, r.ID, "decided", words))
		add("strength.household.mother")
		if s := state(); s != "decided" {
			t.Errorf("after a strength was written down the return is %s", s)
		}
		risk := add("danger_on_return")
		if s := state(); s != "suspended" {
			t.Fatalf("after a risk was written down the return is %s", s)
		}
		if !slices.ContainsFunc(must[Work](t)(w.WorkToday(sari)).Notices, func(n Notice) bool { return n.Kind == "return_suspended" }) {
			t.Error("the supervisor was not told")
		}
		must[Return](t)(w.MoveReturn(sari, c.ID, r.ID, "resume", words))
		lower, open := "lower", "open"
		must[Entry](t)(w.ChangeEntry(ana, c.ID, risk.ID, EntryChange{State: &lower}))
		if s := state(); s != "decided" {
			t.Errorf("with a lower risk the return is %s", s)
		}
		must[Entry](t)(w.ChangeEntry(ana, c.ID, risk.ID, EntryChange{State: &open}))
		if s := state(); s != "suspended" {
			t.Errorf("with the risk open again the return is %s", s)
		}
	})
}

func TestAMinimumThatHasEndedIsNobodysFault(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "event", Code: "presumed"}))
		terms := func() (what []string, overdue int) {
			for _, x := range must[Work](t)(w.WorkToday(ana)).Dues {
				if x.Kind == "clock" {
					what = append(what, x.What)
					if x.Overdue {
						overdue++
					}
				}
			}
			return what, overdue
		}
		w.clock.Advance(43 * 24 * time.Hour)
		if what, _ := terms(); !slices.Contains(what, "reflection") {
			t.Errorf("before the reflection period ends the list has %v", what)
		}
		w.clock.Advance(10 * 24 * time.Hour)
		if what, overdue := terms(); slices.Contains(what, "reflection") || overdue != 1 { // the shelter's fifteen days are late
			t.Errorf("after it the list has %v, %d overdue", what, overdue)
		}
	})
}

// What a service must know is the age; the day of birth stays with us.
func TestWhoMayKnowTheAgeIsNotToldTheDayOfBirth(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Normal, Fields: []string{"age"}, Receipt: w.consent(t, c, "age").ID}))
		must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
		if v := must[Disclosed](t)(w.OpenReferral(mai, r.ID)); len(v.Values) != 1 || v.Values["age"] != "26" {
			t.Errorf("the receiver sees %v", v.Values)
		}
	})
}

// A day of birth corrected to that of a child makes the rules for children hold
// from then on; back again it takes a person's decision.
func TestACorrectedBirthdayMakesAChild(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		must[Edited](t)(w.EditSheets(ana, c.ID, Edit{Base: c.Revision, Values: map[string]string{"birth_date": "2010-05-04"}}))
		if c = must[Case](t)(w.GetCase(ana, c.ID)); !c.Child {
			t.Error("somebody of fifteen is no child")
		}
		_, err := w.TakeConsent(ana, c.ID, NewReceipt{Purpose: "referral", Fields: []string{"age"}, Recipient: shelterID, Language: "my", How: "spoken", GivenBy: "person", Until: w.clock.Now().AddDate(0, 1, 0)})
		wantCode(t, err, "casework.receipt")
		must[Edited](t)(w.EditSheets(ana, c.ID, Edit{Base: c.Revision + 9, Values: map[string]string{"birth_date": "1999-05-04"}}))
		if c = must[Case](t)(w.GetCase(ana, c.ID)); !c.Child {
			t.Error("the mark went off by itself")
		}
	})
}
