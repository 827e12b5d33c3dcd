"""The benchmark's lines: a recorded queue's events and queries in, answers out."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from apps.eta.rules.laws import Session
from apps.eta.rules.session import Live, Memory
from apps.eta.rules.today import Doctor, Person


def answers(lines: Iterable[str]) -> Iterator[str]:
    """One line of JSON for each query among the lines, given before the next line is read."""
    memory = Memory()
    live: dict[Any, Live] = {}
    for line in lines:
        if not line.strip():
            continue
        record = json.loads(line)
        match record["type"]:
            case "session_open":
                live[record["sid"]] = _opened(memory, record)
            case "event":
                _happened(live[record["sid"]], record)
            case "query":
                yield json.dumps(_answer(live[record["sid"]], record))
            case "session_close":
                live.pop(record["sid"]).close()


def _opened(memory: Memory, record: dict[str, Any]) -> Live:
    planned = record.get("planned_break") or {}
    session = Session(
        average=record["configured_avg"],
        length=record["length"],
        booked=len(record["tokens"]),
        break_at=planned.get("at"),
        break_length=planned.get("len", 0.0),
    )
    booked = [Person(t["id"], t["vtype"], t["slot"], t["slot"], t["p_noshow"]) for t in record["tokens"]]
    return Live(memory, record["doctor"], session, booked)


def _answer(live: Live, record: dict[str, Any]) -> dict[str, Any]:
    live.before(record["t"])
    window = live.window(record["token"], record["t"])
    shown = {name: round(getattr(window, name), 3) for name in ("p10", "p50", "p80", "p90")}
    return {"qid": record["qid"], **shown}


def _happened(live: Live, record: dict[str, Any]) -> None:
    t, what = record["t"], record["ev"]
    live.before(t)
    match what:
        case "checkin":
            live.check_in(t, record["id"], record["key"])
        case "walkin" | "emergency":
            odds = record.get("p_ns", 0.0)
            live.newcomer(t, record["id"], record["vtype"], record["key"], odds, emergency=what == "emergency")
        case "arrived":
            live.arrived(t)
        case "start":
            live.start(t, record["id"])
        case "end":
            live.end(t)
        case "missed":
            live.missed(t, record["id"], final=record.get("final", False))
        case "away":
            live.away(t, Doctor.WARD if record.get("ward") else Doctor.AWAY)
        case "break":
            live.away(t, Doctor.BREAK)
        case "back":
            live.back(t)
