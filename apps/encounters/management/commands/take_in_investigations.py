"""`manage.py take_in_investigations CODE`: a hospital's tests, from the house's table or its own."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import facility_by_code
from apps.core.errors import Invalid
from apps.core.policy import system_actor
from apps.encounters.commands.stocking import INVESTIGATIONS, table, take_in_investigations


class Command(BaseCommand):
    """Takes in tests with their reference ranges; may be run again."""

    help = "Takes the list of laboratory and imaging tests into a hospital. Running it again adds, and replaces ranges."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the hospital's code")
        parser.add_argument(
            "--table",
            type=Path,
            default=INVESTIGATIONS,
            help="CSV: department, code, name, service, measure, unit, sex, since_age, low, high, critical_low,"
            " critical_high",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        facility = facility_by_code(options["code"])
        if facility is None:
            raise CommandError(f"There is no hospital {options['code']}.")
        actor = system_actor("take_in_investigations", facility.id)
        with scope(facility=facility.id):
            try:
                tests = take_in_investigations(actor=actor, now=timezone.now(), rows=table(options["table"]))
            except (KeyError, OSError, ValueError, Invalid) as error:
                raise CommandError(f"The table cannot be read: {error}") from error
        self.stdout.write(f"{tests} laboratory and imaging tests")
