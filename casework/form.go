package casework

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/base64"
	"html/template"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"lintas/casework/referral"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/gate"
)

//go:embed form.html
var formTemplate string

var formPage = template.Must(template.New("form.html").Parse(formTemplate))

// formData is what the page is drawn from. The person's language comes first:
// it is their consent, and they sign. The officer's stands beneath.
type formData struct {
	Languages []formLanguage
	Unwritten bool // the person's language is known and has no texts
	Reference string
	Priority  string
	Deadline  string
	From, To  string
	Needs     []string
	Text      string
	Rows      []formRow
}

type formRow struct{ Name, Value string }

// formOf chooses the form's languages: the person's, then the officer's, once
// where they are the same. Without texts in the person's language the officer's
// stands alone and says so.
func formOf(person, officer string) formData {
	var f formData
	first, ok := formIn(person)
	if ok {
		f.Languages = append(f.Languages, first)
	}
	f.Unwritten = !ok && person != ""
	second, ok := formIn(officer)
	if !ok {
		second = formLanguages["en"]
	}
	if len(f.Languages) == 0 || first.Code != second.Code {
		f.Languages = append(f.Languages, second)
	}
	return f
}

// Lang, Dir and Title are the page's own: those of the first language.
func (f formData) Lang() string  { return f.Languages[0].tag() }
func (f formData) Dir() string   { return f.Languages[0].text("").Dir }
func (f formData) Title() string { return f.Languages[0].word("title") }

// Words is a text of the form in its languages, said once where they say the
// same.
func (f formData) Words(key string) []formText {
	return f.each(func(l formLanguage) string { return l.word(key) })
}

// Values is a field's value in the form's languages.
func (f formData) Values(name, value string) []formText {
	out := f.each(func(l formLanguage) string { return l.value(fieldByName[name], value) })
	if len(out) == 1 && out[0].Text == value { // as somebody wrote it, in whatever script
		out[0].Lang, out[0].Dir = "", "auto"
	}
	return out
}

// Asked are the services asked for, in a line of each language.
func (f formData) Asked() []formText {
	return f.each(func(l formLanguage) string {
		var names []string
		for _, need := range f.Needs {
			names = append(names, l.word(need))
		}
		return strings.Join(names, " · ")
	})
}

// Drafts say in each language, and in English in any case, that there is a text
// on the paper that no speaker has checked; nothing where all were.
func (f formData) Drafts() []formText {
	if !slices.ContainsFunc(f.Languages, func(l formLanguage) bool { return l.Draft }) {
		return nil
	}
	out := f.Words("draft")
	if en := formLanguages["en"]; !slices.ContainsFunc(f.Languages, func(l formLanguage) bool { return l.Code == en.Code }) {
		out = append(out, en.text(en.word("draft")))
	}
	return out
}

func (f formData) each(say func(formLanguage) string) (out []formText) {
	for _, l := range f.Languages {
		if s := say(l); !slices.ContainsFunc(out, func(t formText) bool { return t.Text == s }) {
			out = append(out, l.text(s))
		}
	}
	return out
}

// ReferralForm draws a referral as a page to print: in the person's language
// (empty: the one that consent was explained in) with the officer's beneath.
// It holds what the receipt names and nothing else, like every other
// disclosure.
func (d *Desk) ReferralForm(ctx context.Context, referralID, person, officer string) ([]byte, error) {
	var f formData
	err := d.DB.Write(ctx, func(t *db.Tx) error {
		r, sides, err := d.referralFor(t, ctx, referralID)
		if err != nil {
			return err
		}
		sender := slices.Contains(sides, referral.Sender)
		if !sender && !(slices.Contains(sides, referral.Receiver) && r.State.Disclosed()) {
			return errNoReferral
		}
		if person == "" && r.Receipt != "" {
			receipt, _, err := receiptByID(t, r.Receipt)
			if err != nil {
				return err
			}
			person = receipt.Language
		}
		f = formOf(person, officer)
		return d.fillForm(t, ctx, r, &f)
	})
	if err != nil {
		return nil, err
	}
	return f.page()
}

func (f formData) page() ([]byte, error) {
	var out bytes.Buffer
	err := formPage.Execute(&out, f)
	return out.Bytes(), err
}

func (d *Desk) fillForm(t *db.Tx, ctx context.Context, r Referral, f *formData) error {
	a, err := d.openAsked(ctx, r)
	if err != nil {
		return err
	}
	values := a.Values
	if r.Case != "" {
		if values, err = d.disclosedValues(t, ctx, r); err != nil {
			return err
		}
	}
	zone, err := time.LoadLocation(r.Zone)
	if err != nil {
		return err
	}
	f.Reference, f.Priority, f.Needs, f.Text, f.From = r.ID[len(r.ID)-12:], string(r.Priority), r.Needs, a.Text, d.NodeName
	if d.OrganisationName != nil && r.Organisation != "" {
		f.From = d.OrganisationName(t.Context(), r.Organisation)
	}
	if !r.Deadline.IsZero() {
		f.Deadline = r.Deadline.In(zone).Format("2006-01-02 15:04 MST")
	}
	d.mu.Lock()
	if d.directory != nil {
		if s, ok := d.directory.service(r.Service); ok {
			f.To = s.Name
		}
	}
	d.mu.Unlock()
	for _, name := range r.Fields {
		if v := values[name]; v != "" {
			f.Rows = append(f.Rows, formRow{name, v})
		}
	}
	return d.leaf(t, ctx, "print-referral", "referral:"+r.ID, r.Person, map[string]any{"fields": sortedKeys(values)}, nil)
}

// chromium is where a browser that can print lies; empty when there is none.
func chromium() string {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// PDF prints a page with Chromium, which shapes Khmer, Burmese and Arabic
// right. The browser has no network and its profile is thrown away.
func PDF(ctx context.Context, html []byte) ([]byte, error) {
	path := chromium()
	if path == "" {
		return nil, problem.New(problem.Unavailable, "casework.no-chromium", "This node has no Chromium to make a PDF with. Open the form as a page and print it from your browser.")
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	ctx, stop := chromedp.NewExecAllocator(ctx, chromedp.ExecPath(path), chromedp.Headless, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoSandbox,
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND"))
	defer stop()
	ctx, end := chromedp.NewContext(ctx)
	defer end()
	var out []byte
	err := chromedp.Do(ctx, chromedp.Navigate("data:text/html;charset=utf-8;base64,"+base64.StdEncoding.EncodeToString(html)))
	if err == nil {
		out, err = chromedp.Run(ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFPrintBackground(), func(p *page.PrintToPDFParams) { p.PreferCSSPageSize = new(true) }))
	}
	if err != nil {
		return nil, problem.New(problem.Unavailable, "casework.pdf-failed", "The PDF could not be made. Open the form as a page and print it from your browser.").Because(err)
	}
	return out, nil
}

func (d *Desk) serveForm(g *gate.Gate, w http.ResponseWriter, r *http.Request) {
	if _, err := d.dir(r.Context()); err != nil {
		g.WriteError(w, r, err)
		return
	}
	html, err := d.ReferralForm(r.Context(), r.PathValue("referral"), r.URL.Query().Get("language"), r.URL.Query().Get("officer"))
	if err == nil && r.URL.Query().Get("format") == "pdf" {
		if html, err = PDF(r.Context(), html); err == nil {
			w.Header().Set("Content-Type", "application/pdf")
			w.Header().Set("Content-Disposition", `inline; filename="referral.pdf"`)
			w.Write(html)
			return
		}
	}
	if err != nil {
		g.WriteError(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'")
	w.Write(html)
}
