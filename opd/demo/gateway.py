"""A payment gateway in which nothing is real: it speaks as Razorpay does, over HTTP, with a page to "pay" on.

The demonstration's (`manage.py demo_gateway`) and the tests'. What it was told it keeps in memory; whoever pays makes
it send signed webhooks, each three times and in the wrong order, since the real one may, too.
"""

import hashlib
import hmac
import json
import logging
import re
import time
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_hex
from threading import Event, Lock, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

TIMES = 3
"""How often each webhook is sent."""

ADDRESS = "127.0.0.1"
log = logging.getLogger(__name__)

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Demo payment</title><body><main><h1>Demo payment service</h1><p>{about}: <b>{sum}</b></p><p>Nothing is paid
here. In a real hospital this is the page of its payment service.</p>{button}</main>"""
BUTTON = '<form method="post"><button type="submit">Pay {sum}</button></form>'
OVER = "<p>This link is not valid any more.</p>"
BACK = '<p>Paid. <a href="{back}">Back to the hospital</a></p>'


class DemoGateway:
    """One gateway. `tells` is where its webhooks go, "" for nowhere; while `hangs` is set nobody gets an answer."""

    def __init__(self, port: int = 0, *, tells: str = "", secret: str = "") -> None:
        self.tells, self.secret = tells, secret
        self.links: dict[str, dict[str, Any]] = {}
        self.refunds: dict[str, list[dict[str, Any]]] = {}
        self.keys: dict[str, dict[str, Any]] = {}
        self.asked: list[tuple[str, str, str]] = []
        self.hangs, self.lock = Event(), Lock()
        self.server = ThreadingHTTPServer((ADDRESS, port), _handler(self))
        self.server.daemon_threads = True
        self.url = f"http://{ADDRESS}:{self.server.server_port}"

    def start(self) -> "DemoGateway":
        """Serve in a thread of its own."""
        Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def close(self) -> None:
        """Stop serving."""
        self.hangs.clear()
        self.server.shutdown()
        self.server.server_close()

    def make_link(self, asked: dict[str, Any]) -> dict[str, Any]:
        """A link as it was asked for."""
        reference = f"plink_{token_hex(7)}"
        made = asked | {"id": reference, "short_url": f"{self.url}/pay/{reference}", "status": "created"}
        self.links[reference] = made | {"payments": []}
        return self.links[reference]

    def pay(self, reference: str) -> dict[str, Any]:
        """Somebody pays a link: once. Its webhooks go out at the same time; the payment."""
        with self.lock:
            link = self.links[reference]
            if link["payments"]:
                paid: dict[str, Any] = link["payments"][0]
                return paid
            if link["status"] != "created" or time.time() > link.get("expire_by", time.time()):
                raise LookupError(reference)
            payment = {"payment_id": f"pay_{token_hex(7)}", "amount": link["amount"], "status": "captured"}
            link["payments"], link["status"] = [payment], "paid"
        Thread(target=self._tell_paid, args=(link, payment), daemon=True).start()
        return payment

    def cancel(self, reference: str) -> dict[str, Any]:
        """Nothing more is taken by a link that was not paid."""
        with self.lock:
            link = self.links[reference]
            if link["status"] != "created":
                raise LookupError(reference)
            link["status"] = "cancelled"
            return link

    def give_back(self, payment_ref: str, asked: dict[str, Any], key: str = "") -> dict[str, Any]:
        """A refund of a payment: one of one key."""
        with self.lock:
            if key in self.keys:
                return self.keys[key]
            made = self._give_back(payment_ref, asked)
            self.keys |= {key: made} if key else {}
            return made

    def _give_back(self, payment_ref: str, asked: dict[str, Any]) -> dict[str, Any]:
        link = next(link for link in self.links.values() if payment_ref in self._payments(link))
        made = {"id": f"rfnd_{token_hex(7)}", "payment_id": payment_ref, "currency": link["currency"], **asked}
        self.refunds.setdefault(payment_ref, []).append(made)
        about = {"refund": {"entity": made}, "payment": {"entity": self.entity(link, payment_ref)}}
        Thread(target=self.tell, args=("refund.processed", about), daemon=True).start()
        return made

    def entity(self, link: dict[str, Any], payment_ref: str) -> dict[str, Any]:
        """A payment as it stands in events. Who paid stands there too, and is nobody's business but theirs."""
        return {
            "id": payment_ref,
            "amount": link["amount"],
            "currency": link["currency"],
            "notes": link.get("notes") or [],
            "contact": "+919000000099",
            "email": "payer@example.com",
        }

    def tell(self, name: str, about: dict[str, Any]) -> None:
        """Send one event, as often as it is sent."""
        body = json.dumps({"entity": "event", "event": name, "payload": about}).encode()
        signature = hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()
        headers = {"X-Razorpay-Signature": signature, "X-Razorpay-Event-Id": token_hex(7)}
        for _ in range(TIMES if self.tells else 0):
            try:
                httpx.post(self.tells, content=body, headers={"Content-Type": "application/json"} | headers, timeout=5)
            except httpx.HTTPError as error:
                log.warning("webhook not taken", extra={"error": type(error).__name__})

    def _tell_paid(self, link: dict[str, Any], payment: dict[str, Any]) -> None:
        about = {"payment": {"entity": self.entity(link, payment["payment_id"])}}
        self.tell("payment_link.paid", about | {"payment_link": {"entity": link}})
        self.tell("payment.captured", about)
        self.tell("payment.authorized", about)

    def _payments(self, link: dict[str, Any]) -> list[str]:
        return [payment["payment_id"] for payment in link["payments"]]


def _handler(gateway: DemoGateway) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """The gateway's API, and the page to pay on."""

        def do_GET(self) -> None:
            self._answer({})

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            self._answer(json.loads(text) if text.startswith("{") else {})

        def log_message(self, *_: Any) -> None:
            """Nothing is said of requests."""

        def _answer(self, body: dict[str, Any]) -> None:
            while gateway.hangs.is_set():
                gateway.hangs.wait(0.1)
                self.connection.settimeout(0.1)
                if self._gone():
                    return
            at = urlsplit(self.path)
            gateway.asked.append((self.command, at.path, json.dumps(body)))
            try:
                self._route(at.path, parse_qs(at.query), body)
            except (LookupError, StopIteration):
                self._json({"error": {"code": "BAD_REQUEST_ERROR"}}, 400)

        def _gone(self) -> bool:
            try:
                return self.connection.recv(1) == b""
            except TimeoutError:
                return False
            except OSError:
                return True

        def _route(self, path: str, query: dict[str, list[str]], body: dict[str, Any]) -> None:
            if page := re.fullmatch(r"/pay/(plink_\w+)", path):
                self._page(page[1])
            elif path == "/v1/payment_links" and self.command == "POST":
                self._json(gateway.make_link(body))
            elif path == "/v1/payment_links":
                wanted = query["reference_id"][0]
                self._json({"payment_links": [x for x in gateway.links.values() if x["reference_id"] == wanted]})
            elif link := re.fullmatch(r"/v1/payment_links/(plink_\w+)", path):
                self._json(gateway.links[link[1]])
            elif link := re.fullmatch(r"/v1/payment_links/(plink_\w+)/cancel", path):
                self._json(gateway.cancel(link[1]))
            elif refund := re.fullmatch(r"/v1/payments/(pay_\w+)/refunds?", path):
                found = gateway.refunds.get(refund[1], [])
                key = self.headers.get("X-Refund-Idempotency", "")
                self._json(gateway.give_back(refund[1], body, key) if self.command == "POST" else {"items": found})
            else:
                raise LookupError(path)

        def _page(self, reference: str) -> None:
            link = gateway.links[reference]
            if self.command == "POST":
                gateway.pay(reference)
            total = f"₹{link['amount'] / 100:,.2f}"
            done = BACK.format(back=escape(link["callback_url"], quote=True))
            button = {"paid": done, "cancelled": OVER}.get(link["status"], BUTTON.format(sum=total))
            self._send(PAGE.format(about=escape(link["description"]), sum=total, button=button), "text/html")

        def _json(self, told: dict[str, Any], status: int = 200) -> None:
            self._send(json.dumps(told), "application/json", status)

        def _send(self, text: str, kind: str, status: int = 200) -> None:
            body = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
