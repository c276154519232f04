package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// Planned is what Apply would do.
type Planned struct {
	Applied []Document // what it would return
	Before  []Document // as Current returns them now
	After   []Document // as Current would return them then
}

// errPlanned ends the transaction of a plan without a trace.
var errPlanned = errors.New("nothing is to be written")

// Plan carries out what Apply with the same arguments would do and takes it back before anybody can see it. Errors are those
// of Apply.
func (s *Store) Plan(ctx context.Context, by string, now time.Time, docs []Document) (Planned, error) {
	var p Planned
	err := s.within(ctx, func(tx *sql.Tx) (err error) {
		if p.Before, err = currentIn(ctx, tx); err != nil {
			return err
		}
		for _, d := range docs {
			applied, err := applyOne(ctx, tx, by, now, d)
			if err != nil {
				return fmt.Errorf("%s %s: %w", d.Kind, d.Name, err)
			}
			p.Applied = append(p.Applied, applied)
		}
		if p.After, err = currentIn(ctx, tx); err != nil {
			return err
		}
		return errPlanned
	})
	if !errors.Is(err, errPlanned) {
		return Planned{}, fmt.Errorf("store.Plan: %w", err)
	}
	return p, nil
}

// currentIn is Current within a transaction.
func currentIn(ctx context.Context, tx *sql.Tx) ([]Document, error) {
	return read(ctx, tx, fmt.Sprintf(inForce, `TRUE`, `TRUE`))
}
