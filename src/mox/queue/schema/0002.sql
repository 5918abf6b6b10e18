-- Steering by people, fairness between destinations, and what is remembered of entries that left.

-- Of an entry, not of its message: people set it for some recipients.
ALTER TABLE entry ADD COLUMN require_tls INTEGER;  -- 1 REQUIRETLS, 0 TLS-Required: No, NULL default (RFC 8689)
UPDATE entry SET require_tls = (SELECT require_tls FROM message WHERE message.id = entry.message_id);
ALTER TABLE message DROP COLUMN require_tls;

-- Lists show what is held, too.
DROP INDEX entry_by_due_at;
CREATE INDEX entry_by_due_at ON entry(due_at, id);
CREATE INDEX entry_by_domain ON entry(domain, due_at, id) WHERE NOT hold;

-- For each domain with entries not on hold, when the first is due. What may start is found here, so that
-- thousands of entries for one domain are one row to pass over. Kept by the triggers alone.
CREATE TABLE destination (
  domain TEXT PRIMARY KEY,
  due_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX destination_by_due_at ON destination(due_at);
INSERT INTO destination SELECT domain, min(due_at) FROM entry WHERE NOT hold GROUP BY domain;

CREATE TRIGGER destination_on_insert AFTER INSERT ON entry WHEN NOT NEW.hold BEGIN
  INSERT INTO destination VALUES (NEW.domain, NEW.due_at)
    ON CONFLICT(domain) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at < due_at;
END;
CREATE TRIGGER destination_on_delete AFTER DELETE ON entry WHEN NOT OLD.hold BEGIN
  DELETE FROM destination WHERE domain = OLD.domain;
  INSERT INTO destination SELECT domain, due_at FROM entry WHERE domain = OLD.domain AND NOT hold
    ORDER BY due_at LIMIT 1;
END;
CREATE TRIGGER destination_on_update AFTER UPDATE OF due_at, hold ON entry BEGIN
  DELETE FROM destination WHERE domain = OLD.domain;
  INSERT INTO destination SELECT domain, due_at FROM entry WHERE domain = OLD.domain AND NOT hold
    ORDER BY due_at LIMIT 1;
END;

-- New entries that match are put on hold; a field that is empty matches everything.
CREATE TABLE hold_rule (
  id               INTEGER PRIMARY KEY AUTOINCREMENT,
  account          TEXT NOT NULL,
  sender_domain    TEXT NOT NULL,
  recipient_domain TEXT NOT NULL
);

-- Entries that were delivered, failed or were dropped; their attempts go with them.
CREATE TABLE retired (
  id               INTEGER PRIMARY KEY,              -- what the entry had
  queue_message_id INTEGER NOT NULL,
  account          TEXT NOT NULL,
  reverse_path     TEXT NOT NULL,
  recipient        TEXT NOT NULL,
  size             INTEGER NOT NULL,
  message_id       TEXT NOT NULL,
  subject          TEXT NOT NULL,
  require_tls      INTEGER,
  attempts         INTEGER NOT NULL,
  queued_at        INTEGER NOT NULL,
  last_activity_at INTEGER NOT NULL,
  is_delivered     INTEGER NOT NULL,
  keep_until       INTEGER NOT NULL
);
CREATE INDEX retired_by_last_activity ON retired(last_activity_at, id);
CREATE INDEX retired_by_keep_until ON retired(keep_until);

-- Of entries that nobody can ask for any more.
DELETE FROM attempt WHERE entry_id NOT IN (SELECT id FROM entry);
