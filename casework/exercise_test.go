package casework

import (
	"context"
	"slices"
	"testing"
	"time"

	"lintas/casework/htcds"
	"lintas/casework/referral"
	"lintas/kernel/problem"
)

var thida = map[string]string{"given_name": "Thida", "family_name": "Win", "birth_date": "2001-02-03", "phone": "+66 82 345 6789", "language": "my"}

// exercise is a case about nobody with everything on it that could show up
// somewhere: names, a task that is late, a broken glass, an offered referral.
func (w *world) exercise(t *testing.T) (Case, Referral) {
	t.Helper()
	c := must[Case](t)(w.OpenCase(ana, NewCase{Exercise: true, Values: thida, Needs: []string{"shelter"}}))
	must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "task", Code: "call", DueAt: w.clock.Now().Add(-time.Hour)}))
	must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "event", Code: "presumed", At: w.clock.Now().AddDate(0, -2, 0)}))
	must[Approval](t)(w.AskApproval(ana, c.ID, "plan", ""))
	if err := w.BreakGlass(budi, c.ID, "to learn what happens then"); err != nil {
		t.Fatal(err)
	}
	r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Urgent, Fields: []string{"given_name"}, Receipt: w.consent(t, c, "given_name").ID}))
	return c, r
}

// found says in which of the places where real cases appear the only case does.
func (w *world) found(t *testing.T, c Case) (where []string) {
	t.Helper()
	for _, who := range []context.Context{ana, sari} {
		for name, s := range map[string]Search{"the list": {}, "the search by code": {Text: c.Code}, "the search by name": {Text: "Thida Win"}, "the search by sound": {Text: "Tida Vin"}, "the search by telephone": {Text: "0823456789"}, "the search by birth": {Text: "2001-02-03"}, "the list by state": {State: c.State}} {
			if slices.ContainsFunc(must[[]Case](t)(w.Cases(who, s)), func(x Case) bool { return x.ID == c.ID }) {
				where = append(where, name)
			}
		}
		work := must[Work](t)(w.WorkToday(who))
		if slices.ContainsFunc(work.Dues, func(x Due) bool { return x.Case == c.ID }) {
			where = append(where, "the day's work")
		}
		if slices.ContainsFunc(work.Notices, func(n Notice) bool { return n.Case == c.ID }) {
			where = append(where, "the notices")
		}
		if slices.ContainsFunc(must[[]Referral](t)(w.Box(who, false, "", time.Time{})), func(r Referral) bool { return r.Case == c.ID }) {
			where = append(where, "the outbox")
		}
		if len(must[[]htcds.Record](t)(w.ExportHTCDS(who, false))) > 0 {
			where = append(where, "the export")
		}
	}
	if len(must[[]Likeness](t)(w.Duplicates(ana, thida))) > 0 {
		where = append(where, "the possible duplicates")
	}
	b := must[Board](t)(w.SupervisorBoard(sari))
	for name, counted := range map[string]map[string]int{"cases": b.Cases, "referrals": b.Referrals, "overdue": b.Overdue, "load": b.Load} {
		for _, n := range counted {
			if n > 0 {
				where = append(where, "the count of "+name)
			}
		}
	}
	if len(b.Dues) > 0 {
		where = append(where, "what is overdue")
	}
	slices.Sort(where)
	return slices.Compact(where)
}

func TestAnExerciseStandsInNoListSearchCountFileOrNotice(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var mails int
		w.Mail = func(context.Context, string, string, string) error { mails++; return nil }
		if err := w.SetChannel(ana, "email", "ana@agency.test"); err != nil {
			t.Fatal(err)
		}
		c, _ := w.exercise(t)
		for _, job := range w.Jobs() {
			if err := job.Run(context.Background()); err != nil {
				t.Fatal(job.Name, err)
			}
		}
		if where := w.found(t, c); len(where) > 0 {
			t.Errorf("an exercise stands in %v", where)
		}
		if mails > 0 {
			t.Errorf("%d mails went out about it", mails)
		}
		if list := must[[]Case](t)(w.Cases(ana, Search{Exercises: true})); len(list) != 1 || list[0].ID != c.ID {
			t.Errorf("the list of exercises has %v", list)
		}
	})
}

// The same case as a real one: what the test above looks at does show cases.
func TestARealCaseStandsInEveryPlaceThatLeavesOutExercises(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := must[Case](t)(w.OpenCase(ana, NewCase{Values: thida, Needs: []string{"shelter"}}))
		must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "task", Code: "call", DueAt: w.clock.Now().Add(-time.Hour)}))
		must[Approval](t)(w.AskApproval(ana, c.ID, "plan", ""))
		must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Priority: referral.Urgent}))
		want := []string{"the count of cases", "the count of load", "the count of overdue", "the count of referrals", "the day's work", "the export", "the list", "the list by state", "the notices", "the outbox", "the possible duplicates", "the search by birth", "the search by code", "the search by name", "the search by sound", "the search by telephone", "what is overdue"}
		if where := w.found(t, c); !slices.Equal(where, want) {
			t.Errorf("a real case stands in %v, want %v", where, want)
		}
	})
}

func TestNothingOfAnExerciseIsSent(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		_, r := w.exercise(t)
		_, err := w.TakeStep(ana, r.ID, StepIn{Event: referral.Send})
		wantCode(t, err, "casework.exercise")
		if _, err = w.OpenReferral(mai, r.ID); code(err) != "casework.referral-unknown" {
			t.Errorf("the receiver opens it: %v", err)
		}
		_, err = w.MakeLink(ana, r.ID)
		wantCode(t, err, "casework.not-sent")
		if inbox := must[[]Referral](t)(w.Box(mai, true, "", time.Time{})); len(inbox) > 0 {
			t.Errorf("the receiver's inbox has %v", inbox)
		}
	})
}

func TestAnExerciseIsNotOpenedFromARealScreening(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.Screening = func(context.Context, string) (Screened, error) {
			return Screened{Values: map[string]string{"given_name": "Thida"}}, nil
		}
		_, err := w.OpenCase(ana, NewCase{Exercise: true, Screening: "sub-1"})
		wantCode(t, err, "casework.exercise-real")
	})
}

// What users of other systems tell: training cases deleted on the server come
// back from a tablet next morning. Here everything a late device can send is
// answered as for a case that never was, and brings nothing back.
func TestAnExerciseThatHasEndedNeverComesBack(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, r := w.exercise(t)
		p := must[Page](t)(w.CasePage(ana, c.ID))
		entry, approval, receipt := p.Entries[0].ID, p.Approvals[0].ID, p.Receipts[0].ID
		wantCode(t, w.EndExercise(mai, c.ID), "casework.case-unknown")
		if err := w.EndExercise(ana, c.ID); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(18 * time.Hour) // the next morning
		state := "done"
		late := map[string]func() error{
			"an edit": func() error {
				_, err := w.EditSheets(ana, c.ID, Edit{Base: c.Revision, Values: thida})
				return err
			},
			"a note":          func() error { _, err := w.AddEntry(ana, c.ID, NewEntry{Kind: "note"}); return err },
			"a task done":     func() error { _, err := w.ChangeEntry(ana, c.ID, entry, EntryChange{State: &state}); return err },
			"a state":         func() error { _, err := w.SetState(ana, c.ID, Opened, "closed_by_mistake"); return err },
			"a new owner":     func() error { _, err := w.ChangeCase(sari, c.ID, CaseChange{Owner: ptr("budi")}); return err },
			"a consent":       func() error { _, err := w.TakeConsent(ana, c.ID, NewReceipt{Recipient: shelterID}); return err },
			"consent back":    func() error { _, err := w.WithdrawConsent(ana, c.ID, receipt, "person"); return err },
			"an offer":        func() error { _, err := w.Offer(ana, c.ID, NewReferral{Service: shelterID}); return err },
			"a step":          func() error { _, err := w.TakeStep(ana, r.ID, StepIn{Event: referral.Rescope}); return err },
			"a return":        func() error { _, err := w.StartReturn(ana, c.ID, "MM"); return err },
			"an approval":     func() error { _, err := w.DecideApproval(sari, c.ID, approval, true, ""); return err },
			"a broken glass":  func() error { return w.BreakGlass(budi, c.ID, "the tablet asks again") },
			"the page itself": func() error { _, err := w.CasePage(sari, c.ID); return err },
			"ending it again": func() error { return w.EndExercise(ana, c.ID) },
		}
		for what, send := range late {
			if err := send(); !isUnknown(err) {
				t.Errorf("%s: %v", what, err)
			}
		}
		for _, job := range w.Jobs() {
			if err := job.Run(context.Background()); err != nil {
				t.Fatal(job.Name, err)
			}
		}
		if where := w.found(t, c); len(where) > 0 {
			t.Errorf("it is back in %v", where)
		}
		if list := must[[]Case](t)(w.Cases(ana, Search{Exercises: true})); len(list) > 0 {
			t.Errorf("it is back among the exercises: %v", list)
		}
		// A real person of the same name is nobody's duplicate.
		must[Case](t)(w.OpenCase(ana, NewCase{Values: thida}))
	})
}

func isUnknown(err error) bool {
	p, ok := problem.As(err)
	return ok && p.Kind == problem.NotFound
}

func TestAForgottenExerciseEndsByItself(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, _ := w.exercise(t)
		w.clock.Advance(29 * 24 * time.Hour)
		if err := w.Retain(context.Background()); err != nil {
			t.Fatal(err)
		}
		must[Page](t)(w.CasePage(ana, c.ID))
		w.clock.Advance(2 * 24 * time.Hour)
		if err := w.Retain(context.Background()); err != nil {
			t.Fatal(err)
		}
		if _, err := w.CasePage(ana, c.ID); !isUnknown(err) {
			t.Errorf("after thirty days: %v", err)
		}
	})
}

func TestARealCaseIsNotEndedAsAnExercise(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		wantCode(t, w.EndExercise(ana, c.ID), "casework.exercise-not")
		if p := must[Page](t)(w.CasePage(ana, c.ID)); p.Sheets[Identity].Values["given_name"] != "Mya" {
			t.Errorf("reads %v", p.Sheets[Identity].Values)
		}
	})
}
