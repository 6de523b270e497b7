package screening

import (
	"context"
	"strings"
)

// Preview is a form as its questions stand, in one language: what an author looks through before publishing. It
// is not the form running; that is what a phone does.
type Preview struct {
	Title     string        `json:"title"`
	Language  string        `json:"language"`
	Languages []Language    `json:"languages"`
	Items     []PreviewItem `json:"items"`
}

// PreviewItem is a question, a note or a group.
type PreviewItem struct {
	Path     string   `json:"path"`
	Name     string   `json:"name"`
	Depth    int      `json:"depth"`
	Kind     string   `json:"kind" doc:"group, repeat, or the type of the answer"`
	Label    string   `json:"label"`
	Hint     string   `json:"hint,omitempty"`
	Options  []string `json:"options,omitempty"`
	When     string   `json:"when,omitempty" doc:"Shown only when this holds"`
	Required bool     `json:"required,omitempty"`
	Missing  bool     `json:"missing,omitempty" doc:"Not translated: the label is of another language"`
}

// PreviewForm reads a published version of an instrument.
func (d *Desk) PreviewForm(ctx context.Context, instrument, version, language string) (Preview, error) {
	revision, err := d.revisionOf(ctx, instrument, version)
	if err != nil {
		return Preview{}, err
	}
	c, err := d.revision(ctx, revision)
	if err != nil {
		return Preview{}, err
	}
	return c.form.preview(language), nil
}

func (f *Form) preview(language string) Preview {
	languages, def := f.languages()
	out := Preview{Title: f.Title, Language: firstOf(language, def), Languages: append([]Language{}, languages...), Items: []PreviewItem{}}
	for _, q := range f.Fields {
		if q.label == (textRef{}) && !q.Group {
			continue // computed behind the scenes
		}
		item := PreviewItem{Path: q.Path, Name: q.Name, Depth: strings.Count(q.Path, "/") - 2, Kind: q.Type, Label: f.text(q.label, language), Hint: f.text(q.hint, language), When: q.When, Required: q.Needed}
		switch {
		case q.Repeat:
			item.Kind = "repeat"
		case q.Group:
			item.Kind = "group"
		}
		item.Missing = q.label.itext != "" && f.texts[f.language(language)][q.label.itext] == ""
		for _, o := range q.options {
			item.Options = append(item.Options, f.text(o.label, language))
		}
		out.Items = append(out.Items, item)
	}
	return out
}
