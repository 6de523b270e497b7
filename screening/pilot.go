package screening

import (
	"cmp"
	"context"
	"encoding/json"
	"regexp"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// PilotQuestion counts what happened at one question.
type PilotQuestion struct {
	Seen    int     `json:"seen" minimum:"0" maximum:"1000000"`
	Seconds float64 `json:"seconds" minimum:"0" maximum:"1000000000"`
	Skipped int     `json:"skipped" minimum:"0" maximum:"1000000"`
	Back    int     `json:"back" minimum:"0" maximum:"1000000"`
}

// PilotSound counts how questions were heard in one language.
type PilotSound struct {
	Media int `json:"media" minimum:"0" maximum:"1000000"`
	Voice int `json:"voice" minimum:"0" maximum:"1000000"`
	None  int `json:"none" minimum:"0" maximum:"1000000"`
}

// PilotResults counts how interviews ended for the pack.
type PilotResults struct {
	Decided   int `json:"decided" minimum:"0" maximum:"1000000"`
	Undecided int `json:"undecided" minimum:"0" maximum:"1000000"`
}

// PilotReferral counts what became of the offer.
type PilotReferral struct {
	Offered  int `json:"offered" minimum:"0" maximum:"1000000"`
	Accepted int `json:"accepted" minimum:"0" maximum:"1000000"`
	Declined int `json:"declined" minimum:"0" maximum:"1000000"`
	None     int `json:"none" minimum:"0" maximum:"1000000"`
}

// PilotCounts are measures of a pilot: sums over many interviews, never one answer, name or time of day.
type PilotCounts struct {
	Instrument string                   `json:"instrument" maxLength:"255" doc:"Form id"`
	Version    string                   `json:"version" maxLength:"255"`
	Interviews int                      `json:"interviews" minimum:"0" maximum:"1000000"`
	Seconds    float64                  `json:"seconds" minimum:"0" maximum:"1000000000"`
	Questions  map[string]PilotQuestion `json:"questions"`
	Languages  map[string]int           `json:"languages"`
	Sound      map[string]PilotSound    `json:"sound"`
	Results    PilotResults             `json:"results"`
	Referral   PilotReferral            `json:"referral"`
}

var languageForm = regexp.MustCompile(`^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,4}$`)

// AddPilot keeps a set of counts. Anything that could carry words instead of counts is refused: questions must
// be those of the instrument.
func (d *Desk) AddPilot(ctx context.Context, c PilotCounts) error {
	compiled, err := d.revisionNamed(ctx, c.Instrument, c.Version)
	if err != nil {
		return err
	}
	for path := range c.Questions {
		if _, known := compiled.form.byPath[path]; !known {
			return problem.New(problem.Invalid, "screening.pilot-question", "The counts name a question that this form does not have. Nothing was kept.")
		}
	}
	for lang := range c.Languages {
		if !languageForm.MatchString(lang) {
			return problem.New(problem.Invalid, "screening.pilot-language", "The counts name something that is not a language code. Nothing was kept.")
		}
	}
	for lang := range c.Sound {
		if !languageForm.MatchString(lang) {
			return problem.New(problem.Invalid, "screening.pilot-language", "The counts name something that is not a language code. Nothing was kept.")
		}
	}
	text, err := json.Marshal(c)
	if err != nil {
		return err
	}
	who, now, entry := actor.From(ctx), d.clock.Now(), id.New()
	return d.db.Write(ctx, func(t *db.Tx) error {
		if on, err := pilotOn(t, who.Organisation); err != nil || !on {
			return cmp.Or(err, error(errPilotOff))
		}
		// The day, not the moment, and not the officer: counts of one day must not tell who had a slow one.
		day := now.Truncate(24 * 60 * 60 * 1e9)
		if _, err := t.Exec(`INSERT INTO screening_pilot (id, at, organisation, counts) VALUES (?,?,?,?)`, entry, clock.Millis(day), who.Organisation, string(text)); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "screening.pilot", Object: "screening-pilot:" + entry, Stored: text})
	})
}

// Pilot sums the counts of the actor's organisation, by instrument and version.
func (d *Desk) Pilot(ctx context.Context) ([]PilotCounts, error) {
	who := actor.From(ctx)
	var texts []string
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		texts, err = db.All(t, func(s db.Scanner) (c string, err error) { return c, s.Scan(&c) }, `SELECT counts FROM screening_pilot WHERE organisation = ? OR ? = 1 ORDER BY id`, who.Organisation, flag(who.System != ""))
		return err
	})
	if err != nil {
		return nil, err
	}
	sums := []PilotCounts{}
	at := map[[2]string]int{}
	for _, text := range texts {
		var c PilotCounts
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			return nil, err
		}
		key := [2]string{c.Instrument, c.Version}
		i, known := at[key]
		if !known {
			i = len(sums)
			at[key] = i
			sums = append(sums, PilotCounts{Instrument: c.Instrument, Version: c.Version, Questions: map[string]PilotQuestion{}, Languages: map[string]int{}, Sound: map[string]PilotSound{}})
		}
		sums[i].add(c)
	}
	return sums, nil
}

func (s *PilotCounts) add(c PilotCounts) {
	s.Interviews += c.Interviews
	s.Seconds += c.Seconds
	for k, v := range c.Questions {
		q := s.Questions[k]
		s.Questions[k] = PilotQuestion{q.Seen + v.Seen, q.Seconds + v.Seconds, q.Skipped + v.Skipped, q.Back + v.Back}
	}
	for k, v := range c.Languages {
		s.Languages[k] += v
	}
	for k, v := range c.Sound {
		x := s.Sound[k]
		s.Sound[k] = PilotSound{x.Media + v.Media, x.Voice + v.Voice, x.None + v.None}
	}
	s.Results.Decided += c.Results.Decided
	s.Results.Undecided += c.Results.Undecided
	s.Referral.Offered += c.Referral.Offered
	s.Referral.Accepted += c.Referral.Accepted
	s.Referral.Declined += c.Referral.Declined
	s.Referral.None += c.Referral.None
}
