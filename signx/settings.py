"""All settings. Values come from the environment (.env.example explains each); a wrong one
stops the start and names itself. Secrets may also be given as files: NAME_FILE=/path.
"""

from __future__ import annotations

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from signx.env import (
    Hosts,
    at_least,
    authorities,
    certificates,
    choice,
    env,
    fernet_keys,
    hosts,
    mailbox,
    needed,
    url,
)

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env.str("SIGNX_DATA_DIR", default=str(BASE_DIR / "var")))

DEBUG = env.bool("SIGNX_DEBUG", default=False)
needed("SIGNX_SECRET_KEY")
SECRET_KEY = env.str("SIGNX_SECRET_KEY")
# The first key encrypts, all of them decrypt: put a new one in front to rotate.
ENCRYPTION_KEYS = fernet_keys("SIGNX_ENCRYPTION_KEYS")

PUBLIC_URL = url("SIGNX_PUBLIC_URL", default="http://127.0.0.1:8000")
ALLOWED_HOSTS = env.list("SIGNX_ALLOWED_HOSTS", default=[PUBLIC_URL.split("//")[1].split(":")[0]])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
IS_HTTPS = PUBLIC_URL.startswith("https://")

INSTALLED_APPS = [
    "signx.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "django_q",
    "rest_framework",
    "outbox",
    "bitrix24",
    "journal",
    "employees",
    "documents",
    "robots",
    "signx",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "signx.http.SecurityHeadersMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "signx.http.BusyMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "signx.http.ErrorsMiddleware",
    "bitrix24.frame.session.FrameSessionMiddleware",
]

ROOT_URLCONF = "signx.urls"
WSGI_APPLICATION = "signx.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "signx.http.page_context",
            ]
        },
    }
]

# --- Data -----------------------------------------------------------------------------------
DATABASE_URL = env.str("DATABASE_URL", default="") or f"sqlite:///{DATA_DIR}/signx.sqlite3"
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    SQLITE_SYNCHRONOUS = env.str("SIGNX_SQLITE_SYNCHRONOUS", default="FULL")  # OFF in tests
    # IMMEDIATE: a writer takes its lock at BEGIN, so read-then-write never ends in SQLITE_BUSY.
    # FULL: what was answered with 200 survives a power cut.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": f"PRAGMA journal_mode=WAL; PRAGMA synchronous={SQLITE_SYNCHRONOUS};",
    }
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

MEDIA_ROOT = DATA_DIR / "files"
STATIC_URL = "/static/"
STATIC_ROOT = DATA_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    # Never served by URL: every download goes through a view that checks who asks.
    "default": {"BACKEND": "signx.storage.WholeFiles"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}

# --- Language and time ----------------------------------------------------------------------
LANGUAGE_CODE = "ru"
LANGUAGES = [("ru", _("Russian")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = USE_TZ = True
FORMAT_MODULE_PATH = "signx.formats"
TIME_ZONE = env.str("SIGNX_TIME_ZONE", default="Europe/Moscow")

# --- Web security ---------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_REFERRER_POLICY = "same-origin"  # not no-referrer: it turns Origin into null on our forms
# Browsers ignore it on plain http and complain.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin" if IS_HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_HTTPS
SECURE_SSL_REDIRECT = env.bool("SIGNX_SSL_REDIRECT", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
TRUSTED_PROXIES = env.int("SIGNX_TRUSTED_PROXIES", default=0)
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
LOGIN_URL = "admin:login"
CSRF_FAILURE_VIEW = "documents.access.public_pages.csrf_failure"

# --- Bitrix24 -------------------------------------------------------------------------------
BITRIX24_CLIENT_ID = env.str("BITRIX24_CLIENT_ID", default="")
BITRIX24_CLIENT_SECRET = env.str("BITRIX24_CLIENT_SECRET", default="")
# Only these hosts ever see the client secret; the first one is asked when a portal names none.
BITRIX24_AUTH_SERVERS = env.list(
    "BITRIX24_AUTH_SERVERS",
    default=["https://oauth.bitrix24.tech", "https://oauth.bitrix.info"],
)
BITRIX24_JS_URL = env.str("BITRIX24_JS_URL", default="https://api.bitrix24.com/api/v1/")
# Our own share of a portal's limits. The portal's bucket holds 50 requests and leaks 2 a second
# (Enterprise: 250 and 5); ours is smaller, because requests may arrive closer than they were sent.
BITRIX24_RATE_PER_S = env.float("BITRIX24_RATE_PER_S", default=2.0)
BITRIX24_BURST = env.int("BITRIX24_BURST", default=45)
# Execution time that a portal grants one method within ten minutes (cloud 480, self-hosted 420).
BITRIX24_OPERATING_LIMIT_S = env.int("BITRIX24_OPERATING_LIMIT_S", default=420)
# Portals that may live on private addresses: "crm.corp.example", "host:8443@10.0.0.5".
SELF_HOSTED_PORTALS: Hosts = hosts("SELF_HOSTED_PORTALS")
# A company's own authorities, believed by connections to portals beside the usual ones.
CA_CERTIFICATES = authorities("SIGNX_CA_FILE")
BITRIX24_TIMEOUT_S = (5, 60)  # connect, read: a portal cuts every request at 60 s

Q_CLUSTER = {
    "name": "signx",
    "orm": "default",
    "workers": env.int("SIGNX_WORKERS", default=2),
    "poll": 0.2,
    "timeout": 180,
    "retry": 420,  # above timeout + queue_limit tasks: the rows own the retries, not the queue
    "queue_limit": 4,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": 500,
    "label": _("Background work"),
}

# --- Mail -----------------------------------------------------------------------------------
vars().update(env.email_url("SIGNX_SMTP_URL", default="smtp://127.0.0.1:25"))
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("SIGNX_MAIL_FROM", default="SIGNX <noreply@localhost>")
SUPPORT_EMAIL = env.str("SIGNX_SUPPORT_EMAIL", default="support@localhost")
# Where undelivered letters come back to: read every 5 minutes, or told by a provider's webhook.
BOUNCE_ADDRESS = env.str("SIGNX_BOUNCE_ADDRESS", default="")
BOUNCE_MAILBOX = mailbox("SIGNX_BOUNCE_MAILBOX")
MAIL_WEBHOOK_SECRET = env.str("SIGNX_MAIL_WEBHOOK_SECRET", default="")

# --- SMS ------------------------------------------------------------------------------------
SMS_GATEWAY = choice("SIGNX_SMS_GATEWAY", ("", "console", "smsc", "smsru", "http"))
SMS_LOGIN = env.str("SIGNX_SMS_LOGIN", default="")
SMS_PASSWORD = env.str("SIGNX_SMS_PASSWORD", default="")
SMS_SENDER = env.str("SIGNX_SMS_SENDER", default="")
# Any other gateway, field by field; outbox.sms_gateways says what each of them means.
SMS_HTTP = {
    "url": env.str("SIGNX_SMS_URL", default=""),
    "method": env.str("SIGNX_SMS_METHOD", default="POST"),
    "body": env.str("SIGNX_SMS_BODY", default="form"),
    "fields": env.json("SIGNX_SMS_FIELDS", default={}),
    "headers": env.json("SIGNX_SMS_HEADERS", default={}),
    "accepted": env.str("SIGNX_SMS_ACCEPTED", default=""),
    "refused": env.list("SIGNX_SMS_REFUSED", default=[]),
}
if SMS_GATEWAY == "http":
    needed("SIGNX_SMS_URL", "SIGNX_SMS_FIELDS", "SIGNX_SMS_ACCEPTED")
if SMS_GATEWAY in {"smsc", "smsru"}:
    needed("SIGNX_SMS_PASSWORD")

# --- Product --------------------------------------------------------------------------------
OPERATOR_NAME = env.str("SIGNX_OPERATOR", default="SIGNX")
FREE_SIGNATURES = env.int("SIGNX_FREE_SIGNATURES", default=5)
FILE_LIMIT_BYTES = env.int("SIGNX_FILE_LIMIT_MB", default=40) * 1024 * 1024
PAGE_LIMIT = env.int("SIGNX_PAGE_LIMIT", default=300)
SIGNATURE_KEY_TYPE = choice("SIGNX_KEY_TYPE", ("ec-p256", "rsa-3072"))
# How provable every signature is (ETSI EN 319 142-1); above B-B a time-stamping server is asked.
PADES_LEVEL = choice("SIGNX_PADES_LEVEL", ("B-B", "B-T", "B-LT", "B-LTA"))
TSA_URLS = env.list("SIGNX_TSA_URLS", default=[])  # in the order of trying
TSA_CERTIFICATES = certificates("SIGNX_TSA_CERTIFICATES")
TSA_TIMEOUT_S = env.float("SIGNX_TSA_TIMEOUT_S", default=10)
if PADES_LEVEL != "B-B" and not (TSA_URLS and TSA_CERTIFICATES):
    raise ImproperlyConfigured(
        f"SIGNX_PADES_LEVEL={PADES_LEVEL} needs SIGNX_TSA_URLS and SIGNX_TSA_CERTIFICATES"
    )
# Authorities whose signers are believed in signatures brought from outside (.sig).
QUALIFIED_ROOTS = certificates("SIGNX_QUALIFIED_ROOTS")
# A token keeps the platform's private keys; without a module they lie encrypted in the database.
PKCS11_MODULE = env.str("SIGNX_PKCS11_MODULE", default="")
PKCS11_TOKEN = env.str("SIGNX_PKCS11_TOKEN", default="")
PKCS11_PIN = env.str("SIGNX_PKCS11_PIN", default="")
REST_LOG_DAYS = at_least("SIGNX_REST_LOG_DAYS", 3, default=7)  # Market rule: three days or more
# One-time codes are counted by the day; after that they are of no use to anybody.
CODE_DAYS = at_least("SIGNX_CODE_DAYS", 2, default=30)
# Robot calls with their inputs, for support; the journal keeps the fact for ever.
ROBOT_CALL_DAYS = at_least("SIGNX_ROBOT_CALL_DAYS", 7, default=90)
# Delivered messages and answers; reports of returned letters come within days.
DELIVERY_DAYS = at_least("SIGNX_DELIVERY_DAYS", 30, default=90)
# How long after an uninstallation "with data" the portal's data are deleted; a new installation
# before that finds them all.
WIPE_AFTER_DAYS = at_least("SIGNX_WIPE_AFTER_DAYS", 0, default=30)

REST_FRAMEWORK: dict[str, object] = {
    "EXCEPTION_HANDLER": "signx.http.api_exception_handler",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"()": "signx.logs.MaskingFormatter"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("SIGNX_LOG_LEVEL", default="INFO")},
    "loggers": {name: {"level": "WARNING"} for name in ("django-q", "pikepdf")},
}
