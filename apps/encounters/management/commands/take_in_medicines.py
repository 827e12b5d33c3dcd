"""`manage.py take_in_medicines CODE`: a hospital's list of medicines, from the house's tables or its own."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import facility_by_code
from apps.core.policy import system_actor
from apps.encounters.commands.stocking import (
    DIETS,
    INTERACTIONS,
    MEDICINES,
    table,
    take_in_diets,
    take_in_interactions,
    take_in_medicines,
)


class Command(BaseCommand):
    """Takes in medicines and what does not go together; may be run again."""

    help = "Takes the list of medicines, and of what does not go together, into a hospital. Running it again adds."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the hospital's code")
        parser.add_argument("--medicines", type=Path, default=MEDICINES, help="CSV: name, form, strength, ingredients")
        parser.add_argument(
            "--interactions", type=Path, default=INTERACTIONS, help="CSV: first, second, severity, effect"
        )
        parser.add_argument("--diets", type=Path, default=DIETS, help="CSV: code, language, name, text")

    def handle(self, *args: Any, **options: Any) -> None:
        facility = facility_by_code(options["code"])
        if facility is None:
            raise CommandError(f"There is no hospital {options['code']}.")
        told: dict[str, Any] = {"actor": system_actor("take_in_medicines", facility.id), "now": timezone.now()}
        with scope(facility=facility.id):
            try:
                medicines = take_in_medicines(**told, rows=table(options["medicines"]))
                pairs = take_in_interactions(**told, rows=table(options["interactions"]))
                diets = take_in_diets(**told, rows=table(options["diets"]))
            except (KeyError, OSError) as error:
                raise CommandError(f"A table cannot be read: {error}") from error
        self.stdout.write(f"{medicines} medicines, {pairs} pairs that do not go together, {diets} diet plans")
