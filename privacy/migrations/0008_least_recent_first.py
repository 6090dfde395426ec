"""What was never bound is selected first: the indexes that numbers are selected by must say so."""

import django.db.models.expressions
from django.db import migrations, models

LEAST_RECENT = django.db.models.expressions.OrderBy(models.F("last_bound_at"), nulls_first=True)
FREE = models.Q(("free", True))


class Migration(migrations.Migration):
    dependencies = [("privacy", "0007_availability_follows")]

    operations = [
        migrations.RemoveIndex("availability", "availability_city"),
        migrations.RemoveIndex("availability", "availability_any"),
        migrations.AddIndex(
            "availability",
            models.Index(
                models.F("application"),
                models.F("area_code"),
                LEAST_RECENT,
                models.F("number"),
                condition=FREE,
                name="availability_city",
            ),
        ),
        migrations.AddIndex(
            "availability",
            models.Index(
                models.F("application"), LEAST_RECENT, models.F("number"), condition=FREE, name="availability_any"
            ),
        ),
    ]
