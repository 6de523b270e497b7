package screening

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sort"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/clock"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/screening/indicator"
)

// PilotReport is what an evaluator prints. It is made of counts alone, and no measure about people speaks of
// fewer than five.
type PilotReport struct {
	On    bool        `json:"on" doc:"Counts are gathered now, from officers who agreed"`
	From  string      `json:"from,omitempty" doc:"First day with counts, YYYY-MM-DD UTC"`
	To    string      `json:"to,omitempty"`
	Forms []PilotForm `json:"forms"`
}

// PilotForm is one version of one instrument.
type PilotForm struct {
	Instrument string           `json:"instrument"`
	Version    string           `json:"version"`
	Title      string           `json:"title"`
	Few        bool             `json:"few,omitempty" doc:"Fewer than five interviews: nothing else is told"`
	Interviews int              `json:"interviews"`
	Minutes    float64          `json:"minutes_per_person"`
	Questions  []PilotAsked     `json:"questions" doc:"In the form's order"`
	Languages  []PilotLanguage  `json:"languages" doc:"Met in five interviews or more, most frequent first"`
	Others     int              `json:"other_languages" doc:"How many languages were met in fewer than five interviews each"`
	Undecided  Share            `json:"undecided" doc:"Of the results: some outcome stayed open"`
	Offered    Share            `json:"offered" doc:"Of the interviews: a referral was offered"`
	Accepted   Share            `json:"accepted" doc:"Of the referrals offered"`
	Declined   Share            `json:"declined"`
	Pairs      int              `json:"pairs" doc:"People interviewed by two officers; 0 also where there are fewer than five"`
	Agreement  []PilotAgreement `json:"agreement"`
}

// PilotAsked is one question: how long it takes, and where officers skip or go back.
type PilotAsked struct {
	Name    string  `json:"name"`
	Label   string  `json:"label"`
	Seen    int     `json:"seen"`
	Seconds float64 `json:"seconds" doc:"Per time it was shown"`
	Skipped Share   `json:"skipped"`
	Back    Share   `json:"back"`
}

// PilotLanguage is a language people chose, and how the questions were heard in it.
type PilotLanguage struct {
	Code       string `json:"code"`
	Interviews int    `json:"interviews"`
	Heard      int    `json:"heard" doc:"Questions that should have been read aloud"`
	Silent     Share  `json:"silent" doc:"Of those: no recording and no voice on the phone"`
}

// PilotAgreement compares two officers' results on the same person, over all pairs.
type PilotAgreement struct {
	Outcome string `json:"outcome"`
	Title   Words  `json:"title"`
	Same    Share  `json:"same"`
	Kappa   *Kappa `json:"kappa,omitempty" doc:"Agreement beyond chance; absent where it says nothing"`
}

// PilotReport gathers the report of the actor's organisation.
func (d *Desk) PilotReport(ctx context.Context, lang string) (PilotReport, error) {
	out := PilotReport{Forms: []PilotForm{}}
	sums, err := d.Pilot(ctx)
	if err != nil {
		return out, err
	}
	var pairs []pilotPair
	var from, to int64
	who := actor.From(ctx)
	err = d.db.Read(ctx, func(t *db.Tx) (err error) {
		if out.On, err = pilotOn(t, who.Organisation); err != nil {
			return err
		}
		if err = t.Row(`SELECT COALESCE(MIN(at), 0), COALESCE(MAX(at), 0) FROM screening_pilot WHERE organisation = ? OR ? = 1`, who.Organisation, flag(who.System != "")).Scan(&from, &to); err != nil {
			return err
		}
		pairs, err = db.All(t, scanPair, `SELECT counts FROM screening_pilot_pair WHERE organisation = ? OR ? = 1`, who.Organisation, flag(who.System != ""))
		return err
	})
	if err != nil {
		return out, err
	}
	if from > 0 {
		out.From, out.To = clock.FromMillis(from).Format(time.DateOnly), clock.FromMillis(to).Format(time.DateOnly)
	}
	for _, c := range withPairsOnly(sums, pairs) {
		f, err := d.pilotForm(ctx, c, pairs, lang)
		if err != nil {
			return out, err
		}
		out.Forms = append(out.Forms, f)
	}
	slices.SortStableFunc(out.Forms, func(a, b PilotForm) int {
		return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(b.Version, a.Version))
	})
	return out, nil
}

// withPairsOnly adds forms that have pairs but no counts.
func withPairsOnly(sums []PilotCounts, pairs []pilotPair) []PilotCounts {
	for _, p := range pairs {
		if !slices.ContainsFunc(sums, func(c PilotCounts) bool { return c.Instrument == p.Instrument && c.Version == p.Version }) {
			sums = append(sums, PilotCounts{Instrument: p.Instrument, Version: p.Version})
		}
	}
	return sums
}

func (d *Desk) pilotForm(ctx context.Context, c PilotCounts, pairs []pilotPair, lang string) (PilotForm, error) {
	out := PilotForm{Instrument: c.Instrument, Version: c.Version, Title: c.Instrument, Questions: []PilotAsked{}, Languages: []PilotLanguage{}, Agreement: []PilotAgreement{}}
	compiled, err := d.revisionNamed(ctx, c.Instrument, c.Version)
	if err != nil {
		return out, err
	}
	out.Title = compiled.Title
	out.agreement(compiled, c, pairs, lang)
	none := Share{Few: true}
	out.Undecided, out.Offered, out.Accepted, out.Declined = none, none, none, none
	if c.Interviews < fewest {
		out.Few = true
		return out, nil
	}
	out.Interviews, out.Minutes = c.Interviews, c.Seconds/60/float64(c.Interviews)
	for _, q := range compiled.form.Fields {
		if m, asked := c.Questions[q.Path]; asked && m.Seen >= fewest {
			out.Questions = append(out.Questions, PilotAsked{Name: q.Name, Label: compiled.form.text(q.label, lang), Seen: m.Seen, Seconds: m.Seconds / float64(m.Seen),
				Skipped: shareOf(m.Skipped, m.Seen), Back: shareOf(m.Back, m.Seen)})
		}
	}
	for _, code := range slices.Sorted(maps.Keys(c.Languages)) {
		if c.Languages[code] < fewest {
			out.Others++
			continue
		}
		s := c.Sound[code]
		heard := s.Media + s.Voice + s.None
		out.Languages = append(out.Languages, PilotLanguage{code, c.Languages[code], heard, shareOf(s.None, heard)})
	}
	sort.SliceStable(out.Languages, func(i, j int) bool { return out.Languages[i].Interviews > out.Languages[j].Interviews })
	out.Undecided = shareOf(c.Results.Undecided, c.Results.Undecided+c.Results.Decided)
	out.Offered = shareOf(c.Referral.Offered, c.Interviews)
	out.Accepted = shareOf(c.Referral.Accepted, c.Referral.Offered)
	out.Declined = shareOf(c.Referral.Declined, c.Referral.Offered)
	return out, nil
}

func (f *PilotForm) agreement(c *compiled, of PilotCounts, pairs []pilotPair, lang string) {
	tables := map[string]*pairTable{}
	for _, p := range pairs {
		if p.Instrument != of.Instrument || p.Version != of.Version {
			continue
		}
		f.Pairs++
		for outcome, said := range p.Outcomes {
			if tables[outcome] == nil {
				tables[outcome] = &pairTable{}
			}
			tables[outcome].add(said[0], said[1])
		}
	}
	if f.Pairs < fewest {
		f.Pairs = 0
		return
	}
	for _, outcome := range slices.Sorted(maps.Keys(tables)) {
		t := tables[outcome]
		title := Words{Text: outcomeTitle(c.pack, outcome, lang).Title, Lang: lang}
		f.Agreement = append(f.Agreement, PilotAgreement{outcome, title, shareOf(t.both+t.neither, t.pairs()), t.kappa()})
	}
}

// revisionNamed is a version of an instrument by form id.
func (d *Desk) revisionNamed(ctx context.Context, formID, version string) (*compiled, error) {
	var revision string
	err := d.db.Read(ctx, func(t *db.Tx) error {
		in, found, err := instrumentByForm(t, formID)
		if err != nil || !found {
			return err
		}
		revision, _, err = revisionByVersion(t, in.ID, version)
		return err
	})
	if err == nil && revision == "" {
		err = errNoInstrument
	}
	if err != nil {
		return nil, err
	}
	return d.revision(ctx, revision)
}

func pilotOn(t *db.Tx, organisation string) (bool, error) {
	on, _, err := db.One(t, func(s db.Scanner) (on bool, err error) {
		var n int64
		err = s.Scan(&n)
		return n != 0, err
	}, `SELECT is_on FROM screening_pilot_switch WHERE organisation = ?`, organisation)
	return on, err
}

// SwitchPilot says whether the actor's organisation gathers counts. It is off until somebody decides; then each
// officer still decides for their own phone.
func (d *Desk) SwitchPilot(ctx context.Context, on bool) error {
	who, now := actor.From(ctx), d.clock.Now()
	return d.db.Write(ctx, func(t *db.Tx) error {
		if _, err := t.Exec(`INSERT INTO screening_pilot_switch (organisation, is_on, changed_at) VALUES (?,?,?)
			ON CONFLICT (organisation) DO UPDATE SET is_on = excluded.is_on, changed_at = excluded.changed_at`, who.Organisation, flag(on), clock.Millis(now)); err != nil {
			return err
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "screening.pilot-switch", Object: "screening-pilot-switch:" + who.Organisation, Detail: map[string]any{"on": on}})
	})
}

// pilotPair is what is kept of two interviews with the same person: which outcomes each established, the earlier
// one first. Neither is named.
type pilotPair struct {
	Instrument string             `json:"instrument"`
	Version    string             `json:"version"`
	Outcomes   map[string][2]bool `json:"outcomes"`
}

func scanPair(s db.Scanner) (p pilotPair, err error) {
	var text string
	if err = s.Scan(&text); err != nil {
		return p, err
	}
	return p, json.Unmarshal([]byte(text), &p)
}

var (
	errPilotOff  = problem.New(problem.Conflict, "screening.pilot-off", "The pilot is not switched on, so nothing is counted. Keep the counts or delete them.")
	errNotAPair  = problem.New(problem.Invalid, "screening.pilot-pair", "The two are not two interviews of the same form. Look at the number of the other interview.")
	errOneSender = problem.New(problem.Invalid, "screening.pilot-one-officer", "Both interviews were sent by the same officer or phone. A comparison needs two.")
	errTwoPacks  = problem.New(problem.Invalid, "screening.pilot-packs", "The two results come from different versions of the rules. Score both again with the present pack, then compare.")
	errPairKnown = problem.New(problem.Conflict, "screening.pilot-pair-known", "These two were compared already. They count once.")
)

// ComparePair counts two interviews with the same person towards the agreement of officers. What is kept is
// which outcomes each established; the two screenings are not linked in the store nor in the log.
func (d *Desk) ComparePair(ctx context.Context, one, other string) error {
	a, err := d.find(ctx, one)
	if err != nil {
		return err
	}
	b, err := d.findByNumber(ctx, other)
	if err != nil {
		return err
	}
	switch {
	case a.ID == b.ID || a.Instrument != b.Instrument || a.State != stateReceived || b.State != stateReceived:
		return errNotAPair
	case a.Officer == b.Officer && a.Device == b.Device, a.Officer != "" && a.Officer == b.Officer:
		return errOneSender
	}
	if b.ReceivedAt.Before(a.ReceivedAt) {
		a, b = b, a
	}
	first, err := d.newestResult(ctx, a)
	if err != nil {
		return err
	}
	second, err := d.newestResult(ctx, b)
	if err != nil {
		return err
	}
	if first.Pack.Hash != second.Pack.Hash {
		return errTwoPacks
	}
	c, err := d.revision(ctx, a.Revision)
	if err != nil {
		return err
	}
	text, err := json.Marshal(pilotPair{c.FormID, c.Version, pairOutcomes(first, second)})
	if err != nil {
		return err
	}
	return d.writePair(ctx, a, b, text)
}

func pairOutcomes(one, two indicator.Result) map[string][2]bool {
	out := map[string][2]bool{}
	for i, r := range []indicator.Result{one, two} {
		for _, o := range append([]indicator.Finding{r.Offer}, r.Outcomes...) {
			said := out[o.ID]
			said[i] = o.State == indicator.Established
			out[o.ID] = said
		}
	}
	return out
}

func (d *Desk) writePair(ctx context.Context, a, b recordRow, text []byte) error {
	who, now, entry := actor.From(ctx), d.clock.Now(), id.New()
	mark := d.keys.Index("screening.pilot-pair", min(a.ID, b.ID)+" "+max(a.ID, b.ID))
	err := d.db.Write(ctx, func(t *db.Tx) error {
		on, err := pilotOn(t, who.Organisation)
		if err != nil {
			return err
		}
		if !on {
			return errPilotOff
		}
		if _, err := t.Exec(`INSERT INTO screening_pilot_pair (id, mark, at, organisation, counts) VALUES (?,?,?,?,?)`,
			entry, mark, clock.Millis(now.Truncate(24*time.Hour)), who.Organisation, string(text)); err != nil {
			return err
		}
		for _, r := range []recordRow{a, b} { // each was read; that they speak of one person is not written down
			if err := audit.Append(t, now, who, audit.Entry{Verb: "screening.pilot-compare", Object: "screening:" + r.ID, Subject: r.Person}); err != nil {
				return err
			}
		}
		return nil
	})
	if db.Unique(err) {
		return errPairKnown
	}
	return err
}

// findByNumber finds a record by its id or by the number of its interview, whole.
func (d *Desk) findByNumber(ctx context.Context, number string) (recordRow, error) {
	r, err := d.find(ctx, number)
	if !errors.Is(err, errNoScreening) {
		return r, err
	}
	var found string
	err = d.db.Read(ctx, func(t *db.Tx) (err error) {
		found, _, err = db.One(t, func(s db.Scanner) (v string, err error) { return v, s.Scan(&v) },
			`SELECT id FROM screening_record WHERE (instance_id = ? OR instance_id = ?) AND organisation = ? ORDER BY id LIMIT 1`, number, "uuid:"+number, actor.From(ctx).Organisation)
		return err
	})
	if err != nil {
		return r, err
	}
	return d.find(ctx, found)
}

// newestResult opens the newest result of a record's current answers.
func (d *Desk) newestResult(ctx context.Context, r recordRow) (out indicator.Result, err error) {
	var rows []resultRow
	if err = d.db.Read(ctx, func(t *db.Tx) (err error) { rows, err = resultsOf(t, r.ID); return err }); err != nil {
		return out, err
	}
	for _, row := range rows {
		if row.Submission != r.Submission {
			continue
		}
		plain, err := d.keys.Open(ctx, r.Person, resultPlace(row.ID), row.Sealed)
		if err != nil {
			return out, err
		}
		return out, json.Unmarshal(plain, &out)
	}
	return out, errNoPack
}
