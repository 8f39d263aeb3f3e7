-- Roles that operators make, and keys of programs. An operator's `role` is the name of a role that is there from the beginning,
-- or the id of one of these. The same tables and columns stand in ../postgres/0009_roles_and_keys.sql.

CREATE TABLE operator_role (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    -- `users:view users:edit`
    permissions TEXT NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, id),
    UNIQUE (virtual_server, folded_name)
);

-- Of a key's secret only the hash is here.
CREATE TABLE api_key (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    token TEXT NOT NULL,
    name TEXT NOT NULL,
    permissions TEXT NOT NULL,
    created_by TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    last_used_at BIGINT,
    disabled BOOLEAN NOT NULL,
    PRIMARY KEY (virtual_server, id),
    UNIQUE (virtual_server, token),
    FOREIGN KEY (virtual_server, created_by) REFERENCES operator (virtual_server, id)
);
CREATE UNIQUE INDEX api_key_name ON api_key (virtual_server, name) WHERE NOT disabled;
CREATE INDEX api_key_of_operator ON api_key (virtual_server, created_by);
CREATE INDEX api_key_by_end ON api_key (virtual_server, expires_at);
