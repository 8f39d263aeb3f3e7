-- Groups that are deleted in portions. The same column stands in ../postgres/0020_counted_anew.sql.

-- It was deleted, and its members are being taken out of it.
ALTER TABLE user_group ADD COLUMN going BOOLEAN NOT NULL DEFAULT FALSE;
CREATE INDEX user_group_going ON user_group (virtual_server) WHERE going;
