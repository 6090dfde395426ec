"""The WSGI application that gunicorn serves."""

import os
from threading import Thread

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# A request does not wait longer than this for a lock: whoever sent it is told to try again.
os.environ.setdefault("PGOPTIONS", "-c lock_timeout=5s")
application = get_wsgi_application()

from accounts.datakeys import verify_at_start  # noqa: E402  (models need the application set up)
from common import areas  # noqa: E402

verify_at_start()
# Else the first customer of each process whose X is selected near A would wait for it.
Thread(target=areas.load, name="areas", daemon=True).start()
