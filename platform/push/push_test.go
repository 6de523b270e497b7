package push

import (
	"context"
	"crypto/ecdh"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lintas/kernel/problem"
)

func sender(t *testing.T) *Sender {
	t.Helper()
	secret := make([]byte, 32)
	secret[31] = 7
	s, err := Open(secret, "mailto:node@agency.example")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// subscription is what a browser would have made for a push service at endpoint.
func subscription(t *testing.T, endpoint string) []byte {
	t.Helper()
	browser, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	auth := make([]byte, 16)
	rand.Read(auth)
	enc := base64.RawURLEncoding.EncodeToString
	b, err := json.Marshal(map[string]any{"endpoint": endpoint, "keys": map[string]string{"auth": enc(auth), "p256dh": enc(browser.PublicKey().Bytes())}})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// service is a push service on loopback that answers with status.
func service(t *testing.T, status int, seen *http.Request, body *[]byte) *httptest.Server {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		*seen = *r
		*body, _ = io.ReadAll(r.Body)
		w.WriteHeader(status)
	}))
	t.Cleanup(s.Close)
	return s
}

func TestANoticeGoesOutEncryptedAndSigned(t *testing.T) {
	var r http.Request
	var body []byte
	server := service(t, 201, &r, &body)
	s := sender(t)
	s.client = server.Client() // loopback, which the real client refuses
	if err := s.Send(context.Background(), subscription(t, server.URL+"/x"), "Something waits in Lintas"); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(body), "Lintas") || r.Header.Get("Content-Encoding") != "aes128gcm" || !strings.HasPrefix(r.Header.Get("Authorization"), "vapid ") {
		t.Errorf("sent %v", r.Header)
	}
}

func TestAnEndedSubscriptionIsToldApart(t *testing.T) {
	var r http.Request
	var body []byte
	server := service(t, 410, &r, &body)
	s := sender(t)
	s.client = server.Client()
	if err := s.Send(context.Background(), subscription(t, server.URL), "x"); !errors.Is(err, ErrGone) {
		t.Errorf("got %v", err)
	}
}

func TestAnEndpointInsideTheOrganisationIsNeverAsked(t *testing.T) {
	var r http.Request
	var body []byte
	server := service(t, 201, &r, &body)
	if err := sender(t).Send(context.Background(), subscription(t, server.URL), "x"); err == nil || r.URL != nil {
		t.Errorf("got %v", err)
	}
}

func TestABrokenSubscriptionSaysWhatToDo(t *testing.T) {
	for _, broken := range []string{"", "{}", `{"endpoint":"http://x.example","keys":{"auth":"a","p256dh":"b"}}`} {
		if err := Check([]byte(broken)); !problem.HasCode(err, "push.subscription") {
			t.Errorf("%q: got %v", broken, err)
		}
	}
}

func TestTheKeyFollowsFromTheSecret(t *testing.T) {
	if one, other := sender(t), sender(t); one.PublicKey() != other.PublicKey() {
		t.Error("two keys from one secret")
	}
}
