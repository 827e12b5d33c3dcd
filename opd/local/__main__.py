"""`python -m opd.local run | test | bench | check | serve-database | env`. The Makefile is the usual way in."""

import os
import signal
import sys
from collections.abc import Mapping

from opd.local.home import PROJECT, Trouble


def main(arguments: list[str]) -> int:
    """Do what the first argument says; returns the exit code. Each command imports what it alone needs."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # quiet until a house listens for Ctrl-C itself
    command = arguments[0] if arguments else ""
    shell = dict(os.environ)
    if command == "check":
        from opd.local.check import check

        return check(shell)
    if command in {"test", "bench"}:
        from opd.local.testing import run_tests

        return run_tests(shell, arguments[1:], measuring=command == "bench")
    if command in {"run", "serve-database", "env"}:
        _open(command, shell)
        return 0
    print(__doc__, file=sys.stderr)
    return 2


def _open(command: str, shell: Mapping[str, str]) -> None:
    import environ

    from opd.local.environment import print_environment
    from opd.local.run import run, serve_database

    if (PROJECT / ".env").exists():
        environ.Env.read_env(PROJECT / ".env")
    given = dict(os.environ)
    if command == "run":
        run(given)
    elif command == "serve-database":
        serve_database(given)
    else:
        print_environment(given, shell)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except Trouble as trouble:
        sys.exit(str(trouble))
