package gate_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/gate"
)

// trial is a gate whose callers name themselves in a header, so that each test says who calls.
type trial struct {
	*gate.Gate
	t   *testing.T
	log *bytes.Buffer
}

var callers = map[string]actor.Actor{
	"":           {},
	"officer":    {Person: "p1", Organisation: "o1", Roles: []actor.Role{actor.Officer}, Session: "s1"},
	"supervisor": {Person: "p2", Organisation: "o1", Roles: []actor.Role{actor.Supervisor}, Session: "s2"},
	"no-role":    {Person: "p3", Organisation: "o1", Session: "s3"},
	"device":     {Device: "d1", Organisation: "o1"},
	"job":        {System: "casework.deadlines"},
}

func newTrial(t *testing.T) trial {
	log := &bytes.Buffer{}
	auth := func(r *http.Request) (actor.Actor, error) {
		switch who := r.Header.Get("Caller"); who {
		case "stale":
			return actor.Actor{}, problem.New(problem.Unauthenticated, "agency.session-ended", "Your session has ended.")
		case "broken":
			return actor.Actor{}, errors.New("the store is on fire")
		default:
			return callers[who], nil
		}
	}
	return trial{gate.New("1.2.3", auth, slog.New(slog.NewTextHandler(log, nil))), t, log}
}

func (g trial) call(method, path, caller, body string, headers ...string) (int, gate.Body, *httptest.ResponseRecorder) {
	g.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Caller", caller)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	var b gate.Body
	if strings.HasPrefix(w.Header().Get("Content-Type"), "application/problem+json") {
		if err := json.Unmarshal(w.Body.Bytes(), &b); err != nil {
			g.t.Fatalf("the problem is not JSON: %v", err)
		}
	}
	return w.Code, b, w
}

func (g trial) must(code int, b gate.Body, wantStatus int, wantCode string) {
	g.t.Helper()
	if code != wantStatus || b.Code != wantCode {
		g.t.Errorf("answered %d %q, want %d %q", code, b.Code, wantStatus, wantCode)
	}
}

func ok(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, actor.From(r.Context()).Label()) }

const fromOurPage = "X-Lintas-Request"

type answer struct {
	Body struct {
		Who string `json:"who"`
	}
}

func typed(g trial, method, path string, who gate.Who, err error) {
	gate.Register(g.Gate, huma.Operation{Method: method, Path: path, Summary: "trial"}, who, func(ctx context.Context, _ *struct{}) (*answer, error) {
		a := &answer{}
		a.Body.Who = actor.From(ctx).Label()
		return a, err
	})
}

func TestEachRuleLetsInExactlyWhomItNames(t *testing.T) {
	rules := map[string]struct {
		who gate.Who
		in  []string
	}{
		"/api/t/public":  {gate.Public("trial"), []string{"", "officer", "supervisor", "no-role", "device", "job"}},
		"/api/t/any":     {gate.SignedIn(), []string{"officer", "supervisor", "no-role"}},
		"/api/t/role":    {gate.Roles(actor.Supervisor), []string{"supervisor"}},
		"/api/t/devices": {gate.Roles(actor.Officer).AndDevices(), []string{"officer", "device"}},
	}
	for _, plain := range []bool{true, false} {
		g := newTrial(t)
		for path, rule := range rules {
			if plain {
				gate.Handle(g.Gate, "GET", path, rule.who, ok)
			} else {
				typed(g, "GET", path, rule.who, nil)
			}
		}
		for path, rule := range rules {
			for caller := range callers {
				code, b, _ := g.call("GET", path, caller, "")
				switch {
				case strings.Contains(","+strings.Join(rule.in, ",")+",", ","+caller+","):
					g.must(code, b, 200, "")
				case caller == "":
					g.must(code, b, 401, "gate.sign-in")
				default:
					g.must(code, b, 403, "gate.not-allowed")
				}
			}
		}
	}
}

func TestTheHandlerIsToldWhoCalls(t *testing.T) {
	g := newTrial(t)
	gate.Handle(g.Gate, "GET", "/plain", gate.SignedIn(), ok)
	typed(g, "GET", "/api/t/typed", gate.SignedIn(), nil)
	if _, _, w := g.call("GET", "/plain", "officer", ""); w.Body.String() != "person:p1" {
		t.Errorf("a plain route was told %q", w.Body)
	}
	if _, _, w := g.call("GET", "/api/t/typed", "officer", ""); !strings.Contains(w.Body.String(), "person:p1") {
		t.Errorf("a typed route was told %s", w.Body)
	}
}

func TestAStaleSessionStillReachesTheSignInPageAndNothingElse(t *testing.T) {
	g := newTrial(t)
	gate.Handle(g.Gate, "GET", "/door", gate.Public("the door"), ok)
	gate.Handle(g.Gate, "GET", "/room", gate.SignedIn(), ok)
	code, b, w := g.call("GET", "/door", "stale", "")
	g.must(code, b, 200, "")
	if w.Body.String() != "nobody" {
		t.Errorf("a stale session acts as %q", w.Body)
	}
	code, b, _ = g.call("GET", "/room", "stale", "")
	g.must(code, b, 401, "agency.session-ended")
}

func TestABrokenAuthenticatorLetsNobodyInAndTellsNothingOfItself(t *testing.T) {
	g := newTrial(t)
	gate.Handle(g.Gate, "GET", "/room", gate.SignedIn(), ok)
	code, b, w := g.call("GET", "/room", "broken", "")
	g.must(code, b, 500, "gate.internal")
	if strings.Contains(w.Body.String(), "fire") || !strings.Contains(g.log.String(), "fire") {
		t.Error("the cause belongs in the log and not in the answer")
	}
}

func TestAPageOfAnotherSiteCannotChangeAnything(t *testing.T) {
	g := newTrial(t)
	for _, m := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		gate.Handle(g.Gate, m, "/api/t/thing", gate.Public("trial"), ok)
		gate.Handle(g.Gate, m, "/openrosa/thing", gate.SignedIn().AndDevices(), ok)
	}
	for _, m := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		code, b, _ := g.call(m, "/api/t/thing", "officer", "")
		g.must(code, b, 403, "gate.cross-site")
		code, b, _ = g.call(m, "/api/t/thing", "", "") // even the sign-in itself: a foreign page must not sign anyone in
		g.must(code, b, 403, "gate.cross-site")
		code, b, _ = g.call(m, "/openrosa/thing", "officer", "") // a session cookie outside /api/ is a browser, too
		g.must(code, b, 403, "gate.cross-site")
		code, b, _ = g.call(m, "/api/t/thing", "officer", "", fromOurPage, "1")
		g.must(code, b, 200, "")
		code, b, _ = g.call(m, "/openrosa/thing", "officer", "", "X-OpenRosa-Version", "1.0")
		g.must(code, b, 200, "")
		code, b, _ = g.call(m, "/openrosa/thing", "device", "")
		g.must(code, b, 200, "")
	}
	code, b, _ := g.call("GET", "/api/t/thing", "officer", "")
	g.must(code, b, 200, "")
}

func TestAPasswordThatABrowserRemembersDoesNotServeAPageOfAnotherSite(t *testing.T) {
	g := newTrial(t)
	gate.Handle(g.Gate, "POST", "/api/t/thing", gate.Public("trial"), ok)
	gate.Handle(g.Gate, "POST", "/submission", gate.Public("trial"), ok)
	for _, path := range []string{"/api/t/thing", "/submission"} {
		for _, mark := range [][]string{{"Origin", "https://elsewhere.example"}, {"Origin", "null"}, {"Sec-Fetch-Site", "cross-site"}} {
			code, b, _ := g.call("POST", path, "", "", append(mark, "Authorization", "Basic eDp5")...)
			g.must(code, b, 403, "gate.cross-site")
			code, b, _ = g.call("POST", path, "", "", append(mark, "Authorization", "Basic eDp5", fromOurPage, "1")...)
			g.must(code, b, 200, "")
			code, b, _ = g.call("POST", path, "", "", append(mark, "Authorization", "Bearer token")...) // no browser sends it by itself
			g.must(code, b, 200, "")
		}
		code, b, _ := g.call("POST", path, "", "", "Authorization", "Basic eDp5") // a program says not where it comes from
		g.must(code, b, 200, "")
	}
}

func TestWhoHasNotChangedAGivenPasswordIsLetInOnlyWhereTheRouteSaysSo(t *testing.T) {
	given := actor.Actor{Person: "p", Roles: []actor.Role{actor.Administrator}, MustChange: true}
	for name, w := range map[string]gate.Who{"signed in": gate.SignedIn(), "role": gate.Roles(actor.Administrator), "device": gate.SignedIn().AndDevices()} {
		if p := w.Check(given); p == nil || p.Code != "gate.password-first" {
			t.Errorf("%s: got %v", name, p)
		}
		if p := w.WithGivenPassword().Check(given); p != nil {
			t.Errorf("%s, where the route says so: got %v", name, p)
		}
	}
}

func TestAProblemIsAnsweredAsItIsAndAnythingElseAsInternal(t *testing.T) {
	g := newTrial(t)
	cause := errors.New("row 7 of table secret")
	typed(g, "GET", "/api/t/problem", gate.Public("trial"), problem.New(problem.Conflict, "t.taken", "%q is taken %d times. Choose another.", "mai", 2).With("body.login", "is longer than %d", 3).Because(cause))
	typed(g, "GET", "/api/t/wrapped", gate.Public("trial"), fmt.Errorf("saving: %w", problem.New(problem.Gone, "t.gone", "It ended.")))
	typed(g, "GET", "/api/t/other", gate.Public("trial"), cause)
	typed(g, "GET", "/api/t/cancelled", gate.Public("trial"), context.Canceled)

	code, b, w := g.call("GET", "/api/t/problem", "", "")
	g.must(code, b, 409, "t.taken")
	if b.Detail != "\"mai\" is taken 2 times. Choose another." || len(b.Fields) != 1 || b.Fields[0].Location != "body.login" || b.Status != 409 || b.Title != "Conflict" {
		t.Errorf("the body is %+v", b)
	}
	if f := b.Fields[0]; !slices.Equal(b.Values, []string{"mai", "2"}) || f.Message != "is longer than 3" || f.Template != "is longer than {0}" || !slices.Equal(f.Values, []string{"3"}) {
		t.Errorf("the values do not travel beside the sentences: %+v", b)
	}
	if w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("the type is %q", w.Header().Get("Content-Type"))
	}
	code, b, _ = g.call("GET", "/api/t/wrapped", "", "")
	g.must(code, b, 410, "t.gone")
	code, b, w2 := g.call("GET", "/api/t/other", "", "")
	g.must(code, b, 500, "gate.internal")
	code, b, _ = g.call("GET", "/api/t/cancelled", "", "")
	g.must(code, b, 503, "gate.cancelled")
	if strings.Contains(w.Body.String()+w2.Body.String(), "secret") {
		t.Error("a cause reached the caller")
	}
	if strings.Count(g.log.String(), "row 7 of table secret") != 2 {
		t.Error("a cause is missing from the log")
	}
}

func TestAFieldThatDoesNotFitIsNamedAndItsValueIsNotRepeated(t *testing.T) {
	g := newTrial(t)
	type in struct {
		Body struct {
			Login string `json:"login" maxLength:"5"`
		}
	}
	gate.Register(g.Gate, huma.Operation{Method: "POST", Path: "/api/t/form", Summary: "trial"}, gate.Public("trial"), func(context.Context, *in) (*answer, error) { return &answer{}, nil })
	code, b, w := g.call("POST", "/api/t/form", "", `{"login":"melati-secret-name"}`, fromOurPage, "1")
	g.must(code, b, 422, "gate.invalid")
	if len(b.Fields) != 1 || b.Fields[0].Location != "body.login" || b.Fields[0].Message == "" {
		t.Errorf("the fields are %+v", b.Fields)
	}
	if strings.Contains(w.Body.String(), "melati") {
		t.Error("the refusal repeats what was typed; it may be personal")
	}
	code, b, w = g.call("POST", "/api/t/form", "", `{"login":"mela`, fromOurPage, "1")
	if g.must(code, b, 400, "gate.invalid"); strings.Contains(w.Body.String(), "mela") {
		t.Error("a torn body is repeated")
	}
}

type leaf struct {
	N int `json:"n" maximum:"9"`
}

type branch struct {
	Leaf   leaf            `json:"leaf"`
	ByName map[string]leaf `json:"by_name,omitempty"`
	Grown  []branch        `json:"grown,omitempty"` // refers to itself
}

func TestASettledGateStillChecksEverythingThatComesIn(t *testing.T) {
	g := newTrial(t)
	type in struct {
		Size int `query:"size" maximum:"5"`
		Body struct {
			Branches []branch `json:"branches"`
		}
	}
	gate.Register(g.Gate, huma.Operation{Method: "POST", Path: "/api/t/tree", Summary: "trial"}, gate.Public("trial"), func(context.Context, *in) (*answer, error) { return &answer{}, nil })
	if err := g.Settle(); err != nil {
		t.Fatal(err)
	}
	for body, where := range map[string]string{
		`{"branches":[{"leaf":{"n":10}}]}`:                                          "body.branches[0].leaf.n",
		`{"branches":[{"leaf":{"n":1},"by_name":{"a":{"n":11}}}]}`:                  "body.branches[0].by_name.a.n",
		`{"branches":[{"leaf":{"n":1},"grown":[{"leaf":{"n":12}}]}]}`:               "body.branches[0].grown[0].leaf.n",
		`{"branches":[{"leaf":{"n":1},"grown":[{"leaf":{"n":1},"unknown":true}]}]}`: "body.branches[0].grown[0].unknown",
	} {
		code, b, _ := g.call("POST", "/api/t/tree", "", body, fromOurPage, "1")
		g.must(code, b, 422, "gate.invalid")
		if len(b.Fields) != 1 || b.Fields[0].Location != where {
			t.Errorf("%s: the fields are %+v, want %s", body, b.Fields, where)
		}
	}
	code, b, _ := g.call("POST", "/api/t/tree?size=6", "", `{"branches":[]}`, fromOurPage, "1")
	g.must(code, b, 422, "gate.invalid")
	code, b, _ = g.call("POST", "/api/t/tree?size=5", "", `{"branches":[{"leaf":{"n":9},"grown":[{"leaf":{"n":9}}]}]}`, fromOurPage, "1")
	g.must(code, b, 200, "")
}

func TestARefusalTakesTheFormOfTheRoutesProtocol(t *testing.T) {
	g := newTrial(t)
	xml := func(w http.ResponseWriter, _ *http.Request, p *problem.Problem) {
		w.WriteHeader(p.Kind.Status())
		fmt.Fprintf(w, "<OpenRosaResponse>%s</OpenRosaResponse>", p.Code)
	}
	gate.Handle(g.Gate, "GET", "/openrosa/formList", gate.SignedIn().Refusing(xml), ok)
	code, _, w := g.call("GET", "/openrosa/formList", "", "")
	if code != 401 || w.Body.String() != "<OpenRosaResponse>gate.sign-in</OpenRosaResponse>" {
		t.Errorf("answered %d %s", code, w.Body)
	}
}

func TestTheListOfRoutesIsTheListOfPermissions(t *testing.T) {
	g := newTrial(t)
	gate.Handle(g.Gate, "GET", "/b", gate.Public("holds no data"), ok)
	typed(g, "POST", "/api/a", gate.Roles(actor.Officer, actor.Supervisor).AndDevices(), nil)
	typed(g, "GET", "/api/a", gate.SignedIn(), nil)
	var lines []string
	for _, r := range g.Routes() {
		lines = append(lines, r.Method+" "+r.Path+" | "+r.Who.String())
	}
	want := []string{
		"GET /api/a | signed in",
		"POST /api/a | officer, supervisor, device",
		"GET /api/openapi.json | anyone: the description of the API holds no data",
		"GET /b | anyone: holds no data",
	}
	if strings.Join(lines, "\n") != strings.Join(want, "\n") {
		t.Errorf("the list is\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}

func TestTheDescriptionSaysWhoMayCallAndHowToProveIt(t *testing.T) {
	g := newTrial(t)
	typed(g, "POST", "/api/t/things/{id}/close", gate.Roles(actor.Supervisor), nil)
	typed(g, "GET", "/api/t/open", gate.Public("trial"), nil)
	if err := g.Settle(); err != nil {
		t.Fatal(err)
	}
	_, _, w := g.call("GET", "/api/openapi.json", "", "")
	var d struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			OperationID string           `json:"operationId"`
			Description string           `json:"description"`
			Security    []map[string]any `json:"security"`
			Tags        []string         `json:"tags"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil {
		t.Fatal(err)
	}
	closing := d.Paths["/api/t/things/{id}/close"]["post"]
	if !strings.HasPrefix(d.OpenAPI, "3.1") || closing.OperationID != "post-t-things-id-close" || len(closing.Security) != 2 || !strings.Contains(closing.Description, "supervisor") || strings.Join(closing.Tags, ",") != "t" {
		t.Errorf("described as %s %+v", d.OpenAPI, closing)
	}
	if open := d.Paths["/api/t/open"]["get"]; len(open.Security) != 0 {
		t.Errorf("a public route asks for %v", open.Security)
	}
}

func TestABodyThatTakesLongerThanFiveSecondsToComeIsTaken(t *testing.T) {
	g := newTrial(t)
	type in struct {
		Body struct {
			Text string `json:"text"`
		}
	}
	gate.Register(g.Gate, huma.Operation{Method: "POST", Path: "/api/t/slow"}, gate.Public("trial"), func(_ context.Context, in *in) (*struct{}, error) {
		if in.Body.Text != "came late" {
			t.Errorf("got %q", in.Body.Text)
		}
		return nil, nil
	})
	server := httptest.NewServer(g.Gate)
	defer server.Close()
	body, rest := io.Pipe()
	go func() {
		io.WriteString(rest, `{"text":"came`)
		time.Sleep(5500 * time.Millisecond)
		io.WriteString(rest, ` late"}`)
		rest.Close()
	}()
	r, err := http.NewRequest("POST", server.URL+"/api/t/slow", body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set(fromOurPage, "1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != 204 {
		t.Errorf("answered %d", answer.StatusCode)
	}
}
