from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("privacy", "0004_future_is_retried")]

    operations = [
        migrations.AddField(
            model_name="message",
            name="content_hash",
            field=models.BinaryField(editable=False, max_length=16, null=True),
        ),
    ]
