"""The audit trail is only ever added to."""

from django.db import migrations

from common.operations import AppendOnly


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [AppendOnly("accounts_auditentry")]
