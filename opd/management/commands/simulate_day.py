"""`manage.py simulate_day`: play a day in a hospital of its own, or, with --live, beside people in the demo's."""

import logging
import signal
import sys
from argparse import ArgumentTypeError
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from threading import Event
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django_scopes import scope
from rich.progress import Progress

from apps.reporting.queries import expected_times, latest_turns
from opd.demo.hospital import DEMO
from opd.invariants import Look, check
from opd.removal import remove_facility
from opd.simulation.figures import figures_of
from opd.simulation.live import LivePlayer
from opd.simulation.playing import CodeInUse, Day, Played, play, settle

log = logging.getLogger(__name__)
PLAYED_SINCE = timedelta(days=3650)
"""No day that is played is older."""


def speed(text: str) -> float | None:
    """`max`, or how many virtual seconds pass in a second."""
    if text == "max":
        return None
    factor = float(text)
    if not 0 < factor < float("inf"):
        raise ArgumentTypeError("give a number above 0, or max")
    return factor


def positive(text: str) -> int:
    """A count of at least 1."""
    number = int(text)
    if number < 1:
        raise ArgumentTypeError("give at least 1")
    return number


class Command(BaseCommand):
    """The same seed gives the same day, at any speed."""

    help = "Plays a day of an outpatient department through the real commands."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--live", action="store_true", help="beside people in the demo hospital, until stopped")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--doctors", type=positive, default=5)
        parser.add_argument("--visits", type=positive, default=300)
        parser.add_argument("--speed", type=speed, default=None, metavar="max|X", help="X virtual seconds per second")
        parser.add_argument("--day", type=date.fromisoformat, metavar="YYYY-MM-DD", help="today without")
        parser.add_argument(
            "--facility", metavar="CODE", help="of the hospital that is made for it; SIM-<seed> without"
        )
        parser.add_argument("--keep", action="store_true", help="leave that hospital in the database afterwards")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["live"]:
            self._live()
        else:
            self._play(options)

    def _live(self) -> None:
        if not settings.DEMO:
            raise CommandError("There is a demo hospital to play in only with OPD_DEMO=1.")
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        log.info("simulator started")
        LivePlayer(DEMO, timezone.now).run(stop)
        log.info("simulator stopped")

    def _play(self, options: dict[str, Any]) -> None:
        names = ("seed", "doctors", "visits", "speed", "day")
        code = options["facility"] or f"SIM-{options['seed']}"
        try:
            with _progress(options["visits"]) as told:
                played = play(Day(code=code, foretold=True, **{name: options[name] for name in names}), told)
        except CodeInUse:
            raise CommandError(f"{code} is a hospital of people. Choose another --facility.") from None
        settle(played.facility.id)
        self._tell(played)
        broken = [f for f in check(Look([played.facility.id], timezone.now(), settled=True)) if not f.holds]
        if broken:
            raise CommandError(f"{broken[0].name}: {broken[0].offender}")
        self.stdout.write("Every invariant holds.")
        if not options["keep"]:
            remove_facility(played.facility.id, timezone.now())

    def _tell(self, played: Played) -> None:
        """A small table of the day."""
        figures = figures_of(played.facility.id)
        for label, value in (
            ("hospital", played.facility.code),
            ("visits", figures.visits),
            ("completed", figures.completed),
            ("did not come", figures.no_shows),
            ("cancelled", figures.cancelled),
            ("through several stations", figures.journeys),
            ("said they would be late", figures.went_out),
            ("moved by hand", figures.moved),
            ("wait to the call, p50", f"{figures.wait_p50} min"),
            ("wait to the call, p90", f"{figures.wait_p90} min"),
            ("commands", played.commands),
            ("seconds", f"{played.seconds:.1f}"),
            ("commands per second", f"{played.commands / played.seconds:.0f}"),
        ):
            self.stdout.write(f"{label:<24}{value:>12}")
        self._tell_times(played)

    def _tell_times(self, played: Played) -> None:
        """What people were told at check-in against when they were called: in all, and the last turns."""
        since = timezone.now() - PLAYED_SINCE
        with scope(facility=played.facility.id):
            judged_ = next(iter(expected_times(played.facility.id, since)), None)
            turns = latest_turns(played.facility.id, since)
        if judged_ is None:
            return
        found = judged_["figures"]
        self.stdout.write(f"{'predicted turns':<24}{found.n:>12}")
        self.stdout.write(f"{'error, minutes':<24}{found.error:>12.1f}")
        self.stdout.write(f"{'windows that held':<24}{judged_['coverage']:>11}%")
        self.stdout.write(f"{'better than formula':<24}{judged_['skill']:>11}%")
        clock = played.facility.clock
        for turn in turns:
            told = f"{clock(turn['first'])}-{clock(turn['last'])}, likely {clock(turn['likely'])}"
            self.stdout.write(f"  told {told}: called {clock(turn['came'])}")


@contextmanager
def _progress(visits: int) -> Iterator[Callable[[int], None]]:
    """A bar of ended visits; only on a terminal."""
    if not sys.stdout.isatty():
        yield lambda _: None
        return
    with Progress(transient=True) as bar:
        task = bar.add_task("Visits", total=visits)
        yield lambda ended: bar.update(task, completed=ended)
