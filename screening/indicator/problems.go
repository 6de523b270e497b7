package indicator

import (
	"fmt"
	"strings"
)

// Problem is one mistake in a pack: where it stands, what is wrong, what to do.
type Problem struct {
	// Place is a path like indicators[3].when, or a sheet's row and column like
	// sheet indicators, row 5, column when.
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

// PackError holds the mistakes found in a pack, not only the first: at most
// maxProblems, and then one that says how many more there are.
type PackError struct{ Problems []Problem }

// A file of four megabytes can hold a million mistakes, and a cell 32,767
// characters: a report that repeated them all would fill the memory.
const (
	maxProblems = 200
	maxSaid     = 600 // characters of one message
)

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
	more     int // mistakes beyond maxProblems
	where    func(path string) string
}

func (c *checker) add(place, message, remedy string) {
	if len(c.problems) == maxProblems {
		c.more++
		return
	}
	if c.where != nil {
		place = c.where(place)
	}
	c.problems = append(c.problems, Problem{clipped(place), clipped(message), clipped(remedy)})
}

func (c *checker) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	if c.more > 0 {
		return &PackError{append(c.problems, Problem{"pack", fmt.Sprintf("there are %d more mistakes", c.more), "correct these first, then check again"})}
	}
	return &PackError{c.problems}
}

// clipped keeps a message readable that quotes a cell.
func clipped(s string) string {
	if len(s) <= maxSaid {
		return s
	}
	r := []rune(s)
	if len(r) <= maxSaid {
		return s
	}
	return string(r[:maxSaid*2/3]) + " … " + string(r[len(r)-maxSaid/3:])
}
