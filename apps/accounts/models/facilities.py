"""A facility: where it is, and by which clock and calendar."""

from datetime import date, datetime
from uuid import uuid4

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.rules.places import day_in, is_time_zone
from apps.accounts.rules.regions import is_region
from apps.core.languages import NamesField


def known_time_zone(name: str) -> None:
    """Refuse a name that is no time zone."""
    if not is_time_zone(name):
        raise ValidationError(_("Use a name like Asia/Kolkata."), code="time_zone")


def known_region(code: str) -> None:
    """Refuse a code for which there is no calendar of public holidays."""
    if not is_region(code):
        raise ValidationError(_("Use a code like IN or IN-TN."), code="region")


class Facility(models.Model):
    """A hospital or clinic. Several live in one database and never see each other's rows."""

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    names = NamesField()
    code = models.SlugField(_("code"), max_length=20, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Asia/Kolkata", validators=[known_time_zone])
    currency = models.CharField(_("currency"), max_length=3, default="INR")
    address = models.TextField(_("address"), blank=True, help_text=_("Stands on slips and letters."))
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    region = models.CharField(
        _("region"),
        max_length=10,
        blank=True,
        validators=[known_region],
        help_text=_("Whose public holidays are kept: IN, or IN-TN. Empty: none by themselves."),
    )
    latitude = models.DecimalField(
        _("latitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-90), MaxValueValidator(90)],
        help_text=_("Where the entrance is, in degrees. With it people check in by their phone at the hospital."),
    )
    longitude = models.DecimalField(
        _("longitude"),
        max_digits=8,
        decimal_places=5,
        null=True,
        blank=True,
        validators=[MinValueValidator(-180), MaxValueValidator(180)],
    )

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(currency__regex=r"^[A-Z]{3}$"), name="facility_currency_iso"),
        ]

    def __str__(self) -> str:
        return self.name

    def day_of(self, now: datetime) -> date:
        """The facility's day at a moment: numbers, queues and reports are of this day."""
        return day_in(self.time_zone, now)
