-- +goose Up
-- When the clock next has something to do with a referral, so that the job that looks every minute reads only
-- those. 1 makes it look at once; an alarm that was told already is not told again.
ALTER TABLE casework_referral ADD COLUMN ring_at BIGINT NOT NULL DEFAULT 0;
UPDATE casework_referral SET ring_at = 1 WHERE deadline > 0 OR outcome_due > 0;
DROP INDEX casework_referral_deadline;
CREATE INDEX casework_referral_ring ON casework_referral (ring_at);
-- +goose Down
DROP INDEX casework_referral_ring;
CREATE INDEX casework_referral_deadline ON casework_referral (deadline);
ALTER TABLE casework_referral DROP COLUMN ring_at;
