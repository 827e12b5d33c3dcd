"""Wrong pairing codes are counted, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_second_factor_and_devices"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="failedtries",
            name="failed_tries_kind_known",
        ),
        migrations.AlterField(
            model_name="failedtries",
            name="kind",
            field=models.CharField(
                choices=[("staff_sign_in", "staff_sign_in"), ("screen_pairing", "screen_pairing")], max_length=16
            ),
        ),
        migrations.AddConstraint(
            model_name="failedtries",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["staff_sign_in", "screen_pairing"])), name="failed_tries_kind_known"
            ),
        ),
    ]
