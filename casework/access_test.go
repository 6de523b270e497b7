package casework

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/gate"
)

// The prefilter of lists and the policies decide the same, for any cast of
// cases and any reader.
func TestThePrefilterEqualsThePolicy(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		rapid.Check(t, func(rt *rapid.T) {
			people, orgs := []string{"p1", "p2", "p3"}, []string{id.New(), id.New()}
			made := w.someCases(rt, people, orgs)
			who := actor.Actor{Person: rapid.SampledFrom(people).Draw(rt, "who"), Organisation: rapid.SampledFrom(orgs).Draw(rt, "of")}
			for _, r := range actor.Roles {
				if rapid.IntRange(0, 3).Draw(rt, string(r)) == 0 {
					who.Roles = append(who.Roles, r)
				}
			}
			where, args := w.visible(who)
			err := w.DB.Read(context.Background(), func(tx *db.Tx) error {
				listed, err := db.All(tx, scanCase, `SELECT `+caseColumns+` FROM casework_case c WHERE `+where, args...)
				if err != nil {
					return err
				}
				for _, c := range made {
					g, err := w.guard(tx, c)
					if err != nil {
						return err
					}
					sql := slices.ContainsFunc(listed, func(x Case) bool { return x.ID == c.ID })
					if policy := w.may(who, See, g, Administrative, ""); policy != sql {
						rt.Fatalf("%v for %+v: policy %v, prefilter %v", who, g, policy, sql)
					}
				}
				return nil
			})
			if err != nil {
				rt.Fatal(err)
			}
		})
	})
}

func (w *world) someCases(rt *rapid.T, people, orgs []string) (made []Case) {
	now := w.clock.Now()
	err := w.DB.Write(context.Background(), func(tx *db.Tx) error {
		for range rapid.IntRange(1, 4).Draw(rt, "cases") {
			c := Case{ID: id.New(), Person: id.New(), Organisation: rapid.SampledFrom(orgs).Draw(rt, "org"), Code: id.New(), State: Opened, Owner: rapid.SampledFrom(people).Draw(rt, "owner"),
				Source: "hand", Profile: "XX", OpenedAt: now, ChangedAt: now, Released: rapid.SampledFrom([][]string{{}, {Administrative}, {Medical}, {Medical, Administrative}}).Draw(rt, "released")}
			if err := insertPerson(tx, c.Person, c.Organisation, now); err != nil {
				return err
			}
			if err := insertCase(tx, c); err != nil {
				return err
			}
			for _, p := range people {
				if kind := rapid.SampledFrom([]string{"", "", "member", "glass"}).Draw(rt, "member"); kind != "" {
					until := rapid.SampledFrom([]time.Time{{}, now.Add(-time.Hour), now, now.Add(time.Hour)}).Draw(rt, "until")
					if err := putMember(tx, Member{c.ID, p, kind, until}); err != nil {
						return err
					}
				}
			}
			made = append(made, c)
		}
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	return made
}

func TestProtectionDataIsClosedToEnforcementUnlessReleased(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		if _, err := w.CasePage(polda, c.ID); code(err) != "casework.case-unknown" {
			t.Errorf("an officer opens it: %v", err)
		}
		if _, err := w.ChangeCase(ana, c.ID, CaseChange{Released: &[]string{Administrative}}); code(err) != "casework.not-allowed" {
			t.Errorf("a caseworker releases it: %v", err)
		}
		must[Case](t)(w.ChangeCase(sari, c.ID, CaseChange{Released: &[]string{Administrative, Legal}}))
		p := must[Page](t)(w.CasePage(polda, c.ID))
		if !slices.Equal(p.Classes, []string{Administrative, Legal}) {
			t.Errorf("an officer reads %v", p.Classes)
		}
		if _, ok := p.Sheets[Identity]; ok || len(p.Sheets[Administrative].Values) == 0 {
			t.Errorf("an officer reads %v", p.Sheets)
		}
	})
}

func TestBreakingTheGlassReadsAlertsAndEnds(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := w.openMya(t)
		if _, err := w.CasePage(budi, c.ID); code(err) != "casework.case-unknown" {
			t.Fatalf("a colleague opens it: %v", err)
		}
		wantCode(t, w.BreakGlass(budi, c.ID, "now"), "casework.glass-reason")
		wantCode(t, w.BreakGlass(mai, c.ID, "she is in danger tonight"), "casework.case-unknown")
		if err := w.BreakGlass(budi, c.ID, "She is in danger tonight and Ana is away"); err != nil {
			t.Fatal(err)
		}
		must[Page](t)(w.CasePage(budi, c.ID))
		if _, err := w.EditSheets(budi, c.ID, Edit{Base: c.Revision, Values: map[string]string{"town": "x"}}); code(err) != "casework.not-allowed" {
			t.Errorf("broken glass writes: %v", err)
		}
		if n := must[Work](t)(w.WorkToday(sari)).Notices; len(n) == 0 || n[0].Kind != "glass_broken" {
			t.Errorf("the supervisor was told %v", n)
		}
		w.clock.Advance(4*time.Hour + time.Second)
		if _, err := w.CasePage(budi, c.ID); code(err) != "casework.case-unknown" {
			t.Errorf("it stays open: %v", err)
		}
	})
}

// The list may be shown to the person, and a supervisor reviews a broken glass
// by it: it says who in words, and the log behind it holds ids only.
func TestWhoHasSeenItIsSaidByName(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.NameOf = func(_ context.Context, person string) (string, string) {
			return map[string]string{"ana": "Ana Putri", "budi": "Budi Santoso"}[person], ours
		}
		w.OrganisationName = func(context.Context, string) string { return "River" }
		c := w.openMya(t)
		if err := w.BreakGlass(budi, c.ID, "She is in danger tonight and Ana is away"); err != nil {
			t.Fatal(err)
		}
		must[Page](t)(w.CasePage(budi, c.ID))
		said := map[string]string{}
		for _, s := range must[[]Seen](t)(w.WhoHasSeen(sari, c.ID)) {
			said[s.Verb] = s.Name + " of " + s.Organisation
			if strings.Contains(s.Actor+string(s.Detail), "Budi") {
				t.Errorf("the log holds a name: %+v", s.Leaf)
			}
		}
		for verb, want := range map[string]string{"casework.open": "Ana Putri of River", "casework.break-glass": "Budi Santoso of River", "casework.read": "Budi Santoso of River"} {
			if said[verb] != want {
				t.Errorf("%s was by %q, want %q", verb, said[verb], want)
			}
		}
	})
}

// cast are the callers of the generated test: every role, at home and abroad.
func cast() map[string]actor.Actor {
	out := map[string]actor.Actor{"nobody": {}, "device": {Device: "dev-1", Organisation: ours}}
	for _, role := range actor.Roles {
		out["foreign "+string(role)] = actor.Actor{Person: "stranger", Organisation: "org-elsewhere", Roles: []actor.Role{role}}
		out["home "+string(role)] = actor.Actor{Person: "colleague", Organisation: ours, Roles: []actor.Role{role}}
	}
	return out
}

// Every route times every role times a foreign record: refused before the door,
// or the same answer, byte for byte, as for a record that does not exist.
func TestAForeignRecordLooksLikeNone(t *testing.T) {
	w := newWorld(t, dbtest.SQLite(t))
	c := w.openMya(t)
	entry := must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "document", Text: map[string]string{"name": "a"}, Blob: []byte("a")}))
	task := must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "task", Code: "call"}))
	approval := must[Approval](t)(w.AskApproval(ana, c.ID, "plan", ""))
	receipt := w.consent(t, c, "given_name")
	r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Urgent, Fields: []string{"given_name"}, Receipt: receipt.ID}))
	must[Referral](t)(w.TakeStep(ana, r.ID, StepIn{Event: referral.Send}))
	ret := must[Return](t)(w.StartReturn(ana, c.ID, "MM"))

	var caller actor.Actor
	g := gate.New("test", func(*http.Request) (actor.Actor, error) { return caller, nil }, slog.New(slog.NewTextHandler(io.Discard, nil)))
	w.Routes(g)
	ask := func(method, path, body string) (int, string) {
		req := httptest.NewRequest(method, path, strings.NewReader(body))
		req.Header.Set(gate.HeaderRequest, "1")
		req.Header.Set("Content-Type", "application/json")
		out := httptest.NewRecorder()
		g.ServeHTTP(out, req)
		return out.Code, out.Body.String()
	}
	bodies := map[string]string{
		"PATCH /api/casework/cases/{case}": `{"place":"x"}`, "POST /api/casework/cases/{case}/state": `{"state":"suspended","reason":"moved"}`,
		"PATCH /api/casework/cases/{case}/sheets": `{"base":1,"values":{"given_name":"x"}}`, "POST /api/casework/cases/{case}/conflicts/{part}": `{"take":true}`,
		"POST /api/casework/cases/{case}/end-exercise": ``, "POST /api/casework/cases/{case}/break-glass": `{"reason":"a reason that is long enough"}`, "POST /api/casework/cases/{case}/erase": `{"classes":[]}`,
		"POST /api/casework/cases/{case}/entries": `{"kind":"note"}`, "PATCH /api/casework/cases/{case}/entries/{part}": `{"state":"done"}`,
		"POST /api/casework/cases/{case}/approvals": `{"what":"plan"}`, "POST /api/casework/cases/{case}/approvals/{part}": `{"approve":true}`,
		"POST /api/casework/cases/{case}/clocks/{part}": `{"reason":"x"}`, "POST /api/casework/cases/{case}/returns": `{"country":"MM"}`,
		"POST /api/casework/cases/{case}/returns/{part}": `{"to":"decided","recorded":{}}`, "POST /api/casework/cases/{case}/receipts/{part}/withdraw": `{"by":"person"}`,
		"POST /api/casework/cases/{case}/receipts":      fmt.Sprintf(`{"purpose":"referral","fields":["given_name"],"recipient":%q,"language":"my","how":"spoken","given_by":"person","until":"2026-05-01T00:00:00Z"}`, shelterID),
		"POST /api/casework/cases/{case}/referrals":     fmt.Sprintf(`{"service":%q,"priority":"urgent","needs":[],"fields":["given_name"]}`, shelterID),
		"POST /api/casework/referrals/{referral}/steps": `{"event":"revoke","reason":"other"}`,
	}
	parts := []string{entry.ID, task.ID, approval.ID, receipt.ID, ret.ID}
	tried := 0
	for _, route := range g.Routes() {
		if !strings.Contains(route.Path, "{case}") && !strings.Contains(route.Path, "{referral}") {
			continue
		}
		body, known := bodies[route.Method+" "+route.Path]
		if route.Method != "GET" && !known && !strings.HasSuffix(route.Path, "/link") {
			t.Errorf("no body for %s %s: add one, so that it is tested", route.Method, route.Path)
		}
		for name, who := range cast() {
			if strings.HasPrefix(name, "home") && (who.Has(actor.Supervisor) || strings.HasSuffix(route.Path, "/break-glass")) {
				continue // may
			}
			caller = who
			for _, part := range parts {
				fill := func(caseID, referralID, part string) string {
					return strings.NewReplacer("{case}", caseID, "{referral}", referralID, "{part}", part, "{entry}", part).Replace(route.Path)
				}
				status, real := ask(route.Method, fill(c.ID, r.ID, part), body)
				none, absent := ask(route.Method, fill(id.New(), id.New(), id.New()), body)
				tried++
				if status != none || real != absent {
					t.Fatalf("%s: %s %s answers %d %s, and %d %s when there is none", name, route.Method, route.Path, status, real, none, absent)
				}
				if status != 401 && status != 403 && status != 404 {
					t.Fatalf("%s: %s %s answers %d %s", name, route.Method, route.Path, status, real)
				}
			}
		}
	}
	if tried < 1000 {
		t.Errorf("only %d requests were tried", tried)
	}
}
