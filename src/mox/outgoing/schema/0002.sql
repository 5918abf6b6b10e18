-- Why there is no policy, for TLS reports (RFC 8460 §4.3.2.2); empty where there is one.
ALTER TABLE policy ADD COLUMN report TEXT NOT NULL DEFAULT '';
