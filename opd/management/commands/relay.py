"""The relay's process: hands events to their handlers, and seals the audit trail."""

import logging
import signal
from argparse import ArgumentParser
from threading import Event
from typing import Any

from django.core.management.base import BaseCommand

from apps.audit.commands import seal
from apps.core.relay import Relay
from opd.subscriptions import handlers_for

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C; any number may run at once."""

    help = "Hand events to their handlers and seal the audit trail, until told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="deal with what is there, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        relay = Relay(handlers_for, chores=[seal])
        if once:
            relay.run_once()
            return
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        log.info("relay started")
        relay.run(stop)
        log.info("relay stopped")
