-- The audit trail as operators look through it, and the enrolment history report. Both are made of the records alone, in the
-- transaction that appends them; those that are there already are gone through by migrate.rs. The same tables and columns
-- stand in ../postgres/0010_reports.sql.

-- How far the chain was gone through. A process of the release before appends and does not count on: whoever comes next
-- goes through what it has left.
ALTER TABLE audit_head ADD COLUMN entered BIGINT NOT NULL DEFAULT 0;

CREATE TABLE audit_entry (
    virtual_server TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    type TEXT NOT NULL,
    event TEXT NOT NULL,
    user_id TEXT,
    operator TEXT,
    address TEXT,
    serial TEXT,
    flow_id TEXT,
    PRIMARY KEY (virtual_server, seq),
    -- It goes with its record.
    FOREIGN KEY (virtual_server, seq) REFERENCES audit_record (virtual_server, seq) ON DELETE CASCADE
);
CREATE INDEX audit_entry_at ON audit_entry (virtual_server, at, seq);
CREATE INDEX audit_entry_type ON audit_entry (virtual_server, type, seq);
CREATE INDEX audit_entry_event ON audit_entry (virtual_server, event, seq);
CREATE INDEX audit_entry_user ON audit_entry (virtual_server, user_id, seq) WHERE user_id IS NOT NULL;
CREATE INDEX audit_entry_operator ON audit_entry (virtual_server, operator, seq) WHERE operator IS NOT NULL;
CREATE INDEX audit_entry_address ON audit_entry (virtual_server, address, seq) WHERE address IS NOT NULL;
CREATE INDEX audit_entry_serial ON audit_entry (virtual_server, serial, seq) WHERE serial IS NOT NULL;
CREATE INDEX audit_entry_flow ON audit_entry (virtual_server, flow_id, seq) WHERE flow_id IS NOT NULL;

-- `body` is the row whole, as JSON; the columns before it are what is looked for and counted.
CREATE TABLE enrolment (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    last_seq BIGINT NOT NULL,
    began_at BIGINT NOT NULL,
    result TEXT NOT NULL,
    reason TEXT NOT NULL,
    initiation TEXT NOT NULL,
    user_id TEXT,
    serial TEXT,
    address TEXT NOT NULL,
    application TEXT NOT NULL,
    os TEXT NOT NULL,
    furthest BIGINT NOT NULL,
    duration BIGINT,
    step_0 BIGINT,
    step_1 BIGINT,
    step_2 BIGINT,
    step_3 BIGINT,
    step_4 BIGINT,
    step_5 BIGINT,
    body TEXT NOT NULL,
    PRIMARY KEY (virtual_server, id)
);
CREATE INDEX enrolment_began ON enrolment (virtual_server, began_at, id);
CREATE INDEX enrolment_result ON enrolment (virtual_server, result, began_at, id);
CREATE INDEX enrolment_user ON enrolment (virtual_server, user_id, began_at, id);
CREATE INDEX enrolment_serial ON enrolment (virtual_server, serial, began_at, id);
