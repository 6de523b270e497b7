-- +goose Up
-- A destroyed key must leave the table's file soon: by default PostgreSQL sweeps a table only when a fifth of its
-- rows are dead, which for keys may take years.
-- +only postgres
ALTER TABLE person_key SET (autovacuum_vacuum_threshold = 0, autovacuum_vacuum_scale_factor = 0);
-- +end
-- +only sqlite
SELECT 1;
-- +end
-- +goose Down
-- +only postgres
ALTER TABLE person_key RESET (autovacuum_vacuum_threshold, autovacuum_vacuum_scale_factor);
-- +end
-- +only sqlite
SELECT 1;
-- +end
