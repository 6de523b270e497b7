package screening

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"lintas/platform/gate"
)

// handoverRoutes are for people alone: a device's token says nothing about which officer of the device asks.
func (d *Desk) handoverRoutes(g *gate.Gate) {
	who := gate.Roles(officers...)
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/places", Summary: "Colleagues' places on devices, to hand an interview to"}, who,
		func(ctx context.Context, _ *none) (*body[Page[Place]], error) {
			places, err := d.Places(ctx)
			return &body[Page[Place]]{Page[Place]{Items: places}}, err
		})
	gate.Register(g, huma.Operation{Method: "PUT", Path: "/api/screening/places/{id}", Summary: "Make my place on a device known to colleagues", DefaultStatus: 204}, who,
		func(ctx context.Context, in *struct {
			PathID
			Body struct {
				DeviceToken string `json:"device_token" minLength:"1" maxLength:"200" doc:"Proves that the app is on that device"`
				PublicKey   string `json:"public_key" minLength:"87" maxLength:"87" doc:"ECDH P-256, base64url of the uncompressed point; never changes"`
			}
		}) (*none, error) {
			return nil, d.PublishPlace(ctx, in.ID, in.Body.DeviceToken, in.Body.PublicKey)
		})
	gate.Register(g, huma.Operation{Method: "DELETE", Path: "/api/screening/places/{id}", Summary: "Leave my place on a device; what waits for it goes back", DefaultStatus: 204}, who,
		func(ctx context.Context, in *PathID) (*none, error) { return nil, d.WithdrawPlace(ctx, in.ID) })

	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/handovers", Summary: "Interviews that wait to be taken over at my place"}, who,
		func(ctx context.Context, in *struct {
			Place string `query:"place" required:"true" maxLength:"64"`
		}) (*body[Page[Handover]], error) {
			waiting, err := d.Waiting(ctx, in.Place)
			return &body[Page[Handover]]{Page[Handover]{Items: waiting}}, err
		})
	gate.Register(g, huma.Operation{Method: "PUT", Path: "/api/screening/handovers/{id}", Summary: "Leave a sealed interview for a colleague", MaxBodyBytes: maxHandover/3*4 + 4096,
		Description: "The same number with the same bytes may be sent again; the answer says what became of it."}, who,
		func(ctx context.Context, in *struct {
			PathID
			Body struct {
				From   string `json:"from" maxLength:"64" doc:"My place"`
				To     string `json:"to" maxLength:"64" doc:"The colleague's place"`
				Sealed []byte `json:"sealed" minLength:"64" doc:"Sealed for the key of the colleague's place; the node cannot read it"`
			}
		}) (*body[Handover], error) {
			return asked(d.HandOver(ctx, in.ID, in.Body.From, in.Body.To, in.Body.Sealed))
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/handovers/{id}", Summary: "What became of a hand-over, for its sender and its receiver"}, who,
		func(ctx context.Context, in *PathID) (*body[Handover], error) {
			return asked(d.HandoverState(ctx, in.ID))
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/handovers/{id}/sealed", Summary: "The sealed bytes, for the receiver"}, who,
		func(ctx context.Context, in *PathID) (*body[SealedBytes], error) {
			sealed, err := d.Sealed(ctx, in.ID)
			return &body[SealedBytes]{SealedBytes{sealed}}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/handovers/{id}/take", Summary: "Take an interview over: it is opened and stored on my device", Description: "Asking again changes nothing. When it has ended otherwise, the answer says how."}, who,
		func(ctx context.Context, in *PathID) (*body[Handover], error) { return asked(d.Take(ctx, in.ID)) })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/handovers/{id}/refuse", Summary: "Give an interview back to the colleague who handed it over"}, who,
		func(ctx context.Context, in *PathID) (*body[Handover], error) { return asked(d.Refuse(ctx, in.ID)) })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/handovers/{id}/withdraw", Summary: "Take back what I handed over, unless it was taken", Description: "A number that never arrived is noted, so that it cannot arrive later."}, who,
		func(ctx context.Context, in *struct {
			PathID
			Body struct {
				From string `json:"from" maxLength:"64" doc:"My place"`
			}
		}) (*body[Handover], error) {
			return asked(d.TakeBack(ctx, in.ID, in.Body.From))
		})
}

// SealedBytes are bytes that only the receiver's app can open.
type SealedBytes struct {
	Sealed []byte `json:"sealed"`
}

func asked(h Handover, err error) (*body[Handover], error) { return &body[Handover]{h}, err }
