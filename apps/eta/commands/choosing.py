"""Which method is shown, and which one predicts beside it unseen."""

from datetime import datetime

from apps.audit.commands import record
from apps.core.commands import command
from apps.core.errors import Invalid, sentence
from apps.core.policy import Actor, Permission, Scope
from apps.eta.commands.remembering import recall
from apps.eta.rules.versions import VERSIONS, Choice


@command
def choose_versions(*, actor: Actor, now: datetime, shown: str, beside: str = "", reason: str = "") -> Choice:
    """Show one method's times from the next event on, and have another one (or none) predict beside it. What was
    predicted before stays as it is. Raises `Invalid` for a method that there is not, or twice the same."""
    actor.require(Permission.MASTERS_CHANGE, Scope(actor.facility_id))
    if shown not in VERSIONS or (beside and beside not in VERSIONS):
        raise Invalid({"shown": [sentence("There is no such method.")]})
    if shown == beside:
        raise Invalid({"beside": [sentence("A method cannot be compared with itself. Choose another one, or none.")]})
    assert actor.facility_id is not None
    known = recall(actor.facility_id, [], now, lock=True)
    before, known.choice = known.choice, Choice(shown, beside)
    if before != known.choice:
        known.save(now)
        record(
            action="expected_times.method",
            entity_type="facility",
            entity_id=actor.facility_id,
            before={"shown": before.shown, "beside": before.beside},
            after={"shown": shown, "beside": beside},
            reason=reason,
        )
    return known.choice
