import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glozr.settings")
application = get_wsgi_application()
# Load the views now rather than in the first request, and tell the garbage collector that what
# is loaded stays: looking through all of it again and again took a tenth of a request's time.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
