package screening

import (
	"context"
	"strings"
	"testing"
	"time"

	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

func aProcedure() ProcedureWords {
	return ProcedureWords{
		Texts: []ProcedureText{
			{Language: "en", Title: "Referral at Pulau Baru", Steps: []string{"Danger now: call the duty officer, 110.", "A child alone: child protection within the hour."}},
			{Language: "th", Title: "การส่งต่อ", Steps: []string{"อันตรายตอนนี้: โทร 110", "เด็กตามลำพัง: ภายในหนึ่งชั่วโมง"}, Draft: true},
		},
		ConfirmedBy: "Head of the anti-trafficking unit", ConfirmedOn: "2026-11-20", HoldsUntil: "2027-05-20",
	}
}

type procedureInput struct {
	ProcedureWords
	After int `json:"after"`
}

func (w *world) setProcedure(login string, after int, p ProcedureWords) int {
	w.t.Helper()
	return w.call(login, "POST", "/api/screening/procedure", procedureInput{p, after}, nil)
}

func TestTheCountrysProcedureGoesToPhonesInEveryLanguageWithWhoConfirmedIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		var b Bundle
		w.call("officer", "GET", "/api/screening/bundle", nil, &b)
		if b.Procedure != nil {
			t.Fatal("there is a procedure that nobody wrote")
		}
		before := b.ETag
		if status := w.setProcedure("super", 0, aProcedure()); status != 201 {
			t.Fatal(status)
		}
		w.call("officer", "GET", "/api/screening/bundle", nil, &b)
		p := b.Procedure
		if p == nil || p.Title != "Referral at Pulau Baru" || p.Dated != "2026-11-20" || p.HoldsUntil != "2027-05-20" || p.ConfirmedBy != "Head of the anti-trafficking unit" || len(p.Texts) != 2 || b.ETag == before {
			t.Errorf("%+v", p)
		}
		cards := 0
		for _, c := range b.Cards {
			if c.ID == "referral" {
				cards++
				if c.Language == "th" && (!c.Draft || c.Steps[0] != "อันตรายตอนนี้: โทร 110") {
					t.Errorf("%+v", c)
				}
			}
		}
		if cards != 2 {
			t.Errorf("%d cards of it, want one in each language", cards)
		}
	})
}

func TestAnOldProcedureSaysThatItIsOld(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.setProcedure("super", 0, aProcedure())
		expired := func() bool {
			var l list[ProcedureVersion]
			w.call("officer", "GET", "/api/screening/procedure", nil, &l)
			return l.Items[0].Expired
		}
		w.clock.Set(time.Date(2027, 5, 20, 23, 0, 0, 0, time.UTC))
		if expired() {
			t.Error("its last day is not over")
		}
		w.clock.Set(time.Date(2027, 5, 22, 0, 0, 0, 0, time.UTC))
		if !expired() {
			t.Error("its last day is over and it does not say so")
		}
		var b Bundle
		w.call("officer", "GET", "/api/screening/bundle", nil, &b)
		if b.Procedure == nil {
			t.Error("an old procedure was taken away: an old number may be better than none")
		}
	})
}

func TestEveryVersionOfTheProcedureIsKeptAndNobodyWritesOverWhatTheyHaveNotRead(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		first, second := aProcedure(), aProcedure()
		second.Texts[0].Steps[0] = "Danger now: call the duty officer, 191."
		if status := w.setProcedure("super", 0, first); status != 201 {
			t.Fatal(status)
		}
		if status := w.setProcedure("admin", 0, second); status != 409 {
			t.Errorf("wrote over a version that was not read: %d", status)
		}
		if status := w.setProcedure("admin", 1, second); status != 201 {
			t.Error(status)
		}
		if status := w.call("super", "POST", "/api/screening/procedure/withdraw", map[string]int{"after": 2}, nil); status != 204 {
			t.Error(status)
		}
		var l list[ProcedureVersion]
		w.call("officer", "GET", "/api/screening/procedure", nil, &l)
		if len(l.Items) != 3 || l.Items[0].State != "withdrawn" || !strings.Contains(l.Items[1].Texts[0].Steps[0], "191") || !strings.Contains(l.Items[2].Texts[0].Steps[0], "110") {
			t.Errorf("%+v", l.Items)
		}
		var b Bundle
		if w.call("officer", "GET", "/api/screening/bundle", nil, &b); b.Procedure != nil {
			t.Error("what was withdrawn is still sent to phones")
		}
	})
}

func TestOnlySupervisorsAndAdministratorsWriteTheProcedure(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, login := range []string{"officer", "worker", "analyst"} {
			if status := w.setProcedure(login, 0, aProcedure()); status != 403 {
				t.Errorf("%s: %d", login, status)
			}
		}
	})
}

func TestAProcedureThatWouldMisleadIsRefusedPlaceByPlace(t *testing.T) {
	now := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	for name, spoil := range map[string]func(*ProcedureWords){
		"texts":           func(w *ProcedureWords) { w.Texts = nil },
		"texts.1.steps":   func(w *ProcedureWords) { w.Texts[1].Steps = w.Texts[1].Steps[:1] },
		"texts.0.steps.1": func(w *ProcedureWords) { w.Texts[0].Steps[1] = "see <a href='http://x'>here</a>" },
		"texts.0.steps.0": func(w *ProcedureWords) { w.Texts[0].Steps[0] = " " },
		"texts.0.title":   func(w *ProcedureWords) { w.Texts[0].Title = "turned\u202e around" },
		"texts.1.language": func(w *ProcedureWords) {
			w.Texts[1].Language = "EN"
		},
		"confirmed_by": func(w *ProcedureWords) { w.ConfirmedBy = "" },
		"confirmed_on": func(w *ProcedureWords) { w.ConfirmedOn = "2027-01-01" },
		"holds_until":  func(w *ProcedureWords) { w.HoldsUntil = "2026-01-01" },
	} {
		p := aProcedure()
		spoil(&p)
		p.tidy()
		err := p.Check(now)
		if err == nil || !strings.Contains(fields(err), "|"+name+"|") {
			t.Errorf("%s: %v", name, fields(err))
		}
	}
	good := aProcedure()
	good.Texts[0].Steps[0] = "Fever < 38: wait; > 39: hospital. Numbers 5<6."
	if err := good.Check(now); err != nil {
		t.Errorf("plain text was taken for markup: %v", fields(err))
	}
}

func TestTheLogVouchesForTheProcedure(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.setProcedure("super", 0, aProcedure())
		kinds := map[string]audit.Stored{"screening-procedure": StoredProcedure}
		r, err := audit.Verify(context.Background(), w.db, kinds, nil)
		if err != nil || !r.OK() || r.Stored != 1 {
			t.Fatalf("%v %+v", err, r)
		}
		w.exec(`UPDATE screening_procedure SET body = REPLACE(body, '110', '666')`)
		if r, err = audit.Verify(context.Background(), w.db, kinds, nil); err != nil || r.OK() {
			t.Errorf("a changed telephone number was not found: %v", err)
		}
	})
}

// fields joins the places that a refusal names: "|texts|confirmed_by|".
func fields(err error) string {
	p, _ := problem.As(err)
	if p == nil {
		return ""
	}
	out := "|"
	for _, f := range p.Fields {
		out += f.Location + "|"
	}
	return out
}

func (w *world) exec(query string) {
	w.t.Helper()
	if err := w.db.Write(context.Background(), func(t *db.Tx) error { _, err := t.Exec(query); return err }); err != nil {
		w.t.Fatal(err)
	}
}
