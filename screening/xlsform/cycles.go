package xlsform

import "strings"

// refuseCycles refuses questions whose value or visibility depends, in the end,
// on itself: the programs that fill in forms refuse such a form when it is
// opened in the field, which is too late.
//
// A reference inside indexed-repeat() or before a predicate means another turn of
// a repeat and makes no cycle.
func (c *compiler) refuseCycles() {
	if len(c.errs) > 0 {
		return
	}
	edges := map[*element][]*element{}
	var order []*element
	c.survey.walk(func(e *element) {
		if e.kind != kindQuestion && e.kind != kindGroup {
			return
		}
		var out []*element
		if len(e.triggers) == 0 {
			out = c.dependencies(out, e.bind.get("calculate"))
		}
		out = c.dependencies(out, e.bind.get("relevant"))
		if len(out) > 0 {
			edges[e] = out
			order = append(order, e)
		}
	})
	if loop := findCycle(order, edges); loop != nil {
		names := make([]string, 0, len(loop)+1)
		for _, e := range loop {
			names = append(names, e.name)
			if len(names) == 12 {
				names = append(names, "...")
				break
			}
		}
		names = append(names, loop[0].name)
		column := "calculate"
		if loop[0].bind.get("calculate") == "" {
			column = "relevant"
		}
		c.fail(c.at(sheetSurvey, c.rowOf(sheetSurvey, loop[0].row), "bind", column), msg{code: "cycle",
			text:   "These questions depend on each other in a circle: " + strings.Join(names, " -> ") + ".",
			remedy: "Break the circle: one of them must be worked out without the others.",
			detail: "Cycle detected in form's relevant and calculation logic!"})
	}
}

// dependencies adds the questions that an expression reads in the same turn.
func (c *compiler) dependencies(out []*element, expr string) []*element {
	if !strings.Contains(expr, "${") {
		return out
	}
	s := newScan(expr)
	for i, t := range s.toks {
		if t.kind == tokRef {
			r, _, _ := parseRef(expr[t.start:t.end])
			other := s.inIndexed() || i+1 < len(s.toks) && (s.toks[i+1].kind == tokOpen || s.toks[i+1].kind == tokSlash)
			if e := c.lookup(r.name); e != nil && !r.lastSaved && !other && e.kind == kindQuestion {
				out = append(out, e)
			}
		}
		s.step(t)
	}
	return out
}

func (c *scan) inIndexed() bool {
	for _, l := range c.stack {
		if l.indexed {
			return true
		}
	}
	return false
}

// findCycle searches depth first without recursion: a chain of a hundred
// thousand questions must not exhaust the stack.
func findCycle(order []*element, edges map[*element][]*element) []*element {
	const onPath, done = 1, 2
	state := map[*element]int{}
	type step struct {
		e    *element
		next int
	}
	for _, root := range order {
		if state[root] != 0 {
			continue
		}
		path := []step{{root, 0}}
		state[root] = onPath
		for len(path) > 0 {
			top := &path[len(path)-1]
			out := edges[top.e]
			if top.next == len(out) {
				state[top.e] = done
				path = path[:len(path)-1]
				continue
			}
			to := out[top.next]
			top.next++
			switch state[to] {
			case 0:
				state[to] = onPath
				path = append(path, step{to, 0})
			case onPath:
				var loop []*element
				for i := range path {
					if path[i].e == to || len(loop) > 0 {
						loop = append(loop, path[i].e)
					}
				}
				return loop
			}
		}
	}
	return nil
}
