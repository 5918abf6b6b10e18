-- Sessions of browsers on the account pages and webmail. Who reads this table gets into none of them.
CREATE TABLE web_session (
  id         INTEGER PRIMARY KEY,
  digest     BLOB NOT NULL UNIQUE,                 -- SHA-256 of the token in the cookie
  kind       TEXT NOT NULL,                        -- which pages
  account    TEXT NOT NULL,
  address    TEXT NOT NULL,                        -- signed in with
  user_agent TEXT NOT NULL,
  remote_ip  TEXT NOT NULL,
  created_at INTEGER NOT NULL,
  used_at    INTEGER NOT NULL                      -- some minutes behind
);
CREATE INDEX web_session_account ON web_session (account, used_at);
