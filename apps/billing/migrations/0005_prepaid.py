"""Bookings that are paid for by themselves, refunds that are due, prices to be said, links that end, findings."""

import uuid
from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_facility_position"),
        ("billing", "0004_closed_links"),
        ("patients", "0005_health_facts"),
        ("scheduling", "0013_late_and_ended_by"),
    ]

    operations = [
        migrations.CreateModel(
            name="Prepayment",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("minutes", models.PositiveSmallIntegerField(null=True)),
                ("day", models.DateField()),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("WAITS", "WAITS"),
                            ("LAPSED", "LAPSED"),
                            ("BOOKED", "BOOKED"),
                            ("RETURNED", "RETURNED"),
                        ],
                        max_length=8,
                    ),
                ),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RefundDue",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("percent", models.PositiveSmallIntegerField()),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        max_digits=10,
                        validators=[django.core.validators.MinValueValidator(Decimal("0"))],
                    ),
                ),
                ("due_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["due_at", "id"],
            },
        ),
        migrations.RemoveConstraint(
            model_name="price",
            name="price_once",
        ),
        migrations.AddField(
            model_name="gatewayevent",
            name="finding",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="gatewayevent",
            name="looked_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="gatewayevent",
            name="looked_by",
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name="paymentlink",
            name="expires_at",
            field=models.DateTimeField(default=django.utils.timezone.now),
            preserve_default=False,
        ),
        migrations.RunSQL(
            "UPDATE billing_paymentlink SET expires_at = asked_at + interval '24 hours'", migrations.RunSQL.noop
        ),
        migrations.AddField(
            model_name="price",
            name="paid_priority",
            field=models.BooleanField(
                default=False,
                help_text="What a place of one's own choice costs. Without such a price it costs what a visit costs.",
                verbose_name="for paid priority",
            ),
        ),
        migrations.AlterField(
            model_name="invoice",
            name="token",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.token"
            ),
        ),
        migrations.AlterField(
            model_name="invoiceline",
            name="unit_price",
            field=models.DecimalField(
                decimal_places=2,
                max_digits=10,
                null=True,
                validators=[django.core.validators.MinValueValidator(Decimal("0"))],
            ),
        ),
        migrations.AddIndex(
            model_name="gatewayevent",
            index=models.Index(
                condition=models.Q(models.Q(("fault", ""), _negated=True), ("looked_at__isnull", True)),
                fields=["facility_id", "-id"],
                name="gateway_event_set_aside",
            ),
        ),
        migrations.AddConstraint(
            model_name="price",
            constraint=models.UniqueConstraint(
                fields=("department", "doctor", "visit_type", "paid_priority", "valid_from"),
                name="price_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddField(
            model_name="prepayment",
            name="appointment",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="prepayment",
                to="scheduling.appointment",
            ),
        ),
        migrations.AddField(
            model_name="prepayment",
            name="department",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.department"
            ),
        ),
        migrations.AddField(
            model_name="prepayment",
            name="doctor",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.doctor"
            ),
        ),
        migrations.AddField(
            model_name="prepayment",
            name="facility",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
            ),
        ),
        migrations.AddField(
            model_name="prepayment",
            name="invoice",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="prepayments", to="billing.invoice"
            ),
        ),
        migrations.AddField(
            model_name="prepayment",
            name="line",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="prepayment",
                to="billing.invoiceline",
            ),
        ),
        migrations.AddField(
            model_name="prepayment",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="patients.patient"
            ),
        ),
        migrations.AddField(
            model_name="prepayment",
            name="slot",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.slot"
            ),
        ),
        migrations.AddField(
            model_name="prepayment",
            name="visit_type",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.visittype"
            ),
        ),
        migrations.AddField(
            model_name="refunddue",
            name="appointment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="scheduling.appointment"
            ),
        ),
        migrations.AddField(
            model_name="refunddue",
            name="facility",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.facility"
            ),
        ),
        migrations.AddField(
            model_name="refunddue",
            name="payment",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="dues", to="billing.payment"
            ),
        ),
        migrations.AddField(
            model_name="refunddue",
            name="refund",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="due", to="billing.refund"
            ),
        ),
        migrations.AddIndex(
            model_name="prepayment",
            index=models.Index(
                condition=models.Q(("state", "WAITS")), fields=["expires_at"], name="prepayment_wish_ends"
            ),
        ),
        migrations.AddConstraint(
            model_name="prepayment",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["WAITS", "LAPSED", "BOOKED", "RETURNED"])),
                name="prepayment_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="prepayment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "WAITS"), _negated=True), ("expires_at__isnull", False), _connector="OR"
                ),
                name="prepayment_wish_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="prepayment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "BOOKED"), _negated=True), ("appointment__isnull", False), _connector="OR"
                ),
                name="prepayment_has_a_booking",
            ),
        ),
        migrations.AddConstraint(
            model_name="prepayment",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "WAITS")),
                fields=("patient", "doctor", "day"),
                name="one_wish_per_patient_doctor_day",
            ),
        ),
        migrations.AddIndex(
            model_name="refunddue",
            index=models.Index(
                condition=models.Q(("refund__isnull", True)), fields=["facility", "due_at"], name="refund_due_open"
            ),
        ),
        migrations.AddConstraint(
            model_name="refunddue",
            constraint=models.UniqueConstraint(fields=("payment", "appointment"), name="refund_due_once"),
        ),
        migrations.AddConstraint(
            model_name="refunddue",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="refund_due_is_something"),
        ),
        migrations.AddConstraint(
            model_name="refunddue",
            constraint=models.CheckConstraint(condition=models.Q(("percent__lte", 100)), name="refund_due_is_a_share"),
        ),
    ]
