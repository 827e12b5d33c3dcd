"""`make run`: the whole house, from servers to the living day, until somebody stops it."""

import http.client
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from opd.local.console import Console
from opd.local.environment import settings_of, without_own_addresses
from opd.local.home import PROJECT, Tenancy, Trouble, choose_port, home_folder, make_folder
from opd.local.keys import load_secrets
from opd.local.processes import AskedToStop, Program, Supervisor
from opd.local.servers import House, close_house, open_servers
from opd.local.web import Doors, open_doors, web_programs
from opd.serving import allow_many_sockets

Command = tuple[str, ...]
COMPILING: Command = ("catalogue", "--compile")
TRANSLATIONS = ("Preparing the translations", (COMPILING,))
STEPS: tuple[tuple[str, tuple[Command, ...]], ...] = (
    ("Preparing database and translations", (("setup_database",), COMPILING)),
    ("Loading the demo hospital", (("demo",),)),
)
"""What comes before the house is opened: each step's commands run beside each other."""

DEMO_GATEWAY = "gateway"
"""The demonstration's payment gateway: the name of its process, and its key, which opens nothing real."""

READY_WITHIN = 120.0
"""Seconds after which a web process that is not ready counts as broken."""


def run(given: Mapping[str, str]) -> None:
    """Start everything, say where it is, keep it alive, stop it in order."""
    allow_many_sockets()  # nginx without a master asks for none, and every screen takes it two
    with house_of("run", given) as house, open_doors(given) as doors:
        environment = settings_of(house.home, house.given, house.secrets) | open_servers(house)
        environment |= demo_gateway(house, environment)
        for label, command in STEPS:
            run_step(house, label, command, environment)
        _start_processes(house, doors, environment)
        announce(house.console, environment, house.home)
        while True:
            house.supervisor.watch()


def demo_gateway(house: House, environment: Mapping[str, str]) -> dict[str, str]:
    """Where the demonstration's own payment gateway is; nothing where another one is set up, or no demonstration."""
    if environment["OPD_DEMO"] != "1" or environment.get("OPD_RAZORPAY_KEY_ID"):
        return {}
    address = f"http://127.0.0.1:{choose_port(house.home, DEMO_GATEWAY)}"
    return {"OPD_RAZORPAY_URL": address, "OPD_RAZORPAY_KEY_ID": DEMO_GATEWAY, "OPD_RAZORPAY_KEY_SECRET": DEMO_GATEWAY}


def serve_database(given: Mapping[str, str]) -> None:
    """PostgreSQL and Valkey alone, for working at a shell: `eval "$(python -m opd.local env)"` in another one."""
    with house_of("serve-database", given) as house:
        open_servers(house)
        house.console.say("PostgreSQL and Valkey are up. Ctrl-C stops them.")
        while True:
            house.supervisor.watch()


@contextmanager
def house_of(command: str, given: Mapping[str, str], *, for_tests: bool = False) -> Iterator[House]:
    """A home held for one command, with its secrets, its supervisor and, at the end, nothing left running."""
    home = home_folder(given)
    make_folder(home)
    given = without_own_addresses(home, given, load_secrets(home))
    if for_tests:
        home /= "test"
        make_folder(home)
    tenancy = Tenancy(home)
    with tenancy.hold(command):
        console = Console()
        supervisor = Supervisor(home, console)
        supervisor.listen_for_signals()
        supervisor.end_leftovers()
        secrets = load_secrets(home)
        house = House(home, without_own_addresses(home, given, secrets), secrets, supervisor, console, for_tests)
        try:
            yield house
        except AskedToStop:
            console.say("Stopping …")
        finally:
            tenancy.announce_stopping()
            close_house(house)


PROCESSES: dict[str, tuple[str, ...]] = {
    "worker": ("celery", "-A", "opd", "worker", "--concurrency", "1", "--loglevel", "INFO", "--without-mingle"),
    "beat": ("celery", "-A", "opd", "beat", "--pidfile", "", "--loglevel", "WARNING"),
    "relay": ("manage", "relay"),
    "day": ("manage", "simulate_day", "--live"),
    "gateway": ("manage", "demo_gateway"),
}
"""The processes of the house beside the web processes, in the order they start."""


def _start_processes(house: House, doors: Doors, environment: Mapping[str, str]) -> None:
    with house.console.step("Opening"):
        for program in web_programs(house.home, doors, _without_owner(environment)):
            house.supervisor.start(program)
        _wait_until_ready(house, environment)  # first, so that nothing takes the cores from what people wait for
        for name, command in PROCESSES.items():
            if _is_wanted(name, environment):
                house.supervisor.start(_program(name, command, environment))


def _is_wanted(name: str, environment: Mapping[str, str]) -> bool:
    """The living day and the gateway are only the demonstration's."""
    if name == DEMO_GATEWAY:
        return environment.get("OPD_RAZORPAY_KEY_ID") == DEMO_GATEWAY
    return name != "day" or environment.get("OPD_DEMO_TODAY_EMPTY") != "1"


def _program(name: str, command: tuple[str, ...], environment: Mapping[str, str]) -> Program:
    """One of the project's own processes."""
    script = [str(PROJECT / "manage.py")] if command[0] == "manage" else ["-m", command[0]]
    if name in {"relay", "beat", "day", "gateway"}:
        environment = _without_owner(environment)
    return Program(name, lambda: [sys.executable, *script, *command[1:]], environment, PROJECT)


def _without_owner(environment: Mapping[str, str]) -> dict[str, str]:
    """The owner's address goes only where tables are made."""
    return {key: value for key, value in environment.items() if key != "DATABASE_OWNER_URL"}


def run_step(house: House, label: str, commands: Sequence[Command], environment: Mapping[str, str]) -> None:
    """Run the commands of a preparation at once; again, if a server fell meanwhile, since each can be repeated."""
    supervisor = house.supervisor
    programs = [_preparation(command, environment) for command in commands]
    with house.console.step(label):
        for _ in range(3):
            deaths = supervisor.deaths
            codes = supervisor.run_together(programs)
            failed = [name for name, code in codes.items() if code]
            if not failed:
                return
            if supervisor.deaths == deaths:
                break
        raise Trouble(f"{label} failed:\n{supervisor.last_lines(failed[0], 25)}")


def _preparation(command: Command, environment: Mapping[str, str]) -> Program:
    arguments = [sys.executable, str(PROJECT / "manage.py"), *command]
    return Program(command[0], lambda: arguments, environment, PROJECT, kept_alive=False, speaks=False)


def _wait_until_ready(house: House, environment: Mapping[str, str]) -> None:
    until = time.monotonic() + READY_WITHIN
    while not _is_ready(environment):
        house.supervisor.watch()
        if house.supervisor.falls("web") > 2 or time.monotonic() > until:
            raise Trouble(f"The web process does not get ready:\n{house.supervisor.last_lines('web', 25)}")


def _is_ready(environment: Mapping[str, str]) -> bool:
    host, port = environment.get("HOST") or "127.0.0.1", int(environment["PORT"])
    connection = http.client.HTTPConnection("127.0.0.1" if host == "0.0.0.0" else host, port, timeout=5)  # noqa: S104
    try:
        connection.request("GET", "/health/ready", headers={"Host": f"localhost:{port}"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def announce(console: Console, environment: Mapping[str, str], home: Path) -> None:
    """Say where everything is and who may sign in."""
    base = (environment.get("PUBLIC_BASE_URL") or f"http://localhost:{environment['PORT']}").rstrip("/")
    lines = [
        "",
        "The house stands.",
        "",
        f"  Start page         {base}/",
        f"  Front desk         {base}/admin/",
        f"  Doctor's console   {base}/console/",
        f"  Board, hall A      {base}/display/hall-a/",
        f"  API                {base}/api/docs/",
        "",
    ]
    if environment["OPD_DEMO"] == "1":
        lines += [
            "  Demo accounts, all with the password opd-demo-2026:",
            "    desk        reception@demo.opd, nurse@demo.opd, cashier@demo.opd, admin@demo.opd",
            "    doctors     rao@demo.opd, nair@demo.opd (General Medicine), khan@demo.opd (Paediatrics),",
            "                murugan@demo.opd, joshi@demo.opd (Orthopaedics)",
            "  admin@demo.opd is also asked for a code; the page shows it. Authenticator secret: JBSWY3DPEHPK3PXP",
            "",
        ]
    shown = os.path.relpath(home / "log", PROJECT)
    console.say("\n".join([*lines, f"  Logs are in {shown}. Ctrl-C stops everything.", ""]))
