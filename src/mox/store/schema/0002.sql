-- Annotations of mailboxes and of the account as a whole (RFC 5464).

CREATE TABLE annotation (
  mailbox_id INTEGER NOT NULL,                     -- 0: of the account
  name       TEXT NOT NULL,                        -- lower case: /private/comment
  value      BLOB NOT NULL,
  modseq     INTEGER NOT NULL,
  PRIMARY KEY (mailbox_id, name)
) WITHOUT ROWID;
