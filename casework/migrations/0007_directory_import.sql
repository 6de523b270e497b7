-- +goose Up
-- A file that was brought into the directory, and what each of its rows was before, so that it can be taken back as
-- one. became is the SHA-256 of what the import made of a row: who changed it since is seen by it.
CREATE TABLE casework_directory_import (
    id        TEXT   PRIMARY KEY,           -- the caller's own: sent twice counts once
    by_person TEXT   NOT NULL,              -- empty = by command
    mark      TEXT   NOT NULL,              -- put in front of the file's ids; empty = none
    added     BIGINT NOT NULL,
    changed   BIGINT NOT NULL,
    unchanged BIGINT NOT NULL,
    version   BIGINT NOT NULL,              -- of the directory that it made
    at        BIGINT NOT NULL,
    undone_at BIGINT NOT NULL,              -- 0 = stands
    undone_by TEXT   NOT NULL
);
CREATE INDEX casework_directory_import_at ON casework_directory_import (at);
CREATE TABLE casework_directory_before (
    import TEXT NOT NULL REFERENCES casework_directory_import (id),
    object TEXT NOT NULL,
    id     TEXT NOT NULL,
    doc    TEXT NOT NULL,                   -- empty = it was not there
    became TEXT NOT NULL,
    PRIMARY KEY (import, object, id)
);
-- +goose Down
DROP TABLE casework_directory_before;
DROP TABLE casework_directory_import;
