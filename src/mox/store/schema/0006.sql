-- Mail that was refused, for the account's owner to see why; keys of words in subjects that let a sender in.
CREATE TABLE refusal (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  refused_at    INTEGER NOT NULL,
  envelope_from TEXT NOT NULL,
  envelope_to   TEXT NOT NULL,
  remote_ip     TEXT NOT NULL,
  author        TEXT NOT NULL,                     -- address in From; empty without one
  subject       TEXT NOT NULL,
  message_id    TEXT NOT NULL,
  size          INTEGER NOT NULL,
  reply         TEXT NOT NULL,                     -- code, enhanced code and text, as the client was told
  reason        TEXT NOT NULL,
  decisions     TEXT NOT NULL,                     -- JSON, as in content
  kept_id       INTEGER                            -- of the message in Rejects; NULL: not kept
);
CREATE INDEX refusal_by_time ON refusal(refused_at);

CREATE TABLE pass_key (
  address TEXT PRIMARY KEY,                        -- canonical, of the recipient
  key     BLOB NOT NULL
) WITHOUT ROWID;
