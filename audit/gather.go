package audit

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"
)

// Gather keeps the cosignatures that a ledger's checkpoints got from one witness. They are evidence for others; nothing is
// decided by them. Safe for concurrent use.
type Gather struct {
	db  *sql.DB
	key *cosigner
	now func() time.Time
}

// NewGather is for a ledger that has been opened. witness is the witness's public key, as WitnessKey writes it.
func NewGather(db *sql.DB, witness string, now func() time.Time) (*Gather, error) {
	key, err := parseWitness(witness)
	if err != nil {
		return nil, fmt.Errorf("audit.NewGather: %w", err)
	}
	return &Gather{db: db, key: key, now: now}, nil
}

// Name is the witness's.
func (g *Gather) Name() string { return g.key.name }

// Seen is the size of a log that the witness cosigned last, as far as is known here; 0 for none.
func (g *Gather) Seen(ctx context.Context, log string) (int64, error) {
	var size int64
	err := g.db.QueryRowContext(ctx, `SELECT size FROM cosigned WHERE witness = $1 AND log = (SELECT id FROM log WHERE name = $2)`, g.key.name, log).Scan(&size)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return size, err
}

// Keep stores what the witness answered to an Addition: signature lines. Those of other keys are left out; without one of the
// witness's own it is an error, and nothing is stored.
func (g *Gather) Keep(ctx context.Context, log string, addition, answer []byte) error {
	_, checkpoint, _ := strings.Cut(string(addition), "\n\n")
	n, err := note.Open(append([]byte(checkpoint), answer...), note.VerifierList(g.key))
	if err != nil {
		return fmt.Errorf("audit.Keep: the witness's answer is no cosignature by its key: %w", err)
	}
	head, err := readHead(n.Text)
	if err != nil {
		return fmt.Errorf("audit.Keep: %w", err)
	}
	signed := checkpoint
	for _, s := range n.Sigs {
		signed += "— " + s.Name + " " + s.Base64 + "\n"
	}
	_, err = g.db.ExecContext(ctx, `INSERT INTO cosigned (log, witness, size, note, time) SELECT id, $1, $2, $3, $4 FROM log WHERE name = $5
		ON CONFLICT (log, witness) DO UPDATE SET size = excluded.size, note = excluded.note, time = excluded.time WHERE excluded.size >= cosigned.size`,
		g.key.name, head.size, signed, g.now().UnixMilli(), log)
	if err != nil {
		return fmt.Errorf("audit.Keep: %w", err)
	}
	return nil
}

// cosignedNote is the newest checkpoint of a log that witnesses cosigned, with all their signatures on it; empty where there is
// none. A ledger that only an older version opened has no such table, and no cosignatures either.
func cosignedNote(ctx context.Context, q querier, log int64) string {
	rows, err := q.QueryContext(ctx, `SELECT note FROM cosigned WHERE log = $1 AND size = (SELECT MAX(size) FROM cosigned WHERE log = $1) ORDER BY witness`, log)
	if err != nil {
		return ""
	}
	defer rows.Close()
	all := ""
	for rows.Next() {
		var signed string
		if err := rows.Scan(&signed); err != nil {
			return ""
		}
		if all == "" {
			all = signed
			continue
		}
		for sig := range strings.Lines(signed[strings.LastIndex(signed, "\n\n")+2:]) {
			if !strings.Contains(all, sig) {
				all += sig
			}
		}
	}
	return all
}
