-- +goose Up
-- Each row of the directory says in which version it last changed, so that a node reads what changed and
-- not ten thousand services again. An empty doc is a row that was taken out.
ALTER TABLE casework_hsds ADD COLUMN version BIGINT NOT NULL DEFAULT 0;
CREATE INDEX casework_hsds_version ON casework_hsds (version);
-- +goose Down
DROP INDEX casework_hsds_version;
ALTER TABLE casework_hsds DROP COLUMN version;
