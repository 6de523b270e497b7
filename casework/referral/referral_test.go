package referral

import (
	"errors"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "write the drawing into docs/desks/casework.md")

const (
	docPath   = "../../docs/desks/casework.md"
	docBegins = "<!-- referral table: made from casework/referral; `go test ./casework/referral -update` -->\n"
	docEnds   = "<!-- end of referral table -->\n"
)

func TestTheDocumentDrawsTheTable(t *testing.T) {
	want := docBegins + "\n" + Drawing() + "\n" + Prose() + "\n" + docEnds
	doc, err := os.ReadFile(docPath)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(doc), docBegins)
	if !ok {
		t.Fatalf("%s has no line %q", docPath, docBegins)
	}
	_, after, ok := strings.Cut(rest, docEnds)
	if !ok {
		t.Fatalf("%s has no line %q", docPath, docEnds)
	}
	if *update {
		if err := os.WriteFile(docPath, []byte(before+want+after), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if string(doc) != before+want+after {
		t.Errorf("%s does not draw the table: run `go test ./casework/referral -update`", docPath)
	}
}

func TestEveryStateAndEventIsInTheTable(t *testing.T) {
	for _, s := range States {
		if !slices.ContainsFunc(Table, func(r Rule) bool { return r.From == s || r.To == s }) {
			t.Errorf("state %s is in no rule", s)
		}
	}
	seen := map[State]map[Event]bool{}
	for _, rule := range Table {
		if !slices.Contains(States, rule.From) || !slices.Contains(States, rule.To) || !slices.Contains(Events, rule.Event) {
			t.Errorf("rule %v names an unknown word", rule)
		}
		if len(rule.Who) == 0 {
			t.Errorf("nobody may %s when %s", rule.Event, rule.From)
		}
		if seen[rule.From] == nil {
			seen[rule.From] = map[Event]bool{}
		}
		if seen[rule.From][rule.Event] {
			t.Errorf("two rules for %s when %s", rule.Event, rule.From)
		}
		seen[rule.From][rule.Event] = true
	}
}

func TestEveryStateLeadsToDone(t *testing.T) {
	for _, start := range States {
		reached := map[State]bool{start: true}
		for grew := true; grew; {
			grew = false
			for _, rule := range Table {
				if reached[rule.From] && !reached[rule.To] {
					reached[rule.To], grew = true, true
				}
			}
		}
		if !reached[Done] {
			t.Errorf("from %s there is no way to done", start)
		}
	}
}

func TestTheOwnerOfAStateCanAlwaysActAndNoOneElseMustBeWaitedFor(t *testing.T) {
	for _, s := range States {
		if s == Done {
			continue
		}
		if len(Allowed(s, s.Owner())) == 0 {
			t.Errorf("%s belongs to %s, who can do nothing", s, s.Owner())
		}
		// If the owner does nothing, the clock or the sender can end the wait.
		if s.Owner() == Receiver && len(Allowed(s, Sender)) == 0 {
			t.Errorf("in %s the sender depends on the receiver for ever", s)
		}
	}
}

func TestThePersonCanStopWhateverIsUnderWay(t *testing.T) {
	for _, s := range States {
		if s.Waiting() || s.Disclosed() {
			if !slices.Contains(Allowed(s, Person), Withdraw) {
				t.Errorf("the person cannot withdraw when %s", s)
			}
		}
	}
}

func TestTheReferrerIsToldEveryStepOfOthers(t *testing.T) {
	for _, rule := range Table {
		onlySender := !slices.ContainsFunc(rule.Who, func(p Party) bool { return p == Receiver || p == Clock })
		if !onlySender && !slices.Contains(rule.Tell, Sender) {
			t.Errorf("%s when %s is not told to the sender", rule.Event, rule.From)
		}
	}
}

func TestTheOtherEndLearnsWhenWhatItHoldsIsTakenBack(t *testing.T) {
	for _, rule := range Table {
		if rule.From.Disclosed() && !rule.To.Disclosed() && !slices.Contains(rule.Who, Receiver) && !slices.Contains(rule.Tell, Receiver) {
			t.Errorf("%s when %s closes the receiver's view without telling it", rule.Event, rule.From)
		}
	}
}

func TestNothingIsDisclosedWithoutAReceipt(t *testing.T) {
	for _, rule := range Table {
		if !rule.From.Disclosed() && rule.To.Disclosed() && !rule.Receipt {
			t.Errorf("%s when %s discloses without consent", rule.Event, rule.From)
		}
	}
}

var zones = []string{"UTC", "Asia/Jakarta", "Asia/Yangon", "Australia/Sydney", "Europe/London", "America/New_York", "Australia/Lord_Howe"}

func zone(t testing.TB, name string) *time.Location {
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Skipf("SKIPPED: this machine has no time zone %s", name)
	}
	return loc
}

// Random histories: whatever order things come in, a referral is in exactly
// one known state, has an owner unless it is done, a running deadline exactly
// when somebody is waited for, and never discloses without a covering receipt.
func TestRandomHistoriesNeverLeaveTheTable(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		loc, _ := time.LoadLocation(rapid.SampledFrom(zones).Draw(t, "zone"))
		now := time.Unix(rapid.Int64Range(1.6e9, 2.2e9).Draw(t, "start"), 0)
		r, err := New(rapid.SampledFrom(Priorities).Draw(t, "priority"), now, loc)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.Int64Range(0, int64(20*24*time.Hour)).Draw(t, "pause")))
			step := Step{
				Event:   rapid.SampledFrom(Events).Draw(t, "event"),
				By:      rapid.SampledFrom([]Party{Sender, Supervisor, Receiver, Person, Clock}).Draw(t, "by"),
				At:      now,
				Reason:  rapid.SampledFrom([]string{"", "other"}).Draw(t, "reason"),
				Covered: rapid.Bool().Draw(t, "covered"),
			}
			before := r
			out, err := r.Apply(step)
			if err != nil {
				continue
			}
			r = out.Referral
			if !slices.Contains(States, r.State) {
				t.Fatalf("left the table: %q", r.State)
			}
			if r.State.Waiting() != !r.Deadline.IsZero() {
				t.Fatalf("%s with deadline %v", r.State, r.Deadline)
			}
			if (r.State == Accepted) != !r.OutcomeDue.IsZero() {
				t.Fatalf("%s with outcome due %v", r.State, r.OutcomeDue)
			}
			if !before.State.Disclosed() && r.State.Disclosed() && !step.Covered {
				t.Fatalf("%s disclosed without consent", step.Event)
			}
			for _, alarm := range r.Alarms() {
				if alarm.At.Before(now) && step.Event != See && step.Event != Rescope {
					t.Fatalf("alarm %s of %s is in the past", alarm.Kind, r.State)
				}
			}
		}
	})
}

func TestARefusedStepSaysWhyAndChangesNothing(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	r, _ := New(Urgent, at, time.UTC)
	for _, c := range []struct {
		step Step
		want error
	}{
		{Step{Event: Finish, By: Receiver, At: at}, ErrNoSuchStep},
		{Step{Event: Send, By: Receiver, At: at, Covered: true}, ErrNotYours},
		{Step{Event: Send, By: Sender, At: at}, ErrReceipt},
		{Step{Event: Revoke, By: Sender, At: at}, ErrReason},
		{Step{Event: Expire, By: Clock, At: at.Add(71 * time.Hour)}, ErrNotYet},
	} {
		if _, err := r.Apply(c.step); !errors.Is(err, c.want) {
			t.Errorf("%s by %s: %v, want %v", c.step.Event, c.step.By, err, c.want)
		}
	}
}

func TestHoursAreElapsedAndDaysAreOfTheCalendar(t *testing.T) {
	sydney := zone(t, "Australia/Sydney")
	// On 5 April 2026 Sydney's clocks go back one hour at 03:00.
	from := time.Date(2026, 4, 4, 12, 0, 0, 0, sydney)
	day, _ := Deadline(Emergency, from, sydney)
	if got := day.In(sydney).Format("2006-01-02 15:04"); got != "2026-04-05 11:00" {
		t.Errorf("24 elapsed hours end at %s", got)
	}
	fortnight, _ := Deadline(Normal, from, sydney)
	if got := fortnight.In(sydney).Format("2006-01-02 15:04"); got != "2026-04-18 12:00" {
		t.Errorf("fourteen days end at %s", got)
	}
	if got := fortnight.Sub(from); got != 14*24*time.Hour+time.Hour {
		t.Errorf("fourteen days over the change last %s", got)
	}
}

func TestAClockTimeThatDoesNotExistMovesForward(t *testing.T) {
	ny := zone(t, "America/New_York")
	// 02:30 does not exist in New York on 8 March 2026.
	from := time.Date(2026, 2, 22, 2, 30, 0, 0, ny)
	due, _ := Deadline(Normal, from, ny)
	if got := due.In(ny).Format("2006-01-02 15:04"); got != "2026-03-08 03:30" {
		t.Errorf("due %s", got)
	}
}

func TestTheSupervisorHearsBeforeAndAtTheDeadline(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	r, _ := New(Emergency, at, time.UTC)
	out, err := r.Apply(Step{Event: Send, By: Sender, At: at, Covered: true})
	if err != nil {
		t.Fatal(err)
	}
	alarms := out.Referral.Alarms()
	if len(alarms) != 2 || alarms[0].At.Sub(at) != 18*time.Hour || alarms[1].At.Sub(at) != 24*time.Hour {
		t.Fatalf("alarms %v", alarms)
	}
	for _, a := range alarms {
		if !slices.Contains(a.To, Supervisor) {
			t.Errorf("%s is not told to the supervisor", a.Kind)
		}
	}
}
