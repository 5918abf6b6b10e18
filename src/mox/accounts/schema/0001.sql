-- Who may sign in. One database per server; nothing in it gives a password away, but for cram_md5_*, which
-- are as good as the password and only filled where the configuration enables CRAM-MD5.

CREATE TABLE credential (
  account            TEXT PRIMARY KEY,
  password_hash      TEXT NOT NULL,                -- argon2id, in its own encoded form
  sha1_salt          BLOB NOT NULL,                -- SCRAM verifiers (RFC 5802 §3)
  sha1_iterations    INTEGER NOT NULL,
  sha1_stored_key    BLOB NOT NULL,
  sha1_server_key    BLOB NOT NULL,
  sha256_salt        BLOB NOT NULL,
  sha256_iterations  INTEGER NOT NULL,
  sha256_stored_key  BLOB NOT NULL,
  sha256_server_key  BLOB NOT NULL,
  cram_md5_inner     BLOB,
  cram_md5_outer     BLOB,
  set_at             INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE secret (
  name  TEXT PRIMARY KEY,
  value BLOB NOT NULL
) WITHOUT ROWID;
