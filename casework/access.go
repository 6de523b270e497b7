package casework

import (
	"context"

	"github.com/cedar-policy/cedar-go"

	"lintas/kernel/actor"
	"lintas/platform/db"
)

// Action is something the policies decide on.
type Action string

// The actions.
const (
	See         Action = "see"   // that the case exists, its code and state
	Read        Action = "read"  // a field class
	Write       Action = "write" // a field class, entries, states
	Refer       Action = "refer" // consent and referrals
	AskApproval Action = "ask_approval"
	Approve     Action = "approve"
	Assign      Action = "assign" // owner, members
	Release     Action = "release"
	Hold        Action = "hold"
	Erase       Action = "erase"
	BreakGlass  Action = "break_glass"
	Override    Action = "override" // refer without consent
	Export      Action = "export"
)

// Guarded is what the policies know of a case.
type Guarded struct {
	Organisation string
	Owner        string
	Members      []string
	Glass        []string
	Released     []string
}

// may asks the policies. class is a field class (Administrative when the
// action has none); askedBy is who asked for an approval. Both are always
// given to the policies: a forbid that cannot be evaluated would not forbid.
func (d *Desk) may(who actor.Actor, do Action, g Guarded, class, askedBy string) bool {
	if who.System != "" {
		return true
	}
	if who.Person == "" {
		return false
	}
	principal := cedar.NewEntityUID("Person", cedar.String(who.Person))
	resource := cedar.NewEntityUID("Case", "case")
	roles := make([]cedar.Value, len(who.Roles))
	for i, r := range who.Roles {
		roles[i] = cedar.String(r)
	}
	entities := cedar.EntityMap{
		principal: {UID: principal, Attributes: cedar.NewRecord(cedar.RecordMap{
			"id": cedar.String(who.Person), "organisation": cedar.String(who.Organisation), "roles": cedar.NewSet(roles...),
		})},
		resource: {UID: resource, Attributes: cedar.NewRecord(cedar.RecordMap{
			"organisation": cedar.String(g.Organisation), "owner": cedar.String(g.Owner),
			"members": texts(g.Members), "glass": texts(g.Glass), "released": texts(g.Released),
		})},
	}
	ok, _ := cedar.Authorize(d.policies, entities, cedar.Request{
		Principal: principal, Action: cedar.NewEntityUID("Action", cedar.String(do)), Resource: resource,
		Context: cedar.NewRecord(cedar.RecordMap{"class": cedar.String(class), "asked_by": cedar.String(askedBy)}),
	})
	return ok == cedar.Allow
}

func texts(list []string) cedar.Set {
	values := make([]cedar.Value, len(list))
	for i, v := range list {
		values[i] = cedar.String(v)
	}
	return cedar.NewSet(values...)
}

// visible is policy "see" for the class administrative as a condition on
// casework_case c, so that lists need not load every case. A property test
// holds it to the policies.
func (d *Desk) visible(who actor.Actor) (string, []any) {
	now := d.Clock.Now().UnixMilli()
	switch {
	case who.System != "":
		return "1=1", nil
	case who.Person == "":
		return "1=0", nil
	case who.Has(actor.Supervisor):
		return "c.organisation = ?", []any{who.Organisation}
	}
	where, args := "1=0", []any{who.Organisation}
	if who.Has(actor.Caseworker) {
		where += ` OR c.owner = ? OR c.id IN (SELECT m.case_id FROM casework_member m WHERE m.person = ? AND (m.until = 0 OR m.until > ?))`
		args = append(args, who.Person, who.Person, now)
	}
	if who.Has(actor.Officer) {
		where += ` OR c.released LIKE '%"administrative"%'`
	}
	return "c.organisation = ? AND (" + where + ")", args
}

// guard reads what the policies need to know of a case.
func (d *Desk) guard(t *db.Tx, c Case) (Guarded, error) {
	g := Guarded{Organisation: c.Organisation, Owner: c.Owner, Released: c.Released}
	members, err := membersOf(t, c.ID, d.Clock.Now())
	for _, m := range members {
		if m.Kind == "glass" {
			g.Glass = append(g.Glass, m.Person)
		} else {
			g.Members = append(g.Members, m.Person)
		}
	}
	return g, err
}

// allowed loads a case for an action, or answers "not found" when it is not
// there or the actor may not even see it.
func (d *Desk) allowed(t *db.Tx, ctx context.Context, id string, do Action, class string) (Case, Guarded, error) {
	c, found, err := caseByID(t, id)
	if err != nil || !found || c.gone() {
		return c, Guarded{}, orNoCase(err)
	}
	g, err := d.guard(t, c)
	if err != nil {
		return c, g, err
	}
	if !d.may(actor.From(ctx), do, g, class, "") {
		return c, g, d.refuse(ctx, g)
	}
	return c, g, nil
}

// refuse is "not found" for who may not see the case, and says so plainly to
// who may see it but not do this.
func (d *Desk) refuse(ctx context.Context, g Guarded) error {
	if d.may(actor.From(ctx), See, g, Administrative, "") {
		return errNotAllowed
	}
	return errNoCase
}

func orNoCase(err error) error {
	if err != nil {
		return err
	}
	return errNoCase
}
