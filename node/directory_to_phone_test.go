package node

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"lintas/casework"
	"lintas/casework/hsds"
	"lintas/kernel/actor"
	"lintas/screening"
)

func TestAPhoneHoldsTheDirectorysActiveServices(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	ctx := actor.With(context.Background(), actor.Actor{System: "test"})
	if _, err := n.MakeDemo(ctx); err != nil {
		t.Fatal(err)
	}
	b, err := n.Screening.Bundle(ctx)
	if err != nil || len(b.Services) == 0 {
		t.Fatalf("%d services, %v", len(b.Services), err)
	}
	i := slices.IndexFunc(b.Services, func(s screening.Service) bool { return strings.HasPrefix(s.Name, "Safe house for women and children") })
	if i < 0 {
		t.Fatalf("the safe house is missing among %d", len(b.Services))
	}
	if s := b.Services[i]; s.Phone != "+999 555 0101" || !slices.Contains(s.Languages, "my") || s.AssuredAt.IsZero() || s.What == "" || s.Who == "" || s.Place == "" {
		t.Errorf("%+v", s)
	}
}

// invented makes services as a large country has them: of three, one is abroad, one is a hotline without a place.
func invented(n int) []hsds.Service {
	out := make([]hsds.Service, n)
	for i := range out {
		key := func(kind string) string { return fmt.Sprintf("%s-%05d", kind, i) }
		s := hsds.Service{
			ID: key("service"), Name: key("Legal advice and interpretation for seafarers"), Status: "active", AssuredDate: fmt.Sprintf("2026-%02d-01", 1+i%9), LastModified: "2026-02-01T00:00:00Z",
			Description:            "Advice on contracts, unpaid wages, papers and the way home, free of charge and in confidence, on working days from eight to four.",
			EligibilityDescription: "Everybody who works or has worked at sea, with or without papers.",
			Organization:           &hsds.Organization{ID: fmt.Sprintf("org-%04d", i/10), Name: "Seafarers' rights centre", Description: "of ten services"},
			Languages:              []hsds.Language{{ID: key("la"), Code: "my"}, {ID: key("lb"), Code: "id"}},
			Phones:                 []hsds.Phone{{ID: key("phone"), Number: fmt.Sprintf("+999 555 %05d", i)}},
		}
		if i%3 != 2 {
			country := []string{"XS", "XT"}[i%3]
			s.ServiceAtLocations = []hsds.ServiceAtLocation{{ID: key("at"), Location: &hsds.Location{ID: key("place"), LocationType: "physical", Name: key("Harbour"), Addresses: []hsds.Address{{ID: key("address"), Address1: "Quay", City: "Harbour", Country: country, AddressType: "physical"}}}}}
		}
		out[i] = s
	}
	return out
}

func TestTheBundleStaysSmallWithTenThousandServices(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	ctx := actor.With(context.Background(), actor.Actor{System: "test"})
	services := make([]any, 0, 10_000)
	for _, s := range invented(10_000) {
		services = append(services, s)
	}
	flat, lost := hsds.Flatten(services...)
	if len(lost) != 0 {
		t.Fatal(lost)
	}
	if _, err := n.Casework.ImportDirectory(ctx, hsds.File{Directory: flat}, casework.Bringing{}); err != nil {
		t.Fatal(err)
	}
	b, err := n.Screening.Bundle(ctx)
	if err != nil || len(b.Services) != mostOnPhone || b.MoreAtDesk != 10_000-mostOnPhone {
		t.Fatalf("%d services and %d more, %v", len(b.Services), b.MoreAtDesk, err)
	}
	text, err := json.Marshal(b)
	if err != nil || len(text) > 300_000 {
		t.Errorf("the bundle has %d bytes, %v", len(text), err)
	}
	again, err := n.Screening.Bundle(ctx)
	if err != nil || again.ETag != b.ETag {
		t.Errorf("the same directory gives another bundle: %v", err)
	}
}

func TestAPhoneHoldsTheServicesOfItsCountryFirstAndThoseConfirmedLast(t *testing.T) {
	all := invented(3 * mostOnPhone)
	all[0].Phones = nil // of the country, and cannot be called
	all[3].Status = "defunct"
	picked := pickServices(slices.Values(all), "xs")
	if len(picked.List) != mostOnPhone || picked.More != 3*mostOnPhone-1-mostOnPhone {
		t.Fatalf("%d services and %d more", len(picked.List), picked.More)
	}
	oldest := picked.List[0].AssuredAt
	for _, s := range picked.List {
		var i int
		fmt.Sscanf(s.ID, "service-%d", &i)
		if i%3 == 1 || i == 0 || i == 3 {
			t.Errorf("%s is abroad, cannot be called or is gone, and took the place of another", s.ID)
		}
		if s.AssuredAt.Before(oldest) {
			oldest = s.AssuredAt
		}
	}
	if oldest.Month() < 4 { // January and March are left out
		t.Errorf("one confirmed in %s was taken before later ones", oldest.Month())
	}
	if !slices.IsSortedFunc(picked.List, func(a, b screening.Service) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("not listed by name")
	}
	if few := pickServices(slices.Values(all[:6]), "XS"); len(few.List) != 5 || few.More != 0 {
		t.Errorf("of a few some are missing: %+v", few)
	}
}

func TestWhatWasPickedIsKeptUntilTheDirectoryChanges(t *testing.T) {
	var p phoneLists
	picked := 0
	ask := func(version int64, country string) int {
		return p.of(version, country, func() screening.Services { picked++; return screening.Services{More: picked} }).More
	}
	for _, step := range []struct {
		version int64
		country string
		pick    int
	}{{1, "XS", 1}, {1, "XS", 1}, {1, "XT", 2}, {1, "XS", 1}, {2, "XS", 3}} {
		if got := ask(step.version, step.country); got != step.pick {
			t.Errorf("version %d for %s is answered with pick %d, want %d", step.version, step.country, got, step.pick)
		}
	}
}
