"""The numbers people are given."""

from uuid import uuid4

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from apps.scheduling.models.places import Department
from apps.scheduling.rules import token_label, token_number


class TokenCounter(models.Model):
    """The last number given in a department on a day; always changed under its row lock."""

    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["department", "day"], name="token_counter_once")]

    def __str__(self) -> str:
        return f"{self.department_id} {self.day}: {self.last}"


class Token(models.Model):
    """A number given to somebody for a day: on the slip, the board and every station of the journey.

    Every number up to the counter has a row; one that is not used any more is void, never gone.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility = models.ForeignKey("accounts.Facility", on_delete=models.PROTECT, related_name="+", db_index=False)
    department = models.ForeignKey(Department, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey("patients.Patient", on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    number = models.PositiveIntegerField()
    code = models.CharField(max_length=6)
    letter = models.CharField(max_length=1)
    issued_at = models.DateTimeField()
    voided_at = models.DateTimeField(null=True)

    objects = ScopedManager(facility="facility")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["department", "day", "number"], name="token_number_once"),
            models.CheckConstraint(condition=Q(number__gte=1), name="token_number_positive"),
        ]
        indexes = [models.Index(fields=["patient", "day"], name="token_patient_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.token_number}"

    @property
    def token_number(self) -> str:
        """`GEN-017`, as the API and the desk write it. The code is the one of the day it was given."""
        return token_number(self.code, self.number)

    @property
    def label(self) -> str:
        """`G17`, as people see and hear it."""
        return token_label(self.letter, self.number)
