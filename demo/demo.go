// Package demo holds an invented country for people to try Lintas on. Nobody and nothing in it exists.
package demo

import _ "embed"

// Directory is the service directory of the invented country: HSDS 3.0 services, but that assured_date is the
// number of days before today (e.g. "-6"), and ASSURED in a value stands for that day, so that the entries
// are as fresh or stale whenever the demo is made.
//
//go:embed directory.json
var Directory []byte
