"""A booking in a phone's calendar: where and when, safely written, and nothing of what it is for."""

from datetime import UTC, datetime, timedelta, timezone

from apps.queue.rules.calendar_file import calendar_file

LONGEST_LINE = 75
"""Octets, by RFC 5545."""

AT = datetime(2026, 11, 24, 10, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))


def made(**other: str) -> bytes:
    """The file of an appointment at half past ten in India."""
    said = {"title": "Asha: number G46", "place": "Asha", "text": "Come", "url": "https://opd.example/t/abc/"} | other
    return calendar_file(uid="7@opd", written=datetime(2026, 11, 20, tzinfo=UTC), at=AT, **said)


def unfolded(file: bytes) -> list[str]:
    return file.replace(b"\r\n ", b"").decode().split("\r\n")


def test_it_says_when_in_universal_time_and_reminds_an_hour_before() -> None:
    lines = unfolded(made())
    assert lines[0] == "BEGIN:VCALENDAR"
    for line in ("UID:7@opd", "DTSTART:20261124T050000Z", "DTEND:20261124T053000Z", "TRIGGER:-PT1H"):
        assert line in lines
    assert lines[-2:] == ["END:VCALENDAR", ""]


def test_what_would_end_a_value_or_a_line_is_written_as_text() -> None:
    lines = unfolded(made(title="Asha, Kota; \\ward\r\nATTENDEE:x"))
    assert "SUMMARY:Asha\\, Kota\\; \\\\ward ATTENDEE:x" in lines
    assert not [line for line in lines if line.startswith("ATTENDEE")]


def test_long_lines_are_folded_between_characters() -> None:
    file = made(text="வரவேற்பில் இந்த எண்ணைக் காட்டுங்கள் " * 5)
    assert max(len(line) for line in file.split(b"\r\n")) <= LONGEST_LINE
    assert f"DESCRIPTION:{'வரவேற்பில் இந்த எண்ணைக் காட்டுங்கள் ' * 5}".strip() in unfolded(file)
