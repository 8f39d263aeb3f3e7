-- Rules that provision by group. `rule` is the id of a group, by which a rule is known: of a task the one that has made it, of an entry
-- the one that holds it. The same tables and columns stand in ../postgres/0016_provisioning_rules.sql.

ALTER TABLE provisioning_task ADD COLUMN rule TEXT;
CREATE INDEX provisioning_task_of_rule ON provisioning_task (virtual_server, rule, number) WHERE rule IS NOT NULL;

-- Of a user a rule holds one entry at the most.
ALTER TABLE provisioning_entry ADD COLUMN rule TEXT;
CREATE UNIQUE INDEX provisioning_entry_held ON provisioning_entry (virtual_server, user_id) WHERE rule IS NOT NULL;

-- Users of whom something has changed that rules go by. Rows come only where rules were ever set.
CREATE TABLE provisioning_due (
    virtual_server TEXT NOT NULL,
    user_id TEXT NOT NULL,
    marked BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, user_id),
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id) ON DELETE CASCADE
);

-- How far rules have looked through everybody. `doing` is what was wanted when the look began that is under way.
CREATE TABLE provisioning_pass (
    virtual_server TEXT NOT NULL PRIMARY KEY REFERENCES virtual_server (id),
    wanted BIGINT NOT NULL,
    doing BIGINT NOT NULL,
    done BIGINT NOT NULL,
    place TEXT,
    done_at BIGINT
);
