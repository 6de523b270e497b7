-- +goose Up
CREATE TABLE person_key (
    person  TEXT   PRIMARY KEY,
    wrapped BYTEA  NOT NULL,   -- the person's key under the key-encryption key
    made_at BIGINT NOT NULL
);
-- +goose Down
DROP TABLE person_key;
