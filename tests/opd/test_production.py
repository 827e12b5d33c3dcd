"""A hospital's own installation starts only with everything it must have."""

import os
import secrets
import subprocess
import sys
from pathlib import Path

import pytest

from opd.production import APPLICATION_KEYS, GATEWAY, faults

GOOD = {
    "OPD_PRODUCTION": "1",
    "DATABASE_URL": "postgres://opd_app:0c27f1d2@127.0.0.1:1/opd",
    "REDIS_URL": "redis://:5d1a77c0@127.0.0.1:1/0",
    "PUBLIC_BASE_URL": "https://opd.asha-hospital.org",
    "OPD_PROXIES": "1",
    "OPD_SMS_ADAPTER": GATEWAY,
    "OPD_SMS_URL": "https://sms.asha-hospital.org/send",
    "OPD_SMS_KEY": "8f21c07d55",
    **{name: secrets.token_hex(32) for name in APPLICATION_KEYS},
}

WRONG = {
    "OPD_DEMO": "1",
    "DJANGO_DEBUG": "true",
    "SECRET_KEY": "",
    "OPD_FIELD_KEY": "0" * 64,
    "OPD_BLIND_INDEX_KEY": "ab" * 16,
    "OPD_AUDIT_KEY": "change me please " * 4,
    "OPD_LINK_KEY": GOOD["OPD_PEPPER"],
    "OPD_PEPPER": "4f50445f504550504552" + "2e" * 22,
    "SECRET_KEY_FALLBACKS": "django-insecure-key",
    "DATABASE_URL": "",
    "REDIS_URL": "",
    "PUBLIC_BASE_URL": "http://opd.asha-hospital.org",
    "ALLOWED_HOSTS": "opd.asha-hospital.org,*",
    "TRUSTED_ORIGINS": "http://opd.asha-hospital.org",
    "OPD_CORS_ORIGINS": "https://*.asha-hospital.org",
    "OPD_SMS_ADAPTER": "",
    "OPD_SMS_URL": "http://sms.asha-hospital.org/send",
    "OPD_SMS_KEY": "",
}


def test_a_fit_environment_has_no_fault():
    assert faults(GOOD) == []


@pytest.mark.parametrize(("name", "value"), WRONG.items(), ids=WRONG)
def test_each_of_these_keeps_it_from_starting(name, value):
    found = faults(GOOD | {name: value})
    assert any(name in fault for fault in found)
    assert not value or len(value) < 6 or not any(value in fault for fault in found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgres://opd_app:password@127.0.0.1:5432/opd"),
        ("DATABASE_OWNER_URL", "postgres://opd_owner:password@127.0.0.1:5432/opd"),
        ("DATABASE_URL", "postgres://postgres:0c27f1d2@127.0.0.1:5432/opd"),
        ("REDIS_URL", "redis://:password@127.0.0.1:6379/0"),
        ("PUBLIC_BASE_URL", "https://opd.hospital.example"),
        ("PUBLIC_BASE_URL", "https://opd.asha-hospital.org/opd"),
        ("ALLOWED_HOSTS", ".asha-hospital.org"),
        ("TRUSTED_ORIGINS", "https://opd.asha-hospital.org/"),
        ("OPD_SMS_ADAPTER", "apps.notifications.channels.nowhere.deliver"),
        ("OPD_SMS_URL", ""),
    ],
)
def test_what_stands_in_examples_keeps_it_from_starting_too(name, value):
    assert any(name in fault for fault in faults(GOOD | {name: value}))


def test_keys_in_rotation_are_held_to_the_same():
    older, short, live = secrets.token_hex(32), secrets.token_hex(8), GOOD["OPD_FIELD_KEY"]
    assert faults(GOOD | {"OPD_FIELD_KEY": f"{live},{older}", "SECRET_KEY_FALLBACKS": secrets.token_hex(32)}) == []
    assert faults(GOOD | {"OPD_FIELD_KEY": f"{live},{short}"})
    assert faults(GOOD | {"SECRET_KEY_FALLBACKS": short})
    assert faults(GOOD | {"SECRET_KEY_FALLBACKS": GOOD["SECRET_KEY"]})


def manage(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=Path(__file__).resolve().parents[2],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=100,
    )


def test_djangos_own_list_for_deployment_finds_nothing():
    done = manage(GOOD, "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stderr


def test_it_does_not_start_and_says_why_without_showing_a_key():
    done = manage(GOOD | {"OPD_DEMO": "1", "OPD_PEPPER": GOOD["SECRET_KEY"]}, "check")
    assert done.returncode != 0
    assert "OPD_DEMO must be off" in done.stderr
    assert "SECRET_KEY and OPD_PEPPER must differ" in done.stderr
    assert GOOD["SECRET_KEY"] not in done.stderr


ASKED = """
import django; django.setup()
from django.conf import settings
from django.test import Client
names = "SESSION CSRF LANGUAGE".split()
print([getattr(settings, f"{n}_COOKIE_{what}") for n in names for what in "NAME SECURE HTTPONLY SAMESITE".split()])
for address, how in [
    ("/login/staff/", {}), ("/login/staff/", {"secure": True}), ("/api/v1/auth/me", {}), ("/health/live", {}),
    ("/login/staff/", {"HTTP_X_FORWARDED_PROTO": "https"}), ("/api/docs/", {"secure": True}),
    ("/api/schema/", {"secure": True}), ("/metrics", {"secure": True, "REMOTE_ADDR": "203.0.113.9"}),
]:
    answer = Client(headers={"Host": "opd.asha-hospital.org"}).get(address, **how)
    print(address, answer.status_code, answer.get("Location", ""), answer.get("Strict-Transport-Security", ""))
"""


@pytest.mark.parametrize("proxies", ["0", "1"])
def test_cookies_https_and_what_is_not_public(proxies):
    done = manage(GOOD | {"OPD_PROXIES": proxies}, "shell", "-v", "0", "-c", ASKED)
    assert done.returncode == 0, done.stderr
    cookies, *answers = done.stdout.splitlines()
    assert cookies == str(
        [
            part
            for name in ("__Host-sessionid", "__Host-csrftoken", "__Host-language")
            for part in (name, True, True, "Lax")
        ]
    )
    told = "max-age=31536000; includeSubDomains; preload"
    elsewhere = "https://opd.asha-hospital.org/login/staff/"
    # The address of the database leads nowhere, so that a page that was let through is 503.
    by_proxy = f"/login/staff/ 503  {told}" if proxies == "1" else f"/login/staff/ 301 {elsewhere} "
    assert answers == [
        f"/login/staff/ 301 {elsewhere} ",
        f"/login/staff/ 503  {told}",
        "/api/v1/auth/me 403  ",
        "/health/live 200  ",
        by_proxy,
        f"/api/docs/ 401  {told}",
        f"/api/schema/ 401  {told}",
        f"/metrics 404  {told}",
    ]
