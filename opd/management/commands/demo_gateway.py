"""The demonstration's payment gateway, until told to stop."""

import signal
from threading import Event
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from opd.demo.gateway import DemoGateway


class Command(BaseCommand):
    """Runs until SIGTERM or Ctrl-C."""

    help = "Plays the payment gateway of the demo hospital; nothing in it is real."

    def handle(self, *args: Any, **options: Any) -> None:
        port = urlsplit(settings.RAZORPAY_URL).port
        if not settings.DEMO or not port:
            raise CommandError("There is a demo gateway only with OPD_DEMO=1 and OPD_RAZORPAY_URL at this machine.")
        tells = f"http://127.0.0.1:{settings.PORT}{reverse('webhook', args=['razorpay'])}"
        gateway = DemoGateway(port, tells=tells, secret=settings.RAZORPAY_WEBHOOK_SECRET).start()
        stop = Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        stop.wait()
        gateway.close()
