// Package keys seals personal fields at rest: AES-256-GCM under a key per person, wrapped by a
// key-encryption key that lies outside every database. Destroying a person's key makes every field sealed
// under it unreadable, in this store and in any backup of it; so the small key database is kept apart and
// its backups must expire within 30 days.
//
// The additional data of a seal is table, row and field: a ciphertext moved to another place does not open.
package keys

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"lintas/kernel/clock"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrErased is returned when a field cannot be opened because the person's key was destroyed.
var ErrErased = problem.New(problem.Gone, "keys.erased", "This person's data was erased and cannot be read any more.")

// Place is where a sealed value stands; it is bound into the seal.
type Place struct{ Table, Row, Field string }

func (p Place) bytes() []byte {
	return []byte(fmt.Sprintf("%d:%s%d:%s%d:%s", len(p.Table), p.Table, len(p.Row), p.Row, len(p.Field), p.Field))
}

// Ring holds the keys of persons. It is safe for concurrent use.
type Ring struct {
	db    *db.DB
	clock clock.Clock
	wrap  cipher.AEAD
	index []byte
	kek   []byte

	mu        sync.Mutex
	cache     map[string][32]byte
	since     time.Time // when the cache was last empty
	destroyed int       // how many keys were destroyed: what was read before must not be cached after
}

// cached bounds the opened keys kept in memory, as their 32 bytes: a cipher made ready takes a kilobyte and
// half a microsecond. At the bound the cache starts afresh.
const cached = 4_096

// remembered bounds for how long a key stays opened in memory: one that another process of the node destroys
// (the command line beside the server) opens nothing here after that.
const remembered = time.Minute

// Open opens the key database at where and the key-encryption key in the file kekPath, which is made
// (32 random bytes, readable by its owner only) when both it and the key database are new.
func Open(ctx context.Context, where, kekPath string, c clock.Clock) (*Ring, error) {
	d, err := db.OpenSmall(ctx, where)
	if err != nil {
		return nil, err
	}
	r, err := open(ctx, d, kekPath, c)
	if err != nil {
		d.Close()
	}
	return r, err
}

func open(ctx context.Context, d *db.DB, kekPath string, c clock.Clock) (*Ring, error) {
	if err := d.Migrate(ctx, "keys", migrations); err != nil {
		return nil, err
	}
	kek, err := loadKEK(ctx, d, kekPath)
	if err != nil {
		return nil, err
	}
	wrapKey, err := hkdf.Key(sha256.New, kek, nil, "lintas person key wrap 1", 32)
	if err != nil {
		return nil, err
	}
	index, err := hkdf.Key(sha256.New, kek, nil, "lintas exact search index 1", 32)
	if err != nil {
		return nil, err
	}
	wrap, err := gcm(wrapKey)
	if err != nil {
		return nil, err
	}
	r := &Ring{db: d, clock: c, wrap: wrap, index: index, kek: kek, cache: map[string][32]byte{}}
	return r, r.fits(ctx)
}

// fits tries the key-encryption key on one person's key: under a wrong one new people would be sealed whom
// the right one cannot open.
func (r *Ring) fits(ctx context.Context) error {
	person, found, err := db.ReadOne(ctx, r.db, func(s db.Scanner) (p string, err error) { return p, s.Scan(&p) }, `SELECT person FROM person_key LIMIT 1`)
	if err != nil || !found {
		return err
	}
	if _, err = r.key(ctx, person); problem.HasCode(err, "keys.kek-wrong") {
		return problem.New(problem.Unavailable, "keys.kek-other", "The key file is not the one that the persons' keys were made with. Restore the right one from where you keep its copy, and name it with --key-file.").Because(err)
	}
	return err
}

// Ping reports whether the key database answers a read.
func (r *Ring) Ping(ctx context.Context) error { return r.db.Ping(ctx) }

func loadKEK(ctx context.Context, d *db.DB, path string) ([]byte, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		kek, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(text)))
		if err != nil || len(kek) != 32 {
			return nil, problem.New(problem.Unavailable, "keys.kek-broken", "The key file %s is damaged: it must hold 32 bytes in base64. Restore it from where you keep its copy.", path)
		}
		return kek, nil
	}
	if !errors.Is(err, os.ErrNotExist) {
		return nil, problem.New(problem.Unavailable, "keys.kek-unreadable", "The key file %s cannot be read: %v.", path, err)
	}
	var n int
	if err := d.Read(ctx, func(t *db.Tx) error { return t.Row(`SELECT COUNT(*) FROM person_key`).Scan(&n) }); err != nil {
		return nil, err
	}
	if n > 0 {
		return nil, problem.New(problem.Unavailable, "keys.kek-missing", "The key file %s is missing, and %d persons' data cannot be read without it. Restore it; a new one would not help.", path, n)
	}
	return makeKEK(path)
}

func makeKEK(path string) ([]byte, error) {
	kek := make([]byte, 32)
	if _, err := rand.Read(kek); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("folder of the key file: %w", err)
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("make the key file: %w", err)
	}
	_, err = f.WriteString(base64.StdEncoding.EncodeToString(kek) + "\n")
	return kek, errors.Join(err, f.Sync(), f.Close())
}

// Close closes the key database.
func (r *Ring) Close() error { return r.db.Close() }

// Ensure makes a person's key when there is none yet; it is durable when Ensure returns. Call it before
// the transaction that seals under it: a key without data harms nobody, data without a key is lost.
func (r *Ring) Ensure(ctx context.Context, person string) error {
	if _, err := r.key(ctx, person); err == nil || !errors.Is(err, ErrErased) {
		return err
	}
	return r.Make(ctx, person)
}

// Make is Ensure for a person who was never heard of before: it does not look for a key first.
func (r *Ring) Make(ctx context.Context, person string) error {
	var k [32]byte
	if _, err := rand.Read(k[:]); err != nil {
		return err
	}
	wrapped, before := seal(r.wrap, k[:], []byte(person)), r.countDestroyed()
	made := false
	err := r.db.Write(ctx, func(t *db.Tx) error {
		n, err := t.Exec(`INSERT INTO person_key (person, wrapped, made_at) VALUES (?,?,?) ON CONFLICT (person) DO NOTHING`, person, wrapped, clock.Millis(r.clock.Now()))
		made = n == 1 // else somebody else was faster, and theirs is the key
		return err
	})
	if err == nil && made {
		r.remember(person, k, before)
	}
	return err
}

func (r *Ring) countDestroyed() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.destroyed
}

// remember keeps an opened key, unless one was destroyed since `before`: it may be this one.
func (r *Ring) remember(person string, k [32]byte, before int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.destroyed != before {
		return
	}
	if len(r.cache) >= cached {
		clear(r.cache)
	}
	r.cache[person] = k
}

// forgetOld empties the cache when its time is over, or when the clock was set back and nobody can tell.
// The caller holds mu.
func (r *Ring) forgetOld() {
	now := r.clock.Now()
	if age := now.Sub(r.since); age < 0 || age >= remembered {
		clear(r.cache)
		r.since = now
	}
}

// key is the person's key, from memory or the key database; ErrErased when there is none.
func (r *Ring) key(ctx context.Context, person string) (cipher.AEAD, error) {
	r.mu.Lock()
	r.forgetOld()
	k, ok := r.cache[person]
	before := r.destroyed
	r.mu.Unlock()
	if ok {
		return gcm(k[:])
	}
	wrapped, found, err := db.ReadOne(ctx, r.db, func(s db.Scanner) (b []byte, err error) { return b, s.Scan(&b) }, `SELECT wrapped FROM person_key WHERE person = ?`, person)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, ErrErased
	}
	raw, err := unseal(r.wrap, wrapped, []byte(person))
	if err != nil {
		return nil, problem.New(problem.Unavailable, "keys.kek-wrong", "A person's key does not open: the key file is not the one these keys were made with.").Because(err)
	}
	if len(raw) != len(k) {
		return nil, fmt.Errorf("the key of a person has %d bytes instead of %d", len(raw), len(k))
	}
	copy(k[:], raw)
	r.remember(person, k, before)
	return gcm(raw)
}

// Seal encrypts plain for the person and the place. The person's key must exist (Ensure).
func (r *Ring) Seal(ctx context.Context, person string, at Place, plain []byte) ([]byte, error) {
	k, err := r.key(ctx, person)
	if err != nil {
		return nil, err
	}
	return seal(k, plain, at.bytes()), nil
}

// Open decrypts what Seal made for the same person and place; ErrErased when the key is destroyed.
func (r *Ring) Open(ctx context.Context, person string, at Place, sealed []byte) ([]byte, error) {
	k, err := r.key(ctx, person)
	if err != nil {
		return nil, err
	}
	plain, err := unseal(k, sealed, at.bytes())
	if err != nil {
		return nil, fmt.Errorf("sealed field %s.%s does not open: it was changed or moved: %w", at.Table, at.Field, err)
	}
	return plain, nil
}

// Destroy makes everything sealed for the person unreadable for good. It does not fail when there is no key.
func (r *Ring) Destroy(ctx context.Context, person string) error {
	err := r.db.Write(ctx, func(t *db.Tx) error {
		_, err := t.Exec(`DELETE FROM person_key WHERE person = ?`, person)
		return err
	})
	r.mu.Lock()
	delete(r.cache, person)
	r.destroyed++
	r.mu.Unlock()
	if err != nil {
		return fmt.Errorf("destroy key: %w", err)
	}
	return r.db.Scrub(ctx)
}

// Exists reports whether the person has a key.
func (r *Ring) Exists(ctx context.Context, person string) (bool, error) {
	_, err := r.key(ctx, person)
	if errors.Is(err, ErrErased) {
		return false, nil
	}
	return err == nil, err
}

// Index is the value's mark for exact search: HMAC-SHA-256 under a key derived from the key-encryption
// key, over the kind and the value, which the caller has normalised. Equal values have equal marks; the
// mark tells nothing else without the key.
func (r *Ring) Index(kind, value string) string {
	m := hmac.New(sha256.New, r.index)
	fmt.Fprintf(m, "%d:%s%s", len(kind), kind, value)
	return hex.EncodeToString(m.Sum(nil))
}

// Derive is a 32-byte key of the node for one use, named by label; it never leaves the process.
func (r *Ring) Derive(label string) []byte {
	k, err := hkdf.Key(sha256.New, r.kek, nil, "lintas derived 1 "+label, 32)
	if err != nil {
		panic("keys: " + err.Error()) // only for impossible lengths
	}
	return k
}

func gcm(key []byte) (cipher.AEAD, error) {
	b, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(b)
}

const version = 1 // first byte of every sealed value, so that the form can change

func seal(k cipher.AEAD, plain, ad []byte) []byte {
	return k.Seal([]byte{version}, nil, plain, ad)
}

func unseal(k cipher.AEAD, sealed, ad []byte) ([]byte, error) {
	if len(sealed) == 0 || sealed[0] != version {
		return nil, errors.New("not a sealed value of a known version")
	}
	return k.Open(nil, nil, sealed[1:], ad)
}
