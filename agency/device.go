package agency

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"rsc.io/qr"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// Device is a phone or computer that may send screenings for its organisation.
type Device struct {
	ID           string     `json:"id"`
	Organisation string     `json:"organisation"`
	Name         string     `json:"name"`
	EnrolledBy   string     `json:"enrolled_by"`
	MadeAt       time.Time  `json:"made_at"`
	EndsAt       *time.Time `json:"ends_at,omitempty"`
	RevokedAt    *time.Time `json:"revoked_at,omitempty"`
	WipeAt       *time.Time `json:"wipe_ordered_at,omitempty"`
	WipedAt      *time.Time `json:"wiped_at,omitempty"`
	SeenAt       *time.Time `json:"seen_at,omitempty"`
}

// Enrolment is what a device needs, told once.
type Enrolment struct {
	Device    Device `json:"device"`
	Token     string `json:"token" doc:"Shown once; only its fingerprint is kept"`
	ServerURL string `json:"server_url" doc:"For ODK Collect: the server's address with the token in it"`
	QRText    string `json:"qr_text" doc:"What ODK Collect reads from the QR code: base64 of zlib of its settings"`
	QRSVG     string `json:"qr_svg"`
}

// EnrolDevice makes a device of the actor's organisation and its token. validFor 0 means that the token
// does not expire.
func (d *Desk) EnrolDevice(ctx context.Context, name string, validFor time.Duration) (Enrolment, error) {
	who := actor.From(ctx)
	now := d.Clock.Now()
	dev := Device{ID: id.New(), Organisation: who.Organisation, Name: strings.TrimSpace(name), EnrolledBy: who.Person, MadeAt: now}
	if dev.Name == "" {
		return Enrolment{}, problem.New(problem.Invalid, "agency.device-name-missing", "Give the device a name that tells it from the others, e.g. \"jetty phone 2\".").With("body.name", "is empty")
	}
	if validFor > 0 {
		end := now.Add(validFor)
		dev.EndsAt = &end
	}
	token := id.Secret()
	err := d.DB.Write(ctx, func(t *db.Tx) error {
		if err := insertDevice(t, dev, id.Fingerprint(token)); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "agency.device-enrol", Object: "device:" + dev.ID})
	})
	if err != nil {
		return Enrolment{}, err
	}
	e := Enrolment{Device: dev, Token: token, ServerURL: strings.TrimSuffix(d.PublicURL, "/") + "/key/" + token}
	e.QRText, err = collectSettings(e.ServerURL, d.NodeName)
	if err != nil {
		return e, err
	}
	e.QRSVG, err = qrSVG(e.QRText)
	return e, err
}

// collectSettings is what ODK Collect's QR code holds: base64 of zlib of JSON settings.
func collectSettings(server, project string) (string, error) {
	settings, err := json.Marshal(map[string]any{
		"general": map[string]any{"server_url": server, "form_update_mode": "match_exactly", "autosend": "wifi_and_cellular"},
		"admin":   map[string]any{},
		"project": map[string]any{"name": project},
	})
	if err != nil {
		return "", err
	}
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	if _, err := z.Write(settings); err != nil {
		return "", err
	}
	if err := z.Close(); err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// qrSVG draws text as a QR code with the quiet zone of four modules that readers need.
func qrSVG(text string) (string, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return "", fmt.Errorf("qr code: %w", err)
	}
	var b strings.Builder
	side := code.Size + 8
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="`, side, side, side, side)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				fmt.Fprintf(&b, "M%d %dh1v1h-1z", x+4, y+4)
			}
		}
	}
	b.WriteString(`"/></svg>`)
	return b.String(), nil
}

// Devices lists the devices of the actor's organisation, newest first.
func (d *Desk) Devices(ctx context.Context) (out []Device, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) (err error) {
		out, err = db.All(t, scanDevice, deviceColumns+` WHERE organisation = ? ORDER BY made_at DESC, id`, actor.From(ctx).Organisation)
		return err
	})
	return out, err
}

// DeviceNames are the names of devices by id, for other desks; an id that is not known is left out.
func (d *Desk) DeviceNames(ctx context.Context, ids []string) (map[string]string, error) {
	out := map[string]string{}
	if len(ids) == 0 {
		return out, nil
	}
	args := make([]any, len(ids))
	for i, device := range ids {
		args[i] = device
	}
	err := d.DB.Read(ctx, func(t *db.Tx) error {
		found, err := db.All(t, scanDevice, deviceColumns+` WHERE id IN (`+db.Marks(len(ids))+`)`, args...)
		for _, dev := range found {
			out[dev.ID] = dev.Name
		}
		return err
	})
	return out, err
}

// DeviceByToken says whose token it is, for other desks; an error when it does not hold.
func (d *Desk) DeviceByToken(ctx context.Context, token string) (device, organisation string, err error) {
	a, err := d.deviceActor(ctx, token)
	return a.Device, a.Organisation, err
}

// LiveDevices are the ids of an organisation's devices that may be used, for other desks: not revoked, not run
// out, and not ordered to erase what they hold.
func (d *Desk) LiveDevices(ctx context.Context, organisation string) (out []string, err error) {
	now := clock.Millis(d.Clock.Now())
	err = d.DB.Read(ctx, func(t *db.Tx) (err error) {
		out, err = db.All(t, func(s db.Scanner) (id string, err error) { return id, s.Scan(&id) },
			`SELECT id FROM agency_device WHERE organisation = ? AND revoked_at = 0 AND wipe_at = 0 AND (ends_at = 0 OR ends_at > ?)`, organisation, now)
		return err
	})
	return out, err
}

// RevokeDevice ends a device's token at once.
func (d *Desk) RevokeDevice(ctx context.Context, device string) error {
	return d.changeDevice(ctx, device, "agency.device-revoke", `UPDATE agency_device SET revoked_at = ? WHERE id = ? AND revoked_at = 0`)
}

// WipeDevice orders a device to erase what it holds when it next asks for orders; unsent interviews are lost
// with it. A revoked device can still ask for its orders, and for nothing else.
func (d *Desk) WipeDevice(ctx context.Context, device string) error {
	return d.changeDevice(ctx, device, "agency.device-wipe-order", `UPDATE agency_device SET wipe_at = ?, wiped_at = 0 WHERE id = ?`)
}

// Wiped records that a device has erased what it held.
func (d *Desk) Wiped(ctx context.Context) error {
	who := actor.From(ctx)
	return d.DB.Write(ctx, func(t *db.Tx) error {
		if _, err := t.Exec(`UPDATE agency_device SET wiped_at = ? WHERE id = ?`, clock.Millis(d.Clock.Now()), who.Device); err != nil {
			return err
		}
		return audit.Append(t, d.Clock.Now(), who, audit.Entry{Verb: "agency.device-wiped", Object: "device:" + who.Device})
	})
}

func (d *Desk) changeDevice(ctx context.Context, device, verb, update string) error {
	who := actor.From(ctx)
	return d.DB.Write(ctx, func(t *db.Tx) error {
		found, ok, err := db.One(t, scanDevice, deviceColumns+` WHERE id = ?`, device)
		if err != nil {
			return err
		}
		if !ok || found.Organisation != who.Organisation {
			return problem.New(problem.NotFound, "agency.device-unknown", "There is no such device.")
		}
		if _, err := t.Exec(update, clock.Millis(d.Clock.Now()), device); err != nil {
			return err
		}
		return audit.Append(t, d.Clock.Now(), who, audit.Entry{Verb: verb, Object: "device:" + device})
	})
}

// Order is something a device must do.
type Order struct {
	Kind string    `json:"kind" enum:"wipe"`
	At   time.Time `json:"at"`
}

// Orders are what a device must do now. Revoking alone orders nothing: what the phone has not sent yet may be
// all there is of an interview.
func (d *Desk) Orders(ctx context.Context) ([]Order, error) {
	out := []Order{}
	dev, found, err := d.deviceBy(ctx, "id", actor.From(ctx).Device)
	if err != nil || !found {
		return out, err
	}
	if dev.WipeAt != nil && dev.WipedAt == nil {
		out = append(out, Order{Kind: "wipe", At: *dev.WipeAt})
	}
	return out, nil
}

func (d *Desk) deviceBy(ctx context.Context, column, value string) (Device, bool, error) {
	return db.ReadOne(ctx, d.DB, scanDevice, deviceColumns+` WHERE `+column+` = ?`, value)
}

const deviceColumns = `SELECT id, organisation, name, enrolled_by, made_at, ends_at, revoked_at, wipe_at, wiped_at, seen_at FROM agency_device`

func scanDevice(s db.Scanner) (d Device, err error) {
	var made, ends, revoked, wipe, wiped, seen int64
	err = s.Scan(&d.ID, &d.Organisation, &d.Name, &d.EnrolledBy, &made, &ends, &revoked, &wipe, &wiped, &seen)
	d.MadeAt, d.EndsAt, d.RevokedAt, d.WipeAt, d.WipedAt, d.SeenAt = clock.FromMillis(made), instant(ends), instant(revoked), instant(wipe), instant(wiped), instant(seen)
	return d, err
}

func instant(ms int64) *time.Time {
	if ms == 0 {
		return nil
	}
	t := clock.FromMillis(ms)
	return &t
}

func insertDevice(t *db.Tx, d Device, secret string) error {
	ends := int64(0)
	if d.EndsAt != nil {
		ends = clock.Millis(*d.EndsAt)
	}
	_, err := t.Exec(`INSERT INTO agency_device (id, organisation, name, secret, enrolled_by, made_at, ends_at, revoked_at, wipe_at, wiped_at, seen_at) VALUES (?,?,?,?,?,?,?,0,0,0,0)`,
		d.ID, d.Organisation, d.Name, secret, d.EnrolledBy, clock.Millis(d.MadeAt), ends)
	return err
}
