"""The relay's process: hands events to their handlers, seals the audit trail, and sends messages."""

import logging
import signal
from argparse import ArgumentParser
from threading import Event, Thread
from typing import Any

from django.core.management.base import BaseCommand

from apps.audit.commands import seal
from apps.core.relay import Relay
from apps.notifications.commands import deliver_due
from apps.notifications.postman import postmen
from apps.queue.upkeep import tell_changed_times
from opd.subscriptions import handlers_for

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C; any number may run at once."""

    help = "Hand events to their handlers, seal the audit trail and send messages, until told to stop."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="deal with what is there, then end")

    def handle(self, *args: Any, once: bool, **options: Any) -> None:
        relay = Relay(handlers_for, chores=[seal, tell_changed_times])
        if once:
            relay.run_once()
            deliver_due()
            return
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        senders = [Thread(target=one.run, args=(stop,), name=f"sender-{n}") for n, one in enumerate(postmen())]
        for sender in senders:
            sender.start()
        log.info("relay started")
        relay.run(stop)
        for sender in senders:
            sender.join()
        log.info("relay stopped")
