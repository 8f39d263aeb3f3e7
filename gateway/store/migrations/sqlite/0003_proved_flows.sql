-- Since when something is proved in a flow, if anything is: only such flows count towards what a user may have open, so that
-- strangers who know a name take nobody's place.

ALTER TABLE flow ADD COLUMN proved_at BIGINT;
