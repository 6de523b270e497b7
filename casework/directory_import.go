package casework

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"lintas/casework/hsds"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// A file of services is brought into the directory in three steps: a look that
// stores nothing, one transaction, and for some time a way back. What a look
// answers may lie on a desk or be printed: it names services and
// organisations, and quotes nothing that leads to a door.

// Bringing says how a file is brought in.
type Bringing struct {
	// DryRun stores nothing and answers the same.
	DryRun bool
	// ID is the caller's own number of the import: the same twice counts once.
	// Empty makes one.
	ID string
	// Seen is the version of the directory that the caller looked at; 0 takes
	// whatever stands.
	Seen int64
	// Mark is put in front of every id of the file; empty puts none.
	Mark string
}

// Imported says what an import did, or would do.
type Imported struct {
	DryRun    bool            `json:"dry_run,omitempty"`
	ID        string          `json:"id,omitempty" doc:"Number of the import; none when nothing was to be stored"`
	Version   int64           `json:"version" doc:"The version of the directory that this was found by"`
	Added     int             `json:"added"`
	Changed   int             `json:"changed"`
	Unchanged int             `json:"unchanged"`
	Tables    []TableCount    `json:"tables,omitempty" doc:"The same by table"`
	Rows      []ImportedRow   `json:"rows,omitempty" doc:"With dry_run: what is added or changed; first what would say something else, then services and organizations; at most a thousand"`
	Others    int             `json:"others,omitempty" doc:"How many rows with a known id would say something else: the file may be of another directory"`
	Opens     []ImportedRow   `json:"opens,omitempty" doc:"Rows that are hidden today and would be published, the first hundred; nothing is stored then"`
	Opened    int             `json:"opened,omitempty"`
	Left      []string        `json:"left_out,omitempty" doc:"Tables and files that are no part of HSDS 3.0"`
	Wrong     []hsds.RowError `json:"wrong,omitempty" doc:"With dry_run: rows that cannot be read, the first five thousand; nothing is stored while there is one"`
	Wrongs    int             `json:"wrongs,omitempty" doc:"How many rows cannot be read"`
	Notes     []hsds.RowError `json:"notes,omitempty" doc:"What was read and should be looked at, the first five thousand"`
	Noted     int             `json:"noted,omitempty" doc:"How many notes there are"`
}

// TableCount counts the rows of one table.
type TableCount struct {
	Table     string `json:"table"`
	Added     int    `json:"added"`
	Changed   int    `json:"changed"`
	Unchanged int    `json:"unchanged"`
}

// ImportedRow is one row that an import adds or changes.
type ImportedRow struct {
	Do      string   `json:"do" enum:"add,change"`
	Table   string   `json:"table"`
	ID      string   `json:"id"`
	Name    string   `json:"name,omitempty" doc:"Of a service or an organization"`
	Was     string   `json:"was,omitempty" doc:"Its name until now, where that was another"`
	Columns []string `json:"columns,omitempty" doc:"What changes, without the values"`
	Other   bool     `json:"other,omitempty" doc:"It would say something else: another name, or it belongs to another row"`
}

// The bounds of an answer, and of the way back.
const (
	mostMistakes = 5000
	mostRows     = 1000
	mostOpens    = 100
	mostImports  = 100
	undoDays     = 90
)

// DirectoryImport is one file that was brought in.
type DirectoryImport struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	By        Someone   `json:"by" doc:"Who; without a name by command"`
	Mark      string    `json:"mark,omitempty"`
	Added     int       `json:"added"`
	Changed   int       `json:"changed"`
	Unchanged int       `json:"unchanged"`
	UndoneAt  time.Time `json:"undone_at"`
	UndoneBy  Someone   `json:"undone_by"`
	UndoUntil time.Time `json:"undo_until" doc:"Until when it can be taken back; zero when it was"`

	by, undoneBy string
	version      int64 // of the directory that it made
}

// Someone is a member of staff as a list names them.
type Someone struct {
	Name         string `json:"name,omitempty"`
	Organisation string `json:"organisation,omitempty"`
}

// DirectoryImports is the list of them, with what the next file may be.
type DirectoryImports struct {
	Items  []DirectoryImport `json:"items" doc:"The newest hundred"`
	Limits DirectoryLimits   `json:"limits"`
}

// DirectoryLimits are told before a file is chosen.
type DirectoryLimits struct {
	Sent     int64 `json:"sent" doc:"Bytes of a file as it is sent"`
	Unpacked int64 `json:"unpacked" doc:"Bytes of all tables of a zip"`
	Files    int   `json:"files" doc:"Files in a zip"`
	Rows     int   `json:"rows" doc:"Rows of all tables"`
	UndoDays int   `json:"undo_days" doc:"Days in which an import can be taken back"`
}

const maxDirectoryFile = 64 << 20

var directoryLimits = DirectoryLimits{Sent: maxDirectoryFile, Unpacked: hsds.MaxPackage, Files: hsds.MaxFiles, Rows: hsds.MaxRows, UndoDays: undoDays}

var (
	errMoved    = problem.New(problem.Conflict, "casework.directory-moved", "The directory has changed since you looked. Nothing was brought in. Look at the file again.")
	errNoImport = problem.New(problem.NotFound, "casework.directory-import-unknown", "There is no such import.")
	errUndone   = problem.New(problem.Conflict, "casework.directory-undone", "This import was taken back already.")
	errTooOld   = problem.New(problem.Gone, "casework.directory-import-old", "This import can no longer be taken back: what the rows were before is kept for %d days only. Correct the file and bring it in again.", undoDays)
)

var (
	markShape = regexp.MustCompile(`^[a-z0-9]{1,20}$`)
	idShape   = regexp.MustCompile(`^[0-9a-f-]{32,36}$`)
)

// rowChange is a row that an import stores, and what it was.
type rowChange struct {
	hsdsRow
	old string
}

// ImportDirectory puts a file's rows into the directory, in one transaction: a
// row with a known id is replaced (columns that a CSV file does not have stay),
// none is taken out. Nothing that is hidden today is published by it.
func (d *Desk) ImportDirectory(ctx context.Context, file hsds.File, how Bringing) (out Imported, err error) {
	if how.Mark != "" {
		if !markShape.MatchString(how.Mark) {
			return out, problem.New(problem.Invalid, "casework.directory-mark", "The mark for the ids of a directory has one to twenty small letters (a to z) or digits.").With("query.mark", "has other signs")
		}
		file.Mark(how.Mark)
	}
	if how.ID == "" {
		how.ID = id.New()
	} else if !idShape.MatchString(how.ID) {
		return out, problem.New(problem.Malformed, "casework.directory-import-id", "The number of an import is made of 32 hexadecimal digits.")
	}
	if past, found, err := d.importBefore(ctx, how); err != nil || found {
		return past, err
	}
	dir, err := d.dir(ctx)
	if err != nil {
		return out, err
	}
	file.Check(dir.flat)
	changes, out, err := d.planImport(ctx, dir, file)
	if err != nil {
		return out, err
	}
	out.DryRun = how.DryRun
	switch {
	case how.DryRun:
		out.Rows = rowsToShow(changes)
		return out, nil
	case how.Seen != 0 && how.Seen != out.Version:
		return out, errMoved
	case out.Opened > 0:
		return out, refuseOpening(out)
	case len(changes) == 0:
		return out, nil
	}
	out.ID = how.ID
	return out, d.DB.Write(ctx, func(t *db.Tx) error { return d.storeImport(t, ctx, how, changes, out) })
}

// importBefore finds an import that came once already.
func (d *Desk) importBefore(ctx context.Context, how Bringing) (out Imported, found bool, err error) {
	if how.DryRun {
		return out, false, nil
	}
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		var past DirectoryImport
		past, found, err = importByID(t, how.ID)
		out = Imported{ID: past.ID, Added: past.Added, Changed: past.Changed, Unchanged: past.Unchanged}
		return err
	})
	return out, found, err
}

// planImport compares a file with one version of the directory.
func (d *Desk) planImport(ctx context.Context, dir *directory, file hsds.File) (changes []rowChange, out Imported, err error) {
	out = Imported{Version: dir.version, Left: file.Left, Wrongs: len(file.Wrong), Noted: len(file.Notes)}
	out.Wrong, out.Notes = veiled(file.Wrong), veiled(file.Notes)
	rows, err := rowsOf(file.Directory)
	if err != nil {
		return nil, out, err
	}
	err = d.DB.Read(ctx, func(t *db.Tx) error {
		version, err := directoryVersion(t)
		if err != nil {
			return err
		}
		if version != dir.version {
			return errMoved // between two lines of ours; the next try reads it anew
		}
		changes, err = compareRows(t, file, rows, &out)
		return err
	})
	if err != nil {
		return nil, out, err
	}
	next := make([]hsdsRow, len(changes))
	for i, c := range changes {
		next[i] = c.hsdsRow
		if something(c) {
			out.Others++
		}
	}
	flat, err := directoryOf(next)
	if err != nil {
		return nil, out, err
	}
	opens := opened(dir.flat, dir.flat.Overlay(flat, nil))
	out.Opened = len(opens)
	for _, k := range opens[:min(len(opens), mostOpens)] {
		out.Opens = append(out.Opens, dir.shown(k))
	}
	return changes, out, nil
}

func veiled(list []hsds.RowError) []hsds.RowError {
	out := make([]hsds.RowError, min(len(list), mostMistakes))
	for i := range out {
		out[i] = list[i].Veiled()
	}
	return out
}

// compareRows finds what rows would add or change, and counts by table. The
// rows come table by table.
func compareRows(t *db.Tx, file hsds.File, rows []hsdsRow, out *Imported) (changes []rowChange, err error) {
	var stands map[string]string
	for i, r := range rows {
		if i == 0 || r.Table != rows[i-1].Table {
			if stands, err = tableRows(t, r.Table); err != nil {
				return nil, err
			}
			out.Tables = append(out.Tables, TableCount{Table: r.Table})
		}
		count := &out.Tables[len(out.Tables)-1]
		old := stands[r.ID]
		if old != "" {
			doc, err := file.Keep(r.Table, []byte(old), []byte(r.Doc))
			if err != nil {
				return nil, err
			}
			r.Doc = string(doc)
		}
		switch old {
		case "":
			count.Added++
			out.Added++
		case r.Doc:
			count.Unchanged++
			out.Unchanged++
			continue
		default:
			count.Changed++
			out.Changed++
		}
		changes = append(changes, rowChange{r, old})
	}
	return changes, nil
}

// storeImport writes what was planned, if the directory still stands as it was.
func (d *Desk) storeImport(t *db.Tx, ctx context.Context, how Bringing, changes []rowChange, out Imported) error {
	// The second of two that came at once finds the first here.
	if _, found, err := importByID(t, how.ID); err != nil || found {
		return err
	}
	moved, err := nextVersion(t, out.Version)
	if err != nil {
		return err
	}
	if moved {
		return errMoved
	}
	who := actor.From(ctx)
	if err := insertImport(t, DirectoryImport{ID: how.ID, by: who.Person, Mark: how.Mark, Added: out.Added, Changed: out.Changed, Unchanged: out.Unchanged, At: d.Clock.Now(), version: out.Version + 1}); err != nil {
		return err
	}
	for _, c := range changes {
		if err := putRow(t, c.hsdsRow, out.Version+1); err != nil {
			return err
		}
		if err := insertBefore(t, how.ID, c); err != nil {
			return err
		}
	}
	return d.leaf(t, ctx, "directory-import", "directory-import:"+how.ID, "", map[string]any{"added": out.Added, "changed": out.Changed, "unchanged": out.Unchanged, "mark": how.Mark}, nil)
}

// opened are the rows that nobody outside reads today and that everybody would
// read afterwards. It asks what is published, so that it holds for every way in
// which a row can be hidden.
func opened(before, after hsds.Directory) (out []hsds.Key) {
	keys := func(d hsds.Directory) map[hsds.Key]bool {
		set := map[hsds.Key]bool{}
		for _, k := range publicOf(d).Keys() {
			set[k] = true
		}
		return set
	}
	was, is := keys(before), keys(after)
	for _, k := range before.Keys() {
		if !was[k] && is[k] {
			out = append(out, k)
		}
	}
	return out
}

// refuseOpening names what would be published.
func refuseOpening(out Imported) error {
	p := problem.New(problem.Conflict, "casework.directory-opens", "%d rows that are confidential here would be published by this. Nothing was changed. Change these entries one by one.", out.Opened)
	for _, r := range out.Opens {
		p.With(r.Table+":"+r.ID, "would be published")
	}
	return p
}

// shown names a row of the directory without what leads to a door.
func (dir *directory) shown(k hsds.Key) ImportedRow {
	r := ImportedRow{Do: "change", Table: k.Table, ID: k.ID}
	switch k.Table {
	case "services.csv":
		s, _ := dir.row(k.ID)
		r.Name = s.Name
	case "organizations.csv":
		r.Name = dir.organization(k.ID).Name
	}
	return r
}

// named are the tables whose rows have a name that a page may show.
var named = []string{"services.csv", "organizations.csv"}

// fieldsOf are a row's fields; a row always is an object.
func fieldsOf(doc string) (out map[string]json.RawMessage) {
	if doc != "" {
		json.Unmarshal([]byte(doc), &out)
	}
	return out
}

func textField(fields map[string]json.RawMessage, name string) (text string) {
	json.Unmarshal(fields[name], &text) // what is no text says nothing
	return text
}

// something says that a row with a known id would say something else: another
// name, or it would belong to another row. Publishers that count rows from 1
// have the same ids for other things.
func something(c rowChange) bool {
	if c.old == "" {
		return false
	}
	old, now := fieldsOf(c.old), fieldsOf(c.Doc)
	for name := range old {
		is := strings.HasSuffix(name, "_id") && name != "parent_id" && name != "parent_organization_id"
		is = is || name == "name" && slices.Contains([]string{"services.csv", "organizations.csv", "locations.csv", "programs.csv", "taxonomy_terms.csv", "taxonomies.csv"}, c.Table)
		a, b := plainName(textField(old, name)), plainName(textField(now, name))
		if is && a != "" && b != "" && a != b {
			return true
		}
	}
	return false
}

func plainName(text string) string { return strings.Join(strings.Fields(strings.ToLower(text)), " ") }

// rowsToShow names what an import adds or changes: first what would say
// something else, then services and organizations, then the rest.
func rowsToShow(changes []rowChange) []ImportedRow {
	rank := func(c rowChange) int {
		switch {
		case something(c):
			return 0
		case slices.Contains(named, c.Table):
			return 1
		}
		return 2
	}
	order := make([][]rowChange, 3)
	for _, c := range changes {
		r := rank(c)
		order[r] = append(order[r], c)
	}
	var out []ImportedRow
	for r, list := range order {
		for _, c := range list {
			if len(out) == mostRows {
				return out
			}
			row := rowToShow(c)
			row.Other = r == 0
			out = append(out, row)
		}
	}
	return out
}

func rowToShow(c rowChange) ImportedRow {
	r := ImportedRow{Do: "add", Table: c.Table, ID: c.ID}
	old, now := fieldsOf(c.old), fieldsOf(c.Doc)
	if slices.Contains(named, c.Table) {
		r.Name = textField(now, "name")
		if was := textField(old, "name"); was != r.Name {
			r.Was = was
		}
	}
	if c.old == "" {
		return r
	}
	r.Do = "change"
	both := maps.Clone(old)
	maps.Copy(both, now)
	for _, name := range slices.Sorted(maps.Keys(both)) {
		if !bytes.Equal(old[name], now[name]) {
			r.Columns = append(r.Columns, name)
		}
	}
	return r
}

// DirectoryImports lists what was brought in, the newest first.
func (d *Desk) DirectoryImports(ctx context.Context) (list []DirectoryImport, err error) {
	err = d.DB.Read(ctx, func(t *db.Tx) (err error) { list, err = importsOf(t, mostImports); return err })
	if list == nil {
		list = []DirectoryImport{}
	}
	for i := range list {
		d.nameImport(ctx, &list[i])
	}
	return list, err
}

func (d *Desk) nameImport(ctx context.Context, i *DirectoryImport) {
	i.By, i.UndoneBy = d.someone(ctx, i.by), d.someone(ctx, i.undoneBy)
	if until := i.At.AddDate(0, 0, undoDays); i.UndoneAt.IsZero() && d.Clock.Now().Before(until) {
		i.UndoUntil = until
	}
}

func (d *Desk) someone(ctx context.Context, person string) (s Someone) {
	if d.NameOf == nil || person == "" {
		return s
	}
	s.Name, s.Organisation = d.NameOf(ctx, person)
	if d.OrganisationName != nil && s.Organisation != "" {
		s.Organisation = d.OrganisationName(ctx, s.Organisation)
	}
	return s
}

// UndoImport takes an import back as one: each row is what it was before, and
// what was new is gone. It refuses when something was built on it since.
func (d *Desk) UndoImport(ctx context.Context, importID string) (done DirectoryImport, err error) {
	dir, err := d.dir(ctx)
	if err != nil {
		return done, err
	}
	now := d.Clock.Now()
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		var found bool
		done, found, err = importByID(t, importID)
		switch {
		case err != nil:
			return err
		case !found:
			return errNoImport
		case !done.UndoneAt.IsZero():
			return errUndone
		case !now.Before(done.At.AddDate(0, 0, undoDays)):
			return errTooOld
		}
		return d.takeBack(t, ctx, dir, done, now)
	})
	if err != nil {
		return done, err
	}
	done.UndoneAt, done.undoneBy = now, actor.From(ctx).Person
	d.nameImport(ctx, &done)
	return done, nil
}

func (d *Desk) takeBack(t *db.Tx, ctx context.Context, dir *directory, i DirectoryImport, now time.Time) error {
	moved, err := nextVersion(t, dir.version)
	if err != nil {
		return err
	}
	if moved {
		return errMoved
	}
	rows, err := beforeOf(t, i.ID)
	if err != nil {
		return err
	}
	if err := refuseBuiltOn(t, dir, i, rows, now); err != nil {
		return err
	}
	for _, r := range rows {
		if err := putRow(t, r.hsdsRow, dir.version+1); err != nil {
			return err
		}
	}
	if err := endImport(t, i.ID, actor.From(ctx).Person, now); err != nil {
		return err
	}
	return d.leaf(t, ctx, "directory-undo", "directory-import:"+i.ID, "", map[string]any{"taken_out": i.Added, "put_back": i.Changed}, nil)
}

// refuseBuiltOn names what stands on an import: nil when nothing does.
func refuseBuiltOn(t *db.Tx, dir *directory, i DirectoryImport, rows []beforeRow, now time.Time) error {
	p := problem.New(problem.Conflict, "casework.directory-built-on", "Something was built on this import since; it cannot be taken back as one. Nothing was changed. Correct the file and bring it in again, or change these entries one by one.")
	var gone []hsds.Key
	var back []hsdsRow
	for _, r := range rows {
		if r.Doc == "" {
			gone = append(gone, hsds.Key{Table: r.Table, ID: r.ID})
		} else {
			back = append(back, r.hsdsRow)
		}
		if mark256(r.now) != r.became {
			p.With(r.Table+":"+r.ID, "was changed since")
		}
	}
	if err := withUses(t, p, i.ID, now); err != nil {
		return err
	}
	flat, err := directoryOf(back)
	if err != nil {
		return err
	}
	newer, err := keysSince(t, i.version)
	if err != nil {
		return err
	}
	after := dir.flat.Overlay(flat, gone)
	for _, k := range after.Leading(gone) {
		if newer[k] {
			p.With(k.Table+":"+k.ID, "belongs to a row of the import since")
		}
	}
	for _, k := range opened(dir.flat, after) {
		p.With(k.Table+":"+k.ID, "would be published")
	}
	if len(p.Fields) == 0 {
		return nil
	}
	slices.SortStableFunc(p.Fields, func(a, b problem.Field) int { return cmp.Compare(a.Location, b.Location) })
	p.Fields = p.Fields[:min(len(p.Fields), mostOpens)]
	return p
}

// withUses names the services of an import that somebody relies on.
func withUses(t *db.Tx, p *problem.Problem, importID string, now time.Time) error {
	used, err := builtOn(t, importID, now)
	for _, service := range used["referral"] {
		p.With("services.csv:"+service, "a referral goes to it")
	}
	for _, service := range used["consent"] {
		p.With("services.csv:"+service, "a consent names it")
	}
	for _, service := range used["receiver"] {
		p.With("services.csv:"+service, "an organisation answers for it here")
	}
	for _, service := range used["link"] {
		p.With("services.csv:"+service, "a link to confirm it is out")
	}
	return err
}
