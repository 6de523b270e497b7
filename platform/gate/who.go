// Package gate says who may call what. Every route of the node is registered here together with a Who;
// there is no other way to add one, so the list of routes is the list of permissions, and a test walks
// all routes times all roles.
package gate

import (
	"net/http"
	"strings"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
)

// Who is the rule of a route: who may call it. It does not say which records: that is the desk's policy.
type Who struct {
	public string // reason why anyone may call it
	device bool   // a device acting for no person may call it
	roles  []actor.Role
	any    bool
	first  bool // also with a password that somebody else has seen
	deny   func(http.ResponseWriter, *http.Request, *problem.Problem)
}

// Public lets anyone call the route; why is kept in the list of routes for the auditor.
func Public(why string) Who { return Who{public: why} }

// SignedIn lets every signed-in person call the route.
func SignedIn() Who { return Who{any: true} }

// WithGivenPassword lets also a person call the route who has not yet changed the password they were given:
// somebody else has seen it, so it must not open anything that would outlast its change.
func (w Who) WithGivenPassword() Who { w.first = true; return w }

// Roles lets persons with one of these roles call the route.
func Roles(roles ...actor.Role) Who { return Who{roles: roles} }

// AndDevices lets enrolled devices acting for nobody call the route, too.
func (w Who) AndDevices() Who { w.device = true; return w }

// Refusing renders a refusal in the form of the route's protocol instead of problem+json.
func (w Who) Refusing(f func(http.ResponseWriter, *http.Request, *problem.Problem)) Who {
	w.deny = f
	return w
}

// Check returns nil when the actor may call the route, else the refusal.
func (w Who) Check(a actor.Actor) *problem.Problem {
	switch {
	case w.public != "":
		return nil
	case a.Nobody():
		return problem.New(problem.Unauthenticated, "gate.sign-in", "Sign in first.")
	case a.MustChange && !w.first:
		return problem.New(problem.Forbidden, "gate.password-first", "Choose your own password first: somebody else has seen the one you signed in with.")
	case w.device && a.Person == "" && a.Device != "":
		return nil
	case a.Person != "" && (w.any || a.Has(w.roles...)):
		return nil
	}
	return problem.New(problem.Forbidden, "gate.not-allowed", "Your role does not allow this. Ask an administrator of your organisation if you need it.")
}

// String describes the rule for the list of routes.
func (w Who) String() string {
	var parts []string
	if w.public != "" {
		return "anyone: " + w.public
	}
	if w.any {
		parts = append(parts, "signed in")
	}
	for _, r := range w.roles {
		parts = append(parts, string(r))
	}
	if w.first {
		parts = append(parts, "also before a given password is changed")
	}
	if w.device {
		parts = append(parts, "device")
	}
	return strings.Join(parts, ", ")
}
