-- +goose Up
CREATE TABLE screening_instrument (
    id      TEXT   PRIMARY KEY,
    form_id TEXT   NOT NULL UNIQUE,
    state   TEXT   NOT NULL,             -- open, closing, closed
    current TEXT   NOT NULL,             -- revision offered to clients
    made_at BIGINT NOT NULL
);
CREATE TABLE screening_revision (
    id            TEXT   PRIMARY KEY,
    instrument    TEXT   NOT NULL REFERENCES screening_instrument (id),
    version       TEXT   NOT NULL,
    title         TEXT   NOT NULL,
    published_at  BIGINT NOT NULL,
    published_by  TEXT   NOT NULL,       -- actor label: ids only
    xform         BYTEA  NOT NULL,
    md5           TEXT   NOT NULL,       -- of xform, hexadecimal: what OpenRosa clients compare
    workbook_name TEXT   NOT NULL,
    workbook      BYTEA,
    pack          TEXT   NOT NULL,       -- the indicator pack as JSON; empty when there is none
    about         TEXT   NOT NULL,       -- JSON: languages, questions, summary of the pack
    UNIQUE (instrument, version)
);
CREATE TABLE screening_media (
    revision TEXT   NOT NULL REFERENCES screening_revision (id),
    name     TEXT   NOT NULL,
    type     TEXT   NOT NULL,
    md5      TEXT   NOT NULL,
    size     BIGINT NOT NULL,
    content  BYTEA  NOT NULL,
    PRIMARY KEY (revision, name)
);
CREATE TABLE screening_record (
    id           TEXT   PRIMARY KEY,
    instrument   TEXT   NOT NULL REFERENCES screening_instrument (id),
    revision     TEXT   NOT NULL,        -- of the current submission
    submission   TEXT   NOT NULL,        -- the current submission
    instance_id  TEXT   NOT NULL,        -- of the current submission
    person       TEXT   NOT NULL,        -- whose key seals everything of this record
    organisation TEXT   NOT NULL,
    officer      TEXT   NOT NULL,        -- person id of who sent it; empty for a device acting for nobody
    device       TEXT   NOT NULL,        -- id of the enrolled device; empty when none
    received_at  BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    state        TEXT   NOT NULL,        -- received, erased
    complete     BIGINT NOT NULL,        -- 0 while files are still to come
    reviewed_at  BIGINT NOT NULL,        -- 0 = nobody has looked at it yet
    reviewed_by  TEXT   NOT NULL,
    key_gone     BIGINT NOT NULL,        -- 1 once the person's key is destroyed
    summary      BYTEA                   -- sealed JSON: place, language, outcomes
);
CREATE INDEX screening_record_received ON screening_record (received_at, id);
CREATE INDEX screening_record_instrument ON screening_record (instrument, received_at);
CREATE TABLE screening_submission (
    id            TEXT   PRIMARY KEY,
    record        TEXT   NOT NULL REFERENCES screening_record (id),
    instrument    TEXT   NOT NULL,
    revision      TEXT   NOT NULL,
    instance_id   TEXT   NOT NULL,
    deprecated_id TEXT   NOT NULL,       -- the submission this one corrects; empty for the first
    received_at   BIGINT NOT NULL,
    sender        TEXT   NOT NULL,       -- actor label: ids only
    client_device TEXT   NOT NULL,       -- deviceID as the client says, cut to 255 characters
    user_agent    TEXT   NOT NULL,       -- cut to 255 characters
    xml           BYTEA,                 -- sealed, exactly as received; NULL once erased
    xml_mark      TEXT   NOT NULL,       -- keyed mark of the XML, to tell a resend from a conflict
    UNIQUE (instrument, instance_id)
);
CREATE INDEX screening_submission_record ON screening_submission (record);
CREATE TABLE screening_file (
    id          TEXT   PRIMARY KEY,
    owner       TEXT   NOT NULL,         -- record or quarantine id
    part        TEXT   NOT NULL,         -- attachment, xml, xml-further, body, incomplete
    name_mark   TEXT   NOT NULL,         -- keyed mark of the name
    mark        TEXT   NOT NULL,         -- keyed mark of the content
    size        BIGINT NOT NULL,
    received_at BIGINT NOT NULL,
    flag        TEXT   NOT NULL,         -- why it is odd: unnamed, renamed, replaced; empty when all is well
    sealed      BYTEA  NOT NULL          -- sealed JSON: name, type, key of the chunks, chunk count
);
CREATE INDEX screening_file_owner ON screening_file (owner);
CREATE TABLE screening_chunk (
    file    TEXT   NOT NULL,             -- may come before its screening_file row: large files are written while they arrive
    n       BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    sealed  BYTEA  NOT NULL,             -- at most 256 KiB, under the file's own key
    PRIMARY KEY (file, n)
);
CREATE TABLE screening_result (
    id           TEXT   PRIMARY KEY,
    record       TEXT   NOT NULL REFERENCES screening_record (id),
    submission   TEXT   NOT NULL,
    pack_id      TEXT   NOT NULL,
    pack_version TEXT   NOT NULL,
    pack_hash    TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    made_by      TEXT   NOT NULL,
    sealed       BYTEA                   -- sealed JSON of the result; NULL once erased
);
CREATE INDEX screening_result_record ON screening_result (record);
CREATE TABLE screening_outcome (
    record TEXT NOT NULL REFERENCES screening_record (id),
    mark   TEXT NOT NULL,                -- keyed mark of an outcome's code, so that lists can be narrowed
    PRIMARY KEY (record, mark)
);
CREATE INDEX screening_outcome_mark ON screening_outcome (mark);
CREATE TABLE screening_quarantine (
    id            TEXT   PRIMARY KEY,
    received_at   BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,       -- when the same body came last
    times         BIGINT NOT NULL,
    reason        TEXT   NOT NULL,
    answered      BIGINT NOT NULL,       -- HTTP status given to the client
    person        TEXT   NOT NULL,       -- whose key seals it
    organisation  TEXT   NOT NULL,
    sender        TEXT   NOT NULL,
    client_device TEXT   NOT NULL,
    user_agent    TEXT   NOT NULL,
    size          BIGINT NOT NULL,
    mark          TEXT   NOT NULL UNIQUE,
    state         TEXT   NOT NULL,       -- held, released, discarded
    record        TEXT   NOT NULL        -- the record it became, or the one it argues with; empty when none
);
CREATE TABLE screening_pilot (
    id           TEXT   PRIMARY KEY,
    at           BIGINT NOT NULL,
    organisation TEXT   NOT NULL,
    counts       TEXT   NOT NULL         -- JSON of numbers
);
-- +goose Down
DROP TABLE screening_pilot;
DROP TABLE screening_quarantine;
DROP TABLE screening_outcome;
DROP TABLE screening_result;
DROP TABLE screening_chunk;
DROP TABLE screening_file;
DROP TABLE screening_submission;
DROP TABLE screening_record;
DROP TABLE screening_media;
DROP TABLE screening_revision;
DROP TABLE screening_instrument;
