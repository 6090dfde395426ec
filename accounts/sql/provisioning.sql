-- name: lock_provisioning
-- Waits for another provision and holds the lock until the end of the transaction.
SELECT pg_advisory_xact_lock(%(lock)s)
