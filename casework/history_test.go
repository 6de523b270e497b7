package casework

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/platform/keys"
)

// Random histories of a referral between two nodes, with a crash after every
// step. A crash is: the transaction of the step is torn at its end and rolled
// back, and the desk is built anew from the store; whoever took the step takes
// it again with the same key, and messages are carried again, some twice, from
// where they were stored. At the end there must be one state on both ends, one
// owner, no message lost, and the deadline that the table says.

// ends are the two nodes of a history.
type ends struct {
	a, b  *Desk
	db    map[string]*db.DB
	clock *clock.Manual
}

var errTorn = errors.New("the power went out")

func newEnds(t testing.TB) *ends {
	t.Helper()
	e := &ends{clock: clock.NewManual(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)), db: map[string]*db.DB{}}
	for _, name := range []string{"a", "b"} {
		dir := t.TempDir()
		store, err := db.Open(context.Background(), filepath.Join(dir, "store.db"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { store.Close() })
		ring, err := keys.Open(context.Background(), filepath.Join(dir, "keys.db"), filepath.Join(dir, "kek"), e.clock)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { ring.Close() })
		if err := audit.Migrate(context.Background(), store); err != nil {
			t.Fatal(err)
		}
		e.db[name] = store
		desk, err := Open(context.Background(), e.deps(name, store, ring))
		if err != nil {
			t.Fatal(err)
		}
		(&world{Desk: desk, clock: e.clock}).seed(t)
		if name == "a" {
			e.a = desk
		} else {
			e.b = desk
		}
		// The exchange's outbox stands in the same store, so it is torn with
		// the step.
		err = store.Write(context.Background(), func(tx *db.Tx) error {
			_, err := tx.Exec(`CREATE TABLE outbox (n INTEGER PRIMARY KEY, message TEXT NOT NULL)`)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return e
}

func (e *ends) deps(name string, store *db.DB, ring *keys.Ring) Deps {
	return Deps{DB: store, Keys: ring, Clock: e.clock, Log: slog.New(slog.NewTextHandler(io.Discard, nil)), Country: "TH", NodeName: "node " + name,
		Peer: func(tx *db.Tx, _ string, m PeerMessage) error {
			_, err := tx.Exec(`INSERT INTO outbox (message) VALUES (?)`, toJSON(m))
			return err
		}}
}

// crash builds a node's desk anew from its store.
func (e *ends) crash(d **Desk) {
	*d = &Desk{Deps: (*d).Deps, policies: (*d).policies, profiles: (*d).profiles}
}

// carry delivers what stands in an outbox, in order, each message once or
// twice, without taking it out: the exchange forgets only on receipt.
func (e *ends) carry(t testing.TB, from, to *Desk, rng *rand.Rand, sent map[string]bool) {
	t.Helper()
	var list []PeerMessage
	if err := from.DB.Read(context.Background(), func(tx *db.Tx) (err error) { list, err = outbox(tx); return err }); err != nil {
		t.Fatal(err)
	}
	for _, m := range list {
		if sent[m.Key] && rng.IntN(4) > 0 {
			continue
		}
		for range 1 + rng.IntN(2) {
			if err := to.EnsurePeer(context.Background(), m); err != nil {
				t.Fatal(err)
			}
			deliver := func(tear error) error {
				return to.DB.Write(context.Background(), func(tx *db.Tx) error {
					if err := to.ReceivePeer(tx, context.Background(), "other", m); err != nil {
						return err
					}
					return tear
				})
			}
			if err := deliver(errTorn); err != nil && !errors.Is(err, errTorn) {
				t.Fatal(err)
			}
			if err := deliver(nil); err != nil {
				t.Fatal(err)
			}
		}
		sent[m.Key] = true
	}
}

func TestRandomReferralHistoriesSurviveACrashAfterEveryStep(t *testing.T) {
	histories, seed := 60, uint64(1)
	if os.Getenv("LINTAS_SLOW") != "" { // many are meant to find what the few of every day do not
		histories, seed = 10_000, uint64(time.Now().UnixNano())
	}
	e := newEnds(t)
	t.Logf("seed %d", seed)
	for i := range histories {
		e.history(t, rand.New(rand.NewPCG(seed, uint64(i))))
		if t.Failed() {
			t.Fatalf("history %d of seed %d", i, seed)
		}
	}
	for name, d := range map[string]*Desk{"a": e.a, "b": e.b} {
		report, err := audit.Verify(context.Background(), d.DB, d.Stored(), nil)
		if err != nil || len(report.Problems) > 0 {
			t.Errorf("the log of %s does not verify: %v %v", name, report.Problems, err)
		}
	}
}

// history plays one referral to a standstill and looks at both ends.
func (e *ends) history(t testing.TB, rng *rand.Rand) {
	t.Helper()
	sender, receiver := as("ana", ours, actor.Caseworker, actor.Supervisor), as("mai", theirs, actor.Caseworker)
	e.clock.Advance(time.Duration(rng.Int64N(int64(90 * 24 * time.Hour))))
	c, err := e.a.OpenCase(sender, NewCase{Values: map[string]string{"language": "my"}})
	if err != nil {
		t.Fatal(err)
	}
	country := []string{"TH", "GB", "XX"}[rng.IntN(3)]
	if c, err = e.a.ChangeCase(sender, c.ID, CaseChange{Profile: &country}); err != nil {
		t.Fatal(err)
	}
	receipt, err := e.a.TakeConsent(sender, c.ID, NewReceipt{Purpose: "referral", Fields: []string{"language"}, Recipient: shelterID, Language: "my", How: "spoken", GivenBy: "person", Until: e.clock.Now().AddDate(1, 11, 0)})
	if err != nil {
		t.Fatal(err)
	}
	r, err := e.a.Offer(sender, c.ID, NewReferral{Service: shelterID, Receiver: theirs, Peer: "other", Priority: referral.Priorities[rng.IntN(3)], Fields: []string{"language"}, Receipt: receipt.ID})
	if err != nil {
		t.Fatal(err)
	}
	sentA, sentB := map[string]bool{}, map[string]bool{}
	for n := range 3 + rng.IntN(10) {
		e.clock.Advance(time.Duration(rng.Int64N(int64(3 * 24 * time.Hour))))
		switch rng.IntN(6) {
		case 0, 1, 2:
			e.try(t, &e.a, sender, r.ID, n, rng)
		case 3, 4:
			e.try(t, &e.b, receiver, r.ID, n, rng)
		default:
			if err := e.a.Deadlines(context.Background()); err != nil {
				t.Fatal(err)
			}
			e.crash(&e.a)
		}
		if rng.IntN(3) == 0 {
			e.carry(t, e.a, e.b, rng, sentA)
		}
		if rng.IntN(3) == 0 {
			e.carry(t, e.b, e.a, rng, sentB)
		}
	}
	e.settle(t, r.ID, rng, sentA, sentB)
	e.clear(t)
}

// try takes a random step twice over a crash: first torn, then again with the
// same key, then once more as a caller does who had no answer.
func (e *ends) try(t testing.TB, d **Desk, who context.Context, id string, n int, rng *rand.Rand) {
	t.Helper()
	in := StepIn{Event: referral.Events[rng.IntN(len(referral.Events))], Reason: "other", Key: fmt.Sprint("k", n)}
	if in.Event == referral.Expire {
		in.Event = referral.Send
	}
	before, _ := e.read(t, *d, id)
	err := (*d).DB.Write(who, func(tx *db.Tx) error {
		if r, found, err := referralByID(tx, id); err == nil && found {
			sides, err := (*d).parties(tx, who, r)
			if err != nil || len(sides) == 0 {
				return errTorn
			}
			(*d).step(tx, who, r, in, sides[0])
		}
		return errTorn
	})
	if !errors.Is(err, errTorn) {
		t.Fatal(err)
	}
	e.crash(d)
	if now, _ := e.read(t, *d, id); now.State != before.State || now.Seq != before.Seq {
		t.Fatalf("a torn step left %s %d, was %s %d", now.State, now.Seq, before.State, before.Seq)
	}
	if _, err := (*d).TakeStep(who, id, in); err != nil {
		return // refused: nothing was done
	}
	after, _ := e.read(t, *d, id)
	e.crash(d)
	if _, err := (*d).TakeStep(who, id, in); err != nil {
		t.Fatalf("the same step again: %v", err)
	}
	if now, _ := e.read(t, *d, id); now.Seq != after.Seq {
		t.Fatalf("a step taken again counts twice: %d, %d", now.Seq, after.Seq)
	}
}

func (e *ends) read(t testing.TB, d *Desk, id string) (r Referral, steps []Step) {
	t.Helper()
	if err := d.DB.Read(context.Background(), func(tx *db.Tx) (err error) {
		if r, _, err = referralByID(tx, id); err != nil {
			return err
		}
		steps, err = stepsOf(tx, id)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return r, steps
}

// settle carries everything there is and compares the ends.
func (e *ends) settle(t testing.TB, id string, rng *rand.Rand, sentA, sentB map[string]bool) {
	t.Helper()
	for range 3 {
		e.carry(t, e.b, e.a, rng, sentB)
		e.carry(t, e.a, e.b, rng, sentA)
	}
	// A receiver's step that crossed with the sender's: the sender's word
	// counts, and goes out again with its next step; here it says it again.
	a, stepsA := e.read(t, e.a, id)
	b, stepsB := e.read(t, e.b, id)
	wentOut := slices.ContainsFunc(stepsA, func(s Step) bool { return s.State == referral.Sent })
	if wentOut && b.ID == "" {
		t.Fatalf("the sender says %s, the receiver knows nothing", a.State)
	}
	if !slices.Contains(referral.States, a.State) || (a.State != referral.Done) != (a.State.Owner() != "") {
		t.Fatalf("state %s, owner %s", a.State, a.State.Owner())
	}
	if wentOut && a.State != b.State && !(a.State == referral.Offered) {
		t.Fatalf("sender %s, receiver %s\n%+v\n%+v", a.State, b.State, stepsA, stepsB)
	}
	if a.State.Waiting() {
		want, err := referral.Deadline(a.Priority, a.Began, a.mustZone(t))
		if err != nil || !want.Equal(a.Deadline) {
			t.Fatalf("deadline %s, want %s", a.Deadline, want)
		}
	} else if !a.Deadline.IsZero() {
		t.Fatalf("%s with a deadline", a.State)
	}
	if !b.State.Disclosed() && b.ID != "" {
		asked, err := e.b.openAsked(context.Background(), b)
		if err != nil || len(asked.Values) > 0 {
			t.Fatalf("the receiver keeps %v of a referral that is %s (%v)", asked.Values, b.State, err)
		}
	}
	// Every step that either side took towards the other is on the other's record.
	known := func(steps []Step, key string) bool { // or it is of an earlier history, which the clock went on with
		return !strings.HasPrefix(key, id) || slices.ContainsFunc(steps, func(s Step) bool { return s.Key == key })
	}
	for key := range sentA {
		if !known(stepsB, key) {
			t.Fatalf("the receiver never had %s", key)
		}
	}
	for key := range sentB {
		if !known(stepsA, key) {
			t.Fatalf("the sender never had %s", key)
		}
	}
}

func (r Referral) mustZone(t testing.TB) *time.Location {
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		t.Fatal(err)
	}
	return zone
}

// clear empties the outboxes between histories.
func (e *ends) clear(t testing.TB) {
	t.Helper()
	for _, d := range e.db {
		if err := d.Write(context.Background(), func(tx *db.Tx) error { _, err := tx.Exec(`DELETE FROM outbox`); return err }); err != nil {
			t.Fatal(err)
		}
	}
}

func toJSON(m PeerMessage) string {
	raw, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func outbox(tx *db.Tx) ([]PeerMessage, error) {
	return db.All(tx, func(s db.Scanner) (m PeerMessage, err error) {
		var text string
		if err = s.Scan(&text); err != nil {
			return m, err
		}
		return m, json.Unmarshal([]byte(text), &m)
	}, `SELECT message FROM outbox ORDER BY n`)
}
