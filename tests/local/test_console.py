"""The terminal shows what needs a person, and only that."""

import pytest

from opd.local.console import Console, trouble_in


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ('{"event": "relay failed\\nagain in 2 s", "level": "error", "logger": "opd"}', "error: relay failed"),
        ('{"event": "redis is away", "level": "warning", "logger": "apps.live"}', "warning: redis is away"),
        ('{"event": "Not Found: /x", "level": "warning", "logger": "django.request"}', ""),
        ('{"event": "called", "level": "info", "logger": "apps.queue"}', ""),
        ('{"event": "cut o', ""),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ("ModuleNotFoundError: No module named 'x'", "ModuleNotFoundError: No module named 'x'"),
        (
            "[2026-11-21 10:00:00] ERROR consumer: cannot connect",
            "[2026-11-21 10:00:00] ERROR consumer: cannot connect",
        ),
        ("celery@here ready.", ""),
    ],
)
def test_errors_and_warnings_are_shown_and_refused_requests_are_not(line: str, shown: str) -> None:
    assert trouble_in(line) == shown


def test_a_process_that_keeps_complaining_is_cut_short(capfd: pytest.CaptureFixture[str]) -> None:
    console = Console()
    for number in range(100):
        console.pass_on("worker", f"ERROR number {number}")
    console.pass_on("web", "ERROR of another")
    assert capfd.readouterr().out.splitlines() == [
        *[f"[worker] ERROR number {number}" for number in range(5)],
        "[web] ERROR of another",
    ]


def test_a_line_that_comes_during_a_step_stands_by_itself(capfd: pytest.CaptureFixture[str]) -> None:
    console = Console()
    with console.step("Opening"):
        console.say("[web] was ended by signal 9")
    opening, said, closing = capfd.readouterr().out.splitlines()
    assert (opening, said) == ("Opening … ", "[web] was ended by signal 9")
    assert closing.startswith("Opening: ")
