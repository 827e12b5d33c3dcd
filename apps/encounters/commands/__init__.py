"""Every write of consultations."""

from apps.encounters.commands.consulting import Signed, complete, undo
from apps.encounters.commands.notes import add_addendum, save_note, sign_off
from apps.encounters.commands.outcome import (
    add_diagnosis,
    keep_condition,
    put_first,
    remove_diagnosis,
    set_diagnoses,
)
from apps.encounters.commands.vitals import take_vitals

__all__ = [
    "Signed",
    "add_addendum",
    "add_diagnosis",
    "complete",
    "keep_condition",
    "put_first",
    "remove_diagnosis",
    "save_note",
    "set_diagnoses",
    "sign_off",
    "take_vitals",
    "undo",
]
