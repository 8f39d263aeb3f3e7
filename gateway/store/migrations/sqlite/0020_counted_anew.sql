-- Groups that are deleted in portions; and what earlier steps and releases have counted wrongly or left behind. The same column stands
-- in ../postgres/0020_counted_anew.sql.

-- It was deleted, and its members are being taken out of it.
ALTER TABLE user_group ADD COLUMN going BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX user_group_going ON user_group (virtual_server) WHERE going;

-- Users of a task who came to their end before they were written to: counted on its page, and few of the many.
CREATE INDEX provisioning_entry_never_written ON provisioning_entry (virtual_server, task, status) WHERE mailed_at IS NULL;

-- A process of the release before may have issued, revoked or added a member between the count or the copy and its trigger.
UPDATE user_account SET tokens = (SELECT COUNT(*) FROM credential c
    WHERE c.virtual_server = user_account.virtual_server AND c.user_id = user_account.id
    AND c.state IN ('active', 'suspended', 'locked_pin') AND c.form <> 'passkey')
WHERE tokens <> (SELECT COUNT(*) FROM credential c
    WHERE c.virtual_server = user_account.virtual_server AND c.user_id = user_account.id
    AND c.state IN ('active', 'suspended', 'locked_pin') AND c.form <> 'passkey');
UPDATE group_member SET name = (SELECT u.folded_name FROM user_account u
    WHERE u.virtual_server = group_member.virtual_server AND u.id = group_member.user_id)
WHERE name IS NULL;

-- Users who were deleted were counted on.
UPDATE provisioning_task SET users = (SELECT COUNT(*) FROM provisioning_entry e
    WHERE e.virtual_server = provisioning_task.virtual_server AND e.task = provisioning_task.number)
WHERE users <> (SELECT COUNT(*) FROM provisioning_entry e
    WHERE e.virtual_server = provisioning_task.virtual_server AND e.task = provisioning_task.number);

-- A key that is revoked is over, and goes a month later: from the last record on, where it is not known since when.
UPDATE api_key SET expires_at = (SELECT h.appended_at FROM audit_head h WHERE h.virtual_server = api_key.virtual_server)
WHERE disabled AND expires_at > (SELECT h.appended_at FROM audit_head h WHERE h.virtual_server = api_key.virtual_server);
