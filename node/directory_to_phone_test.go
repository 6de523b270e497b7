package node

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

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
