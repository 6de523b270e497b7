package casework

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"lintas/casework/hsds"
	"lintas/casework/htcds"
	"lintas/casework/matching"
	"lintas/casework/referral"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/gate"
)

type body[T any] struct{ Body T }

type items[T any] struct {
	Body struct {
		Items []T `json:"items"`
	}
}

func listed[T any](list []T, err error) (*items[T], error) {
	out := &items[T]{}
	out.Body.Items = list
	if list == nil {
		out.Body.Items = []T{}
	}
	return out, err
}

func one[T any](v T, err error) (*body[T], error) {
	if err != nil {
		return nil, err
	}
	return &body[T]{v}, nil
}

type none struct{}

// onCase, onReferral: the paths' parameters.
type onCase struct {
	Case string `path:"case"`
}

type onReferral struct {
	Referral string `path:"referral"`
}

type caseBody[T any] struct {
	Case string `path:"case"`
	Body T
}

type casePart[T any] struct {
	Case string `path:"case"`
	Part string `path:"part"`
	Body T
}

var (
	staff       = gate.Roles(actor.Caseworker, actor.Supervisor, actor.Officer)
	caseworkers = gate.Roles(actor.Caseworker, actor.Supervisor)
	supervisors = gate.Roles(actor.Supervisor)
	partners    = gate.Public("a partner without an account; the link's secret and the one-time code are checked inside")
)

// op is a route's description.
func op(method, path, summary string) huma.Operation {
	return huma.Operation{Method: method, Path: "/api/casework" + path, Summary: summary}
}

// Routes declares the desk's routes. Which record somebody may see or change is
// decided by the policies inside each verb; here stands which roles may knock.
func (d *Desk) Routes(g *gate.Gate) {
	d.caseRoutes(g)
	d.timelineRoutes(g)
	d.consentRoutes(g)
	d.referralRoutes(g)
	d.partnerRoutes(g)
	d.directoryRoutes(g)
	d.workRoutes(g)
	d.bulkRoutes(g)
	d.hsdsRoutes(g)
}

// Vocabulary is what pages need to know to draw a case.
type Vocabulary struct {
	Fields      []SheetField                `json:"fields"`
	MoreFields  []SheetField                `json:"more_fields" doc:"Fields of HTCDS shown only where they have a value; labels in English"`
	Classes     []string                    `json:"classes"`
	EntryKinds  map[string][]string         `json:"entry_kinds" doc:"Kind to its states"`
	CaseTable   []CaseRule                  `json:"case_table"`
	Closure     []string                    `json:"closure_reasons"`
	ReturnTable []ReturnRule                `json:"return_table"`
	Reasons     map[referral.Event][]string `json:"referral_reasons"`
	Priorities  []referral.Priority         `json:"priorities"`
	RiskLevels  []string                    `json:"risk_levels"`
}

func vocabulary() Vocabulary {
	kinds := map[string][]string{}
	for name, k := range EntryKinds {
		kinds[name] = k.States
	}
	return Vocabulary{Fields, MoreFields, Classes, kinds, CaseTable, ClosureReasons, ReturnTable, referral.Reasons, referral.Priorities, RiskLevels}
}

func (d *Desk) caseRoutes(g *gate.Gate) {
	gate.Register(g, op("GET", "/vocabulary", "Words of the desk"), gate.SignedIn(), func(context.Context, *none) (*body[Vocabulary], error) { return one(vocabulary(), nil) })
	gate.Register(g, op("GET", "/cases", "List or search cases"), staff, func(ctx context.Context, in *struct {
		Text   string    `query:"text" maxLength:"200"`
		State  string    `query:"state"`
		Owner  string    `query:"owner"`
		Before time.Time `query:"before"`
		Limit  int       `query:"limit" minimum:"0" maximum:"100"`

		Exercises bool `query:"exercises" doc:"The exercises under way instead of real cases"`
	}) (*items[Case], error) {
		return listed(d.Cases(ctx, Search{Text: in.Text, State: State(in.State), Owner: in.Owner, Before: in.Before, Limit: in.Limit, Exercises: in.Exercises}))
	})
	gate.Register(g, op("POST", "/cases", "Open a case"), caseworkers, func(ctx context.Context, in *body[NewCase]) (*body[Case], error) {
		return one(d.OpenCase(ctx, in.Body))
	})
	gate.Register(g, op("POST", "/duplicates", "Look for possible duplicates before a case is saved"), caseworkers, func(ctx context.Context, in *body[struct {
		Values map[string]string `json:"values"`
	}]) (*items[Likeness], error) {
		return listed(d.Duplicates(ctx, in.Body.Values))
	})
	gate.Register(g, op("GET", "/cases/{case}", "Read a case; the reading is logged"), staff, func(ctx context.Context, in *onCase) (*body[Page], error) {
		return one(d.CasePage(ctx, in.Case))
	})
	gate.Register(g, op("PATCH", "/cases/{case}", "Change owner, members, flags"), caseworkers, func(ctx context.Context, in *caseBody[CaseChange]) (*body[Case], error) {
		return one(d.ChangeCase(ctx, in.Case, in.Body))
	})
	gate.Register(g, op("POST", "/cases/{case}/state", "Move a case to another state, with a reason"), caseworkers, func(ctx context.Context, in *caseBody[struct {
		State  State  `json:"state"`
		Reason string `json:"reason"`
	}]) (*body[Case], error) {
		return one(d.SetState(ctx, in.Case, in.Body.State, in.Body.Reason))
	})
	gate.Register(g, op("PATCH", "/cases/{case}/sheets", "Change fields; conflicts are kept for a human"), caseworkers, func(ctx context.Context, in *caseBody[Edit]) (*body[Edited], error) {
		return one(d.EditSheets(ctx, in.Case, in.Body))
	})
	gate.Register(g, op("POST", "/cases/{case}/conflicts/{part}", "Settle a conflict"), caseworkers, func(ctx context.Context, in *casePart[struct {
		Take bool `json:"take" doc:"Take the value that was not stored"`
	}]) (*none, error) {
		return nil, d.ResolveConflict(ctx, in.Case, in.Part, in.Body.Take)
	})
	gate.Register(g, op("POST", "/cases/{case}/break-glass", "Read a colleague's case in an emergency; supervisors are alerted"), caseworkers, func(ctx context.Context, in *caseBody[struct {
		Reason string `json:"reason" maxLength:"2000"`
	}]) (*none, error) {
		return nil, d.BreakGlass(ctx, in.Case, in.Body.Reason)
	})
	gate.Register(g, op("GET", "/cases/{case}/seen", "Who has seen or changed this"), staff, func(ctx context.Context, in *onCase) (*items[Seen], error) {
		return listed(d.WhoHasSeen(ctx, in.Case))
	})
	gate.Register(g, op("POST", "/cases/{case}/end-exercise", "Erase an exercise for good"), caseworkers, func(ctx context.Context, in *onCase) (*none, error) {
		return nil, d.EndExercise(ctx, in.Case)
	})
	gate.Register(g, op("POST", "/cases/{case}/erase", "Erase field classes for good"), supervisors, func(ctx context.Context, in *caseBody[struct {
		Classes []string `json:"classes" doc:"Empty means all"`
	}]) (*body[Erased], error) {
		return one(d.EraseCase(ctx, in.Case, in.Body.Classes))
	})
}

func (d *Desk) timelineRoutes(g *gate.Gate) {
	entries := op("POST", "/cases/{case}/entries", "Add a need, risk, goal, task, note, event, document, family link or assessment")
	entries.MaxBodyBytes = 16 << 20 // a document of 10 MiB in base64
	gate.Register(g, entries, caseworkers, func(ctx context.Context, in *caseBody[NewEntry]) (*body[Entry], error) {
		return one(d.AddEntry(ctx, in.Case, in.Body))
	})
	gate.Register(g, op("PATCH", "/cases/{case}/entries/{part}", "Change an entry"), caseworkers, func(ctx context.Context, in *casePart[EntryChange]) (*body[Entry], error) {
		return one(d.ChangeEntry(ctx, in.Case, in.Part, in.Body))
	})
	gate.Handle(g, "GET", "/api/casework/cases/{case}/documents/{entry}", caseworkers, func(w http.ResponseWriter, r *http.Request) { d.serveDocument(g, w, r) })
	gate.Register(g, op("POST", "/cases/{case}/approvals", "Ask a supervisor to approve"), caseworkers, func(ctx context.Context, in *caseBody[struct {
		What   string `json:"what" enum:"assessment,plan,closure"`
		Reason string `json:"reason,omitempty"`
	}]) (*body[Approval], error) {
		return one(d.AskApproval(ctx, in.Case, in.Body.What, in.Body.Reason))
	})
	gate.Register(g, op("POST", "/cases/{case}/approvals/{part}", "Approve or send back"), supervisors, func(ctx context.Context, in *casePart[struct {
		Approve bool   `json:"approve"`
		Reason  string `json:"reason,omitempty"`
	}]) (*body[Approval], error) {
		return one(d.DecideApproval(ctx, in.Case, in.Part, in.Body.Approve, in.Body.Reason))
	})
	gate.Register(g, op("POST", "/cases/{case}/clocks/{part}", "Extend a statutory term"), supervisors, func(ctx context.Context, in *casePart[struct {
		Reason string `json:"reason" minLength:"1"`
	}]) (*none, error) {
		return nil, d.ExtendClock(ctx, in.Case, in.Part, in.Body.Reason)
	})
	gate.Register(g, op("POST", "/cases/{case}/returns", "Open a voluntary return"), caseworkers, func(ctx context.Context, in *caseBody[struct {
		Country string `json:"country" minLength:"2" maxLength:"2"`
	}]) (*body[Return], error) {
		return one(d.StartReturn(ctx, in.Case, in.Body.Country))
	})
	gate.Register(g, op("POST", "/cases/{case}/returns/{part}", "Take a return one step on"), caseworkers, func(ctx context.Context, in *casePart[struct {
		To       string            `json:"to"`
		Recorded map[string]string `json:"recorded"`
	}]) (*body[Return], error) {
		return one(d.MoveReturn(ctx, in.Case, in.Part, in.Body.To, in.Body.Recorded))
	})
}

func (d *Desk) serveDocument(g *gate.Gate, w http.ResponseWriter, r *http.Request) {
	_, kind, data, err := d.Document(r.Context(), r.PathValue("case"), r.PathValue("entry"))
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	// Whatever it says it is, a browser must not run it as a page of ours.
	if kind != "application/pdf" && kind != "image/jpeg" && kind != "image/png" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Disposition", "attachment")
	w.Write(data)
}

func (d *Desk) consentRoutes(g *gate.Gate) {
	gate.Register(g, op("POST", "/cases/{case}/receipts", "Record consent, or an override by a supervisor"), caseworkers, func(ctx context.Context, in *caseBody[NewReceipt]) (*body[Receipt], error) {
		return one(d.TakeConsent(ctx, in.Case, in.Body))
	})
	gate.Register(g, op("POST", "/cases/{case}/receipts/{part}/withdraw", "The person takes consent back"), caseworkers, func(ctx context.Context, in *casePart[struct {
		By string `json:"by" enum:"person,guardian"`
	}]) (*body[Receipt], error) {
		return one(d.WithdrawConsent(ctx, in.Case, in.Part, in.Body.By))
	})
}

func (d *Desk) referralRoutes(g *gate.Gate) {
	gate.Register(g, op("POST", "/cases/{case}/referrals", "Offer a referral to the person"), caseworkers, func(ctx context.Context, in *caseBody[NewReferral]) (*body[Referral], error) {
		return one(d.Offer(ctx, in.Case, in.Body))
	})
	gate.Register(g, op("POST", "/referrals/{referral}/steps", "Take a step on a referral"), caseworkers, func(ctx context.Context, in *struct {
		Referral string `path:"referral"`
		Body     StepIn
	}) (*body[Referral], error) {
		return one(d.TakeStep(ctx, in.Referral, in.Body))
	})
	gate.Register(g, op("GET", "/referrals/{referral}", "Read a referral sent to your organisation; the first reading is told to the sender"), caseworkers, func(ctx context.Context, in *onReferral) (*body[Disclosed], error) {
		return one(d.OpenReferral(ctx, in.Referral))
	})
	gate.Register(g, op("POST", "/referrals/{referral}/link", "Make a link and a one-time code for a partner without an account"), caseworkers, func(ctx context.Context, in *onReferral) (*body[LinkOut], error) {
		return one(d.MakeLink(ctx, in.Referral))
	})
	gate.Register(g, op("DELETE", "/referrals/{referral}/link", "End a partner's link and session at once"), caseworkers, func(ctx context.Context, in *onReferral) (*none, error) {
		return nil, d.EndLink(ctx, in.Referral)
	})
	gate.Handle(g, "GET", "/api/casework/referrals/{referral}/form", caseworkers, func(w http.ResponseWriter, r *http.Request) { d.serveForm(g, w, r) })
	box := func(inbox bool) func(context.Context, *struct {
		State  string    `query:"state"`
		Before time.Time `query:"before"`
	}) (*items[Referral], error) {
		return func(ctx context.Context, in *struct {
			State  string    `query:"state"`
			Before time.Time `query:"before"`
		}) (*items[Referral], error) {
			return listed(d.Box(ctx, inbox, referral.State(in.State), in.Before))
		}
	}
	gate.Register(g, op("GET", "/inbox", "Referrals sent to your organisation"), caseworkers, box(true))
	gate.Register(g, op("GET", "/outbox", "Referrals that you may follow"), caseworkers, box(false))
}

// partnerIn is what a partner without an account sends. The secret and the
// session are in the body, never in an address.
type partnerIn struct {
	Secret  string `json:"secret,omitempty" maxLength:"100"`
	Code    string `json:"code,omitempty" maxLength:"20"`
	Session string `json:"session,omitempty" maxLength:"100"`
}

type partnerOut struct {
	Session string    `json:"session"`
	View    Disclosed `json:"view"`
}

func (d *Desk) partnerRoutes(g *gate.Gate) {
	gate.Register(g, op("POST", "/partner/open", "Open a referral by link and one-time code"), partners, func(ctx context.Context, in *body[partnerIn]) (*body[partnerOut], error) {
		session, view, err := d.PartnerOpen(ctx, in.Body.Secret, in.Body.Code)
		return one(partnerOut{session, view}, err)
	})
	gate.Register(g, op("POST", "/partner/look", "Look again"), partners, func(ctx context.Context, in *body[partnerIn]) (*body[Disclosed], error) {
		return one(d.PartnerLook(ctx, in.Body.Session))
	})
	gate.Register(g, op("POST", "/partner/answer", "Answer a referral"), partners, func(ctx context.Context, in *body[struct {
		Session string `json:"session" maxLength:"100"`
		Step    StepIn `json:"step"`
	}]) (*body[Disclosed], error) {
		return one(d.PartnerAnswer(ctx, in.Body.Session, in.Body.Step))
	})
	gate.Register(g, op("POST", "/partner/reasons", "Reasons a partner may choose from"), gate.Public("a list of words without data"), func(context.Context, *none) (*body[map[referral.Event][]string], error) {
		return one(referral.Reasons, nil)
	})
	gate.Register(g, op("POST", "/assurance/look", "A service looks at its own entry"), partners, func(ctx context.Context, in *body[partnerIn]) (*body[hsds.Service], error) {
		return one(d.LookAssurance(ctx, in.Body.Secret))
	})
	gate.Register(g, op("POST", "/assurance/confirm", "A service confirms its own entry"), partners, func(ctx context.Context, in *body[Assurance]) (*none, error) {
		return nil, d.Assure(ctx, in.Body)
	})
}

func (d *Desk) directoryRoutes(g *gate.Gate) {
	gate.Register(g, op("POST", "/match", "Rank services for needs, with reasons"), staff, func(ctx context.Context, in *body[struct {
		matching.Query
		Most int `json:"most,omitempty" minimum:"0" maximum:"500"`
	}]) (*body[Matched], error) {
		most := in.Body.Most
		if most == 0 {
			most = 50
		}
		return one(d.Match(ctx, in.Body.Query, most))
	})
	gate.Register(g, op("PUT", "/services", "Add or replace one service"), supervisors, func(ctx context.Context, in *struct{ RawBody []byte }) (*body[hsds.Service], error) {
		var s hsds.Service
		if err := json.Unmarshal(in.RawBody, &s); err != nil {
			return nil, problem.New(problem.Malformed, "casework.hsds-service", "This is not a service in HSDS's form.").Because(err)
		}
		return one(d.PutService(ctx, s))
	})
	gate.Register(g, op("POST", "/services/{part}/assurance", "Make a link by which a service confirms its entry"), caseworkers, func(ctx context.Context, in *struct {
		Part string `path:"part"`
	}) (*body[struct {
		URL string `json:"url"`
	}], error) {
		url, err := d.AskAssurance(ctx, in.Part)
		out := &body[struct {
			URL string `json:"url"`
		}]{}
		out.Body.URL = url
		return out, err
	})
	gate.Register(g, op("PUT", "/services/{part}/receiver", "Say that your organisation answers for a service here, or no longer does"), supervisors, func(ctx context.Context, in *struct {
		Part string `path:"part"`
		Body struct {
			Answers bool `json:"answers"`
		}
	}) (*none, error) {
		return nil, d.AnswerFor(ctx, in.Part, in.Body.Answers)
	})
	gate.Handle(g, "GET", "/api/casework/directory", gate.SignedIn(), func(w http.ResponseWriter, r *http.Request) { d.serveDirectory(g, w, r) })
	gate.Handle(g, "POST", "/api/casework/directory", supervisors, func(w http.ResponseWriter, r *http.Request) { d.takeDirectory(g, w, r) })
	gate.Register(g, op("GET", "/directory/imports", "Files that were brought into the directory, and what a file may be"), supervisors, func(ctx context.Context, _ *none) (*body[DirectoryImports], error) {
		list, err := d.DirectoryImports(ctx)
		return one(DirectoryImports{Items: list, Limits: directoryLimits}, err)
	})
	gate.Register(g, op("POST", "/directory/imports/{part}/undo", "Take an import back as one, while nothing was built on it"), supervisors, func(ctx context.Context, in *struct {
		Part string `path:"part"`
	}) (*body[DirectoryImport], error) {
		return one(d.UndoImport(ctx, in.Part))
	})
}

// serveDirectory exports the directory as HSDS tables: JSON, or CSV in a zip.
func (d *Desk) serveDirectory(g *gate.Gate, w http.ResponseWriter, r *http.Request) {
	flat, err := d.ExportDirectory(r.Context())
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	if r.URL.Query().Get("format") == "csv" {
		w.Header().Set("Content-Type", "application/zip")
		w.Header().Set("Content-Disposition", `attachment; filename="directory.zip"`)
		if err := flat.Zip(w); err != nil {
			d.Log.Warn("directory export was cut off", "error", err)
		}
		return
	}
	writeJSON(w, flat)
}

// takeDirectory imports HSDS tables: JSON, or a zip of CSV. With dry_run=true it
// says what that would do; import, seen and mark are those of Bringing.
func (d *Desk) takeDirectory(g *gate.Gate, w http.ResponseWriter, r *http.Request) {
	out, err := d.takenDirectory(w, r)
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	writeJSON(w, out)
}

func (d *Desk) takenDirectory(w http.ResponseWriter, r *http.Request) (out Imported, err error) {
	q := r.URL.Query()
	how := Bringing{DryRun: q.Get("dry_run") == "true", ID: q.Get("import"), Mark: q.Get("mark")}
	if text := q.Get("seen"); text != "" {
		if how.Seen, err = strconv.ParseInt(text, 10, 64); err != nil {
			return out, problem.New(problem.Malformed, "casework.directory-seen", "seen is the version of the directory, a whole number.").Because(err)
		}
	}
	data, err := readBody(w, r, maxDirectoryFile)
	if err != nil {
		return out, err
	}
	file, err := ReadDirectory(data)
	if err == nil && !how.DryRun {
		err = refuseWrong(file.Wrong)
	}
	if err != nil {
		return out, err
	}
	return d.ImportDirectory(r.Context(), file, how)
}

func readBody(w http.ResponseWriter, r *http.Request, most int64) ([]byte, error) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, most))
	if err != nil {
		return nil, problem.New(problem.TooLarge, "casework.too-large", "The file is larger than %d MiB, or was cut off. Send it in parts.", most>>20).Because(err)
	}
	return data, nil
}

func writeJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	json.NewEncoder(w).Encode(v)
}

func (d *Desk) workRoutes(g *gate.Gate) {
	gate.Register(g, op("GET", "/work", "My work today"), caseworkers, func(ctx context.Context, _ *none) (*body[Work], error) { return one(d.WorkToday(ctx)) })
	gate.Register(g, op("GET", "/board", "The supervisor's board"), supervisors, func(ctx context.Context, _ *none) (*body[Board], error) { return one(d.SupervisorBoard(ctx)) })
	gate.Register(g, op("POST", "/notices/{part}/read", "Take a notice off the list"), caseworkers, func(ctx context.Context, in *struct {
		Part string `path:"part"`
	}) (*none, error) {
		return nil, d.ReadNotice(ctx, in.Part)
	})
	gate.Register(g, op("GET", "/push-key", "Public key for web push; empty when the node sends none"), gate.SignedIn(), func(context.Context, *none) (*body[struct {
		Key string `json:"key"`
	}], error) {
		out := &body[struct {
			Key string `json:"key"`
		}]{}
		out.Body.Key = d.PushKey
		return out, nil
	})
	gate.Register(g, op("PUT", "/channel", "Where I want notices; empty removes"), caseworkers, func(ctx context.Context, in *body[struct {
		Kind  string `json:"kind" enum:"email,push"`
		Value string `json:"value" maxLength:"4000"`
	}]) (*none, error) {
		return nil, d.SetChannel(ctx, in.Body.Kind, in.Body.Value)
	})
}

func (d *Desk) bulkRoutes(g *gate.Gate) {
	gate.Handle(g, "GET", "/api/casework/htcds", caseworkers, func(w http.ResponseWriter, r *http.Request) { d.serveHTCDS(g, w, r) })
	gate.Handle(g, "POST", "/api/casework/htcds", caseworkers, func(w http.ResponseWriter, r *http.Request) { d.takeHTCDS(g, w, r) })
}

func (d *Desk) serveHTCDS(g *gate.Gate, w http.ResponseWriter, r *http.Request) {
	records, err := d.ExportHTCDS(r.Context(), r.URL.Query().Get("personal") == "yes")
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	if r.URL.Query().Get("format") == "csv" {
		var out bytes.Buffer
		if err := htcds.WriteCSV(&out, records); err != nil {
			g.WriteError(w, r, err)
			return
		}
		w.Header().Set("Content-Type", "text/csv; charset=utf-8")
		w.Header().Set("Content-Disposition", `attachment; filename="cases.csv"`)
		w.Write(out.Bytes())
		return
	}
	writeJSON(w, map[string]any{"records": records})
}

func (d *Desk) takeHTCDS(g *gate.Gate, w http.ResponseWriter, r *http.Request) {
	data, err := readBody(w, r, 32<<20)
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	records, issues, err := ReadCases(data)
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	out, err := d.ImportHTCDS(r.Context(), records, issues, r.URL.Query().Get("store") != "yes")
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	writeJSON(w, out)
}

// ReadCases tells JSON, XLSX and CSV apart by their first bytes.
func ReadCases(data []byte) (records []htcds.Record, issues []htcds.Issue, err error) {
	if !bytes.HasPrefix(data, []byte("PK")) {
		if data, err = plainText(data); err != nil {
			return nil, nil, err
		}
	}
	switch text := strings.TrimSpace(string(data[:min(len(data), 64)])); {
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["):
		records, issues, err = htcds.ReadJSON(data)
	case strings.HasPrefix(text, "PK"):
		records, issues, err = htcds.ReadXLSX(data)
	default:
		records, issues, err = htcds.ReadCSV(bytes.NewReader(data))
	}
	if err != nil {
		// The reader's own words name rows, sheets and signs, never what stands in a cell.
		why := strings.TrimPrefix(strings.TrimPrefix(err.Error(), htcds.ErrShape.Error()), ": ")
		return nil, nil, problem.New(problem.Malformed, "casework.htcds", "The file cannot be read as cases: %s. Send CSV, XLSX or JSON with the field names of HTCDS 2.0, such as prs_FirstName.", why).Because(err)
	}
	return records, issues, nil
}
