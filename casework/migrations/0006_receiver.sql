-- +goose Up
-- Which organisation with accounts on this node answers for a service of the directory. It is no row of HSDS: a
-- directory that is brought in from elsewhere must not say who reads referrals here.
CREATE TABLE casework_receiver (
    service      TEXT   PRIMARY KEY,
    organisation TEXT   NOT NULL,
    by_person    TEXT   NOT NULL,
    at           BIGINT NOT NULL
);
-- +goose Down
DROP TABLE casework_receiver;
