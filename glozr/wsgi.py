import gc
import os
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module
from io import BytesIO
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import OperationalError, connection

from glozr.inputs.limits import most_bytes

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "glozr.settings")
django_application = get_wsgi_application()

from glozr.serving.short_way import ShortWay  # noqa: E402

# Load the views now rather than in the first request, and tell the garbage collector that what
# is loaded stays: looking through all of it again and again took a tenth of a request's time.
import_module(settings.ROOT_URLCONF)
short_way = ShortWay(django_application)
gc.collect()
gc.freeze()


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The product, which takes a body that comes in chunks, where Django would see none."""
    if environ.get("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        # One byte more than its address takes, so that it is refused as what declares its length.
        body = environ["wsgi.input"].read(most_bytes(environ.get("PATH_INFO", "")) + 1)
        environ["wsgi.input"], environ["CONTENT_LENGTH"] = BytesIO(body), str(len(body))
    return short_way(environ, start_response)


def before_serving() -> None:
    """Before the first request of a process, which may have been forked from one that has loaded
    this long ago: the embedded database is looked for, so that no request waits for its start, nor
    starts again what somebody has stopped; what stands before another is found out, and said."""
    database = connection.settings_dict
    if database.get("EMBEDDED"):
        database["HOST"] = ""
    with suppress(OperationalError):
        connection.ensure_connection()
    connection.close()
