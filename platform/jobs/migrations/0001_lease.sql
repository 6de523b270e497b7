-- +goose Up
CREATE TABLE jobs_lease (
    name   TEXT   PRIMARY KEY,
    holder TEXT   NOT NULL,
    until  BIGINT NOT NULL,
    ran_at BIGINT NOT NULL
);
-- +goose Down
DROP TABLE jobs_lease;
