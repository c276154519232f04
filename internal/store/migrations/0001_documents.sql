-- What clinics have applied. A row is one version of one document and is never changed: taking a document back adds a
-- version that is withdrawn. Several processes write here (the server, and each run of the command line).
CREATE TABLE document (
	kind      TEXT    NOT NULL,
	clinic    TEXT    NOT NULL, -- empty for what belongs to no clinic
	name      TEXT    NOT NULL,
	version   BIGINT  NOT NULL, -- from 1, without gaps
	body      TEXT    NOT NULL, -- the YAML text as applied
	author    TEXT    NOT NULL,
	time      BIGINT  NOT NULL, -- Unix milliseconds
	withdrawn INTEGER NOT NULL, -- 1: this version takes the document back
	event     BIGINT  NOT NULL, -- the event that has to be on record before this version takes effect
	PRIMARY KEY (kind, clinic, name, version)
);

-- What was done outside the serving process and has to be on record: the serving process moves it to the ledger and
-- writes the receipt here. Rows stay, so that the highest id only ever grows.
CREATE TABLE event (
	id      BIGINT  PRIMARY KEY,
	time    BIGINT  NOT NULL, -- Unix milliseconds
	author  TEXT    NOT NULL,
	action  TEXT    NOT NULL,
	clinic  TEXT    NOT NULL,
	subject TEXT    NOT NULL,
	version BIGINT  NOT NULL, -- the subject's version after it; 0: it has none
	receipt TEXT             -- NULL until it is on record
);

CREATE INDEX event_unrecorded ON event (id) WHERE receipt IS NULL;
