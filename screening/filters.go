package screening

import (
	"cmp"
	"context"
	"slices"

	"lintas/kernel/actor"
	"lintas/platform/db"
	"lintas/screening/indicator"
)

// Choice is one value that a list can be narrowed to.
type Choice struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// Filters is what a list of screenings can be narrowed by. Outcomes are the offer and the needs to meet; what a case
// might be called is read on a person's page, with its reasons, and is nothing to gather people by.
type Filters struct {
	Instruments []Choice `json:"instruments"`
	Places      []Choice `json:"places"`
	Languages   []Choice `json:"languages" doc:"Empty where no form asks in which language the interview is held"`
	Outcomes    []Choice `json:"outcomes"`
}

// Filters gathers the choices from the instruments and from the devices that sent to the actor's organisation.
func (d *Desk) Filters(ctx context.Context, lang string) (Filters, error) {
	out := Filters{Instruments: []Choice{}, Places: []Choice{}, Languages: []Choice{}, Outcomes: []Choice{}}
	var revisions []Revision
	var devices []string
	who := actor.From(ctx)
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		if revisions, err = currentRevisions(t, ""); err != nil {
			return err
		}
		devices, err = db.All(t, func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) },
			`SELECT DISTINCT device FROM screening_record WHERE organisation = ? AND device <> '' ORDER BY device`, who.Organisation)
		return err
	})
	if err != nil {
		return out, err
	}
	for _, r := range revisions {
		c, err := d.revision(ctx, r.ID)
		if err != nil {
			return out, err
		}
		out.Instruments = append(out.Instruments, Choice{r.Instrument, r.Title})
		out.Places = append(out.Places, c.form.choicesOf(lang, "border_post", "place")...)
		out.Languages = append(out.Languages, c.form.choicesOf(lang, "interview_language", "language")...)
		out.Outcomes = append(out.Outcomes, needsOf(c.pack, lang)...)
	}
	if d.deps.DeviceNames != nil && len(devices) > 0 {
		names, err := d.deps.DeviceNames(ctx, devices)
		if err != nil {
			return out, err
		}
		for _, id := range devices {
			if names[id] != "" {
				out.Places = append(out.Places, Choice{id, names[id]})
			}
		}
	}
	out.Places, out.Languages, out.Outcomes = once(out.Places), once(out.Languages), once(out.Outcomes)
	slices.SortFunc(out.Places, func(a, b Choice) int { return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.ID, b.ID)) })
	return out, nil
}

// choicesOf are the answers that the first question with one of these names offers.
func (f *Form) choicesOf(lang string, names ...string) (out []Choice) {
	for _, n := range names {
		if q := f.named(n); q != nil && len(q.options) > 0 {
			for _, o := range q.options {
				out = append(out, Choice{o.value, f.text(o.label, lang)})
			}
			return out
		}
	}
	return nil
}

func needsOf(p *indicator.Pack, lang string) (out []Choice) {
	if p == nil {
		return nil
	}
	for _, profile := range p.Profiles {
		for _, o := range profile.Outcomes {
			if o.Kind == "need" {
				out = append(out, Choice{o.ID, words(o.Title, lang).Text})
			}
		}
	}
	return out
}

// once keeps the first of each id.
func once(list []Choice) []Choice {
	seen := map[string]bool{}
	return slices.DeleteFunc(list, func(c Choice) bool {
		again := seen[c.ID]
		seen[c.ID] = true
		return again
	})
}
