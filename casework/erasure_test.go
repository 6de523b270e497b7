package casework

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lintas/casework/clocks"
	"lintas/casework/htcds"
	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/platform/db"
)

// secrets is a word for each place where something personal may be written; none
// occurs anywhere else.
var secrets = map[string]string{
	"given_name": "Zarathustrina", "family_name": "Quintavalle", "birth_date": "1987-11-23", "phone": "+66 87 654 3219", "email": "zq@safe.test", "document_number": "QX7731904",
	"address": "House of lanterns", "town": "Port Umbra", "medical_needs": "insulinoma", "legal_status": "applicant", "story": "the cellar with a blue door", "offender": "Captain Vermilion", "language": "my",
}

// fullCase is a case with something personal in every place that a page or the
// API can write: sheets, entries, a document, a settled and an open conflict,
// consent, a referral that has ended, a return, a place, a number of its source.
func (w *world) fullCase(t *testing.T) (Case, Referral) {
	t.Helper()
	c := must[Case](t)(w.OpenCase(ana, NewCase{Values: secrets, Needs: []string{"shelter"}, Place: "umbra-harbour-gate", source: "import", sourceRef: "partner-4711"}))
	must[Case](t)(w.ChangeCase(sari, c.ID, CaseChange{Members: &[]string{"budi"}}))
	for _, kind := range []string{"risk", "goal", "task", "note", "assessment", "best_interests", "family"} {
		must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: kind, Code: "typed." + kind + ".Zarathustrina", Text: map[string]string{"text": "words of Zarathustrina, " + kind}}))
	}
	must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "event", Code: "presumed", Text: map[string]string{"text": "Zarathustrina said so"}}))
	must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "document", Text: map[string]string{"name": "passport of Zarathustrina"}, Blob: []byte("scan of QX7731904")}))
	base := must[Case](t)(w.GetCase(ana, c.ID)).Revision
	must[Edited](t)(w.EditSheets(ana, c.ID, Edit{Base: base, Values: map[string]string{"town": "Port Umbra North", "address": "House of lamps"}}))
	must[Edited](t)(w.EditSheets(budi, c.ID, Edit{Base: base, Values: map[string]string{"town": "Port Umbra South", "address": "House of candles"}}))
	conflicts := must[Page](t)(w.CasePage(ana, c.ID)).Conflicts
	if len(conflicts) != 2 {
		t.Fatalf("%d conflicts", len(conflicts))
	}
	if err := w.ResolveConflict(ana, c.ID, conflicts[0].ID, false); err != nil {
		t.Fatal(err)
	}
	r := must[Referral](t)(w.Offer(ana, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Priority: referral.Urgent, Needs: []string{"shelter"}, Fields: []string{"given_name"}, Receipt: w.consent(t, c, "given_name").ID, Text: "Zarathustrina needs a bed"}))
	for _, s := range []struct {
		who   context.Context
		event referral.Event
		words string
	}{{ana, referral.Send, ""}, {mai, referral.Accept, ""}, {mai, referral.Finish, "Zarathustrina has moved on"}} {
		must[Referral](t)(w.TakeStep(s.who, r.ID, StepIn{Event: s.event, Words: s.words}))
	}
	ret := must[Return](t)(w.StartReturn(ana, c.ID, "MM"))
	must[Return](t)(w.MoveReturn(ana, c.ID, ret.ID, "stopped", map[string]string{"reason": "Zarathustrina stays"}))
	return must[Case](t)(w.GetCase(ana, c.ID)), r
}

// storeHolds looks through every column of every table of the desk, and the
// audit log, for texts.
func (w *world) storeHolds(t *testing.T, texts ...string) (found []string) {
	t.Helper()
	tables := []string{"person", "case", "member", "sheet", "mark", "erased", "conflict", "entry", "approval", "receipt", "referral", "step", "link", "return", "due", "notice", "channel", "assurance", "receiver"}
	err := w.DB.Read(context.Background(), func(tx *db.Tx) error {
		for i, table := range append(tables, "audit_leaf") {
			if i < len(tables) {
				table = "casework_" + table
			}
			rows, err := tx.Query(`SELECT * FROM ` + table)
			if err != nil {
				return err
			}
			columns, err := rows.Columns()
			if err != nil {
				return err
			}
			for rows.Next() {
				cells, to := make([]any, len(columns)), make([]any, len(columns))
				for i := range cells {
					to[i] = &cells[i]
				}
				if err := rows.Scan(to...); err != nil {
					return err
				}
				for i, cell := range cells {
					text := fmt.Sprint(cell)
					if raw, ok := cell.([]byte); ok {
						text = string(raw)
					}
					for _, secret := range texts {
						if strings.Contains(text, secret) {
							found = append(found, table+"."+columns[i]+" holds "+secret)
						}
					}
				}
			}
			if err := rows.Close(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAWholeErasureLeavesNothingReadableAnywhere(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, r := w.fullCase(t)
		open := []string{"umbra-harbour-gate", "partner-4711", "typed."}
		if found := w.storeHolds(t, open...); len(found) < 3 {
			t.Fatalf("the test looks in the wrong places: %v", found)
		}
		proof := must[Erased](t)(w.EraseCase(sari, c.ID, nil))
		if proof.Sealed < 20 {
			t.Errorf("only %d sealed values were proved unreadable", proof.Sealed)
		}
		words := append(open, "Zarathustrina", "Quintavalle", "QX7731904", "Port Umbra", "House of", "insulinoma", "blue door", "Vermilion", "zq@safe.test")
		if found := w.storeHolds(t, words...); len(found) > 0 {
			t.Errorf("the store still holds: %v", found)
		}
		w.nothingIsFound(t, c, r)
		w.nothingIsRead(t, c, r)
		_, err := w.SetState(sari, c.ID, Opened, "person_asked")
		wantCode(t, err, "casework.erased")
	})
}

// nothingIsFound: the search index, the likeness index, the lists of work.
func (w *world) nothingIsFound(t *testing.T, c Case, r Referral) {
	t.Helper()
	for _, text := range []string{"Zarathustrina", "Quintavalle Zarathustrina", "Saratustrina Kuintavalle", "0876543219", "1987-11-23", "QX7731904", "zq@safe.test"} {
		if list := must[[]Case](t)(w.Cases(sari, Search{Text: text})); len(list) > 0 {
			t.Errorf("a search for %q finds it", text)
		}
	}
	if like := must[[]Likeness](t)(w.Duplicates(sari, secrets)); len(like) > 0 {
		t.Errorf("it is a possible duplicate: %v", like)
	}
	for _, who := range []context.Context{ana, sari, mai} {
		work := must[Work](t)(w.WorkToday(who))
		if slices.ContainsFunc(work.Dues, func(d Due) bool { return d.Case == c.ID }) || slices.ContainsFunc(work.Notices, func(n Notice) bool { return n.Case == c.ID }) {
			t.Errorf("the day's work names it: %+v", work)
		}
	}
	if b := must[Board](t)(w.SupervisorBoard(sari)); len(b.Load) > 0 || b.Cases[string(Closed)] != 1 {
		t.Errorf("the board counts %v, load %v", b.Cases, b.Load)
	}
}

// nothingIsRead: pages, documents, the receiver, the printed form, exports, and
// the way back by the file or screening that it came from.
func (w *world) nothingIsRead(t *testing.T, c Case, r Referral) {
	t.Helper()
	read := fmt.Sprintf("%+v", must[Page](t)(w.CasePage(sari, c.ID)))
	if v, err := w.OpenReferral(mai, r.ID); err == nil {
		read += fmt.Sprintf("%+v", v)
	}
	if form, err := w.ReferralForm(ana, r.ID, "en", "en"); err == nil {
		read += string(form)
	}
	for _, e := range must[Page](t)(w.CasePage(sari, c.ID)).Entries {
		if _, _, data, err := w.Document(sari, c.ID, e.ID); err == nil {
			read += string(data)
		}
	}
	for _, record := range must[[]htcds.Record](t)(w.ExportHTCDS(sari, true)) {
		read += fmt.Sprintf("%+v", record)
	}
	for _, s := range must[[]Seen](t)(w.WhoHasSeen(sari, c.ID)) {
		read += string(s.Detail)
	}
	for _, secret := range []string{"Zarathustrina", "Quintavalle", "QX7731904", "Port Umbra", "House of", "insulinoma", "blue door", "Vermilion", "umbra-harbour", "partner-4711"} {
		if strings.Contains(read, secret) {
			t.Errorf("%q is still read", secret)
		}
	}
	records := []htcds.Record{{Values: map[string][]string{"prs_FirstName": {"Zarathustrina"}}, Other: map[string]string{caseIDColumn: "partner-4711"}}}
	for _, dry := range []bool{true, false} {
		if out := must[Import](t)(w.ImportHTCDS(ana, records, nil, dry)); out.Rows[0].Do != "wrong" {
			t.Errorf("dry %v: the file brings the person back: %+v", dry, out.Rows[0])
		}
	}
}

func TestAScreeningDoesNotBringAnErasedPersonBack(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		w.Screening = func(context.Context, string) (Screened, error) {
			return Screened{Values: map[string]string{"given_name": "Zarathustrina"}}, nil
		}
		c := must[Case](t)(w.OpenCase(ana, NewCase{Screening: "submission-9"}))
		must[Erased](t)(w.EraseCase(sari, c.ID, nil))
		if found := w.storeHolds(t, "submission-9"); len(found) > 0 {
			t.Errorf("what it was opened from is still named: %v", found)
		}
		_, err := w.OpenCase(ana, NewCase{Screening: "submission-9"})
		wantCode(t, err, "casework.screening-used")
	})
}

func TestErasingOneClassLeavesTheOthersReadable(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c, _ := w.fullCase(t)
		must[Erased](t)(w.EraseCase(sari, c.ID, []string{Location}))
		p := must[Page](t)(w.CasePage(ana, c.ID))
		if p.Case.Place != "" || !p.Sheets[Location].Erased {
			t.Errorf("places are read: %q %v", p.Case.Place, p.Sheets[Location])
		}
		if p.Case.State != Opened || p.Sheets[Identity].Values["given_name"] != "Zarathustrina" || p.Case.SourceRef != "partner-4711" {
			t.Errorf("more than the places is gone: %+v %v", p.Case, p.Sheets[Identity])
		}
		for _, x := range p.Conflicts {
			if x.Class == Location && x.Mine != "" {
				t.Errorf("a value that was not stored is read: %+v", x)
			}
		}
	})
}

// Every class of every country's profile: readable to the last second of its
// term, erased with its marks when it has ended, and the person gone with the
// last class.
func TestEveryClassOfEveryCountryIsErasedWhenItsTermHasEnded(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		for country, profile := range w.profiles {
			c := must[Case](t)(w.OpenCase(ana, NewCase{Values: secrets}))
			must[Case](t)(w.ChangeCase(ana, c.ID, CaseChange{Profile: &country}))
			a := must[Approval](t)(w.AskApproval(ana, c.ID, "closure", "goals_reached"))
			must[Approval](t)(w.DecideApproval(sari, c.ID, a.ID, true, ""))
			c = must[Case](t)(w.GetCase(ana, c.ID))
			began := w.clock.Now()
			terms := slices.Clone(profile.Retention)
			slices.SortStableFunc(terms, func(a, b clocks.Retention) int {
				return profile.End(c.ClosedAt, a.After).Compare(profile.End(c.ClosedAt, b.After))
			})
			if len(terms) != len(Classes) {
				t.Errorf("%s has terms for %d of %d classes", country, len(terms), len(Classes))
			}
			for _, term := range terms {
				end, _ := profile.Kept(term.Class, c.ClosedAt)
				for _, step := range []struct {
					at     time.Time
					erased bool
				}{{end.Add(-time.Second), false}, {end, true}} {
					if w.clock.Now().Before(step.at) {
						w.clock.Set(step.at)
					}
					if !step.erased && w.clock.Now().After(step.at) {
						continue // another class ended at the same instant
					}
					if err := w.Retain(context.Background()); err != nil {
						t.Fatal(err)
					}
					if got := must[Page](t)(w.CasePage(ana, c.ID)).Sheets[term.Class].Erased; got != step.erased {
						t.Errorf("%s, %s, at %s: erased %v", country, term.Class, step.at, got)
					}
				}
			}
			if list := must[[]Case](t)(w.Cases(sari, Search{Text: "Zarathustrina"})); len(list) > 0 {
				t.Errorf("%s: the name still finds the case", country)
			}
			err := w.DB.Read(context.Background(), func(tx *db.Tx) error {
				rest, err := closedCases(tx, "", 10)
				if len(rest) > 0 {
					t.Errorf("%s: a person of whom nothing is left is looked at every day", country)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			w.clock.Set(began)
		}
	})
}

// Who reads which classes of a case, in every part of the API that shows one:
// its page, a document, the export, the list.
func TestWhoReadsWhichClasses(t *testing.T) {
	eachWorld(t, func(t *testing.T, w *world) {
		c := must[Case](t)(w.OpenCase(ana, NewCase{Values: secrets}))
		documents := map[string]string{}
		for _, class := range Classes {
			documents[class] = must[Entry](t)(w.AddEntry(ana, c.ID, NewEntry{Kind: "document", Class: class, Blob: []byte("bytes")})).ID
		}
		must[Case](t)(w.ChangeCase(sari, c.ID, CaseChange{Members: &[]string{"budi"}, Released: &[]string{Administrative, Legal}}))
		if err := w.BreakGlass(as("tuti", ours, actor.Caseworker), c.ID, "she called me from the harbour"); err != nil {
			t.Fatal(err)
		}
		cast := map[string]struct {
			who  context.Context
			read []string
		}{
			"the owner":                      {ana, Classes},
			"a member":                       {budi, Classes},
			"a supervisor":                   {sari, Classes},
			"who broke the glass":            {as("tuti", ours, actor.Caseworker), Classes},
			"an officer, what was released":  {polda, []string{Administrative, Legal}},
			"a caseworker of the same house": {as("nina", ours, actor.Caseworker), nil},
			"a caseworker of another house":  {mai, nil},
			"a supervisor of another house":  {ratna, nil},
			"nobody":                         {context.Background(), nil},
		}
		for _, role := range []actor.Role{actor.Analyst, actor.Planner, actor.Secretariat, actor.Trainer, actor.Administrator} {
			cast["a "+string(role)] = struct {
				who  context.Context
				read []string
			}{as("x", ours, role), nil}
		}
		for name, one := range cast {
			p, err := w.CasePage(one.who, c.ID)
			if one.read == nil {
				if !isUnknown(err) {
					t.Errorf("%s opens the page: %v", name, err)
				}
			} else if err != nil || !slices.Equal(p.Classes, one.read) {
				t.Errorf("%s reads %v (%v), want %v", name, p.Classes, err, one.read)
			}
			for class, s := range p.Sheets {
				if !slices.Contains(one.read, class) && len(s.Values) > 0 {
					t.Errorf("%s is handed %s: %v", name, class, s.Values)
				}
			}
			for class, entry := range documents {
				if _, _, _, err := w.Document(one.who, c.ID, entry); (err == nil) != slices.Contains(one.read, class) {
					t.Errorf("%s reads a document of %s: %v", name, class, err)
				}
			}
			if list := must[[]Case](t)(w.Cases(one.who, Search{Text: c.Code})); (len(list) == 1) != (one.read != nil) {
				t.Errorf("%s finds %d by the code", name, len(list))
			}
			records, err := w.ExportHTCDS(one.who, true)
			if allowed := name == "a supervisor"; allowed != (err == nil && len(records) == 1) {
				t.Errorf("%s exports names: %d records, %v", name, len(records), err)
			}
		}
	})
}
