-- The audit trail does not stay for ever. Where a chain was cut, and which record says so; the records themselves go afterwards,
-- the oldest first. The same columns stand in ../postgres/0013_retention.sql.

ALTER TABLE audit_head ADD COLUMN trimmed BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audit_head ADD COLUMN trimmed_hash TEXT;
ALTER TABLE audit_head ADD COLUMN trimmed_by BIGINT;

-- A row of the report goes with the last of its records.
CREATE INDEX enrolment_last ON enrolment (virtual_server, last_seq);
