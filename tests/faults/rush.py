"""A full hall over HTTP at a steady pace: nobody repeats a request, and whatever is not answered at once is noted."""

import statistics
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.faults.hospital import Hospital, Somebody, until

DOCTORS = {"rao": "GEN", "nair": "GEN", "khan": "PED", "murugan": "ORT", "joshi": "ORT"}
NAMES = {"rao": "Dr Suresh Rao", "nair": "Dr Anjali Nair", "khan": "Dr Farah Khan"} | {
    "murugan": "Dr K. Murugan",
    "joshi": "Dr Meera Joshi",
}
"""The doctors of the demo hospital."""

PEOPLE_PER_SECOND = 4.0
"""Each takes five requests: register, check in, call, start, complete."""


def doctor_ids(somebody: Somebody) -> dict[str, str]:
    """The doctors' ids by account."""
    known = {row["name"]: row["id"] for row in somebody.insist("GET", "/doctors?pageSize=100")["results"]}
    return {account: known[name] for account, name in NAMES.items()}


def take_over(doctor: Somebody, doctor_id: str) -> None:
    """Sit down for a doctor: from the first act on, the day that plays by itself leaves the doctor alone."""
    doctor.insist("PATCH", f"/doctors/{doctor_id}/status", {"status": "AVAILABLE"})

    def is_free() -> bool:
        answer = doctor.ask("POST", "/doctor/queue/call-next", {"doctorId": doctor_id})
        visit = answer.body["visitId"] if answer.body and "visitId" in answer.body else None
        if visit and answer.body["state"] == "CALLED":
            doctor.ask("POST", f"/doctor/visits/{visit}/start", {})
        if visit:
            doctor.ask("POST", f"/doctor/visits/{visit}/complete", {})
        return answer.status == 200

    until(is_free, f"{doctor.account} has nobody in the room")


@dataclass
class Rush:
    """Meera at the desk and five doctors, each in a thread of their own."""

    hospital: Hospital
    requests: int = 0
    failures: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    """How long each answer took."""
    stands: dict[str, str] = field(default_factory=dict)
    """The last state of each visit that somebody was told."""

    def __post_init__(self) -> None:
        self.meera = Somebody(self.hospital, "reception")
        self.doctors = {account: Somebody(self.hospital, account) for account in DOCTORS}
        self.ids = doctor_ids(self.meera)
        rows = self.meera.insist("GET", "/departments")["results"]
        self.places = {row["code"]: row["id"] for row in rows}
        for account in DOCTORS:
            take_over(self.doctors[account], self.ids[account])

    def work(self, seconds: float) -> None:
        """Let everybody work for so long."""
        ends = time.monotonic() + seconds
        tasks: list[tuple[Callable[[int], None], float]] = [(self._arrive, PEOPLE_PER_SECOND)]
        tasks += [(self._seeing(account), PEOPLE_PER_SECOND / len(DOCTORS)) for account in DOCTORS]
        threads = [threading.Thread(target=_at_pace, args=(task, pace, ends)) for task, pace in tasks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _arrive(self, number: int) -> None:
        person = {"name": f"Person {uuid4().hex[:8]}", "sex": "female", "age": 20 + number % 60, "phone": ""}
        patient = self._once(self.meera, "/patients", person)
        if patient:
            place = list(DOCTORS.values())[number % len(DOCTORS)]
            about = {"departmentId": self.places[place], "patientId": patient["id"]}
            self._note(self._once(self.meera, "/visits", about))

    def _seeing(self, account: str) -> Callable[[int], None]:
        doctor, doctor_id = self.doctors[account], self.ids[account]

        def see(number: int) -> None:
            visit = self._once(doctor, "/doctor/queue/call-next", {"doctorId": doctor_id})
            if self._note(visit):
                self._note(self._once(doctor, f"/doctor/visits/{visit['visitId']}/start", {}))
                about = {"doctorId": doctor_id, "prescriptionText": "Paracetamol 500 mg"}
                self._note(self._once(doctor, f"/doctor/visits/{visit['visitId']}/complete", about))

        return see

    def _once(self, who: Somebody, path: str, body: dict[str, Any]) -> Any:
        began = time.monotonic()
        answer = who.ask("POST", path, body, key=uuid4().hex)
        self.seconds.append(time.monotonic() - began)
        self.requests += 1
        if answer.status not in (200, 201):
            self.failures.append(f"POST {path}: {answer.status} {answer.body}")
            return None
        return answer.body

    def _note(self, visit: Any) -> bool:
        if not visit or "visitId" not in visit:
            return False
        self.stands[visit["visitId"]] = visit["state"]
        return True

    def lost(self) -> Iterator[str]:
        """Visits that do not stand where somebody was told they do; who waits may have been called meanwhile."""
        for visit, state in self.stands.items():
            found = self.meera.insist("GET", f"/visits/{visit}")["state"]
            if found != state and (state == "COMPLETED" or found == "SCANNED"):
                yield f"{visit}: told {state}, found {found}"

    def __str__(self) -> str:
        done = sum(state == "COMPLETED" for state in self.stands.values())
        p95 = statistics.quantiles(self.seconds, n=20)[-1] * 1000
        return (
            f"{self.requests} requests, {len(self.failures)} failed; {len(self.stands)} visits, {done} seen to their "
            f"end; answered within {p95:.0f} ms (p95), {max(self.seconds) * 1000:.0f} ms at most"
        )


def _at_pace(task: Callable[[int], None], per_second: float, ends: float) -> None:
    """Do something so often a second, later if the one before took longer."""
    pause, number, due = threading.Event(), 0, time.monotonic()
    while (now := time.monotonic()) < ends:
        if due > now:
            pause.wait(due - now)
        task(number)
        number += 1
        due = max(due + 1 / per_second, time.monotonic() - 1)
