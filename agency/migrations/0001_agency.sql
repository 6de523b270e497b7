-- +goose Up
CREATE TABLE agency_organisation (
    id         TEXT   PRIMARY KEY,
    name       TEXT   NOT NULL,
    country    TEXT   NOT NULL,           -- ISO 3166-1 alpha-2, or an invented code on a demo node
    kind       TEXT   NOT NULL,           -- state | international | civil-society | business
    made_at    BIGINT NOT NULL
);
CREATE TABLE agency_person (
    id              TEXT   PRIMARY KEY,
    organisation    TEXT   NOT NULL REFERENCES agency_organisation (id),
    login_mark      TEXT   NOT NULL UNIQUE,  -- HMAC of the normalised login
    login           BYTEA  NOT NULL,         -- sealed
    name            BYTEA  NOT NULL,         -- sealed
    roles           TEXT   NOT NULL,         -- JSON list
    locale          TEXT   NOT NULL,
    state           TEXT   NOT NULL,         -- active | left
    password        TEXT   NOT NULL,         -- Argon2id in the PHC form; empty = none
    must_change     BIGINT NOT NULL,
    totp            BYTEA,                   -- sealed secret
    totp_on         BIGINT NOT NULL,
    totp_step       BIGINT NOT NULL,         -- last step used: a code works once
    made_at         BIGINT NOT NULL
);
CREATE TABLE agency_passkey (
    id         TEXT   PRIMARY KEY,           -- credential id, base64url
    person     TEXT   NOT NULL REFERENCES agency_person (id),
    name       TEXT   NOT NULL,
    credential BYTEA  NOT NULL,              -- sealed JSON
    made_at    BIGINT NOT NULL,
    used_at    BIGINT NOT NULL
);
CREATE INDEX agency_passkey_person ON agency_passkey (person);
CREATE TABLE agency_session (
    id         TEXT   PRIMARY KEY,
    secret     TEXT   NOT NULL UNIQUE,       -- fingerprint of the cookie
    person     TEXT   NOT NULL REFERENCES agency_person (id),
    made_at    BIGINT NOT NULL,
    ends_at    BIGINT NOT NULL
);
CREATE INDEX agency_session_person ON agency_session (person);
CREATE TABLE agency_lock (
    login_mark TEXT   PRIMARY KEY,
    failures   BIGINT NOT NULL,
    until      BIGINT NOT NULL
);
CREATE TABLE agency_device (
    id           TEXT   PRIMARY KEY,
    organisation TEXT   NOT NULL REFERENCES agency_organisation (id),
    name         TEXT   NOT NULL,
    secret       TEXT   NOT NULL UNIQUE,     -- fingerprint of the token
    enrolled_by  TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,            -- 0 = does not expire
    revoked_at   BIGINT NOT NULL,
    wipe_at      BIGINT NOT NULL,            -- ordered to erase what it holds; 0 = not
    wiped_at     BIGINT NOT NULL,            -- the device said that it did
    seen_at      BIGINT NOT NULL
);
-- +goose Down
DROP TABLE agency_device;
DROP TABLE agency_lock;
DROP TABLE agency_session;
DROP TABLE agency_passkey;
DROP TABLE agency_person;
DROP TABLE agency_organisation;
