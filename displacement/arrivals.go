package displacement

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"lintas/displacement/abm"
	"lintas/kernel/actor"
	"lintas/kernel/id"
	"lintas/kernel/problem"
	"lintas/platform/audit"
	"lintas/platform/db"
)

// Arrival is a count of people present at a place on a date, as it came in.
type Arrival struct {
	Place  string    `json:"place"`
	Date   string    `json:"date" format:"date"`
	People int64     `json:"people" minimum:"0"`
	Source string    `json:"source" maxLength:"500"`
	MadeAt time.Time `json:"made_at,omitempty"`

	line int // of the file it came in, from 1; 0 when it came alone
	by   string
}

// DailySeries is newly displaced people per day, foretold or assumed, to drive a
// run in place of the totals of its case.
type DailySeries struct {
	ID     string    `json:"id,omitempty"`
	Name   string    `json:"name" maxLength:"200"`
	Source string    `json:"source" maxLength:"2000"`
	Start  string    `json:"start" format:"date" doc:"the first day"`
	People []int64   `json:"people" doc:"newly displaced, per day"`
	SHA256 string    `json:"sha256,omitempty"`
	MadeAt time.Time `json:"made_at,omitempty"`
	MadeBy string    `json:"made_by,omitempty"`
}

// Bounds of what comes in; larger ones are refused.
const (
	maxCounts     = 20_000
	maxSeriesDays = 2_000
	maxPeople     = 1_000_000_000
)

// AddArrivals keeps counts, all or none. A later count of the same place and
// day does not erase the earlier one; the newest holds.
func (d *Desk) AddArrivals(ctx context.Context, scenario string, counts []Arrival) error {
	s, err := d.ours(ctx, scenario)
	if err != nil {
		return err
	}
	c, _, err := readBundle(s.bundle)
	if err != nil {
		return err
	}
	if len(counts) == 0 || len(counts) > maxCounts {
		return problem.New(problem.Invalid, "displacement.bad-counts", "Bring 1 to %d counts at a time; here are %d.", maxCounts, len(counts))
	}
	for i := range counts {
		if err := checkArrival(c, counts[i]); err != nil {
			return err
		}
	}
	who, now := actor.From(ctx), d.Clock.Now()
	return d.DB.Write(ctx, func(t *db.Tx) error {
		if err := mustBeThere(t, scenario); err != nil {
			return err
		}
		for _, a := range counts {
			a.MadeAt = now
			if err := insertArrival(t, scenario, a, who.Label()); err != nil {
				return err
			}
		}
		return audit.Append(t, now, who, audit.Entry{Verb: "displacement.count", Object: "displacement:" + scenario, Detail: map[string]any{"counts": len(counts), "from": counts[0].Date}})
	})
}

// AddArrival keeps one count.
func (d *Desk) AddArrival(ctx context.Context, scenario string, a Arrival) error {
	return d.AddArrivals(ctx, scenario, []Arrival{a})
}

func checkArrival(c *abm.Case, a Arrival) error {
	if c.PlaceIndex(a.Place) < 0 {
		return problem.New(problem.Invalid, "displacement.no-place", "The case has no place %q.", a.Place).With(at(a.line, "place"), "is not in the case")
	}
	day, err := time.Parse(time.DateOnly, a.Date)
	if err != nil {
		return problem.New(problem.Invalid, "displacement.bad-date", "Write the date as YYYY-MM-DD.").With(at(a.line, "date"), "is not a date")
	}
	if day.Before(c.Start.AddDate(-1, 0, 0)) || day.After(c.Start.AddDate(1, 0, c.Days)) {
		return problem.New(problem.Invalid, "displacement.other-time", "The day lies more than a year outside the case.").With(at(a.line, "date"), "is not of this case's time")
	}
	if a.People < 0 || a.People > maxPeople {
		return problem.New(problem.Invalid, "displacement.bad-count", "A count is 0 or more people.").With(at(a.line, "people"), "is not a number of people")
	}
	return nil
}

// at names a field of a request, or of a line of the file that came in it.
func at(line int, field string) string {
	if line > 0 {
		return fmt.Sprintf("body.csv:%d:%s", line, field)
	}
	return "body." + field
}

// readCounts reads lines of place, date and people; a header is optional. The
// lines are not checked against a case yet.
func readCounts(text, source string) ([]Arrival, error) {
	var out []Arrival
	err := eachLine(text, 3, func(line int, cells []string) error {
		n, err := wholeNumber(cells[2])
		if err != nil && line == 1 {
			return nil // a header
		}
		if err != nil {
			return problem.New(problem.Invalid, "displacement.bad-count", "A count is 0 or more people.").With(at(line, "people"), "is not a number of people")
		}
		out = append(out, Arrival{Place: cells[0], Date: cells[1], People: n, Source: source, line: line})
		return nil
	})
	return out, err
}

// readSeries reads lines of date and newly displaced people, day after day; a
// header is optional, and a day left out has nobody.
func readSeries(text string) (start string, people []int64, err error) {
	var first, last time.Time
	err = eachLine(text, 2, func(line int, cells []string) error {
		day, dateErr := time.Parse(time.DateOnly, cells[0])
		if dateErr != nil && line == 1 {
			return nil // a header
		}
		n, countErr := wholeNumber(cells[1])
		switch {
		case dateErr != nil:
			return problem.New(problem.Invalid, "displacement.bad-date", "Write the date as YYYY-MM-DD.").With(at(line, "date"), "is not a date")
		case countErr != nil || n < 0 || n > maxPeople:
			return problem.New(problem.Invalid, "displacement.bad-count", "A count is 0 or more people.").With(at(line, "people"), "is not a number of people")
		case !last.IsZero() && !day.After(last):
			return problem.New(problem.Invalid, "displacement.days-in-order", "The days should follow one another.").With(at(line, "date"), "is not after the line before")
		case first.IsZero():
			first = day
		}
		for !last.IsZero() && last.AddDate(0, 0, 1).Before(day) && len(people) <= maxSeriesDays {
			people, last = append(people, 0), last.AddDate(0, 0, 1)
		}
		people, last = append(people, n), day
		return nil
	})
	return first.Format(time.DateOnly), people, err
}

func wholeNumber(s string) (int64, error) { return strconv.ParseInt(strings.TrimSpace(s), 10, 64) }

// eachLine reads CSV of at least so many columns with one comma, semicolon or
// tab throughout, as spreadsheets save it. Empty lines and # lines are passed.
func eachLine(text string, columns int, do func(line int, cells []string) error) error {
	text = strings.TrimPrefix(text, "\ufeff")
	r := csv.NewReader(strings.NewReader(text))
	head, _, _ := strings.Cut(text, "\n")
	for _, separator := range ";\t" {
		if !strings.Contains(head, ",") && strings.ContainsRune(head, separator) {
			r.Comma = separator
		}
	}
	r.FieldsPerRecord, r.TrimLeadingSpace, r.Comment = -1, true, '#'
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return problem.New(problem.Invalid, "displacement.bad-csv", "The file is not CSV.").With(fmt.Sprintf("body.csv:%d:%d", broken.Line, broken.Column), broken.Err.Error())
		}
		if err != nil {
			return err
		}
		line, _ := r.FieldPos(0)
		if len(cells) < columns {
			return problem.New(problem.Invalid, "displacement.csv-columns", "Each line should have %d columns.", columns).With(fmt.Sprintf("body.csv:%d", line), "has too few columns")
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if err := do(line, cells); err != nil {
			return err
		}
	}
}

// AddSeries keeps a series of newly displaced people for runs of a scenario.
func (d *Desk) AddSeries(ctx context.Context, scenario string, v DailySeries) (DailySeries, error) {
	if _, err := d.ours(ctx, scenario); err != nil {
		return v, err
	}
	if len(v.People) == 0 || len(v.People) > maxSeriesDays {
		return v, problem.New(problem.Invalid, "displacement.bad-series", "A series has 1 to %d days; this one has %d.", maxSeriesDays, len(v.People)).With("body.csv", "has no day that can be read")
	}
	if _, err := time.Parse(time.DateOnly, v.Start); err != nil {
		return v, problem.New(problem.Invalid, "displacement.bad-date", "Write the date as YYYY-MM-DD.").With("body.start", "is not a date")
	}
	raw, err := json.Marshal(v.People)
	if err != nil {
		return v, err
	}
	sum, who := sha256.Sum256(raw), actor.From(ctx)
	v.ID, v.SHA256, v.MadeAt, v.MadeBy = id.New(), hex.EncodeToString(sum[:]), d.Clock.Now(), who.Label()
	err = d.DB.Write(ctx, func(t *db.Tx) error {
		if err := mustBeThere(t, scenario); err != nil {
			return err
		}
		if err := insertSeries(t, scenario, v, raw); err != nil {
			return err
		}
		return audit.Append(t, v.MadeAt, who, audit.Entry{Verb: "displacement.series", Object: "displacement:" + scenario, Detail: map[string]any{"series": v.ID, "sha256": v.SHA256, "days": len(v.People)}})
	})
	return v, err
}

// FetchSeries asks the warning desk and keeps what it answers, with its source.
func (d *Desk) FetchSeries(ctx context.Context, scenario string) (DailySeries, error) {
	s, err := d.ours(ctx, scenario)
	if err != nil {
		return DailySeries{}, err
	}
	if d.Outlook == nil {
		return DailySeries{}, problem.New(problem.NotFound, "displacement.no-outlook", "This node has no warning desk that foretells arrivals. Upload a series.")
	}
	c, _, err := readBundle(s.bundle)
	if err != nil {
		return DailySeries{}, err
	}
	v, err := d.Outlook(ctx, s.Organisation, c.Start, c.Days)
	if err != nil {
		return v, err
	}
	return d.AddSeries(ctx, scenario, v)
}

// checkSeries refuses a series that the run would not use.
func (d *Desk) checkSeries(ctx context.Context, s Scenario, settings RunSettings) error {
	if settings.Series == "" {
		return nil
	}
	if settings.Warm != nil {
		return problem.New(problem.Invalid, "displacement.series-and-warm", "A start from counts foretells arrivals by itself. Choose one: counts or a series.")
	}
	if _, err := d.series(ctx, s.ID, settings.Series); err != nil {
		return err
	}
	c, _, err := readBundle(s.bundle)
	if err != nil {
		return err
	}
	if c.Settings.ConflictDriven.On || c.Settings.FloodDriven.On {
		return problem.New(problem.Invalid, "displacement.series-not-used", "This case makes its own arrivals from conflict or floods; a series would not be used.")
	}
	return nil
}

// withSeries is a bundle whose totals follow a series: people who are displaced
// from a day on are the sum of the days until then.
func withSeries(bundle []byte, v DailySeries) ([]byte, error) {
	files, err := bundleFiles(bundle)
	if err != nil {
		return nil, err
	}
	layout := readLayout(files)
	start, err := time.Parse(time.DateOnly, v.Start)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%s,0\n", start.AddDate(0, 0, -1).Format(time.DateOnly))
	sum := int64(0)
	for i, n := range v.People {
		sum += n
		fmt.Fprintf(&out, "%s,%d\n", start.AddDate(0, 0, i).Format(time.DateOnly), sum)
	}
	name := "total.csv"
	if names := layout.filesOf("total"); len(names) > 0 {
		name = names[0]
	}
	files[layout.folder+name] = out.Bytes()
	layout.keep(files, "total", name)
	return packFiles(files)
}

// withCounts is a bundle to whose reports the counts that came in were added,
// so that a warm start knows them. A count of a day that has a report holds in
// its place.
func withCounts(bundle []byte, counts []Arrival) ([]byte, error) {
	if len(counts) == 0 {
		return bundle, nil
	}
	files, err := bundleFiles(bundle)
	if err != nil {
		return nil, err
	}
	layout := readLayout(files)
	byPlace := map[string][]Arrival{}
	for _, a := range counts {
		byPlace[a.Place] = append(byPlace[a.Place], a)
	}
	for place, list := range byPlace {
		names := layout.filesOf(place)
		if len(names) == 0 {
			names = []string{"counted-" + hex.EncodeToString([]byte(place)) + ".csv"}
		}
		var reports [][]byte
		for _, name := range names {
			reports = append(reports, files[layout.folder+name])
		}
		files[layout.folder+names[0]] = mergeReports(reports, list)
		layout.keep(files, place, names[0])
	}
	return packFiles(files)
}

// mergeReports puts counts among the reports of a place, by date. Several files
// of one place are summed as the reader does it: on the union of their dates,
// the last value of each carried on.
func mergeReports(reports [][]byte, counts []Arrival) []byte {
	byFile, dates := make([]map[string]int64, len(reports)), map[string]bool{}
	for i, file := range reports {
		byFile[i] = map[string]int64{}
		_ = eachLine(string(file), 2, func(_ int, cells []string) error {
			n, err := strconv.ParseFloat(cells[1], 64)
			if _, dateErr := time.Parse(time.DateOnly, cells[0]); dateErr == nil && err == nil {
				byFile[i][cells[0]], dates[cells[0]] = int64(n), true
			}
			return nil
		})
	}
	sums, last := map[string]int64{}, make([]int64, len(reports))
	for _, date := range sortedKeys(dates) {
		for i := range byFile {
			if n, ok := byFile[i][date]; ok {
				last[i] = n
			}
			sums[date] += last[i]
		}
	}
	for _, a := range counts {
		sums[a.Date] = a.People
	}
	var out bytes.Buffer
	for _, date := range sortedKeys(sums) {
		fmt.Fprintf(&out, "%s,%d\n", date, sums[date])
	}
	return out.Bytes()
}
