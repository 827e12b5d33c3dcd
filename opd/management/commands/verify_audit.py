"""Proof that nobody altered the audit trail."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.audit.queries import verify
from apps.audit.rules import Fault, Verdict

MEANING = {
    Fault.CHANGED: "its content, or its seal's time, is not what was sealed",
    Fault.REMOVED: "the entry is gone",
    Fault.REORDERED: "another entry was sealed at this place",
    Fault.SEAL_CHANGED: "its seal is not genuine",
    Fault.SEAL_MISSING: "the seal of this place is gone",
    Fault.SEAL_MISPLACED: "its seal stands at a place that is taken",
    Fault.CUT: "the chain was anchored beyond its present end: what follows is gone",
    Fault.REWRITTEN: "the chain is not the one that was anchored",
    Fault.UNSEALED: "the entry never got a seal: it was slipped in, or no relay is running",
    Fault.ANCHOR_MISSING: "the anchor file is missing, so that a cut end would not show",
}


class Command(BaseCommand):
    """Ends with 0 when the trail is whole, else with 1, naming the first wrong row."""

    help = "Check the audit trail's chain of seals against its rows and its anchor."

    def handle(self, *args: Any, **options: Any) -> None:
        verdict = verify(timezone.now())
        if not verdict.sound:
            raise CommandError(told(verdict))
        self.stdout.write(f"The audit trail is whole: {verdict.links} entries, head {verdict.head.hash[:16]}.")


def told(verdict: Verdict) -> str:
    """A fault as a sentence that names the row."""
    assert verdict.fault is not None
    where = f"position {verdict.position}" if verdict.position is not None else "no position"
    which = f"entry {verdict.entry_id}" if verdict.entry_id else "no entry"
    return f"The audit trail is broken: {verdict.fault} at {where}, {which}: {MEANING[verdict.fault]}."
