"""The doctor's console: one page, one solid button. Every press is a command; the answer is the page anew."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext

from apps.audit.commands import record_opened
from apps.core.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, sentence
from apps.core.once import InFlight, Once
from apps.core.policy import Actor, Fields, Permission, Role, Scope
from apps.core.views import actor_of, live_part, page, run_form, said, version_of
from apps.encounters.commands import complete, undo
from apps.encounters.commands.prescribing import NeedsReason
from apps.encounters.queries import earlier_visits, paper_last
from apps.encounters.queries.notes import Written, written_of
from apps.encounters.queries.vitals import in_danger, strip
from apps.encounters.rules import LONGEST_PRESCRIPTION
from apps.encounters.rules.notes import LONGEST_PART, PARTS
from apps.encounters.views import afterwards, diagnosing, ordering, prescribing, templates
from apps.encounters.views.typing import note_typed, typed, visit_of
from apps.queue import commands as queue
from apps.queue.queries.console import acted_meanwhile, console_sequence, console_view, consoles, token_of
from apps.queue.queries.journeys import test_departments
from apps.scheduling.queries import doctor_of_staff
from apps.scheduling.rules import Availability

LONGEST_REASON = 200
LONGEST_AWAY = 120
LONGEST_BREAK = 480
"""Minutes."""

Run = Callable[[HttpRequest, Any], str]
"""What a button does, for a doctor's console; answers with a sentence that is shown, or with nothing."""


@page(policy=Permission.CONSOLE_USE)
def choose(request: HttpRequest) -> HttpResponse:
    """A doctor comes to the own console; others say for whom they call."""
    actor = actor_of(request)
    own = doctor_of_staff(actor.id) if actor.role is Role.DOCTOR and actor.id else None
    if own:
        return redirect("console", doctor_id=own.id)
    found = [] if actor.role is Role.DOCTOR else consoles(actor)
    return render(request, "console/choose.html", {"doctors": found})


@page(policy=Permission.CONSOLE_USE)
def console(request: HttpRequest, doctor_id: UUID) -> HttpResponseBase:
    """The whole page, or, asked for by the page itself, the part that changes."""
    actor, now = actor_of(request), timezone.now()
    doctor, sequence = console_sequence(doctor_id)
    require_hands(actor, doctor)

    def context() -> dict[str, Any]:
        return _shown(actor, doctor, sequence, now)

    if request.headers.get("HX-Request"):
        mark = f"{actor.id} {doctor.version} {sequence} {now:%H:%M}"
        return live_part(request, mark, "console/_console.html", context)
    return render(request, "console/console.html", context())


@page(policy=Permission.CONSOLE_USE, methods=("POST",))
def act(request: HttpRequest, doctor_id: UUID, action: str) -> HttpResponseBase:
    """A button was pressed. Whatever came of it, the answer shows how things stand now."""
    actor = actor_of(request)
    doctor, _sequence = console_sequence(doctor_id)
    require_hands(actor, doctor)
    run = BUTTONS.get(action)
    if run is None:
        raise NotFound
    told: dict[str, Any] = {"message": "", "conflict": ""}
    status = 200
    try:
        told["message"] = run(request, doctor)
    except (Conflict, Invalid, HalfDone) as refusal:
        told["conflict"] = _explained(request, doctor, refusal)
        told["prescription"] = request.POST.get("prescription", "")
        told["rx_typed"] = prescribing.refused(request, doctor.id)
        told["dx_typed"] = request.POST.get("diagnosis", "")
        told["typed"] = {name: request.POST.get(name, "") for name in prescribing.SHOWN_AGAIN}
        told["rx_asks"] = action.startswith("rx-")
        told["template_asks"] = action == "template" and isinstance(refusal, NeedsReason)
        told["tests_typed"] = request.POST.get("tests", "")
        told["rx_reason"] = request.POST.get("override_reason", "")
        status = refusal.status
    htmx = bool(request.headers.get("HX-Request"))
    if status == 200 and not htmx:
        return redirect("console", doctor_id=doctor_id)
    doctor, sequence = console_sequence(doctor_id)
    template = "console/_console.html" if htmx else "console/console.html"
    shown = _shown(actor, doctor, sequence, timezone.now()) | told
    return render(request, template, shown, status=status)


class HalfDone(Conflict):
    """The visit is finished, but the next person could not be called."""

    code = "finished_not_called"
    detail = sentence("%(token)s is finished. The next person was not called: %(why)s")


@dataclass(frozen=True, slots=True)
class Move:
    """A button that makes one move of the visit it stands beside; `done` says it afterwards, about `%(token)s`."""

    command: Any
    done: str = ""
    for_doctor: bool = False
    takes_reason: bool = False
    reason: str = ""

    def __call__(self, request: HttpRequest, doctor: Any) -> str:
        arguments: dict[str, Any] = {"visit_id": visit_of(request), "expected_version": version_of(request)}
        if self.for_doctor:
            arguments["doctor_id"] = doctor.id
        if self.takes_reason:
            arguments["reason"] = typed(request, "reason")
            if len(arguments["reason"]) > LONGEST_REASON:
                raise Invalid
        elif self.reason:
            arguments["reason"] = gettext(self.reason)
        moved = run_form(request, self.command, lambda visit: {"token": visit.token.label}, **arguments)
        return gettext(self.done) % moved if self.done else ""


_HOLD = Move(queue.hold, sentence("%(token)s waits aside."), takes_reason=True)


def _hold(request: HttpRequest, doctor: Any) -> str:
    """Set the person aside; with places ticked, send them there for tests: they come back by themselves."""
    try:
        places = [UUID(place) for place in request.POST.getlist("tests")]
    except ValueError:
        raise Invalid from None
    if not places:
        return _HOLD(request, doctor)
    sent = run_form(
        request,
        queue.send_for_tests,
        lambda visit: {"token": visit.token.label},
        visit_id=visit_of(request),
        department_ids=places,
        reason=typed(request, "reason")[:LONGEST_REASON],
        expected_version=version_of(request),
    )
    return gettext("%(token)s is sent for tests and comes back by itself.") % sent


def _finish(request: HttpRequest, doctor: Any) -> str:
    """Finish the visit and sign what was prescribed."""
    text = typed(request, "prescription")
    if len(text) > LONGEST_PRESCRIPTION:
        raise Invalid({"prescription": [sentence("This prescription is too long.")]})
    prescribing.require_added(request)
    finished = run_form(
        request,
        complete,
        lambda done: {"token": done[0].token.label},
        visit_id=visit_of(request),
        doctor_id=doctor.id,
        prescription_text=text,
        override_reason=typed(request, "override_reason")[:LONGEST_REASON],
        note=note_typed(request),
        note_version=version_of(request, "note_version") if "note_version" in request.POST else 0,
        expected_version=version_of(request),
    )
    return gettext("Visit %(token)s is finished.") % finished


def _finish_and_call(request: HttpRequest, doctor: Any) -> str:
    """Two commands; the second only after the first, and only if the person shown still is the next."""
    following = {
        "visit_id": visit_of(request, "next_visit"),
        "expected_version": version_of(request, "next_version"),
        "doctor_id": doctor.id,
    }
    message = _finish(request, doctor)
    try:
        run_form(request, queue.call_if_next, lambda visit: {"token": visit.token.label}, "#call", **following)
    except (Conflict, Invalid) as refusal:
        why = _explained(request, doctor, refusal, "next_visit")
        raise HalfDone(token=token_of(visit_of(request)), why=why) from refusal
    return message


def _become(status: Availability) -> Run:
    """A button that sets whether the doctor sees people; of a break also why, and when it ends."""

    def run(request: HttpRequest, doctor: Any) -> str:
        minutes = typed(request, "minutes")
        if minutes and not (minutes.isdecimal() and 1 <= len(minutes) <= len(str(LONGEST_BREAK))):
            raise Invalid({"minutes": [sentence("Say the minutes in digits.")]})
        back_in = min(int(minutes), LONGEST_BREAK) if minutes else 0
        run_form(
            request,
            queue.set_availability,
            lambda doctor: {},
            doctor_id=doctor.id,
            status=status,
            reason=typed(request, "reason")[:LONGEST_AWAY],
            back_at=timezone.now() + timedelta(minutes=back_in) if back_in else None,
            expected_version=version_of(request),
        )
        return ""

    return run


BUTTONS: dict[str, Run] = {
    "call": Move(queue.call_if_next, for_doctor=True),
    "call-again": Move(queue.recall, sentence("%(token)s was called again.")),
    "start": Move(queue.start, for_doctor=True),
    "did-not-come": Move(
        queue.hold, sentence("%(token)s waits aside, for when they come."), reason=sentence("Did not come when called")
    ),
    "put-back": Move(queue.put_back, sentence("%(token)s is back in the old place.")),
    "hold": _hold,
    "resume": Move(queue.resume, sentence("%(token)s is in the queue again.")),
    "no-show": Move(queue.no_show, sentence("%(token)s was taken off the queue.")),
    "undo": Move(undo, sentence("%(token)s is as it was before.")),
    "finish": _finish,
    "finish-and-call": _finish_and_call,
    "dx-add": diagnosing.add,
    "dx-first": diagnosing.first,
    "dx-remove": diagnosing.remove,
    "dx-condition": diagnosing.condition,
    "follow-up": afterwards.follow_up,
    "refer": afterwards.refer,
    "refer-drop": afterwards.drop_referral,
    "diet": afterwards.add_diet,
    "diet-drop": afterwards.drop_diet,
    "rx-add": prescribing.add,
    "rx-favourite": prescribing.favourite,
    "rx-repeat": prescribing.repeat,
    "rx-remove": prescribing.remove,
    "rx-keep": prescribing.keep,
    "rx-drop": prescribing.drop,
    **ordering.BUTTONS,
    **templates.BUTTONS,
    "begin": _become(Availability.AVAILABLE),
    "pause": _become(Availability.PAUSED),
    "end": _become(Availability.OFFLINE),
}
"""Every button of the console by the last word of its address."""


def require_hands(actor: Actor, doctor: Any) -> None:
    """A doctor works at the own console only; others at those of doctors all of whose queues they serve."""
    if actor.role is Role.DOCTOR and doctor.staff_id != actor.id:
        raise Forbidden(permission=str(Permission.CONSOLE_USE))
    for department_id in doctor.department_ids:
        actor.require(Permission.VISIT_CALL, Scope(actor.facility_id, department_id))


def _shown(actor: Actor, doctor: Any, sequence: str, now: datetime) -> dict[str, Any]:
    """The console's context. Whoever sees a person's record there has opened it: once per visit that is audited."""
    view = console_view(doctor, sequence, actor, now)
    if actor.sees(Fields.CLINICAL):
        view["paper_last"] = paper_last(doctor.id, now)
    if actor.sees(Fields.HEALTH):
        alarming = in_danger([row["patient_id"] for row in view["waiting"]], now)
        for row in view["waiting"]:
            row["alarming"] = row["patient_id"] in alarming
    if actor.sees(Fields.CLINICAL):
        view |= ordering.marks([*view["waiting"], *view["held"]], doctor.id)
    if current := view["current"]:
        if actor.sees(Fields.HEALTH):
            view["health"] = strip(current["patient_id"], now)
        opened = Once.of(f"visit {current['visit_id']}", "console", {})
        with suppress(InFlight):
            record_opened.answer(
                opened,
                lambda _none: {},
                actor=actor,
                now=now,
                entity_type="patient",
                entity_id=current["patient_id"],
                reason=f"visit {current['visit_id']}",
            )
        if current["state"] == "IN_CONSULTATION":
            view["tests"] = test_departments()
            view["past"] = earlier_visits(actor, current["patient_id"], current["visit_id"], now)
            if actor.sees(Fields.CLINICAL):
                written = written_of(current["visit_id"])
                view["note"] = _note_fields(written)
                view["then"] = afterwards.shown(written, doctor.id, now)
                view["own"] = templates.shown(doctor, actor.id)
                view["dx"] = diagnosing.shown(written, doctor.id, view.get("health"))
                view["rx"] = prescribing.shown(current["visit_id"], current["patient_id"], doctor.id)
                view["ordering"] = ordering.shown(current["visit_id"], doctor.id, now)
    return view | {"longest_prescription": LONGEST_PRESCRIPTION, "sees_records": actor.may(Permission.BREAK_GLASS)}


def _note_fields(written: Written) -> dict[str, Any]:
    """The note beside a patient: `{version, signed, parts: [{name, label, text}]}`."""
    parts = [{"name": name, "label": gettext(label), "text": written.note[name]} for name, label in PARTS.items()]
    return {"version": written.version, "signed": bool(written.signed), "parts": parts, "longest": LONGEST_PART}


def _explained(request: HttpRequest, doctor: Any, refusal: DomainError, name: str = "visit") -> str:
    """A refusal in one sentence; where somebody was faster, who and when."""
    if isinstance(refusal, Conflict) and "version" in refusal.extra and (meanwhile := request.POST.get(name)):
        with suppress(ValueError, NotFound):
            if faster := acted_meanwhile(UUID(meanwhile), doctor.id):
                return faster
    return said(refusal)
