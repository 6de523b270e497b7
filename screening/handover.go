package screening

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// An officer who must leave hands an unfinished interview to a colleague on another device. The sender's app
// seals it for the colleague's public key and leaves the sealed bytes here; the colleague's app takes them. The
// node can read none of it, but it hands out the keys: who holds the node could hand out its own. Officers
// compare numbers against that (docs/decisions/0172).
//
// Three promises. What is taken is taken once, by one statement in one transaction. What is not taken is told
// to the sender as an ending that stands: after "expired" nobody can take it any more, so that the sender's copy
// may be worked on again. And the row outlives its content, so that a sender who comes back after weeks hears
// what became of it instead of handing it over a second time.

// Place is an officer on one device, to whom an interview can be handed.
type Place struct {
	ID        string    `json:"id"`
	Person    string    `json:"person"`
	Name      string    `json:"name" doc:"Of the officer"`
	Device    string    `json:"device" doc:"Name of the device"`
	PublicKey string    `json:"public_key" doc:"ECDH P-256, base64url of the uncompressed point"`
	SeenAt    time.Time `json:"seen_at" doc:"When its app last asked the node, about"`
}

// Handover is an interview on its way. What it holds is sealed for the receiver.
type Handover struct {
	ID        string     `json:"id"`
	From      Place      `json:"from"`
	To        Place      `json:"to"`
	State     string     `json:"state" enum:"waiting,taken,refused,withdrawn,expired,unreachable" doc:"unreachable: the receiver's place or device is not in use any more"`
	MadeAt    time.Time  `json:"made_at"`
	EndsAt    time.Time  `json:"ends_at" doc:"Until when it can be taken"`
	SettledAt *time.Time `json:"settled_at,omitempty"`
	Size      int64      `json:"size"`
}

const (
	handoverWaiting     = "waiting"
	handoverTaken       = "taken"
	handoverRefused     = "refused"
	handoverWithdrawn   = "withdrawn"
	handoverExpired     = "expired"
	handoverUnreachable = "unreachable"

	handoverFor  = 72 * time.Hour
	maxHandover  = 8 << 20 // sealed bytes: an interview with a photograph or two
	mostWaiting  = 50      // of one place; a phone that fills the node is told to wait
	placeSeenFor = 15 * time.Minute
)

// officers are whoever uses the officer's app with real people.
var officers = []actor.Role{actor.Officer, actor.Caseworker, actor.Supervisor}

var (
	placeForm = regexp.MustCompile(`^[A-Za-z0-9_-]{12,64}$`)

	errNoHandovers   = problem.New(problem.Unavailable, "screening.handover-off", "This node hands no interviews over between devices.")
	errPlaceTaken    = problem.New(problem.Conflict, "screening.place-taken", "This place on a device is known with another officer, device or key, or it was left. Make a new place.")
	errPlaceDevice   = problem.New(problem.Forbidden, "screening.place-device", "This device is not one of your organisation. Ask your supervisor to enrol it.")
	errPlaceNotYours = problem.New(problem.Forbidden, "screening.place-not-yours", "The officer who is signed in is not the one whose place this is. Sign in as that officer.")
	errFromGone      = problem.New(problem.Gone, "screening.handover-from", "Your place on this device is not in use any more. The interview stays with you.")
	errToGone        = problem.New(problem.Gone, "screening.handover-to", "That colleague's place on that device is not in use any more. The interview stays with you.")
	errHandoverSize  = problem.New(problem.TooLarge, "screening.handover-size", "The interview with its photographs is too large to be handed over. It stays with you.")
	errHandoverMany  = problem.New(problem.TooMany, "screening.handover-many", "Too many interviews wait to be taken over. It is tried again later.")
	errHandoverOther = problem.New(problem.Conflict, "screening.handover-other", "Another hand-over has this number. The interview stays with you.")
	errNoHandover    = problem.New(problem.NotFound, "screening.handover-unknown", "There is no such hand-over, or it is not yours.")
)

// PublishPlace makes the actor's place on a device known to colleagues. token is the device's: it proves that the
// app is where it says it is. A place that the same person had on the device before is withdrawn.
func (d *Desk) PublishPlace(ctx context.Context, place, token, publicKey string) error {
	if d.deps.DeviceByToken == nil {
		return errNoHandovers
	}
	who, now := actor.From(ctx), d.clock.Now()
	if !placeForm.MatchString(place) {
		return problem.New(problem.Invalid, "screening.place-id", "This is no name for a place.")
	}
	point, err := base64.RawURLEncoding.DecodeString(publicKey)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(point) // refuses what is not on the curve
	}
	if err != nil {
		return problem.New(problem.Invalid, "screening.place-key", "The key of this place cannot be used.")
	}
	device, organisation, err := d.deps.DeviceByToken(ctx, token)
	if err != nil {
		return err
	}
	if organisation != who.Organisation {
		return errPlaceDevice
	}
	p := placeRow{ID: place, Organisation: who.Organisation, Person: who.Person, Device: device, PublicKey: publicKey, MadeAt: now, SeenAt: now}
	err = d.db.Write(ctx, func(t *db.Tx) error { return d.putPlace(t, p, who) })
	if db.Unique(err) {
		err = errPlaceTaken
	}
	return err
}

func (d *Desk) putPlace(t *db.Tx, p placeRow, who actor.Actor) error {
	known, found, err := placeByID(t, p.ID)
	switch {
	case err != nil:
		return err
	case found && (known.Person != p.Person || known.Device != p.Device || known.PublicKey != p.PublicKey || known.Withdrawn):
		return errPlaceTaken
	case found && p.SeenAt.Sub(known.SeenAt).Abs() < placeSeenFor:
		return nil
	case found:
		return seePlace(t, p.ID, p.SeenAt)
	}
	if err := insertPlace(t, p); err != nil {
		return err
	}
	if err := audit.Append(t, p.MadeAt, who, audit.Entry{Verb: "screening.place-publish", Object: "screening-place:" + p.ID,
		Detail: map[string]any{"device": p.Device}, Stored: []byte(p.PublicKey)}); err != nil {
		return err
	}
	former, err := formerPlaces(t, p)
	for _, f := range former {
		if err == nil {
			err = d.leavePlace(t, f, who)
		}
	}
	return err
}

// WithdrawPlace takes the actor's place away; what waits for it goes back.
func (d *Desk) WithdrawPlace(ctx context.Context, place string) error {
	who := actor.From(ctx)
	return d.db.Write(ctx, func(t *db.Tx) error {
		p, found, err := placeByID(t, place)
		if err != nil {
			return err
		}
		if !found || p.Person != who.Person {
			return errPlaceNotYours
		}
		return d.leavePlace(t, p, who)
	})
}

func (d *Desk) leavePlace(t *db.Tx, p placeRow, who actor.Actor) error {
	now := d.clock.Now()
	left, err := withdrawPlace(t, p.ID, now)
	if err != nil || left == 0 {
		return err
	}
	if err := audit.Append(t, now, who, audit.Entry{Verb: "screening.place-withdraw", Object: "screening-place:" + p.ID}); err != nil {
		return err
	}
	waiting, err := handoversTo(t, p.ID, now)
	for _, h := range waiting {
		if err == nil {
			_, err = d.settle(t, h.ID, handoverUnreachable, who)
		}
	}
	return err
}

// Places lists whom the actor can hand an interview to: colleagues of the same organisation, and the actor's own
// places on other devices.
func (d *Desk) Places(ctx context.Context) ([]Place, error) {
	var rows []placeRow
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		rows, err = placesOf(t, actor.From(ctx).Organisation)
		return err
	})
	if err != nil {
		return nil, err
	}
	inUse, err := d.placesInUse(ctx, actor.From(ctx).Organisation)
	if err != nil {
		return nil, err
	}
	return d.asPlaces(ctx, slices.DeleteFunc(rows, func(p placeRow) bool { return !inUse(p) }))
}

// placesInUse tells the places that can be handed to from those whose device was ended, ordered to erase itself or
// has run out, and whose officer has left or is none any more.
func (d *Desk) placesInUse(ctx context.Context, organisation string) (func(placeRow) bool, error) {
	if d.deps.LiveDevices == nil || d.deps.Staff == nil {
		return nil, errNoHandovers
	}
	devices, err := d.deps.LiveDevices(ctx, organisation)
	if err != nil {
		return nil, err
	}
	staff, err := d.deps.Staff(ctx, organisation, officers...)
	return func(p placeRow) bool {
		return !p.Withdrawn && p.Organisation == organisation && slices.Contains(devices, p.Device) && slices.Contains(staff, p.Person)
	}, err
}

// asPlaces adds the names, which lie at another desk.
func (d *Desk) asPlaces(ctx context.Context, rows []placeRow) ([]Place, error) {
	people, devices := map[string]bool{}, map[string]bool{}
	for _, p := range rows {
		people[p.Person], devices[p.Device] = true, true
	}
	names, at := map[string]string{}, map[string]string{}
	var err error
	if d.deps.PersonNames != nil {
		if names, err = d.deps.PersonNames(ctx, slices.Collect(maps.Keys(people))); err != nil {
			return nil, err
		}
	}
	if d.deps.DeviceNames != nil {
		if at, err = d.deps.DeviceNames(ctx, slices.Collect(maps.Keys(devices))); err != nil {
			return nil, err
		}
	}
	out := make([]Place, 0, len(rows))
	for _, p := range rows {
		out = append(out, Place{ID: p.ID, Person: p.Person, Name: names[p.Person], Device: at[p.Device], PublicKey: p.PublicKey, SeenAt: p.SeenAt})
	}
	return out, nil
}

// HandOver keeps a sealed interview for the receiver. The same number with the same bytes is the same hand-over,
// whatever became of it since: the sender hears that.
func (d *Desk) HandOver(ctx context.Context, number, from, to string, sealed []byte) (Handover, error) {
	who, now := actor.From(ctx), d.clock.Now()
	if !placeForm.MatchString(number) {
		return Handover{}, problem.New(problem.Invalid, "screening.handover-id", "This is no number for a hand-over.")
	}
	if len(sealed) > maxHandover {
		return Handover{}, errHandoverSize
	}
	inUse, err := d.placesInUse(ctx, who.Organisation)
	if err != nil {
		return Handover{}, err
	}
	row := handoverRow{ID: number, Organisation: who.Organisation, From: from, To: to, State: handoverWaiting, MadeAt: now, EndsAt: now.Add(handoverFor), Hash: audit.HashOf(sealed), Size: int64(len(sealed))}
	err = d.db.Write(ctx, func(t *db.Tx) error {
		sender, err := ownPlace(t, from, who)
		if err != nil {
			return err
		}
		if known, found, err := handoverByID(t, number); err != nil || found {
			if err == nil && (known.From != from || known.State != handoverWithdrawn && (known.To != to || known.Hash != row.Hash)) {
				err = errHandoverOther
			}
			return err
		}
		receiver, found, err := placeByID(t, to)
		switch {
		case err != nil:
			return err
		case !inUse(sender):
			return errFromGone
		case !found || !inUse(receiver) || receiver.ID == sender.ID:
			return errToGone
		}
		if n, err := countWaiting(t, from, to); err != nil {
			return err
		} else if n >= mostWaiting {
			return errHandoverMany
		}
		if err := insertHandover(t, row, sealed); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "screening.handover", Object: "screening-handover:" + number,
			Detail: map[string]any{"from": from, "to": to, "size": row.Size}, Stored: sealed})
	})
	if err != nil && !db.Unique(err) { // two at once: the other has stored it
		return Handover{}, err
	}
	return d.HandoverState(ctx, number)
}

// HandoverState says what became of a hand-over, to its sender and its receiver. What it says has been stored:
// an ending that was told never turns into another.
func (d *Desk) HandoverState(ctx context.Context, number string) (Handover, error) {
	row, from, to, err := d.ownHandover(ctx, number)
	if err != nil {
		return Handover{}, err
	}
	if row.State == handoverWaiting {
		if row, err = d.endIfOver(ctx, row, to); err != nil {
			return Handover{}, err
		}
	}
	return d.asHandover(ctx, row, from, to)
}

// Waiting lists what waits to be taken at a place of the actor's.
func (d *Desk) Waiting(ctx context.Context, place string) ([]Handover, error) {
	var rows []handoverRow
	from := map[string]placeRow{}
	var to placeRow
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		if to, err = ownPlace(t, place, actor.From(ctx)); err != nil {
			return err
		}
		rows, err = handoversTo(t, place, d.clock.Now())
		for _, h := range rows {
			if err == nil {
				from[h.ID], _, err = placeByID(t, h.From)
			}
		}
		return err
	})
	out := make([]Handover, 0, len(rows))
	for _, h := range rows {
		if err == nil {
			var one Handover
			one, err = d.asHandover(ctx, h, from[h.ID], to)
			out = append(out, one)
		}
	}
	return out, err
}

// Sealed gives the sealed bytes to the receiver, while the hand-over waits.
func (d *Desk) Sealed(ctx context.Context, number string) (sealed []byte, err error) {
	who := actor.From(ctx)
	_, _, to, err := d.ownHandover(ctx, number)
	if err != nil {
		return nil, err
	}
	if to.Person != who.Person {
		return nil, errNoHandover
	}
	err = d.db.Write(ctx, func(t *db.Tx) error {
		var found bool
		if sealed, found, err = handoverSealed(t, number); err != nil {
			return err
		}
		if !found {
			return problem.New(problem.Gone, "screening.handover-ended", "This hand-over has ended. Ask your colleague.")
		}
		return audit.Append(t, d.clock.Now(), who, audit.Entry{Verb: "screening.handover-fetch", Object: "screening-handover:" + number})
	})
	return sealed, err
}

// Take makes the interview the receiver's: their app has opened it and has stored it. From now on the node does not
// have it, and the sender's app, when it next asks, removes its copy. Asking again changes nothing.
func (d *Desk) Take(ctx context.Context, number string) (Handover, error) {
	return d.end(ctx, number, handoverTaken, func(_, to placeRow, who actor.Actor) bool { return to.Person == who.Person })
}

// Refuse gives it back to the sender.
func (d *Desk) Refuse(ctx context.Context, number string) (Handover, error) {
	return d.end(ctx, number, handoverRefused, func(_, to placeRow, who actor.Actor) bool { return to.Person == who.Person })
}

// TakeBack ends a hand-over of the actor's unless it was taken before. A number that never arrived is noted, so
// that a copy that is still under way finds the door closed.
func (d *Desk) TakeBack(ctx context.Context, number, from string) (Handover, error) {
	who, now := actor.From(ctx), d.clock.Now()
	if !placeForm.MatchString(number) {
		return Handover{}, errNoHandover
	}
	err := d.db.Write(ctx, func(t *db.Tx) error {
		if _, err := ownPlace(t, from, who); err != nil {
			return err
		}
		if _, found, err := handoverByID(t, number); err != nil || found {
			return err
		}
		if err := insertHandover(t, handoverRow{ID: number, Organisation: who.Organisation, From: from, State: handoverWithdrawn, MadeAt: now, EndsAt: now, SettledAt: now}, nil); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "screening.handover-withdrawn", Object: "screening-handover:" + number})
	})
	if err != nil && !db.Unique(err) {
		return Handover{}, err
	}
	return d.end(ctx, number, handoverWithdrawn, func(from, _ placeRow, who actor.Actor) bool { return from.Person == who.Person })
}

// end settles a hand-over as the actor wants, unless it is over already or is over for another reason; then it
// says which.
func (d *Desk) end(ctx context.Context, number, state string, may func(from, to placeRow, who actor.Actor) bool) (Handover, error) {
	who := actor.From(ctx)
	row, from, to, err := d.ownHandover(ctx, number)
	if err != nil {
		return Handover{}, err
	}
	if !may(from, to, who) {
		return Handover{}, errNoHandover
	}
	if row.State == handoverWaiting {
		row, err = d.endIfOver(ctx, row, to)
	}
	if err == nil && row.State == handoverWaiting {
		err = d.db.Write(ctx, func(t *db.Tx) error { row, err = d.settle(t, number, state, who); return err })
	}
	if err != nil {
		return Handover{}, err
	}
	return d.asHandover(ctx, row, from, to)
}

// endIfOver ends what nobody can take any more: its time has passed, or the receiver's place is not in use.
func (d *Desk) endIfOver(ctx context.Context, row handoverRow, to placeRow) (handoverRow, error) {
	state := ""
	if !d.clock.Now().Before(row.EndsAt) {
		state = handoverExpired
	} else if inUse, err := d.placesInUse(ctx, row.Organisation); err != nil {
		return row, err
	} else if !inUse(to) {
		state = handoverUnreachable
	}
	if state == "" {
		return row, nil
	}
	node := actor.Actor{System: "screening.handovers", Organisation: row.Organisation}
	err := d.db.Write(ctx, func(t *db.Tx) (err error) { row, err = d.settle(t, row.ID, state, node); return err })
	return row, err
}

// settle ends a hand-over and says how it stands now: of two that end it at once the first one counts.
func (d *Desk) settle(t *db.Tx, number, state string, who actor.Actor) (handoverRow, error) {
	now := d.clock.Now()
	done, err := settleHandover(t, number, state, now)
	if err == nil && done {
		err = audit.Append(t, now, who, audit.Entry{Verb: "screening.handover-" + state, Object: "screening-handover:" + number})
	}
	if err != nil {
		return handoverRow{}, err
	}
	row, _, err := handoverByID(t, number)
	return row, err
}

// settleHandovers ends what is over, so that what the node holds of it is erased though nobody asks.
func (d *Desk) settleHandovers(ctx context.Context) error {
	var rows []handoverRow
	to := map[string]placeRow{}
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		rows, err = handoversWaiting(t)
		for _, h := range rows {
			if err == nil {
				to[h.ID], _, err = placeByID(t, h.To)
			}
		}
		return err
	})
	for _, h := range rows {
		if err == nil {
			_, err = d.endIfOver(ctx, h, to[h.ID])
		}
	}
	return err
}

// ownPlace is a place of the actor's. It is checked against the actor, because two officers of one device share a
// browser: the one whose app asks may not be the one who signed in.
func ownPlace(t *db.Tx, place string, who actor.Actor) (placeRow, error) {
	p, found, err := placeByID(t, place)
	if err == nil && (!found || p.Person != who.Person || p.Organisation != who.Organisation) {
		err = errPlaceNotYours
	}
	return p, err
}

// ownHandover is a hand-over that the actor sends or receives, with both places.
func (d *Desk) ownHandover(ctx context.Context, number string) (row handoverRow, from, to placeRow, err error) {
	who := actor.From(ctx)
	err = d.db.Read(ctx, func(t *db.Tx) error {
		var found bool
		if row, found, err = handoverByID(t, number); err != nil {
			return err
		}
		if !found {
			return errNoHandover
		}
		if from, _, err = placeByID(t, row.From); err != nil {
			return err
		}
		to, _, err = placeByID(t, row.To)
		return err
	})
	if err == nil && from.Person != who.Person && to.Person != who.Person {
		err = errNoHandover
	}
	return row, from, to, err
}

func (d *Desk) asHandover(ctx context.Context, row handoverRow, from, to placeRow) (Handover, error) {
	places, err := d.asPlaces(ctx, []placeRow{from, to})
	if err != nil {
		return Handover{}, err
	}
	h := Handover{ID: row.ID, From: places[0], To: places[1], State: row.State, MadeAt: row.MadeAt, EndsAt: row.EndsAt, Size: row.Size}
	if row.State != handoverWaiting {
		h.SettledAt = &row.SettledAt
	}
	return h, nil
}

// StoredHandover gives the bytes that the audit log vouches for, while they are there.
func StoredHandover(t *db.Tx, object string) ([]byte, bool, error) {
	return handoverSealed(t, object[len("screening-handover:"):])
}

// StoredPlace gives the key that the audit log vouches for: one that was put in its place later is found.
func StoredPlace(t *db.Tx, object string) ([]byte, bool, error) {
	p, found, err := placeByID(t, object[len("screening-place:"):])
	return []byte(p.PublicKey), found, err
}
