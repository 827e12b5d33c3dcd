"""Signing in through a hospital's identity provider: a small real one, over HTTP, with keys of its own."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client

from apps.accounts import provider
from apps.accounts.models import Credential, FailedTries, Staff, StaffDevice
from apps.accounts.rules.tries import MOST_FAILURES
from apps.core.policy import Role
from tests import cast
from tests.cast import app_code, give_app

TO, BACK, ME, CODE = "/login/provider/", "/login/provider/back/", "/api/v1/auth/me", "/login/staff/code/"
CLIENT = "opd"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
FOREIGN_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Idp:
    """The provider. `claims` go into its next token; `key` and `algorithm` sign it."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    key: Any = KEY
    algorithm: str = "RS256"
    told: list[dict[str, list[str]]] = field(default_factory=list)
    dripping: str = ""
    """The path at which it answers a byte at a time, until `dry`."""
    dry: threading.Event = field(default_factory=threading.Event)

    def describe(self) -> dict[str, Any]:
        at = self.issuer
        return {
            "issuer": at,
            "authorization_endpoint": f"{at}/authorize",
            "token_endpoint": f"{at}/token",
            "jwks_uri": f"{at}/keys",
        }

    def keys(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(KEY.public_key()))
        return {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}

    def token(self) -> dict[str, Any]:
        signed = jwt.encode(self.claims, self.key, algorithm=self.algorithm, headers={"kid": "one"})
        return {"access_token": "x", "token_type": "Bearer", "id_token": signed}


@pytest.fixture
def idp(settings: Any, db: None) -> Iterator[Idp]:
    """A provider on this machine, and a hospital that uses it."""
    known = Idp()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.tell(known.keys() if self.path == "/keys" else known.describe())

        def do_POST(self) -> None:
            known.told.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            self.tell(known.token())

        def tell(self, body: dict[str, Any]) -> None:
            if self.path == known.dripping:
                self.drip()
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def drip(self) -> None:
            with suppress(OSError):  # whoever asked has hung up
                self.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
                while not known.dry.wait(0.02):
                    self.wfile.write(b"x")

        def log_message(self, *args: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    known.issuer = settings.OIDC_ISSUER = f"http://127.0.0.1:{server.server_port}"
    settings.OIDC_CLIENT_ID, settings.OIDC_CLIENT_SECRET = CLIENT, "hush"
    provider._endpoints.cache_clear()
    yield known
    known.dry.set()
    server.shutdown()
    thread.join()
    server.server_close()
    provider._endpoints.cache_clear()


def come(client: Client, idp: Idp, staff: Staff | None, wanted: str = "", **claims: Any) -> Any:
    """Somebody goes to the provider and comes back with its answer, whose claims may be other than they should."""
    asked = parse_qs(urlsplit(client.get(TO, {"next": wanted}).url).query)
    proper = {
        "iss": idp.issuer,
        "aud": CLIENT,
        "sub": "42",
        "exp": int(time.time()) + 60,
        "iat": int(time.time()),
        "nonce": asked["nonce"][0],
        "email": staff.email if staff else "nobody@hospital.test",
        "email_verified": True,
    }
    idp.claims = {name: value for name, value in (proper | claims).items() if value is not None}
    return client.get(BACK, {"code": "abc", "state": asked["state"][0]})


def test_whoever_the_provider_vouches_for_comes_in_to_their_own_account(client, idp, meera):
    answer = come(client, idp, meera, wanted="/admin/desk/find/")
    assert (answer.status_code, answer.url) == (302, "/admin/desk/find/")
    assert client.get(ME).json()["id"] == str(meera.id)
    assert set(client.session.keys()) == {"credential"}
    (told,) = idp.told
    assert told["code"] == ["abc"]
    assert told["redirect_uri"] == [f"http://testserver{BACK}"]
    assert len(told["code_verifier"][0]) >= 43


def test_the_sign_in_page_offers_it_where_there_is_one(client, idp, settings):
    assert TO in client.get("/login/staff/").content.decode()
    settings.OIDC_ISSUER = ""
    assert TO not in client.get("/login/staff/").content.decode()
    assert [client.get(path).status_code for path in (TO, BACK)] == [404, 404]


@pytest.mark.parametrize(
    "wrong",
    [
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"azp": "another", "aud": [CLIENT, "another"]},
        {"iss": "https://evil.test"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"exp": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
        {"email": None},
        {"email": ["meera@hospital.test"]},
        {"email": "somebody.unknown@hospital.test"},
    ],
    ids=str,
)
def test_any_other_answer_lets_nobody_in(client, idp, meera, wrong):
    answer = come(client, idp, meera, **wrong)
    assert answer.status_code == 401
    assert client.get(ME).status_code == 401
    assert not Credential.objects.exists()
    assert Staff.objects.count() == 1


@pytest.mark.parametrize(("key", "algorithm"), [(FOREIGN_KEY, "RS256"), ("hush" * 8, "HS256"), ("", "none")])
def test_a_token_that_the_provider_did_not_sign_lets_nobody_in(client, idp, meera, key, algorithm):
    idp.key, idp.algorithm = key, algorithm
    assert come(client, idp, meera).status_code == 401
    assert not Credential.objects.exists()


def test_an_answer_that_nobody_asked_for_lets_nobody_in(client, idp, meera):
    assert client.get(BACK, {"code": "abc", "state": "made-up"}).status_code == 401
    come(client, idp, meera)
    victim, told = Client(), parse_qs(urlsplit(client.get(TO).url).query)
    assert victim.get(BACK, {"code": "abc", "state": told["state"][0]}).status_code == 401
    assert victim.get(BACK).status_code == 401
    assert client.get(BACK, {"error": "denied", "state": told["state"][0]}).status_code == 401


def test_who_left_does_not_come_in(client, idp, meera):
    Staff.objects.update(is_active=False)
    assert come(client, idp, meera).status_code == 401


def test_a_provider_that_is_away_is_said_and_no_error(client, idp, settings):
    settings.OIDC_ISSUER = "http://127.0.0.1:9"
    assert client.get(TO).status_code == 401


@pytest.mark.parametrize("path", ["/.well-known/openid-configuration", "/token", "/keys"])
def test_a_provider_that_answers_a_byte_at_a_time_is_not_listened_to_for_ever(client, idp, meera, monkeypatch, path):
    asked = "" if path.startswith("/.well") else client.get(TO).url
    monkeypatch.setattr(provider, "TIMEOUT", 0.5)
    idp.dripping = path
    if not asked:
        assert client.get(TO).status_code == 401
        return
    idp.claims = {"sub": "42"}
    state = parse_qs(urlsplit(asked).query)["state"][0]
    assert client.get(BACK, {"code": "abc", "state": state}).status_code == 401
    assert not Credential.objects.exists()


def test_a_provider_that_describes_another_is_not_believed(client, idp, settings, monkeypatch):
    monkeypatch.setattr(idp, "describe", lambda: Idp.describe(idp) | {"issuer": "https://evil.test"})
    assert client.get(TO).status_code == 401


def test_a_role_is_never_taken_from_the_provider(client, idp, meera):
    come(client, idp, meera, role="ADMIN", roles=["ADMIN"], groups=["ADMIN"], is_staff=True)
    assert Staff.objects.get().role == Role.RECEPTION


def test_strangers_who_lock_the_password_do_not_lock_this_door(client, idp, meera):
    for _ in range(MOST_FAILURES):
        Client().post("/login/staff/", {"email": meera.email, "password": "x"})
    assert FailedTries.objects.get().locked_until
    assert come(client, idp, meera).status_code == 302


def test_the_device_rule_holds_here_too(client, idp, meera, settings):
    settings.DEVICE_APPROVAL = True
    answer = come(client, idp, meera)
    assert answer.status_code == 403
    assert StaffDevice.objects.get().number in answer.content.decode()
    assert client.get(ME).status_code == 401


def test_administrators_are_asked_for_our_code_unless_the_settings_leave_it_to_the_provider(client, idp, settings):
    farida = cast.farida()
    assert come(client, idp, farida).url == "/login/staff/second-factor/"
    give_app(farida)
    assert come(client, idp, farida).url == CODE
    assert client.get(ME).status_code == 401
    assert client.post(CODE, {"code": app_code(farida)}).status_code == 302
    settings.OIDC_ADMIN_OTP = False
    browser = Client()
    assert come(browser, idp, farida).url == "/admin/"
    assert browser.get(ME).json()["id"] == str(farida.id)
