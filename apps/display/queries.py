"""What a board shows, and to whom. Numbers and rooms only: this is on a wall, and may be open to all."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.templatetags.static import static
from django.urls import reverse
from django.utils.safestring import mark_safe
from django_scopes import scope, scopes_disabled

from apps.accounts.queries import facility_facts, screen_fingerprint, screens_of, staff_names
from apps.accounts.rules.credentials import ScreenUse
from apps.accounts.rules.doors import seconds_left, step_at
from apps.accounts.rules.qr import qr_svg
from apps.core.errors import NotFound
from apps.core.languages import named, named_in
from apps.core.policy import Actor, ActorType, Permission, Scope
from apps.core.queries import one
from apps.display.models import Board, PairingRequest, Recording
from apps.display.rules.pairing import HERE
from apps.display.rules.voice import clips_of_call, spoken_in
from apps.queue.queries.board import rooms_and_calls
from apps.queue.queries.lines import sequences_of, stamp
from apps.queue.queries.links import door_url
from apps.queue.rules.hall import HALL_CODES, HALL_LANGUAGES
from apps.scheduling.queries import departments
from apps.scheduling.rules import DepartmentStatus


def boards(facility_id: UUID | None) -> list[dict[str, str]]:
    """A facility's boards that are open to all as `{name, url}`, for the start page; None is whoever is in none. They
    are told of the boards only where all are one facility's, since facilities do not show each other's rows."""
    with scopes_disabled():
        rows = Board.objects.filter(open_to_all=True).order_by("name")
        found = list(rows.filter(facility_id=facility_id) if facility_id else rows)
    if len({board.facility_id for board in found}) > 1:
        return []
    return [{"name": named(board), "url": address(board)} for board in found]


def address(board: Board) -> str:
    """Where a board is opened."""
    return f"/display/{board.slug}/"


def board_stream(board_id: UUID) -> str:
    """The live view of a board."""
    return f"board.{board_id}"


def board_at(slug: str) -> Board:
    """The board of an address, of whatever facility. Raises `NotFound`."""
    with scopes_disabled():
        board = one(Board.objects.filter(slug=slug))
    if board is None:
        raise NotFound
    return board


def board_of(board_id: UUID) -> Board:
    """A board by its id, of whatever facility. Raises `NotFound`."""
    with scopes_disabled():
        board = one(Board.objects.filter(id=board_id))
    if board is None:
        raise NotFound
    return board


def is_open_board(board_id: UUID) -> bool:
    """Whether anybody at all may look at a board."""
    with scopes_disabled():
        return Board.objects.filter(id=board_id, open_to_all=True).exists()


def may_look(actor: Actor | None, board_id: UUID, facility_id: UUID) -> bool:
    """Whether somebody may look at a board that is not open to all: staff of its facility, and screens paired with
    this very board."""
    if actor is None or not actor.may(Permission.BOARD_READ, Scope(facility_id)):
        return False
    return actor.type is not ActorType.SCREEN or actor.subject_id == board_id


def open_request(secret: str, now: datetime) -> PairingRequest | None:
    """What a screen with this secret waits for; None when that is over."""
    if not secret:
        return None
    waiting = PairingRequest.objects.filter(used_at=None, expires_at__gt=now)
    return waiting.filter(secret_hash=screen_fingerprint(secret)).first()


def paired_screens(facility_id: UUID, now: datetime) -> list[dict[str, Any]]:
    """The paired screens of a facility as `{id, label, board, url, is_kiosk, paired_at, paired_by, seen_at, here}`, by
    board."""
    boards_here: dict[UUID | None, Board] = {board.id: board for board in Board.objects.all()}
    shown = [
        (screen, board) for screen in screens_of(facility_id, now) if (board := boards_here.get(screen.subject_id))
    ]
    people = staff_names({UUID(screen.scope["pairedBy"]) for screen, _ in shown})
    rows = [
        {
            "id": screen.id,
            "label": screen.note,
            "board": board.name,
            "url": address(board),
            "is_kiosk": screen.scope.get("use") == ScreenUse.KIOSK,
            "paired_at": screen.issued_at,
            "paired_by": people.get(UUID(screen.scope["pairedBy"]), ""),
            "seen_at": screen.last_seen_at,
            "here": screen.last_seen_at is not None and now - screen.last_seen_at < HERE,
        }
        for screen, board in shown
    ]
    return sorted(rows, key=lambda row: (row["board"], row["label"]))


def facility_of_board(board_id: UUID) -> UUID | None:
    """Whose board this is; None when there is none."""
    with scopes_disabled():
        return one(Board.objects.filter(id=board_id).values_list("facility_id", flat=True))


def department_ids_of(board: Board) -> list[UUID]:
    """The departments of a board, always in the same order: a board's number has one part for each."""
    return sorted(board.departments.through.objects.filter(board_id=board.id).values_list("department_id", flat=True))


def in_hall(kiosk: Actor) -> Actor:
    """A kiosk as who acts: in the departments of its hall."""
    assert kiosk.subject_id is not None, "a kiosk is paired with a board"
    places = department_ids_of(board_of(kiosk.subject_id))
    return replace(kiosk, department_ids=frozenset(places), all_departments=False)


def board_sequence(department_ids: Iterable[UUID]) -> str:
    """The number of the last change that a board of these departments shows."""
    return sequences_of(list(department_ids))


def board_view(board: Board, now: datetime) -> dict[str, Any]:
    """The whole board, ready for `templates/display/_board.html`."""
    with scope(facility=board.facility_id):
        department_ids = department_ids_of(board)
        sequence = board_sequence(department_ids)
        facility = facility_facts(board.facility_id)
        shown = rooms_and_calls(department_ids, now)
        return {
            "board": _hall(board),
            "facility": facility.name,
            "facility_names": named_in(facility.name, facility.names, HALL_CODES),
            "languages": HALL_LANGUAGES,
            "chime": board.chime,
            "voice": bool(spoken_in(board.spoken_in)),
            "stream": board_stream(board.id),
            "sequence": sequence,
            "as_of": stamp(now),
            "clock": facility.clock(now),
            "rooms": shown["rooms"],
            "calls": [
                call | {"voice": voice}
                for call, voice in zip(shown["calls"], voices(board, shown["calls"]), strict=True)
            ],
        }


def _hall(board: Board) -> dict[str, Any]:
    """A board by its address, and by the hall's name in each language of halls."""
    names = named_in(board.name, board.names, HALL_CODES)
    return {"id": board.id, "slug": board.slug, "name": board.name, "names": names}


def voices(board: Board, calls: list[dict[str, Any]]) -> list[list[list[str]]]:
    """For each call what is played, language by language: the addresses of its clips, one after the other."""
    languages = spoken_in(board.spoken_in)
    if not calls or not languages:
        return [[] for _ in calls]
    own = {
        (row.language, row.clip): reverse("recording", args=[row.id])
        for row in Recording.objects.filter(language__in=languages).only("id", "language", "clip")
    }
    return [
        [
            [own.get((language, clip)) or static(f"voice/{language}/{clip}.ogg") for clip in _clips(language, call)]
            for language in languages
        ]
        for call in calls
    ]


def _clips(language: str, call: dict[str, Any]) -> list[str]:
    return clips_of_call(language, call["token"], call["number"], call["symbol"], again=call["times"] > 1)


def recordings() -> list[Recording]:
    """A hospital's own clips, without their sound, by language and name."""
    return list(Recording.objects.defer("content").order_by("language", "clip"))


def recording_of(recording_id: UUID) -> Recording:
    """A hospital's own clip with its sound, of whatever facility: boards are open to all. Raises `NotFound`."""
    with scopes_disabled():
        found = one(Recording.objects.filter(id=recording_id))
    if found is None:
        raise NotFound
    return found


def doors_view(board: Board, now: datetime) -> dict[str, Any]:
    """The check-in codes of a board's departments that take people, for `templates/display/_doors.html`.

    `sequence` is the step they belong to: it grows whenever all of them change.
    """
    facility = facility_facts(board.facility_id)
    with scope(facility=board.facility_id):
        places = departments().filter(id__in=department_ids_of(board), status=DepartmentStatus.ACTIVE)
        return {
            "board": _hall(board),
            "facility": facility.name,
            "facility_names": named_in(facility.name, facility.names, HALL_CODES),
            "languages": HALL_LANGUAGES,
            "doors": [
                {
                    "name": place.name,
                    "names": named_in(place.name, place.names, HALL_CODES),
                    "letter": place.letter,
                    "svg": mark_safe(qr_svg(door_url(place.id, now))),  # noqa: S308 - drawn by us
                }
                for place in places
            ],
            "stream": f"doors.{board.id}",
            "sequence": step_at(now),
            "seconds": seconds_left(now),
            "as_of": stamp(now),
            "clock": facility.clock(now),
        }
