"""`manage.py check_invariants`: whether everything that must hold does."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.queries import facilities
from opd.invariants import Look, check


class Command(BaseCommand):
    """One line per invariant; exit code 1 names the first that does not hold."""

    help = "Checks what must hold after any day, crash or race."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--facility", metavar="CODE", help="only this one; all of them without")
        parser.add_argument("--settled", action="store_true", help="require every event to be delivered by now")

    def handle(self, *args: Any, facility: str | None, settled: bool, **options: Any) -> None:
        chosen = [found.id for found in facilities() if facility in (None, found.code)]
        if facility and not chosen:
            raise CommandError(f"There is no facility {facility}.")
        broken = []
        for finding in check(Look(chosen, timezone.now(), settled)):
            line = f"{'ok    ' if finding.holds else 'BROKEN'}  {finding.name:<54}{finding.seen}"
            self.stdout.write(line if finding.holds else f"{line}: {finding.offender}")
            broken += [] if finding.holds else [finding]
        if broken:
            raise CommandError(f"{broken[0].name}: {broken[0].offender}")
