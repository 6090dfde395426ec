"""Writing a batch of records in bulk: each module one table, in the order in which locks are taken.

Sources, answered calls (of several upstreams), records, messages, sessions, numbers, endpoints, quarantine: every
transaction takes its locks in this order, each kind sorted by key, so that two batches with the same records wait for
each other and never deadlock.
"""
