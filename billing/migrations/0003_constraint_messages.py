"""What forms say when a constraint is broken; the constraints stay as they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_constraint_messages"),
        ("billing", "0002_money_is_append_only"),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="package",
            name="package_price_not_negative",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__gte", 0)),
                name="package_price_not_negative",
                violation_error_message="A price is not negative.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="tariff",
            name="tariff_price_not_negative",
            constraint=models.CheckConstraint(
                condition=models.Q(("price__gte", 0)),
                name="tariff_price_not_negative",
                violation_error_message="A price is not negative.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="tariff",
            name="tariff_from_before_to",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True), ("valid_to__gt", models.F("valid_from")), _connector="OR"
                ),
                name="tariff_from_before_to",
                violation_error_message="A price ends later than it begins.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="tariff",
            name="tariff_currency_iso",
            constraint=models.CheckConstraint(
                condition=models.Q(("currency__regex", "^[A-Z]{3}$")),
                name="tariff_currency_iso",
                violation_error_message="A currency is three capital letters, such as CNY.",
            ),
        ),
    ]
