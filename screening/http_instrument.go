package screening

import (
	"context"
	"io"
	"mime"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lintas/kernel/problem"
	"lintas/platform/gate"
)

type list[T any] struct {
	Items []T `json:"items"`
}

// uploadForm is a workbook with its files.
type uploadForm struct {
	File    huma.FormFile   `form:"file" required:"true" doc:"The workbook: .xlsx, .md, .csv, .json or a zip of .csv"`
	Media   []huma.FormFile `form:"media" required:"false" doc:"Pictures, recordings and lists that it names"`
	Pack    string          `form:"pack" required:"false" doc:"A built-in pack (id or id@version), where the workbook has no sheet indicators"`
	Rules   huma.FormFile   `form:"rules" required:"false" doc:"An indicator pack as JSON (lintas-pack/1), before any other"`
	Spoken  string          `form:"language" required:"false" doc:"Code of the language to show the questions in"`
	Publish bool            `form:"publish" required:"false"`
}

const maxUpload = 200 << 20

func uploadOperation(o huma.Operation) huma.Operation {
	o.MaxBodyBytes, o.BodyReadTimeout = maxUpload, 10*time.Minute
	return o
}

func (d *Desk) instrumentRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/instruments", Summary: "List instruments with the version each offers"}, everybody,
		func(ctx context.Context, _ *none) (*body[list[InstrumentView]], error) {
			items, err := d.Instruments(ctx)
			return &body[list[InstrumentView]]{list[InstrumentView]{items}}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/instruments/{id}", Summary: "One instrument with every version"}, everybody,
		func(ctx context.Context, in *PathID) (*body[InstrumentDetail], error) {
			i, err := d.Instrument(ctx, in.ID)
			return &body[InstrumentDetail]{i}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/packs", Summary: "List the built-in indicator packs"}, gate.SignedIn(),
		func(ctx context.Context, in *struct{ Tongue }) (*body[list[PackView]], error) {
			items, err := d.Packs(in.Language)
			return &body[list[PackView]]{list[PackView]{items}}, err
		})
	gate.Register(g, uploadOperation(huma.Operation{Method: "POST", Path: "/api/screening/workbooks/check", Summary: "Compile a workbook without publishing it: what is wrong, cell by cell"}), keepers,
		func(ctx context.Context, in *struct {
			RawBody huma.MultipartFormFiles[uploadForm]
		}) (*body[Checked], error) {
			u, err := readUpload(in.RawBody.Data())
			if err != nil {
				return nil, err
			}
			c, err := d.CheckWorkbook(ctx, u)
			return &body[Checked]{c}, err
		})
	gate.Register(g, uploadOperation(huma.Operation{Method: "POST", Path: "/api/screening/instruments", Summary: "Publish a workbook", DefaultStatus: 201}), keepers,
		func(ctx context.Context, in *struct {
			RawBody huma.MultipartFormFiles[uploadForm]
		}) (*body[InstrumentView], error) {
			u, err := readUpload(in.RawBody.Data())
			if err != nil {
				return nil, err
			}
			if !in.RawBody.Data().Publish {
				return nil, problem.New(problem.Invalid, "screening.publish", "Say publish=true to publish, or use /api/screening/workbooks/check to try the workbook.")
			}
			r, err := d.PublishWorkbook(ctx, u)
			return &body[InstrumentView]{viewOf(r)}, err
		})
	gate.Register(g, huma.Operation{Method: "POST", Path: "/api/screening/instruments/{id}/state", Summary: "Open, wind down or close an instrument", DefaultStatus: 204}, keepers,
		func(ctx context.Context, in *struct {
			PathID
			Body struct {
				State State `json:"state" enum:"open,closing,closed"`
			}
		}) (*none, error) {
			return nil, d.SetState(ctx, in.ID, in.Body.State)
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/instruments/{id}/compare", Summary: "What changed between two versions"}, keepers,
		func(ctx context.Context, in *struct {
			PathID
			From string `query:"from" required:"true" doc:"Version, or revision id"`
			To   string `query:"to" required:"true"`
		}) (*body[VersionDiff], error) {
			diff, err := d.CompareVersions(ctx, in.ID, in.From, in.To)
			return &body[VersionDiff]{diff}, err
		})
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/instruments/{id}/versions/{version}/preview", Summary: "The questions of a version, in one language"}, everybody,
		func(ctx context.Context, in *struct {
			PathID
			Tongue
			Version string `path:"version"`
		}) (*body[Preview], error) {
			p, err := d.PreviewForm(ctx, in.ID, in.Version, in.Language)
			return &body[Preview]{p}, err
		})
	gate.Register(g, uploadOperation(huma.Operation{Method: "POST", Path: "/api/screening/instruments/{id}/pack", Summary: "Put corrected rules (a pack as JSON) under an instrument; with a new version they are published"}), keepers,
		func(ctx context.Context, in *struct {
			PathID
			RawBody huma.MultipartFormFiles[rulesForm]
		}) (*body[Replaced], error) {
			f := in.RawBody.Data()
			content, err := readPart(f.File, maxWorkbook)
			if err != nil {
				return nil, err
			}
			r, err := d.ReplacePack(ctx, in.ID, f.Version, content)
			return &body[Replaced]{r}, err
		})
	d.translationRoutes(g)
	d.instrumentFiles(g)
}

type rulesForm struct {
	File    huma.FormFile `form:"file" required:"true" doc:"The pack, lintas-pack/1"`
	Version string        `form:"version" required:"false" doc:"Version to publish it as; empty: only check"`
}

func (d *Desk) translationRoutes(g *gate.Gate) {
	gate.Register(g, huma.Operation{Method: "GET", Path: "/api/screening/instruments/{id}/languages", Summary: "How complete each language of an instrument is, and what is missing"}, keepers,
		func(ctx context.Context, in *PathID) (*body[list[Coverage]], error) {
			items, err := d.Completeness(ctx, in.ID)
			return &body[list[Coverage]]{list[Coverage]{items}}, err
		})
	gate.Handle(g, "GET", "/api/screening/instruments/{id}/translations", keepers, func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		content, name, err := d.ExportTranslations(r.Context(), r.PathValue("id"), q.Get("version"), q.Get("language"), q.Get("format"))
		if err != nil {
			g.WriteError(w, r, err)
			return
		}
		cacheable(w.Header(), map[bool]string{true: "text/csv; charset=utf-8", false: "application/xliff+xml"}[q.Get("format") == "csv" || q.Get("format") == ""])
		w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
		serveBytes(w, r, content, hashMD5(content))
	})
	gate.Register(g, uploadOperation(huma.Operation{Method: "POST", Path: "/api/screening/instruments/{id}/translations", Summary: "Lay a translator's file over the workbook; with a new version it is published"}), keepers,
		func(ctx context.Context, in *struct {
			PathID
			RawBody huma.MultipartFormFiles[translationForm]
		}) (*body[Translated], error) {
			f := in.RawBody.Data()
			content, err := readPart(f.File, maxWorkbook)
			if err != nil {
				return nil, err
			}
			t, err := d.ImportTranslations(ctx, in.ID, f.Language, f.Version, content)
			return &body[Translated]{t}, err
		})
}

type translationForm struct {
	File     huma.FormFile `form:"file" required:"true" doc:"CSV or XLIFF 1.2 or 2.0"`
	Language string        `form:"language" doc:"Heading of the language's columns, e.g. Bahasa Indonesia (id)"`
	Version  string        `form:"version" required:"false" doc:"Version to publish it as; empty: only check"`
}

// instrumentFiles serves what a phone holds offline. These files are public in kind (they are what everybody
// is asked) and never change under their address, but they are served to signed-in clients only.
func (d *Desk) instrumentFiles(g *gate.Gate) {
	base := "/api/screening/instruments/{id}/versions/{version}"
	serve := func(what, typ string, asFile func(Revision) string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			revision, err := d.revisionOf(r.Context(), r.PathValue("id"), r.PathValue("version"))
			if err != nil {
				g.WriteError(w, r, err)
				return
			}
			content, rev, err := d.RevisionFile(r.Context(), revision, what)
			if err != nil {
				g.WriteError(w, r, err)
				return
			}
			if name := asFile(rev); name != "" {
				w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
			}
			cacheable(w.Header(), typ)
			serveBytes(w, r, content, hashMD5(content))
		}
	}
	none := func(Revision) string { return "" }
	g.Pack("GET " + base + "/xform")
	g.Pack("GET " + base + "/pack")
	gate.Handle(g, "GET", base+"/xform", everybody, serve("xform", "text/xml; charset=utf-8", none))
	gate.Handle(g, "GET", base+"/pack", everybody, serve("pack", "application/json", none))
	gate.Handle(g, "GET", base+"/workbook", keepers, serve("workbook", "application/octet-stream", func(r Revision) string { return firstOf(r.WorkbookName, r.FormID+".xlsx") }))
	gate.Handle(g, "GET", base+"/media/{name}", everybody, func(w http.ResponseWriter, r *http.Request) {
		revision, err := d.revisionOf(r.Context(), r.PathValue("id"), r.PathValue("version"))
		if err != nil {
			g.WriteError(w, r, err)
			return
		}
		m, err := d.MediaFile(r.Context(), revision, r.PathValue("name"))
		if err != nil {
			g.WriteError(w, r, err)
			return
		}
		cacheable(w.Header(), m.Type)
		serveBytes(w, r, m.Content, m.MD5)
	})
}

func cacheable(h http.Header, typ string) {
	h.Set("Content-Type", typ)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
}

func readUpload(f *uploadForm) (Upload, error) {
	u := Upload{Name: f.File.Filename, Pack: f.Pack, Language: f.Spoken}
	var err error
	if u.Workbook, err = readPart(f.File, maxWorkbook); err != nil {
		return u, err
	}
	if f.Rules.IsSet {
		if u.Rules, err = readPart(f.Rules, maxWorkbook); err != nil {
			return u, err
		}
	}
	for _, m := range f.Media {
		content, err := readPart(m, maxMediaFile)
		if err != nil {
			return u, err
		}
		u.Media = append(u.Media, Medium{Name: cleanName(m.Filename), Type: typeOf(cleanName(m.Filename)), Content: content})
	}
	return u, nil
}

func readPart(f huma.FormFile, limit int64) ([]byte, error) {
	if !f.IsSet {
		return nil, problem.New(problem.Invalid, "screening.file-missing", "Choose a file first.").With("file", "is missing")
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(b)) > limit {
		err = problem.New(problem.TooLarge, "screening.upload-too-large", "The file %s is larger than %d MB.", cleanName(f.Filename), limit>>20)
	}
	return b, err
}
