"""How passwords are stored."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class StaffPasswordHasher(Argon2PasswordHasher):
    """Argon2id with 46 MiB and three passes on one core: about 100 ms, so that ten people signing in at the
    start of a shift neither wait nor fill the machine's memory. OWASP's least is one pass."""

    time_cost = 3
    memory_cost = 47_104
    parallelism = 1
