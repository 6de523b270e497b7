package displacement

import (
	"bytes"
	"encoding/csv"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"lintas/displacement/abm"
)

// peopled is the tiny case with ages and sexes: from Town come a tenth under
// five, four tenths children, and of the grown-up six in ten women.
func peopled() fstest.MapFS {
	m := tiny()
	m["input_csv/demographics_age.csv"] = &fstest.MapFile{Data: []byte("age,Default\n2,10\n10,30\n30,50\n65,10\n")}
	m["input_csv/demographics_gender.csv"] = &fstest.MapFile{Data: []byte("gender,Default\nfemale,60\nmale,40\n")}
	return m
}

func peopledWork(t *testing.T, members int, changes ...abm.Intervention) *Work {
	t.Helper()
	b, err := packCase(peopled())
	if err != nil {
		t.Fatal(err)
	}
	w, err := Prepare(Plan{Bundle: b, Name: "peopled", Seed: 11, Members: members, Inputs: DefaultInputs(), Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestBandsSayHowManyChildrenWomenAndOlderPeopleThereMayBe(t *testing.T) {
	o, err := runLocally(t.Context(), peopledWork(t, 200), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := o.View()
	if want := []string{"2031-03-07", "2031-03-14", "2031-03-21", "2031-03-28", "2031-03-30"}; !cmp.Equal(v.WhoDates, want) {
		t.Fatalf("told on %v", v.WhoDates)
	}
	last, told := len(v.Dates)-1, len(v.WhoDates)-1
	for _, p := range v.Places {
		all := p.Mid[last]
		for group, share := range map[string]float64{"under_five": 0.1, "children": 0.4, "women": 0.36, "older": 0.1} {
			b := p.Who[group]
			if got := b.Mid[told] / all; got < share-0.05 || got > share+0.05 {
				t.Errorf("%s: the middle of %s is %.2f of all, the case says %.2f", p.Place, group, got, share)
			}
			if !(b.Low[told] < b.Mid[told] && b.Mid[told] < b.High[told] && b.High[told] < p.High[last]) {
				t.Errorf("%s: the band of %s is %.0f, %.0f, %.0f of %.0f at most", p.Place, group, b.Low[told], b.Mid[told], b.High[told], p.High[last])
			}
		}
	}
}

func TestWhoTheyAreIsToldOfTheVersionAsItIs(t *testing.T) {
	o, err := runLocally(t.Context(), peopledWork(t, 60, abm.Intervention{Kind: abm.ShutBorder, Country: "Home", Country2: "Hill", From: 0}), 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	hills := o.View().Places[1]
	for group, b := range hills.Who {
		if told := len(b.High) - 1; b.High[told] != 0 {
			t.Errorf("%.0f of %s come to Hills behind a shut border", b.High[told], group)
		}
	}
}

func TestACaseThatDoesNotSayWhoItsPeopleAreTellsNothingOfThem(t *testing.T) {
	for _, without := range []string{"input_csv/demographics_age.csv", "input_csv/demographics_gender.csv"} {
		m := peopled()
		delete(m, without)
		b, err := packCase(m)
		if err != nil {
			t.Fatal(err)
		}
		w, err := Prepare(Plan{Bundle: b, Name: "half", Seed: 1, Members: 2})
		if err != nil {
			t.Fatal(err)
		}
		o, err := runLocally(t.Context(), w, 1, nil)
		if err != nil {
			t.Fatal(err)
		}
		if v := o.View(); v.WhoDates != nil || v.Places[0].Who != nil {
			t.Errorf("without %s: %v", without, v.Places[0].Who)
		}
	}
}

func TestWhoTheyAreTravelsFromWorkersAndStandsInTheFileOfBands(t *testing.T) {
	w := peopledWork(t, 40, abm.Intervention{Kind: abm.FillCamp, Place: "Hills", From: 5})
	alone, hub := aloneAndHub(t, w)
	worker := workerProcess(t, hub.URL(), 2)
	defer func() { worker.Process.Kill(); worker.Wait() }()
	far, err := runSpread(t.Context(), w, hub, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(viewJSON(t, alone), viewJSON(t, far)); diff != "" {
		t.Fatal(diff)
	}
	var file bytes.Buffer
	if err := far.View().CSV(&file); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&file).ReadAll() // refuses rows of unequal length
	if err != nil {
		t.Fatal(err)
	}
	at := len(rows[0]) - 12
	if rows[0][at] != "under_five_low_5" || rows[0][at+5] != "children_high_95" || rows[7][at] == "" || rows[8][at] != "" {
		t.Errorf("%v\n%v\n%v", rows[0], rows[7], rows[8])
	}
}

func TestADamagedMemberWithGroupsIsRefused(t *testing.T) {
	w := peopledWork(t, 1)
	good, err := w.Member(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range [][]byte{good[:len(good)-1], append(append([]byte{}, good...), 0)} {
		if err := newOutcome(w).add(0, bad); err == nil {
			t.Errorf("%d bytes were taken for a member of %d", len(bad), len(good))
		}
	}
}
