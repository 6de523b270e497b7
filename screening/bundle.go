package screening

import "time"

// Service is a place of the service directory, as a phone shows it offline.
type Service struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Phone     string    `json:"phone"`
	What      string    `json:"what"` // what it offers, in plain words
	Who       string    `json:"who"`  // for whom
	Languages []string  `json:"languages"`
	Place     string    `json:"place"`
	AssuredAt time.Time `json:"assured_at"` // when somebody last made sure that this is so
}
