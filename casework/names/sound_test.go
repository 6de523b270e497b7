package names

import (
	"strings"
	"testing"
)

// Each line is one name as different offices write it.
func TestOneNameInDifferentScriptsHasOneSound(t *testing.T) {
	for _, line := range []string{
		"Somchai Somchay สมชาย", "Suwan Suwann สุวรรณ", "Malee Mali มาลี", "Boonmee Bunmi บุญมี", "Sak Sakdi? ศักดิ์", "Chan จันทร์", "Wichai Vichai วิชัย",
		"Mya မြ", "Hla လှ", "Thiri သီရိ", "Sandar Sanda စန္ဒာ", "Sari សារី", "Omar Oma", "Aung အောင်", "Kyaw ကျော်", "Chit ချစ်", "Myint မြင့်", "Htet ထက်", "Win ဝင်း", "Nilar နီလာ", "Thida သီတာ",
		"Sokha Sokhaa សុខា", "Chan ចាន់", "Dara Tara ដារ៉ា", "Bounmy Bunmi ບຸນມີ", "Kham ຄຳ คำ",
		"Muhammad Mohamed Mohammed محمد মুহাম্মদ", "Rahim Raheem رحيم রহিম", "Karim করিম كريم", "Fatima Fatimah فاطمة ফাতিমা",
		"Priya प्रिया", "Kamala कमला", "Nimal නිමල්", "Kumar Kumaar कुमार குமார்", "Sari Sarie", "Yuli Juli?", "Nguyen Nguyễn", "Dung Đung", "Sukarno Soekarno", "Djoko Joko Tjoko",
	} {
		words := strings.Fields(line)
		for _, w := range words[1:] {
			if strings.HasSuffix(w, "?") {
				continue // known to differ
			}
			if a, b := Sound(words[0]), Sound(w); a != b || a == "" {
				t.Errorf("%s sounds %q and %s %q", words[0], a, w, b)
			}
		}
	}
}

func TestDifferentNamesSoundDifferent(t *testing.T) {
	for _, pair := range [][2]string{{"Somchai", "Somsak"}, {"Mya", "Hla"}, {"Dara", "Sokha"}, {"Ali", "Omar"}, {"Karim", "Rahim"}, {"Win", "Min"}, {"Thiri", "Thu"}} {
		if Sound(pair[0]) == Sound(pair[1]) {
			t.Errorf("%s and %s both sound %q", pair[0], pair[1], Sound(pair[0]))
		}
	}
}

func TestANameWithoutSpacesSoundsLikeItsParts(t *testing.T) {
	for _, whole := range []string{"မြလှ", "Myahla"} {
		if got := Whole([]string{"Mya", "Hla"}); got[0] != Sound(whole) {
			t.Errorf("%s: %q, %q", whole, Sound(whole), got)
		}
	}
	if got := Whole([]string{"Hla", "Mya"}); got[1] != Sound("မြလှ") {
		t.Errorf("turned: %q", got)
	}
}

func FuzzSound(f *testing.F) {
	f.Add("สมชาย")
	f.Fuzz(func(t *testing.T, word string) {
		if strings.Trim(Sound(word), "KSTPMNLWYH") != "" {
			t.Errorf("%q sounds %q", word, Sound(word))
		}
	})
}

func TestTitlesInitialsAndWordsBetweenAreNobodysOwn(t *testing.T) {
	for name, want := range map[string]string{
		"daw mya hla": "mya hla", "siti binti nur": "siti nur", "นางสาวสมหญิง ใจดี": "สมหญิง ใจดี", "นาย สมชาย": "สมชาย", "j c juncker": "juncker", "ဒေါ်မြလှ": "မြလှ", "ນາງບຸນມີ": "ບຸນມີ",
		"u u": "u u", "ong mei": "ong mei", "李 明": "李 明", "ahmad bin ali": "ahmad ali", "นาง": "นาง", "นายก": "นายก", "ali al hasan": "ali hasan",
	} {
		if got := strings.Join(Own(strings.Fields(name)), " "); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
}
