package casework

import (
	"context"
	"time"

	"lintas/kernel/problem"
	"lintas/platform/db"
)

// An exercise is a case about nobody, to learn on. It is one from its first
// second and never becomes another: whatever lists, searches, counts, exports
// or tells leaves it out, and nothing of it is sent. When it has ended it is
// erased and answers like a case that never was, so that what a late device
// still sends brings nothing back.

// exerciseDays after it was opened, an exercise ends by itself.
const exerciseDays = 30

// gone says that a case is an exercise that has ended.
func (c Case) gone() bool { return c.Exercise && c.State == Closed }

var errExercise = problem.New(problem.Conflict, "casework.exercise", "This is an exercise: nothing of it is sent to anybody.")

func (n NewCase) checkExercise() error {
	if n.Exercise && n.Screening != "" {
		return problem.New(problem.Invalid, "casework.exercise-real", "An exercise is about nobody: it is not opened from a real screening.").With("body.screening", "is not allowed in an exercise")
	}
	return nil
}

// EndExercise erases an exercise for good.
func (d *Desk) EndExercise(ctx context.Context, caseID string) error {
	var c Case
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) {
		c, _, err = d.allowed(t, ctx, caseID, Write, Administrative)
		return err
	})
	if err != nil {
		return err
	}
	if !c.Exercise {
		return problem.New(problem.Conflict, "casework.exercise-not", "This is a real case and no exercise. A supervisor may erase it.")
	}
	return d.endExercise(ctx, c)
}

func (d *Desk) endExercise(ctx context.Context, c Case) error {
	_, err := d.erase(ctx, c, Classes) // which closes it
	return err
}

// endOldExercises ends what somebody forgot to end.
func (d *Desk) endOldExercises(ctx context.Context, now time.Time) error {
	var old []Case
	err := d.DB.Read(ctx, func(t *db.Tx) (err error) {
		old, err = exercisesBefore(t, now.AddDate(0, 0, -exerciseDays))
		return err
	})
	if err != nil {
		return err
	}
	for _, c := range old {
		if err := d.endExercise(ctx, c); err != nil {
			return err
		}
	}
	return nil
}
