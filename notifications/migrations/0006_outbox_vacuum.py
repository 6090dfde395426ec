"""Vacuum of tables that are a queue: what was deleted is cleared away after a thousand rows, not after a fifth of all.

Rows of the outbox change only in columns that are indexed, so room in their pages (fillfactor) would be of no use there;
endpoints and leases change in others, again and again.
"""

from django.db import migrations

OUTBOX = {
    f"{of}autovacuum_vacuum_{name}": value
    for of in ("", "toast.")
    for name, value in (("scale_factor", 0.01), ("threshold", 1000), ("cost_limit", 2000))
}
TABLES: dict[str, dict[str, float]] = {
    "notifications_push": OUTBOX | {"autovacuum_analyze_scale_factor": 0.05, "autovacuum_analyze_threshold": 5000},
    "notifications_endpoint": {"fillfactor": 70, "autovacuum_vacuum_scale_factor": 0.05},
    "notifications_shardlease": {"fillfactor": 50},
    "notifications_dispatcher": {"fillfactor": 50},
}


def _set(table: str, options: dict[str, float]) -> migrations.RunSQL:
    names, pairs = ", ".join(options), ", ".join(f"{name} = {value}" for name, value in options.items())
    return migrations.RunSQL(f"ALTER TABLE {table} SET ({pairs})", f"ALTER TABLE {table} RESET ({names})")


class Migration(migrations.Migration):
    dependencies = [("notifications", "0005_alert_reached")]

    operations = [_set(table, options) for table, options in TABLES.items()]
