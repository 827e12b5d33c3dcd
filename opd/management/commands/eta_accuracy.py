"""`manage.py eta_accuracy`: what people were told against when they were called."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from django_scopes import scope

from apps.accounts.queries import facilities
from apps.reporting.queries import expected_times, versions_compared

HEAD = f"{'doctor':<28}{'told while':<16}{'n':>6}{'error':>8}{'bias':>8}{'<=5':>7}{'<=10':>7}{'held':>7}{'skill':>7}"


class Command(BaseCommand):
    """A table for each facility: error and bias in minutes, shares in per cent."""

    help = "Shows how good the expected times were, by doctor."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--days", type=int, default=7, help="how far back")

    def handle(self, *args: Any, days: int, **options: Any) -> None:
        for facility in facilities():
            with scope(facility=facility.id):
                rows = expected_times(facility.id, timezone.now() - timedelta(days=days))
                versions = versions_compared(facility.id, timezone.now() - timedelta(days=days))
            self.stdout.write(f"{facility.code}: {len(rows)} rows\n{HEAD}" if rows else f"{facility.code}: no turn yet")
            for row in rows:
                found = row["figures"]
                self.stdout.write(
                    f"{row['doctor']:<28}{row['segment']:<16}{found.n:>6}{found.error:>8.1f}{found.bias:>8.1f}"
                    f"{row['within5']:>6}%{row['within10']:>6}%{row['coverage']:>6}%{row['skill']:>6}%"
                    + (" ALARM" if found.alarming else "")
                )
            self._compare(versions)

    def _compare(self, versions: list[dict[str, Any]]) -> None:
        """The methods on the turns that several predicted."""
        for row in versions:
            place = "shown" if row["shown"] else "beside" if row["beside"] else "resting"
            found = row["figures"]
            judged = f"{found.n:>6} error {found.error:.1f} held {row['coverage']}%" if found else "nothing to compare"
            self.stdout.write(f"method {row['name']} {place:<8}{judged}")
