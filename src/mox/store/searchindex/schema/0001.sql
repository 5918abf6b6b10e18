-- What searching and sorting can use, made from the messages: losing it costs time, never an answer.

CREATE TABLE coverage (
  id          INTEGER PRIMARY KEY CHECK (id = 1),
  covered_id  INTEGER NOT NULL,          -- every live message up to here is in document
  modseq      INTEGER NOT NULL,          -- of the account, when that was found
  removed_seq INTEGER NOT NULL,          -- removals up to this modseq have left
  version     TEXT NOT NULL              -- of what makes texts and facts: texts.py, VERSION
);
INSERT INTO coverage VALUES (1, 0, 0, 0, '');

-- Folded text, so that candidates are verified without opening files.
CREATE TABLE document (
  id      INTEGER PRIMARY KEY,           -- of the message
  text    BLOB                           -- compressed; NULL: too large or unreadable, look into the file
);
CREATE INDEX document_unread ON document(id) WHERE text IS NULL;

-- Header fields that people search by, folded; one row if the message has the field.
CREATE TABLE field (
  kind    INTEGER NOT NULL,              -- texts.py, FIELD_KINDS
  id      INTEGER NOT NULL,
  text    TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;

-- What SORT and THREAD compare.
CREATE TABLE fact (
  id           INTEGER PRIMARY KEY,
  sent_at      INTEGER,                  -- NULL: there is no readable Date
  sent_day     INTEGER,                  -- the day as written, its zone disregarded
  from_        TEXT NOT NULL,
  to_          TEXT NOT NULL,
  cc           TEXT NOT NULL,
  display_from TEXT NOT NULL,
  display_to   TEXT NOT NULL,
  subject      TEXT NOT NULL,
  is_reply     INTEGER NOT NULL,
  message_id   TEXT NOT NULL,
  ancestors    TEXT NOT NULL             -- message ids, oldest first, separated by spaces
);
CREATE INDEX fact_by_day ON fact(sent_day);

-- Only which trigrams occur where; what is found is a candidate. Folding was done before: SQLite's own
-- misses a third of the characters that have case.
CREATE VIRTUAL TABLE word USING fts5(
  text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
-- rowid: 8 * id + kind.
CREATE VIRTUAL TABLE field_word USING fts5(
  text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');
