package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"vestibule"
	"vestibule/audit"
	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
)

// keyRotate is the action of asking for another key.
const keyRotate = "key-rotate"

// auditKeysCmd is the commands about the keys that sign the trail.
type auditKeysCmd struct {
	List   auditKeysListCmd   `cmd:"" help:"Print the public keys, oldest first."`
	Rotate auditKeysRotateCmd `cmd:"" help:"Make a new key and hand the trail over to it."`
}

type auditKeysListCmd struct{ dataFlags }

// Help is shown below the flags.
func (auditKeysListCmd) Help() string {
	return `The same keys stand in log.pub, which is what auditors need. Give it to them yourself, each time it grows.`
}

// Run prints the list.
func (c auditKeysListCmd) Run(t *terminal) error {
	dir, err := c.folder()
	if err != nil {
		return err
	}
	list, err := publicKey(dir)
	if err != nil {
		return err
	}
	keys := strings.Fields(list)
	w := tabwriter.NewWriter(t.Out, 0, 0, 2, ' ', 0)
	for i, key := range keys {
		state := "replaced"
		if i == len(keys)-1 {
			state = "in force"
		}
		fmt.Fprintf(w, "%d\t%s\t%s\n", i+1, state, key)
	}
	return w.Flush()
}

type auditKeysRotateCmd struct {
	dataFlags
	byFlag
}

// Help is shown below the flags.
func (auditKeysRotateCmd) Help() string {
	return `The new key is put on record in every clinic's trail, under the signatures of both; then the old private key is gone. Do it
when somebody leaves who could read the key's file, and otherwise about once a year:

    vestibule audit keys rotate --config serve.yaml

A running gateway takes the new key up at once; otherwise the next start does. Send the grown log.pub to the auditors then.`
}

// Run makes the key, reports it, and waits for the gateway.
func (c auditKeysRotateCmd) Run(ctx context.Context, t *terminal) error {
	path, err := c.logKey()
	if err != nil {
		return err
	}
	return c.within(func(d *data) error {
		if _, err := publicKey(d.dir); err != nil {
			return err
		}
		if _, err := audit.LoadKey(path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("the key is not in %s; where serve.yaml names another file as logKey, give --config", path)
		} else if err != nil {
			return err
		}
		name, err := c.name()
		if err != nil {
			return err
		}
		if _, err := audit.GenerateKey(path+daemon.NextKey, rand.Reader); errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%s waits already; start the gateway, which takes it up", path+daemon.NextKey)
		} else if err != nil {
			return err
		}
		if err := d.Report(ctx, store.Event{At: t.Now(), By: name, Action: keyRotate, Subject: filepath.Base(path)}); err != nil {
			return errors.Join(err, os.Remove(path+daemon.NextKey))
		}
		event, err := d.Changed(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintln(t.Out, "rotated; send log.pub, which grows by a line, to the auditors")
		return d.await(ctx, t, event)
	})
}

// logKey is the file of the signing key.
func (f dataFlags) logKey() (string, error) {
	if f.Data != "" {
		return daemon.LogKey(f.Data), nil
	}
	conf, err := config.LoadServe(f.Config)
	return conf.LogKey, err
}

type auditRecoverCmd struct {
	dataFlags
	byFlag
	CheckpointCopy string `placeholder:"DIR" type:"path" help:"The second copy of the checkpoints; with --config the one that it names."`
	Because        string `required:"" placeholder:"TEXT" help:"What happened, for the record."`
}

// Help is shown below the flags.
func (auditRecoverCmd) Help() string {
	return `For a data folder that was put back from a backup, where the newest one is lost: the gateway does not start on it, because
records that were signed are missing. First look for the newest folder. If there is none:

    vestibule audit recover --config serve.yaml --because "disk failed on 3 May, backup of 2 May put back"

Each trail that lost its end is sealed and kept, and goes on as a new one, which begins with a record of what was signed and
what is here. The loss is not hidden: who holds a receipt of a lost record can show that it is missing.`
}

// Run finds what is lost, puts it on record, and puts the checkpoints of what is lost aside.
func (c auditRecoverCmd) Run(ctx context.Context, t *terminal) (err error) {
	name, err := c.name()
	if err != nil {
		return err
	}
	path, err := c.logKey()
	if err != nil {
		return err
	}
	if c.CheckpointCopy == "" && c.Config != "" {
		conf, err := config.LoadServe(c.Config)
		if err != nil {
			return err
		}
		c.CheckpointCopy = conf.CheckpointCopy
	}
	if c.CheckpointCopy == "" {
		return errors.New("give --config FILE, or --checkpoint-copy DIR: without the second copy of the checkpoints nobody knows what is lost")
	}
	return c.within(func(d *data) (err error) {
		unlock, err := store.Lock(d.dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, unlock()) }()
		return c.recover(ctx, t, d, name, path)
	})
}

func (c auditRecoverCmd) recover(ctx context.Context, t *terminal, d *data, by, keyFile string) error {
	list, err := publicKey(d.dir)
	if err != nil {
		return err
	}
	key, err := audit.LoadKey(keyFile)
	if err != nil {
		return err
	}
	deployment, err := audit.NewReader(d.db).Deployment(ctx)
	if err != nil {
		return err
	}
	if _, err := os.Stat(c.CheckpointCopy); err != nil {
		return fmt.Errorf("the second copy of the checkpoints is not where you say: %w", err)
	}
	kept, err := audit.OpenCopy(c.CheckpointCopy)
	if err != nil {
		return err
	}
	held, err := kept.Held()
	if err != nil {
		return err
	}
	if lost, err := filepath.Glob(filepath.Join(c.CheckpointCopy, "*.lost")); err != nil || len(held)+len(lost) == 0 {
		return fmt.Errorf("there is no checkpoint in %s, so nobody knows what is lost; is it the right folder?", c.CheckpointCopy)
	}
	losses, err := audit.Losses(ctx, d.db, list, held)
	if err != nil {
		return err
	}
	if len(losses) == 0 {
		_, err := fmt.Fprintln(t.Out, "nothing is lost: the folder holds all that the copied checkpoints sign")
		return err
	}
	o := audit.Options{Key: key, Deployment: deployment, Keys: list, Now: t.Now}
	err = audit.Recover(ctx, d.db, o, losses, audit.Discontinuity{By: by, Because: c.Because, Gateway: vestibule.GatewayLog, NewID: vestibule.NewID})
	if err != nil {
		return err
	}
	for _, loss := range losses {
		if err := kept.Lose(loss.Log); err != nil {
			return err
		}
		fmt.Fprintf(t.Out, "sealed  %s  %s\n", loss.Log, loss.Why)
	}
	_, err = fmt.Fprintf(t.Out, "the loss is on record since %s; the gateway can be started\n", t.Now().Format(time.RFC3339))
	return err
}
