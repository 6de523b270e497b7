package casework

import (
	"bytes"
	"context"
	"embed"
	"encoding/base64"
	"encoding/json"
	"html/template"
	"net/http"
	"os/exec"
	"slices"
	"time"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"lintas/casework/referral"
	"lintas/kernel/problem"
	"lintas/platform/db"
	"lintas/platform/gate"
)

//go:embed vocabulary/form.json form.html
var formFiles embed.FS

// formWords are the form's texts by language.
var formWords = func() (w struct {
	RTL   []string                     `json:"rtl"`
	Texts map[string]map[string]string `json:"texts"`
}) {
	raw, err := formFiles.ReadFile("vocabulary/form.json")
	if err == nil {
		err = json.Unmarshal(raw, &w)
	}
	if err != nil {
		panic("casework: the built-in texts of the form are broken: " + err.Error())
	}
	return w
}()

var formPage = template.Must(template.ParseFS(formFiles, "form.html"))

// formData is what the page is drawn from.
type formData struct {
	First, Second string
	RTL           bool // of the second language
	Reference     string
	Priority      string
	Deadline      string
	From, To      string
	Needs         []string
	Text          string
	Rows          []formRow
	Draft         bool
}

type formRow struct{ Name, Value string }

// Word is a text of the form in a language, English when there is none; a
// field without a text has its English label.
func (f formData) Word(key, lang string) string {
	if w := formWords.Texts[key][lang]; w != "" {
		return w
	}
	if w := formWords.Texts[key]["en"]; w != "" {
		return w
	}
	return fieldByName[key].Label
}

// ReferralForm draws a referral as a page to print, in two languages. It holds
// what the receipt names and nothing else, like every other disclosure.
func (d *Desk) ReferralForm(ctx context.Context, referralID, second string) ([]byte, error) {
	if second == "" {
		second = "id"
	}
	f := formData{First: "en", Second: second, RTL: slices.Contains(formWords.RTL, second), Draft: second != "en"}
	err := d.DB.Write(ctx, func(t *db.Tx) error {
		r, found, err := referralByID(t, referralID)
		if err != nil || !found {
			return orProblem(err, errNoReferral)
		}
		sides, err := d.parties(t, ctx, r)
		if err != nil {
			return err
		}
		sender := slices.Contains(sides, referral.Sender)
		if !sender && !(slices.Contains(sides, referral.Receiver) && r.State.Disclosed()) {
			return errNoReferral
		}
		return d.fillForm(t, ctx, r, &f)
	})
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := formPage.Execute(&out, f); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
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
	html, err := d.ReferralForm(r.Context(), r.PathValue("referral"), r.URL.Query().Get("language"))
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
