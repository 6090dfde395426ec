-- name: list_partitions
-- The partitions of a table (its quoted name) with the text of their bounds.
SELECT c.relname, pg_get_expr(c.relpartbound, c.oid)
FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(%(table)s)

-- name: lock_partitions
-- Waits until no other transaction is making partitions of this table.
SELECT pg_advisory_xact_lock(hashtextextended('partitions of ' || %(table)s, 0))

-- name: has_live_trigger
-- One row if the table has this trigger and it is switched on.
SELECT 1 FROM pg_trigger
WHERE tgrelid = to_regclass(%(table)s) AND tgname = %(trigger)s AND tgenabled <> 'D'
