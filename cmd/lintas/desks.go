package main

import (
	"context"
	"errors"
	"io"

	"github.com/alecthomas/kong"

	"lintas/casework"
	"lintas/displacement"
	"lintas/kernel/actor"
	"lintas/node"
	"lintas/screening"
	"lintas/screening/xlsformcmd"
)

// deskCommands mounts each desk's commands under the desk's own word.
type deskCommands struct {
	Screening    screening.Commands    `cmd:"" help:"Screenings and instruments."`
	XLSForm      xlsformcmd.Commands   `cmd:"" name:"xlsform" help:"Compile, check and compare XLSForm workbooks."`
	Casework     casework.Commands     `cmd:"" help:"The service directory, cases and deadlines."`
	Displacement displacement.Commands `cmd:"" help:"Who may arrive where and when: run, validate and build cases."`
}

// lazyNode opens the node when the first command asks for a desk, and closes it at the end.
type lazyNode struct {
	ctx  context.Context
	open opener
	node *node.Node
}

func (l *lazyNode) get() (*node.Node, error) {
	if l.node == nil {
		n, err := l.open(l.ctx)
		if err != nil {
			return nil, err
		}
		l.node = n
	}
	return l.node, nil
}

func (l *lazyNode) close() error {
	if l.node == nil {
		return nil
	}
	return l.node.Close()
}

// bindDesks hands the desks' commands what they ask for. The command line acts as the node itself: whoever
// can read the data folder has that right already, and the audit log says so.
func bindDesks(parsed *kong.Context, ctx context.Context, s streams, open opener) (closeNode func() error, err error) {
	l := &lazyNode{ctx: ctx, open: open}
	parsed.BindTo(actor.With(ctx, actor.Actor{System: "command-line"}), (*context.Context)(nil))
	parsed.BindTo(s.Out, (*io.Writer)(nil))
	parsed.Bind(&xlsformcmd.Streams{Stdout: s.Out, Stderr: s.Err})
	parsed.Bind(displacement.IO{Stdout: s.Out, Stderr: s.Err, Terminal: terminal(s.Err), Version: node.Version()})
	err = errors.Join(
		parsed.BindToProvider(func() (*screening.Desk, error) {
			n, err := l.get()
			if err != nil {
				return nil, err
			}
			return n.Screening, nil
		}),
		parsed.BindToProvider(func() (*casework.Desk, error) {
			n, err := l.get()
			if err != nil {
				return nil, err
			}
			return n.Casework, nil
		}),
	)
	return l.close, err
}
