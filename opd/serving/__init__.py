"""How the house is served: pages and API by WSGI workers (`web`), sockets by a process of their own (`live`).

In front of both stands nginx, by `docker/nginx.conf.template`. Each can be started alone; ADR 41 has the figures.
"""

import resource


def allow_many_sockets() -> None:
    """Let this process, and what it starts, open as many files as the machine allows."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
