package node

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"path/filepath"
	"testing"

	"lintas/agency"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
)

// place enrols a device and makes it the place of a person of the demonstration.
func place(t *testing.T, n *Node, ctx context.Context, name string) agency.Device {
	t.Helper()
	e, err := n.Agency.EnrolDevice(ctx, name, 0)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Screening.PublishPlace(ctx, name, e.Token, base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())); err != nil {
		t.Fatal(err)
	}
	return e.Device
}

func TestAHandOverToADeviceThatIsEndedGoesBackToTheSender(t *testing.T) {
	for how, end := range map[string]func(n *Node, ctx context.Context, device string) error{
		"revoked":          func(n *Node, ctx context.Context, device string) error { return n.Agency.RevokeDevice(ctx, device) },
		"ordered to erase": func(n *Node, ctx context.Context, device string) error { return n.Agency.WipeDevice(ctx, device) },
	} {
		t.Run(how, func(t *testing.T) {
			n := open(t, filepath.Join(t.TempDir(), "n.db"))
			if _, err := n.MakeDemo(context.Background()); err != nil {
				t.Fatal(err)
			}
			organisation, err := n.FirstOrganisation(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			all, err := n.staff(context.Background(), organisation, actor.Officer)
			if err != nil || len(all) < 2 {
				t.Fatalf("%v, %v", all, err)
			}
			as := func(person string) context.Context {
				return actor.With(context.Background(), actor.Actor{Person: person, Organisation: organisation, Roles: []actor.Role{actor.Officer}})
			}
			sender, receiver := as(all[0]), as(all[1])
			place(t, n, sender, "jetty-phone-1")
			device := place(t, n, receiver, "jetty-phone-2")

			found, err := n.Screening.Places(sender)
			if err != nil || len(found) != 2 || found[1].Name == "" || found[1].Device != "jetty-phone-2" {
				t.Fatalf("%+v, %v", found, err)
			}
			h, err := n.Screening.HandOver(sender, "handover-number-1", "jetty-phone-1", "jetty-phone-2", bytes.Repeat([]byte("s"), 100))
			if err != nil || h.State != "waiting" {
				t.Fatalf("%+v, %v", h, err)
			}
			if err := end(n, sender, device.ID); err != nil {
				t.Fatal(err)
			}
			if h, err = n.Screening.Take(receiver, h.ID); err != nil || h.State != "unreachable" {
				t.Errorf("taken on the device that was %s: %+v, %v", how, h, err)
			}
			if h, err = n.Screening.HandoverState(sender, h.ID); err != nil || h.State != "unreachable" {
				t.Errorf("the sender hears %+v, %v", h, err)
			}
			if report, err := n.VerifyAudit(context.Background(), nil); err != nil || !report.OK() {
				t.Errorf("%+v, %v", report, err)
			}
		})
	}
}

func TestATokenThatWasWithdrawnMakesNoPlace(t *testing.T) {
	n := open(t, filepath.Join(t.TempDir(), "n.db"))
	organisation, err := n.FirstOrganisation(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx := actor.With(context.Background(), actor.Actor{Person: "p", Organisation: organisation, Roles: []actor.Role{actor.Officer}})
	e, err := n.Agency.EnrolDevice(ctx, "phone", 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Agency.RevokeDevice(ctx, e.Device.ID); err != nil {
		t.Fatal(err)
	}
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	err = n.Screening.PublishPlace(ctx, "place-of-nobody", e.Token, base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes()))
	if !problem.HasCode(err, "agency.token-revoked") {
		t.Errorf("%v", err)
	}
}
