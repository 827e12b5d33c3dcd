"""`manage.py demo`: load the demo hospital."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts.queries import facility_by_code
from apps.accounts.rules.demo import DEMO_PASSWORD
from opd.demo.hospital import DEMO
from opd.demo.loading import load
from opd.removal import remove_facility
from opd.simulation.ahead import begin
from opd.simulation.before import remember
from opd.simulation.bills import remember_bills
from opd.simulation.seen_before import remember_visits


class Command(BaseCommand):
    """Safe to run again: what is there stays as it is, what is missing is made."""

    help = "Loads Asha District Hospital with its staff, doctors and patients. Only with OPD_DEMO=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", action="store_true", help="remove it first, with all its visits and records")

    def handle(self, *args: Any, reset: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("The demo's accounts are public. It is loaded only with OPD_DEMO=1.")
        known = facility_by_code(DEMO.code)
        if reset and known:
            remove_facility(known.id, timezone.now())
        fresh = reset or not known
        clean = settings.DEMO_TODAY_EMPTY
        load(replace(DEMO, asks_first=()) if clean else DEMO, timezone.now(), DEMO_PASSWORD)
        if fresh and not clean:
            begin(DEMO, timezone.now)
            remember(DEMO, timezone.now())
            remember_bills(DEMO, timezone.now())
            remember_visits(DEMO, timezone.now())
        self.stdout.write(f"{DEMO.name}: {len(DEMO.doctors)} doctors, {len(DEMO.patients)} people.")
