-- Outlets of the audit trail: how far each has come, and which process tells it. The same table and columns stand in
-- ../postgres/0012_outlets.sql.

CREATE TABLE audit_outlet (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    outlet TEXT NOT NULL,
    -- The last record that it is done with, and how many of those were never sent.
    sent BIGINT NOT NULL,
    skipped BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    failing_since BIGINT,
    last_error TEXT,
    due_at BIGINT NOT NULL,
    disabled_at BIGINT,
    -- Which process has it, and until when.
    holder TEXT,
    leased_until BIGINT NOT NULL,
    -- When a process last had it in its configuration.
    wanted_at BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, outlet)
);
