package casework

import (
	"os"
	"strings"
	"testing"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/platform/db/dbtest"
)

// A page that opens on nothing teaches nobody: the demo has a case in every
// state, and something for each list.
func TestTheDemoStandsInEveryStateThatAPageShows(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	data, err := os.ReadFile("../demo/directory.json")
	if err != nil {
		t.Fatal(err)
	}
	file, err := ReadDirectory([]byte(strings.ReplaceAll(string(data), "ASSURED", "2026-03-01")))
	if err != nil || len(file.Wrong) > 0 {
		t.Fatal(err, file.Wrong)
	}
	must[Imported](t)(w.ImportDirectory(sari, file, Bringing{}))
	cast := DemoCast{
		Worker:     actor.From(ana),
		Supervisor: actor.From(sari),
		Shelter:    actor.From(mai), Neighbour: "MM",
	}
	if err := w.Demo(t.Context(), cast); err != nil {
		t.Fatal(err)
	}
	board := must[Board](t)(w.SupervisorBoard(sari))
	for _, s := range []State{Opened, Declined, Unreferred, Closed} {
		if board.Cases[string(s)] == 0 {
			t.Errorf("no case is %s", s)
		}
	}
	for _, s := range []referral.State{referral.Sent, referral.Accepted, referral.Declined, referral.Withdrawn, referral.Expired} {
		if board.Referrals[string(s)] == 0 {
			t.Errorf("no referral is %s: %v", s, board.Referrals)
		}
	}
	work := must[Work](t)(w.WorkToday(ana))
	kinds := map[string]bool{}
	overdue := 0
	for _, x := range work.Dues {
		kinds[x.Kind] = true
		if x.Overdue {
			overdue++
		}
	}
	if overdue < 3 || !kinds["task"] || !kinds["referral"] || !kinds["conflict"] || work.Inbox == 0 || len(work.Notices) == 0 {
		t.Errorf("the caseworker's day: %d overdue, %v, %d in the inbox, %d notices", overdue, kinds, work.Inbox, len(work.Notices))
	}
}
