package referral

import (
	"fmt"
	"strings"
)

// Drawing is Table as a Mermaid state diagram.
func Drawing() string {
	var b strings.Builder
	b.WriteString("```mermaid\nstateDiagram-v2\n    [*] --> offered\n")
	for _, rule := range Table {
		fmt.Fprintf(&b, "    %s --> %s: %s (%s)\n", node(rule.From), node(rule.To), rule.Event, parties(rule.Who))
	}
	b.WriteString("    done --> [*]\n```\n")
	return b.String()
}

// Prose is Table as a Markdown table.
func Prose() string {
	var b strings.Builder
	b.WriteString("| in state | event | becomes | who may | needs | told |\n|---|---|---|---|---|---|\n")
	for _, rule := range Table {
		var needs []string
		if rule.Reason {
			needs = append(needs, "a reason")
		}
		if rule.Receipt {
			needs = append(needs, "consent covering what is disclosed")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n",
			rule.From, rule.Event, rule.To, parties(rule.Who), strings.Join(needs, "; "), parties(rule.Tell))
	}
	return b.String()
}

// node is a state's name as Mermaid accepts it.
func node(s State) string { return strings.ReplaceAll(string(s), "-", "_") }

func parties(list []Party) string {
	names := make([]string, len(list))
	for i, p := range list {
		names[i] = string(p)
	}
	return strings.Join(names, ", ")
}
