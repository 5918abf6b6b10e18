-- What the words of an account's mail are like: made from the mail, so losing it costs time only.

-- Where the making is.
CREATE TABLE state (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  made_of    TEXT NOT NULL DEFAULT '',      -- how tokens are made, and of which account; empty: nothing is here
  batch      INTEGER NOT NULL DEFAULT 0,    -- counts transactions, so that two that write notice each other
  ham        INTEGER NOT NULL DEFAULT 0,    -- good messages learned
  junk       INTEGER NOT NULL DEFAULT 0,
  modseq     INTEGER NOT NULL DEFAULT 0,    -- changes of the account up to this one were followed,
  change_id  INTEGER NOT NULL DEFAULT 0,    --   of the next one what is before this row of the log,
  change_uid INTEGER NOT NULL DEFAULT 0,    --   and of this row what is about UIDs up to here
  scanned_id INTEGER,                       -- messages up to here were compared; NULL: all were
  oldest_id  INTEGER NOT NULL DEFAULT 0     -- older messages do not count any more
);
INSERT INTO state(id) VALUES (1);

-- In how many good and junk messages a token is. The number is made from its text: tokens.py.
CREATE TABLE word (
  id   INTEGER PRIMARY KEY,
  ham  INTEGER NOT NULL,
  junk INTEGER NOT NULL
);

-- Which messages were learned, and as what.
CREATE TABLE learned (
  id      INTEGER PRIMARY KEY,              -- of the message
  is_junk INTEGER NOT NULL
);
