"""A booking for the calendar of a phone (RFC 5545). Says where and when; not to which doctor or department."""

from datetime import UTC, datetime, timedelta

from icalendar import Alarm, Calendar, Event

LASTS = timedelta(minutes=30)
"""How much of the calendar an appointment takes."""

REMINDS = timedelta(hours=1)
"""How long before it the phone reminds."""


def calendar_file(*, uid: str, written: datetime, at: datetime, title: str, place: str, text: str, url: str) -> bytes:
    """One appointment with a reminder. The same `uid` again replaces it."""
    title, place, text = (" ".join(said.split()) for said in (title, place, text))
    event = Event.new(
        uid=uid,
        stamp=written,
        start=at.astimezone(UTC),
        end=(at + LASTS).astimezone(UTC),
        summary=title,
        location=place,
        description=text,
        url=url,
    )
    reminder = Alarm()
    reminder.add("action", "DISPLAY")
    reminder.add("description", title)
    reminder.add("trigger", -REMINDS)
    event.add_component(reminder)
    calendar = Calendar()
    calendar.add("version", "2.0")
    calendar.add("prodid", "-//OPD//appointment//EN")
    calendar.add_component(event)
    return bytes(calendar.to_ical())
