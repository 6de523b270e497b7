package main

import (
	"context"

	"github.com/alecthomas/kong"

	"lintas/screening/xlsformcmd"
)

// deskCommands mounts each desk's commands under the desk's own word.
type deskCommands struct {
	XLSForm xlsformcmd.Commands `cmd:"" name:"xlsform" help:"Compile, check and compare XLSForm workbooks."`
}

// bindDesks hands the desks' commands what they ask for.
func bindDesks(parsed *kong.Context, ctx context.Context, s streams, open opener) {
	parsed.Bind(&xlsformcmd.Streams{Stdout: s.Out, Stderr: s.Err})
}
