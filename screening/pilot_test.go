package screening

import (
	"context"
	"strings"
	"testing"

	"lintas/kernel/actor"
	"lintas/screening/instruments"
)

func pilotCounts(interviews int) PilotCounts {
	return PilotCounts{Instrument: arrivalForm, Version: "2026-11", Interviews: interviews, Seconds: float64(120 * interviews),
		Questions: map[string]PilotQuestion{"/data/name": {Seen: interviews, Seconds: float64(5 * interviews), Skipped: 1}},
		Languages: map[string]int{"id": interviews - 1, "th": 1}, Sound: map[string]PilotSound{"id": {Media: 6, None: 2}, "th": {None: 9}},
		Results: PilotResults{Decided: interviews - 1, Undecided: 1}, Referral: PilotReferral{Offered: interviews - 1, Accepted: interviews - 2, Declined: 1, None: 1}}
}

func (w *world) switchPilot(on bool) {
	w.t.Helper()
	if status := w.call("super", "POST", "/api/screening/pilot/switch", PilotSwitch{on}, nil); status != 204 {
		w.t.Fatal(status)
	}
}

func (w *world) pilotReport() (r PilotReport) {
	w.t.Helper()
	if status := w.call("analyst", "GET", "/api/screening/pilot", nil, &r); status != 200 {
		w.t.Fatal(status)
	}
	return r
}

func TestThePilotIsOffUntilSomebodyDecides(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		var b Bundle
		if w.call("officer", "GET", "/api/screening/bundle", nil, &b); b.Pilot.On {
			t.Error("the pilot is on and nobody said so")
		}
		if status := w.call("officer", "POST", "/api/screening/pilot", pilotCounts(6), nil); status != 409 {
			t.Errorf("counts were taken: %d", status)
		}
		w.switchPilot(true)
		if w.call("officer", "GET", "/api/screening/bundle", nil, &b); !b.Pilot.On {
			t.Error("the phones do not hear that the pilot is on")
		}
		if status := w.call("officer", "POST", "/api/screening/pilot/switch", PilotSwitch{true}, nil); status != 403 {
			t.Errorf("an officer switched it: %d", status)
		}
	})
}

func TestTheEvaluatorSeesTimesSkipsLanguagesAndSharesWithIntervals(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.switchPilot(true)
		for range 2 {
			if status := w.call("officer", "POST", "/api/screening/pilot", pilotCounts(6), nil); status != 204 {
				t.Fatal(status)
			}
		}
		r := w.pilotReport()
		if !r.On || r.From != "2026-11-24" || len(r.Forms) != 1 {
			t.Fatalf("%+v", r)
		}
		f := r.Forms[0]
		if f.Interviews != 12 || f.Minutes != 2 || f.Title == "" {
			t.Errorf("%+v", f)
		}
		if len(f.Questions) != 1 || f.Questions[0].Seconds != 5 || f.Questions[0].Skipped.N != 2 || f.Questions[0].Label == "" {
			t.Errorf("%+v", f.Questions)
		}
		if len(f.Languages) != 1 || f.Languages[0].Code != "id" || f.Languages[0].Silent.N != 4 || f.Others != 1 {
			t.Errorf("a language met twice must not be named: %+v and %d others", f.Languages, f.Others)
		}
		if f.Accepted.N != 8 || f.Accepted.Of != 10 || f.Accepted.Low >= f.Accepted.Share || f.Accepted.High <= f.Accepted.Share {
			t.Errorf("%+v", f.Accepted)
		}
	})
}

func TestFewerThanFiveInterviewsAreNotToldApart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.switchPilot(true)
		w.call("officer", "POST", "/api/screening/pilot", pilotCounts(4), nil)
		f := w.pilotReport().Forms[0]
		if !f.Few || f.Interviews != 0 || len(f.Questions) != 0 || len(f.Languages) != 0 || f.Others != 0 || !f.Offered.Few || f.Offered.N != 0 {
			t.Errorf("%+v", f)
		}
	})
}

func TestPilotCountsHoldNoWords(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publish()
		w.switchPilot(true)
		for name, spoil := range map[string]func(*PilotCounts){
			"a question":          func(c *PilotCounts) { c.Questions = map[string]PilotQuestion{"/data/She said her name": {}} },
			"a language":          func(c *PilotCounts) { c.Languages = map[string]int{"she spoke Malay": 1} },
			"a language of sound": func(c *PilotCounts) { c.Sound = map[string]PilotSound{"call 0812": {}} },
		} {
			c := pilotCounts(6)
			spoil(&c)
			if status := w.call("officer", "POST", "/api/screening/pilot", c, nil); status != 422 {
				t.Errorf("%s carried words and was taken: %d", name, status)
			}
		}
	})
}

// twoInterviews sends one by the officer's and one by the device, and gives their ids.
func (w *world) twoInterviews(n int, one, two string) (first, second string) {
	w.t.Helper()
	ids := []string{}
	for i, answers := range []string{one, two} {
		sender := theOfficer
		if i == 1 {
			sender = theDevice
		}
		id := "uuid:pair-" + string(rune('a'+n)) + string(rune('0'+i))
		w.sendArrival(sender, id, answers)
		p := w.list("super", "q="+id)
		if len(p.Items) != 1 {
			w.t.Fatalf("%d screenings with number %s", len(p.Items), id)
		}
		ids = append(ids, p.Items[0].ID)
	}
	return ids[0], ids[1]
}

func (w *world) compare(one, other string) int {
	w.t.Helper()
	return w.call("worker", "POST", "/api/screening/screenings/"+one+"/compare", map[string]string{"other": other}, nil)
}

func TestTwoOfficersResultsOnTheSamePersonAreComparedWithoutNamingThePerson(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishArrival()
		w.switchPilot(true)
		for n := range 6 {
			second := demoTravellers[1]
			if n == 0 {
				second = demoTravellers[0] // the second officer saw nothing
			}
			one, two := w.twoInterviews(n, demoTravellers[1], second)
			if status := w.compare(one, two); status != 204 {
				t.Fatal(status)
			}
			if status := w.compare(two, one); status != 409 {
				t.Errorf("the same pair counted twice: %d", status)
			}
		}
		f := w.pilotReport().Forms[0]
		if f.Pairs != 6 {
			t.Fatalf("%+v", f)
		}
		found := false
		for _, a := range f.Agreement {
			if a.Outcome == "offer" {
				found = true
				if a.Same.N != 5 || a.Same.Of != 6 || a.Same.Low >= a.Same.Share {
					t.Errorf("%+v", a)
				}
			}
		}
		if !found {
			t.Errorf("the offer is not compared: %+v", f.Agreement)
		}
		if n := w.count(`SELECT COUNT(*) FROM screening_pilot_pair p, screening_record r WHERE p.counts LIKE '%' || r.id || '%'`); n != 0 {
			t.Error("a pair names a screening")
		}
	})
}

func TestAComparisonNeedsTwoOfficersAndTwoInterviewsOfOneForm(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.publishArrival()
		one, two := w.twoInterviews(0, demoTravellers[1], demoTravellers[1])
		if status := w.compare(one, two); status != 409 {
			t.Errorf("counted while the pilot is off: %d", status)
		}
		w.switchPilot(true)
		w.sendArrival(theOfficer, "uuid:same-officer", demoTravellers[1])
		for name, c := range map[string]struct {
			other string
			want  int
		}{"itself": {one, 422}, "the same officer's": {"same-officer", 422}, "nobody's": {"uuid:nothing", 404}} {
			if status := w.compare(one, c.other); status != c.want {
				t.Errorf("%s: %d, want %d", name, status, c.want)
			}
		}
	})
}

// publishArrival puts up the demonstration's interview with its pack.
func (w *world) publishArrival() {
	w.t.Helper()
	book, err := instruments.XLSX(instruments.Arrival)
	if err != nil {
		w.t.Fatal(err)
	}
	if _, err := w.desk.PublishWorkbook(actor.With(context.Background(), theSuper), Upload{Name: "arrival.xlsx", Workbook: book}); err != nil {
		w.t.Fatal(err)
	}
}

// sendArrival sends an interview of it with these answers.
func (w *world) sendArrival(sender actor.Actor, instanceID, answers string) {
	w.t.Helper()
	ctx := actor.With(context.Background(), sender)
	typ, body := posting(withXML(string(demoForm().submission(instanceID, pairs(answers))))...)
	p, err := w.desk.ReadPosting(ctx, typ, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if r, err := w.desk.Receive(ctx, p); err != nil || r.Status != 201 {
		w.t.Fatalf("%v %+v", err, r)
	}
}
