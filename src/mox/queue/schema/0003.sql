-- Whether the sender was told that an entry is late. Until now that followed from the times of attempts, which
-- people change.
ALTER TABLE entry ADD COLUMN is_told_late INTEGER NOT NULL DEFAULT 0;
UPDATE entry SET is_told_late = 1 WHERE attempts > 0
  AND due_at >= 14400 + (SELECT queued_at FROM message WHERE message.id = entry.message_id);
