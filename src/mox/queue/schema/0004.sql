-- What a submission asks for: notifications (RFC 3461), a later release (RFC 4865); and the way out that
-- people chose.
ALTER TABLE message ADD COLUMN ret TEXT NOT NULL DEFAULT '';             -- FULL, HDRS, or not said
ALTER TABLE message ADD COLUMN envid TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN release_at INTEGER;                       -- no attempt before; NULL: at once
ALTER TABLE message ADD COLUMN future_release TEXT NOT NULL DEFAULT '';  -- the request, for;n or until;time

ALTER TABLE entry ADD COLUMN transport TEXT NOT NULL DEFAULT '';         -- empty: routes decide
ALTER TABLE entry ADD COLUMN notify TEXT NOT NULL DEFAULT '';            -- words with commas between
ALTER TABLE entry ADD COLUMN orcpt TEXT NOT NULL DEFAULT '';             -- type;address, decoded

ALTER TABLE retired ADD COLUMN transport TEXT NOT NULL DEFAULT '';
ALTER TABLE retired ADD COLUMN notify TEXT NOT NULL DEFAULT '';
ALTER TABLE retired ADD COLUMN orcpt TEXT NOT NULL DEFAULT '';
ALTER TABLE retired ADD COLUMN ret TEXT NOT NULL DEFAULT '';
ALTER TABLE retired ADD COLUMN envid TEXT NOT NULL DEFAULT '';
ALTER TABLE retired ADD COLUMN future_release TEXT NOT NULL DEFAULT '';
