package casework

import (
	"testing"
	"time"
)

// A day that is typed ends where the case is: on the same second whoever typed
// it, and another one when the case has moved to another country.
func TestATypedDayEndsInTheCasesOwnZone(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		due := func() string {
			t.Helper()
			e := must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "task", Code: "call", DueDay: "2026-03-05"}))
			return e.DueAt.UTC().Format(time.RFC3339)
		}
		if got := due(); got != "2026-03-05T16:59:59Z" {
			t.Errorf("in Thailand 5 March ends at %s", got)
		}
		must[Case](t)(w.ChangeCase(ana, c.ID, CaseChange{Profile: ptr("NZ")}))
		if got := due(); got != "2026-03-05T10:59:59Z" {
			t.Errorf("in New Zealand 5 March ends at %s", got)
		}
		if zone := must[Page](t)(w.CasePage(ana, c.ID)).Zone; zone != "Pacific/Auckland" {
			t.Errorf("the page is told the zone %q", zone)
		}
	})
}

func TestATypedDayMovesATaskAndNoOtherWord(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		e := must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "task", Code: "call", DueDay: "2026-03-05", Text: map[string]string{"text": "her sister"}}))
		moved := must[Entry](t)(w.ChangeEntry(ana, c.ID, e.ID, EntryChange{DueDay: "2026-03-09"}))
		if got := moved.DueAt.UTC().Format(time.RFC3339); got != "2026-03-09T16:59:59Z" || moved.Text["text"] != "her sister" {
			t.Errorf("moved to %s, saying %q", got, moved.Text["text"])
		}
		w.clock.Set(time.Date(2026, 3, 9, 16, 59, 58, 0, time.UTC))
		late := func() bool {
			for _, x := range must[Work](t)(w.WorkToday(ana)).Dues {
				if x.Ref == e.ID {
					return x.Overdue
				}
			}
			t.Fatal("the task is not on the list")
			return false
		}
		if late() {
			t.Error("it is late before its day has ended in Thailand")
		}
		w.clock.Advance(2 * time.Second)
		if !late() {
			t.Error("it is not late when its day has ended in Thailand")
		}
	})
}

func TestConsentUntilADayHoldsUntilThatDayEndsWhereTheCaseIs(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		r := must[Receipt](t)(w.TakeConsent(ana, c.ID, NewReceipt{Purpose: "referral", Fields: []string{"given_name"}, Recipient: shelterID, Language: "my", How: "spoken", GivenBy: "person", UntilDay: "2026-03-05"}))
		end := time.Date(2026, 3, 5, 17, 0, 0, 0, time.UTC)
		if !r.covers([]string{"given_name"}, shelterID, end.Add(-2*time.Second)) || r.covers([]string{"given_name"}, shelterID, end) {
			t.Errorf("it holds until %s", r.Until)
		}
	})
}

func TestAWordThatIsNoDayIsRefused(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		for _, day := range []string{"5/3/2026", "2026-02-30", "soon"} {
			_, err := w.AddEntry(ana, c.ID, NewEntry{Kind: "goal", DueDay: day})
			if code(err) != "casework.day" {
				t.Errorf("%q: %v", day, err)
			}
		}
		_, err := w.AddEntry(ana, c.ID, NewEntry{Kind: "note", DueDay: "2026-03-05"})
		wantCode(t, err, "casework.entry-due")
	})
}
