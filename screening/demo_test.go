package screening

import (
	"context"
	"testing"

	"lintas/kernel/actor"
)

func demoWorld(t *testing.T, w *world) {
	t.Helper()
	cast := DemoCast{Publisher: theSuper, Senders: []actor.Actor{theOfficer, theDevice}}
	for range 2 { // twice is once
		if err := w.desk.Demo(context.Background(), cast); err != nil {
			t.Fatal(err)
		}
	}
}

func TestTheDemoHasTwelveTravellersEachWithAnExplainedResult(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		demoWorld(t, w)
		p := w.list("super", "limit=50")
		if len(p.Items) != 12 {
			t.Fatalf("%d screenings", len(p.Items))
		}
		offers, settled := 0, 0
		for _, l := range p.Items {
			var s Screening
			if status := w.call("super", "GET", "/api/screening/screenings/"+l.ID+"?language=th", nil, &s); status != 200 {
				t.Fatal(status)
			}
			if len(s.Results) != 1 || s.Results[0].Explained == nil || len(s.Results[0].Explained.Lines) == 0 || s.Results[0].Result.Pack.Hash == "" {
				t.Fatalf("no explained result: %+v", s.Results)
			}
			if len(s.Answers) < 5 {
				t.Errorf("%d answers", len(s.Answers))
			}
			for _, o := range l.Outcomes {
				if o.ID == "offer" {
					offers++
				}
			}
			if !l.Open {
				settled++
			}
		}
		if offers < 5 || offers > 11 || settled == 0 {
			t.Errorf("%d offers, %d settled", offers, settled)
		}
		if n := w.list("super", "outcome=offer"); len(n.Items) != offers {
			t.Errorf("narrowed by the offer: %d, want %d", len(n.Items), offers)
		}
		if held := w.held(); held != 0 {
			t.Errorf("%d held", held)
		}
		w.verified()
	})
}

func TestScoringAgainKeepsWhatWasSaidBefore(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		demoWorld(t, w)
		id := w.list("super", "outcome=offer").Items[0].ID
		var s Screening
		if status := w.call("worker", "POST", "/api/screening/screenings/"+id+"/rescore", map[string]string{"pack_id": "palermo"}, &s); status != 200 {
			t.Fatal(status)
		}
		if len(s.Results) != 2 || s.Results[0].Result.Pack.ID != "palermo" || !s.Results[0].Current || s.Results[1].Current || s.Results[0].Explained == nil {
			t.Errorf("%d results", len(s.Results))
		}
		if status := w.call("worker", "POST", "/api/screening/screenings/"+id+"/rescore", map[string]string{"pack_id": "nonsense"}, nil); status != 422 {
			t.Errorf("%d", status)
		}
		w.verified()
	})
}
