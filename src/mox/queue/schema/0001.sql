-- The outgoing queue of a server. Times are Unix seconds. A message's octets are one file, whatever the
-- number of its recipients; it goes when its last entry goes.

CREATE TABLE message (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,  -- also the file's name; never given twice
  account      TEXT NOT NULL,
  reverse_path TEXT NOT NULL,                      -- without brackets; empty: the null path
  prefix       BLOB NOT NULL,                      -- headers that go before the file
  size         INTEGER NOT NULL,                   -- prefix and file
  smtputf8     INTEGER NOT NULL,
  has_8bit     INTEGER NOT NULL,
  require_tls  INTEGER,                            -- 1 REQUIRETLS, 0 TLS-Required: No, NULL default (RFC 8689)
  message_id   TEXT NOT NULL DEFAULT '',
  subject      TEXT NOT NULL DEFAULT '',
  queued_at    INTEGER NOT NULL
);

CREATE TABLE entry (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,   -- attempts outlive it
  message_id      INTEGER NOT NULL REFERENCES message(id),
  recipient       TEXT NOT NULL,                   -- forward path without brackets
  domain          TEXT NOT NULL,                   -- of the recipient, for grouping
  due_at          INTEGER NOT NULL,
  attempts        INTEGER NOT NULL DEFAULT 0,
  last_attempt_at INTEGER,
  hold            INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX entry_by_due_at ON entry(due_at) WHERE NOT hold;
CREATE INDEX entry_by_message ON entry(message_id);

-- What each attempt came to, for people. Kept when the entry is gone.
CREATE TABLE attempt (
  id          INTEGER PRIMARY KEY,
  entry_id    INTEGER NOT NULL,
  recipient   TEXT NOT NULL,
  started_at  INTEGER NOT NULL,
  result      TEXT NOT NULL,                       -- delivered, retry, failed
  code        INTEGER,
  enhanced    TEXT,
  text        TEXT NOT NULL
);
CREATE INDEX attempt_by_entry ON attempt(entry_id);
