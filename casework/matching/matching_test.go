package matching

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func shelter(id string) Service {
	return Service{ID: id, Active: true, Needs: []string{"shelter"}, Free: -1, Assured: now.AddDate(0, 0, -10)}
}

func ids(matches []Match) []string {
	out := []string{}
	for _, m := range matches {
		out = append(out, m.ID)
	}
	return out
}

func TestWhoIsNotAcceptedIsNotOfferedWhateverElseSpeaksForIt(t *testing.T) {
	base := Query{Needs: []string{"shelter"}, Age: 16, Gender: "male", Status: "irregular", Traits: []string{"with_children"}, Place: "ID-11", At: now}
	for name, c := range map[string]struct {
		change func(*Service)
		code   Code
	}{
		"closed":              {func(s *Service) { s.Active = false }, NotActive},
		"another need":        {func(s *Service) { s.Needs = []string{"legal"} }, NoNeedMet},
		"adults only":         {func(s *Service) { s.MinAge = 18 }, TooYoung},
		"young children":      {func(s *Service) { s.MaxAge = 12 }, TooOld},
		"women only":          {func(s *Service) { s.Genders = []string{"female"} }, GenderRefused},
		"regular status":      {func(s *Service) { s.Statuses = []string{"regular"} }, StatusRefused},
		"no children":         {func(s *Service) { s.Excludes = []string{"with_children"} }, TraitRefused},
		"police referral":     {func(s *Service) { s.Requires = []string{"police_letter"} }, TraitMissing},
		"other province":      {func(s *Service) { s.Areas = []string{"ID-12"} }, OutsideArea},
		"code that resembles": {func(s *Service) { s.Areas = []string{"ID-1"} }, OutsideArea},
	} {
		s := shelter("a")
		s.Free, s.Cost = 10, CostFree
		c.change(&s)
		matches, excluded := Rank([]Service{s}, base)
		if len(matches) != 0 || len(excluded) != 1 || excluded[0].Reasons[0].Code != c.code {
			t.Errorf("%s: offered %v, excluded %v", name, matches, excluded)
		}
	}
}

func TestWhatIsNotKnownExcludesNobodyAndIsNamed(t *testing.T) {
	s := shelter("a")
	s.MinAge, s.Genders, s.Statuses, s.Areas = 18, []string{"female"}, []string{"regular"}, []string{"ID"}
	matches, _ := Rank([]Service{s}, Query{Needs: []string{"shelter"}, Age: -1, At: now})
	if len(matches) != 1 {
		t.Fatal("not offered")
	}
	for _, code := range []Code{AgeUnknown, GenderUnknown, StatusUnknown, AreaUnknown} {
		if !slices.ContainsFunc(matches[0].Reasons, func(r Reason) bool { return r.Code == code }) {
			t.Errorf("%s is not said", code)
		}
	}
}

func TestTiesGoToTheNearerThenToTheFresher(t *testing.T) {
	near, far, unplaced, older := shelter("near"), shelter("far"), shelter("unplaced"), shelter("older")
	near.Placed, near.Latitude, near.Longitude = true, -6.2, 106.8
	far.Placed, far.Latitude, far.Longitude = true, -6.9, 107.6
	older.Assured = now.AddDate(0, 0, -60)
	matches, _ := Rank([]Service{older, unplaced, far, near}, Query{Needs: []string{"shelter"}, Age: -1, Placed: true, Latitude: -6.2, Longitude: 106.8, At: now})
	// Both unplaced ones are within their term, so freshness is equal and the id decides.
	if got := ids(matches); !slices.Equal(got, []string{"near", "far", "older", "unplaced"}) {
		t.Error(got)
	}
}

func TestAnEntryNotConfirmedInItsTermSinksAndSaysSo(t *testing.T) {
	fresh, stale, never := shelter("c"), shelter("b"), shelter("a")
	stale.Assured, never.Assured = now.AddDate(0, 0, -200), time.Time{}
	matches, _ := Rank([]Service{never, stale, fresh}, Query{Needs: []string{"shelter"}, Age: -1, At: now})
	if got := ids(matches); !slices.Equal(got, []string{"c", "b", "a"}) {
		t.Fatal(got)
	}
	for i, want := range []Code{Fresh, Stale, NeverConfirmed} {
		last := matches[i].Reasons[len(matches[i].Reasons)-1]
		if last.Code != want {
			t.Errorf("%s says %s", matches[i].ID, last.Code)
		}
	}
}

func TestFreshnessHalvesWithEveryTermAfterTheFirst(t *testing.T) {
	for days, want := range map[int]int{0: 1000, 90: 1000, 180: 500, 270: 250} {
		if got := Freshness(now.AddDate(0, 0, -days), 90, now); got != want {
			t.Errorf("after %d days: %d, want %d", days, got, want)
		}
	}
	if Freshness(time.Time{}, 90, now) != 0 || Freshness(now.AddDate(1, 0, 0), 90, now) != 1000 {
		t.Error("never confirmed and confirmed in the future")
	}
}

func TestDistanceIsKnownFromTheMap(t *testing.T) {
	// Jakarta to Bandung, about 120 km in a straight line.
	if d := Distance(-6.2088, 106.8456, -6.9175, 107.6191); d < 115_000 || d > 120_000 {
		t.Errorf("%d m", d)
	}
}

// The order does not depend on the order of the directory, points are the sum
// of the reasons, and nobody is both offered and excluded.
func TestRankingIsDeterministicAndAddsUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		services, q := Invented(rapid.IntRange(1, 60).Draw(t, "services"), rng)
		matches, excluded := Rank(services, q)
		if len(matches)+len(excluded) != len(services) {
			t.Fatal("a service is lost or twice")
		}
		for _, m := range matches {
			sum := 0
			for _, r := range m.Reasons {
				sum += r.Points
			}
			if sum != m.Points {
				t.Fatalf("%s: reasons add up to %d, not %d", m.ID, sum, m.Points)
			}
		}
		shuffled := slices.Clone(services)
		rng.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		again, _ := Rank(shuffled, q)
		if diff := cmp.Diff(matches, again); diff != "" {
			t.Fatal(diff)
		}
	})
}

// Invented makes a directory and a question about it.
func Invented(n int, rng *rand.Rand) ([]Service, Query) {
	pick := func(list ...string) []string {
		var out []string
		for _, v := range list {
			if rng.IntN(3) == 0 {
				out = append(out, v)
			}
		}
		return out
	}
	services := make([]Service, n)
	for i := range services {
		services[i] = Service{
			ID: fmt.Sprintf("s%05d", i), Active: rng.IntN(20) > 0,
			Needs:     pick("shelter", "medical", "legal", "psychosocial", "food", "return"),
			Languages: pick("id", "th", "my", "vi", "en"), Interpreted: pick("km", "lo"),
			MinAge: rng.IntN(2) * 18, Genders: pick("female"), Excludes: pick("with_children"),
			Areas: pick("ID-11", "ID-12", "TH-10"), Placed: rng.IntN(4) > 0,
			Latitude: rng.Float64()*20 - 10, Longitude: 95 + rng.Float64()*20,
			Free: rng.IntN(5) - 1, FreeAsOf: now, Cost: []Cost{CostUnknown, CostFree, CostSome}[rng.IntN(3)],
			Assured: now.AddDate(0, 0, -rng.IntN(400)), TermDays: 90,
		}
	}
	return services, Query{
		Needs: []string{"shelter", "medical"}, Languages: []string{"my", "en"}, Age: 17 + rng.IntN(3), Gender: "female",
		Place: "ID-11-03", Placed: true, Latitude: -6.2, Longitude: 106.8, At: now,
	}
}

// go test -bench TenThousand -run ^$ ./casework/matching
func BenchmarkTenThousandServices(b *testing.B) {
	services, q := Invented(10_000, rand.New(rand.NewPCG(1, 2)))
	b.ReportAllocs()
	for b.Loop() {
		Rank(services, q)
	}
}
