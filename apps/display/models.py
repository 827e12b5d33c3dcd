"""Screens in waiting halls."""

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.core.languages import NamesField
from apps.core.models import ScopedModel
from apps.display.rules.voice import SPOKEN


def usual_languages() -> list[str]:
    """What a new board speaks."""
    return list(SPOKEN[:2])


class Board(ScopedModel):
    """A waiting hall's screen: which departments it calls for, and the address it is opened by.

    The address has no facility in it, so it is one board's in the whole database.
    """

    slug = models.SlugField(
        _("address"),
        max_length=40,
        unique=True,
        validators=[MinLengthValidator(2)],
        help_text=_("The board is opened at /display/ followed by this word."),
    )
    name = models.CharField(_("name"), max_length=60, help_text=_("What people call the hall, such as Hall A."))
    names = NamesField()
    departments: ClassVar[models.ManyToManyField] = models.ManyToManyField(
        "scheduling.Department", related_name="+", verbose_name=_("departments")
    )
    open_to_all = models.BooleanField(
        _("open to all"),
        default=False,
        help_text=_(
            "Anybody who knows the address may open it: it shows numbers and rooms only. "
            "Otherwise a screen has to be paired first."
        ),
    )
    chime = models.BooleanField(
        _("chime"), default=True, help_text=_("Two notes before every call. Works with and without the voice.")
    )
    spoken_in = ArrayField(
        models.CharField(max_length=8),
        verbose_name=_("voice"),
        default=usual_languages,
        blank=True,
        help_text=_("The languages in which calls are spoken. None: this board has no voice."),
    )

    class Meta:
        verbose_name = _("board")
        verbose_name_plural = _("boards")
        ordering = ["name", "slug"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="board_has_name")]

    def __str__(self) -> str:
        return self.name


class Recording(ScopedModel):
    """A clip of the spoken call in a hospital's own voice; it is played in place of the one that comes with the house.

    Never changed: another recording of the same clip is another row, so that its address may be kept for ever.
    """

    language = models.CharField(max_length=8)
    clip = models.CharField(max_length=40)
    content = models.BinaryField()
    media_type = models.CharField(max_length=20)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["facility", "language", "clip"], name="one_recording_of_a_clip"),
        ]

    def __str__(self) -> str:
        return f"{self.language} {self.clip}"


class PairingRequest(models.Model):
    """A screen that shows a code and waits for an administrator to type it. Of no facility yet.

    The screen keeps a secret, from which its code follows; here stand only the fingerprints of both.
    """

    id = models.BigAutoField(primary_key=True)
    secret_hash = models.CharField(max_length=64, unique=True)
    code_hash = models.CharField(max_length=64, unique=True)
    address_hash = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("asked_at")), name="pairing_ends_after_start")
        ]
        indexes = [models.Index(fields=["expires_at"], name="pairing_expiry")]

    def __str__(self) -> str:
        return f"pairing {self.pk}"
