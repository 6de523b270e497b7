package screening

import (
	"context"
	"encoding/json"
	"io"
	"sort"
	"strings"
	"time"

	"lintas/kernel/actor"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
	"lintas/screening/indicator"
	"lintas/screening/packs"
)

// Answer is one question of an interview with what was answered.
type Answer struct {
	Name       string `json:"name"`
	Path       string `json:"path"`
	Group      string `json:"group,omitempty"`
	Label      string `json:"label"`
	Value      string `json:"value"`
	ValueLabel string `json:"value_label,omitempty"`
	Unknown    bool   `json:"unknown,omitempty" doc:"The form does not have this question"`
}

// Attachment is a file of an interview.
type Attachment struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Size       int64     `json:"size"`
	Type       string    `json:"type"`
	Flag       string    `json:"flag,omitempty" enum:"unnamed,same-name" doc:"unnamed: the interview does not name it; same-name: another file came under this name before"`
	ReceivedAt time.Time `json:"received_at"`
}

// Version is one state of an interview as it was sent.
type Version struct {
	InstanceID   string    `json:"instance_id"`
	Corrects     string    `json:"corrects,omitempty"`
	ReceivedAt   time.Time `json:"received_at"`
	Sender       string    `json:"sender"`
	FormVersion  string    `json:"form_version"`
	ClientDevice string    `json:"client_device,omitempty"`
	UserAgent    string    `json:"user_agent,omitempty"`
	Current      bool      `json:"current"`
}

// StoredResult is what one pack said, and the same in words.
type StoredResult struct {
	ID        string           `json:"id"`
	MadeAt    time.Time        `json:"made_at"`
	MadeBy    string           `json:"made_by"`
	Current   bool             `json:"current" doc:"It is of the newest answers and the newest scoring"`
	Result    indicator.Result `json:"result"`
	Explained *Explained       `json:"explained,omitempty"`
}

// Screening is one record, opened.
type Screening struct {
	Screening   Listed         `json:"screening"`
	Answers     []Answer       `json:"answers"`
	Results     []StoredResult `json:"results"`
	Attachments []Attachment   `json:"attachments"`
	History     []Version      `json:"history"`
}

// Read opens a screening for the actor, and logs that it was read.
func (d *Desk) Read(ctx context.Context, screening, lang string) (out Screening, err error) {
	r, err := d.find(ctx, screening)
	if err != nil {
		return out, err
	}
	if out.Screening, err = d.listed(ctx, r, lang); err != nil {
		return out, err
	}
	items := []Listed{out.Screening}
	if err := d.nameSenders(ctx, items); err != nil {
		return out, err
	}
	out = Screening{Screening: items[0], Answers: []Answer{}, Results: []StoredResult{}, Attachments: []Attachment{}, History: []Version{}}
	if out.Screening.State != stateErased {
		if err := d.open(ctx, r, lang, &out); err != nil {
			return out, err
		}
	}
	return out, d.logRead(ctx, "screening.read", r, nil)
}

func (d *Desk) logRead(ctx context.Context, verb string, r recordRow, detail map[string]any) error {
	return d.db.Write(ctx, func(t *db.Tx) error {
		return audit.Append(t, d.clock.Now(), actor.From(ctx), audit.Entry{Verb: verb, Object: "screening:" + r.ID, Subject: r.Person, Detail: detail})
	})
}

func (d *Desk) open(ctx context.Context, r recordRow, lang string, out *Screening) error {
	o, err := d.openSubmission(ctx, r)
	if err != nil {
		return err
	}
	c, err := d.revision(ctx, o.row.Revision)
	if err != nil {
		return err
	}
	out.Answers = c.form.answers(o.env.Root, lang)
	for _, s := range o.all {
		v, err := d.revision(ctx, s.Revision)
		if err != nil {
			return err
		}
		out.History = append(out.History, Version{s.InstanceID, s.DeprecatedID, s.ReceivedAt, s.Sender, v.Version, s.ClientDevice, s.UserAgent, s.ID == r.Submission})
	}
	if out.Attachments, err = d.attachments(ctx, r.Person, r.ID); err != nil {
		return err
	}
	return d.openResults(ctx, r, o, lang, out)
}

func (d *Desk) openResults(ctx context.Context, r recordRow, o opened, lang string, out *Screening) error {
	var rows []resultRow
	err := d.db.Read(ctx, func(t *db.Tx) (err error) { rows, err = resultsOf(t, r.ID); return err })
	if err != nil {
		return err
	}
	packs, err := d.packsOf(ctx, r.Instrument)
	if err != nil {
		return err
	}
	for i, row := range rows {
		s := StoredResult{ID: row.ID, MadeAt: row.MadeAt, MadeBy: row.MadeBy, Current: i == 0 && row.Submission == r.Submission}
		plain, err := d.keys.Open(ctx, r.Person, resultPlace(row.ID), row.Sealed)
		if err != nil {
			return err
		}
		if err := json.Unmarshal(plain, &s.Result); err != nil {
			return err
		}
		if c := packs[row.PackHash]; c != nil {
			var next []indicator.Next
			if s.Current { // what a longer talk could still settle
				if live, err := score(c.pack, o.env.Root, indicator.Options{}); err == nil {
					next = live.Next
				}
			}
			s.Explained = explain(c, s.Result, next, lang)
		}
		out.Results = append(out.Results, s)
	}
	return nil
}

// packsOf gives the revisions of an instrument that carry a pack, by the pack's hash.
func (d *Desk) packsOf(ctx context.Context, instrument string) (map[string]*compiled, error) {
	var revs []Revision
	err := d.db.Read(ctx, func(t *db.Tx) (err error) { revs, err = revisionsOf(t, instrument); return err })
	if err != nil {
		return nil, err
	}
	out := map[string]*compiled{}
	for _, rev := range revs {
		c, err := d.revision(ctx, rev.ID)
		if err != nil {
			return nil, err
		}
		if c.pack != nil && out[c.pack.Hash()] == nil {
			out[c.pack.Hash()] = c
		}
	}
	if len(revs) == 0 {
		return out, nil
	}
	current, err := d.revision(ctx, revs[0].ID)
	if err != nil {
		return nil, err
	}
	for _, id := range packs.IDs() { // those that a screening may have been scored again with
		if p, err := packs.Get(id, ""); err == nil && out[p.Hash()] == nil {
			out[p.Hash()] = &compiled{Revision: current.Revision, form: current.form, pack: p}
		}
	}
	return out, nil
}

func (d *Desk) attachments(ctx context.Context, person, owner string) ([]Attachment, error) {
	var files []storedFile
	err := d.db.Read(ctx, func(t *db.Tx) (err error) { files, err = filesOf(t, owner); return err })
	if err != nil {
		return nil, err
	}
	out := []Attachment{}
	for _, f := range files {
		m, err := d.openMeta(ctx, person, f)
		if err != nil {
			return nil, err
		}
		out = append(out, Attachment{f.ID, cleanName(m.Name), f.Size, typeOf(cleanName(m.Name)), f.Flag, f.ReceivedAt})
	}
	return out, nil
}

// WriteAttachment finds a file of a screening, calls begin with it, and copies its content to w.
func (d *Desk) WriteAttachment(ctx context.Context, screening, fileID string, w io.Writer, begin func(Attachment)) error {
	r, err := d.find(ctx, screening)
	if err != nil {
		return err
	}
	return d.writeOwned(ctx, r.Person, r.ID, fileID, w, func(a Attachment) error {
		if err := d.logRead(ctx, "screening.read-file", r, map[string]any{"file": fileID}); err != nil {
			return err
		}
		begin(a)
		return nil
	})
}

func (d *Desk) writeOwned(ctx context.Context, person, owner, fileID string, w io.Writer, begin func(Attachment) error) error {
	var f storedFile
	var found bool
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		f, found, err = db.One(t, scanFile, `SELECT `+fileColumns+` FROM screening_file WHERE id = ? AND owner = ?`, fileID, owner)
		return err
	})
	if err != nil {
		return err
	}
	if !found {
		return problem.New(problem.NotFound, "screening.no-file", "There is no such file.")
	}
	m, err := d.openMeta(ctx, person, f)
	if err != nil {
		return err
	}
	if err := begin(Attachment{f.ID, cleanName(m.Name), f.Size, typeOf(cleanName(m.Name)), f.Flag, f.ReceivedAt}); err != nil {
		return err
	}
	return d.writeFile(ctx, w, f, m)
}

// answers lists an interview's answers in the form's order, with the words that were asked; what the form
// does not know comes last.
func (f *Form) answers(root *Node, lang string) []Answer {
	type found struct {
		Answer
		order int
	}
	var all []found
	var walk func(n *Node, path, group string)
	walk = func(n *Node, path, group string) {
		for _, c := range n.Children {
			if c.Name == "meta" {
				continue
			}
			at := path + "/" + c.Name
			i, known := f.byPath[at]
			if len(c.Children) > 0 {
				label := group
				if known {
					label = firstOf(f.text(f.Fields[i].label, lang), group)
				}
				walk(c, at, label)
				continue
			}
			if c.Text == "" {
				continue
			}
			a := Answer{Name: c.Name, Path: at, Group: group, Label: c.Name, Value: c.Text, Unknown: !known}
			order := len(f.Fields)
			if known {
				order = i
				a.Label = firstOf(f.text(f.Fields[i].label, lang), c.Name)
				a.ValueLabel = f.Fields[i].valueLabel(f, c.Text, lang)
			}
			all = append(all, found{a, order})
		}
	}
	walk(root, "/"+root.Name, "")
	sort.SliceStable(all, func(i, j int) bool { return all[i].order < all[j].order })
	out := make([]Answer, len(all))
	for i, a := range all {
		out[i] = a.Answer
	}
	return out
}

// valueLabel is the label of a choice, or of several joined; empty when the field has no choices.
func (q *Field) valueLabel(f *Form, value, lang string) string {
	if len(q.options) == 0 {
		return ""
	}
	labels := map[string]string{}
	for _, o := range q.options {
		labels[o.value] = f.text(o.label, lang)
	}
	var out []string
	for _, v := range strings.Fields(value) {
		out = append(out, firstOf(labels[v], v))
	}
	return strings.Join(out, ", ")
}

// valueLabel is the label of a value of the first question with this name, or the value itself.
func (f *Form) valueLabel(name, value, lang string) string {
	if q := f.named(name); q != nil {
		return firstOf(q.valueLabel(f, value, lang), value)
	}
	return value
}

// named is the first field with this name, or nil.
func (f *Form) named(name string) *Field {
	for i := range f.Fields {
		if f.Fields[i].Name == name && !f.Fields[i].Group {
			return &f.Fields[i]
		}
	}
	return nil
}
