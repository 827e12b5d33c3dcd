"""A booking for the calendar of a phone (RFC 5545). Says where and when; not to which doctor or department."""

from datetime import UTC, datetime, timedelta

LASTS = timedelta(minutes=30)
"""How much of the calendar an appointment takes."""

LONGEST_LINE = 75
"""Octets; a longer line goes on in the next one, after a space."""


def calendar_file(*, uid: str, written: datetime, at: datetime, title: str, place: str, text: str, url: str) -> bytes:
    """One appointment with a reminder an hour before. The same `uid` again replaces it."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//OPD//appointment//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{_moment(written)}",
        f"DTSTART:{_moment(at)}",
        f"DTEND:{_moment(at + LASTS)}",
        f"SUMMARY:{_text(title)}",
        f"LOCATION:{_text(place)}",
        f"DESCRIPTION:{_text(text)}",
        f"URL:{url}",
        "BEGIN:VALARM",
        "ACTION:DISPLAY",
        f"DESCRIPTION:{_text(title)}",
        "TRIGGER:-PT1H",
        "END:VALARM",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) for line in lines)


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _text(said: str) -> str:
    for mark in ("\\", ";", ","):
        said = said.replace(mark, f"\\{mark}")
    return " ".join(said.split())


def _folded(line: str) -> bytes:
    """A line as octets, broken only between characters."""
    parts = [b""]
    for character in line:
        octets = character.encode()
        if len(parts[-1]) + len(octets) > LONGEST_LINE:
            parts.append(b" ")
        parts[-1] += octets
    return b"\r\n".join(parts) + b"\r\n"
