-- Acts of operators that wait for a second one. The same tables and columns stand in ../postgres/0014_approvals.sql.

CREATE TABLE pending_act (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    operator_id TEXT NOT NULL,
    operator TEXT NOT NULL,
    api_key TEXT,
    -- What it takes of who approves it.
    permission TEXT NOT NULL,
    about TEXT NOT NULL,
    act BLOB NOT NULL,
    asked_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    state TEXT NOT NULL,
    decided_at BIGINT,
    decided_by TEXT,
    PRIMARY KEY (virtual_server, id)
);
CREATE INDEX pending_act_asked ON pending_act (virtual_server, asked_at, id);
CREATE INDEX pending_act_open ON pending_act (virtual_server, expires_at) WHERE state IN ('waiting', 'approved');
