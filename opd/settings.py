"""Every setting of the project in one file; what differs between hospitals comes from the environment.

`.env.example` lists the variables. Keys are hexadecimal, 32 bytes each; several, comma-separated, rotate.
"""

import os
from datetime import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from apps.scheduling.rules.giving_up import read_refunds
from opd.logs import LOGGING as LOGGING
from opd.logs import configure_structlog
from opd.production import faults

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

DEBUG = env.bool("DJANGO_DEBUG", default=False)
DEMO = env.bool("OPD_DEMO", default=False)
DEMO_TODAY_EMPTY = DEMO and env.bool("OPD_DEMO_TODAY_EMPTY", default=False)
PRODUCTION = env.bool("OPD_PRODUCTION", default=False)
if PRODUCTION and (_wrong := faults(os.environ)):
    raise ImproperlyConfigured("Not fit for production:\n- " + "\n- ".join(_wrong))


def _key(name: str) -> str:
    """A secret. Without OPD_PRODUCTION, which demands it, one that everybody can know will do."""
    value: str = env.str(name, default="")
    return value or "".join(f"{ord(c):02x}" for c in name.ljust(32, "."))[:64]


SECRET_KEY = _key("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
FIELD_KEYS = _key("OPD_FIELD_KEY").split(",")
BLIND_INDEX_KEY = _key("OPD_BLIND_INDEX_KEY")
AUDIT_KEY = _key("OPD_AUDIT_KEY")
LINK_KEY = _key("OPD_LINK_KEY")
PEPPER = _key("OPD_PEPPER")
AUDIT_ANCHOR = Path(env.str("OPD_AUDIT_ANCHOR", default=str(BASE_DIR / ".opd" / "audit-anchor")))

PORT = env.int("PORT", default=8000)
PUBLIC_BASE_URL = env.str("PUBLIC_BASE_URL", default=f"http://localhost:{PORT}").rstrip("/")
_LOOPBACK = ["localhost", "127.0.0.1", "[::1]"]
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(PUBLIC_BASE_URL).hostname, *_LOOPBACK])
TRUSTED_ORIGINS = env.list(
    "TRUSTED_ORIGINS",
    default=[PUBLIC_BASE_URL, *([] if PRODUCTION else [f"http://{host}:{PORT}" for host in _LOOPBACK])],
)
CSRF_TRUSTED_ORIGINS = TRUSTED_ORIGINS
CORS_ALLOWED_ORIGINS = env.list("OPD_CORS_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/v1/"
CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS = ["authorization", "content-type", "idempotency-key", "x-request-id"]
CORS_EXPOSE_HEADERS = ["x-request-id", "retry-after"]
CORS_PREFLIGHT_MAX_AGE = 600
PROXIES = env.int("OPD_PROXIES", default=0)  # of our own, between us and whoever asks
RATE_SCALE = env.float("OPD_RATE_SCALE", default=1.0)
METRICS_TOKEN = env.str("OPD_METRICS_TOKEN", default="")

INSTALLED_APPS = [
    "opd",
    "apps.core",
    "apps.audit",
    "apps.notifications",
    "apps.accounts",
    "apps.live",
    "apps.patients",
    "apps.eta",
    "apps.scheduling",
    "apps.queue",
    "apps.encounters",
    "apps.billing",
    "apps.reporting",
    "apps.display",
    "opd.admin_site.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.forms",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels",
    "django_celery_beat",
    "corsheaders",
    "django_htmx",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
]

# The first five add headers to whatever comes from within, so that no answer is without.
MIDDLEWARE = [
    "apps.core.middleware.HeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "apps.core.middleware.TraceMiddleware",
    "apps.reporting.middleware.LatencyMiddleware",
    "apps.core.middleware.ShapeMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "apps.core.middleware.AllowListMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "apps.core.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "apps.accounts.middleware.ActorMiddleware",
    "opd.limits.middleware.LimitMiddleware",
    "apps.core.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "opd.urls"
ASGI_APPLICATION = "opd.asgi.application"
WSGI_APPLICATION = "opd.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "apps.accounts.views.house",
            ],
            "builtins": ["django.templatetags.i18n", "apps.core.templatetags.parchi"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"


def _database(url: str) -> dict[str, Any]:
    """PostgreSQL with a pool, and limits that keep one bad request from holding up a hall."""
    parsed: dict[str, Any] = env.db_url_config(url)
    parsed |= {
        "ENGINE": "opd.postgresql",
        "CONN_MAX_AGE": 0,
        "DISABLE_SERVER_SIDE_CURSORS": True,
    }
    size, after = env.int("DATABASE_POOL", default=20), env.int("OPD_PREPARE_AFTER", default=2)
    parsed["OPTIONS"] = {
        "options": "-c statement_timeout=10s -c lock_timeout=5s -c idle_in_transaction_session_timeout=15s",
        "connect_timeout": 5,
        "prepare_threshold": after if after >= 0 else None,
    } | ({"pool": {"min_size": 2, "max_size": size, "timeout": 5, "reconnect_timeout": 5}} if size else {})
    parsed["TEST"] = {"NAME": env.str("OPD_TEST_DB", default="test_opd")}
    return parsed


DATABASE_URL = env.str("DATABASE_URL", default="postgres://postgres@127.0.0.1:5432/opd")
DATABASE_OWNER_URL = env.str("DATABASE_OWNER_URL", default=DATABASE_URL)
DATABASES = {"default": _database(DATABASE_URL)}
if DATABASE_OWNER_URL != DATABASE_URL:
    DATABASES["owner"] = _database(DATABASE_OWNER_URL) | {"TEST": {"MIRROR": "default"}}
    DATABASES["owner"]["OPTIONS"] = {"connect_timeout": 5}
OWNER_DATABASE = "owner" if "owner" in DATABASES else "default"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [{"address": REDIS_URL, "socket_timeout": 2, "socket_connect_timeout": 2}]},
    }
}
LIVE_VIEWS = "opd.subscriptions.LIVE_VIEWS"
LIVE_SOCKETS_PER_PERSON = 30
LIVE_SOCKETS_PER_ADDRESS = 2_000  # a whole waiting room may come through one address; both times RATE_SCALE
CELERY_BROKER_URL = REDIS_URL
CELERY_BROKER_TRANSPORT_OPTIONS = {  # nobody waits for ever for a Redis that hangs
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "socket_keepalive": True,
}
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 120
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_TIMEZONE = "UTC"

MEETING_PROVIDER = env.str("OPD_MEETING_PROVIDER", default="apps.queue.providers.named_rooms.room")
MEETING_URL = env.str("OPD_MEETING_URL", default="https://meet.example")

SMS_ADAPTER = env.str("OPD_SMS_ADAPTER", default="")
CHANNEL_ADAPTERS = {
    "sms": SMS_ADAPTER or "apps.notifications.channels.nowhere.deliver",
    "push": "apps.notifications.channels.web_push.deliver",
}
# WhatsApp (Cloud API of Meta): the id of the number that messages come from, and its key; else nobody can choose it.
WHATSAPP_URL = env.str("OPD_WHATSAPP_URL", default="https://graph.facebook.com/v21.0")
WHATSAPP_SENDER = env.str("OPD_WHATSAPP_SENDER", default="")
WHATSAPP_KEY = env.str("OPD_WHATSAPP_KEY", default="")
if WHATSAPP_SENDER and WHATSAPP_KEY:
    CHANNEL_ADAPTERS["whatsapp"] = "apps.notifications.channels.whatsapp.deliver"
elif DEMO:
    CHANNEL_ADAPTERS["whatsapp"] = "apps.notifications.channels.nowhere.deliver"
# E-mail: a mail server as OPD_EMAIL_URL (smtp+tls://user:password@host:587), or a provider by django-anymail, with its
# name (mailgun, postmark, brevo ...) and its settings; else nobody can choose it.
DEFAULT_FROM_EMAIL = env.str("OPD_EMAIL_FROM", default="")
EMAIL_PROVIDER = env.str("OPD_EMAIL_PROVIDER", default="")
EMAIL_TIMEOUT = 5  # seconds for each step of the talk with a server
ANYMAIL = env.json("OPD_EMAIL_SETTINGS", default={}) | {
    "REQUESTS_TIMEOUT": (2, 5),
    "IGNORE_UNSUPPORTED_FEATURES": True,
    "DEBUG_API_REQUESTS": False,
}
EMAIL_REPORTS = ""
_mail_providers = {
    name.lower(): f"anymail.webhooks.{name.lower()}.{name}TrackingWebhookView"
    for name in ("Brevo", "MailerSend", "Mailgun", "Mailjet", "Postmark", "SendGrid", "SparkPost")
}
if EMAIL_PROVIDER and EMAIL_PROVIDER not in _mail_providers:
    raise ImproperlyConfigured(f"OPD_EMAIL_PROVIDER is one of {', '.join(_mail_providers)}.")
if EMAIL_PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{EMAIL_PROVIDER}.EmailBackend"
    EMAIL_REPORTS = _mail_providers[EMAIL_PROVIDER]
elif _mail := env.str("OPD_EMAIL_URL", default=""):
    vars().update(env.email_url_config(_mail))
if DEFAULT_FROM_EMAIL and not DEMO:
    CHANNEL_ADAPTERS["email"] = "apps.notifications.channels.email.deliver"
elif DEMO:
    CHANNEL_ADAPTERS["email"] = "apps.notifications.channels.nowhere.deliver"
# The ways by which a message is tried, one after the other; one that is not here is not used.
CHANNEL_ORDER = env.list("OPD_CHANNEL_ORDER", default=["whatsapp", "sms", "email"])
if "sms" not in CHANNEL_ORDER or set(CHANNEL_ORDER) - {"whatsapp", "sms", "email"}:
    raise ImproperlyConfigured("OPD_CHANNEL_ORDER has sms, and whatsapp and email where they are wanted.")
# By what providers sign their delivery reports; without a key none are taken.
REPORT_KEYS = {
    "sms": env.str("OPD_SMS_REPORT_KEY", default=""),
    "whatsapp": env.str("OPD_WHATSAPP_REPORT_KEY", default=""),
}
WHATSAPP_WORD = env.str("OPD_WHATSAPP_WORD", default="")  # by which Meta proves that the address is right
SMS_URL = env.str("OPD_SMS_URL", default="")
SMS_KEY = env.str("OPD_SMS_KEY", default="")
SMS_SENDER = env.str("OPD_SMS_SENDER", default="")

# Messages that can wait are not sent in these hours of the facility's clock; nobody gets more than so many in a day,
# codes to sign in apart.
QUIET_HOURS = tuple(time.fromisoformat(at) for at in env.str("OPD_QUIET_HOURS", default="21:00-07:00").split("-"))
MESSAGES_A_DAY = env.int("OPD_MESSAGES_A_DAY", default=30)

# The payment gateway (Razorpay): without a key nobody can pay by link. The demo has one of its own.
RAZORPAY_URL = env.str("OPD_RAZORPAY_URL", default="https://api.razorpay.com").rstrip("/")
RAZORPAY_KEY_ID = env.str("OPD_RAZORPAY_KEY_ID", default="")
RAZORPAY_KEY_SECRET = env.str("OPD_RAZORPAY_KEY_SECRET", default="")
RAZORPAY_WEBHOOK_SECRET = env.str("OPD_RAZORPAY_WEBHOOK_SECRET", default="")

PAYMENT_LINK_HOURS = env.int("OPD_PAYMENT_LINK_HOURS", default=24)
PRIORITY_MINUTES = env.int("OPD_PRIORITY_MINUTES", default=30)

# What comes back of what was paid for a booking that is given up: hours of notice and per cent, the longest first.
REFUNDS = read_refunds(env.str("OPD_REFUNDS", default="24:100,12:75,6:50"))

# Notifications of browsers (web push): our private key, 32 random bytes in hex; without one nobody can subscribe. Whom
# a push service writes to if something is wrong, and whose services may be asked at all.
PUSH_KEY = env.str("OPD_PUSH_KEY", default="")
PUSH_CONTACT = env.str("OPD_PUSH_CONTACT", default="mailto:admin@hospital.example")
PUSH_SERVICES = env.list(
    "OPD_PUSH_SERVICES",
    default=["fcm.googleapis.com", "push.services.mozilla.com", "push.apple.com", "notify.windows.com"],
)

# Leave: who is booked further ahead than this keeps their doctor, on another day; so long after it was taken, those
# who were moved are put back when it is withdrawn.
LEAVE_KEEPS_DOCTOR_DAYS = env.int("OPD_LEAVE_KEEPS_DOCTOR_DAYS", default=7)
# Minutes for which sweeps leave alone who has just come and what was just held, offered or stretched; a demonstration
# for checks keeps still for an hour. Whoever wants a place that is over gets it all the same.
SWEEPS_SPARE_MINUTES = env.int("OPD_SWEEPS_SPARE_MINUTES", default=60 if DEMO_TODAY_EMPTY else 0)
LEAVE_PUTS_BACK_MINUTES = env.int("OPD_LEAVE_PUTS_BACK_MINUTES", default=60)

# One-time codes of patients; not scaled by RATE_SCALE. What one phone may is fixed, in patients' rules.
CODE_COUNTRIES = env.list("OPD_CODE_COUNTRIES", default=["IN"])
CODE_CAPS = {
    "sends_prefix_hour": env.int("OPD_CODES_PER_PREFIX_HOUR", default=500),
    "sends_address_hour": env.int("OPD_CODES_PER_ADDRESS_HOUR", default=1_000),
    "sends_day": env.int("OPD_CODES_PER_DAY", default=10_000),
    "failures_address_hour": env.int("OPD_WRONG_CODES_PER_ADDRESS_HOUR", default=1_000),
    "failures_hour": env.int("OPD_WRONG_CODES_PER_HOUR", default=2_000),
    "failures_day": env.int("OPD_WRONG_CODES_PER_DAY", default=5_000),
}

AUTH_USER_MODEL = "accounts.Staff"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = [
    "apps.accounts.hashers.StaffPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
OTP_TOTP_ISSUER = "OPD"
# An administrator approves every device that staff sign in from; the demo's staff sign in from anywhere.
DEVICE_APPROVAL = env.bool("OPD_DEVICE_APPROVAL", default=not DEMO)
# The hospital's own identity provider (OpenID Connect), where it has one. It matches people by verified e-mail.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_ADMIN_OTP = env.bool("OIDC_ADMIN_OTP", default=True)
LOGIN_URL = "/login/staff/"
LOGIN_REDIRECT_URL = "/"

# The signed cookie only carries the secret of a row in accounts' one table of credentials, which decides.
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
SESSION_COOKIE_AGE = 24 * 3600  # the longest of all sign-ins; each one's own row ends it
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SCREEN_COOKIE_NAME = "screen"  # a waiting hall\'s screen, apart from whoever is signed in on the same machine
CSRF_FAILURE_VIEW = "apps.core.pages.csrf_failure"
DEVICE_COOKIE_NAME = "__Host-device" if PRODUCTION else "device"
if PRODUCTION:
    SESSION_COOKIE_NAME = "__Host-sessionid"
    SCREEN_COOKIE_NAME = "__Host-screen"
    CSRF_COOKIE_NAME = "__Host-csrftoken"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SECURE_SSL_REDIRECT = True  # of pages; programs are refused (ShapeMiddleware), probes need no TLS
    SECURE_SSL_HOST = urlsplit(PUBLIC_BASE_URL).netloc
    SECURE_REDIRECT_EXEMPT = [r"^api/", r"^health", r"^metrics$"]
    if PROXIES:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *[o.replace("http", "ws", 1) for o in TRUSTED_ORIGINS if "[" not in o]],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
        "report-uri": ["/csp-report"],
    }
}
# Whatever reaches a sensor, a device, money or another site's business. Passkeys, codes from messages, sound and
# full screen stay with our own pages.
PERMISSIONS_POLICY: dict[str, list[str]] = {
    feature: []
    for feature in (
        *("accelerometer", "browsing-topics", "camera", "display-capture", "gyroscope"),
        *("hid", "identity-credentials-get", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi"),
        *("payment", "serial", "storage-access", "sync-xhr", "usb", "xr-spatial-tracking"),
    )
} | {"geolocation": ["self"]}  # asked for once, when somebody checks in by phone
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_048_576
LARGEST_BODIES = {"/api/v1/patient/checkin": 65_536, "/checkin": 65_536, "/csp-report": 8_192}  # others: as above
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
DATA_UPLOAD_MAX_NUMBER_FILES = 10

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("hi", "हिन्दी"), ("ta", "தமிழ்")]  # for patients: docs/languages.md
STAFF_LANGUAGES = ["en", "hi"]  # of these, the ones that the pages for staff speak, too
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

STATIC_URL = "static/"
STATIC_ROOT = env.str("OPD_STATIC_ROOT", default="") or None
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
WHITENOISE_KEEP_ONLY_HASHED_FILES = True

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],  # DRF reads these before `apps.core.api` can exist: a view that is
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],  # no Endpoint lets nobody in
    "DEFAULT_SCHEMA_CLASS": "apps.core.shapes.HouseSchema",
    "EXCEPTION_HANDLER": "apps.core.api.handle_exception",
    "DEFAULT_PAGINATION_CLASS": "apps.core.api.Page",
    "UNAUTHENTICATED_USER": None,
    "STRICT_JSON": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "OPD",
    "DESCRIPTION": "Runs a hospital's outpatient department.",
    "VERSION": "1.0.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SERVE_AUTHENTICATION": [],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "ENABLE_DJANGO_DEPLOY_CHECK": False,  # it is about names in the document; what guards patients is elsewhere
    "COMPONENT_SPLIT_REQUEST": True,
    "POSTPROCESSING_HOOKS": [],  # lists of choices stand where they are used and need no names of their own
    "COMPONENT_SPLIT_PATCH": False,  # our serializers say themselves what may be left out
}

configure_structlog()
