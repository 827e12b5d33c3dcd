"""What things cost, and what people are asked to pay."""

from decimal import Decimal

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.billing.models.columns import known, money, percent
from apps.billing.rules.discounts import DiscountState
from apps.billing.rules.invoices import InvoiceStatus
from apps.billing.rules.money import ZERO, Charge
from apps.core.models import ScopedModel
from apps.core.policy import Role
from apps.encounters.queries.chargeable import ChargeableKind

THING_NAMES = {ChargeableKind.TEST: _("test"), ChargeableKind.MEDICINE: _("medicine, by the piece")}
ROLE_NAMES = [(str(role), role.value.capitalize()) for role in Role]


class Price(ScopedModel):
    """A row of the price list: what a visit to a department costs, to one doctor or of one type where these are
    given. The latest row that is in force holds; old ones stay, so that an old day can be told."""

    department = models.ForeignKey(
        "scheduling.Department", on_delete=models.PROTECT, related_name="+", verbose_name=_("department")
    )
    doctor = models.ForeignKey(
        "scheduling.Doctor",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("doctor"),
        help_text=_("Leave empty for all doctors."),
    )
    visit_type = models.ForeignKey(
        "scheduling.VisitType",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("type of visit"),
        help_text=_("Leave empty for all types."),
    )
    paid_priority = models.BooleanField(
        _("for paid priority"),
        default=False,
        help_text=_("What a place of one's own choice costs. Without such a price it costs what a visit costs."),
    )
    amount = money(_("price"))
    tax_percent = percent(_("tax, per cent"), default=ZERO)
    revisit_days = models.PositiveSmallIntegerField(
        _("free again within, days"),
        default=0,
        validators=[MaxValueValidator(365)],
        help_text=_("Whoever comes back so soon pays nothing. 0: every visit costs."),
    )
    valid_from = models.DateField(_("valid from"))

    class Meta:
        verbose_name = _("price")
        verbose_name_plural = _("price list")
        ordering = ["department__code", "-valid_from", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="price_is_a_sum"),
            models.UniqueConstraint(
                fields=["department", "doctor", "visit_type", "paid_priority", "valid_from"],
                name="price_once",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.department}: {self.amount}"


class ThingPrice(ScopedModel):
    """What a test costs, or one piece of a medicine, from a day on. Where the list says nothing of any medicine, the
    hospital sells none, and none stands on its bills; so with tests."""

    kind = models.CharField(_("kind"), max_length=8, choices=[(k.value, THING_NAMES[k]) for k in ChargeableKind])
    service = models.CharField(
        _("price key"), max_length=200, help_text=_("A test's price key, or a medicine as it is prescribed.")
    )
    amount = money(_("price"))
    tax_percent = percent(_("tax, per cent"), default=ZERO)
    valid_from = models.DateField(_("valid from"))

    class Meta:
        verbose_name = _("price of a test or medicine")
        verbose_name_plural = _("prices of tests and medicines")
        ordering = ["kind", "service", "-valid_from"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gte=0), name="thing_price_is_a_sum"),
            models.UniqueConstraint(fields=["facility", "kind", "service", "valid_from"], name="thing_price_once"),
        ]

    def __str__(self) -> str:
        return f"{self.service}: {self.amount}"


class DiscountLimit(ScopedModel):
    """How much somebody of a role may take off an invoice by themselves, where the hospital has its own limit."""

    role = models.CharField(_("role"), max_length=12, choices=ROLE_NAMES)
    most_percent = models.PositiveSmallIntegerField(_("at most, per cent"), validators=[MaxValueValidator(100)])

    class Meta:
        verbose_name = _("limit of discounts")
        verbose_name_plural = _("limits of discounts")
        ordering = ["role"]
        constraints = [
            models.UniqueConstraint(fields=["facility", "role"], name="discount_limit_once"),
            models.CheckConstraint(condition=Q(most_percent__lte=100), name="discount_limit_is_a_share"),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.most_percent} %"


class InvoiceCounter(models.Model):
    """The last number given in a facility's financial year. Its row is locked from the number to the commit, so that
    numbers have no gaps."""

    facility = models.ForeignKey("accounts.Facility", on_delete=models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["facility", "year"], name="invoice_counter_once")]

    def __str__(self) -> str:
        return f"{self.year} {self.last}"


class Invoice(ScopedModel):
    """What one person is asked to pay for what was done under one number, or for a place they pay for before they have
    a number. Once issued, only what was paid and given back changes (trigger of migration 0001)."""

    token = models.ForeignKey("scheduling.Token", null=True, on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    department = models.ForeignKey("scheduling.Department", on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=6, choices=[(s.value, s.value) for s in InvoiceStatus])
    year = models.PositiveSmallIntegerField(null=True)
    sequence = models.PositiveIntegerField(null=True)
    number = models.CharField(max_length=40, blank=True)
    subtotal = money(default=ZERO)
    discount_total = money(default=ZERO)
    tax_total = money(default=ZERO)
    grand_total = money(default=ZERO)
    paid = money(default=ZERO)
    refunded = money(default=ZERO)
    made_at = models.DateTimeField()
    issued_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        verbose_name = _("invoice")
        verbose_name_plural = _("invoices")
        constraints = [
            known("status", InvoiceStatus, "invoice_status_known"),
            models.CheckConstraint(
                condition=Q(status=InvoiceStatus.DRAFT, sequence__isnull=True, number="", paid=0)
                | Q(status=InvoiceStatus.ISSUED, sequence__isnull=False, year__isnull=False, issued_at__isnull=False),
                name="invoice_numbered_when_issued",
            ),
            models.CheckConstraint(
                condition=Q(grand_total=F("subtotal") - F("discount_total") + F("tax_total")), name="invoice_adds_up"
            ),
            models.CheckConstraint(
                condition=Q(discount_total__gte=0, discount_total__lte=F("subtotal")), name="invoice_discount_fits"
            ),
            models.CheckConstraint(condition=Q(paid__gte=0, paid__lte=F("grand_total")), name="invoice_paid_fits"),
            models.CheckConstraint(condition=Q(refunded__gte=0, refunded__lte=F("paid")), name="invoice_refund_fits"),
            models.UniqueConstraint(fields=["facility", "year", "sequence"], name="invoice_number_once"),
            models.UniqueConstraint(
                fields=["token"], condition=Q(status=InvoiceStatus.DRAFT), name="one_draft_per_number"
            ),
        ]
        indexes = [
            models.Index(fields=["facility", "-day", "-made_at"], name="invoice_newest"),
            models.Index(fields=["patient", "-day"], name="invoice_of_patient"),
        ]

    def __str__(self) -> str:
        return self.number or f"{self.day} {self.status}"

    @property
    def label(self) -> str:
        """The number as people know it; "" of what was paid before there was one."""
        return self.token.label if self.token else ""

    @property
    def shown_lines(self) -> "models.QuerySet[InvoiceLine]":
        """What is on it; not what was taken off it."""
        return self.lines.exclude(quantity=0)

    @property
    def balance(self) -> Decimal:
        """What is still to be paid."""
        return self.grand_total - self.paid


class InvoiceLine(models.Model):
    """One thing that was done, at the price of its day. A visit is charged once, whatever is made of it. Without a
    `unit_price` the list said nothing of it: it counts nothing until somebody says what it costs, and is not issued.
    A test or medicine has the `key` under which `of_visit` has it: it is charged once. What of them somebody took off
    the bill stays with a quantity of 0, so that it does not come back."""

    id = models.BigAutoField(primary_key=True)
    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="lines")
    visit = models.ForeignKey("queue.Visit", null=True, on_delete=models.PROTECT, related_name="+")
    price = models.ForeignKey(Price, null=True, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=120, blank=True)
    of_visit = models.ForeignKey("queue.Visit", null=True, on_delete=models.PROTECT, related_name="+")
    description = models.CharField(max_length=200)
    free_revisit = models.BooleanField(default=False)
    quantity = models.PositiveSmallIntegerField(default=1)
    unit_price = money(null=True)
    discount = money(default=ZERO)
    tax_percent = percent(default=ZERO)
    tax = money(default=ZERO)
    total = money()

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(fields=["of_visit"], condition=Q(of_visit__isnull=False), name="invoice_line_of_visit"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["visit"], condition=Q(visit__isnull=False), name="visit_charged_once"),
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="thing_charged_once"),
            models.CheckConstraint(
                condition=Q(total=F("unit_price") * F("quantity") - F("discount") + F("tax")),
                name="invoice_line_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.description} {self.total}"

    @property
    def charge(self) -> Charge:
        """The line as the value that rules reckon with."""
        return Charge(self.quantity, self.unit_price or ZERO, self.tax_percent, self.discount)

    def take(self, charge: Charge) -> None:
        """Write down what was reckoned of it."""
        self.tax, self.total = charge.tax, charge.total


class Discount(ScopedModel):
    """Somebody lets a person off a sum, or asks that they be. Who and why stays."""

    invoice = models.ForeignKey(Invoice, on_delete=models.PROTECT, related_name="discounts")
    amount = money()
    reason = models.CharField(max_length=200)
    state = models.CharField(max_length=9, choices=[(s.value, s.value) for s in DiscountState])
    asked_by = models.UUIDField()
    asked_at = models.DateTimeField()
    decided_by = models.UUIDField(null=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            known("state", DiscountState, "discount_state_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="discount_is_something"),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(decided_by=F("asked_by")), name="discount_by_two_people"
            ),
            models.UniqueConstraint(
                fields=["invoice"], condition=Q(state=DiscountState.ASKED), name="one_discount_asked_for"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.state}"
