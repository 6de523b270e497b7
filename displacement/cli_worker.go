package displacement

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"runtime"
	"strings"
	"time"

	"lintas/kernel/problem"
	"lintas/platform/spread"
)

// WorkerCommand joins a hub.
type WorkerCommand struct {
	Join      string `required:"" help:"Address that 'ensemble --serve' printed (it holds a password), or the one of a node's --workers-listen as nats://HOST:PORT." placeholder:"URL"`
	TokenFile string `name:"token-file" help:"File with the token, in place of one in the address; the environment's LINTAS_WORKERS_TOKEN does as well. The node keeps it in workers-token in its data folder." placeholder:"FILE"`
	Parallel  int    `help:"Members at once; 0 is one per processor." default:"0"`
	Stay      bool   `help:"Wait for a hub that is gone or not there yet, and join again: for a worker of a node."`
}

// Help shows examples.
func (WorkerCommand) Help() string {
	return "A worker that is killed costs the member it held, which another does again, and nothing else. It must be the same program as the other end. The link is not encrypted: join over a private network.\n\nExamples:\n  lintas displacement worker --join nats://TOKEN@127.0.0.1:4555\n  lintas displacement worker --join nats://10.8.0.1:4555 --token-file workers-token --stay"
}

// rejoin is how long a worker that stays waits before it tries again.
const rejoin = 5 * time.Second

// Run works until the hub is gone; one that stays, until it is ended.
func (cmd WorkerCommand) Run(ctx context.Context, s IO) error {
	if cmd.Parallel <= 0 {
		cmd.Parallel = runtime.GOMAXPROCS(0)
	}
	address, err := cmd.address()
	if err != nil {
		return err
	}
	for said := ""; ; {
		err := Worker(ctx, address, cmd.Parallel, s.Version)
		switch {
		case ctx.Err() != nil:
			return nil
		case !cmd.Stay || errors.Is(err, spread.ErrUnfit):
			return err
		case err != nil && err.Error() != said:
			said = err.Error()
			fmt.Fprintln(s.Stderr, said, "- trying again")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(rejoin):
		}
	}
}

// address is where to join, with the token.
func (cmd WorkerCommand) address() (string, error) {
	u, err := url.Parse(cmd.Join)
	if err != nil || u.Scheme != "nats" || u.Host == "" {
		// Not the address itself: it may hold the token.
		return "", problem.New(problem.Invalid, "displacement.bad-join", "Write the address as nats://HOST:PORT.")
	}
	token := os.Getenv("LINTAS_WORKERS_TOKEN")
	if cmd.TokenFile != "" {
		raw, err := os.ReadFile(cmd.TokenFile)
		if err != nil {
			return "", problem.New(problem.NotFound, "displacement.no-token", "The file %q with the token cannot be read.", cmd.TokenFile)
		}
		token = strings.TrimSpace(string(raw))
	}
	if u.User == nil && token != "" {
		u.User = url.User(token)
	}
	return u.String(), nil
}
