"""The sockets by their addresses: who opens each, who may say what over it, and what it offers."""

from typing import Any, ClassVar

from channels.consumer import AsyncConsumer

from apps.accounts.queries import actor_at_board, actor_of_scope
from apps.core.policy import PUBLIC, Actor, Permission, Policy
from apps.live.talk import LiveConsumer, Receive


class PatientQueue(LiveConsumer):
    """`/ws/patient-queue/`: somebody's own place, by the token of their tracking link in a frame."""

    policy = {
        "join-queue": Permission.VISIT_READ_OWN,
        "get-queue-status": Permission.VISIT_READ_OWN,
        "leave-queue": PUBLIC,
        "heartbeat": PUBLIC,
    }


class StaffConsumer(LiveConsumer):
    """Base of the sockets of staff, who are known by their session, a bearer token, or a ticket in a frame."""

    policy = {
        "subscribe": Permission.QUEUE_READ,
        "get-queue-status": Permission.QUEUE_READ,
        "leave-queue": PUBLIC,
        "heartbeat": PUBLIC,
    }

    async def opened_by(self, scope: dict[str, Any]) -> Actor | None:
        """Whoever is signed in."""
        return await actor_of_scope(scope)


class DoctorConsole(StaffConsumer):
    """`/ws/doctor-console/`: a doctor's own queue and those of the departments."""

    offers = frozenset({"doctor", "staff", "dept", "facility"})


class AdminDashboard(StaffConsumer):
    """`/ws/admin-dashboard/`: the desk and whoever watches over the whole house."""

    offers = frozenset({"desk", "doctor", "staff", "dept", "facility"})


class DisplayBoards(LiveConsumer):
    """`/ws/display-boards/`: what hangs in the halls, for screens, staff or anybody; the board's view decides."""

    policy = {"subscribe": PUBLIC, "get-queue-status": PUBLIC, "leave-queue": PUBLIC, "heartbeat": PUBLIC}
    offers = frozenset({"board"})

    async def opened_by(self, scope: dict[str, Any]) -> Actor | None:
        """Whoever is signed in and may look at boards, else the paired screen itself."""
        return await actor_at_board(scope)


class Refused(AsyncConsumer):
    """What is refused before it is a socket: other addresses, other origins. It needs no Redis for that either."""

    policy: ClassVar[Policy] = PUBLIC

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Any) -> None:
        await receive()
        await send({"type": "websocket.close"})
