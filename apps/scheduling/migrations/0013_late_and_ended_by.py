from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("scheduling", "0012_written_often"),
    ]

    operations = [
        migrations.AddField(
            model_name="appointment",
            name="ended_by",
            field=models.CharField(blank=True, db_default="", default="", max_length=10),
        ),
        migrations.AddField(
            model_name="appointment",
            name="late_until",
            field=models.DateTimeField(null=True),
        ),
    ]
