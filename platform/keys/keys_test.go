package keys_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/db/dbtest"
	"lintas/platform/keys"
)

var (
	ctx = context.Background()
	at  = keys.Place{Table: "trial", Row: "1", Field: "name"}
)

func ring(t testing.TB, dir string) *keys.Ring {
	t.Helper()
	return ringAt(t, dir, clock.System{})
}

func ringAt(t testing.TB, dir string, c clock.Clock) *keys.Ring {
	t.Helper()
	r, err := keys.Open(ctx, filepath.Join(dir, "keys.db"), filepath.Join(dir, "kek"), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func sealed(t testing.TB, r *keys.Ring, person, text string) []byte {
	t.Helper()
	if err := r.Ensure(ctx, person); err != nil {
		t.Fatal(err)
	}
	b, err := r.Seal(ctx, person, at, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatIsSealedOpensAgainAfterARestart(t *testing.T) {
	dir := t.TempDir()
	r := ring(t, dir)
	b := sealed(t, r, "p", "Siti")
	r.Close()
	plain, err := ring(t, dir).Open(ctx, "p", at, b)
	if err != nil || string(plain) != "Siti" {
		t.Errorf("got %q, %v", plain, err)
	}
}

func TestASealDoesNotShowThePlainText(t *testing.T) {
	if bytes.Contains(sealed(t, ring(t, t.TempDir()), "p", "Siti Nurhaliza"), []byte("Siti")) {
		t.Error("the plain text is in the seal")
	}
}

func TestASealMovedElsewhereDoesNotOpen(t *testing.T) {
	r := ring(t, t.TempDir())
	b := sealed(t, r, "p", "Siti")
	sealed(t, r, "q", "other")
	for name, open := range map[string]func() ([]byte, error){
		"another row": func() ([]byte, error) {
			return r.Open(ctx, "p", keys.Place{Table: "trial", Row: "2", Field: "name"}, b)
		},
		"another field": func() ([]byte, error) {
			return r.Open(ctx, "p", keys.Place{Table: "trial", Row: "1", Field: "note"}, b)
		},
		"another person": func() ([]byte, error) { return r.Open(ctx, "q", at, b) },
		"shifted place": func() ([]byte, error) {
			return r.Open(ctx, "p", keys.Place{Table: "tria", Row: "l1", Field: "name"}, b)
		},
	} {
		if _, err := open(); err == nil {
			t.Errorf("it opened in %s", name)
		}
	}
}

func TestAFlippedBitDoesNotOpen(t *testing.T) {
	r := ring(t, t.TempDir())
	b := sealed(t, r, "p", "Siti")
	rapid.Check(t, func(rt *rapid.T) {
		c := append([]byte(nil), b...)
		c[rapid.IntRange(0, len(c)-1).Draw(rt, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		if _, err := r.Open(ctx, "p", at, c); err == nil {
			rt.Error("it opened")
		}
	})
}

func TestAfterErasureNothingOpensNotEvenFromAnOldCopyOfTheSeal(t *testing.T) {
	dir := t.TempDir()
	r := ring(t, dir)
	old := sealed(t, r, "p", "Siti")
	if err := r.Destroy(ctx, "p"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open(ctx, "p", at, old); !errors.Is(err, keys.ErrErased) {
		t.Errorf("got %v", err)
	}
	if err := r.Ensure(ctx, "p"); err != nil { // a new key for the same person must not bring it back
		t.Fatal(err)
	}
	if _, err := r.Open(ctx, "p", at, old); err == nil {
		t.Error("an old seal opened under a new key")
	}
}

func TestAKeyThatAnotherProcessDestroyedOpensNothingAfterAMinute(t *testing.T) {
	for name, step := range map[string]time.Duration{"a minute later": time.Minute, "the clock was set back": -time.Hour} {
		t.Run(name, func(t *testing.T) {
			dir, now := t.TempDir(), clock.NewManual(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
			server, command := ringAt(t, dir, now), ring(t, dir)
			old := sealed(t, server, "p", "Siti")
			if err := command.Destroy(ctx, "p"); err != nil {
				t.Fatal(err)
			}
			now.Advance(step)
			if _, err := server.Open(ctx, "p", at, old); !errors.Is(err, keys.ErrErased) {
				t.Errorf("the key is still in memory: %v", err)
			}
			if _, err := server.Seal(ctx, "p", at, []byte("Siti")); !errors.Is(err, keys.ErrErased) {
				t.Errorf("it still seals: %v", err)
			}
		})
	}
}

func TestAKeyReadWhileItIsErasedIsNotRemembered(t *testing.T) {
	dir := t.TempDir()
	r := ring(t, dir)
	for i := range 30 {
		person := fmt.Sprint("p", i)
		old := sealed(t, r, person, "Siti")
		r.Forget() // as after a restart: reading brings the key into memory
		var readers sync.WaitGroup
		for range 4 {
			readers.Go(func() {
				for range 50 {
					r.Open(ctx, person, at, old)
				}
			})
		}
		if err := r.Destroy(ctx, person); err != nil {
			t.Fatal(err)
		}
		readers.Wait()
		if _, err := r.Open(ctx, person, at, old); !errors.Is(err, keys.ErrErased) {
			t.Fatalf("after the erasure of %s its key still opens what was sealed: %v", person, err)
		}
	}
}

func TestTwoWhoMakeAKeyAtOnceGetOne(t *testing.T) {
	r := ring(t, t.TempDir())
	for i := range 20 {
		person := fmt.Sprint("p", i)
		var both sync.WaitGroup
		for range 2 {
			both.Go(func() {
				if err := r.Make(ctx, person); err != nil {
					t.Error(err)
				}
			})
		}
		both.Wait()
		b, err := r.Seal(ctx, person, at, []byte("Siti"))
		if err != nil {
			t.Fatal(err)
		}
		r.Forget()
		if _, err := r.Open(ctx, person, at, b); err != nil {
			t.Fatalf("what was sealed in memory does not open with the stored key: %v", err)
		}
	}
}

func TestAnErasedKeyIsNotLeftInTheFiles(t *testing.T) {
	dir := t.TempDir()
	r := ring(t, dir)
	sealed(t, r, "person-to-erase", "Siti")
	if !inFiles(t, dir, "person-to-erase") {
		t.Fatal("the row should be in the files before the erasure, else this test shows nothing")
	}
	if err := r.Destroy(ctx, "person-to-erase"); err != nil {
		t.Fatal(err)
	}
	if inFiles(t, dir, "person-to-erase") {
		t.Error("the erased row is still in the key database's files")
	}
}

func inFiles(t *testing.T, dir, text string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "keys.db*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte(text)) {
			return true
		}
	}
	return false
}

func TestAMissingKeyFileIsNotReplacedWhenDataHangsOnIt(t *testing.T) {
	dir := t.TempDir()
	r := ring(t, dir)
	sealed(t, r, "p", "Siti")
	r.Close()
	if err := os.Remove(filepath.Join(dir, "kek")); err != nil {
		t.Fatal(err)
	}
	_, err := keys.Open(ctx, filepath.Join(dir, "keys.db"), filepath.Join(dir, "kek"), clock.System{})
	if !problem.HasCode(err, "keys.kek-missing") {
		t.Errorf("got %v", err)
	}
}

func TestAWrongKeyFileIsSaidBeforeAnythingIsSealedUnderIt(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	r := ring(t, dir)
	sealed(t, r, "p", "Siti")
	r.Close()
	ring(t, other).Close()
	_, err := keys.Open(ctx, filepath.Join(dir, "keys.db"), filepath.Join(other, "kek"), clock.System{})
	if !problem.HasCode(err, "keys.kek-other") {
		t.Errorf("got %v", err)
	}
}

func TestTheKeyFileIsForItsOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	ring(t, dir)
	i, err := os.Stat(filepath.Join(dir, "kek"))
	if err != nil || i.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v", i.Mode(), err)
	}
}

func TestEqualValuesHaveEqualMarksAndKindsAreApart(t *testing.T) {
	r := ring(t, t.TempDir())
	first, again := r.Index("name", "siti"), r.Index("name", "siti")
	if first != again || r.Index("name", "siti") == r.Index("phone", "siti") || r.Index("a", "bc") == r.Index("ab", "c") {
		t.Error("marks are not as promised")
	}
}

func TestPostgreSQLSweepsTheTableOfKeysAfterEveryDestroyedOne(t *testing.T) {
	where := dbtest.PostgresURL(t)
	r, err := keys.Open(ctx, where, filepath.Join(t.TempDir(), "kek"), clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	d, err := db.Open(ctx, where)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	var options string
	if err := d.Read(ctx, func(t *db.Tx) error {
		return t.Row(`SELECT array_to_string(reloptions, ' ') FROM pg_class WHERE oid = 'person_key'::regclass`).Scan(&options)
	}); err != nil {
		t.Fatal(err)
	}
	if want := "autovacuum_vacuum_threshold=0 autovacuum_vacuum_scale_factor=0"; options != want {
		t.Errorf("the table is swept by %q, want %q: a destroyed key would lie in the file for years", options, want)
	}
}
