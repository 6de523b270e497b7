package agency

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lintas/kernel/actor"
	"lintas/kernel/locale"
	"lintas/platform/gate"
)

type none struct{}

type body[T any] struct{ Body T }

type list[T any] struct {
	Body struct {
		Items []T `json:"items"`
	}
}

func listOf[T any](items []T, err error) (*list[T], error) {
	out := &list[T]{}
	out.Body.Items = items
	return out, err
}

type cookied[T any] struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      T
}

// sessionView is what the web knows of the session.
type sessionView struct {
	Person    Person    `json:"person"`
	ExpiresAt time.Time `json:"expires_at,omitzero"`
}

// Routes declares the desk's routes.
func (d *Desk) Routes(g *gate.Gate) {
	d.signInRoutes(g)
	d.ownRoutes(g)
	d.peopleRoutes(g)
	d.deviceRoutes(g)
}

func (d *Desk) signInRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/agency/node", Summary: "What node this is"}, gate.Public("the sign-in page needs it"),
		func(context.Context, *none) (*body[NodeView], error) { return &body[NodeView]{d.nodeView()}, nil })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/sign-in", Summary: "Sign in with a password"}, gate.Public("this is the door"),
		func(ctx context.Context, in *struct {
			Secure string `header:"X-Forwarded-Proto"`
			Body   struct {
				Login    string `json:"login" maxLength:"200"`
				Password string `json:"password" maxLength:"1000"`
				Code     string `json:"code,omitempty" maxLength:"10"`
			}
		}) (*cookied[sessionView], error) {
			s, err := d.SignIn(ctx, in.Body.Login, in.Body.Password, in.Body.Code)
			return d.withCookie(s, err)
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/passkey-sign-in/begin", Summary: "Begin to sign in with a passkey"}, gate.Public("this is the door"),
		func(context.Context, *none) (*body[passkeyBegin], error) {
			key, options, err := d.BeginPasskeySignIn()
			return &body[passkeyBegin]{passkeyBegin{Ceremony: key, Options: options}}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/passkey-sign-in/finish", Summary: "Sign in with a passkey"}, gate.Public("this is the door"),
		func(ctx context.Context, in *body[passkeyFinish]) (*cookied[sessionView], error) {
			s, err := d.FinishPasskeySignIn(ctx, in.Body.Ceremony, in.Body.Response)
			return d.withCookie(s, err)
		})
}

// NodeView is what anyone may know of the node.
type NodeView struct {
	Name    string          `json:"name"`
	Country string          `json:"country"`
	Demo    bool            `json:"demo"`
	SignIns *DemoSignIns    `json:"demo_sign_ins,omitempty" doc:"On a demo node: who may be played"`
	Version string          `json:"version"`
	Locales []locale.Locale `json:"locales"`
}

// DemoSignIns are the invented people of a demo node and the password that they share.
type DemoSignIns struct {
	Password string       `json:"password"`
	People   []DemoPerson `json:"people"`
}

// DemoPerson is an invented person.
type DemoPerson struct {
	Login string `json:"login"`
	Name  string `json:"name"`
}

func (d *Desk) nodeView() NodeView {
	return NodeView{Name: d.NodeName, Country: d.Country, Demo: d.DemoSignIns != nil, SignIns: d.DemoSignIns, Version: d.Version, Locales: locale.Interface}
}

type passkeyBegin struct {
	Ceremony string `json:"ceremony"`
	Options  any    `json:"options" doc:"For navigator.credentials"`
}

type passkeyFinish struct {
	Ceremony string          `json:"ceremony"`
	Name     string          `json:"name,omitempty" maxLength:"100"`
	Response json.RawMessage `json:"response" doc:"PublicKeyCredential.toJSON()"`
}

func (d *Desk) withCookie(s SignedIn, err error) (*cookied[sessionView], error) {
	if err != nil {
		return nil, err
	}
	return &cookied[sessionView]{SetCookie: d.cookie(s.Secret, s.EndsAt), Body: sessionView{Person: s.Person, ExpiresAt: s.EndsAt}}, nil
}

func (d *Desk) cookie(value string, ends time.Time) http.Cookie {
	c := http.Cookie{Name: Cookie, Value: value, Path: "/", Expires: ends, HttpOnly: true, SameSite: http.SameSiteStrictMode}
	c.Secure = len(d.PublicURL) > 8 && d.PublicURL[:8] == "https://"
	if value == "" {
		c.MaxAge = -1
	}
	return c
}

func (d *Desk) ownRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/agency/me", Summary: "Who I am"}, gate.SignedIn().WithGivenPassword(),
		func(ctx context.Context, _ *none) (*body[sessionView], error) {
			p, err := d.me(ctx)
			if err != nil {
				return nil, err
			}
			ends, err := d.sessionEnds(ctx)
			return &body[sessionView]{sessionView{Person: p, ExpiresAt: ends}}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/sign-out", Summary: "Sign out"}, gate.SignedIn().WithGivenPassword(),
		func(ctx context.Context, _ *none) (*struct {
			SetCookie http.Cookie `header:"Set-Cookie"`
		}, error) {
			return &struct {
				SetCookie http.Cookie `header:"Set-Cookie"`
			}{d.cookie("", time.Unix(1, 0))}, d.SignOut(ctx)
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/password", Summary: "Change my password"}, gate.SignedIn().WithGivenPassword(),
		func(ctx context.Context, in *body[struct {
			OldPassword string `json:"old_password" maxLength:"1000"`
			NewPassword string `json:"new_password" maxLength:"1000"`
		}]) (*none, error) {
			return nil, d.ChangePassword(ctx, in.Body.OldPassword, in.Body.NewPassword)
		})
	gate.Register(g, huma.Operation{Method: "PUT", Path: "/api/agency/language", Summary: "Choose the language of what the node sends me"}, gate.SignedIn(),
		func(ctx context.Context, in *body[struct {
			Locale string `json:"locale" enum:"en,id,th,vi,my,ar"`
		}]) (*none, error) {
			_, err := d.ChangePerson(ctx, actor.From(ctx).Person, PersonChange{Locale: &in.Body.Locale})
			return nil, err
		})
	d.codeRoutes(g)
	d.passkeyRoutes(g)
}

type codeBegin struct {
	Secret string `json:"secret"`
	URL    string `json:"url"`
	QRSVG  string `json:"qr_svg"`
}

func (d *Desk) codeRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/totp/begin", Summary: "Begin to use one-time codes"}, gate.SignedIn(),
		func(ctx context.Context, _ *none) (*body[codeBegin], error) {
			key, err := d.BeginCode(ctx)
			if err != nil {
				return nil, err
			}
			svg, err := qrSVG(key.URL())
			return &body[codeBegin]{codeBegin{key.Secret(), key.URL(), svg}}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/totp/confirm", Summary: "Turn one-time codes on"}, gate.SignedIn(),
		func(ctx context.Context, in *body[struct {
			Code string `json:"code" maxLength:"10"`
		}]) (*none, error) {
			return nil, d.ConfirmCode(ctx, in.Body.Code)
		})
}

func (d *Desk) passkeyRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/agency/passkeys", Summary: "My passkeys"}, gate.SignedIn(),
		func(ctx context.Context, _ *none) (*list[Passkey], error) { return listOf(d.Passkeys(ctx)) })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/passkeys/begin", Summary: "Begin to add a passkey"}, gate.SignedIn(),
		func(ctx context.Context, _ *none) (*body[passkeyBegin], error) {
			key, options, err := d.BeginPasskey(ctx)
			return &body[passkeyBegin]{passkeyBegin{Ceremony: key, Options: options}}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/passkeys/finish", Summary: "Add a passkey"}, gate.SignedIn(),
		func(ctx context.Context, in *body[passkeyFinish]) (*none, error) {
			return nil, d.FinishPasskey(ctx, in.Body.Ceremony, in.Body.Name, in.Body.Response)
		})
	gate.Register(g, huma.Operation{Method: "DELETE", Path: "/api/agency/passkeys/{id}", Summary: "Remove a passkey"}, gate.SignedIn(),
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*none, error) {
			return nil, d.RemovePasskey(ctx, in.ID)
		})
}

func (d *Desk) peopleRoutes(g *gate.Gate) {
	admin := gate.Roles(actor.Administrator)
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/agency/organisations", Summary: "Organisations that work with this node"}, gate.SignedIn(),
		func(ctx context.Context, _ *none) (*list[Organisation], error) { return listOf(d.Organisations(ctx)) })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/organisations", Summary: "Add an organisation", DefaultStatus: 201}, admin,
		func(ctx context.Context, in *body[struct {
			Name    string `json:"name" minLength:"1" maxLength:"200"`
			Country string `json:"country" maxLength:"10"`
			Kind    string `json:"kind" enum:"state,international,civil-society,business"`
		}]) (*body[Organisation], error) {
			o, err := d.AddOrganisation(ctx, Organisation{Name: in.Body.Name, Country: in.Body.Country, Kind: in.Body.Kind})
			return &body[Organisation]{o}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/agency/people", Summary: "People of my organisation"}, gate.Roles(actor.Administrator, actor.Supervisor),
		func(ctx context.Context, _ *none) (*list[Person], error) { return listOf(d.People(ctx)) })
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/agency/people/{id}", Summary: "A person of my organisation"}, gate.Roles(actor.Administrator, actor.Supervisor),
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*body[Person], error) {
			p, err := d.Person(ctx, in.ID)
			return &body[Person]{p}, err
		})
	type added struct {
		Person   Person `json:"person"`
		Password string `json:"password" doc:"Shown once; it must be changed at the first sign-in"`
	}
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/people", Summary: "Add a person", DefaultStatus: 201}, admin,
		func(ctx context.Context, in *body[NewPerson]) (*body[added], error) {
			p, password, err := d.AddPerson(ctx, in.Body)
			return &body[added]{added{p, password}}, err
		})
	gate.Register(g, huma.Operation{Method: "PATCH", Path: "/api/agency/people/{id}", Summary: "Change a person"}, admin,
		func(ctx context.Context, in *struct {
			ID   string `path:"id"`
			Body PersonChange
		}) (*body[Person], error) {
			p, err := d.ChangePerson(ctx, in.ID, in.Body)
			return &body[Person]{p}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/people/{id}/reset", Summary: "Give a person a new password; one-time codes and passkeys are taken off"}, admin,
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		}) (*body[struct {
			Password string `json:"password"`
		}], error) {
			password, err := d.ResetPassword(ctx, in.ID)
			out := &body[struct {
				Password string `json:"password"`
			}]{}
			out.Body.Password = password
			return out, err
		})
}

func (d *Desk) deviceRoutes(g *gate.Gate) {
	keepers := gate.Roles(actor.Supervisor, actor.Administrator)
	// Whom a device serves: it reads forms and the lists that name people, so that nobody may make one who may not.
	interviewers := gate.Roles(actor.Officer, actor.Caseworker, actor.Supervisor, actor.Trainer, actor.Administrator)
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/agency/devices", Summary: "Devices of my organisation"}, keepers,
		func(ctx context.Context, _ *none) (*list[Device], error) { return listOf(d.Devices(ctx)) })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/devices", Summary: "Enrol a device", DefaultStatus: 201}, keepers,
		func(ctx context.Context, in *body[struct {
			Name string `json:"name" minLength:"1" maxLength:"100"`
			Days int    `json:"days,omitempty" minimum:"0" maximum:"3650" doc:"Days until the token ends; 0 = it does not"`
		}]) (*body[Enrolment], error) {
			e, err := d.EnrolDevice(ctx, in.Body.Name, time.Duration(in.Body.Days)*24*time.Hour)
			return &body[Enrolment]{e}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/app-devices", Summary: "Enrol the browser I sit at as a device for the officer's app", DefaultStatus: 201}, interviewers,
		func(ctx context.Context, in *body[struct {
			Name string `json:"name" minLength:"1" maxLength:"100"`
		}]) (*body[Enrolment], error) {
			e, err := d.EnrolDevice(ctx, in.Body.Name, 0)
			return &body[Enrolment]{e}, err
		})
	type byID struct {
		ID string `path:"id"`
	}
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/devices/{id}/revoke", Summary: "End a device's access"}, keepers,
		func(ctx context.Context, in *byID) (*none, error) { return nil, d.RevokeDevice(ctx, in.ID) })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/devices/{id}/wipe", Summary: "Order a device to erase what it holds"}, keepers,
		func(ctx context.Context, in *byID) (*none, error) { return nil, d.WipeDevice(ctx, in.ID) })
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/agency/device-orders", Summary: "What this device must do now"}, gate.SignedIn().AndDevices(),
		func(ctx context.Context, _ *none) (*body[struct {
			Orders []Order `json:"orders"`
		}], error) {
			orders, err := d.Orders(ctx)
			out := &body[struct {
				Orders []Order `json:"orders"`
			}]{}
			out.Body.Orders = orders
			return out, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/agency/device-wiped", Summary: "This device has erased what it held"}, gate.SignedIn().AndDevices(),
		func(ctx context.Context, _ *none) (*none, error) { return nil, d.Wiped(ctx) })
}
