-- +goose Up
CREATE TABLE displacement_scenario (
    id           TEXT   PRIMARY KEY,
    name         TEXT   NOT NULL,
    organisation TEXT   NOT NULL,
    source       TEXT   NOT NULL,        -- where the case comes from, in the planner's words
    bundle       BYTEA  NOT NULL,        -- the case folder, zipped, as it came
    sha256       TEXT   NOT NULL,        -- of bundle, hexadecimal
    made_at      BIGINT NOT NULL,
    made_by      TEXT   NOT NULL         -- actor label: ids only
);
CREATE TABLE displacement_version (
    scenario TEXT   NOT NULL REFERENCES displacement_scenario (id),
    version  BIGINT NOT NULL,            -- from 1
    ruleset  TEXT   NOT NULL,            -- empty: the case's own settings
    changes  TEXT   NOT NULL,            -- JSON list of what-ifs
    note     TEXT   NOT NULL,            -- why
    made_at  BIGINT NOT NULL,
    made_by  TEXT   NOT NULL,
    PRIMARY KEY (scenario, version)
);
CREATE TABLE displacement_run (
    id         TEXT   PRIMARY KEY,
    scenario   TEXT   NOT NULL REFERENCES displacement_scenario (id),
    version    BIGINT NOT NULL,
    settings   TEXT   NOT NULL,          -- JSON: members, seed, warm start, stride
    state      TEXT   NOT NULL,          -- queued, running, done, failed
    done       BIGINT NOT NULL,          -- members
    problem    TEXT   NOT NULL,          -- why it failed, else empty
    view       TEXT   NOT NULL,          -- JSON answer, empty until done
    program    TEXT   NOT NULL,          -- version of the program that ran it
    asked_at   BIGINT NOT NULL,
    asked_by   TEXT   NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX displacement_run_due ON displacement_run (state, asked_at);
CREATE TABLE displacement_arrival (
    scenario TEXT   NOT NULL REFERENCES displacement_scenario (id),
    place    TEXT   NOT NULL,
    date     TEXT   NOT NULL,            -- YYYY-MM-DD
    people   BIGINT NOT NULL,            -- present, as counted
    source   TEXT   NOT NULL,
    made_at  BIGINT NOT NULL,
    made_by  TEXT   NOT NULL,
    PRIMARY KEY (scenario, place, date, made_at)
);
-- +goose Down
DROP TABLE displacement_arrival;
DROP TABLE displacement_run;
DROP TABLE displacement_version;
DROP TABLE displacement_scenario;
