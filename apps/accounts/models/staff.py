"""The people who work in a facility."""

from typing import Any, ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from apps.accounts.models.facilities import Facility
from apps.core.policy import ROLE_PERMISSIONS, Permission, Role

ROLE_NAMES = {
    Role.ADMIN: _("Administrator"),
    Role.DOCTOR: _("Doctor"),
    Role.RECEPTION: _("Front desk"),
    Role.NURSE: _("Nurse"),
    Role.CASHIER: _("Cashier"),
    Role.PHARMACIST: _("Pharmacist"),
    Role.LAB: _("Laboratory"),
}
"""What people call the roles."""


class Staff(AbstractBaseUser):
    """Somebody who works in a facility. What they may do follows from the role, in `apps.core.policy`.

    Not scoped by facility: who somebody is must be found before it is known where they belong.
    """

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    facility = models.ForeignKey(Facility, on_delete=models.PROTECT, related_name="staff", verbose_name=_("facility"))
    email = models.EmailField(_("e-mail"), max_length=254, unique=True)
    name = models.CharField(_("name"), max_length=80)
    role = models.CharField(_("role"), max_length=10, choices=[(r.value, ROLE_NAMES[r]) for r in Role])
    all_departments = models.BooleanField(_("all departments"), default=False)
    department_ids = ArrayField(
        models.UUIDField(),
        verbose_name=_("departments"),
        default=list,
        blank=True,
        help_text=_("Where this person works, unless in all departments."),
    )
    is_active = models.BooleanField(
        _("works here"), default=True, help_text=_("Somebody who left is not deleted: this is taken away instead.")
    )
    last_login = None

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]

    objects: ClassVar[models.Manager["Staff"]] = models.Manager()

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(email=Lower("email")), name="staff_email_lower_case"),
            models.CheckConstraint(condition=Q(role__in=[r.value for r in Role]), name="staff_role_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        """What the admin's greeting calls this person."""
        return self.name

    def clean(self) -> None:
        """An e-mail address is one and the same however it is written."""
        self.email = self.email.lower()

    @property
    def is_staff(self) -> bool:
        """Whether Django's admin lets this person in."""
        return self.is_active and Permission.ADMIN_SITE_USE in ROLE_PERMISSIONS[Role(self.role)]

    def has_perm(self, perm: str, obj: Any = None) -> bool:
        """Django's question, answered by our policy: looking needs one permission, everything else another."""
        looking = perm.partition(".")[2].startswith("view_")
        needed = Permission.MASTERS_READ if looking else Permission.MASTERS_CHANGE
        return self.is_active and needed in ROLE_PERMISSIONS[Role(self.role)]

    def has_perms(self, perm_list: list[str], obj: Any = None) -> bool:
        """Django's question for several."""
        return all(self.has_perm(perm, obj) for perm in perm_list)

    def has_module_perms(self, app_label: str) -> bool:
        """Django's question for a whole app: its list is shown to whoever may look."""
        return self.has_perm(f"{app_label}.view_")
