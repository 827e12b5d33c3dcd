"""The registry and patients' sign-in over HTTP."""
