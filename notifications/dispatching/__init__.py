"""The process that sends what is in the outbox: `manage.py dispatch` (docs/pushes.md).

leases      which shares of the outbox are ours, and until when
claiming    due pushes, read call by call
lines       the queue in memory: one line an endpoint, one chain a call, who may go next
health      what an endpoint did of late; the breaker; recording keeps it in its row
requests    one request: headers, body, what came of it
finishing   outcomes written in batches, fenced by the lease
dispatcher  the loops that join them
"""
