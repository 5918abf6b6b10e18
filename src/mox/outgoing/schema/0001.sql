-- MTA-STS policies that were fetched (RFC 8461 §5). Times are Unix seconds. All of it can be fetched again, but
-- without it an attacker has a chance.
CREATE TABLE policy (
  domain      TEXT PRIMARY KEY,            -- of recipients, in ASCII
  record_id   TEXT NOT NULL,               -- `id` of the DNS record when it was fetched
  text        BLOB NOT NULL,               -- as served; empty: could not be fetched
  valid_until INTEGER NOT NULL,            -- from its max_age
  retry_at    INTEGER NOT NULL,            -- no fetch before
  updated_at  INTEGER NOT NULL,
  used_at     INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX policy_by_updated_at ON policy(updated_at);
