package screening

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"lintas/kernel/actor"
	"lintas/platform/db/dbtest"
	"lintas/screening/instruments"
)

// BenchmarkSubmission takes one new interview of the demonstration, scored by its pack, from the body of the POST to
// the durable row: what every phone costs the node beside HTTP itself.
//
//	go test -run xxx -bench Submission -benchtime 300x -cpu 1 ./screening
func BenchmarkSubmission(b *testing.B) {
	w := newWorld(b, dbtest.SQLite(b))
	book, err := instruments.XLSX(instruments.Arrival)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := w.desk.PublishWorkbook(actor.With(context.Background(), theSuper), Upload{Name: "arrival.xlsx", Workbook: book}); err != nil {
		b.Fatal(err)
	}
	ctx := actor.With(context.Background(), theDevice)
	b.ReportAllocs()
	for n := 0; b.Loop(); n++ {
		typ, body := posting(withXML(string(DemoInterview(fmt.Sprint("uuid:bench-", n))))...)
		p, err := w.desk.ReadPosting(ctx, typ, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		if r, err := w.desk.Receive(ctx, p); err != nil || r.Status != 201 {
			b.Fatalf("%v %+v", err, r)
		}
	}
}
