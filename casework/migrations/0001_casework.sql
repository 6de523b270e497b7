-- +goose Up
CREATE TABLE casework_person (
    id           TEXT   PRIMARY KEY,
    organisation TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    erased_at    BIGINT NOT NULL            -- 0 = not erased
);
CREATE TABLE casework_case (
    id             TEXT   PRIMARY KEY,
    person         TEXT   NOT NULL REFERENCES casework_person (id),
    organisation   TEXT   NOT NULL,
    code           TEXT   NOT NULL UNIQUE,  -- shown and spoken; says nothing about the person
    state          TEXT   NOT NULL,
    reason         TEXT   NOT NULL,         -- code of the reason for the state
    owner          TEXT   NOT NULL,         -- caseworker; empty = nobody yet
    source         TEXT   NOT NULL,         -- hand | screening | import | referral
    source_ref     TEXT   NOT NULL,
    child          BIGINT NOT NULL,         -- 1 = under 18, as far as known
    profile        TEXT   NOT NULL,         -- country profile of the clocks
    place          TEXT   NOT NULL,
    non_punishment BIGINT NOT NULL,         -- not to be punished for what they were made to do
    released       TEXT   NOT NULL,         -- JSON list of classes open to enforcement roles
    hold           BIGINT NOT NULL,         -- legal hold: nothing is erased
    revision       BIGINT NOT NULL,
    opened_at      BIGINT NOT NULL,
    changed_at     BIGINT NOT NULL,
    closed_at      BIGINT NOT NULL
);
CREATE UNIQUE INDEX casework_case_source ON casework_case (organisation, source, source_ref) WHERE source_ref <> '';
CREATE INDEX casework_case_owner ON casework_case (owner, changed_at);
CREATE INDEX casework_case_organisation ON casework_case (organisation, changed_at);
CREATE INDEX casework_case_state ON casework_case (organisation, state, changed_at);
CREATE INDEX casework_case_person ON casework_case (person);
CREATE TABLE casework_member (              -- who sees a case beside its owner and the supervisors
    case_id TEXT   NOT NULL REFERENCES casework_case (id),
    person  TEXT   NOT NULL,
    kind    TEXT   NOT NULL,                -- member | glass (break-glass)
    until   BIGINT NOT NULL,                -- 0 = for good
    PRIMARY KEY (case_id, person, kind)
);
CREATE INDEX casework_member_person ON casework_member (person);
CREATE TABLE casework_sheet (               -- one field class of a case, sealed under the person's key of that class
    case_id  TEXT   NOT NULL REFERENCES casework_case (id),
    class    TEXT   NOT NULL,
    sealed   BYTEA  NOT NULL,
    revision BIGINT NOT NULL,
    PRIMARY KEY (case_id, class)
);
CREATE TABLE casework_mark (                -- exact search: HMAC of normalised values
    case_id TEXT NOT NULL REFERENCES casework_case (id),
    class   TEXT NOT NULL,
    kind    TEXT NOT NULL,
    mark    TEXT NOT NULL,
    PRIMARY KEY (case_id, kind, mark)
);
CREATE INDEX casework_mark_mark ON casework_mark (mark, kind);
CREATE TABLE casework_erased (
    case_id TEXT   NOT NULL REFERENCES casework_case (id),
    class   TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (case_id, class)
);
CREATE TABLE casework_conflict (
    id          TEXT   PRIMARY KEY,
    case_id     TEXT   NOT NULL REFERENCES casework_case (id),
    class       TEXT   NOT NULL,
    field       TEXT   NOT NULL,
    sealed      BYTEA  NOT NULL,            -- the value that was not stored
    by_person   TEXT   NOT NULL,
    made_at     BIGINT NOT NULL,
    resolved_at BIGINT NOT NULL
);
CREATE INDEX casework_conflict_case ON casework_conflict (case_id, resolved_at);
CREATE TABLE casework_entry (               -- needs, risks, goals, tasks, notes, events, documents, family links, assessments
    id         TEXT   PRIMARY KEY,
    case_id    TEXT   NOT NULL REFERENCES casework_case (id),
    kind       TEXT   NOT NULL,
    class      TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    code       TEXT   NOT NULL,
    parent     TEXT   NOT NULL,             -- goal of a task; empty = none
    owner      TEXT   NOT NULL,
    at         BIGINT NOT NULL,             -- when it happened, or happens
    due_at     BIGINT NOT NULL,             -- 0 = no term
    sealed     BYTEA  NOT NULL,
    blob       BYTEA,                       -- a document's bytes, sealed
    by_person  TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
CREATE INDEX casework_entry_case ON casework_entry (case_id, kind, at);
CREATE TABLE casework_approval (
    id         TEXT   PRIMARY KEY,
    case_id    TEXT   NOT NULL REFERENCES casework_case (id),
    what       TEXT   NOT NULL,             -- assessment | plan | closure
    state      TEXT   NOT NULL,             -- asked | approved | sent_back
    reason     TEXT   NOT NULL,
    asked_by   TEXT   NOT NULL,
    asked_at   BIGINT NOT NULL,
    decided_by TEXT   NOT NULL,
    decided_at BIGINT NOT NULL
);
CREATE INDEX casework_approval_case ON casework_approval (case_id, asked_at);
CREATE TABLE casework_receipt (
    id           TEXT   PRIMARY KEY,
    case_id      TEXT   NOT NULL REFERENCES casework_case (id),
    person       TEXT   NOT NULL,
    kind         TEXT   NOT NULL,           -- consent | override
    purpose      TEXT   NOT NULL,
    fields       TEXT   NOT NULL,           -- JSON list of field names
    recipient    TEXT   NOT NULL,           -- id of a service
    language     TEXT   NOT NULL,
    how          TEXT   NOT NULL,           -- spoken | written | signed
    given_by     TEXT   NOT NULL,           -- person | guardian | supervisor (override)
    assent       BIGINT NOT NULL,           -- a child's own yes
    sealed       BYTEA  NOT NULL,           -- guardian, best-interests note, reason of an override
    until        BIGINT NOT NULL,
    given_at     BIGINT NOT NULL,
    taken_by     TEXT   NOT NULL,
    withdrawn_at BIGINT NOT NULL,
    withdrawn_by TEXT   NOT NULL
);
CREATE INDEX casework_receipt_case ON casework_receipt (case_id, given_at);
CREATE TABLE casework_referral (
    id           TEXT   PRIMARY KEY,
    case_id      TEXT   NOT NULL,           -- empty when another node sent it to us
    person       TEXT   NOT NULL,
    organisation TEXT   NOT NULL,           -- sender
    sender       TEXT   NOT NULL,           -- who answers for it at the sender
    service      TEXT   NOT NULL,
    receiver     TEXT   NOT NULL,           -- organisation with accounts here; empty = by link or peer
    peer         TEXT   NOT NULL,           -- another node; empty = none
    state        TEXT   NOT NULL,
    priority     TEXT   NOT NULL,
    zone         TEXT   NOT NULL,
    round        BIGINT NOT NULL,
    began        BIGINT NOT NULL,
    deadline     BIGINT NOT NULL,
    outcome_due  BIGINT NOT NULL,
    receipt      TEXT   NOT NULL,
    fields       TEXT   NOT NULL,           -- JSON list of disclosed field names
    needs        TEXT   NOT NULL,           -- JSON list of need codes
    sealed       BYTEA  NOT NULL,           -- what is asked, in words
    seq          BIGINT NOT NULL,           -- steps taken
    made_at      BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL
);
CREATE INDEX casework_referral_case ON casework_referral (case_id, made_at);
CREATE INDEX casework_referral_organisation ON casework_referral (organisation, state, changed_at);
CREATE INDEX casework_referral_receiver ON casework_referral (receiver, state, changed_at);
CREATE INDEX casework_referral_deadline ON casework_referral (deadline);
CREATE INDEX casework_referral_receipt ON casework_referral (receipt);
CREATE TABLE casework_step (
    referral  TEXT   NOT NULL REFERENCES casework_referral (id),
    n         BIGINT NOT NULL,
    key       TEXT   NOT NULL,              -- the caller's own id of the step: sent twice counts once
    event     TEXT   NOT NULL,
    party     TEXT   NOT NULL,
    by_label  TEXT   NOT NULL,
    reason    TEXT   NOT NULL,              -- code only
    sealed    BYTEA,                        -- the reason's words
    state     TEXT   NOT NULL,              -- after the step
    at        BIGINT NOT NULL,
    PRIMARY KEY (referral, n)
);
CREATE UNIQUE INDEX casework_step_key ON casework_step (referral, key) WHERE key <> '';
CREATE TABLE casework_link (                -- a partner's way in without an account
    id          TEXT   PRIMARY KEY,
    referral    TEXT   NOT NULL REFERENCES casework_referral (id),
    secret      TEXT   NOT NULL UNIQUE,     -- fingerprint
    code        TEXT   NOT NULL,            -- keyed mark of the one-time code; empty = used
    attempts    BIGINT NOT NULL,
    session     TEXT   NOT NULL,            -- fingerprint; empty = none
    session_end BIGINT NOT NULL,
    ends_at     BIGINT NOT NULL,
    made_by     TEXT   NOT NULL,
    made_at     BIGINT NOT NULL
);
CREATE INDEX casework_link_referral ON casework_link (referral);
CREATE INDEX casework_link_session ON casework_link (session);
CREATE TABLE casework_return (
    id         TEXT   PRIMARY KEY,
    case_id    TEXT   NOT NULL REFERENCES casework_case (id),
    person     TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    before     TEXT   NOT NULL,             -- state before a suspension
    country    TEXT   NOT NULL,
    sealed     BYTEA  NOT NULL,             -- what each stage recorded
    made_at    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    received_at BIGINT NOT NULL
);
CREATE INDEX casework_return_case ON casework_return (case_id);
CREATE TABLE casework_due (                 -- derived: whatever must happen by an instant
    case_id      TEXT   NOT NULL,
    kind         TEXT   NOT NULL,           -- task | referral | outcome | clock | approval | conflict | follow_up
    ref          TEXT   NOT NULL,
    code         TEXT   NOT NULL,
    at           BIGINT NOT NULL,
    owner        TEXT   NOT NULL,
    organisation TEXT   NOT NULL,
    PRIMARY KEY (case_id, kind, ref)
);
CREATE INDEX casework_due_owner ON casework_due (owner, at);
CREATE INDEX casework_due_organisation ON casework_due (organisation, at);
CREATE INDEX casework_due_at ON casework_due (at);
CREATE TABLE casework_notice (
    id           TEXT   PRIMARY KEY,
    key          TEXT   NOT NULL UNIQUE,    -- what it is about; told once
    organisation TEXT   NOT NULL,
    person       TEXT   NOT NULL,           -- empty = every supervisor of the organisation
    kind         TEXT   NOT NULL,
    case_id      TEXT   NOT NULL,
    referral     TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    read_at      BIGINT NOT NULL,
    sent_at      BIGINT NOT NULL,
    tries        BIGINT NOT NULL
);
CREATE INDEX casework_notice_person ON casework_notice (organisation, person, read_at, made_at);
CREATE INDEX casework_notice_unsent ON casework_notice (sent_at, made_at);
CREATE TABLE casework_channel (             -- where a member of staff wants notices
    person TEXT   NOT NULL,
    kind   TEXT   NOT NULL,                 -- email | push
    sealed BYTEA  NOT NULL,
    PRIMARY KEY (person, kind)
);
CREATE TABLE casework_hsds (                -- the service directory: rows of HSDS's tables
    object  TEXT   NOT NULL,                -- table of HSDS, e.g. services.csv
    id      TEXT   NOT NULL,
    doc     TEXT   NOT NULL,
    PRIMARY KEY (object, id)
);
CREATE TABLE casework_directory (
    one     BIGINT PRIMARY KEY,
    version BIGINT NOT NULL
);
INSERT INTO casework_directory (one, version) VALUES (1, 0);
CREATE TABLE casework_assurance (           -- a service confirms its entry by a link
    secret  TEXT   PRIMARY KEY,             -- fingerprint
    service TEXT   NOT NULL,
    ends_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL
);
-- +goose Down
DROP TABLE casework_assurance;
DROP TABLE casework_directory;
DROP TABLE casework_hsds;
DROP TABLE casework_channel;
DROP TABLE casework_notice;
DROP TABLE casework_due;
DROP TABLE casework_return;
DROP TABLE casework_link;
DROP TABLE casework_step;
DROP TABLE casework_referral;
DROP TABLE casework_receipt;
DROP TABLE casework_approval;
DROP TABLE casework_entry;
DROP TABLE casework_conflict;
DROP TABLE casework_erased;
DROP TABLE casework_mark;
DROP TABLE casework_sheet;
DROP TABLE casework_member;
DROP TABLE casework_case;
DROP TABLE casework_person;
