"""`manage.py take_in_diagnoses CODE [FILE]`: the codes by which diagnoses are written down."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import facility_by_code
from apps.core.policy import system_actor
from apps.encounters.commands.coding import DIAGNOSES, codes_file, take_in_diagnoses
from apps.encounters.commands.stocking import table


class Command(BaseCommand):
    """Takes in the common codes, and the whole table where its file is given; may be run again."""

    help = "Takes in the common codes of ICD-10-CM, and all codes of a file. Running it again adds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the code of the hospital that does it, for its audit trail")
        parser.add_argument(
            "file",
            nargs="?",
            type=Path,
            help="icd10cm-codes-YYYY.txt or icd10cm-order-YYYY.txt as the publisher has it, or CSV: code, title",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        facility = facility_by_code(options["code"])
        if facility is None:
            raise CommandError(f"There is no hospital {options['code']}.")
        told: dict[str, Any] = {"actor": system_actor("take_in_diagnoses", facility.id), "now": timezone.now()}
        with scope(facility=facility.id):
            try:
                whole = codes_file(options["file"]) if options["file"] else []
                common = take_in_diagnoses(**told, rows=table(DIAGNOSES), common=True)
                others = take_in_diagnoses(**told, rows=whole, common=False)
            except (KeyError, OSError, ValueError) as error:
                raise CommandError(f"The file cannot be read: {error}") from error
        self.stdout.write(f"{common} common codes, {others} of the file")
