-- Who but the owner may do what in a mailbox (RFC 4314); the owner may do all, and has no row.
CREATE TABLE mailbox_rights (
  mailbox_id INTEGER NOT NULL REFERENCES mailbox(id),
  -- An account, `anyone`, or one of these behind a `-`: then the rights are taken away.
  identifier TEXT NOT NULL,
  rights     TEXT NOT NULL,
  PRIMARY KEY (mailbox_id, identifier)
) WITHOUT ROWID;
