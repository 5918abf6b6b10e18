-- Keys of TLS client certificates: each identifies an account by itself.
CREATE TABLE tls_public_key (
  fingerprint      TEXT PRIMARY KEY,               -- base64url of SHA-256 over SubjectPublicKeyInfo, no padding
  account          TEXT NOT NULL,
  address          TEXT NOT NULL,                  -- login address, canonical
  name             TEXT NOT NULL,                  -- of the device, for people
  type             TEXT NOT NULL,                  -- like rsa-2048, ecdsa-p256, ed25519
  no_imap_preauth  INTEGER NOT NULL,
  certificate      BLOB NOT NULL,                  -- DER, as it was added
  created_at       INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX tls_public_key_account ON tls_public_key (account, name);

-- Passwords that we made, one for each device or program, limited to services. They are long and random, so
-- a keyed digest finds them; salts and iterations are those of the account's other passwords (SCRAM has one).
CREATE TABLE app_password (
  id                 INTEGER PRIMARY KEY,
  account            TEXT NOT NULL,
  name               TEXT NOT NULL,
  services           TEXT NOT NULL,                -- space-separated
  digest             BLOB NOT NULL UNIQUE,
  sha1_salt          BLOB NOT NULL,
  sha1_iterations    INTEGER NOT NULL,
  sha1_stored_key    BLOB NOT NULL,
  sha1_server_key    BLOB NOT NULL,
  sha256_salt        BLOB NOT NULL,
  sha256_iterations  INTEGER NOT NULL,
  sha256_stored_key  BLOB NOT NULL,
  sha256_server_key  BLOB NOT NULL,
  cram_md5_inner     BLOB,
  cram_md5_outer     BLOB,
  created_at         INTEGER NOT NULL,
  last_used_at       INTEGER
);
CREATE INDEX app_password_account ON app_password (account, id);

-- Who tried to sign in; equal attempts are one row that counts.
CREATE TABLE login_attempt (
  digest       BLOB PRIMARY KEY,                   -- of what makes attempts equal
  account      TEXT NOT NULL,                      -- empty when it is not known
  address      TEXT NOT NULL,
  service      TEXT NOT NULL,
  mechanism    TEXT NOT NULL,
  result       TEXT NOT NULL,
  user_agent   TEXT NOT NULL,
  remote_ip    TEXT NOT NULL,
  local_ip     TEXT NOT NULL,
  tls          TEXT NOT NULL,
  fingerprint  TEXT NOT NULL,
  app_password TEXT NOT NULL,
  count        INTEGER NOT NULL,
  first_at     INTEGER NOT NULL,
  last_at      INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX login_attempt_account ON login_attempt (account, last_at);
CREATE INDEX login_attempt_last ON login_attempt (last_at);

-- Failures by network in fixed windows; one count for all processes.
CREATE TABLE failed_sign_in (
  window   INTEGER NOT NULL,                       -- length in seconds
  network  TEXT NOT NULL,
  start    INTEGER NOT NULL,                       -- of the window, in its units since the epoch
  count    INTEGER NOT NULL,
  PRIMARY KEY (window, network)
) WITHOUT ROWID;
