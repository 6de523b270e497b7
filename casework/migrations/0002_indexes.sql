-- +goose Up
-- Found by the benchmark over 100,000 cases: the planner took the index of the organisation for one person's
-- work, and the board read every case to count by owner.
DROP INDEX casework_due_owner;
CREATE INDEX casework_due_owner ON casework_due (owner, organisation, at);
DROP INDEX casework_due_organisation;
CREATE INDEX casework_due_organisation ON casework_due (organisation, at, owner);
CREATE INDEX casework_case_load ON casework_case (organisation, owner, state);
-- +goose Down
DROP INDEX casework_case_load;
DROP INDEX casework_due_organisation;
CREATE INDEX casework_due_organisation ON casework_due (organisation, at);
DROP INDEX casework_due_owner;
CREATE INDEX casework_due_owner ON casework_due (owner, at);
