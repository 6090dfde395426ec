-- name: endpoint_queues
-- What waits for each endpoint, was given up and set aside, counted up to a limit each, and when the oldest was due.
SELECT wanted.id,
       (SELECT count(*) FROM (SELECT FROM notifications_push AS p
            WHERE p.endpoint_id = wanted.id AND p.state = 0 LIMIT %(most)s) AS few),
       (SELECT count(*) FROM (SELECT FROM notifications_push AS p
            WHERE p.endpoint_id = wanted.id AND p.state = 1 LIMIT %(most)s) AS few),
       (SELECT count(*) FROM (SELECT FROM notifications_push AS p
            WHERE p.endpoint_id = wanted.id AND p.state = 2 LIMIT %(most)s) AS few),
       (SELECT p.due_at FROM notifications_push AS p
            WHERE p.endpoint_id = wanted.id AND p.state = 0 ORDER BY p.due_at LIMIT 1)
FROM unnest(%(endpoints)s::bigint[]) AS wanted (id)

-- name: endpoint_spans
-- How requests to endpoints went in spans of time, of at most so many requests a span, the latest of it: one walk of
-- the index a span, however many there were. Compared as rows: by id alone the planner would walk over all the other
-- endpoints' requests of the time. Questions to the customer's server are no pushes.
SELECT span.endpoint, span.first, seen.requests, seen.delivered, seen.half, seen.most
FROM unnest(%(endpoints)s::bigint[], %(firsts)s::uuid[], %(lasts)s::uuid[]) AS span (endpoint, first, last)
CROSS JOIN LATERAL (
    SELECT count(*) AS requests, count(*) FILTER (WHERE few.result = 'delivered') AS delivered,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY few.duration_us) AS half,
           percentile_disc(0.95) WITHIN GROUP (ORDER BY few.duration_us) AS most
    FROM (
        SELECT a.result, a.duration_us FROM notifications_attempt AS a
        WHERE (a.endpoint_id, a.id) >= (span.endpoint, span.first) AND (a.endpoint_id, a.id) < (span.endpoint, span.last)
          AND a.id >= %(first)s::uuid AND a.id < %(last)s::uuid AND NOT a.question
        ORDER BY a.endpoint_id DESC, a.id DESC LIMIT %(most)s
    ) AS few
) AS seen
