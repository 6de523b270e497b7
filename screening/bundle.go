package screening

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"time"

	"lintas/kernel/actor"
	"lintas/platform/db"
	"lintas/screening/instruments"
)

// Service is a place of the service directory, as a phone shows it offline.
type Service struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Phone     string    `json:"phone"`
	What      string    `json:"what"` // what it offers, in plain words
	Who       string    `json:"who"`  // for whom
	Languages []string  `json:"languages"`
	Place     string    `json:"place"`
	AssuredAt time.Time `json:"assured_at"` // when somebody last made sure that this is so
}

// Services are those that a phone holds, and how many more the desk has.
type Services struct {
	List []Service
	More int
}

// BundleMedium is a media file with the address to fetch it from.
type BundleMedium struct {
	Medium
	URL string `json:"url"`
}

// BundleInstrument is an open instrument with the addresses of its files. Addresses name the revision, so what
// lies behind one never changes.
type BundleInstrument struct {
	InstrumentView
	XFormURL string         `json:"xform_url"`
	PackURL  string         `json:"pack_url,omitempty"`
	Media    []BundleMedium `json:"media"`
}

// Lock says when a phone locks itself.
type Lock struct {
	Minutes int `json:"minutes" doc:"Without a touch"`
	Tries   int `json:"tries" doc:"Wrong PINs before the phone wipes what it holds"`
}

// PilotSwitch says whether the node gathers pilot measures.
type PilotSwitch struct {
	On bool `json:"on"`
}

// Bundle is what a phone must hold so that it works without a network. It holds nothing about any person.
type Bundle struct {
	ETag        string             `json:"etag"`
	Instruments []BundleInstrument `json:"instruments"`
	Cards       []Card             `json:"cards"`
	Procedure   *Procedure         `json:"referral_procedure"`
	Services    []Service          `json:"services"`
	MoreAtDesk  int                `json:"services_more" doc:"Active services that a phone does not hold; the desk has them"`
	Lock        Lock               `json:"lock"`
	Pilot       PilotSwitch        `json:"pilot"`
}

// Bundle gathers it for the actor's organisation.
func (d *Desk) Bundle(ctx context.Context) (Bundle, error) {
	b := Bundle{Instruments: []BundleInstrument{}, Services: []Service{}, Lock: Lock{Minutes: 2, Tries: 10}}
	offered, err := d.Offered(ctx, "")
	if err != nil {
		return b, err
	}
	for _, r := range offered {
		at := "/api/screening/instruments/" + url.PathEscape(r.Instrument) + "/versions/" + url.PathEscape(r.ID)
		i := BundleInstrument{InstrumentView: viewOf(r), XFormURL: at + "/xform", Media: []BundleMedium{}}
		if r.About.Pack != nil {
			i.PackURL = at + "/pack"
		}
		for _, m := range r.Media {
			i.Media = append(i.Media, BundleMedium{m, at + "/media/" + url.PathEscape(m.Name)})
		}
		b.Instruments = append(b.Instruments, i)
	}
	err = d.db.Read(ctx, func(t *db.Tx) (err error) { b.Pilot.On, err = pilotOn(t, actor.From(ctx).Organisation); return err })
	if err != nil {
		return b, err
	}
	own, ownCards, err := d.procedureForPhones(ctx)
	if err != nil {
		return b, err
	}
	fictional := own == nil && slices.ContainsFunc(offered, func(r Revision) bool { return r.FormID == instruments.Arrival })
	if b.Cards, b.Procedure, err = cardsFor(fictional); err != nil {
		return b, err
	}
	if own != nil { // the country's own takes the place of the demonstration's
		b.Procedure, b.Cards = own, append(b.Cards, ownCards...)
	}
	if d.deps.Services != nil {
		services, err := d.deps.Services(ctx, actor.From(ctx).Organisation)
		if err != nil {
			return b, err
		}
		b.Services, b.MoreAtDesk = append(b.Services, services.List...), services.More
	}
	text, err := json.Marshal(b)
	b.ETag = hashMD5(text)
	return b, err
}
