"""Pardons of risk control, and the calls it let through while Redis was away."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0008_earlier_states"),
        ("privacy", "0013_deciding"),
    ]

    operations = [
        migrations.CreateModel(
            name="RiskPardon",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("caller", "calls of a caller"),
                            ("callee", "calls to a callee"),
                            ("number", "calls through an X"),
                            ("pair", "calls of a caller to a callee"),
                            ("hours", "calling hours"),
                        ],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                ("subject", models.BinaryField(max_length=32, verbose_name="who or what, hashed")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), verbose_name="time")),
                ("made_by", models.CharField(blank=True, max_length=150, verbose_name="made by")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "application",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="risk_pardons",
                        to="accounts.application",
                        verbose_name="application",
                    ),
                ),
            ],
            options={
                "verbose_name": "risk pardon",
                "verbose_name_plural": "risk pardons",
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["application", "kind", "subject", "at"], name="riskpardon_subject")],
            },
        ),
        migrations.CreateModel(
            name="RiskPass",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("caller_key", models.BinaryField(max_length=16, verbose_name="keyed hash of the caller")),
                ("callee_key", models.BinaryField(max_length=16, verbose_name="keyed hash of the callee")),
                ("member", models.CharField(max_length=24, verbose_name="hash of the session")),
                ("at", models.DateTimeField(verbose_name="time")),
                (
                    "application",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="accounts.application",
                        verbose_name="application",
                    ),
                ),
                (
                    "number",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="privacy.number",
                        verbose_name="number",
                    ),
                ),
            ],
            options={
                "verbose_name": "call let through without Redis",
                "verbose_name_plural": "calls let through without Redis",
                "indexes": [models.Index(fields=["application", "at"], name="riskpass_application")],
            },
        ),
    ]
