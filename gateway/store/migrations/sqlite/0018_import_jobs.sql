-- Files of tokens on their way into the stock: how far each has come is counted in the change that takes its tokens, so that it is
-- known after the process has died that took them. The same table stands in ../postgres/0018_import_jobs.sql.

CREATE TABLE import_job (
    virtual_server TEXT NOT NULL REFERENCES virtual_server (id),
    id TEXT NOT NULL,
    operator TEXT NOT NULL,
    file TEXT NOT NULL,
    total BIGINT NOT NULL,
    done BIGINT NOT NULL,
    begun_at BIGINT NOT NULL,
    touched_at BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (virtual_server, id)
);
CREATE INDEX import_job_of_operator ON import_job (virtual_server, operator, begun_at);
