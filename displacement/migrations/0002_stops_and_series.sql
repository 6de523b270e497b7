-- +goose Up
ALTER TABLE displacement_run ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;   -- times a process took it
ALTER TABLE displacement_run ADD COLUMN started_at BIGINT NOT NULL DEFAULT 0; -- of the newest attempt; 0: not begun
CREATE TABLE displacement_series (
    id       TEXT   PRIMARY KEY,
    scenario TEXT   NOT NULL REFERENCES displacement_scenario (id),
    name     TEXT   NOT NULL,
    source   TEXT   NOT NULL,            -- where it comes from
    start    TEXT   NOT NULL,            -- YYYY-MM-DD, the first day
    people   TEXT   NOT NULL,            -- JSON list: newly displaced people per day
    sha256   TEXT   NOT NULL,            -- of people, hexadecimal
    made_at  BIGINT NOT NULL,
    made_by  TEXT   NOT NULL
);
CREATE INDEX displacement_series_of ON displacement_series (scenario, made_at);
-- +goose Down
DROP TABLE displacement_series;
ALTER TABLE displacement_run DROP COLUMN started_at;
ALTER TABLE displacement_run DROP COLUMN attempts;
