package indicator

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a pack: where it stands, what is wrong, what to do.
type Problem struct {
	// Place is a path like indicators[3] (D1.job).when, or a sheet's row and
	// column like indicators row 5, column when.
	Place   string `json:"place"`
	Message string `json:"message"`
	Remedy  string `json:"remedy,omitempty"`
}

func (p Problem) String() string {
	s := p.Place + ": " + p.Message
	if p.Remedy != "" {
		s += "; " + p.Remedy
	}
	return s
}

// PackError holds every mistake found in a pack, not only the first.
type PackError struct{ Problems []Problem }

func (e *PackError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	return fmt.Sprintf("the pack has %d problem(s):\n%s", len(lines), strings.Join(lines, "\n"))
}

// checker collects problems. where maps a pack path to the place to name in
// messages, so that a pack read from a sheet is reported by cell.
type checker struct {
	problems []Problem
	where    func(path string) string
}

func (c *checker) add(place, message, remedy string) {
	if c.where != nil {
		place = c.where(place)
	}
	c.problems = append(c.problems, Problem{place, message, remedy})
}

func (c *checker) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return &PackError{c.problems}
}
