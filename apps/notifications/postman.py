"""Sends messages as soon as they are committed. Needs the database only: a code goes out with Redis away."""

import logging
from collections.abc import Collection
from threading import Event as Flag
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, connection

from apps.notifications.commands import MESSAGES_CHANNEL, deliver_due
from apps.notifications.rules import Channel

SENDERS = 3
"""Threads of one process that send; a provider that is slow holds up one message each. The first takes no e-mails:
slow mail servers never hold all of them."""

SWEEP = 1.0
"""Seconds between two looks when no notice came."""

log = logging.getLogger(__name__)


class Postman:
    """One sender; any number may run at once. What goes by the channels `without` it leaves to others."""

    def __init__(self, without: Collection[Channel] = ()) -> None:
        self.without = without
        self._ear: psycopg.Connection[Any] | None = None

    def run(self, stop: Flag) -> None:
        """Send until told to stop, through every failure of the database."""
        while not stop.is_set():
            try:
                connection.close_if_unusable_or_obsolete()
                self._listen()
                if not deliver_due(most=20, without=self.without):
                    self._wait()
            except (DatabaseError, InterfaceError, psycopg.Error) as error:
                log.warning("sender without database", extra={"error": type(error).__name__})
                self._hang_up()
                stop.wait(SWEEP)
        self._hang_up()
        connection.close()

    def _listen(self) -> None:
        if self._ear is None:
            self._ear = psycopg.connect(**connection.get_connection_params(), autocommit=True)
            self._ear.execute(f"LISTEN {MESSAGES_CHANNEL}")

    def _wait(self) -> None:
        """Return when messages were committed, or after a while."""
        assert self._ear is not None
        for _ in self._ear.notifies(timeout=SWEEP, stop_after=1):
            pass

    def _hang_up(self) -> None:
        if self._ear is not None:
            self._ear.close()
            self._ear = None


def postmen() -> list[Postman]:
    """The senders of one process."""
    return [Postman({Channel.EMAIL} if number == 0 else ()) for number in range(SENDERS)]
