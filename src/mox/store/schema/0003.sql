-- Identifiers of RFC 8474, and keys of RFC 4467.

-- Stands in all identifiers, so that those of an account made anew under an old name differ from the old ones.
ALTER TABLE account ADD COLUMN object_prefix TEXT NOT NULL DEFAULT '';
UPDATE account SET object_prefix = lower(hex(randomblob(4)));

-- Of a copy: the message whose octets it has; NULL: its own id stands for them.
ALTER TABLE message ADD COLUMN email_id INTEGER;
CREATE INDEX message_by_email ON message(email_id) WHERE email_id IS NOT NULL;

-- What authorized URLs of a mailbox are signed with; gone means that all of them are revoked.
CREATE TABLE url_key (
  mailbox_id INTEGER PRIMARY KEY REFERENCES mailbox(id),
  key        BLOB NOT NULL
);
