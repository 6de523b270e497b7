// Package problem is the one word for "something the user can act on".
//
// A Problem has a kind (which decides the HTTP status), a stable code such as
// "screening.duplicate" (which the web translates, and which never changes once
// shipped), and an English sentence that says what happened and what to do next.
// One code stands for one sentence; the values in it travel beside it, so that
// the page can put them into the sentence of another language.
// Everything else that goes wrong is an ordinary error wrapped with %w: it is
// logged whole and shown to the user only as "internal".
//
// A Problem must not contain personal data: it may reach logs.
package problem

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
)

// Kind groups problems by what the caller can do about them.
type Kind string

// The kinds, each with one HTTP status.
const (
	Invalid         Kind = "invalid"         // 422: the input is wrong; correct it and send again
	Malformed       Kind = "malformed"       // 400: the request cannot be read
	Unauthenticated Kind = "unauthenticated" // 401: sign in
	Forbidden       Kind = "forbidden"       // 403: signed in, but not allowed
	NotFound        Kind = "not-found"       // 404: not there, or not yours to see
	Conflict        Kind = "conflict"        // 409: someone or something was faster
	Gone            Kind = "gone"            // 410: was there, ended for good
	TooLarge        Kind = "too-large"       // 413
	TooMany         Kind = "too-many"        // 429: wait, then try again
	Unavailable     Kind = "unavailable"     // 503: try again later; nothing was changed
	Full            Kind = "full"            // 507: no room to store; nothing was changed
	Internal        Kind = "internal"        // 500
)

var status = map[Kind]int{
	Invalid: 422, Malformed: 400, Unauthenticated: 401, Forbidden: 403, NotFound: 404, Conflict: 409,
	Gone: 410, TooLarge: 413, TooMany: 429, Unavailable: 503, Full: 507, Internal: 500,
}

// Status is the HTTP status of the kind; 500 for a kind that is not known.
func (k Kind) Status() int {
	if s, ok := status[k]; ok {
		return s
	}
	return 500
}

// Field is one place in the input that is wrong.
type Field struct {
	Location string `json:"location"` // dotted path or cell, e.g. "body.login" or "survey!C7"
	Message  string `json:"message"`
	// Template is the message with {0}, {1}... where Values stand. The web finds the translation by it, or by
	// the message when it has no values.
	Template string   `json:"template,omitempty"`
	Values   []string `json:"values,omitempty"`
}

// Problem is an error that a user can act on.
type Problem struct {
	Kind   Kind
	Code   string   // stable, "<desk>.<name>"
	Text   string   // English, plain, says what to do
	Values []string // what the verbs of the sentence stand for, in their order
	Fields []Field
	Cause  error // for the log; never shown
}

// New makes a Problem; text may hold fmt verbs.
func New(kind Kind, code, text string, args ...any) *Problem {
	return &Problem{Kind: kind, Code: code, Text: sentence(text, args), Values: values(text, args)}
}

// With adds a field that is wrong and returns p; message may hold fmt verbs.
func (p *Problem) With(location, message string, args ...any) *Problem {
	f := Field{Location: location, Message: sentence(message, args), Values: values(message, args)}
	if len(args) > 0 {
		f.Template = Template(message)
	}
	p.Fields = append(p.Fields, f)
	return p
}

// A verb of package fmt, or a percent sign by itself. Arguments are taken in their order: %[2]d is not for sentences.
var verbs = regexp.MustCompile(`%[-+# 0]*[0-9]*(?:\.[0-9]+)?[a-zA-Z%]`)

func sentence(text string, args []any) string {
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}

// values are the arguments as the verbs write them; quotes belong to the sentence, so %q gives none.
func values(text string, args []any) (out []string) {
	if len(args) == 0 {
		return nil // most sentences have none, and hundreds are made when the program starts
	}
	for _, verb := range verbs.FindAllString(text, -1) {
		if verb == "%%" || len(out) == len(args) {
			continue
		}
		if verb == "%q" {
			verb = "%s"
		}
		out = append(out, fmt.Sprintf(verb, args[len(out)]))
	}
	return out
}

// Template is text with {0}, {1}... in place of its verbs, as translations have it.
func Template(text string) string {
	n := -1
	return verbs.ReplaceAllStringFunc(text, func(verb string) string {
		if verb == "%%" {
			return "%"
		}
		n++
		return "{" + strconv.Itoa(n) + "}"
	})
}

// Because keeps the cause for the log and returns p.
func (p *Problem) Because(err error) *Problem { p.Cause = err; return p }

func (p *Problem) Error() string { return p.Code + ": " + p.Text }

// Unwrap gives the cause, so that errors.Is sees through a Problem.
func (p *Problem) Unwrap() error { return p.Cause }

// Is reports whether target is a Problem with the same code: errors.Is(err, &Problem{Code: c}).
func (p *Problem) Is(target error) bool {
	t, ok := target.(*Problem)
	return ok && t.Code == p.Code
}

// As finds the Problem in an error chain.
func As(err error) (*Problem, bool) {
	var p *Problem
	ok := errors.As(err, &p)
	return p, ok
}

// HasCode reports whether err is a Problem with this code.
func HasCode(err error, code string) bool {
	p, ok := As(err)
	return ok && p.Code == code
}
