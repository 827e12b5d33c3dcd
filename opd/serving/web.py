"""Settings of gunicorn, which serves pages and API: `gunicorn -c python:opd.serving.web opd.wsgi`.

The application is loaded once and forked, so that a second worker costs a moment and little memory, and one that falls
is back at once.
"""

import gc
import os
from typing import Any

MOST_BY_ITSELF = 4
"""Workers on a machine with many cores, unless OPD_WEB_PROCESSES says more."""

bind = os.environ.get("OPD_WEB_BIND", "127.0.0.1:8001")
workers = int(os.environ.get("OPD_WEB_PROCESSES") or min(os.cpu_count() or 1, MOST_BY_ITSELF))
worker_class = "gthread"
threads = 16
"""More than the cores can use: who waits for a queue's lock waits there, in order, and keeps nobody else out."""
preload_app = True
timeout = 60
graceful_timeout = 8
keepalive = 75
"""Seconds; longer than the proxy keeps an unused connection, so that it is never the worker who hangs up first."""
forwarded_allow_ips = ""
"""Who asks, and over what, is Django's to judge (`OPD_PROXIES`)."""
limit_request_fields = 100
limit_request_field_size = 16_384
loglevel = "warning"
control_socket_disable = True


def when_ready(server: Any) -> None:
    """Load what the first request would, and keep it out of every worker's collections: those would copy its pages."""
    from django.urls import get_resolver

    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()


def post_fork(server: Any, worker: Any) -> None:
    """A worker's measures begin at 0, whatever the process it was forked from had: what is well is said anew."""
    from apps.live.metrics import SOURCE
    from opd.limits.counting import UP

    SOURCE.set(1)
    UP.set(1)


def child_exit(server: Any, worker: Any) -> None:
    """What a worker measured of the moment ends with it; what it counted stays."""
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
