"""What forms say when a constraint is broken; the constraints stay as they are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_lookup_key"),
    ]

    operations = [
        migrations.AlterConstraint(
            model_name="account",
            name="account_credit_limit_not_negative",
            constraint=models.CheckConstraint(
                condition=models.Q(("credit_limit__gte", 0)),
                name="account_credit_limit_not_negative",
                violation_error_message="A credit limit is not negative.",
            ),
        ),
        migrations.AlterConstraint(
            model_name="application",
            name="application_extension_digits_1_to_4",
            constraint=models.CheckConstraint(
                condition=models.Q(("extension_digits__gte", 1), ("extension_digits__lte", 4)),
                name="application_extension_digits_1_to_4",
                violation_error_message="An extension has 1 to 4 digits.",
            ),
        ),
    ]
