-- name: routing_drawn
-- So many AXB bindings more, from `start` on, in turn on every number; nobody is twice on one number.
CREATE UNLOGGED TABLE bench_drawn AS
WITH x AS (
    SELECT row_number() OVER (ORDER BY n.id) - 1 AS place, count(*) OVER () AS numbers, n.id AS number_id,
        p.id AS application_id, p.account_id
    FROM privacy_number n JOIN privacy_holding h ON h.number_id = n.id
    JOIN accounts_application p ON p.id = h.application_id
)
SELECT gen_random_uuid() AS id, x.*, a.sealed AS a_number, b.sealed AS b_number, a.key AS a_key, b.key AS b_key,
    now() + interval '90 days' AS expires_at
FROM generate_series(%(start)s::bigint, %(start)s + %(count)s - 1) n
JOIN x ON x.place = n %% x.numbers
JOIN bench_person a ON a.place = (n / x.numbers * 2 + x.place * 37) %% %(people)s
JOIN bench_person b ON b.place = (n / x.numbers * 2 + 1 + x.place * 37) %% %(people)s

-- name: routing_routes
-- The two ways into each of them, with the keys of its parties.
INSERT INTO privacy_route (number_id, key, kind, binding_id, expires_at)
SELECT number_id, key, side, id, expires_at
FROM bench_drawn CROSS JOIN LATERAL (VALUES ('A', a_key), ('B', b_key)) sides (side, key)
