package screening

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/keys"
	"lintas/screening/indicator"
)

// summary is what lists show of a record; it is sealed with the record.
type summary struct {
	Place    string   `json:"place,omitempty"`
	Language string   `json:"language,omitempty"`
	Outcomes []string `json:"outcomes,omitempty"` // ids of established outcomes, in the pack's order; never a number to sort by
	Open     bool     `json:"open,omitempty"`     // some outcome could not be settled by the answers
}

// compiled is a revision ready for use: what is published never changes, so it is kept in memory.
type compiled struct {
	Revision
	form *Form
	pack *indicator.Pack // nil when the instrument carries none
}

// revision gives a published revision, compiled.
func (d *Desk) revision(ctx context.Context, revision string) (*compiled, error) {
	if c, ok := d.revisions.Load(revision); ok {
		return c.(*compiled), nil
	}
	var c compiled
	var xform []byte
	var pack string
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		var found bool
		if c.Revision, found, err = revisionByID(t, revision); err != nil {
			return err
		}
		if !found {
			return errNoInstrument
		}
		return t.Row(`SELECT xform, pack FROM screening_revision WHERE id = ?`, revision).Scan(&xform, &pack)
	})
	if err != nil {
		return nil, err
	}
	if c.form, err = ReadForm(xform); err != nil {
		return nil, fmt.Errorf("published form %s: %w", revision, err)
	}
	if pack != "" {
		if c.pack, err = indicator.LoadPack([]byte(pack), nil); err != nil {
			return nil, fmt.Errorf("published pack of %s: %w", revision, err)
		}
	}
	d.revisions.Store(revision, &c)
	return &c, nil
}

// scoreInto runs the revision's pack over the answers, adds the sealed result to the arrival and fills what
// lists show. A pack that fails must not keep the interview out: it is stored without a result, and the log
// says so.
func (d *Desk) scoreInto(ctx context.Context, a *arrival, env *Envelope) (summary, error) {
	c, err := d.revision(ctx, a.sub.Revision)
	if err != nil {
		return summary{}, err
	}
	sum := summaryOf(env)
	a.marks = d.listMarks(sum)
	if c.pack == nil {
		return sum, nil
	}
	result, err := score(c.pack, env.Root, indicator.Options{Finished: true, NoNext: true})
	if err != nil {
		d.log.Error("an interview could not be scored and is stored without a result", "revision", a.sub.Revision, "error", err)
		return sum, nil
	}
	row, err := d.sealResult(ctx, a.record, a.sub.ID, result)
	if err != nil {
		return sum, err
	}
	row.MadeAt, row.MadeBy = a.now, a.who.Label()
	a.results = append(a.results, row)
	sum.Outcomes, sum.Open = outcomesOf(result)
	a.marks = d.listMarks(sum)
	return sum, nil
}

// summaryOf takes from the answers what lists show.
func summaryOf(env *Envelope) summary {
	return summary{Place: answerNamed(env.Root, "border_post", "place"), Language: answerNamed(env.Root, "interview_language", "language")}
}

// listMarks are the keyed marks that lists are narrowed by: outcomes, place and language. They stand in one table
// and cannot be told apart without the key.
func (d *Desk) listMarks(s summary) (marks []string) {
	for _, o := range s.Outcomes {
		marks = append(marks, d.outcomeMark(o))
	}
	if s.Place != "" {
		marks = append(marks, d.placeMark(s.Place))
	}
	if s.Language != "" {
		marks = append(marks, d.languageMark(s.Language))
	}
	return marks
}

func (d *Desk) placeMark(place string) string {
	return d.keys.Index("screening.place", strings.ToLower(strings.Join(strings.Fields(place), " ")))
}

func (d *Desk) languageMark(code string) string {
	return d.keys.Index("screening.language", strings.ToLower(code))
}

func (d *Desk) outcomeMark(outcome string) string { return d.keys.Index("screening.outcome", outcome) }

// score turns an engine's panic into an error: one odd interview must not end a request that stores it.
func score(p *indicator.Pack, root *Node, o indicator.Options) (r indicator.Result, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("the indicator engine failed: %v", v)
		}
	}()
	return indicator.Score(p, p.AnswersFromForm(leafTexts(root)), o)
}

// outcomesOf lists the established outcomes, the offer first, and whether any outcome stays unsettled.
func outcomesOf(r indicator.Result) (established []string, open bool) {
	if r.Offer.State == indicator.Established {
		established = append(established, r.Offer.ID)
	}
	for _, o := range append([]indicator.Finding{r.Offer}, r.Outcomes...) {
		switch o.State {
		case indicator.Established:
			if o.ID != r.Offer.ID {
				established = append(established, o.ID)
			}
		case indicator.Open, indicator.LeftUnanswered:
			open = true
		}
	}
	return established, open
}

func resultPlace(result string) keys.Place {
	return keys.Place{Table: "screening_result", Row: result, Field: "sealed"}
}

func (d *Desk) sealResult(ctx context.Context, r recordRow, submission string, result indicator.Result) (resultRow, error) {
	row := resultRow{ID: id.New(), Record: r.ID, Submission: submission, PackID: result.Pack.ID, PackVersion: result.Pack.Version, PackHash: result.Pack.Hash}
	text, err := json.Marshal(result)
	if err != nil {
		return row, err
	}
	row.Sealed, err = d.keys.Seal(ctx, r.Person, resultPlace(row.ID), text)
	return row, err
}

// leafTexts gives the text of every answered question by name; in a repeat the first answer counts, because
// a pack asks about the person, not about each round.
func leafTexts(root *Node) map[string]string {
	out := map[string]string{}
	for _, c := range root.Children {
		if c.Name == "meta" {
			continue
		}
		c.inOrder(func(n *Node) {
			if n.Text != "" && out[n.Name] == "" {
				out[n.Name] = n.Text
			}
		})
	}
	return out
}

// answerNamed is the text of the first question with one of these names.
func answerNamed(root *Node, names ...string) string {
	texts := leafTexts(root)
	for _, n := range names {
		if texts[n] != "" {
			return cut(texts[n], 100)
		}
	}
	return ""
}

var errNoPack = problem.New(problem.Invalid, "screening.no-pack", "This instrument carries no indicator pack, so there is nothing to score with.")
