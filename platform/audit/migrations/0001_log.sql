-- +goose Up
CREATE TABLE audit_leaf (
    n       BIGINT PRIMARY KEY,          -- position in the log, from 0
    at      BIGINT NOT NULL,             -- milliseconds UTC
    actor   TEXT   NOT NULL,             -- actor.Label(): ids only
    verb    TEXT   NOT NULL,             -- e.g. screening.read
    object  TEXT   NOT NULL,             -- e.g. screening:0192...
    subject TEXT   NOT NULL,             -- id of the person the record is about; empty when none
    detail  TEXT   NOT NULL,             -- JSON without personal data
    hash    TEXT   NOT NULL              -- SHA-256 (hex) of the stored ciphertext or row; empty when none
);
CREATE INDEX audit_leaf_object ON audit_leaf (object, n);
CREATE INDEX audit_leaf_subject ON audit_leaf (subject, n);
CREATE TABLE audit_hash (
    i    BIGINT PRIMARY KEY,             -- stored hash index of golang.org/x/mod/sumdb/tlog
    hash BYTEA  NOT NULL                 -- 32 bytes
);
-- +goose Down
DROP TABLE audit_hash;
DROP TABLE audit_leaf;
