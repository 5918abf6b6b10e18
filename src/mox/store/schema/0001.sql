-- One account's index. One account is one file, so no table carries an account column.
-- Times are Unix seconds. Modseqs are per account; every change of one transaction shares one.

CREATE TABLE account (
  id               INTEGER PRIMARY KEY CHECK (id = 1),
  next_uidvalidity INTEGER NOT NULL,
  modseq           INTEGER NOT NULL,               -- last one given; the first is 2 (RFC 7162 wants > 0)
  purged_modseq    INTEGER NOT NULL DEFAULT -1,    -- removals up to here are forgotten; -1: none
  used_octets      INTEGER NOT NULL DEFAULT 0,     -- messages not yet erased, for the quota
  next_message_id  INTEGER NOT NULL DEFAULT 1      -- also the file's name; never given twice
);

CREATE TABLE mailbox (
  id            INTEGER PRIMARY KEY,
  parent_id     INTEGER REFERENCES mailbox(id),
  name          TEXT NOT NULL,                     -- whole path, separator /
  uidvalidity   INTEGER NOT NULL,
  uidnext       INTEGER NOT NULL DEFAULT 1,
  special_use   TEXT,                              -- \Archive \Drafts \Junk \Sent \Trash (RFC 6154)
  keywords      TEXT NOT NULL DEFAULT '',          -- in use, sorted, separated by spaces
  create_seq    INTEGER NOT NULL,
  modseq        INTEGER NOT NULL,                  -- highest of its messages and its own
  expunged_at   INTEGER,
  total         INTEGER NOT NULL DEFAULT 0,        -- live messages, those marked \Deleted included
  unseen        INTEGER NOT NULL DEFAULT 0,
  deleted       INTEGER NOT NULL DEFAULT 0,        -- marked \Deleted
  deleted_octets INTEGER NOT NULL DEFAULT 0,
  octets        INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX mailbox_by_name ON mailbox(name) WHERE expunged_at IS NULL;

CREATE TABLE subscription (name TEXT PRIMARY KEY) WITHOUT ROWID;   -- the mailbox need not exist

-- Narrow on purpose: flags of 10,000 rows are read in milliseconds.
CREATE TABLE message (
  id           INTEGER PRIMARY KEY,
  mailbox_id   INTEGER NOT NULL REFERENCES mailbox(id),
  uid          INTEGER NOT NULL,
  create_seq   INTEGER NOT NULL,
  modseq       INTEGER NOT NULL,
  expunged_at  INTEGER,
  moved_to     INTEGER,                            -- a tombstone of MOVE: the row that lives on
  flags        INTEGER NOT NULL,                   -- bits: mox/store/flags.py
  keywords     TEXT NOT NULL DEFAULT '',           -- sorted, separated by spaces
  flags_text   TEXT NOT NULL,                      -- both, as IMAP writes them
  received_at  INTEGER NOT NULL,                   -- INTERNALDATE
  saved_at     INTEGER NOT NULL,                   -- SAVEDATE (RFC 8514)
  size         INTEGER NOT NULL,                   -- prefix and file
  thread_id    INTEGER NOT NULL,
  message_id   TEXT,                               -- normalised Message-ID
  base_subject TEXT,                               -- RFC 5256 §2.1, lower case
  original_mailbox_id INTEGER NOT NULL             -- first delivered to
);
CREATE UNIQUE INDEX message_by_uid ON message(mailbox_id, uid);
CREATE INDEX message_by_modseq ON message(mailbox_id, modseq);
CREATE INDEX message_by_message_id ON message(message_id) WHERE message_id IS NOT NULL AND expunged_at IS NULL;
CREATE INDEX message_by_subject ON message(base_subject, received_at)
  WHERE base_subject IS NOT NULL AND expunged_at IS NULL;
CREATE INDEX message_by_thread ON message(thread_id) WHERE expunged_at IS NULL;

-- What is wide, or seldom read. One row for each message.
CREATE TABLE content (
  id             INTEGER PRIMARY KEY REFERENCES message(id),
  prefix         BLOB NOT NULL,                    -- headers this server put before the file
  header         BLOB,                             -- whole header section, prefix included; NULL if large
  internaldate   TEXT NOT NULL,                    -- received_at as IMAP writes it
  envelope       BLOB NOT NULL,                    -- rendered for IMAP
  bodystructure  BLOB NOT NULL,
  body           BLOB NOT NULL,                    -- BODYSTRUCTURE without extension data
  render_version INTEGER NOT NULL,
  needs_utf8     INTEGER NOT NULL,                 -- the renderings hold UTF-8 (RFC 6855)
  preview        TEXT NOT NULL,                    -- at most 256 characters
  problems       TEXT,                             -- JSON list: what was malformed
  thread_parents TEXT NOT NULL DEFAULT '[]',       -- JSON list of ids, closest first
  thread_missing_link INTEGER NOT NULL DEFAULT 0,
  envelope_from  TEXT,                             -- SMTP, as received; NULL: not by SMTP
  envelope_to    TEXT,
  remote_ip      TEXT,
  transport      TEXT,                             -- JSON: EHLO, TLS and the like
  decisions      TEXT                              -- JSON: why it was accepted and filed where it is
);

-- Every change, in order: one source for IMAP, JMAP and the pages.
CREATE TABLE change (
  id         INTEGER PRIMARY KEY,
  modseq     INTEGER NOT NULL,
  kind       TEXT NOT NULL,
  mailbox_id INTEGER,
  data       TEXT NOT NULL                         -- JSON, by kind: mox/store/changes.py
);
CREATE INDEX change_by_modseq ON change(modseq);

-- Files of removed messages, kept for a while, so that a removal can be undone and sessions that have not
-- heard of it can still read.
CREATE TABLE erasure (
  id       INTEGER PRIMARY KEY REFERENCES message(id),
  due_at   INTEGER NOT NULL,
  octets   INTEGER NOT NULL
);
CREATE INDEX erasure_by_due_at ON erasure(due_at);
