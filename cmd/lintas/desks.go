package main

import (
	"context"

	"github.com/alecthomas/kong"
)

// deskCommands mounts each desk's commands under the desk's own word.
type deskCommands struct {
}

// bindDesks hands the desks' commands what they ask for.
func bindDesks(parsed *kong.Context, ctx context.Context, s streams, open opener) {
}
