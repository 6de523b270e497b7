package agency

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"runtime/debug"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"lintas/kernel/problem"
)

// Argon2id with 19 MiB, two passes, one lane: the first of the settings that OWASP's password storage
// page gives as equal in strength; chosen for its small memory, as the node runs on small machines.
const (
	argonMemory = 19 * 1024 // KiB
	argonPasses = 2
	argonLanes  = 1
)

// argonSlots bounds how many passwords are checked at once: each takes 19 MiB.
var argonSlots = make(chan struct{}, 2)

func hashPassword(ctx context.Context, password string) (string, error) {
	salt := make([]byte, 16)
	if _, err := rand.Read(salt); err != nil {
		panic("agency: no randomness: " + err.Error())
	}
	sum, err := argon(ctx, password, salt, argonPasses, argonMemory, argonLanes)
	return storedHash(salt, sum), err
}

func storedHash(salt, sum []byte) string {
	enc := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonPasses, argonLanes, enc(salt), enc(sum))
}

// nobodysHash has the form of a stored hash and fits no password: checking against it takes an unknown login
// as long as a known one.
func nobodysHash() string {
	salt, sum := make([]byte, 16), make([]byte, 32)
	rand.Read(salt)
	rand.Read(sum)
	return storedHash(salt, sum)
}

// argon waits for a slot as long as the caller does: in a flood, those who have hung up cost nothing.
func argon(ctx context.Context, password string, salt []byte, passes, memory uint32, lanes uint8) ([]byte, error) {
	select {
	case argonSlots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() {
		// What the hash was made in is garbage now, and larger than all that the node holds when idle: left
		// to its own pace the collector would let the heap grow to twice that before the next round.
		debug.FreeOSMemory()
		<-argonSlots
	}()
	return argon2.IDKey([]byte(norm.NFKC.String(password)), salt, passes, memory, lanes, 32), nil
}

// passwordFits checks a password against its stored hash, in the time the hash's own settings take.
func passwordFits(ctx context.Context, password, stored string) (bool, error) {
	var memory, passes uint32
	var lanes uint8
	parts := strings.Split(stored, "$")
	if len(parts) != 6 || parts[1] != "argon2id" {
		return false, nil
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes); err != nil {
		return false, nil
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, nil
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, nil
	}
	sum, err := argon(ctx, password, salt, passes, memory, lanes)
	return err == nil && subtle.ConstantTimeCompare(sum, want) == 1, err
}

const shortest = 12 // characters of a password

// acceptable checks a password that a person chose.
func acceptable(password, login string) error {
	switch {
	case len([]rune(password)) < shortest:
		return problem.New(problem.Invalid, "agency.password-short", "Choose at least %d characters; a sentence of your own is easy to remember.", shortest).With("body.new_password", "is too short")
	case len(password) > 1000:
		return problem.New(problem.Invalid, "agency.password-long", "Choose at most 1000 characters.").With("body.new_password", "is too long")
	case strings.Contains(normal(password), normal(login)):
		return problem.New(problem.Invalid, "agency.password-login", "The password must not contain the name for sign-in.").With("body.new_password", "contains the name for sign-in")
	case len(distinct(password)) < 5:
		return problem.New(problem.Invalid, "agency.password-simple", "Choose a password with more different characters.").With("body.new_password", "is too simple")
	}
	return nil
}

func distinct(s string) map[rune]bool {
	m := map[rune]bool{}
	for _, r := range s {
		m[r] = true
	}
	return m
}

// knownPasswords remembers for five minutes that a login and password were right, so that an OpenRosa
// client with basic authentication does not cost an Argon2id each request. It keeps a keyed mark of the
// pair, never the pair, and the stored hash that it fitted: a changed password fits another hash.
type knownPasswords struct {
	Deps
	mu sync.Mutex
	m  map[string]known
}

type known struct {
	hash  string
	until time.Time
}

func newKnownPasswords(d Deps) *knownPasswords {
	return &knownPasswords{Deps: d, m: map[string]known{}}
}

func (k *knownPasswords) mark(login, password string) string {
	return k.Keys.Index("agency.known", normal(login)+"\x00"+password)
}

func (k *knownPasswords) fits(mark, hash string) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	v, ok := k.m[mark]
	return ok && v.hash == hash && k.Clock.Now().Before(v.until)
}

func (k *knownPasswords) put(mark, hash string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.m) > 1000 {
		k.m = map[string]known{}
	}
	k.m[mark] = known{hash, k.Clock.Now().Add(5 * time.Minute)}
}
