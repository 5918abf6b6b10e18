-- Reports of others about us, and what we will report to others. Times are Unix seconds; domains are ASCII.
-- Texts are strangers', cut to a length; counts are cut to 2^40, so that their sums are numbers.

-- DMARC aggregate reports (RFC 7489 appendix C, RFC 9990).
CREATE TABLE dmarc_report (
  id            INTEGER PRIMARY KEY,
  policy_domain TEXT NOT NULL,             -- ours
  from_domain   TEXT NOT NULL,             -- the authenticated author of the mail
  org_name      TEXT NOT NULL,
  email         TEXT NOT NULL,
  report_id     TEXT NOT NULL,
  begin_at      INTEGER NOT NULL,
  end_at        INTEGER NOT NULL,
  received_at   INTEGER NOT NULL,
  policy        TEXT NOT NULL,             -- JSON object, as published
  errors        TEXT NOT NULL,             -- JSON array
  rows_left_out INTEGER NOT NULL,          -- beyond the most that are kept
  UNIQUE (policy_domain, from_domain, org_name, report_id)
);
CREATE INDEX dmarc_report_by_domain ON dmarc_report(policy_domain, end_at);
CREATE INDEX dmarc_report_by_end ON dmarc_report(end_at);
CREATE INDEX dmarc_report_by_sender ON dmarc_report(from_domain, received_at);

CREATE TABLE dmarc_row (
  dmarc_report_id INTEGER NOT NULL REFERENCES dmarc_report(id),
  number          INTEGER NOT NULL,
  source_ip       TEXT NOT NULL,
  messages        INTEGER NOT NULL,
  disposition     TEXT NOT NULL,           -- none, pass, quarantine, reject
  dkim_aligned    INTEGER NOT NULL,
  spf_aligned     INTEGER NOT NULL,
  header_from     TEXT NOT NULL,
  detail          TEXT NOT NULL,           -- JSON object: the whole row (rowtext.py)
  PRIMARY KEY (dmarc_report_id, number)
) WITHOUT ROWID;

-- TLS reports (RFC 8460 §4): what is in them about domains that are not ours is not kept.
CREATE TABLE tls_report (
  id           INTEGER PRIMARY KEY,
  from_domain  TEXT NOT NULL,
  organization TEXT NOT NULL,
  contact      TEXT NOT NULL,
  report_id    TEXT NOT NULL,
  begin_at     INTEGER NOT NULL,
  end_at       INTEGER NOT NULL,
  received_at  INTEGER NOT NULL,
  UNIQUE (from_domain, organization, report_id)
);
CREATE INDEX tls_report_by_end ON tls_report(end_at);
CREATE INDEX tls_report_by_sender ON tls_report(from_domain, received_at);

CREATE TABLE tls_result (
  id             INTEGER PRIMARY KEY,
  tls_report_id  INTEGER NOT NULL REFERENCES tls_report(id),
  policy_domain  TEXT NOT NULL,
  policy_type    TEXT NOT NULL,
  policy_strings TEXT NOT NULL,            -- JSON arrays
  mx_hosts       TEXT NOT NULL,
  successes      INTEGER NOT NULL,
  failures       INTEGER NOT NULL
);
CREATE INDEX tls_result_by_report ON tls_result(tls_report_id);

CREATE TABLE tls_failure (
  tls_result_id INTEGER NOT NULL REFERENCES tls_result(id),
  number        INTEGER NOT NULL,
  result_type   TEXT NOT NULL,
  sessions      INTEGER NOT NULL,
  sending_ip    TEXT NOT NULL,
  mx_host       TEXT NOT NULL,
  helo          TEXT NOT NULL,
  receiving_ip  TEXT NOT NULL,
  information   TEXT NOT NULL,
  reason        TEXT NOT NULL,
  PRIMARY KEY (tls_result_id, number)
) WITHOUT ROWID;

-- DMARC evaluations of mail that came in, until they were reported; two days at most.
CREATE TABLE evaluation (
  id             INTEGER PRIMARY KEY,
  policy_domain  TEXT NOT NULL,            -- where the record was found: gets the report
  evaluated_at   INTEGER NOT NULL,
  is_optional    INTEGER NOT NULL,         -- alone, it makes no report
  interval_hours INTEGER NOT NULL,
  record         TEXT NOT NULL,            -- as it was applied
  result         TEXT NOT NULL             -- JSON object: a row of a report
);
CREATE INDEX evaluation_by_domain ON evaluation(policy_domain, evaluated_at);
CREATE INDEX evaluation_by_time ON evaluation(evaluated_at);
