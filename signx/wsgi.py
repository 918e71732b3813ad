"""The WSGI application: `granian --interface wsgi signx.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "signx.settings")
application = get_wsgi_application()
