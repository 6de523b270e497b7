package screening

import (
	"context"
	"mime"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lintas/kernel/actor"
	"lintas/platform/gate"
)

type none struct{}

type body[T any] struct{ Body T }

// bundleAnswer is a bundle, or 304 without one where the phone holds the same.
type bundleAnswer struct {
	Status int
	ETag   string `header:"ETag"`
	Body   Bundle
}

// PathID is the id in a path. It is exported because huma reads only exported embedded fields.
type PathID struct {
	ID string `path:"id"`
}

// Tongue is the language an answer's words are wanted in.
type Tongue struct {
	Language string `query:"language" maxLength:"35" doc:"BCP 47 code; the instrument's own default when it has not been translated"`
}

var (
	readers   = gate.Roles(actor.Officer, actor.Caseworker, actor.Supervisor) // which records: see sees
	deciders  = gate.Roles(actor.Caseworker, actor.Supervisor)
	keepers   = gate.Roles(actor.Supervisor, actor.Administrator)
	everybody = gate.SignedIn().AndDevices()
)

// Routes mounts the desk.
func (d *Desk) Routes(g *gate.Gate) {
	d.openRosa(g)
	d.instrumentRoutes(g)
	d.screeningRoutes(g)
	d.quarantineRoutes(g)
	d.phoneRoutes(g)
	d.procedureRoutes(g)
	d.entityRoutes(g)
	d.handoverRoutes(g)
}

func (d *Desk) phoneRoutes(g *gate.Gate) {
	g.Pack("GET /api/screening/bundle")
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/bundle", Summary: "What a phone must hold to work without a network"}, gate.Roles(actor.Officer, actor.Caseworker, actor.Supervisor, actor.Trainer).AndDevices(),
		func(ctx context.Context, in *struct {
			Known string `header:"If-None-Match" doc:"The etag of the bundle that the phone holds, in quotes"`
		}) (*bundleAnswer, error) {
			b, err := d.Bundle(ctx)
			if err != nil {
				return nil, err
			}
			out := &bundleAnswer{Status: http.StatusOK, ETag: `"` + b.ETag + `"`, Body: b}
			if in.Known == out.ETag {
				out.Status = http.StatusNotModified
			}
			return out, nil
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/pilot", Summary: "Add counts of a pilot", DefaultStatus: 204}, gate.Roles(actor.Officer, actor.Supervisor).AndDevices(),
		func(ctx context.Context, in *body[PilotCounts]) (*none, error) { return nil, d.AddPilot(ctx, in.Body) })
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/pilot", Summary: "The pilot's measures, for its evaluator: counts alone, nothing about fewer than five people"}, gate.Roles(actor.Supervisor, actor.Analyst, actor.Administrator),
		func(ctx context.Context, in *struct{ Tongue }) (*body[PilotReport], error) {
			r, err := d.PilotReport(ctx, in.Language)
			return &body[PilotReport]{r}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/pilot/switch", Summary: "Begin or end the gathering of pilot measures", DefaultStatus: 204}, keepers,
		func(ctx context.Context, in *body[PilotSwitch]) (*none, error) {
			return nil, d.SwitchPilot(ctx, in.Body.On)
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/screenings/{id}/compare", Summary: "Count a second officer's interview with the same person towards the pilot's agreement", DefaultStatus: 204}, deciders,
		func(ctx context.Context, in *struct {
			PathID
			Body struct {
				Other string `json:"other" minLength:"1" maxLength:"255" doc:"Number of the other interview, whole"`
			}
		}) (*none, error) {
			return nil, d.ComparePair(ctx, in.ID, in.Body.Other)
		})
}

func (d *Desk) screeningRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/screenings", Summary: "List screenings", Description: "Newest first. Officers see those they sent, caseworkers and supervisors those of their organisation."}, readers,
		func(ctx context.Context, in *struct {
			Tongue
			Instrument string    `query:"instrument" doc:"Id of an instrument"`
			State      string    `query:"state" doc:"new, reviewed, incomplete or erased"`
			From       time.Time `query:"from"`
			To         time.Time `query:"to"`
			Outcome    string    `query:"outcome" doc:"Id of an established outcome"`
			Place      string    `query:"place" maxLength:"255" doc:"Id of a device (devices are named for their post), or what the interview says of its place"`
			Spoken     string    `query:"spoken" maxLength:"35" doc:"Code of the language the interview was held in, where the form asks it"`
			Q          string    `query:"q" maxLength:"255" doc:"Beginning of the screening's or the interview's id"`
			Limit      int       `query:"limit" minimum:"0" maximum:"200"`
			After      string    `query:"after" maxLength:"200"`
		}) (*body[Page[Listed]], error) {
			p, err := d.List(ctx, Query{Instrument: in.Instrument, State: in.State, From: in.From, To: in.To, Outcome: in.Outcome, Place: in.Place, Spoken: in.Spoken, Text: in.Q, Limit: in.Limit, After: in.After, Language: in.Language})
			return &body[Page[Listed]]{p}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/filters", Summary: "What a list of screenings can be narrowed by"}, readers,
		func(ctx context.Context, in *struct{ Tongue }) (*body[Filters], error) {
			f, err := d.Filters(ctx, in.Language)
			return &body[Filters]{f}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/screenings/{id}", Summary: "Read one screening, with its explained results"}, readers,
		func(ctx context.Context, in *struct {
			PathID
			Tongue
		}) (*body[Screening], error) {
			s, err := d.Read(ctx, in.ID, in.Language)
			return &body[Screening]{s}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/screenings/{id}/review", Summary: "Mark a screening as reviewed", DefaultStatus: 204}, deciders,
		func(ctx context.Context, in *PathID) (*none, error) { return nil, d.Review(ctx, in.ID) })
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/screenings/{id}/rescore", Summary: "Score the answers again with a newer pack; results of before stay"}, deciders,
		func(ctx context.Context, in *struct {
			PathID
			Tongue
			Body struct {
				Revision string `json:"revision,omitempty" doc:"Revision of the instrument whose pack to use; the current one when empty"`
				PackID   string `json:"pack_id,omitempty" doc:"A built-in pack instead"`
			}
		}) (*body[Screening], error) {
			if err := d.Rescore(ctx, in.ID, in.Body.Revision, in.Body.PackID); err != nil {
				return nil, err
			}
			s, err := d.Read(ctx, in.ID, in.Language)
			return &body[Screening]{s}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/screenings/{id}/erase", Summary: "Erase a screening for good", DefaultStatus: 204}, gate.Roles(actor.Supervisor),
		func(ctx context.Context, in *struct {
			PathID
			Body struct {
				Reason string `json:"reason" enum:"person-asked,consent-withdrawn,sent-in-error,training,retention-ended" doc:"A code, never free text: it is kept in the audit log"`
			}
		}) (*none, error) {
			return nil, d.Erase(ctx, in.ID, in.Body.Reason)
		})
	gate.Handle(g, "GET", "/api/screening/screenings/{id}/files/{file}", readers, func(w http.ResponseWriter, r *http.Request) {
		d.download(g, w, r, func(begin func(Attachment)) error {
			return d.WriteAttachment(r.Context(), r.PathValue("id"), r.PathValue("file"), w, begin)
		})
	})
}

// download sends a sealed file in clear. Only pictures, sound and film are shown in the page; everything else
// is saved, because a file from outside must not run here.
func (d *Desk) download(g *gate.Gate, w http.ResponseWriter, r *http.Request, write func(func(Attachment)) error) {
	begun := false
	err := write(func(a Attachment) {
		begun = true
		how := "attachment"
		if a.Type != "application/octet-stream" && a.Type != "text/csv; charset=utf-8" {
			how = "inline"
		}
		h := w.Header()
		h.Set("Content-Type", a.Type)
		h.Set("Content-Length", strconv.FormatInt(a.Size, 10))
		h.Set("Content-Disposition", mime.FormatMediaType(how, map[string]string{"filename": a.Name}))
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
	})
	switch {
	case err != nil && !begun:
		g.WriteError(w, r, err)
	case err != nil: // the length was promised: end the connection so that nobody takes half for whole
		d.log.Error("a file broke off", "route", r.Pattern, "error", err)
		panic(http.ErrAbortHandler)
	}
}

func (d *Desk) quarantineRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/quarantine", Summary: "What was sent and could not become a screening"}, keepers,
		func(ctx context.Context, in *struct {
			State string `query:"state" enum:"held,released,discarded" default:"held"`
			Limit int    `query:"limit" minimum:"0" maximum:"200"`
			After string `query:"after" maxLength:"100"`
		}) (*body[Page[Held]], error) {
			p, err := d.Quarantine(ctx, in.State, in.After, in.Limit)
			return &body[Page[Held]]{p}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/quarantine/{id}", Summary: "One entry of the quarantine, with its files"}, gate.Roles(actor.Supervisor),
		func(ctx context.Context, in *PathID) (*body[Held], error) {
			h, err := d.ReadHeld(ctx, in.ID)
			return &body[Held]{h}, err
		})
	gate.Handle(g, "GET", "/api/screening/quarantine/{id}/files/{file}", gate.Roles(actor.Supervisor), func(w http.ResponseWriter, r *http.Request) {
		d.download(g, w, r, func(begin func(Attachment)) error {
			return d.WriteHeldFile(r.Context(), r.PathValue("id"), r.PathValue("file"), w, func(a Attachment) { a.Type = "application/octet-stream"; begin(a) })
		})
	})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/quarantine/{id}/release", Summary: "Send an entry through the door again"}, gate.Roles(actor.Supervisor),
		func(ctx context.Context, in *PathID) (*body[releaseView], error) {
			r, err := d.Release(ctx, in.ID)
			return &body[releaseView]{releaseView{r.Status == http.StatusCreated, r.Record, r.Doubt, explanations[r.Doubt]}}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/quarantine/{id}/discard", Summary: "Destroy what an entry holds", DefaultStatus: 204}, gate.Roles(actor.Supervisor),
		func(ctx context.Context, in *struct {
			PathID
			Body struct {
				Reason string `json:"reason" enum:"duplicate,not-an-interview,person-asked,training,dealt-with"`
			}
		}) (*none, error) {
			return nil, d.Discard(ctx, in.ID, in.Body.Reason)
		})
}

func (d *Desk) entityRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "DELETE", Path: "/api/screening/entities/{list}/{uuid}", Summary: "Take a row from an entity list, for good; phones are told", DefaultStatus: 204}, gate.Roles(actor.Supervisor),
		func(ctx context.Context, in *struct {
			List string `path:"list"`
			UUID string `path:"uuid"`
		}) (*none, error) {
			return nil, d.DeleteEntity(ctx, in.List, in.UUID)
		})
}

func (d *Desk) procedureRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/procedure", Summary: "The country's referral procedure, every version, newest first"}, everybody,
		func(ctx context.Context, _ *none) (*body[list[ProcedureVersion]], error) {
			items, err := d.Procedures(ctx)
			return &body[list[ProcedureVersion]]{list[ProcedureVersion]{items}}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/procedure", Summary: "Put a confirmed version of the referral procedure in force", DefaultStatus: 201}, keepers,
		func(ctx context.Context, in *struct {
			Body struct {
				ProcedureWords
				After int `json:"after" minimum:"0" doc:"The version that was read before; 0 when there was none"`
			}
		}) (*body[ProcedureVersion], error) {
			v, err := d.SetProcedure(ctx, in.Body.After, in.Body.ProcedureWords)
			return &body[ProcedureVersion]{v}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/procedure/withdraw", Summary: "Take the referral procedure from the phones", DefaultStatus: 204}, keepers,
		func(ctx context.Context, in *struct {
			Body struct {
				After int `json:"after" minimum:"1"`
			}
		}) (*none, error) {
			return nil, d.WithdrawProcedure(ctx, in.Body.After)
		})
}

type releaseView struct {
	Released    bool   `json:"released"`
	ScreeningID string `json:"screening_id,omitempty"`
	Reason      Doubt  `json:"reason,omitempty"`
	Explanation string `json:"explanation,omitempty"`
}
