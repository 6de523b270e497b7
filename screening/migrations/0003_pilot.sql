-- +goose Up
CREATE TABLE screening_pilot_switch (
    organisation TEXT   PRIMARY KEY,
    is_on        BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL
);
CREATE TABLE screening_pilot_pair (
    id           TEXT   PRIMARY KEY,
    mark         TEXT   NOT NULL UNIQUE, -- keyed mark of the two screenings: a pair counts once; the two are not named
    at           BIGINT NOT NULL,        -- the day, not the moment
    organisation TEXT   NOT NULL,
    counts       TEXT   NOT NULL         -- JSON: instrument, version, and per outcome whether each interview established it
);
-- +goose Down
DROP TABLE screening_pilot_pair;
DROP TABLE screening_pilot_switch;
