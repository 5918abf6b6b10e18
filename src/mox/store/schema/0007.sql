-- What is known of senders is asked for at each delivery: only what can answer has a row. Rows follow from
-- content.identities and the message's flags, by the triggers alone.
DROP TABLE identity;
CREATE TABLE identity (
  kind        INTEGER NOT NULL,                    -- senders.py
  value       TEXT NOT NULL,
  mailbox_id  INTEGER NOT NULL,                    -- that it was delivered to at first; 0: it was sent
  id          INTEGER NOT NULL,                    -- of the message
  is_junk     INTEGER,                             -- NULL: it was sent
  received_at INTEGER NOT NULL,
  PRIMARY KEY (kind, value, mailbox_id, id)
) WITHOUT ROWID;

-- Live messages with exactly one of the junk flags (bits 64 and 128), and recipients (kinds from 14 on).
CREATE VIEW identity_of AS
  SELECT pair.value ->> 0 AS kind, pair.value ->> 1 AS value,
    iif(pair.value ->> 0 >= 14, 0, m.original_mailbox_id) AS mailbox_id, m.id,
    iif(pair.value ->> 0 >= 14, NULL, m.flags & 64 <> 0) AS is_junk, m.received_at
  FROM message m CROSS JOIN content c ON c.id = m.id CROSS JOIN json_each(c.identities) pair
  WHERE m.expunged_at IS NULL AND (m.flags & 192 IN (64, 128) OR pair.value ->> 0 >= 14);
INSERT OR IGNORE INTO identity SELECT * FROM identity_of;

CREATE TRIGGER identity_on_insert AFTER INSERT ON content WHEN NEW.identities <> '[]' BEGIN
  INSERT OR IGNORE INTO identity SELECT * FROM identity_of WHERE id = NEW.id;
END;
CREATE TRIGGER identity_on_update AFTER UPDATE OF flags, expunged_at, original_mailbox_id ON message
  WHEN OLD.flags & 192 <> NEW.flags & 192
    OR (OLD.expunged_at IS NULL) <> (NEW.expunged_at IS NULL)
    OR OLD.original_mailbox_id <> NEW.original_mailbox_id
BEGIN
  DELETE FROM identity WHERE id = NEW.id AND (kind, value, mailbox_id) IN (
    SELECT pair.value ->> 0, pair.value ->> 1, iif(pair.value ->> 0 >= 14, 0, OLD.original_mailbox_id)
    FROM content c CROSS JOIN json_each(c.identities) pair WHERE c.id = NEW.id);
  INSERT OR IGNORE INTO identity SELECT * FROM identity_of WHERE id = NEW.id;
END;
