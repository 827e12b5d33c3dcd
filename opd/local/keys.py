"""The secrets of one home, made at random once and kept in `secrets.env`, readable by its owner only."""

import secrets
from pathlib import Path

from opd.local.home import Trouble, write_atomically
from opd.production import APPLICATION_KEYS

SERVER_PASSWORDS = ("POSTGRES_PASSWORD", "OPD_OWNER_PASSWORD", "OPD_APP_PASSWORD", "VALKEY_PASSWORD")
"""Passwords of the home's own servers; they reach a program only inside the addresses it is given."""

FOR_THE_DEMO = ("OPD_PUSH_KEY", "OPD_RAZORPAY_WEBHOOK_SECRET")
"""What a hospital may go without, but the home of `make run` has."""

_HEADER = "# Made at random for this home. Without it the home's data cannot be read.\n"


def load_secrets(folder: Path) -> dict[str, str]:
    """Every secret of the home by name; those not yet there are made."""
    path = folder / "secrets.env"
    try:
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except PermissionError as error:
        raise Trouble(f"{path} belongs to another user; run as that user or set OPD_HOME.") from error
    pairs = (line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))
    found = {name.strip(): value.strip() for name, value in pairs}
    missing = [name for name in (*APPLICATION_KEYS, *FOR_THE_DEMO, *SERVER_PASSWORDS) if not found.get(name)]
    if missing:
        found |= {name: secrets.token_hex(32) for name in missing}
        lines = [f"{name}={value}\n" for name, value in found.items()]
        write_atomically(path, "".join([_HEADER, *lines]))
    return found
