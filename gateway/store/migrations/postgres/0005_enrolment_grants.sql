-- What operators grant to somebody who enrols, where the rule asks for more than the emailed code: an approval that was asked
-- for, given or refused, or the help desk's code. A user has one at the most. `details` is sealed. The same table and columns
-- stand in ../sqlite/0005_enrolment_grants.sql.

CREATE TABLE enrolment_grant (
    virtual_server TEXT NOT NULL,
    user_id TEXT NOT NULL,
    state TEXT NOT NULL,
    at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    details BYTEA NOT NULL,
    PRIMARY KEY (virtual_server, user_id),
    -- It goes with its user by itself: a process of the release before, which does not know it, may delete them.
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id) ON DELETE CASCADE
);
CREATE INDEX enrolment_grant_by_state ON enrolment_grant (virtual_server, state, expires_at);
CREATE INDEX enrolment_grant_by_end ON enrolment_grant (virtual_server, expires_at);
