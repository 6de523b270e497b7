-- +goose Up
ALTER TABLE displacement_run ADD COLUMN workers BIGINT NOT NULL DEFAULT 0; -- that help, when it last said so
-- +goose Down
ALTER TABLE displacement_run DROP COLUMN workers;
