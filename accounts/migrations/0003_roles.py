"""The five roles as Django's groups. What each may do stands in accounts/roles.py, not in the database."""

from django.db import migrations

ROLES = ["support", "finance", "operator", "auditor", "customer"]


def create_groups(apps, schema_editor):
    group = apps.get_model("auth", "Group")
    for name in ROLES:
        group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_audit_append_only"), ("auth", "0012_alter_user_first_name_max_length")]

    # Taking the groups away would take the roles of their members: going back leaves them.
    operations = [migrations.RunPython(create_groups, migrations.RunPython.noop)]
