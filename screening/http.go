package screening

import "lintas/platform/gate"

// Routes mounts the desk.
func (d *Desk) Routes(g *gate.Gate) {
	d.openRosa(g)
}
