"""Django's settings, all from the environment (docs/operations.md). Mistakes are reported by config/checks.py."""

import os
import sys
from pathlib import Path

import django_stubs_ext
from django.utils.translation import gettext_lazy as _

from config import environment, mail, secrets_store, storage, tunables
from config.openapi import options as openapi

django_stubs_ext.monkeypatch()

ENV = environment.read()
BASE_DIR = environment.CHECKOUT
DATA_DIR = Path(ENV.text("DATA_DIR", str(BASE_DIR / "var"))).absolute()
PRODUCTION = bool(ENV.text("DATABASE_URL"))
TESTING = "pytest" in sys.modules or ENV.flag("MASKLINE_TEST_BUILD")
DEBUG = False

HOST = ENV.text("HOST", "127.0.0.1")
PORT = ENV.whole("PORT", 8000, 1, 65535)
MASKLINE_PUBLIC_URL = ENV.text("MASKLINE_PUBLIC_URL", f"http://{HOST}:{PORT}").rstrip("/")
ALLOWED_HOSTS = ENV.words("MASKLINE_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = [MASKLINE_PUBLIC_URL] if MASKLINE_PUBLIC_URL.startswith(("http://", "https://")) else []
MASKLINE_TRUSTED_PROXIES = ENV.networks("MASKLINE_TRUSTED_PROXIES")

# --- secrets -------------------------------------------------------------------------------------------------------
_SECRETS = secrets_store.load(ENV, DATA_DIR, production=PRODUCTION)
SECRET_KEY = _SECRETS.secret_key
MASKLINE_DATA_KEY = _SECRETS.data_key

# --- databases -----------------------------------------------------------------------------------------------------
# MASKLINE_EMBEDDED_* are set by bin/* for the private servers they start; people set DATABASE_URL and REDIS_URL.
_DATABASE_URL = ENV.text("DATABASE_URL") or ENV.text(
    "MASKLINE_EMBEDDED_DATABASE_URL", f"postgresql://maskline@/maskline?host={DATA_DIR / 'run'}"
)
DATABASES = {"default": environment.django_database(_DATABASE_URL, ENV, "DATABASE_URL")}
if ENV.text("DATABASE_REPLICA_URL"):
    DATABASES["replica"] = environment.django_database(ENV.text("DATABASE_REPLICA_URL"), ENV, "DATABASE_REPLICA_URL")
    DATABASES["replica"]["TEST"] = {"MIRROR": "default"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = ENV.text("REDIS_URL") or ENV.text(
    "MASKLINE_EMBEDDED_REDIS_URL", f"unix://{DATA_DIR / 'run' / 'redis.sock'}"
)
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "maskline",
    }
}

# --- applications --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "common",
    "accounts",
    "notifications",
    "privacy",
    "billing",
    "console",
    "config",
]
MIDDLEWARE = [
    "privacy.api.machines.MachineDoorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "console.middleware.ViewerMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
APPEND_SLASH = True
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
            ]
        },
    }
]

# --- people --------------------------------------------------------------------------------------------------------
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/admin/login/"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = MASKLINE_PUBLIC_URL.startswith("https://")
X_FRAME_OPTIONS = "DENY"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# unfold's Alpine needs unsafe-eval; nothing needs an inline script.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'", "'unsafe-eval'"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "img-src": ["'self'", "data:"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
        "base-uri": ["'self'"],
        "object-src": ["'none'"],
    }
}

# --- language and time ---------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
MASKLINE_DISPLAY_ZONE = ENV.text("MASKLINE_DISPLAY_ZONE", "Asia/Shanghai")

# --- files ---------------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = DATA_DIR / "static"
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA_DIR
MASKLINE_EXPORT_DIR = DATA_DIR / "exports"
_FILES = "django.core.files.storage.FileSystemStorage"
STORAGES = {
    "default": {"BACKEND": _FILES},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    **storage.stores(ENV, DATA_DIR),
}
# A body over this is refused with 413 before it is read (contract: 8 MiB at /upstream).
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# --- mail ----------------------------------------------------------------------------------------------------------
_MAIL = mail.read(ENV, MASKLINE_PUBLIC_URL)
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _MAIL.backend, _MAIL.host, _MAIL.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _MAIL.user, _MAIL.password
EMAIL_USE_TLS, EMAIL_USE_SSL, EMAIL_TIMEOUT = _MAIL.starttls, _MAIL.tls, mail.SECONDS
DEFAULT_FROM_EMAIL = SERVER_EMAIL = _MAIL.sender

# --- the product's own settings ------------------------------------------------------------------------------------
MASKLINE = tunables.read(ENV)
# Where a push goes as its application is now (notifications.destinations).
PUSH_ROUTER = "privacy.rerouting.urls_now"

REST_FRAMEWORK = {
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}

# The OpenAPI file of the machines' doors: /api/schema/ and /api/docs/.
SPECTACULAR_SETTINGS = openapi.options(MASKLINE_PUBLIC_URL)

# --- Celery: measured against kill -9 of worker, child, beat and Redis; docs/decisions.md ---------------------------
CELERY_BROKER_URL = environment.celery_redis(REDIS_URL)
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_ACKS_ON_FAILURE_OR_TIMEOUT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_TASK_TRACK_STARTED = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "health_check_interval": 10,
    "socket_timeout": 30,
    "socket_connect_timeout": 5,
    "socket_keepalive": True,
    "retry_on_timeout": True,
}
CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"visibility_timeout": 900}
CELERY_VISIBILITY_TIMEOUT = 900
CELERY_TASK_TIME_LIMIT = 600
CELERY_TASK_SOFT_TIME_LIMIT = 540
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE = True
CELERY_WORKER_MAX_TASKS_PER_CHILD = 1000
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
# An export may take an hour; settlement and the heartbeat must not wait behind two of them.
CELERY_TASK_ROUTES = {"console.tasks.run_job": {"queue": "jobs"}}
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_CRON_STARTING_DEADLINE = 3600
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- logs: method, path and route name, never a query or a body ------------------------------------------------------
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"surprising": {"()": "config.logs.Surprising"}},
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        "django.request": {"handlers": ["stderr"], "filters": ["surprising"], "level": "ERROR", "propagate": False},
        "django.security.DisallowedHost": {"handlers": ["stderr"], "level": "CRITICAL", "propagate": False},
    },
}

_SITE = _("Maskline")
UNFOLD = {
    "SITE_TITLE": _SITE,
    "SITE_HEADER": _SITE,
    "SITE_SYMBOL": "shield_lock",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "config.unfold.favicon"}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "ENVIRONMENT": "config.unfold.environment_badge",
    "SIDEBAR": {"show_search": False, "show_all_applications": False, "navigation": "config.unfold.navigation"},
}
os.environ.setdefault("PGTZ", "UTC")
