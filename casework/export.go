package casework

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"lintas/casework/htcds"
	"lintas/casework/merge"
	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/db"
)

// caseIDColumn names a partner's own number of a case in an HTCDS file: bulk
// import knows by it what it brought before.
const caseIDColumn = "case_id"

// toSheets reads the fields of a case from an HTCDS record.
func toSheets(r htcds.Record) map[string]string {
	out := map[string]string{}
	for _, f := range AllFields {
		if values := r.Values[f.HTCDS]; f.HTCDS != "" && len(values) > 0 {
			out[f.Name] = strings.Join(values, ";")
		}
	}
	return out
}

// fromCase writes a case as an HTCDS record, with the classes given.
func (d *Desk) fromCase(t *db.Tx, ctx context.Context, c Case, classes []string) (htcds.Record, error) {
	r := htcds.Record{Values: map[string][]string{}, Other: map[string]string{caseIDColumn: c.Code}}
	rows, err := sheetsOf(t, c.ID)
	if err != nil {
		return r, err
	}
	for _, row := range rows {
		if !slices.Contains(classes, row.Class) {
			continue
		}
		fields, _, err := d.openSheet(ctx, c, row)
		if err != nil {
			return r, err
		}
		for _, f := range AllFields {
			if v := fields[f.Name].Value; f.HTCDS != "" && v != "" && f.Class == row.Class {
				r.Values[f.HTCDS] = listOf(f.HTCDS, v)
			}
		}
	}
	// A file's own word on the state counts until something happens here.
	if c.State != Opened || len(r.Values["cas_Status"]) == 0 {
		r.Values["cas_Status"] = []string{caseStatus(c)}
	}
	return r, d.outgoing(t, ctx, c, &r)
}

func standardField(name string) htcds.Field {
	f, _ := htcds.Lookup(name)
	return f
}

func listOf(field, v string) []string {
	if f, ok := htcds.Lookup(field); ok && f.Type.Many() {
		return strings.Split(v, ";")
	}
	return []string{v}
}

func caseStatus(c Case) string {
	switch {
	case c.State == Closed && c.Reason == "moved":
		return "ClosedReferred"
	case c.State == Closed:
		return "Closed"
	case c.State == Suspended:
		return "FollowUp"
	}
	return "Active"
}

// outgoing writes the newest referral, which the standard's form leaves out.
func (d *Desk) outgoing(t *db.Tx, ctx context.Context, c Case, r *htcds.Record) error {
	refs, err := referralsOfCase(t, c.ID)
	if err != nil || len(refs) == 0 {
		return err
	}
	last := refs[len(refs)-1]
	r.Values["cas_OutgoingReferralDate"] = []string{last.MadeAt.Format("2006-01-02")}
	r.Values["cas_ReasonForOutgoingReferral"] = []string{"AdditionalServicesRequired"}
	return nil
}

// ExportHTCDS writes the actor's cases. Personal fields are left out unless
// personal is set, which needs the right to export each case and is logged for
// each person.
func (d *Desk) ExportHTCDS(ctx context.Context, personal bool) (out []htcds.Record, err error) {
	who := actor.From(ctx)
	where, args := d.visible(who)
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		list, err := db.All(t, scanCase, `SELECT `+caseColumns+` FROM casework_case c WHERE (`+where+`)`+real+` ORDER BY c.opened_at, c.id`, args...)
		if err != nil {
			return err
		}
		for _, c := range list {
			r, err := d.exportOne(t, ctx, c, personal)
			if err != nil {
				return err
			}
			out = append(out, r)
		}
		return d.leaf(t, ctx, "export", "cases:"+who.Organisation, "", map[string]any{"cases": len(out), "personal": personal}, nil)
	})
	return out, err
}

func (d *Desk) exportOne(t *db.Tx, ctx context.Context, c Case, personal bool) (htcds.Record, error) {
	g, err := d.guard(t, c)
	if err != nil {
		return htcds.Record{}, err
	}
	who := actor.From(ctx)
	if !personal {
		r, err := d.fromCase(t, ctx, c, []string{Administrative, Legal})
		return r.WithoutPersonalData(), err
	}
	if !d.may(who, Export, g, Administrative, "") {
		return htcds.Record{}, errNotAllowed
	}
	var classes []string
	for _, class := range Classes {
		if d.may(who, Read, g, class, "") {
			classes = append(classes, class)
		}
	}
	r, err := d.fromCase(t, ctx, c, classes)
	if err != nil {
		return r, err
	}
	return r, d.leaf(t, ctx, "export", "case:"+c.ID, c.Person, map[string]any{"classes": classes}, nil)
}

// RowResult says what an import does, or would do, with one row.
type RowResult struct {
	Row        int            `json:"row"`
	Do         string         `json:"do" enum:"add,change,same,duplicate,wrong"`
	Case       string         `json:"case,omitempty"`
	Code       string         `json:"code,omitempty"`
	Changes    []htcds.Change `json:"changes,omitempty"`
	Issues     []htcds.Issue  `json:"issues,omitempty"`
	Duplicates []Likeness     `json:"duplicates,omitempty"`
	Unmapped   []string       `json:"unmapped,omitempty" doc:"Columns with a value that the standard does not know; they are left out"`
}

// Import is the result of a bulk import.
type Import struct {
	DryRun bool        `json:"dry_run"`
	Rows   []RowResult `json:"rows"`
	Added  int         `json:"added"`
	Change int         `json:"changed"`
	Wrong  int         `json:"wrong"`
}

// ImportHTCDS brings in cases. A row that was brought before (same case_id
// column) changes its case where it differs; one that resembles another case
// is left for a human; a row with an error, or of a case that takes nothing new,
// is left out and named, and stops no other row. With dryRun
// nothing is stored and the result is the same.
func (d *Desk) ImportHTCDS(ctx context.Context, records []htcds.Record, issues []htcds.Issue, dryRun bool) (out Import, err error) {
	out.DryRun = dryRun
	byRow := map[int][]htcds.Issue{}
	for _, i := range issues {
		byRow[i.Row] = append(byRow[i.Row], i)
	}
	seen, refs := rowsSeen{}, map[string]int{}
	for n, r := range records {
		row := cmp.Or(r.Row, n+1)
		// Two rows of one number would be two persons in one case.
		ref := r.Other[caseIDColumn]
		if first := refs[ref]; ref != "" && first > 0 {
			byRow[row] = append(byRow[row], htcds.Issue{Row: row, Field: caseIDColumn, Message: fmt.Sprintf("this number stands in row %d, too; each case needs a number of its own", first)})
		} else {
			refs[ref] = row
		}
		res, err := d.importRow(ctx, r, byRow[row], dryRun)
		if p, ok := problem.As(err); ok && p.Kind != problem.Internal && p.Kind != problem.Unavailable {
			// The case was closed, erased or given to a colleague since: this row's trouble, and no other's.
			res.Do, res.Changes, err = "wrong", nil, nil
			res.Issues = append(res.Issues, htcds.Issue{Message: p.Text})
		}
		if err != nil {
			return out, err
		}
		res.Row = row
		if dryRun && res.Do == "add" {
			if res.Duplicates = seen.add(d, res.Row, toSheets(r)); len(res.Duplicates) > 0 {
				res.Do = "duplicate"
			}
		}
		switch res.Do {
		case "add":
			out.Added++
		case "change":
			out.Change++
		case "wrong", "duplicate":
			out.Wrong++
		}
		out.Rows = append(out.Rows, res)
	}
	return out, nil
}

// rowsSeen are the rows that a dry run would have stored, by their marks: the
// same person twice in one file is found as it is when the file is stored.
type rowsSeen struct {
	rows  map[Mark][]int
	words map[int]int // how many words of a name a row has
}

// add returns the earlier rows that may be the same person; a row without any
// counts from now on.
func (s *rowsSeen) add(d *Desk, row int, values map[string]string) []Likeness {
	if s.rows == nil {
		s.rows, s.words = map[Mark][]int{}, map[int]int{}
	}
	shared := map[int]map[string]int{}
	marks, q := d.marksOf(values), d.ask(values)
	for _, m := range q.marks {
		for _, earlier := range s.rows[m] {
			if shared[earlier] == nil {
				shared[earlier] = map[string]int{}
			}
			shared[earlier][m.Kind]++
		}
	}
	var hits []markHit
	for _, earlier := range slices.Sorted(maps.Keys(shared)) {
		if q.alike(shared[earlier], s.words[earlier]) {
			name := "row " + itoa(int64(earlier))
			hits = append(hits, markHit{name, name, Opened, shared[earlier]})
		}
	}
	if len(hits) == 0 {
		for _, m := range marks {
			s.rows[m] = append(s.rows[m], row)
			if m.Kind == "name" {
				s.words[row]++
			}
		}
	}
	return likenesses(hits)
}

func (d *Desk) importRow(ctx context.Context, r htcds.Record, issues []htcds.Issue, dryRun bool) (res RowResult, err error) {
	res.Issues = issues
	for _, name := range sortedKeys(r.Other) {
		if name != caseIDColumn && r.Other[name] != "" {
			res.Unmapped = append(res.Unmapped, name)
		}
	}
	if slices.ContainsFunc(issues, func(i htcds.Issue) bool { return !i.Warning }) {
		res.Do = "wrong"
		return res, nil
	}
	values := toSheets(r)
	if err := checkValues(values); err != nil {
		res.Do = "wrong"
		if p, ok := problem.As(err); ok {
			for _, f := range p.Fields {
				res.Issues = append(res.Issues, htcds.Issue{Field: strings.TrimPrefix(f.Location, "body.values."), Message: f.Message})
			}
		}
		return res, nil
	}
	if born := values["birth_date"]; born > d.Clock.Now().AddDate(0, 0, 1).Format(time.DateOnly) {
		res.Do = "wrong"
		res.Issues = append(res.Issues, htcds.Issue{Field: "prs_Birthdate", Message: "lies in the future; a day of the past is expected, like 1999-05-04"})
		return res, nil
	}
	ref, who := r.Other[caseIDColumn], actor.From(ctx)
	var old Case
	var known bool
	if ref != "" {
		err = d.DB.Read(ctx, func(t *db.Tx) (err error) {
			if old, known, err = caseBySource(t, who.Organisation, "import", ref); err == nil && !known {
				old, known, err = caseByCode(t, who.Organisation, ref) // an export of ours comes back
			}
			if err == nil && !known {
				old, known, err = caseBySource(t, who.Organisation, "import", d.erasedSource(ref))
			}
			return err
		})
		if err != nil {
			return res, err
		}
	}
	if known {
		return d.importChange(ctx, res, old, r, values, dryRun)
	}
	if res.Duplicates, err = d.Duplicates(ctx, values); err != nil || len(res.Duplicates) > 0 {
		res.Do = "duplicate"
		return res, err
	}
	res.Do = "add"
	if dryRun {
		return res, nil
	}
	c, err := d.OpenCase(ctx, NewCase{Values: values, source: "import", sourceRef: ref})
	res.Case, res.Code = c.ID, c.Code
	return res, err
}

func (d *Desk) importChange(ctx context.Context, res RowResult, old Case, r htcds.Record, values map[string]string, dryRun bool) (RowResult, error) {
	res.Case, res.Code, res.Do = old.ID, old.Code, "same"
	err := d.DB.Read(ctx, func(t *db.Tx) error {
		if _, _, err := d.allowed(t, ctx, old.ID, Write, Identity); err != nil {
			return err
		}
		have, err := d.fromCase(t, ctx, old, Classes)
		if err != nil {
			return err
		}
		if res.Changes = append(res.Changes, htcds.Diff(have, r)...); len(res.Changes) == 0 {
			return nil
		}
		return takesChanges(t, old, values)
	})
	if err != nil || len(res.Changes) == 0 {
		return res, err
	}
	res.Do = "change"
	if dryRun {
		return res, nil
	}
	edited, err := d.EditSheets(ctx, old.ID, Edit{Base: old.Revision, Values: values})
	if err == nil && len(edited.Conflicts) > 0 {
		res.Issues = append(res.Issues, conflictIssues(edited.Conflicts)...)
	}
	return res, err
}

// takesChanges says before anything is stored what storing would say: a dry run
// must not promise what a case that was closed or erased since will refuse.
func takesChanges(t *db.Tx, c Case, values map[string]string) error {
	if err := c.takesNothing(); err != nil {
		return err
	}
	erased, err := erasedOf(t, c.ID)
	if err != nil {
		return err
	}
	for class := range byClass(values) {
		if slices.Contains(erased, class) {
			return errErased
		}
	}
	return nil
}

func conflictIssues(list []merge.Clash) []htcds.Issue {
	var out []htcds.Issue
	for _, c := range list {
		out = append(out, htcds.Issue{Field: c.Field, Message: "was changed meanwhile; both values are kept for you to decide", Warning: true})
	}
	return out
}
