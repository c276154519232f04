package main

import (
	"context"
	"database/sql"
	"errors"
	"os/user"
	"time"

	"vestibule/internal/config"
	"vestibule/internal/daemon"
	"vestibule/internal/store"
)

// dataFlags say which data folder a command is about.
type dataFlags struct {
	Data   string `placeholder:"DIR" type:"path" xor:"data" required:"" help:"The data folder; or --config."`
	Config string `placeholder:"FILE" type:"path" xor:"data" required:"" help:"The file that the gateway is served with; it names the data folder."`
}

// folder is the data folder meant.
func (f dataFlags) folder() (string, error) {
	if f.Data != "" {
		return f.Data, nil
	}
	conf, err := config.LoadServe(f.Config)
	return conf.Data, err
}

// data is an open data folder.
type data struct {
	dir string
	db  *sql.DB
	*store.Store
	patience time.Duration // with the gateway, see await
}

func (d *data) Close() error { return d.db.Close() }

// open opens the folder, which has to exist.
func (f dataFlags) open() (*data, error) { return f.openWith(store.OpenFolder) }

// create opens the folder and makes it where it is missing.
func (f dataFlags) create() (*data, error) { return f.openWith(store.CreateFolder) }

func (f dataFlags) openWith(open func(dir string) (*sql.DB, error)) (*data, error) {
	dir, err := f.folder()
	if err != nil {
		return nil, err
	}
	db, err := open(dir)
	if err != nil {
		return nil, err
	}
	s, err := store.New(db)
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &data{dir: dir, db: db, Store: s, patience: awaitFor}, nil
}

// within opens the folder for the time of f.
func (f dataFlags) within(do func(*data) error) error {
	d, err := f.open()
	if err != nil {
		return err
	}
	return errors.Join(do(d), d.Close())
}

// byFlag says who did it, for the record.
type byFlag struct {
	By string `placeholder:"NAME" help:"Who does this, for the record. Default: your user name on this machine."`
}

// name is who did it.
func (f byFlag) name() (string, error) {
	if f.By != "" {
		return f.By, nil
	}
	u, err := user.Current()
	if err != nil || u.Username == "" {
		return "", errors.Join(errors.New("your user name is not known here; give --by NAME"), err)
	}
	return u.Username, nil
}

// doing is within for what goes on record: do hears who does it.
func doing(f dataFlags, by byFlag, do func(d *data, by string) error) error {
	name, err := by.name()
	if err != nil {
		return err
	}
	return f.within(func(d *data) error { return do(d, name) })
}

// documents are the documents applied, read.
func (d *data) documents(ctx context.Context) ([]config.Document, error) {
	stored, err := d.Current(ctx)
	if err != nil {
		return nil, err
	}
	docs := make([]config.Document, 0, len(stored))
	for _, s := range stored {
		doc, err := read(s)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

// stored is a document as it is written into the store.
func stored(doc config.Document) store.Document { return daemon.Stored(doc)[0] }

// read is one stored document.
func read(s store.Document) (config.Document, error) { return daemon.Read(s) }
