package screening

// Card is a learning card: what to do at one moment of an interview, in one language.
type Card struct {
	ID        string   `json:"id"`
	Language  string   `json:"language"`
	Title     string   `json:"title"`
	Steps     []string `json:"steps"`
	Checks    []Check  `json:"checks,omitempty"`
	Source    string   `json:"source"`
	CheckedAt string   `json:"checked_at,omitempty"`
	CheckedBy string   `json:"checked_by,omitempty"`
	Draft     bool     `json:"draft"`
}

// Check is a question that lets the reader test what was read.
type Check struct {
	Ask    string `json:"ask"`
	Answer string `json:"answer"`
}

// Procedure is the referral procedure of the place: whom to call, in which order. It is only as good as the
// day it was confirmed.
type Procedure struct {
	Title       string   `json:"title"`
	Language    string   `json:"language"`
	Steps       []string `json:"steps"`
	Dated       string   `json:"dated,omitempty"`
	ConfirmedBy string   `json:"confirmed_by,omitempty"`
}

func (d *Desk) cards() []Card         { return []Card{} }
func (d *Desk) procedure() *Procedure { return nil }
