-- The base: everything but what a later feature added. The same tables and columns stand in ../postgres/0001_base.sql.
-- Times are milliseconds since 1970; every row bears the id of its virtual server.

CREATE TABLE virtual_server (
    id TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL
);

CREATE TABLE user_account (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    display_name TEXT NOT NULL,
    email TEXT,
    password_hash TEXT,
    disabled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, id),
    UNIQUE (virtual_server, folded_name)
);

CREATE TABLE user_group (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    PRIMARY KEY (virtual_server, id),
    UNIQUE (virtual_server, name)
);

CREATE TABLE group_member (
    virtual_server TEXT NOT NULL,
    user_id TEXT NOT NULL,
    group_id TEXT NOT NULL,
    PRIMARY KEY (virtual_server, user_id, group_id),
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id),
    FOREIGN KEY (virtual_server, group_id) REFERENCES user_group (virtual_server, id)
);

-- `data` is sealed. `ended_at` is set by the move into a last step, or by the sweep that notes an expiry.
CREATE TABLE flow (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    browser TEXT NOT NULL,
    user_id TEXT,
    step TEXT NOT NULL,
    nonce TEXT NOT NULL,
    data BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (virtual_server, id),
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id)
);
CREATE INDEX flow_of_browser ON flow (virtual_server, browser);
CREATE INDEX flow_of_user ON flow (virtual_server, user_id);
CREATE INDEX flow_by_end ON flow (virtual_server, expires_at);

-- `sealed` holds the plugin's bytes; a revoked token has none.
CREATE TABLE credential (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    plugin TEXT NOT NULL,
    serial TEXT NOT NULL,
    state TEXT NOT NULL,
    target TEXT NOT NULL,
    template TEXT NOT NULL,
    sealed BLOB,
    version BIGINT NOT NULL,
    fails BIGINT NOT NULL,
    locked_until BIGINT,
    created_at BIGINT NOT NULL,
    activated_at BIGINT,
    last_used_at BIGINT,
    revoked_at BIGINT,
    PRIMARY KEY (virtual_server, id),
    UNIQUE (virtual_server, serial),
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id),
    CHECK ((state = 'revoked') = (sealed IS NULL))
);
CREATE INDEX credential_of_user ON credential (virtual_server, user_id);
-- One token for each user, whatever happens at the same moment.
CREATE UNIQUE INDEX credential_one_token ON credential (virtual_server, user_id) WHERE state IN ('active', 'suspended');

-- A portal session has neither `portal` nor `host`; an application's session has both and ends with its portal session.
CREATE TABLE session (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    token TEXT NOT NULL,
    user_id TEXT NOT NULL,
    portal TEXT,
    host TEXT,
    proofs TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, id),
    UNIQUE (virtual_server, token),
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id),
    FOREIGN KEY (virtual_server, portal) REFERENCES session (virtual_server, id) ON DELETE CASCADE,
    CHECK ((portal IS NULL) = (host IS NULL))
);
CREATE INDEX session_of_user ON session (virtual_server, user_id);
CREATE INDEX session_of_portal ON session (virtual_server, portal);
CREATE INDEX session_by_end ON session (virtual_server, expires_at);

-- `data` is sealed; of the value itself only the hash is here.
CREATE TABLE one_time (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    purpose TEXT NOT NULL,
    hash TEXT NOT NULL,
    data BLOB NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, purpose, hash)
);
CREATE INDEX one_time_by_end ON one_time (virtual_server, expires_at);

CREATE TABLE meter (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    scope TEXT NOT NULL,
    subject TEXT NOT NULL,
    counted BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, scope, subject)
);
CREATE INDEX meter_by_end ON meter (virtual_server, ends_at);

-- `fields` is sealed, and gone once the mail is settled. The address is not here: it is read when the mail is sent.
CREATE TABLE mail (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    kind TEXT NOT NULL,
    language TEXT NOT NULL,
    fields BLOB,
    flow_id TEXT,
    delivery TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    leased_until BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    settled_at BIGINT,
    PRIMARY KEY (virtual_server, id),
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id),
    CHECK ((delivery = 'pending') = (fields IS NOT NULL))
);
CREATE INDEX mail_due ON mail (due_at) WHERE delivery = 'pending';

-- The audit chain. Who appends holds the head's row first, so that the numbers have no gaps and no forks.
CREATE TABLE audit_head (
    virtual_server TEXT NOT NULL PRIMARY KEY REFERENCES virtual_server (id),
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    appended_at BIGINT NOT NULL
);

CREATE TABLE audit_record (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    seq BIGINT NOT NULL,
    appended_at BIGINT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (virtual_server, seq)
);
