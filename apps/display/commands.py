"""Screens are paired with a board, and taken off it again; a hospital gives its boards a voice of its own."""

from datetime import datetime
from hashlib import sha256
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.accounts.commands import count_code_tried, issue_screen, new_secret, revoke_screen
from apps.accounts.queries import link_keys, screen_fingerprint
from apps.accounts.rules.credentials import ScreenUse, fingerprint
from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Invalid, NotFound, TooMany, sentence
from apps.core.events import facility_stream
from apps.core.outbox import emit, lock_streams
from apps.core.policy import Actor, Permission, Scope
from apps.core.queries import one
from apps.display.events import help_asked
from apps.display.models import Board, PairingRequest, Recording
from apps.display.queries import board_of
from apps.display.rules.pairing import (
    OPEN_PAIRINGS,
    OPEN_PAIRINGS_OF_ADDRESS,
    PAIRING_LIFETIME,
    pairing_code,
    read_pairing_code,
)
from apps.display.rules.voice import LARGEST_RECORDING, SPOKEN, sound_type, texts
from apps.queue.commands import note_help

CODES_TRIED = 3
"""How often another code is made when the first is taken by a screen that waits already."""


class TooManyWaiting(TooMany):
    code = "too_many_screens_waiting"
    detail = sentence("Too many screens wait to be paired at present. Please try again in ten minutes.")


@command
def ask_to_pair(*, actor: Actor, now: datetime, address: str, former: str = "") -> str:
    """Let a screen wait for an administrator: the secret that it keeps, and that its code follows from.

    `former` is the secret of the same screen's last try, which is over. Raises `TooManyWaiting`.
    """
    PairingRequest.objects.filter(expires_at__lte=now).delete()
    if former:
        PairingRequest.objects.filter(secret_hash=screen_fingerprint(former)).delete()
    address_hash = fingerprint(address, "pairing address", settings.PEPPER)
    waiting = PairingRequest.objects.filter(used_at=None)
    if (
        waiting.filter(address_hash=address_hash).count() >= OPEN_PAIRINGS_OF_ADDRESS
        or waiting.count() >= OPEN_PAIRINGS
    ):
        raise TooManyWaiting
    for _ in range(CODES_TRIED):
        secret = new_secret()
        if _waits(secret, address_hash, now):
            return secret
    raise TooManyWaiting


@command
def pair(
    *, actor: Actor, now: datetime, code: str, board_id: UUID, label: str = "", use: str = ScreenUse.BOARD
) -> UUID | None:
    """Give a board to the screen that shows this code: the id of its credential, or None for a wrong code.

    `use` may make it the kiosk of that hall.

    Of several who type one code at once, one pairs. Raises `NotFound` for a board that is not one's own, and
    `TooManyWrongCodes`.
    """
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    board = Board.objects.filter(id=board_id).first()
    if board is None:
        raise NotFound
    shown = PairingRequest.objects.filter(code_hash=_hash_of_code(read_pairing_code(code)))
    won = shown.filter(used_at=None, expires_at__gt=now).update(used_at=now)
    count_code_tried(right=bool(won))
    if not won:
        return None
    screen = issue_screen(
        board_id=board.id,
        facility_id=board.facility_id,
        secret_hash=shown.get().secret_hash,
        label=label,
        use=ScreenUse(use),
    )
    about = {"boardId": str(board.id), "board": board.name, "label": label, "use": use}
    _tell("screen.paired", screen.id, after=about)
    return screen.id


@command
def unpair(*, actor: Actor, now: datetime, screen_id: UUID) -> None:
    """Take a screen off its board: it shows nothing from its next request on. Raises `NotFound`."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    if actor.facility_id is None or not revoke_screen(screen_id, actor.facility_id):
        raise NotFound
    _tell("screen.revoked", screen_id)


@command
def record_clip(*, actor: Actor, now: datetime, language: str, clip: str, content: bytes) -> Recording:
    """Have boards play a hospital's own recording in place of a clip. Raises `Invalid` for what is no short sound."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    assert actor.facility_id is not None  # whoever changes masters has a facility
    media_type = sound_type(content)
    if language not in SPOKEN or clip not in texts(language):
        raise Invalid({"clip": [sentence("There is no such clip.")]})
    if not media_type or len(content) > LARGEST_RECORDING:
        raise Invalid({"file": [sentence("Choose a sound file (Ogg, MP3 or WAV) of at most 200 kB.")]})
    Recording.objects.filter(language=language, clip=clip).delete()
    fresh = Recording.objects.create(
        facility_id=actor.facility_id,
        language=language,
        clip=clip,
        content=content,
        media_type=media_type,
        recorded_at=now,
    )
    about = {"language": language, "clip": clip, "sha256": sha256(content).hexdigest()}
    record(action="recording.added", entity_type="recording", entity_id=fresh.id, after=about)
    return fresh


@command
def drop_recording(*, actor: Actor, now: datetime, recording_id: UUID) -> None:
    """Have boards play the clip that comes with the house again. Raises `NotFound`."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    found = one(Recording.objects.filter(id=recording_id).defer("content"))
    if found is None:
        raise NotFound
    about = {"language": found.language, "clip": found.clip}
    Recording.objects.filter(id=found.id).delete()
    record(action="recording.dropped", entity_type="recording", entity_id=recording_id, before=about)


@command
def call_helper(*, actor: Actor, now: datetime) -> None:
    """Somebody at a kiosk asks for a person: the desk is told which kiosk until somebody goes there, and it is on
    record."""
    assert actor.facility_id is not None and actor.credential_id is not None  # noqa: PT018 - a paired kiosk
    actor.require(Permission.KIOSK_CHECK_IN, Scope(actor.facility_id))
    lock_streams(facility_stream(actor.facility_id))
    assert actor.subject_id is not None, "a kiosk is paired with a board"
    note_help(actor.facility_id, actor.credential_id, board_of(actor.subject_id).name)
    emit(help_asked(actor.facility_id, actor.credential_id))
    _tell("screen.help_asked", actor.credential_id)


def _waits(secret: str, address_hash: str, now: datetime) -> bool:
    """Write down that a screen waits; False when its code is shown by another one."""
    try:
        with transaction.atomic():
            PairingRequest.objects.create(
                secret_hash=screen_fingerprint(secret),
                code_hash=_hash_of_code(pairing_code(secret, link_keys()[0])),
                address_hash=address_hash,
                asked_at=now,
                expires_at=now + PAIRING_LIFETIME,
            )
    except IntegrityError:
        return False
    return True


def _hash_of_code(code: str) -> str:
    return fingerprint(code, "pairing code", settings.PEPPER)


def _tell(action: str, screen_id: UUID, after: dict[str, str] | None = None) -> None:
    record(action=action, entity_type="screen", entity_id=screen_id, after=after)
