-- Who mail is from and whom the account wrote to, for reputation; what was put aside for a person to decide.

-- A row for each thing that is known of a message's sender, or recipient if it was sent; kinds: senders.py.
CREATE TABLE identity (
  kind  INTEGER NOT NULL,
  value TEXT NOT NULL,
  id    INTEGER NOT NULL,                          -- of the message
  PRIMARY KEY (kind, value, id)
) WITHOUT ROWID;
-- The same as JSON, [[kind, value], ...], so that a message's rows are found when it is copied or forgotten.
ALTER TABLE content ADD COLUMN identities TEXT NOT NULL DEFAULT '[]';

-- How much came from networks, by minute, for the last day.
CREATE TABLE arrival (
  kind     INTEGER NOT NULL,                       -- as in identity
  value    TEXT NOT NULL,
  minute   INTEGER NOT NULL,                       -- Unix time / 60
  messages INTEGER NOT NULL,
  octets   INTEGER NOT NULL,
  PRIMARY KEY (kind, value, minute)
) WITHOUT ROWID;
CREATE INDEX arrival_by_minute ON arrival(minute);

-- Messages in Rejects and Introbox: where they would have gone.
CREATE TABLE aside (
  id           INTEGER PRIMARY KEY REFERENCES message(id),
  mailbox_id   INTEGER NOT NULL REFERENCES mailbox(id),
  is_reject    INTEGER NOT NULL,
  content_hash BLOB                                -- SHA-256, to keep one of equal rejects
);
CREATE INDEX aside_by_hash ON aside(content_hash) WHERE content_hash IS NOT NULL;
