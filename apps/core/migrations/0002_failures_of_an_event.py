"""How often an event failed, apart from how often it was begun: only the first can be its own fault."""

from django.db import migrations, models

from apps.core.partitions import MayChange

BEFORE = ("leased_until", "attempts", "delivered_at", "parked_at", "error")


class Migration(migrations.Migration):
    dependencies = [("core", "0001_initial")]

    operations = [
        migrations.AddField("outboxevent", "failures", models.SmallIntegerField(default=0, db_default=0)),
        MayChange("OutboxEvent", changing=(*BEFORE, "failures"), before=BEFORE),
    ]
