-- Where the trail is sent on to, and how far it has got there.
CREATE TABLE forward_sink (
	name    TEXT    NOT NULL PRIMARY KEY,
	kind    TEXT    NOT NULL, -- 'fhir', 'file' or 'syslog'
	began   BIGINT  NOT NULL, -- Unix milliseconds, as all times here: it cannot have lagged for longer
	success BIGINT  NOT NULL, -- when it last took something; 0: never
	failing BIGINT  NOT NULL, -- since when it takes nothing; 0: it does not fail
	fault   TEXT    NOT NULL, -- why; nothing of what the sink said but its status
	late    BOOLEAN NOT NULL  -- its lag is on record
);

-- Everything before the record next has arrived, and of that record the first `part` events.
CREATE TABLE forward_place (
	sink    TEXT   NOT NULL,
	log     TEXT   NOT NULL, -- the log's name
	next    BIGINT NOT NULL,
	part    BIGINT NOT NULL,
	sent    BIGINT NOT NULL, -- events, repeats too
	skipped BIGINT NOT NULL, -- records whose body was deleted
	parked  BIGINT NOT NULL, -- events that the sink does not take
	PRIMARY KEY (sink, log)
);

-- The events that a sink refused and that were left out there.
CREATE TABLE forward_parked (
	sink  TEXT   NOT NULL,
	log   TEXT   NOT NULL,
	event TEXT   NOT NULL, -- the event's id
	idx   BIGINT NOT NULL, -- of the record
	why   TEXT   NOT NULL,
	time  BIGINT NOT NULL,
	PRIMARY KEY (sink, log, event)
);

-- What somebody wants to be sent again; the serving process puts it on record, takes it up and removes it.
CREATE TABLE forward_again (
	sink   TEXT   NOT NULL,
	log    TEXT   NOT NULL,
	next   BIGINT NOT NULL,
	author TEXT   NOT NULL,
	PRIMARY KEY (sink, log)
);
