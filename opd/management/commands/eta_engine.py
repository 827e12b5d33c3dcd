"""`manage.py eta_engine`: the predictions of this house, asked by a benchmark over its standard input and output."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from apps.eta.rules.lines import answers


class Command(BaseCommand):
    """One line of JSON in for each session, event and query; one out for each query, before the next line is read.

    Runs the very rules that the product runs, and nothing else: no database, no Redis, no secrets.
    """

    help = "Predicts turns for a recorded queue: events and queries as lines of JSON in, answers out."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        for answer in answers(iter(sys.stdin.readline, "")):
            sys.stdout.write(answer + "\n")
            sys.stdout.flush()
