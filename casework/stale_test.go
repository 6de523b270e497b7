package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lintas/casework/referral"
	"lintas/platform/db"
)

// A day's edits made without a network arrive in the evening. Meanwhile one
// field was changed by a colleague. Every other edit gets through, and the
// stale one is shown with both values.
func TestOneStaleEditAmongManyDoesNotStopTheOthers(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		var cases []Case
		for i := range 8 {
			cases = append(cases, must[Case](t)(w.OpenCase(ana, NewCase{Values: map[string]string{"given_name": fmt.Sprint("Person", i), "phone": fmt.Sprintf("+66 81 000 %04d", i)}})))
		}
		must[Edited](t)(w.EditSheets(sari, cases[3].ID, Edit{Base: cases[3].Revision, Values: map[string]string{"town": "Mae Sot"}}))
		for i, c := range cases {
			e, err := w.EditSheets(ana, c.ID, Edit{Base: c.Revision, Values: map[string]string{"town": "Ranong", "address": fmt.Sprint("House ", i), "medical_needs": "none"}})
			if err != nil {
				t.Errorf("edit %d did not get through: %v", i, err)
			}
			if want := map[bool]int{true: 1}[i == 3]; len(e.Conflicts) != want {
				t.Errorf("edit %d: %d conflicts, want %d", i, len(e.Conflicts), want)
			}
		}
		for i, c := range cases {
			p := must[Page](t)(w.CasePage(ana, c.ID))
			town := map[bool]string{true: "Mae Sot", false: "Ranong"}[i == 3]
			if got := p.Sheets[Location].Values; got["town"] != town || got["address"] != fmt.Sprint("House ", i) || p.Sheets[Medical].Values["medical_needs"] != "none" {
				t.Errorf("case %d holds %v", i, p.Sheets)
			}
			if i == 3 && (len(p.Conflicts) != 1 || p.Conflicts[0].Field != "town" || p.Conflicts[0].Mine != "Ranong") {
				t.Errorf("the stale edit is shown as %+v", p.Conflicts)
			}
			if i != 3 && len(p.Conflicts) > 0 {
				t.Errorf("case %d shows %+v", i, p.Conflicts)
			}
		}
	})
}

// A file is brought in again after one of its cases was closed, one erased in
// part and one given to a colleague.
func TestAStaleRowOfAFileDoesNotStopTheRowsAfterIt(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		names := []string{"Aung", "Thuzar", "Somchai", "Dara", "Nguyen"}
		file := func(suffix string) string {
			var b strings.Builder
			b.WriteString("case_id,prs_FirstName,prs_SecondName,prs_Birthdate\n")
			for i, name := range names {
				fmt.Fprintf(&b, "S-%d,%s%s,Family%c,1990-01-0%d\n", i, name, suffix, 'A'+i, i+1)
			}
			return b.String()
		}
		bring := func(text string, dry bool) Import {
			records, issues, err := ReadCases([]byte(text))
			if err != nil {
				t.Fatal(err)
			}
			return must[Import](t)(w.ImportHTCDS(ana, records, issues, dry))
		}
		first := bring(file(""), false)
		closed, erased, given := first.Rows[0].Case, first.Rows[1].Case, first.Rows[2].Case
		a := must[Approval](t)(w.AskApproval(ana, closed, "closure", "goals_reached"))
		must[Approval](t)(w.DecideApproval(sari, closed, a.ID, true, ""))
		must[Erased](t)(w.EraseCase(sari, erased, []string{Identity}))
		must[Case](t)(w.ChangeCase(sari, given, CaseChange{Owner: ptr("budi")}))
		for _, dry := range []bool{true, false} {
			out := bring(file("X"), dry)
			var does []string
			for _, r := range out.Rows {
				does = append(does, r.Do)
			}
			if want := []string{"wrong", "wrong", "wrong", "change", "change"}; !slices.Equal(does, want) {
				t.Errorf("dry %v: %v, want %v", dry, does, want)
			}
			for i := range 3 {
				if issues := out.Rows[i].Issues; len(issues) != 1 || issues[0].Message == "" {
					t.Errorf("dry %v: row %d says %v", dry, i+1, issues)
				}
			}
		}
		for i, want := range map[int]string{3: "DaraX", 4: "NguyenX"} {
			if got := must[Page](t)(w.CasePage(ana, first.Rows[i].Case)).Sheets[Identity].Values["given_name"]; got != want {
				t.Errorf("row %d is stored as %q, want %q", i+1, got, want)
			}
		}
	})
}

// A referral whose stored time zone nobody knows any more cannot be counted;
// the clock rings for all the others all the same.
func TestOneUnreadableReferralDoesNotStopTheClockOfTheOthers(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		receipt := w.consent(t, c, "given_name")
		var ids []string
		for range 3 {
			r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Emergency, Fields: []string{"given_name"}, Receipt: receipt.ID}))
			must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
			ids = append(ids, r.ID)
		}
		err := w.DB.Write(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec(`UPDATE casework_referral SET zone = 'Nowhere/Atlantis' WHERE id = ?`, ids[0])
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(25 * time.Hour)
		if err := w.Deadlines(context.Background()); err == nil || !strings.Contains(err.Error(), "Atlantis") {
			t.Errorf("the job says nothing of what it could not do: %v", err)
		}
		for _, id := range ids[1:] {
			if v := must[Disclosed](t)(w.OpenReferral(mai, id)); v.Referral.State != referral.Expired {
				t.Errorf("a referral behind it is still %s", v.Referral.State)
			}
		}
	})
}
