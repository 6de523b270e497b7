// Package screening is the desk where interviews arrive. It publishes instruments (an XLSForm workbook
// compiled to an ODK XForm, with its media and its indicator pack), serves them to ODK Collect and any
// other OpenRosa 1.0 client, takes what the officers send, and keeps it: sealed at rest, each under a key
// of its own, with a leaf in the audit log for every write and every read.
//
// Two promises hold everywhere in this package. An answer of 201 or 202 is given only after what was sent
// is durable. And nothing that a client sent is dropped because the node does not understand it: it goes
// to the quarantine, and a person looks at it.
//
// A result is an offer of a longer talk and of services, never a finding; nothing here ranks people.
package screening

import (
	"context"
	"embed"
	"hash/fnv"
	"log/slog"
	"sync"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/platform/db"
	"lintas/platform/keys"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Deps is what the desk stands on. Functions may be nil; then what they would give is left out.
type Deps struct {
	DB    *db.DB
	Keys  *keys.Ring
	Clock clock.Clock
	Log   *slog.Logger

	// PublicURL is the node's address as clients reach it, e.g. "https://node.example"; empty = as each
	// request names it.
	PublicURL string
	// Services lists the places of the service directory that a phone must hold offline.
	Services func(ctx context.Context, organisation string) (Services, error)
	// PersonNames gives the display names of staff (officers) by id, for people who may see them.
	PersonNames func(ctx context.Context, ids []string) (map[string]string, error)
	// DeviceNames gives the names of enrolled devices by id: they are named for the post where they lie.
	DeviceNames func(ctx context.Context, ids []string) (map[string]string, error)
	// DeviceByToken says which device, of which organisation, a token belongs to; an error when it does not hold.
	DeviceByToken func(ctx context.Context, token string) (device, organisation string, err error)
	// LiveDevices lists the ids of an organisation's devices that may be used: not ended, run out or ordered to
	// erase what they hold.
	LiveDevices func(ctx context.Context, organisation string) ([]string, error)
	// Staff lists the ids of an organisation's people who have one of the roles and have not left.
	Staff func(ctx context.Context, organisation string, roles ...actor.Role) ([]string, error)
}

// Desk is the screening desk. It is safe for concurrent use.
type Desk struct {
	db    *db.DB
	keys  *keys.Ring
	clock clock.Clock
	log   *slog.Logger
	deps  Deps

	revisions sync.Map // revision id -> *revision; what is published never changes
	sending   stripes  // one posting at a time per instanceID
	holding   stripes  // one posting at a time per body in the quarantine; taken after sending, never before
}

// Open brings the desk's tables up to date and returns the desk.
func Open(ctx context.Context, deps Deps) (*Desk, error) {
	if err := deps.DB.Migrate(ctx, "screening", migrations); err != nil {
		return nil, err
	}
	return &Desk{db: deps.DB, keys: deps.Keys, clock: deps.Clock, log: deps.Log, deps: deps}, nil
}

// stripes keep equal postings apart, so that thirty-two identical ones do not make thirty-two keys. They are
// for thrift only: what decides is the unique row in the store.
type stripes [256]sync.Mutex

func (s *stripes) lock(name string) (done func()) {
	h := fnv.New32a()
	h.Write([]byte(name))
	m := &s[h.Sum32()%uint32(len(s))]
	m.Lock()
	return m.Unlock
}
