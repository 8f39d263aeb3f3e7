-- The self-provisioning settings, a migration of their own (R39, decision B17): a virtual server that is older than the
-- feature does not get it switched on. One that is made later begins with "all users"; the code that makes it says so.

CREATE TABLE self_provisioning (
    virtual_server TEXT NOT NULL PRIMARY KEY REFERENCES virtual_server (id),
    target_users TEXT NOT NULL,
    targets TEXT NOT NULL,
    version BIGINT NOT NULL
);

INSERT INTO self_provisioning (virtual_server, target_users, targets, version)
SELECT id, '{"mode":"none"}', '["ios","android","windows-desktop"]', 1 FROM virtual_server;
