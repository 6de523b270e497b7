-- +goose Up
-- An exercise is a case about nobody. It is left out of every list, search, count, file and notice, so the indexes
-- that count by owner and state know it, too.
ALTER TABLE casework_case ADD COLUMN exercise BIGINT NOT NULL DEFAULT 0;
DROP INDEX casework_case_state;
CREATE INDEX casework_case_state ON casework_case (organisation, state, changed_at, exercise);
DROP INDEX casework_case_load;
CREATE INDEX casework_case_load ON casework_case (organisation, owner, state, exercise);
CREATE INDEX casework_case_exercise ON casework_case (opened_at) WHERE exercise = 1;
-- +goose Down
DROP INDEX casework_case_exercise;
DROP INDEX casework_case_load;
CREATE INDEX casework_case_load ON casework_case (organisation, owner, state);
DROP INDEX casework_case_state;
CREATE INDEX casework_case_state ON casework_case (organisation, state, changed_at);
ALTER TABLE casework_case DROP COLUMN exercise;
