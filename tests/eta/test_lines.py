"""The engine as a benchmark drives it: lines in, lines out, nothing known before it is told."""

import io
import json

import pytest
from django.core.management import call_command

from apps.eta.rules.lines import answers

TOKENS = [{"id": n, "vtype": "new", "slot": 10.0 * n, "p_noshow": 0.1} for n in range(4)]


def session(sid: int) -> list[dict]:
    events = [
        (-12.0, "checkin", {"id": 0, "key": 0.0}),
        (-5.0, "checkin", {"id": 1, "key": 10.0}),
        (3.0, "arrived", {}),
        (3.5, "start", {"id": 0}),
        (8.0, "walkin", {"id": 9, "vtype": "fup", "key": 23.0, "p_ns": 0.05}),
        (12.0, "end", {"id": 0}),
        (12.0, "away", {"ward": True}),
        (20.0, "back", {}),
        (20.4, "start", {"id": 1}),
        (27.0, "emergency", {"id": 10, "vtype": "em", "key": -1e6}),
        (30.0, "end", {"id": 1}),
        (30.3, "start", {"id": 10}),
        (41.0, "end", {"id": 10}),
        (41.0, "missed", {"id": 2}),
        (41.5, "start", {"id": 9}),
        (44.0, "checkin", {"id": 2, "key": 31.0}),
        (50.0, "end", {"id": 9}),
        (50.0, "break", {}),
        (66.0, "back", {}),
        (66.5, "start", {"id": 2}),
        (75.0, "end", {"id": 2}),
        (75.0, "missed", {"id": 3, "final": True}),
        (75.0, "closed", {}),
    ]
    opened = {"type": "session_open", "sid": sid, "doctor": 1, "configured_avg": 8, "length": 60, "tokens": TOKENS}
    lines = [opened | {"planned_break": {"at": 45, "len": 15}}]
    lines += [{"type": "event", "sid": sid, "t": t, "ev": ev} | more for t, ev, more in events]
    return [*lines, {"type": "session_close", "sid": sid}]


def recorded() -> list[str]:
    lines = [line for sid in range(3) for line in session(sid)]
    asked = [{"type": "query", "qid": 7, "sid": 2, "t": 21.0, "token": 2, "k": 1}]
    at = next(i for i, line in enumerate(lines) if line.get("sid") == 2 and line.get("t") == 27.0)
    return [json.dumps(line) + "\n" for line in [*lines[:at], *asked, *lines[at:]]]


def test_a_query_is_answered_with_four_moments_in_order():
    (answer,) = [json.loads(line) for line in answers(recorded())]
    assert answer["qid"] == 7
    assert 21 <= answer["p10"] <= answer["p50"] <= answer["p80"] <= answer["p90"] < 120


def test_the_answer_comes_before_the_next_line_is_read():
    read = []

    def lines():
        for line in recorded():
            read.append(line)
            yield line

    next(answers(lines()))
    assert json.loads(read[-1])["type"] == "query"


def test_the_same_lines_get_the_same_answers():
    assert list(answers(recorded())) == list(answers(recorded()))


def test_the_command_speaks_over_standard_input_and_output(monkeypatch: pytest.MonkeyPatch):
    told = io.StringIO()
    monkeypatch.setattr("sys.stdin", io.StringIO("".join(recorded())))
    monkeypatch.setattr("sys.stdout", told)
    call_command("eta_engine")
    assert json.loads(told.getvalue())["qid"] == 7
