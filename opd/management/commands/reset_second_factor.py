"""`manage.py reset_second_factor`: for the only administrator of a hospital, whose phone and codes are both lost."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.commands import reset_second_factor
from apps.accounts.queries import staff_by_email
from apps.core.policy import system_actor


class Command(BaseCommand):
    """Audited. For everybody else an administrator does this on the page of the person's access."""

    help = "Takes away somebody's second factor and ends their sessions; administrators set up a new one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="what the person signs in with")

    def handle(self, *args: Any, email: str, **options: Any) -> None:
        staff = staff_by_email(email)
        if staff is None:
            raise CommandError("Nobody signs in with this address.")
        actor = system_actor("reset_second_factor", staff.facility_id)
        reset_second_factor(actor=actor, now=timezone.now(), staff_id=staff.id)
        self.stdout.write(f"{email} has no second factor any more and is signed out everywhere.")
