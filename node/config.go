// Package node puts a node together: it opens the store, builds the desks, draws every arrow between desks
// (wiring.go), mounts HTTP and starts the jobs. Nothing is decided here but who stands beside whom.
package node

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Config is what a node needs to run. The tags are for the command line; each setting can also come from
// the environment (LINTAS_...) or a file (lintas.yaml). Flags win over the environment, the environment
// over the file, the file over the default.
type Config struct {
	Data         string        `help:"Folder for the database, the keys and the log's checkpoint; data in the folder the program starts in, where none is named." default:"data" env:"LINTAS_DATA" placeholder:"DIR"`
	Database     string        `help:"PostgreSQL URL (postgres://...) or path of a SQLite file; empty means the file lintas.db in the data folder." env:"LINTAS_DATABASE" placeholder:"URL"`
	KeyDatabase  string        `help:"Where the persons' keys are kept; empty means keys.db in the data folder. Its backups must expire within 30 days." env:"LINTAS_KEY_DATABASE" placeholder:"URL"`
	KeyFile      string        `help:"File with the key-encryption key; empty means key-encryption-key in the data folder. Keep a copy elsewhere: without it no person's data can be read." env:"LINTAS_KEY_FILE" placeholder:"FILE"`
	Listen       string        `help:"Address to answer on; 127.0.0.1:8080 where none is named." default:"127.0.0.1:8080" env:"LINTAS_LISTEN" placeholder:"HOST:PORT"`
	PublicURL    string        `help:"Address that browsers and phones use; passkeys and enrolment codes are bound to it. Empty means http://localhost with the port of --listen." env:"LINTAS_PUBLIC_URL" placeholder:"URL"`
	Name         string        `name:"node-name" help:"Name of the node, shown at sign-in." default:"Lintas node" env:"LINTAS_NODE_NAME"`
	Country      string        `help:"Country of the node (ISO 3166-1 alpha-2); profiles of deadlines and rules follow it." default:"XX" env:"LINTAS_COUNTRY"`
	MetricsToken string        `help:"Bearer token that may read /metrics from another machine; from this machine none is needed." env:"LINTAS_METRICS_TOKEN" placeholder:"TOKEN"`
	SMTP         string        `name:"smtp" help:"Mail server for notifications, e.g. smtp://user:password@mail.example.org:587; empty means that none are sent." env:"LINTAS_SMTP" placeholder:"URL"`
	MailFrom     string        `help:"Sender of notifications." env:"LINTAS_MAIL_FROM" placeholder:"ADDRESS"`
	PublicHSDS   bool          `name:"public-directory" help:"Let everybody read the service directory under /hsds/. Confidential addresses (shelters, child protection), contacts and who vouched for an entry stay inside." env:"LINTAS_PUBLIC_DIRECTORY"`
	Workers      string        `name:"workers-listen" help:"Address on which workers may join to help with long computations, e.g. 10.8.0.1:4555; empty means that the node computes alone. The link is not encrypted: only on this machine or a private network." env:"LINTAS_WORKERS_LISTEN" placeholder:"HOST:PORT"`
	WorkersToken string        `name:"workers-token" help:"What workers must know, at least 20 characters. Set it in the environment or the settings file, where other users of the machine do not see it; empty means the file workers-token in the data folder, which is made when it is missing." env:"LINTAS_WORKERS_TOKEN" placeholder:"TOKEN"`
	Grace        time.Duration `help:"How long running requests may finish at shutdown." default:"20s" env:"LINTAS_GRACE"`
	LogLevel     string        `help:"debug, info, warn or error." enum:"debug,info,warn,error" default:"info" env:"LINTAS_LOG_LEVEL"`
	LogFormat    string        `help:"text or json." enum:"text,json" default:"text" env:"LINTAS_LOG_FORMAT"`
}

// secretSettings are shown by `lintas config` only as set or not set.
var secretSettings = map[string]bool{"database": true, "key-database": true, "metrics-token": true, "smtp": true, "workers-token": true}

// Secret reports whether a setting's value must not be shown.
func Secret(setting string) bool { return secretSettings[setting] }

// Complete fills in the settings that follow from others and checks them.
func (c *Config) Complete() error {
	if c.Data == "" {
		return errors.New("--data names no folder; leave it out, or give one")
	}
	if !country.MatchString(c.Country) {
		return fmt.Errorf("--country %q is no country; write its two capital letters of ISO 3166-1, such as TH", c.Country)
	}
	for flag, where := range map[string]string{"--database": c.Database, "--key-database": c.KeyDatabase} {
		if kind, _, ok := strings.Cut(where, "://"); ok && kind != "postgres" && kind != "postgresql" {
			return fmt.Errorf("%s begins with %s://; Lintas keeps its records in PostgreSQL (postgres://...) or in a SQLite file (a path)", flag, kind)
		}
	}
	if c.Database == "" {
		c.Database = filepath.Join(c.Data, "lintas.db")
	}
	if c.KeyDatabase == "" {
		c.KeyDatabase = filepath.Join(c.Data, "keys.db")
	}
	if c.KeyFile == "" {
		c.KeyFile = filepath.Join(c.Data, "key-encryption-key")
	}
	port, err := portOf(c.Listen)
	if err != nil {
		return err
	}
	if c.PublicURL == "" {
		c.PublicURL = "http://localhost:" + port
	}
	u, err := url.Parse(c.PublicURL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("--public-url %q is not an address; write it as https://node.example.org", c.PublicURL)
	}
	if c.Workers != "" {
		if _, _, err := net.SplitHostPort(c.Workers); err != nil {
			return fmt.Errorf("--workers-listen %q is not an address; write it as HOST:PORT, e.g. 10.8.0.1:4555", c.Workers)
		}
		if n := len(c.WorkersToken); n > 0 && n < minToken {
			return fmt.Errorf("the token of --workers-token has %d characters; take at least %d, or leave it out and the node makes one", n, minToken)
		}
	}
	return nil
}

const minToken = 20

var country = regexp.MustCompile(`^[A-Z]{2}$`)

// portOf is the port of an address to listen on.
func portOf(listen string) (string, error) {
	_, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", fmt.Errorf("--listen %q lacks a port; write it as HOST:PORT, e.g. 127.0.0.1:8080", listen)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("--listen %q has no port from 0 to 65535; write it as HOST:PORT, e.g. 127.0.0.1:8080", listen)
	}
	return port, nil
}
