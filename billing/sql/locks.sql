-- name: lock_shard
-- Waits for the shard and holds it until the end of the transaction.
SELECT pg_advisory_xact_lock(%(space)s, %(shard)s)
