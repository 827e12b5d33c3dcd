"""Run a past day of a department under other rules of calling, and print the waits before and after."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django_scopes import scope

from apps.accounts.queries import facility_by_code
from apps.queue.queries.replay import compare
from apps.queue.rules.replay import Waits
from apps.scheduling.queries import RULES, departments


class Command(BaseCommand):
    """`manage.py replay_day --facility ASHA --department GEN --day 2026-11-20 --rule walk_in_penalty_minutes=15`"""

    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The day, and the rules that are other than they are now."""
        parser.add_argument("--facility", required=True, help="code of the facility")
        parser.add_argument("--department", required=True, help="code of the department")
        parser.add_argument("--day", required=True, type=date.fromisoformat, help="YYYY-MM-DD")
        parser.add_argument("--rule", action="append", default=[], help=f"name=number, of: {', '.join(RULES)}")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print, by class of people, how many were called and the minutes they waited."""
        facility = facility_by_code(options["facility"])
        if facility is None:
            raise CommandError("There is no such facility.")
        with scope(facility=facility.id):
            place = departments().filter(code=options["department"]).first()
            if place is None:
                raise CommandError("There is no such department.")
            table = compare(place.id, options["day"], dict(_rule(text) for text in options["rule"]))
        if not table:
            raise CommandError("Nobody came on that day.")
        self.stdout.write(f"{'':12}{'people':>9}{'p50':>9}{'p90':>9}{'max':>9}   before → after, minutes")
        for name, before, after in table:
            self.stdout.write(f"{name:12}" + "".join(f"{cell:>9}" for cell in _cells(before, after)))


def _rule(text: str) -> tuple[str, int]:
    name, _equals, value = text.partition("=")
    if name not in RULES or not value.isdecimal():
        raise CommandError(f"{text} is no rule. Name one of {', '.join(RULES)} and a whole number.")
    return name, int(value)


def _cells(before: Waits, after: Waits) -> list[str]:
    pairs = ((before.people, after.people), (before.p50, after.p50), (before.p90, after.p90), (before.most, after.most))
    return [f"{was}→{then}" for was, then in pairs]
