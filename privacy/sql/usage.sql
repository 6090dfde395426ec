-- name: take_back_usage
-- Takes one row out of the queue of settlement, unless settlement has it.
DELETE FROM privacy_usage WHERE usage_id = %(usage_id)s::uuid RETURNING usage_id
