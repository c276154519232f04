-- A version that is a draft has no effect before somebody else's approval of it is on record.
ALTER TABLE document ADD COLUMN draft INTEGER NOT NULL DEFAULT 0;

-- When the serving process first acted on what the event says. It is never before the receipt.
ALTER TABLE event ADD COLUMN effective BIGINT; -- Unix milliseconds; NULL until then
UPDATE event SET effective = time WHERE receipt IS NOT NULL;
CREATE INDEX event_ineffective ON event (id) WHERE effective IS NULL;

-- What somebody decided about one version of a document: to put a draft in force, not to, or that a version in force is
-- still right. Who and when is in the event; like a document, it holds once that is on record. Rows are never changed.
CREATE TABLE approval (
	kind    TEXT    NOT NULL,
	clinic  TEXT    NOT NULL,
	name    TEXT    NOT NULL,
	version BIGINT  NOT NULL,
	event   BIGINT  NOT NULL,
	verdict TEXT    NOT NULL, -- 'approve', 'reject' or 'review'
	PRIMARY KEY (kind, clinic, name, version, event)
);
