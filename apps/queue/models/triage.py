"""What makes a visit urgent by itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.models import ScopedModel


class TriageRule(ScopedModel):
    """Words in what people say that make a visit urgent, in one department or in all of them."""

    department = models.ForeignKey(
        "scheduling.Department",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="+",
        verbose_name=_("department"),
        help_text=_("Leave empty for all departments."),
    )
    phrase = models.CharField(_("phrase"), max_length=80)
    active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("triage rule")
        verbose_name_plural = _("triage rules")
        ordering = ["phrase"]
        constraints = [
            models.UniqueConstraint(
                fields=["facility", "department", "phrase"], name="triage_phrase_once", nulls_distinct=False
            )
        ]

    def __str__(self) -> str:
        return self.phrase
