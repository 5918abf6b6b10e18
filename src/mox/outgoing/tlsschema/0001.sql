-- What TLS came to when we sent mail, added up for TLS reports (RFC 8460 §4). Losing it loses a day of reports.
CREATE TABLE result (
  id               INTEGER PRIMARY KEY,
  policy_domain    TEXT NOT NULL,            -- gets the report
  day              TEXT NOT NULL,            -- of UTC, as 2030-01-31
  recipient_domain TEXT NOT NULL,            -- whose mail it was about
  is_host          INTEGER NOT NULL,         -- the policy is that of a mail host
  policy_type      TEXT NOT NULL,            -- sts, tlsa, no-policy-found
  policy_strings   TEXT NOT NULL,            -- JSON array
  mx_hosts         TEXT NOT NULL,            -- JSON array
  sends_report     INTEGER NOT NULL,         -- 0: only mail that itself was a report, which asks for no other
  successes        INTEGER NOT NULL,
  failures         INTEGER NOT NULL,
  UNIQUE (day, policy_domain, recipient_domain, is_host, policy_type, policy_strings, mx_hosts)
);
CREATE TABLE failure (
  id             INTEGER PRIMARY KEY,
  result_id      INTEGER NOT NULL REFERENCES result(id) ON DELETE CASCADE,
  result_type    TEXT NOT NULL,              -- RFC 8460 §4.3
  sending_ip     TEXT NOT NULL,
  mx_host        TEXT NOT NULL,
  helo           TEXT NOT NULL,
  receiving_ip   TEXT NOT NULL,
  reason         TEXT NOT NULL,
  sessions       INTEGER NOT NULL,
  UNIQUE (result_id, result_type, sending_ip, mx_host, helo, receiving_ip, reason)
);
