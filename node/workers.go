package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"lintas/kernel/id"
	"lintas/platform/spread"
)

// workers is the node's hub, on which other processes join to help with long computations. It costs nothing
// before it is asked for, and only a node that serves and has an address for workers asks.
type workers struct {
	listen, token string
	tokenFile     string

	mu  sync.Mutex
	hub *spread.Hub
}

func newWorkers(c Config) *workers {
	return &workers{listen: c.Workers, token: c.WorkersToken, tokenFile: filepath.Join(c.Data, "workers-token")}
}

// get starts the hub the first time.
func (w *workers) get(ctx context.Context) (*spread.Hub, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hub != nil {
		return w.hub, nil
	}
	token, err := w.secret()
	if err != nil {
		return nil, err
	}
	w.hub, err = spread.Start(ctx, spread.Options{Listen: w.listen, Token: token})
	return w.hub, err
}

// secret is what workers must know: the setting, else the file in the data folder, made when it is missing.
func (w *workers) secret() (string, error) {
	if w.token != "" {
		return w.token, nil
	}
	raw, err := os.ReadFile(w.tokenFile)
	if errors.Is(err, os.ErrNotExist) {
		raw = []byte(id.Secret())
		err = os.WriteFile(w.tokenFile, append(raw, '\n'), 0o600)
	}
	token := strings.TrimSpace(string(raw))
	if err == nil && len(token) < minToken {
		err = fmt.Errorf("the token in %s has fewer than %d characters; remove the file and the node makes another", w.tokenFile, minToken)
	}
	return token, err
}

// close ends the hub: its workers wait for another or end.
func (w *workers) close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.hub == nil {
		return nil
	}
	hub := w.hub
	w.hub = nil
	return hub.Close()
}
