"""Screens in waiting halls."""

from typing import ClassVar

from django.core.validators import MinLengthValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.core.models import ScopedModel


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
    departments: ClassVar[models.ManyToManyField] = models.ManyToManyField(
        "scheduling.Department", related_name="+", verbose_name=_("departments")
    )

    class Meta:
        verbose_name = _("board")
        verbose_name_plural = _("boards")
        ordering = ["name", "slug"]
        constraints = [models.CheckConstraint(condition=~Q(name=""), name="board_has_name")]

    def __str__(self) -> str:
        return self.name
