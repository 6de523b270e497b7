-- +goose Up
CREATE TABLE screening_place (
    id           TEXT   PRIMARY KEY,     -- an officer on one device, as the app named it
    organisation TEXT   NOT NULL,
    person       TEXT   NOT NULL,
    device       TEXT   NOT NULL,
    public_key   TEXT   NOT NULL,        -- ECDH P-256, base64url of the uncompressed point; never changes
    made_at      BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    withdrawn_at BIGINT NOT NULL         -- 0 = in use
);
CREATE INDEX screening_place_organisation ON screening_place (organisation);
CREATE TABLE screening_handover (
    id           TEXT   PRIMARY KEY,     -- made by the sender's app, so that a repeat is known
    organisation TEXT   NOT NULL,
    from_place   TEXT   NOT NULL REFERENCES screening_place (id),
    to_place     TEXT   NOT NULL,        -- empty where the sender took it back before it arrived
    state        TEXT   NOT NULL,        -- waiting, taken, refused, withdrawn, expired, unreachable
    made_at      BIGINT NOT NULL,
    ends_at      BIGINT NOT NULL,
    settled_at   BIGINT NOT NULL,        -- 0 = waiting
    hash         TEXT   NOT NULL,        -- SHA-256 of the sealed bytes
    size         BIGINT NOT NULL,
    sealed       BYTEA                   -- for the receiver's key alone; NULL once settled
);
CREATE INDEX screening_handover_to ON screening_handover (to_place, state);
CREATE INDEX screening_handover_from ON screening_handover (from_place, state);
CREATE INDEX screening_handover_state ON screening_handover (state, ends_at);
-- +goose Down
DROP TABLE screening_handover;
DROP TABLE screening_place;
