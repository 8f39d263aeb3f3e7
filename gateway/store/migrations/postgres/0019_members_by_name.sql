-- Members of a group are listed by name: `name` is the user's folded name, which never changes. So a part of the list is read from
-- one span of an index, however large the group is. The same column stands in ../sqlite/0019_members_by_name.sql.

ALTER TABLE group_member ADD COLUMN name TEXT;
UPDATE group_member SET name = u.folded_name FROM user_account u
WHERE u.virtual_server = group_member.virtual_server AND u.id = group_member.user_id;
CREATE INDEX IF NOT EXISTS group_member_by_name ON group_member (virtual_server, group_id, name COLLATE "binary", user_id);

-- Written by the database itself, since a process of the release before adds members as well.
CREATE OR REPLACE FUNCTION group_member_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.name := (SELECT u.folded_name FROM user_account u WHERE u.virtual_server = NEW.virtual_server AND u.id = NEW.user_id);
    RETURN NEW;
END $$;
CREATE TRIGGER group_member_named BEFORE INSERT ON group_member FOR EACH ROW EXECUTE FUNCTION group_member_name();
