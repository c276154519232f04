-- The text of a version that named a patient whose data was erased. The row stays, its text is empty.
ALTER TABLE document ADD COLUMN erased BIGINT; -- Unix milliseconds; NULL: it was not

-- What another process asks the serving process to do with the ledger, which only that one may write to. The patient is blanked
-- as soon as the ledger holds nothing of them.
CREATE TABLE errand (
	id        BIGINT  PRIMARY KEY,
	time      BIGINT  NOT NULL, -- Unix milliseconds
	author    TEXT    NOT NULL,
	action    TEXT    NOT NULL, -- 'retention-delete' or 'erasure'
	clinic    TEXT    NOT NULL,
	patient   TEXT    NOT NULL, -- of an erasure
	because   TEXT    NOT NULL,
	progress  TEXT    NOT NULL, -- how far it is, for people
	cancelled INTEGER NOT NULL, -- 1: it is to stop where it is
	failed    INTEGER NOT NULL, -- 1: it was not done, or not all of it
	done      BIGINT            -- Unix milliseconds; NULL until then
);

CREATE INDEX errand_open ON errand (id) WHERE done IS NULL;
