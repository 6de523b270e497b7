package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/alecthomas/kong"
	"golang.org/x/term"

	"lintas/agency"
	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/node"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// commands is the command line.
type commands struct {
	ConfigFile  string `name:"config" help:"File with settings (YAML: name of the flag, colon, value)." env:"LINTAS_CONFIG" placeholder:"FILE"`
	node.Config `embed:"" group:"Settings of the node"`

	Serve   serveCommand   `cmd:"" help:"Run the node."`
	Demo    demoCommand    `cmd:"" help:"Fill an empty data folder with a fictional country to try Lintas on."`
	ShowCfg configCommand  `cmd:"" name:"config" help:"Show what settings are in force and where each came from."`
	Person  personCommands `cmd:"" help:"Add people to the node (the first administrator is made here)."`
	Audit   auditCommands  `cmd:"" help:"Prove the audit log."`
	Backup  backupCommand  `cmd:"" help:"Write a consistent copy of a running SQLite store."`
	Routes  routesCommand  `cmd:"" help:"List every HTTP route and who may call it."`
	OpenAPI openAPICommand `cmd:"" name:"openapi" help:"Print the description of the HTTP API (OpenAPI 3.1)."`
	Version versionCommand `cmd:"" help:"Print the version."`

	deskCommands
}

// bind hands the commands what their Run methods ask for.
func bind(parsed *kong.Context, ctx context.Context, s streams, open opener, c *commands, log *slog.Logger) (closeNode func() error, err error) {
	parsed.Bind(s, open, c, log, parsed)
	return bindDesks(parsed, ctx, s, open)
}

type serveCommand struct {
	Demo bool `help:"Fill an empty data folder with the fictional country first."`
}

func (serveCommand) Help() string {
	return "Examples:\n  lintas serve --demo\n  lintas serve --data /var/lib/lintas --public-url https://node.example.org --listen 127.0.0.1:8080\n  lintas serve --database postgres://lintas@localhost/lintas"
}

// Run runs the node until Ctrl-C.
func (c serveCommand) Run(ctx context.Context, s streams, open opener, all *commands) error {
	if c.Demo {
		if err := makeDemo(ctx, s, open); err != nil {
			return err
		}
	}
	n, err := open(ctx)
	if err != nil {
		return err
	}
	defer n.Close()
	return n.Serve(ctx, func(a net.Addr) {
		fmt.Fprintf(s.Out, "\nLintas is running at %s  (Ctrl-C ends it)\n", n.Config.PublicURL)
		if n.Demo {
			fmt.Fprint(s.Out, node.DemoSignIns())
		}
		n.Log.Info("answering", "address", a.String())
	})
}

type demoCommand struct{}

func (demoCommand) Help() string {
	return "Makes an invented country, its organisations and people, three border posts, an interview in five languages and twelve fictional travellers. Does nothing when the data folder is filled already.\n\nExample:\n  lintas demo --data demo-data && lintas serve --data demo-data"
}

// Run fills the data folder.
func (demoCommand) Run(ctx context.Context, s streams, open opener) error {
	if err := makeDemo(ctx, s, open); err != nil {
		return err
	}
	fmt.Fprint(s.Out, node.DemoSignIns())
	return nil
}

func makeDemo(ctx context.Context, s streams, open opener) error {
	n, err := open(ctx)
	if err != nil {
		return err
	}
	defer n.Close()
	made, err := n.MakeDemo(ctx)
	switch {
	case err != nil:
		return err
	case made:
		fmt.Fprintln(s.Out, "A fictional country was made: invented names, three border posts, twelve travellers who never lived.")
	default:
		fmt.Fprintln(s.Out, "The fictional country is there already; nothing was changed.")
	}
	return nil
}

type personCommands struct {
	Add personAdd `cmd:"" help:"Add a person and print a password to change at the first sign-in."`
}

type personAdd struct {
	Login        string       `arg:"" help:"Login, e.g. siti@agency.example."`
	Name         string       `required:"" help:"The person's name."`
	Role         []actor.Role `required:"" help:"Role; may be given more than once: officer, caseworker, supervisor, analyst, planner, secretariat, trainer, administrator."`
	Organisation string       `help:"Id of the organisation; empty means the first one, which is made when there is none." placeholder:"ID"`
	Locale       string       `help:"Language of the person: en, id, th, vi, my or ar." default:"en" enum:"en,id,th,vi,my,ar"`
	JSON         bool         `help:"Print JSON."`
}

func (personAdd) Help() string {
	return "Example:\n  lintas person add admin@agency.example --name \"First Administrator\" --role administrator"
}

// Run adds the person.
func (c personAdd) Run(ctx context.Context, s streams, open opener) error {
	if strings.TrimSpace(c.Login) == "" || strings.TrimSpace(c.Name) == "" {
		return fmt.Errorf("a person needs a login and a name; one of them is empty")
	}
	for _, r := range c.Role { // before a node is begun for nobody
		if !r.Valid() {
			return agency.RoleUnknown(r)
		}
	}
	n, err := open(ctx)
	if err != nil {
		return err
	}
	defer n.Close()
	if c.Organisation == "" {
		if c.Organisation, err = n.FirstOrganisation(ctx); err != nil {
			return err
		}
	}
	p, password, err := n.Agency.AddPerson(ctx, agency.NewPerson{Login: c.Login, Name: c.Name, Roles: c.Role, Organisation: c.Organisation, Locale: c.Locale})
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.Out).Encode(map[string]string{"id": p.ID, "login": p.Login, "password": password})
	}
	fmt.Fprintf(s.Out, "Added %s.\nPassword for the first sign-in, shown only now: %s\n", p.Login, password)
	return nil
}

type auditCommands struct {
	Verify auditVerify `cmd:"" help:"Prove that no leaf of the log, and no row it vouches for, was changed."`
	List   auditList   `cmd:"" help:"Show the newest leaves: who did or saw what."`
}

type auditList struct {
	Object  string `help:"Only this object, e.g. screening:ID." placeholder:"KIND:ID"`
	Subject string `help:"Only records about this person." placeholder:"ID"`
	Actor   string `help:"Only what this actor did, e.g. person:ID." placeholder:"KIND:ID"`
	Limit   int    `help:"How many, at most 500." default:"50"`
	JSON    bool   `help:"Print JSON."`
}

func (auditList) Help() string {
	return "The log holds ids, never names.\n\nExamples:\n  lintas audit list --limit 10\n  lintas audit list --actor system:demo --json"
}

// Run prints leaves, newest first.
func (c auditList) Run(ctx context.Context, s streams, open opener) error {
	if c.Limit < 1 || c.Limit > 500 {
		return fmt.Errorf("--limit must be a number from 1 to 500")
	}
	for flag, value := range map[string]string{"--object": c.Object, "--actor": c.Actor} {
		if kind, id, _ := strings.Cut(value, ":"); value != "" && (kind == "" || id == "") {
			return fmt.Errorf("%s is written KIND:ID, as the list shows it, such as person:0192f0c1-0000-7000-8000-000000000000", flag)
		}
	}
	n, err := open(ctx)
	if err != nil {
		return err
	}
	defer n.Close()
	leaves := []audit.Leaf{}
	err = n.DB.Read(ctx, func(t *db.Tx) (err error) {
		leaves, err = audit.List(t, audit.Filter{Object: c.Object, Subject: c.Subject, Actor: c.Actor, Limit: c.Limit})
		return err
	})
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.Out).Encode(leaves)
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, "LEAF\tAT\tWHO\tDID\tTO")
	for _, l := range leaves {
		fmt.Fprintf(w, "%d\t%s\t%s\t%s\t%s\n", l.N, l.At.Format(time.RFC3339), l.Actor, l.Verb, l.Object)
	}
	return w.Flush()
}

type auditVerify struct {
	JSON bool `help:"Print JSON."`
}

func (auditVerify) Help() string {
	return "Recomputes the whole log from its leaves, compares every stored hash and every stored row a leaf vouches for, and checks that the log goes on from the last signed checkpoint. Exit code 1 when anything differs.\n\nExample:\n  lintas audit verify --json"
}

// Run proves the log.
func (c auditVerify) Run(ctx context.Context, s streams, open opener) error {
	n, err := open(ctx)
	if err != nil {
		return err
	}
	defer n.Close()
	report, err := n.VerifyAudit(ctx, progress(s.Err, "leaves"))
	if err != nil {
		return err
	}
	if c.JSON {
		report.Problems = append([]string{}, report.Problems...) // a list, when it is empty, too
		if err := json.NewEncoder(s.Out).Encode(report); err != nil {
			return err
		}
	} else {
		for _, p := range report.Problems {
			fmt.Fprintln(s.Out, "NOT IN ORDER:", p)
		}
		fmt.Fprintf(s.Out, "%d leaves, %d stored rows compared, root %s\n", report.Leaves, report.Stored, cmp.Or(report.Root, "(empty)"))
	}
	if !report.OK() {
		return fmt.Errorf("the audit log is not in order; keep the store as it is, and call whoever answers for the node's security. After a restore from a backup see docs/operations.md, Backups")
	}
	return nil
}

// progress prints how far long work has come, on a terminal only and not before two seconds.
func progress(w io.Writer, what string) func(done, of int64) {
	if !terminal(w) {
		return nil
	}
	begun := time.Now()
	return func(done, of int64) {
		if took := time.Since(begun); took > 2*time.Second && done > 0 {
			left := time.Duration(float64(took) / float64(done) * float64(of-done)).Round(time.Second)
			fmt.Fprintf(w, "\r%d of %d %s, about %s left   ", done, of, what, left)
		}
	}
}

func terminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

type backupCommand struct {
	To   string `arg:"" help:"File to write; must not exist." type:"path"`
	JSON bool   `help:"Print JSON."`
}

func (backupCommand) Help() string {
	return "Copies the store while the node runs. The persons' keys are not in it: back up keys.db apart, and let those copies expire within 30 days, or erasure does not erase.\n\nExamples:\n  lintas backup lintas-monday.db\n  lintas backup lintas-tuesday.db --json"
}

// Run writes the copy.
func (c backupCommand) Run(ctx context.Context, s streams, open opener) error {
	n, err := open(ctx)
	if err != nil {
		return err
	}
	defer n.Close()
	if err := n.DB.Backup(ctx, c.To); err != nil {
		return err
	}
	made, err := os.Stat(c.To)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(s.Out).Encode(map[string]any{"file": c.To, "bytes": made.Size()})
	}
	fmt.Fprintf(s.Out, "%s: %.1f MB. The keys are not in it; see `lintas backup --help`.\n", c.To, float64(made.Size())/1e6)
	return nil
}

type routesCommand struct {
	JSON bool `help:"Print JSON."`
}

func (routesCommand) Help() string {
	return "Needs no node: the routes are the same on each.\n\nExamples:\n  lintas routes\n  lintas routes --json"
}

// Run lists the routes.
func (c routesCommand) Run(ctx context.Context, s streams, log *slog.Logger) error {
	n, end, err := openNowhere(ctx, log)
	if err != nil {
		return err
	}
	defer end()
	type line struct {
		Method string `json:"method"` // empty for any
		Path   string `json:"path"`
		Who    string `json:"who"`
	}
	var lines []line
	for _, r := range n.Gate.Routes() {
		lines = append(lines, line{r.Method, r.Path, r.Who.String()})
	}
	if c.JSON {
		return json.NewEncoder(s.Out).Encode(lines)
	}
	w := tabwriter.NewWriter(s.Out, 0, 4, 2, ' ', 0)
	for _, l := range lines {
		fmt.Fprintf(w, "%s\t%s\t%s\n", l.Method, l.Path, l.Who)
	}
	return w.Flush()
}

type openAPICommand struct{}

func (openAPICommand) Help() string {
	return "Always JSON; needs no node.\n\nExample:\n  lintas openapi > openapi.json"
}

// Run prints the description.
func (openAPICommand) Run(ctx context.Context, s streams, log *slog.Logger) error {
	n, end, err := openNowhere(ctx, log)
	if err != nil {
		return err
	}
	defer end()
	text, err := n.Gate.Description()
	if err != nil {
		return err
	}
	var readable bytes.Buffer
	if err := json.Indent(&readable, text, "", "  "); err != nil {
		return err
	}
	_, err = readable.WriteTo(s.Out)
	return err
}

// openNowhere opens a node in a folder that goes away with it, for what is the same on every node.
func openNowhere(ctx context.Context, log *slog.Logger) (n *node.Node, end func(), err error) {
	folder, err := os.MkdirTemp("", "lintas-")
	if err != nil {
		return nil, nil, err
	}
	c := node.Config{Data: folder, Listen: "127.0.0.1:0", Country: "XX"}
	if err = c.Complete(); err == nil {
		n, err = node.Open(ctx, c, clock.System{}, log)
	}
	if err != nil {
		os.RemoveAll(folder)
		return nil, nil, err
	}
	return n, func() { n.Close(); os.RemoveAll(folder) }, nil
}

type versionCommand struct {
	JSON bool `help:"Print JSON."`
}

func (versionCommand) Help() string {
	return "Examples:\n  lintas version\n  lintas version --json"
}

// Run prints the version.
func (c versionCommand) Run(s streams) error {
	if c.JSON {
		return json.NewEncoder(s.Out).Encode(map[string]string{"version": node.Version(), "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH})
	}
	_, err := fmt.Fprintln(s.Out, "lintas", node.Version())
	return err
}
