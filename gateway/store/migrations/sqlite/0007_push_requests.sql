-- Requests to users' devices. `data` is sealed, with what a request is for in it. The same table and columns stand in
-- ../postgres/0007_push_requests.sql.

CREATE TABLE push_request (
    virtual_server TEXT NOT NULL,
    id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    state TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    data BLOB NOT NULL,
    PRIMARY KEY (virtual_server, id),
    -- It goes with its user by itself: a process of the release before, which does not know it, may delete them.
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id) ON DELETE CASCADE
);
CREATE INDEX push_request_of_user ON push_request (virtual_server, user_id, created_at);
CREATE INDEX push_request_by_end ON push_request (virtual_server, expires_at);

-- What a new virtual server begins with may change with the authenticator; one that is there already goes on with the
-- template by which its tokens were made until now, where nobody has set another. Since when nobody has noted: the
-- virtual server's own age stands there.
INSERT INTO setting (virtual_server, kind, body, version, changed_at)
SELECT v.id, 'token_template',
    '{"mode":"quick_log","length":6,"synchronization":{"time":{"step":30}},"pin_type":"none","pin_length":4,'
    || '"allow_trivial_pins":false,"max_pin_attempts":5,"min_pin_complexity":"decimal","allow_biometric_pin":false}',
    1, v.created_at
FROM virtual_server v
WHERE NOT EXISTS (SELECT 1 FROM setting s WHERE s.virtual_server = v.id AND s.kind = 'token_template');
