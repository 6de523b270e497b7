// Package push sends web push notices (RFC 8030, RFC 8291, VAPID RFC 8292). The text is encrypted for the
// browser; it holds no personal data all the same, because it is shown on a locked screen.
package push

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"syscall"
	"time"

	webpush "github.com/SherClockHolmes/webpush-go"

	"lintas/kernel/problem"
)

// ErrGone says that a subscription has ended: delete it.
var ErrGone = errors.New("push: the subscription has ended")

// Sender signs with the node's own key.
type Sender struct {
	public, private string
	contact         string
	client          *http.Client
}

// Open makes a sender from 32 secret bytes (keys.Ring.Derive) and the node's contact address (mailto: or
// https:), which push services want to know.
func Open(secret []byte, contact string) (*Sender, error) {
	key, err := ecdh.P256().NewPrivateKey(secret)
	if err != nil {
		return nil, fmt.Errorf("push key: %w", err) // about one secret in 2^32 is not a valid scalar
	}
	enc := base64.RawURLEncoding.EncodeToString
	return &Sender{public: enc(key.PublicKey().Bytes()), private: enc(key.Bytes()), contact: contact, client: outside()}, nil
}

// outside is a client that reaches public addresses only: the endpoint comes from a browser, and must not
// turn the node into a way to ask the organisation's own network.
func outside() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, Control: func(_, address string, _ syscall.RawConn) error {
		host, _, err := net.SplitHostPort(address)
		ip := net.ParseIP(host)
		if err != nil || ip == nil || !ip.IsGlobalUnicast() || ip.IsPrivate() {
			return errors.New("push: the endpoint is not a public address")
		}
		return nil
	}}
	return &http.Client{
		Timeout:       20 * time.Second,
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: 10 * time.Second},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// PublicKey is what a page subscribes with (applicationServerKey, base64url).
func (s *Sender) PublicKey() string { return s.public }

// Check reports whether a subscription as a browser made it can be used.
func Check(subscription []byte) error {
	var sub webpush.Subscription
	if err := json.Unmarshal(subscription, &sub); err != nil || sub.Keys.Auth == "" || sub.Keys.P256dh == "" {
		return problem.New(problem.Invalid, "push.subscription", "The browser's subscription cannot be used. Turn notices off and on again.")
	}
	if u, err := url.Parse(sub.Endpoint); err != nil || u.Scheme != "https" || u.Host == "" {
		return problem.New(problem.Invalid, "push.subscription", "The browser's subscription cannot be used. Turn notices off and on again.")
	}
	return nil
}

// Send sends text to a subscription; ErrGone when it has ended.
func (s *Sender) Send(ctx context.Context, subscription []byte, text string) error {
	if err := Check(subscription); err != nil {
		return err
	}
	var sub webpush.Subscription
	if err := json.Unmarshal(subscription, &sub); err != nil {
		return err
	}
	r, err := webpush.SendNotificationWithContext(ctx, []byte(text), &sub, &webpush.Options{
		HTTPClient: s.client, Subscriber: s.contact, TTL: 24 * 60 * 60, VAPIDPublicKey: s.public, VAPIDPrivateKey: s.private,
	})
	if err != nil {
		return fmt.Errorf("push: %w", err)
	}
	defer r.Body.Close()
	switch {
	case r.StatusCode == http.StatusNotFound || r.StatusCode == http.StatusGone:
		return ErrGone
	case r.StatusCode >= 300:
		return fmt.Errorf("push: the service answered %d", r.StatusCode)
	}
	return nil
}
