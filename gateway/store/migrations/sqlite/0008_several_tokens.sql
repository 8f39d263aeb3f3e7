-- A user may have several tokens, as many as operators allow. How many there are is counted with the user held, since an index
-- knows no number. Until the last process of the release before has ended, that one reads how many there are and holds nobody.
-- The same stands in ../postgres/0008_several_tokens.sql.

DROP INDEX credential_one_token;

-- Issued beside another that had been proved. Only such a one may come to be one of several.
ALTER TABLE credential ADD COLUMN additional BOOLEAN NOT NULL DEFAULT FALSE;

-- When one of the user's tokens was last in their hands. Not among the proofs beside it: the release before reads none that it
-- does not know.
ALTER TABLE session ADD COLUMN token_shown_at BIGINT;
ALTER TABLE flow ADD COLUMN token_shown_at BIGINT;
