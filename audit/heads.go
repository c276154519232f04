package audit

import "context"

// Head is how far a log has come.
type Head struct {
	Log    string // its name
	Clinic string // whose it is, as in Reader.Clinics
	Size   int64  // how many records it holds
}

// Heads are the heads of all logs, in the order in which they began.
func (r *Reader) Heads(ctx context.Context) ([]Head, error) {
	const op = "audit.Heads"
	rows, err := r.db.QueryContext(ctx, `SELECT l.name, l.clinic, COALESCE(
		(SELECT b.first + b.count FROM batch b WHERE b.log = l.id ORDER BY b.first DESC LIMIT 1), 0) FROM log l ORDER BY l.id`)
	if err != nil {
		return nil, readFailed(op, err)
	}
	defer rows.Close()
	var out []Head
	for rows.Next() {
		var h Head
		if err := rows.Scan(&h.Log, &h.Clinic, &h.Size); err != nil {
			return nil, readFailed(op, err)
		}
		out = append(out, h)
	}
	if err := rows.Err(); err != nil {
		return nil, readFailed(op, err)
	}
	return out, nil
}
