-- Members of a group are listed by name: `name` is the user's folded name, which never changes. So a part of the list is read from
-- one span of an index, however large the group is. The same column stands in ../postgres/0019_members_by_name.sql.

ALTER TABLE group_member ADD COLUMN name TEXT;
UPDATE group_member SET name = (SELECT u.folded_name FROM user_account u
    WHERE u.virtual_server = group_member.virtual_server AND u.id = group_member.user_id);
CREATE INDEX IF NOT EXISTS group_member_by_name ON group_member (virtual_server, group_id, name, user_id);

-- Written by the database itself, since a process of the release before adds members as well.
CREATE TRIGGER group_member_named AFTER INSERT ON group_member
BEGIN
    UPDATE group_member SET name = (SELECT u.folded_name FROM user_account u
        WHERE u.virtual_server = NEW.virtual_server AND u.id = NEW.user_id)
    WHERE virtual_server = NEW.virtual_server AND user_id = NEW.user_id AND group_id = NEW.group_id;
END;
