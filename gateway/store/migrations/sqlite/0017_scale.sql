-- What lists and reports need where there are very many rows: sums that are kept, and indexes for what is looked for. The same
-- tables and columns stand in ../postgres/0017_scale.sql.

-- How many enrolment transactions came to what, of those that began within an hour, a day, 32 days (`width`, in milliseconds; `at`
-- is its begin). `body` has the rest of what is counted, as JSON (tallies.rs).
CREATE TABLE enrolment_count (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    width BIGINT NOT NULL,
    at BIGINT NOT NULL,
    initiation TEXT NOT NULL,
    os TEXT NOT NULL,
    result TEXT NOT NULL,
    counted BIGINT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (virtual_server, width, at, initiation, os, result)
);
-- What a row was counted as, and up to which of its records: a process of the release before folds and does not count.
ALTER TABLE enrolment ADD COLUMN counted TEXT;
ALTER TABLE enrolment ADD COLUMN counted_seq BIGINT NOT NULL DEFAULT 0;
CREATE INDEX IF NOT EXISTS enrolment_uncounted ON enrolment (virtual_server, id) WHERE counted_seq <> last_seq;
CREATE INDEX IF NOT EXISTS enrolment_last ON enrolment (virtual_server, last_seq);

-- How many tokens that count as one a user has. Kept by the database itself, since a process of the release before issues and
-- revokes as well.
ALTER TABLE user_account ADD COLUMN tokens BIGINT NOT NULL DEFAULT 0;
UPDATE user_account SET tokens = found.counted
FROM (SELECT virtual_server, user_id, COUNT(*) AS counted FROM credential
    WHERE state IN ('active', 'suspended', 'locked_pin') AND form <> 'passkey' AND user_id IS NOT NULL
    GROUP BY virtual_server, user_id) AS found
WHERE found.virtual_server = user_account.virtual_server AND found.user_id = user_account.id;

CREATE TRIGGER credential_counted_new AFTER INSERT ON credential
WHEN NEW.user_id IS NOT NULL AND NEW.state IN ('active', 'suspended', 'locked_pin') AND NEW.form <> 'passkey'
BEGIN
    UPDATE user_account SET tokens = tokens + 1 WHERE virtual_server = NEW.virtual_server AND id = NEW.user_id;
END;
CREATE TRIGGER credential_counted_gone AFTER DELETE ON credential
WHEN OLD.user_id IS NOT NULL AND OLD.state IN ('active', 'suspended', 'locked_pin') AND OLD.form <> 'passkey'
BEGIN
    UPDATE user_account SET tokens = tokens - 1 WHERE virtual_server = OLD.virtual_server AND id = OLD.user_id;
END;
CREATE TRIGGER credential_counted_less AFTER UPDATE OF state, user_id, form ON credential
WHEN OLD.user_id IS NOT NULL AND OLD.state IN ('active', 'suspended', 'locked_pin') AND OLD.form <> 'passkey'
    AND NOT (NEW.user_id IS OLD.user_id AND NEW.state IN ('active', 'suspended', 'locked_pin') AND NEW.form <> 'passkey')
BEGIN
    UPDATE user_account SET tokens = tokens - 1 WHERE virtual_server = OLD.virtual_server AND id = OLD.user_id;
END;
CREATE TRIGGER credential_counted_more AFTER UPDATE OF state, user_id, form ON credential
WHEN NEW.user_id IS NOT NULL AND NEW.state IN ('active', 'suspended', 'locked_pin') AND NEW.form <> 'passkey'
    AND NOT (OLD.user_id IS NEW.user_id AND OLD.state IN ('active', 'suspended', 'locked_pin') AND OLD.form <> 'passkey')
BEGIN
    UPDATE user_account SET tokens = tokens + 1 WHERE virtual_server = NEW.virtual_server AND id = NEW.user_id;
END;

-- Who has no token, by name; and who is not switched off.
CREATE INDEX IF NOT EXISTS user_missing ON user_account (virtual_server, folded_name, id) WHERE tokens = 0 AND NOT disabled;
CREATE INDEX IF NOT EXISTS user_enabled ON user_account (virtual_server, id, tokens) WHERE NOT disabled;
-- What a name begins with that is looked for.
CREATE INDEX IF NOT EXISTS user_by_display_name ON user_account (virtual_server, LOWER(display_name), id);
CREATE INDEX IF NOT EXISTS user_by_email ON user_account (virtual_server, LOWER(email), id) WHERE email IS NOT NULL;
CREATE INDEX IF NOT EXISTS user_group_by_name ON user_group (virtual_server, LOWER(name), id);
-- With the user in it: nobody reads the rows of a group of a hundred thousand to know whose they are.
CREATE INDEX IF NOT EXISTS group_member_in ON group_member (virtual_server, group_id, user_id);
DROP INDEX IF EXISTS group_member_of_group;

-- Tokens by serial number, in whichever letters it is written; those of a state; those that are locked; how many there are.
CREATE INDEX IF NOT EXISTS credential_by_serial ON credential (virtual_server, LOWER(serial), id);
CREATE INDEX IF NOT EXISTS credential_in_state ON credential (virtual_server, state, LOWER(serial), id);
CREATE INDEX IF NOT EXISTS credential_locked ON credential (virtual_server, LOWER(serial), id) WHERE locked_until IS NOT NULL;
CREATE INDEX IF NOT EXISTS credential_states ON credential (virtual_server, state, locked_until, form) WHERE form <> 'passkey';
DROP INDEX IF EXISTS credential_by_state;
