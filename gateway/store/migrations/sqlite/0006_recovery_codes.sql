-- What is left of each user's recovery codes. `codes` is sealed; `version` lets each code be used up once. The same table and
-- columns stand in ../postgres/0006_recovery_codes.sql.

CREATE TABLE recovery_codes (
    virtual_server TEXT NOT NULL,
    user_id TEXT NOT NULL,
    version BIGINT NOT NULL,
    codes BLOB NOT NULL,
    PRIMARY KEY (virtual_server, user_id),
    -- It goes with its user by itself: a process of the release before, which does not know it, may delete them.
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id) ON DELETE CASCADE
);
