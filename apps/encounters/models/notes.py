"""The note of a consultation: every version of the draft, the signed snapshot, and what was added afterwards."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.core.crypto import EncryptedTextField
from apps.core.models import ScopedModel
from apps.encounters.models.sealed import SealedJsonField


class Encounter(ScopedModel):
    """What is written about one visit. `version` counts the saved drafts of its note; it is signed once, or never.
    `outcome` is what the consultation comes to, as `rules.outcome` has it: a draft until it is signed with the note.
    `follow_up` is the booking that was made of the wish to see the person again."""

    visit = models.OneToOneField("queue.Visit", on_delete=models.PROTECT, related_name="+")
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+")
    doctor = models.ForeignKey("scheduling.Doctor", on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(_("opened"))
    version = models.PositiveIntegerField(default=0)
    signed_at = models.DateTimeField(_("signed"), null=True)
    outcome = SealedJsonField(blank=True, default="")
    follow_up = models.ForeignKey("scheduling.Appointment", null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("consultation")
        verbose_name_plural = _("consultations")

    def __str__(self) -> str:
        return f"{self.visit_id} v{self.version}"


class NoteVersion(ScopedModel):
    """One saved draft: the parts of `rules.notes`. Append-only, so that every version is kept."""

    changing = ()

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="versions")
    version = models.PositiveIntegerField()
    content = SealedJsonField()
    saved_at = models.DateTimeField()
    saved_by = models.ForeignKey("accounts.Staff", on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["encounter", "version"], name="note_version_once")]

    def __str__(self) -> str:
        return f"{self.encounter_id} v{self.version}"


class SignedNote(ScopedModel):
    """What a doctor signed: the whole note as it stood, with its hash. Append-only."""

    changing = ()

    encounter = models.OneToOneField(Encounter, on_delete=models.PROTECT, related_name="signed_note")
    version = models.PositiveIntegerField()
    content = SealedJsonField()
    hash = models.CharField(max_length=64)
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey("accounts.Staff", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.encounter_id} {self.hash[:12]}"


class Addendum(ScopedModel):
    """What was added to a signed note afterwards. Append-only."""

    changing = ()

    encounter = models.ForeignKey(Encounter, on_delete=models.PROTECT, related_name="addenda")
    text = EncryptedTextField()
    written_at = models.DateTimeField()
    written_by = models.ForeignKey("accounts.Staff", on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.encounter_id} {self.written_at}"
