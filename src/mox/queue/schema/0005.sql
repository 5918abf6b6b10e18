-- What accounts sent, for limits; addresses that no mail is sent to any more; unique return paths.

-- A row for each submission of the last day.
CREATE TABLE sent (
  account    TEXT NOT NULL,
  sent_at    INTEGER NOT NULL,
  recipients INTEGER NOT NULL
);
CREATE INDEX sent_by_account ON sent(account, sent_at);
CREATE INDEX sent_by_time ON sent(sent_at);

-- Whom accounts ever wrote to.
CREATE TABLE correspondent (
  account  TEXT NOT NULL,
  address  TEXT NOT NULL,                           -- canonical
  first_at INTEGER NOT NULL,
  PRIMARY KEY (account, address)
) WITHOUT ROWID;
CREATE INDEX correspondent_by_time ON correspondent(account, first_at);

CREATE TABLE suppression (
  account      TEXT NOT NULL,
  base_address TEXT NOT NULL,                       -- suppression.py, base_address
  address      TEXT NOT NULL,                       -- as it was when this began
  is_manual    INTEGER NOT NULL,
  reason       TEXT NOT NULL,
  added_at     INTEGER NOT NULL,
  PRIMARY KEY (account, base_address)
) WITHOUT ROWID;

ALTER TABLE message ADD COLUMN from_id TEXT NOT NULL DEFAULT '';   -- what makes its return path unique
ALTER TABLE retired ADD COLUMN from_id TEXT NOT NULL DEFAULT '';
CREATE INDEX message_by_from_id ON message(from_id) WHERE from_id <> '';
CREATE INDEX retired_by_from_id ON retired(from_id) WHERE from_id <> '';
CREATE INDEX retired_by_recipient ON retired(account, recipient, last_activity_at);
