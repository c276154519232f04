package store

import (
	"context"
	"fmt"
	"time"
)

// Changes are the moments at which the serving process took up documents, or approvals of them, that count at a clinic: its
// own and those that hold everywhere. Oldest first; between two of them AsOf says the same about that clinic.
func (s *Store) Changes(ctx context.Context, clinic string) ([]time.Time, error) {
	rows, err := s.db.QueryContext(ctx, `SELECT DISTINCT e.effective FROM event e
		WHERE e.effective IS NOT NULL AND (e.clinic = $1 OR e.clinic = '')
			AND (EXISTS (SELECT 1 FROM document d WHERE d.event = e.id) OR EXISTS (SELECT 1 FROM approval a WHERE a.event = e.id))
		ORDER BY e.effective`, clinic)
	if err != nil {
		return nil, fmt.Errorf("store.Changes: %w", err)
	}
	defer rows.Close()
	var out []time.Time
	for rows.Next() {
		var millis int64
		if err := rows.Scan(&millis); err != nil {
			return nil, fmt.Errorf("store.Changes: %w", err)
		}
		out = append(out, time.UnixMilli(millis).UTC())
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("store.Changes: %w", err)
	}
	return out, nil
}
