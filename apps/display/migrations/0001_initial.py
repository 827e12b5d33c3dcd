"""Boards."""

import uuid

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = [("accounts", "0001_initial"), ("scheduling", "0001_initial")]

    operations = [
        migrations.CreateModel(
            name="Board",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "slug",
                    models.SlugField(
                        help_text="The board is opened at /display/ followed by this word.",
                        max_length=40,
                        unique=True,
                        validators=[django.core.validators.MinLengthValidator(2)],
                        verbose_name="address",
                    ),
                ),
                (
                    "name",
                    models.CharField(
                        help_text="What people call the hall, such as Hall A.", max_length=60, verbose_name="name"
                    ),
                ),
                (
                    "departments",
                    models.ManyToManyField(related_name="+", to="scheduling.department", verbose_name="departments"),
                ),
                (
                    "facility",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
                    ),
                ),
            ],
            options={
                "verbose_name": "board",
                "verbose_name_plural": "boards",
                "ordering": ["name", "slug"],
                "constraints": [models.CheckConstraint(condition=~models.Q(name=""), name="board_has_name")],
            },
        ),
    ]
