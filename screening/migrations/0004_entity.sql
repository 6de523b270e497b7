-- +goose Up
CREATE TABLE screening_entity (
    id           TEXT   PRIMARY KEY,
    organisation TEXT   NOT NULL,
    list         TEXT   NOT NULL,        -- name of the entity list, as forms call it
    uuid         TEXT   NOT NULL,        -- the entity's id, as clients made it
    person       TEXT   NOT NULL,        -- whose key seals it: of the screening that created it
    version      BIGINT NOT NULL,
    state        TEXT   NOT NULL,        -- live, deleted
    changed_at   BIGINT NOT NULL,
    sealed       BYTEA,                  -- sealed JSON: label, properties; NULL once deleted
    UNIQUE (organisation, list, uuid)
);
CREATE INDEX screening_entity_person ON screening_entity (person);
CREATE TABLE screening_entity_branch (
    entity TEXT   NOT NULL REFERENCES screening_entity (id),
    branch TEXT   NOT NULL,              -- a client's chain of changes made without a network
    local  BIGINT NOT NULL,              -- the client's version that was taken last
    PRIMARY KEY (entity, branch)
);
CREATE TABLE screening_entity_held (
    id           TEXT   PRIMARY KEY,     -- a change whose predecessor has not arrived
    organisation TEXT   NOT NULL,
    list         TEXT   NOT NULL,
    uuid         TEXT   NOT NULL,
    person       TEXT   NOT NULL,
    record       TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    sealed       BYTEA  NOT NULL
);
CREATE INDEX screening_entity_held_uuid ON screening_entity_held (organisation, list, uuid);
-- +goose Down
DROP TABLE screening_entity_held;
DROP TABLE screening_entity_branch;
DROP TABLE screening_entity;
