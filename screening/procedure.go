package screening

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// The referral procedure of the country is data of the node: steps in plain text, in the languages of the
// officers, with who confirmed it, on which day, and until when they stand behind it. It is kept in versions and
// goes to every phone. A procedure past its day still goes out, because an old telephone number may be better
// than none; it says that it is old.

// ProcedureText is the procedure in one language. Every language has the same steps in the same order: a step
// that one officer can read and another cannot would be two procedures.
type ProcedureText struct {
	Language string   `json:"language" maxLength:"35" doc:"BCP 47 code"`
	Title    string   `json:"title" maxLength:"200"`
	Steps    []string `json:"steps" maxItems:"30" doc:"Plain text, one step each"`
	Draft    bool     `json:"draft,omitempty" doc:"Not checked by a speaker yet"`
}

// ProcedureWords is what a person writes and somebody confirms.
type ProcedureWords struct {
	Texts       []ProcedureText `json:"texts" maxItems:"20" doc:"The first one is the language it was confirmed in"`
	ConfirmedBy string          `json:"confirmed_by" maxLength:"200" doc:"Office or function that confirmed it; it is printed and goes to phones"`
	ConfirmedOn string          `json:"confirmed_on" doc:"Day, YYYY-MM-DD"`
	HoldsUntil  string          `json:"holds_until" doc:"Last day on which it is vouched for, YYYY-MM-DD"`
	Source      string          `json:"source,omitempty" maxLength:"300" doc:"The document it follows"`
}

// ProcedureVersion is one state of the procedure.
type ProcedureVersion struct {
	ProcedureWords
	Version int       `json:"version"`
	State   string    `json:"state" enum:"confirmed,withdrawn"`
	Expired bool      `json:"expired,omitempty" doc:"The day until which it holds has passed"`
	MadeAt  time.Time `json:"made_at"`
	MadeBy  string    `json:"made_by,omitempty" doc:"Name of who wrote it down, where known"`

	id     string
	person string
}

const (
	procedureConfirmed = "confirmed"
	procedureWithdrawn = "withdrawn"
	maxStep            = 1000 // characters
	longestPromise     = 731  // days that a confirmation may reach ahead
)

var markup = regexp.MustCompile(`<\s*[/!?]?\s*[A-Za-z]`)

// Check says everything that is wrong with the words, place by place; nil when all is well.
func (w *ProcedureWords) Check(now time.Time) error {
	bad := problem.New(problem.Invalid, "screening.procedure-invalid", "The procedure was not saved. Correct the places named.")
	line := func(at, s string, most int, needed bool) {
		switch n := utf8.RuneCountInString(s); {
		case needed && n == 0:
			bad.With(at, "is empty")
		case n > most:
			bad.With(at, "has %d characters; at most %d fit on a phone", n, most)
		case strings.ContainsFunc(s, unreadable):
			bad.With(at, "holds characters that cannot be shown; write it as plain text")
		case markup.MatchString(s):
			bad.With(at, "holds markup such as <b>; write plain text")
		}
	}
	if len(w.Texts) == 0 {
		bad.With("texts", "write it in at least one language")
	}
	seen := map[string]bool{}
	for i, t := range w.Texts {
		at := fmt.Sprintf("texts.%d", i)
		switch {
		case !languageForm.MatchString(t.Language):
			bad.With(at+".language", "is not a language code such as en, th or my")
		case seen[strings.ToLower(t.Language)]:
			bad.With(at+".language", "stands twice")
		}
		seen[strings.ToLower(t.Language)] = true
		line(at+".title", t.Title, 200, true)
		if len(t.Steps) == 0 {
			bad.With(at+".steps", "write at least one step")
		}
		if len(t.Steps) != len(w.Texts[0].Steps) {
			bad.With(at+".steps", "has %d steps, the first language has %d: every officer must read the same steps", len(t.Steps), len(w.Texts[0].Steps))
		}
		for k, s := range t.Steps {
			line(fmt.Sprintf("%s.steps.%d", at, k), s, maxStep, true)
		}
	}
	line("confirmed_by", w.ConfirmedBy, 200, true)
	line("source", w.Source, 300, false)
	w.checkDays(bad, now)
	if len(bad.Fields) > 0 {
		return bad
	}
	return nil
}

func (w *ProcedureWords) checkDays(bad *problem.Problem, now time.Time) {
	on, err := time.Parse(time.DateOnly, w.ConfirmedOn)
	if err != nil {
		bad.With("confirmed_on", "is not a day such as 2026-11-30")
	} else if on.After(now.Add(14 * time.Hour)) { // it may be tomorrow already, east of here
		bad.With("confirmed_on", "lies in the future")
	}
	until, wrong := time.Parse(time.DateOnly, w.HoldsUntil)
	switch {
	case wrong != nil:
		bad.With("holds_until", "is not a day such as 2027-05-31")
	case err == nil && until.Before(on):
		bad.With("holds_until", "lies before the day of the confirmation")
	case err == nil && until.Sub(on) > longestPromise*24*time.Hour:
		bad.With("holds_until", "lies more than two years after the confirmation; telephone numbers do not hold that long")
	}
}

// unreadable are control characters, and the marks that turn text around without an end.
func unreadable(r rune) bool {
	return unicode.IsControl(r) && r != '\n' || r == '\u202a' || r == '\u202b' || r == '\u202d' || r == '\u202e' || r == utf8.RuneError
}

// tidy takes away the white space that nobody means.
func (w *ProcedureWords) tidy() {
	for i := range w.Texts {
		t := &w.Texts[i]
		t.Language, t.Title = strings.TrimSpace(t.Language), strings.TrimSpace(t.Title)
		for k := range t.Steps {
			t.Steps[k] = strings.TrimSpace(strings.ReplaceAll(t.Steps[k], "\r\n", "\n"))
		}
	}
	w.ConfirmedBy, w.Source = strings.TrimSpace(w.ConfirmedBy), strings.TrimSpace(w.Source)
}

// SetProcedure puts a new version in force. after is the version that the writer had before them (0: none): who
// writes over a version they have not read is told.
func (d *Desk) SetProcedure(ctx context.Context, after int, w ProcedureWords) (ProcedureVersion, error) {
	w.tidy()
	if err := w.Check(d.clock.Now()); err != nil {
		return ProcedureVersion{}, err
	}
	return d.putProcedure(ctx, after, procedureConfirmed, w)
}

// WithdrawProcedure takes the procedure from the phones. The versions stay.
func (d *Desk) WithdrawProcedure(ctx context.Context, after int) error {
	_, err := d.putProcedure(ctx, after, procedureWithdrawn, ProcedureWords{Texts: []ProcedureText{}})
	return err
}

func (d *Desk) putProcedure(ctx context.Context, after int, state string, w ProcedureWords) (ProcedureVersion, error) {
	body, err := json.Marshal(w)
	if err != nil {
		return ProcedureVersion{}, err
	}
	who, now := actor.From(ctx), d.clock.Now()
	v := ProcedureVersion{ProcedureWords: w, Version: after + 1, State: state, MadeAt: now, id: id.New(), person: who.Person}
	err = d.db.Write(ctx, func(t *db.Tx) error {
		last, _, err := lastProcedure(t)
		if err != nil {
			return err
		}
		if last.Version != after {
			return errProcedureMoved
		}
		if state == procedureWithdrawn && last.State != procedureConfirmed {
			return problem.New(problem.Conflict, "screening.no-procedure", "There is no procedure in force that could be withdrawn.")
		}
		if _, err := t.Exec(`INSERT INTO screening_procedure (version, id, made_at, made_by, state, body) VALUES (?,?,?,?,?,?)`,
			v.Version, v.id, clock.Millis(now), who.Person, state, string(body)); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "screening.procedure-" + state, Object: "screening-procedure:" + v.id,
			Detail: map[string]any{"version": v.Version, "languages": len(w.Texts)}, Stored: body})
	})
	if db.Unique(err) {
		err = errProcedureMoved
	}
	return v, err
}

var errProcedureMoved = problem.New(problem.Conflict, "screening.procedure-moved", "Somebody saved another version meanwhile. Nothing of yours was saved. Copy your text, open the page again and look at theirs first.")

const procedureColumns = `version, id, made_at, made_by, state, body`

func scanProcedure(s db.Scanner) (v ProcedureVersion, err error) {
	var at int64
	var body string
	if err = s.Scan(&v.Version, &v.id, &at, &v.person, &v.State, &body); err != nil {
		return v, err
	}
	v.MadeAt = clock.FromMillis(at)
	return v, json.Unmarshal([]byte(body), &v.ProcedureWords)
}

func lastProcedure(t *db.Tx) (ProcedureVersion, bool, error) {
	return db.One(t, scanProcedure, `SELECT `+procedureColumns+` FROM screening_procedure ORDER BY version DESC LIMIT 1`)
}

// StoredProcedure gives the bytes that the audit log vouches for.
func StoredProcedure(t *db.Tx, object string) ([]byte, bool, error) {
	name, is := strings.CutPrefix(object, "screening-procedure:")
	if !is {
		return nil, false, nil
	}
	return db.One(t, func(s db.Scanner) ([]byte, error) {
		var text string
		err := s.Scan(&text)
		return []byte(text), err
	}, `SELECT body FROM screening_procedure WHERE id = ?`, name)
}

// Procedures lists every version, newest first.
func (d *Desk) Procedures(ctx context.Context) (out []ProcedureVersion, err error) {
	err = d.db.Read(ctx, func(t *db.Tx) (err error) {
		out, err = db.All(t, scanProcedure, `SELECT `+procedureColumns+` FROM screening_procedure ORDER BY version DESC`)
		return err
	})
	var people []string
	for i := range out {
		out[i].Expired = d.past(out[i].ProcedureWords)
		if out[i].person != "" {
			people = append(people, out[i].person)
		}
	}
	if err != nil || d.deps.PersonNames == nil || len(people) == 0 {
		return out, err
	}
	names, err := d.deps.PersonNames(ctx, people)
	for i := range out {
		out[i].MadeBy = names[out[i].person]
	}
	return out, err
}

// past reports whether the last day of a procedure is over everywhere.
func (d *Desk) past(w ProcedureWords) bool {
	until, err := time.Parse(time.DateOnly, w.HoldsUntil)
	return err == nil && d.clock.Now().After(until.Add(36*time.Hour)) // the day ends twelve hours later, west of here
}

// procedureForPhones is the procedure in force, as the bundle carries it, and a learning card of it in each
// language; nil when there is none.
func (d *Desk) procedureForPhones(ctx context.Context) (*Procedure, []Card, error) {
	var v ProcedureVersion
	err := d.db.Read(ctx, func(t *db.Tx) (err error) { v, _, err = lastProcedure(t); return err })
	if err != nil || v.State != procedureConfirmed {
		return nil, nil, err
	}
	first := v.Texts[0]
	p := &Procedure{Title: first.Title, Language: first.Language, Steps: first.Steps, Dated: v.ConfirmedOn, ConfirmedBy: v.ConfirmedBy,
		HoldsUntil: v.HoldsUntil, Source: v.Source, Version: v.Version, Texts: v.Texts}
	var out []Card
	for _, t := range v.Texts {
		out = append(out, Card{ID: "referral", Language: t.Language, Title: t.Title, Steps: t.Steps, Source: firstOf(v.Source, fmt.Sprintf("referral procedure %d", v.Version)),
			CheckedAt: v.ConfirmedOn, CheckedBy: v.ConfirmedBy, HoldsUntil: v.HoldsUntil, Draft: t.Draft})
	}
	return p, out, nil
}
