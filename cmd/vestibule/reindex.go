package main

import (
	"context"
	"errors"
	"fmt"

	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/keep"
	"vestibule/internal/store"
)

type auditReindexCmd struct {
	dataFlags
}

// Help is shown below the flags.
func (auditReindexCmd) Help() string {
	return `The index says where in the trail a search looks; the records themselves are apart from it. When "vestibule audit verify" says that
it is not made from them, searches and reports may miss some. Stop the gateway, and:

    vestibule audit reindex --data ./data

The next start makes the index again from the records, about two million in a minute. Searches find everything meanwhile.`
}

// Run throws the index away.
func (c auditReindexCmd) Run(ctx context.Context, t *terminal) error {
	o := daemon.Options{Data: c.Data}
	if c.Config != "" {
		conf, err := config.LoadServe(c.Config)
		if err != nil {
			return err
		}
		o = daemon.Options{Data: conf.Data, LogKey: conf.LogKey, CheckpointCopy: conf.CheckpointCopy}
	}
	if served, err := store.Served(o.Data); err != nil {
		return err
	} else if served {
		return errors.New("a gateway serves this folder; stop it first")
	}
	err := daemon.Keep(ctx, o, func(k *keep.Keeper) error { return k.Ledger.Reindex(ctx) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(t.Out, "the index is gone; the next start of the gateway makes it again")
	return err
}
