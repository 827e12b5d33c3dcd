"""Words that stand nowhere else, planted in a whole visit, and where they must not be found: logs, Redis, tasks."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import redis

from tests.faults.hospital import Hospital, Somebody, until
from tests.faults.rush import doctor_ids, take_over

DOCTOR, PLACE = "joshi", "ORT"


class Planted:
    """What was planted, by what it is: health, people and messages."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}

    def new(self, what: str) -> str:
        """A word to plant."""
        return self.keep(what, f"Canary{uuid4().hex[:12]}")

    def keep(self, what: str, word: str) -> str:
        """Something else that must stand nowhere."""
        self.words[what] = word
        return word

    def found_in(self, text: str) -> set[str]:
        """What of it stands in a text, also as JSON would write it."""
        return {what for what, word in self.words.items() if word in text or json.dumps(word)[1:-1] in text}


def whole_visit(hospital: Hospital) -> Planted:
    """Somebody comes, is measured, seen, written about, prescribed for, told, billed and pays."""
    planted = Planted()
    meera, nurse, cashier = (Somebody(hospital, name) for name in ("reception", "nurse", "cashier"))
    rao, doctor_id = Somebody(hospital, DOCTOR), doctor_ids(meera)[DOCTOR]
    take_over(rao, doctor_id)
    place = next(row["id"] for row in meera.insist("GET", "/departments")["results"] if row["code"] == PLACE)
    phone = planted.keep("phone", f"98{uuid4().int % 10**8:08}")
    person = {
        "name": planted.new("name"),
        "sex": "female",
        "age": 40,
        "phone": phone,
        "address": planted.new("address"),
    }
    patient = meera.insist("POST", "/patients", person, key=uuid4().hex)["id"]
    about = {"departmentId": place, "patientId": patient, "symptoms": [planted.new("symptom")]}
    visit = meera.insist("POST", "/visits", about, key=uuid4().hex)["visitId"]
    signs = {"systolic": "150", "diastolic": "95", "pulse": "88"}
    nurse.insist("POST", f"/encounters/{visit}/vitals", signs, key=uuid4().hex)
    until(lambda: bool(_told(hospital, phone)), "they are told that they are checked in")
    until(lambda: _is_called(rao, doctor_id, visit), "it is their turn")
    until(lambda: any("your turn" in text for text in _told(hospital, phone)), "they are told that they are called")
    rao.insist("POST", f"/doctor/visits/{visit}/start", {}, key=uuid4().hex)
    fact = {"kind": "allergy", "what": planted.new("allergy"), "severity": "severe"}
    rao.insist("POST", f"/patients/{patient}/health", fact, key=uuid4().hex)
    note = {part: planted.new(part) for part in ("subjective", "objective", "assessment", "plan")}
    rao.insist("PATCH", f"/encounters/{visit}", note | {"version": 0})
    rao.ask("PATCH", f"/encounters/{visit}", note | {"version": 0})  # refused: it has another version by now
    medicine = {"prescriptionText": planted.new("prescription")}
    rao.insist("POST", f"/doctor/visits/{visit}/complete", medicine, key=uuid4().hex)
    _pay(cashier, visit, planted)
    _keep_messages(hospital, phone, planted)
    planted.keep("access token", rao.access())
    return planted


def _is_called(doctor: Somebody, doctor_id: str, visit: str) -> bool:
    """Call whoever is next, and see off whoever else that is."""
    called = doctor.ask("POST", "/doctor/queue/call-next", {"doctorId": doctor_id}, key=uuid4().hex).body or {}
    found = called.get("visitId")
    if found and found != visit:
        doctor.insist("POST", f"/doctor/visits/{found}/start", {}, key=uuid4().hex)
        doctor.insist("POST", f"/doctor/visits/{found}/complete", {}, key=uuid4().hex)
    return bool(found == visit)


def _pay(cashier: Somebody, visit: str, planted: Planted) -> None:
    invoice = cashier.insist("POST", "/invoices", {"visitId": visit}, key=uuid4().hex)
    off = {"percent": "1", "reason": planted.new("why it is cheaper")}
    cashier.insist("POST", f"/invoices/{invoice['id']}/discounts", off, key=uuid4().hex)
    if invoice["status"] == "DRAFT":
        invoice = cashier.insist("POST", f"/invoices/{invoice['id']}/issue", {}, key=uuid4().hex)
    paid = {"amount": invoice["balance"], "method": "upi", "reference": planted.new("reference")}
    cashier.insist("POST", f"/invoices/{invoice['id']}/payments", paid, key=uuid4().hex)


def _told(hospital: Hospital, phone: str) -> list[str]:
    """What was said to a phone so far."""
    listed: Any = hospital.ask("GET", "/demo/messages.json").body
    return [message["text"] for message in listed or [] if str(message["to"]).endswith(phone)]


def _keep_messages(hospital: Hospital, phone: str, planted: Planted) -> None:
    """What was said to the phone, and the secret of each link in it."""
    for number, text in enumerate(_told(hospital, phone)):
        planted.keep(f"message {number}", text)
        for word in text.split():
            if "/t/" in word:
                planted.keep(f"link {number}", urlsplit(word).path.strip("/").split("/")[1].rstrip("."))


@contextmanager
def overheard(hospital: Hospital) -> Iterator[Callable[[], str]]:
    """Everything that is said to Redis from now on, arguments of tasks included."""
    heard, ends, address = bytearray(), threading.Event(), urlsplit(hospital.settings["REDIS_URL"])
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=0.5) as ear:
        ear.sendall(f"AUTH {address.password}\r\nMONITOR\r\n".encode())

        def listen() -> None:
            while not ends.is_set():
                with contextlib.suppress(TimeoutError):
                    heard.extend(ear.recv(65_536))

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield lambda: heard.decode(errors="replace")
        finally:
            ends.set()
            thread.join()


def kept_by_redis(hospital: Hospital) -> str:
    """Every key with its value."""
    store = redis.Redis.from_url(hospital.settings["REDIS_URL"], socket_timeout=10)
    kinds: dict[bytes, Callable[[bytes], Any]] = {
        b"string": store.get,
        b"list": lambda key: store.lrange(key, 0, -1),
        b"set": store.smembers,
        b"zset": lambda key: store.zrange(key, 0, -1),
        b"hash": store.hgetall,
        b"stream": lambda key: store.xrange(key),
    }
    return "\n".join(f"{key!r} {kinds[store.type(key)](key)!r}" for key in store.scan_iter() if store.exists(key))


def logged(home: Path) -> str:
    """Every log of the house."""
    return "\n".join(path.read_text(errors="replace") for path in sorted((home / "log").iterdir()) if path.is_file())
