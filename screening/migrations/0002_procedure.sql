-- +goose Up
CREATE TABLE screening_procedure (
    version BIGINT PRIMARY KEY,          -- 1, 2, 3, ...; what was written never changes
    id      TEXT   NOT NULL UNIQUE,
    made_at BIGINT NOT NULL,
    made_by TEXT   NOT NULL,             -- person id; empty for the system
    state   TEXT   NOT NULL,             -- confirmed, withdrawn
    body    TEXT   NOT NULL              -- JSON: texts by language, who confirmed it, when, until when
);
-- +goose Down
DROP TABLE screening_procedure;
