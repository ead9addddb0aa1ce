import gc
import multiprocessing
import os
import signal
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

if multiprocessing.current_process().name == "granian-worker":
    # Until it serves, a worker has the handlers of the server that it was forked from, which do
    # nothing here: told to end while it loads, it would serve all the same, and be killed amid
    # its requests. It has none yet, so it may simply end.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glozr.settings")
application = get_wsgi_application()
# Load the views now rather than in the first request, and tell the garbage collector that what
# is loaded stays: looking through all of it again and again took a tenth of a request's time.
import_module(settings.ROOT_URLCONF)
gc.collect()
gc.freeze()
