-- name: rows_under_other_keys
-- Locks the next rows of a table, by primary key, of which a column is not sealed under the writing key.
SELECT {pk}, {columns} FROM {table}
WHERE ({after} IS NULL OR {pk} > {after}) AND ({other})
ORDER BY {pk} LIMIT {limit} FOR UPDATE

-- name: is_under_another_key
-- Says whether a column is sealed under a key that is not the writing one.
({column} IS NOT NULL AND substring({column} FROM 1 FOR {length}) <> {header})

-- name: write_resealed
-- Writes the columns of a batch again; the bounds let the planner leave out other partitions.
UPDATE {table} AS old SET {assignments}
FROM unnest({values}) AS new ({names})
WHERE old.{pk} = new.pk AND old.{pk} BETWEEN {first} AND {last}
