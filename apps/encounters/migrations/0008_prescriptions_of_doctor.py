"""What a doctor signed last is found without reading all of theirs."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("encounters", "0007_alerts")]

    operations = [
        migrations.AddIndex(
            model_name="prescription",
            index=models.Index(fields=["doctor", "-signed_at"], name="prescriptions_of_doctor"),
        ),
    ]
