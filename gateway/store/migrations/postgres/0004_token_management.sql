-- What operators decide for a virtual server, and who they are. The same tables and columns stand in
-- ../sqlite/0004_token_management.sql.

-- One document of each kind; a kind that was never set has no row, and is what a new virtual server begins with.
CREATE TABLE setting (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    kind TEXT NOT NULL,
    body TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, kind)
);

-- The Change Log.
CREATE TABLE setting_change (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    kind TEXT NOT NULL,
    version BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    operator TEXT NOT NULL,
    changes TEXT NOT NULL,
    PRIMARY KEY (virtual_server, kind, version)
);

-- What was set before goes on as it was. When it was set nobody has noted: the virtual server's own age stands there.
INSERT INTO setting (virtual_server, kind, body, version, changed_at)
SELECT s.virtual_server, 'self_provisioning',
    '{"target_users":' || s.target_users || ',"windows_link":"store","installer_url":null}', s.version, v.created_at
FROM self_provisioning s JOIN virtual_server v ON v.id = s.virtual_server;

INSERT INTO setting (virtual_server, kind, body, version, changed_at)
SELECT s.virtual_server, 'targets',
    '{"ios":' || CASE WHEN s.targets LIKE '%"ios"%'
        THEN '{"allowed":true,"app":true,"push":true}' ELSE '{"allowed":false,"app":false,"push":false}' END
    || ',"android":' || CASE WHEN s.targets LIKE '%"android"%'
        THEN '{"allowed":true,"app":true,"push":true}' ELSE '{"allowed":false,"app":false,"push":false}' END
    || ',"windows-mobile":' || CASE WHEN s.targets LIKE '%"windows-mobile"%'
        THEN '{"allowed":true,"app":true,"push":false}' ELSE '{"allowed":false,"app":false,"push":false}' END
    || ',"windows-desktop":' || CASE WHEN s.targets LIKE '%"windows-desktop"%'
        THEN '{"allowed":true,"app":true,"push":false}' ELSE '{"allowed":false,"app":false,"push":false}' END
    || '}', s.version, v.created_at
FROM self_provisioning s JOIN virtual_server v ON v.id = s.virtual_server;

-- The old table stays for as long as a process of the release before may run beside this one: it goes with a later step.

-- Tokens that are nobody's, with a name that their user gave them, and with a PIN that the server checks. `sealed` holds the
-- plugin's bytes and `pin` the PIN's hashes; a revoked token has neither.
ALTER TABLE credential ALTER COLUMN user_id DROP NOT NULL;
ALTER TABLE credential ALTER COLUMN target DROP NOT NULL;
ALTER TABLE credential ADD COLUMN form TEXT NOT NULL DEFAULT 'software';
ALTER TABLE credential ADD COLUMN label TEXT NOT NULL DEFAULT '';
ALTER TABLE credential ADD COLUMN pin BYTEA;
ALTER TABLE credential ADD COLUMN pin_version BIGINT NOT NULL DEFAULT 0;
-- A revoked token tells whose it was for as long as there is that user.
ALTER TABLE credential ADD CONSTRAINT credential_owner CHECK (state = 'revoked'
    OR (state IN ('assigned', 'active', 'suspended', 'locked_pin')) = (user_id IS NOT NULL));
ALTER TABLE credential ADD CONSTRAINT credential_pin CHECK (pin IS NULL OR (state <> 'revoked' AND user_id IS NOT NULL));
DROP INDEX credential_of_user;
CREATE INDEX credential_of_user ON credential (virtual_server, user_id, serial, id);
CREATE INDEX credential_by_state ON credential (virtual_server, state, serial, id);
DROP INDEX credential_one_token;
-- One token for each user, whatever happens at the same moment.
CREATE UNIQUE INDEX credential_one_token ON credential (virtual_server, user_id)
    WHERE state IN ('active', 'suspended', 'locked_pin');

-- `version` counts the changes of name, address and groups; `temporary_passcode` is sealed.
ALTER TABLE user_account ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE user_account ADD COLUMN temporary_passcode BYTEA;

-- A group lies in another: its members are members there.
CREATE TABLE group_nest (
    virtual_server TEXT NOT NULL,
    group_id TEXT NOT NULL,
    into_id TEXT NOT NULL,
    PRIMARY KEY (virtual_server, group_id, into_id),
    FOREIGN KEY (virtual_server, group_id) REFERENCES user_group (virtual_server, id),
    FOREIGN KEY (virtual_server, into_id) REFERENCES user_group (virtual_server, id),
    CHECK (group_id <> into_id)
);
CREATE INDEX group_nest_into ON group_nest (virtual_server, into_id);
CREATE INDEX group_member_of_group ON group_member (virtual_server, group_id);

-- Who runs a virtual server. `sealed` holds what the plugin of the second factor keeps.
CREATE TABLE operator (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    name TEXT NOT NULL,
    folded_name TEXT NOT NULL,
    role TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    password_hash TEXT NOT NULL,
    plugin TEXT NOT NULL,
    sealed BYTEA NOT NULL,
    version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT,
    PRIMARY KEY (virtual_server, id),
    UNIQUE (virtual_server, folded_name)
);

CREATE TABLE operator_session (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    token TEXT NOT NULL,
    operator_id TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    proved_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, id),
    UNIQUE (virtual_server, token),
    FOREIGN KEY (virtual_server, operator_id) REFERENCES operator (virtual_server, id)
);
CREATE INDEX operator_session_of_operator ON operator_session (virtual_server, operator_id);
CREATE INDEX operator_session_by_end ON operator_session (virtual_server, expires_at);
