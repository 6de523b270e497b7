package keys_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/keys"
)

var (
	ctx = context.Background()
	at  = keys.Place{Table: "trial", Row: "1", Field: "name"}
)

func ring(t testing.TB, dir string) *keys.Ring {
	t.Helper()
	r, err := keys.Open(ctx, filepath.Join(dir, "keys.db"), filepath.Join(dir, "kek"), clock.System{})
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

func TestAWrongKeyFileIsSaid(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	r := ring(t, dir)
	b := sealed(t, r, "p", "Siti")
	r.Close()
	ring(t, other).Close()
	wrong, err := keys.Open(ctx, filepath.Join(dir, "keys.db"), filepath.Join(other, "kek"), clock.System{})
	if err != nil {
		t.Fatal(err)
	}
	defer wrong.Close()
	if _, err := wrong.Open(ctx, "p", at, b); !problem.HasCode(err, "keys.kek-wrong") {
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
