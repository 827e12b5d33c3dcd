"""Diet plans that a hospital hands out."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import ScopedModel


class DietPlan(ScopedModel):
    """A diet plan in one language. The same plan in another language is another row under the same `code`."""

    code = models.SlugField(_("code"), max_length=40)
    language = models.CharField(_("language"), max_length=8, choices=settings.LANGUAGES)
    name = models.CharField(_("name"), max_length=80)
    text = models.TextField(_("what to eat and what not"), max_length=2000)

    class Meta:
        verbose_name = _("diet plan")
        verbose_name_plural = _("diet plans")
        ordering = ["code", "language"]
        constraints = [models.UniqueConstraint(fields=["facility", "code", "language"], name="diet_plan_once")]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"
