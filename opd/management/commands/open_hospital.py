"""`manage.py open_hospital`: a hospital of one's own, with the administrator who builds the rest on the pages."""

import sys
from getpass import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.commands import open_hospital
from apps.core.errors import DomainError
from apps.core.policy import system_actor
from apps.core.views import said


class Command(BaseCommand):
    """The password is asked for, or read as one line from a pipe: never an argument, which other users would see."""

    help = "Opens a hospital and gives its first administrator an account."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True, help='the hospital, as on its letters: "Asha District Hospital"')
        parser.add_argument("--code", required=True, help="short and unique: ADH")
        parser.add_argument("--email", required=True, help="what the administrator signs in with")
        parser.add_argument("--admin", required=True, help="the administrator's name")
        parser.add_argument("--time-zone", default="Asia/Kolkata", help="default: Asia/Kolkata")

    def handle(self, *args: Any, name: str, code: str, email: str, admin: str, time_zone: str, **options: Any) -> None:
        told = {"name": name, "code": code, "email": email, "admin": admin, "time_zone": time_zone}
        try:
            open_hospital(actor=system_actor("open_hospital"), now=timezone.now(), password=_password(), **told)
        except DomainError as refusal:
            raise CommandError(said(refusal)) from refusal
        self.stdout.write(f"{name} is open. {email} signs in at /login/staff/ and sets up a second factor there.")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first, second = getpass("Password (12 characters or more): "), getpass("Once more: ")
    if first != second:
        raise CommandError("These are two different passwords.")
    return first
