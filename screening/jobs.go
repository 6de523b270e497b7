package screening

import (
	"context"
	"time"

	"lintas/platform/db"
	"lintas/platform/jobs"
)

// orphansAfter is how long chunks of a file may wait for their interview. Clients give up after minutes.
const orphansAfter = 24 * time.Hour

// Jobs is what the desk does by itself.
func (d *Desk) Jobs() []jobs.Job {
	return []jobs.Job{
		{Name: "screening.sweep", Every: time.Hour, Run: d.sweep},
		{Name: "screening.erasures", Every: time.Minute, Run: d.finishErasures},
		{Name: "screening.entities", Every: time.Hour, Run: d.takeOverdueEntities},
		{Name: "screening.handovers", Every: 5 * time.Minute, Run: d.settleHandovers},
	}
}

// sweep removes what cut connections left behind.
func (d *Desk) sweep(ctx context.Context) error {
	var n int64
	err := d.db.Write(ctx, func(t *db.Tx) (err error) { n, err = sweepChunks(t, d.clock.Now().Add(-orphansAfter)); return err })
	if n > 0 {
		d.log.Info("removed parts of uploads that never finished", "chunks", n)
	}
	return err
}

// finishErasures destroys the keys of erased records where the node went down in between.
func (d *Desk) finishErasures(ctx context.Context) error {
	var rows []recordRow
	err := d.db.Read(ctx, func(t *db.Tx) (err error) {
		rows, err = db.All(t, scanRecord, `SELECT `+recordColumns+` FROM screening_record r WHERE r.state = ? AND r.key_gone = 0`, stateErased)
		return err
	})
	for _, r := range rows {
		if err == nil {
			err = d.destroyKey(ctx, r)
		}
	}
	return err
}
