"""The breaker of the payment gateway is a row beside those of the channels."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0004_mail_addresses"),
    ]

    operations = [
        migrations.AlterField(
            model_name="breaker",
            name="channel",
            field=models.CharField(max_length=10, primary_key=True, serialize=False),
        ),
    ]
