-- Provisioning by email: tasks, each with a number of its virtual server, and their users. A link is kept as its hash only. The same
-- tables and columns stand in ../sqlite/0011_provisioning.sql.

CREATE TABLE provisioning_task (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    number BIGINT NOT NULL,
    operator TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    stops_at BIGINT NOT NULL,
    note TEXT NOT NULL,
    -- Its users are the members of this group; `read_to` is the last one that was found, and NULL when there is nothing more to find.
    group_id TEXT,
    read_to TEXT,
    users BIGINT NOT NULL,
    mailed_at BIGINT,
    resend_at BIGINT,
    removed_at BIGINT,
    -- Something is still to be done.
    unsettled BOOLEAN NOT NULL,
    version BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, number)
);
CREATE INDEX provisioning_task_unsettled ON provisioning_task (virtual_server, number) WHERE unsettled;

-- `name` is the user's folded name, which never changes: the list goes by it.
CREATE TABLE provisioning_entry (
    virtual_server TEXT NOT NULL,
    task BIGINT NOT NULL,
    user_id TEXT NOT NULL,
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    skipped TEXT,
    fails BIGINT NOT NULL,
    credential TEXT,
    link TEXT,
    mailed_at BIGINT,
    opened_at BIGINT,
    PRIMARY KEY (virtual_server, task, user_id),
    UNIQUE (virtual_server, link),
    FOREIGN KEY (virtual_server, task) REFERENCES provisioning_task (virtual_server, number),
    -- It goes with its user by itself: a process of the release before, which does not know it, may delete them.
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id) ON DELETE CASCADE
);
CREATE INDEX provisioning_entry_by_name ON provisioning_entry (virtual_server, task, name, user_id);
CREATE INDEX provisioning_entry_by_status ON provisioning_entry (virtual_server, task, status, name, user_id);
CREATE INDEX provisioning_entry_reserved ON provisioning_entry (virtual_server, status);
CREATE INDEX provisioning_entry_of_user ON provisioning_entry (virtual_server, user_id, task);
CREATE INDEX provisioning_entry_of_token ON provisioning_entry (virtual_server, credential);
