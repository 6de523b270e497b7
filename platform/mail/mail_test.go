package mail_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-smtp"

	"lintas/kernel/problem"
	"lintas/platform/mail"
)

// inbox is a real SMTP server on loopback that keeps what it takes.
type inbox struct {
	mu       sync.Mutex
	messages []string
	refuse   bool
}

func (b *inbox) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{b}, nil }

type session struct{ box *inbox }

func (s *session) Mail(string, *smtp.MailOptions) error { return nil }
func (s *session) Rcpt(string, *smtp.RcptOptions) error {
	if s.box.refuse {
		return &smtp.SMTPError{Code: 451, Message: "try later"}
	}
	return nil
}
func (s *session) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	s.box.mu.Lock()
	defer s.box.mu.Unlock()
	s.box.messages = append(s.box.messages, string(b))
	return err
}
func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }

func server(t *testing.T, box *inbox) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := smtp.NewServer(box)
	go s.Serve(l)
	t.Cleanup(func() { s.Close() })
	return "smtp://" + l.Addr().String()
}

func TestANoticeReachesTheServerWhole(t *testing.T) {
	box := &inbox{}
	s, err := mail.Open(server(t, box), "node@agency.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(context.Background(), "siti@agency.example", "Ada yang menunggu", "Masuk ke Lintas.\nကျေးဇူးပြု၍"); err != nil {
		t.Fatal(err)
	}
	if len(box.messages) != 1 || !strings.Contains(box.messages[0], "Auto-Submitted: auto-generated") {
		t.Errorf("the server holds %q", box.messages)
	}
}

func TestAServerThatRefusesIsSaidSoThatTheNoticeIsTriedAgain(t *testing.T) {
	s, err := mail.Open(server(t, &inbox{refuse: true}), "node@agency.example")
	if err != nil {
		t.Fatal(err)
	}
	err = s.Send(context.Background(), "siti@agency.example", "x", "y")
	if p, ok := problem.As(err); !ok || p.Kind != problem.Unavailable {
		t.Errorf("got %v", err)
	}
}

func TestAWrongAddressOfTheServerSaysHowToWriteIt(t *testing.T) {
	for _, address := range []string{"mail.example.org", "http://mail.example.org", "smtp://"} {
		if _, err := mail.Open(address, "a@b.example"); !problem.HasCode(err, "mail.address") {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

func TestAnAddressThatIsNoneIsNotShownInTheError(t *testing.T) {
	s, err := mail.Open(server(t, &inbox{}), "node@agency.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(context.Background(), "siti at home", "x", "y"); err == nil || strings.Contains(err.Error(), "siti") {
		t.Errorf("got %v", err)
	}
}
