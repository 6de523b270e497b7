// Package actor says who is acting: a signed-in person, a device, a partner with a link, or the node itself.
package actor

import (
	"context"
	"slices"
)

// Role is what a person may do in an organisation. The list is closed: policies name these words.
type Role string

// The roles.
const (
	Officer       Role = "officer"
	Caseworker    Role = "caseworker"
	Supervisor    Role = "supervisor"
	Analyst       Role = "analyst"
	Planner       Role = "planner"
	Secretariat   Role = "secretariat"
	Trainer       Role = "trainer"
	Administrator Role = "administrator"
)

// Roles lists every role, in the order shown to people.
var Roles = []Role{Officer, Caseworker, Supervisor, Analyst, Planner, Secretariat, Trainer, Administrator}

// Valid reports whether r is a known role.
func (r Role) Valid() bool { return slices.Contains(Roles, r) }

// Actor is who acts. The zero Actor is nobody.
type Actor struct {
	Person       string // id of the person signed in; empty for a device acting for nobody
	Organisation string // id of the organisation acted for
	Roles        []Role
	Device       string // id of the device, when known
	Session      string // id (not the secret) of the session, when there is one
	MustChange   bool   // signed in with a password that somebody else has seen: only its change is open
	System       string // name of the node's own job, e.g. "casework.deadlines"; such an actor passes no route
}

// Nobody reports whether no one is acting.
func (a Actor) Nobody() bool { return a.Person == "" && a.Device == "" && a.System == "" }

// Has reports whether the actor holds any of the roles.
func (a Actor) Has(roles ...Role) bool {
	return slices.ContainsFunc(roles, func(r Role) bool { return slices.Contains(a.Roles, r) })
}

// Label names the actor in the audit log: ids only, never a name.
func (a Actor) Label() string {
	switch {
	case a.Person != "":
		return "person:" + a.Person
	case a.Device != "":
		return "device:" + a.Device
	case a.System != "":
		return "system:" + a.System
	}
	return "nobody"
}

type key struct{}

// With puts the actor into the context.
func With(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// From is the actor of the context; the zero Actor when there is none.
func From(ctx context.Context) Actor { a, _ := ctx.Value(key{}).(Actor); return a }
