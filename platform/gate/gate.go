package gate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"path"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
)

// Authenticator finds out who makes a request. Nobody is not an error; a token that is expired or
// revoked is (a *problem.Problem).
type Authenticator func(r *http.Request) (actor.Actor, error)

// HeaderRequest must be on every unsafe request that a browser may have been made to send by a page of another
// site, which cannot set it (CSRF).
const HeaderRequest = "X-Lintas-Request"

// Route is one line of the list of permissions.
type Route struct {
	Method string
	Path   string
	Who    Who
}

// Gate is the node's only router.
type Gate struct {
	mux    *mux
	api    huma.API
	auth   Authenticator
	log    *slog.Logger
	routes []Route

	description []byte // gzip; once settled
}

// New makes a gate. Add the routes, then settle it. The OpenAPI 3.1 description is served at /api/openapi.json.
func New(version string, auth Authenticator, log *slog.Logger) *Gate {
	mux := &mux{http.NewServeMux(), map[string]bool{}}
	config := huma.DefaultConfig("Lintas", version)
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.CreateHooks = nil // no "$schema" in answers
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.Info.Description = "The node's own API. Errors are application/problem+json with a stable `code`."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: "lintas_session"},
		"device":  {Type: "http", Scheme: "bearer"},
	}
	g := &Gate{mux: mux, api: humago.New(mux, config), auth: auth, log: log}
	Handle(g, "GET", "/api/openapi.json", Public("the description of the API holds no data"), g.openAPI)
	return g
}

// schemaName names a type in the description of the API by its package and its name: two desks may well have
// a type of the same name each.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	pkg := path.Base(t.PkgPath())
	if t.Name() != "" && pkg != "." && pkg != "" {
		name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	if !schemaNames.MatchString(name) { // a generic type over a nameless struct spells the struct out
		sum := sha256.Sum256([]byte(name))
		name, _, _ = strings.Cut(name, ";")
		name = notInSchemaNames.ReplaceAllString(name, "") + hex.EncodeToString(sum[:4])
	}
	return name
}

// What OpenAPI 3.1 allows as the name of a schema.
var (
	schemaNames      = regexp.MustCompile(`^[a-zA-Z0-9._-]+$`)
	notInSchemaNames = regexp.MustCompile(`[^a-zA-Z0-9._-]`)
)

// ServeHTTP implements http.Handler.
func (g *Gate) ServeHTTP(w http.ResponseWriter, r *http.Request) { g.mux.ServeHTTP(w, r) }

// Routes lists every route with its rule, sorted by path and method.
func (g *Gate) Routes() []Route {
	out := append([]Route(nil), g.routes...)
	sort.Slice(out, func(i, j int) bool {
		return out[i].Path < out[j].Path || out[i].Path == out[j].Path && out[i].Method < out[j].Method
	})
	return out
}

// Handle adds a plain route. pattern is a net/http pattern without the method; method may be empty for all.
func Handle(g *Gate, method, pattern string, who Who, h http.HandlerFunc) {
	g.routes = append(g.routes, Route{method, pattern, who})
	g.mux.HandleFunc(strings.TrimSpace(method+" "+pattern), func(w http.ResponseWriter, r *http.Request) {
		r, p := g.enter(r, who)
		if p != nil {
			if who.deny != nil {
				who.deny(w, r, p)
				return
			}
			WriteProblem(w, r, p)
			return
		}
		h(w, r)
	})
}

// Register adds a typed route, described in OpenAPI. Errors that the handler returns become problem+json:
// a *problem.Problem as it is, anything else as "internal" (and whole in the log).
func Register[I, O any](g *Gate, op huma.Operation, who Who, h func(context.Context, *I) (*O, error)) {
	g.routes = append(g.routes, Route{op.Method, op.Path, who})
	if op.OperationID == "" {
		op.OperationID = strings.Trim(strings.NewReplacer("/api/", "", "/", "-", "{", "", "}", "").Replace(strings.ToLower(op.Method)+"-"+strings.TrimPrefix(op.Path, "/api/")), "-")
	}
	if parts := strings.Split(strings.TrimPrefix(op.Path, "/api/"), "/"); len(op.Tags) == 0 {
		op.Tags = []string{parts[0]}
	}
	if op.BodyReadTimeout == 0 {
		op.BodyReadTimeout = patience(op.MaxBodyBytes)
	}
	if who.public == "" {
		op.Security = []map[string][]string{{"session": {}}, {"device": {}}}
	}
	op.Description = strings.TrimSpace(op.Description + "\n\nWho may call it: " + who.String() + ".")
	op.Middlewares = append(huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		r, p := g.enter(r, who)
		if p != nil {
			WriteProblem(w, r, p)
			return
		}
		next(huma.WithContext(ctx, r.Context()))
	}}, op.Middlewares...)
	huma.Register(g.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, in)
		if err != nil {
			return nil, g.asBody(ctx, op.OperationID, err)
		}
		return out, nil
	})
}

// patience is for how long a body of up to most bytes (0: huma's MiB) may take to come. The library's own five
// seconds are less than a hand-over or a document takes from a phone at the edge of its network.
func patience(most int64) time.Duration {
	const slowest = 16 << 10 // bytes a second
	if most <= 0 {
		most = 1 << 20
	}
	return min(30*time.Second+time.Duration(most/slowest)*time.Second, 30*time.Minute)
}

// enter finds out who calls and whether they may; the request it returns carries the actor.
func (g *Gate) enter(r *http.Request, who Who) (*http.Request, *problem.Problem) {
	a, err := g.auth(r)
	if err != nil {
		if who.public != "" { // a stale cookie must not keep anyone from the sign-in page
			a = actor.Actor{}
		} else if p, ok := problem.As(err); ok {
			return r, p
		} else {
			g.log.Error("authentication failed", "error", err)
			return r, Internal()
		}
	}
	if unsafe(r.Method) && fromAPage(r, a) && r.Header.Get(HeaderRequest) == "" && r.Header.Get("X-OpenRosa-Version") == "" {
		return r, problem.New(problem.Forbidden, "gate.cross-site", "The request lacks the header %s, which Lintas's own pages send.", HeaderRequest)
	}
	r = r.WithContext(actor.With(r.Context(), a))
	return r, who.Check(a)
}

// fromAPage reports whether a request could have been made by a page of another site in the user's browser:
// it carries the session cookie, or nothing at all to the API, or a password that a browser remembers and sends by
// itself. Browsers, and they alone, say where such a request comes from.
func fromAPage(r *http.Request, a actor.Actor) bool {
	scheme, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	switch {
	case a.Session != "":
		return true
	case scheme == "":
		return strings.HasPrefix(r.URL.Path, "/api/")
	case scheme == "Bearer":
		return false
	}
	return r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != ""
}

func unsafe(method string) bool {
	return method != http.MethodGet && method != http.MethodHead && method != http.MethodOptions
}

// Body is a problem as it is sent (RFC 9457).
type Body struct {
	Type   string          `json:"type"`
	Title  string          `json:"title"`
	Status int             `json:"status"`
	Detail string          `json:"detail"`
	Code   string          `json:"code"`
	Values []string        `json:"values,omitempty"` // what stands in Detail, for its translations
	Fields []problem.Field `json:"fields,omitempty"`
}

func (b *Body) Error() string             { return b.Code + ": " + b.Detail }
func (b *Body) GetStatus() int            { return b.Status }
func (b *Body) ContentType(string) string { return "application/problem+json" }

func bodyOf(p *problem.Problem) *Body {
	return &Body{Type: "about:blank", Title: http.StatusText(p.Kind.Status()), Status: p.Kind.Status(), Detail: p.Text, Code: p.Code, Values: p.Values, Fields: p.Fields}
}

func (g *Gate) asBody(ctx context.Context, operation string, err error) *Body {
	if p, ok := problem.As(err); ok {
		if p.Cause != nil {
			g.log.Warn("request refused", "operation", operation, "code", p.Code, "cause", p.Cause)
		}
		return bodyOf(p)
	}
	if errors.Is(err, context.Canceled) {
		return bodyOf(problem.New(problem.Unavailable, "gate.cancelled", "The request was ended before it was done. Nothing was changed."))
	}
	g.log.Error("request failed", "operation", operation, "error", err)
	return bodyOf(Internal())
}

// Internal is what a user is told of an error that they cannot act on; the log has it whole.
func Internal() *problem.Problem {
	return problem.New(problem.Internal, "gate.internal", "Something went wrong on the node. Try again; if it stays, tell your administrator the time.")
}

// WriteProblem answers with a problem.
func WriteProblem(w http.ResponseWriter, _ *http.Request, p *problem.Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(p.Kind.Status())
	json.NewEncoder(w).Encode(bodyOf(p))
}

// WriteError answers with whatever went wrong in a plain route.
func (g *Gate) WriteError(w http.ResponseWriter, r *http.Request, err error) {
	b := g.asBody(r.Context(), r.Pattern, err)
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(b.Status)
	json.NewEncoder(w).Encode(b)
}

// huma's own refusals (a field that does not fit its schema) take our form, too.
func init() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		if message == "validation failed" {
			message = "Something in what was sent does not fit. Correct the places named."
		}
		b := &Body{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: message, Code: "gate.invalid"}
		for _, e := range errs {
			var d *huma.ErrorDetail
			if errors.As(e, &d) {
				b.Fields = append(b.Fields, problem.Field{Location: d.Location, Message: d.Message}) // never d.Value: it may be personal
			} else if e != nil {
				b.Fields = append(b.Fields, problem.Field{Message: e.Error()})
			}
		}
		return b
	}
}
