"""Sessions know when and about what they were decided; a B is found among the YB of an AX."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0012_earlier_states")]

    operations = [
        migrations.AddField("session", "decided_at", models.DateTimeField(null=True, verbose_name="decided")),
        migrations.AddField(
            "session",
            "asked_key",
            models.BinaryField(max_length=16, null=True, verbose_name="keyed hash of the question"),
        ),
        migrations.AddIndex(
            "binding",
            models.Index(
                fields=["parent", "b_number"],
                name="binding_relation",
                condition=models.Q(parent__isnull=False, valid_to__isnull=True),
            ),
        ),
    ]
