-- +goose Up
ALTER TABLE displacement_scenario ADD COLUMN seen_by TEXT NOT NULL DEFAULT 'organisation'; -- maker, organisation, node
ALTER TABLE displacement_scenario ADD COLUMN revision BIGINT NOT NULL DEFAULT 1;           -- grows with each edit
ALTER TABLE displacement_scenario ADD COLUMN removed_at BIGINT NOT NULL DEFAULT 0;         -- 0: it is there
CREATE TABLE displacement_edit (
    scenario TEXT   NOT NULL REFERENCES displacement_scenario (id),
    revision BIGINT NOT NULL,            -- of the scenario after it
    what     TEXT   NOT NULL,            -- name, seen_by, removed, restored
    was      TEXT   NOT NULL,
    became   TEXT   NOT NULL,
    made_at  BIGINT NOT NULL,
    made_by  TEXT   NOT NULL,
    PRIMARY KEY (scenario, revision, what)
);
-- +goose Down
DROP TABLE displacement_edit;
ALTER TABLE displacement_scenario DROP COLUMN removed_at;
ALTER TABLE displacement_scenario DROP COLUMN revision;
ALTER TABLE displacement_scenario DROP COLUMN seen_by;
