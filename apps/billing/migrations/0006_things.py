"""What tests and medicines cost, and on which bill each of them stands."""

import uuid
from decimal import Decimal

import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_names_by_language"),
        ("billing", "0005_prepaid"),
        ("queue", "0009_calls_for_help_end"),
    ]

    operations = [
        migrations.CreateModel(
            name="ThingPrice",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                (
                    "kind",
                    models.CharField(
                        choices=[("test", "test"), ("medicine", "medicine, by the piece")],
                        max_length=8,
                        verbose_name="kind",
                    ),
                ),
                (
                    "service",
                    models.CharField(
                        help_text="A test's price key, or a medicine as it is prescribed.",
                        max_length=200,
                        verbose_name="price key",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                        verbose_name="price",
                    ),
                ),
                (
                    "tax_percent",
                    models.DecimalField(
                        decimal_places=2,
                        default=Decimal("0.00"),
                        max_digits=5,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0")),
                            django.core.validators.MaxValueValidator(Decimal("100")),
                        ],
                        verbose_name="tax, per cent",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="valid from")),
            ],
            options={
                "verbose_name": "price of a test or medicine",
                "verbose_name_plural": "prices of tests and medicines",
                "ordering": ["kind", "service", "-valid_from"],
            },
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="key",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="invoiceline",
            name="of_visit",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="queue.visit"
            ),
        ),
        migrations.AddIndex(
            model_name="invoiceline",
            index=models.Index(
                condition=models.Q(("of_visit__isnull", False)), fields=["of_visit"], name="invoice_line_of_visit"
            ),
        ),
        migrations.AddConstraint(
            model_name="invoiceline",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True), fields=("key",), name="thing_charged_once"
            ),
        ),
        migrations.AddField(
            model_name="thingprice",
            name="facility",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
            ),
        ),
        migrations.AddConstraint(
            model_name="thingprice",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gte", 0)), name="thing_price_is_a_sum"),
        ),
        migrations.AddConstraint(
            model_name="thingprice",
            constraint=models.UniqueConstraint(
                fields=("facility", "kind", "service", "valid_from"), name="thing_price_once"
            ),
        ),
    ]
