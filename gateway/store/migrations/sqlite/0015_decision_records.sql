-- Decision records: what was decided of late, so that other policies can be tried on it. The same tables and columns stand in
-- ../postgres/0015_decision_records.sql.

-- One row for all requests of a day that are alike; `id` is a digest of what makes them so. `facts` is one of them.
CREATE TABLE decision_record (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    day BIGINT NOT NULL,
    id TEXT NOT NULL,
    app TEXT NOT NULL,
    user_id TEXT,
    user_name TEXT NOT NULL,
    method TEXT NOT NULL,
    path_class TEXT NOT NULL,
    network TEXT NOT NULL,
    decision TEXT NOT NULL,
    decided TEXT NOT NULL,
    -- What policies in the shadow said otherwise: which ones, and all of it.
    shadow TEXT,
    shadow_outcome TEXT,
    shadow_said TEXT,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    requests BIGINT NOT NULL,
    facts TEXT NOT NULL,
    PRIMARY KEY (virtual_server, day, id),
    -- What somebody asked for goes with them.
    FOREIGN KEY (virtual_server, user_id) REFERENCES user_account (virtual_server, id) ON DELETE CASCADE
);
CREATE INDEX decision_record_by_time ON decision_record (virtual_server, first_at, id);
CREATE INDEX decision_record_of_user ON decision_record (virtual_server, user_id, first_at, id);
CREATE INDEX decision_record_of_app ON decision_record (virtual_server, app, first_at, id);
CREATE INDEX decision_record_by_decision ON decision_record (virtual_server, decision, first_at, id);
CREATE INDEX decision_record_shadow ON decision_record (virtual_server, shadow, first_at, id) WHERE shadow IS NOT NULL;

-- How many rows there are of a day, and how many requests are in none of them.
CREATE TABLE decision_day (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    day BIGINT NOT NULL,
    records BIGINT NOT NULL,
    left_out BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, day)
);

-- How often policies in the shadow said what.
CREATE TABLE shadow_tally (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    fingerprint TEXT NOT NULL,
    outcome TEXT NOT NULL,
    requests BIGINT NOT NULL,
    first_at BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (virtual_server, fingerprint, outcome)
);
