package screening

import (
	"bytes"
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

const (
	placeA, placeB, placeC = "place-of-officer", "place-of-super--", "place-of-worker-"
	aHandover              = "handover-one----"
)

// house is what the agency would say: which devices may be used, and who works where.
type house struct {
	mu    sync.Mutex
	ended map[string]bool // devices
	left  map[string]bool // people
}

func (h *house) device(_ context.Context, token string) (string, string, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.ended[token]:
		return "", "", problem.New(problem.Forbidden, "agency.token-revoked", "The access of this device was ended.")
	case token == "phone-abroad":
		return token, "org-2", nil
	}
	return token, "org-1", nil
}

func (h *house) live(context.Context, string) (out []string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, device := range []string{"phone-1", "phone-2", "phone-3", "phone-abroad"} {
		if !h.ended[device] {
			out = append(out, device)
		}
	}
	return out, nil
}

func (h *house) staff(_ context.Context, organisation string, roles ...actor.Role) (out []string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, a := range []actor.Actor{theOfficer, theSuper, theWorker, theAnalyst, elsewhere} {
		if a.Organisation == organisation && a.Has(roles...) && !h.left[a.Person] {
			out = append(out, a.Person)
		}
	}
	return out, nil
}

func publicKey(t testing.TB) string {
	t.Helper()
	k, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return base64.RawURLEncoding.EncodeToString(k.PublicKey().Bytes())
}

func (w *world) publishPlace(login, place, token, key string) int {
	w.t.Helper()
	return w.call(login, "PUT", "/api/screening/places/"+place, map[string]string{"device_token": token, "public_key": key}, nil)
}

// places gives the world two officers on two devices, and a third.
func (w *world) places() *house {
	w.t.Helper()
	h := &house{ended: map[string]bool{}, left: map[string]bool{}}
	w.desk.deps.DeviceByToken, w.desk.deps.LiveDevices, w.desk.deps.Staff = h.device, h.live, h.staff
	w.desk.deps.PersonNames = func(_ context.Context, ids []string) (map[string]string, error) {
		return map[string]string{"per-1": "Melati", "per-2": "Bayu", "per-3": "Sari"}, nil
	}
	w.desk.deps.DeviceNames = func(_ context.Context, ids []string) (map[string]string, error) {
		return map[string]string{"phone-1": "jetty phone 1", "phone-2": "jetty phone 2"}, nil
	}
	for login, at := range map[string][2]string{"officer": {placeA, "phone-1"}, "super": {placeB, "phone-2"}, "worker": {placeC, "phone-3"}} {
		if status := w.publishPlace(login, at[0], at[1], publicKey(w.t)); status != 204 {
			w.t.Fatalf("place of %s: %d", login, status)
		}
	}
	return h
}

var sealedBytes = bytes.Repeat([]byte("sealed by the sender's app; "), 4)

func (w *world) handOver(login, number, from, to string, sealed []byte) (h Handover, status int) {
	w.t.Helper()
	status = w.call(login, "PUT", "/api/screening/handovers/"+number, map[string]any{"from": from, "to": to, "sealed": sealed}, &h)
	return h, status
}

// end settles as a person and gives the state they are told; the status when there is none.
func (w *world) end(login, number, how string) (h Handover, status int) {
	w.t.Helper()
	var in any
	if how == "withdraw" {
		in = map[string]string{"from": placeA}
	}
	method, path := "POST", "/api/screening/handovers/"+number+"/"+how
	if how == "" {
		method, path = "GET", "/api/screening/handovers/"+number
	}
	status = w.call(login, method, path, in, &h)
	return h, status
}

func (w *world) wantState(login, number, how, state string) {
	w.t.Helper()
	if h, status := w.end(login, number, how); status != 200 || h.State != state {
		w.t.Errorf("%q by %s: %d %q, want %q", how, login, status, h.State, state)
	}
}

// kept is what the store still holds of the sealed bytes.
func (w *world) kept(number string) (kept bool) {
	w.t.Helper()
	if err := w.db.Read(context.Background(), func(t *db.Tx) (err error) { _, kept, err = handoverSealed(t, number); return err }); err != nil {
		w.t.Fatal(err)
	}
	return kept
}

func (w *world) verbs(object string) (out []string) {
	w.t.Helper()
	err := w.db.Read(context.Background(), func(t *db.Tx) error {
		leaves, err := audit.List(t, audit.Filter{Object: object})
		for _, l := range leaves {
			out = append(out, l.Verb)
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(out)
	return out
}

func TestAnInterviewIsHandedToAColleagueAndTakenOnce(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.places()
		h, status := w.handOver("officer", aHandover, placeA, placeB, sealedBytes)
		if status != 200 || h.State != handoverWaiting || h.From.Name != "Melati" || h.To.Device != "jetty phone 2" || h.EndsAt.Sub(h.MadeAt) != 72*time.Hour {
			t.Fatalf("%d %+v", status, h)
		}
		var waiting Page[Handover]
		if w.call("super", "GET", "/api/screening/handovers?place="+placeB, nil, &waiting); len(waiting.Items) != 1 || waiting.Items[0].From.Name != "Melati" {
			t.Fatalf("%+v", waiting)
		}
		var sealed SealedBytes
		if status := w.call("super", "GET", "/api/screening/handovers/"+aHandover+"/sealed", nil, &sealed); status != 200 || !bytes.Equal(sealed.Sealed, sealedBytes) {
			t.Fatalf("%d %q", status, sealed.Sealed)
		}
		w.wantState("officer", aHandover, "", handoverWaiting)
		w.wantState("super", aHandover, "take", handoverTaken)
		w.wantState("super", aHandover, "take", handoverTaken) // the answer was lost: asked again
		w.wantState("officer", aHandover, "", handoverTaken)
		if w.kept(aHandover) {
			t.Error("the node still holds what was taken")
		}
		if status := w.call("super", "GET", "/api/screening/handovers/"+aHandover+"/sealed", nil, nil); status != 410 {
			t.Errorf("fetched after it was taken: %d", status)
		}
		if w.call("super", "GET", "/api/screening/handovers?place="+placeB, nil, &waiting); len(waiting.Items) != 0 {
			t.Errorf("%+v", waiting)
		}
		if got, want := w.verbs("screening-handover:"+aHandover), []string{"screening.handover", "screening.handover-fetch", "screening.handover-taken"}; !slices.Equal(got, want) {
			t.Errorf("the log says %v, want %v", got, want)
		}
	})
}

func TestTheSameHandOverSentAgainIsOneAndAnotherUnderItsNumberIsRefused(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.places()
		for range 2 {
			if h, status := w.handOver("officer", aHandover, placeA, placeB, sealedBytes); status != 200 || h.State != handoverWaiting {
				t.Fatalf("%d %+v", status, h)
			}
		}
		if _, status := w.handOver("officer", aHandover, placeA, placeB, append([]byte("x"), sealedBytes...)); status != 409 {
			t.Errorf("other bytes under the same number: %d", status)
		}
		w.wantState("super", aHandover, "take", handoverTaken)
		if h, status := w.handOver("officer", aHandover, placeA, placeB, sealedBytes); status != 200 || h.State != handoverTaken {
			t.Errorf("sent again after it was taken: %d %q; it would be there twice", status, h.State)
		}
		if w.kept(aHandover) {
			t.Error("sending again brought the content back")
		}
	})
}

func TestEveryOtherEndingGivesItBackToTheSenderAndStands(t *testing.T) {
	for how, c := range map[string]struct {
		state string
		act   func(w *world, h *house)
	}{
		"refused":     {handoverRefused, func(w *world, _ *house) { w.end("super", aHandover, "refuse") }},
		"taken back":  {handoverWithdrawn, func(w *world, _ *house) { w.end("officer", aHandover, "withdraw") }},
		"its time":    {handoverExpired, func(w *world, _ *house) { w.clock.Advance(72 * time.Hour) }},
		"the device":  {handoverUnreachable, func(_ *world, h *house) { h.ended["phone-2"] = true }},
		"the officer": {handoverUnreachable, func(_ *world, h *house) { h.left["per-2"] = true }},
		"the place": {handoverUnreachable, func(w *world, _ *house) {
			w.call("super", "DELETE", "/api/screening/places/"+placeB, nil, nil)
		}},
		"a new place": {handoverUnreachable, func(w *world, _ *house) {
			w.publishPlace("super", "place-after-lost-pin", "phone-2", publicKey(w.t))
		}},
	} {
		t.Run(how, func(t *testing.T) {
			each(t, func(t *testing.T, w *world) {
				h := w.places()
				w.handOver("officer", aHandover, placeA, placeB, sealedBytes)
				c.act(w, h)
				w.wantState("officer", aHandover, "", c.state)
				if w.kept(aHandover) {
					t.Error("the node still holds it")
				}
				// Whatever happens now, nobody can take it: the sender works on their copy.
				h.ended, h.left = map[string]bool{}, map[string]bool{}
				w.clock.Advance(-73 * time.Hour)
				w.wantState("super", aHandover, "take", c.state)
				w.wantState("officer", aHandover, "", c.state)
			})
		})
	}
}

func TestOfTakingAndTakingBackAtOnceOneWinsAndBothHearWhich(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.places()
		for round := range 20 {
			number := aHandover + string(rune('a'+round))
			w.handOver("officer", number, placeA, placeB, sealedBytes)
			var all sync.WaitGroup
			var taken, back Handover
			all.Go(func() { taken, _ = w.end("super", number, "take") })
			all.Go(func() { back, _ = w.end("officer", number, "withdraw") })
			all.Wait()
			if taken.State != back.State || taken.State != handoverTaken && taken.State != handoverWithdrawn {
				t.Errorf("the receiver hears %q, the sender %q", taken.State, back.State)
			}
		}
	})
}

func TestWhatWasTakenBackBeforeItArrivedCannotArriveLater(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.places()
		w.wantState("officer", aHandover, "withdraw", handoverWithdrawn)
		if h, status := w.handOver("officer", aHandover, placeA, placeB, sealedBytes); status != 200 || h.State != handoverWithdrawn {
			t.Errorf("%d %q", status, h.State)
		}
		if w.kept(aHandover) {
			t.Error("it arrived after it was taken back")
		}
	})
}

func TestTheNodeErasesWhatIsOverThoughNobodyAsks(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h := w.places()
		w.handOver("officer", aHandover, placeA, placeB, sealedBytes)
		w.handOver("officer", "handover-two----", placeA, placeC, sealedBytes)
		h.ended["phone-3"] = true
		w.clock.Advance(time.Hour)
		if err := w.desk.settleHandovers(context.Background()); err != nil {
			t.Fatal(err)
		}
		if !w.kept(aHandover) || w.kept("handover-two----") {
			t.Error("only the one for the ended device is over")
		}
		w.clock.Advance(72 * time.Hour)
		if err := w.desk.settleHandovers(context.Background()); err != nil {
			t.Fatal(err)
		}
		if w.kept(aHandover) {
			t.Error("it is past its time and still there")
		}
		if got := w.verbs("screening-handover:" + aHandover); !slices.Contains(got, "screening.handover-expired") {
			t.Errorf("the log says %v", got)
		}
	})
}

func TestOnlyThoseTwoSeeAHandOver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.places()
		w.handOver("officer", aHandover, placeA, placeB, sealedBytes)
		for login, want := range map[string]int{"worker": 404, "elsewhere": 404, "admin": 403, "analyst": 403} {
			for _, how := range []string{"", "take", "refuse"} {
				if _, status := w.end(login, aHandover, how); status != want {
					t.Errorf("%q by %s: %d, want %d", how, login, status, want)
				}
			}
			if status := w.call(login, "GET", "/api/screening/handovers/"+aHandover+"/sealed", nil, nil); status != want {
				t.Errorf("fetched by %s: %d, want %d", login, status, want)
			}
		}
		for _, wrong := range []struct{ login, how string }{{"officer", "take"}, {"officer", "refuse"}} {
			if _, status := w.end(wrong.login, aHandover, wrong.how); status != 404 {
				t.Errorf("%s by the sender: %d", wrong.how, status)
			}
		}
		if status := w.call("officer", "GET", "/api/screening/handovers/"+aHandover+"/sealed", nil, nil); status != 404 {
			t.Errorf("fetched by the sender: %d", status)
		}
		if status := w.call("super", "POST", "/api/screening/handovers/"+aHandover+"/withdraw", map[string]string{"from": placeB}, nil); status != 404 {
			t.Errorf("taken back by the receiver: %d", status)
		}
		if status := w.call("officer", "GET", "/api/screening/handovers?place="+placeB, nil, nil); status != 403 {
			t.Errorf("the list of another's place: %d", status)
		}
		w.wantState("officer", aHandover, "", handoverWaiting)
	})
}

func TestAPlaceIsItsOfficersOnItsDeviceWithItsKeyForEver(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h := w.places()
		key := publicKey(t)
		for name, c := range map[string]struct {
			login, place, token, key string
			want                     int
		}{
			"another key":             {"officer", placeA, "phone-1", key, 409},
			"another officer":         {"worker", placeA, "phone-1", key, 409},
			"another organisation":    {"officer", "a-place-abroad--", "phone-abroad", key, 403},
			"a point off the curve":   {"officer", "a-place-odd-key-", "phone-1", base64.RawURLEncoding.EncodeToString(append([]byte{4}, make([]byte, 64)...)), 422},
			"somebody who only reads": {"analyst", "a-place-analyst-", "phone-1", key, 403},
		} {
			if status := w.publishPlace(c.login, c.place, c.token, c.key); status != c.want {
				t.Errorf("%s: %d, want %d", name, status, c.want)
			}
		}
		h.ended["phone-1"] = true
		if status := w.publishPlace("officer", "a-place-revoked-", "phone-1", key); status != 403 {
			t.Errorf("with a token that was withdrawn: %d", status)
		}
		if _, status := w.handOver("officer", aHandover, placeA, placeB, sealedBytes); status != 410 {
			t.Errorf("from a device that was ended: %d", status)
		}
	})
}

func TestColleaguesAreOfTheSameOrganisationAndOnDevicesInUse(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		h := w.places()
		h.ended["phone-3"] = true
		var got Page[Place]
		w.call("officer", "GET", "/api/screening/places", nil, &got)
		var ids []string
		for _, p := range got.Items {
			ids = append(ids, p.ID)
		}
		slices.Sort(ids)
		if !slices.Equal(ids, []string{placeA, placeB}) {
			t.Errorf("%v", ids)
		}
		w.call("elsewhere", "GET", "/api/screening/places", nil, &got)
		if len(got.Items) != 0 {
			t.Errorf("another organisation sees %+v", got.Items)
		}
		if _, status := w.handOver("officer", aHandover, placeA, placeC, sealedBytes); status != 410 {
			t.Errorf("handed to a device that was ended: %d", status)
		}
		if _, status := w.handOver("officer", aHandover, placeA, placeA, sealedBytes); status != 410 {
			t.Errorf("handed to oneself: %d", status)
		}
		if _, status := w.handOver("super", aHandover, placeA, placeB, sealedBytes); status != 403 {
			t.Errorf("handed over from another's place: %d", status)
		}
	})
}

func TestWhatIsTooLargeOrTooManyIsRefusedBeforeItIsKept(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.places()
		if h, status := w.handOver("officer", aHandover, placeA, placeB, make([]byte, maxHandover)); status != 200 {
			t.Errorf("the largest: %d %+v", status, h)
		}
		if _, status := w.handOver("officer", "handover-large--", placeA, placeB, make([]byte, maxHandover+1)); status != 413 {
			t.Errorf("one byte more: %d", status)
		}
		for n := 1; n < mostWaiting; n++ {
			w.handOver("officer", fmt.Sprintf("handover-many-%d", n), placeA, placeB, sealedBytes)
		}
		if _, status := w.handOver("officer", "handover-too-many", placeA, placeB, sealedBytes); status != 429 {
			t.Errorf("one too many: %d", status)
		}
	})
}
