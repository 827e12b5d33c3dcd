"""What is public about the demonstration hospital; production refuses to run with it."""

DEMO_DOMAIN = "demo.opd"
DEMO_PASSWORD = "opd-demo-2026"  # noqa: S105 - printed on the start page
DEMO_SECRET = "JBSWY3DPEHPK3PXP"  # noqa: S105 - base32, for an authenticator app
"""The second factor of the demonstration's administrator."""
