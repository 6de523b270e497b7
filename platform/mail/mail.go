// Package mail sends notices by SMTP. A notice holds no personal data: it says that something waits in
// Lintas, and where to look after signing in.
package mail

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"

	"lintas/kernel/problem"
)

// Sender sends mail through one server.
type Sender struct {
	host string
	from string
	opts []gomail.Option
}

// Open reads a server's address, smtp://[user:password@]host[:port] (STARTTLS is required unless the host is
// this machine) or smtps://... (TLS from the start). Nothing is sent yet.
func Open(address, from string) (*Sender, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, problem.New(problem.Invalid, "mail.address", "The mail server's address must look like smtp://user:password@mail.example.org:587 or smtps://mail.example.org.")
	}
	if from == "" {
		return nil, problem.New(problem.Invalid, "mail.from", "Set --mail-from to the address that notices come from.")
	}
	s := &Sender{host: u.Hostname(), from: from, opts: []gomail.Option{gomail.WithTimeout(20 * time.Second)}}
	port := 587
	switch {
	case u.Scheme == "smtps":
		port = 465
		s.opts = append(s.opts, gomail.WithSSL())
	case local(u.Hostname()):
		s.opts = append(s.opts, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	default:
		s.opts = append(s.opts, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, problem.New(problem.Invalid, "mail.address", "The mail server's port %q is not a number.", p)
		}
	}
	s.opts = append(s.opts, gomail.WithPort(port))
	if u.User != nil {
		password, _ := u.User.Password()
		s.opts = append(s.opts, gomail.WithSMTPAuth(gomail.SMTPAuthAutoDiscover), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	return s, nil
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Send sends one plain-text notice. It returns once the server has taken it.
func (s *Sender) Send(ctx context.Context, to, subject, text string) error {
	m := gomail.NewMsg()
	if err := m.From(s.from); err != nil {
		return fmt.Errorf("sender of notices: %w", err)
	}
	if err := m.To(to); err != nil {
		return problem.New(problem.Invalid, "mail.recipient", "A recipient's address is not right.") // the address itself stays out of the log
	}
	m.Subject(subject)
	m.SetBodyString(gomail.TypeTextPlain, text)
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: keeps out-of-office answers away
	c, err := gomail.NewClient(s.host, s.opts...)
	if err != nil {
		return fmt.Errorf("mail client: %w", err)
	}
	if err := c.DialAndSendWithContext(ctx, m); err != nil {
		return problem.New(problem.Unavailable, "mail.not-sent", "The mail server did not take the notice; it will be tried again.").Because(err)
	}
	return nil
}
