-- name: open_source
-- Makes a source with nothing counted; tells how many upstreams there are and whether a person discarded something
-- of this one.
INSERT INTO privacy_source
    (door, upstream_id, received_at, request_id, address, file_name, file_sha256, user_id, person,
     received, stored, repeated, quarantined)
VALUES (%(door)s, %(upstream)s, %(received_at)s, %(request_id)s, %(address)s, %(file_name)s, %(file_sha256)s, %(user)s,
        %(person)s, 0, 0, 0, 0)
RETURNING id, (SELECT count(*) FROM accounts_upstream), EXISTS (
    SELECT 1 FROM privacy_quarantined WHERE state = 'discarded' AND upstream_id = %(upstream)s
)

-- name: close_source
-- Writes what became of a source's records.
UPDATE privacy_source
SET received = %(received)s, stored = %(stored)s, repeated = %(repeated)s, quarantined = %(quarantined)s,
    newest_at = %(newest_at)s, file_sha256 = %(file_sha256)s
WHERE id = %(id)s
