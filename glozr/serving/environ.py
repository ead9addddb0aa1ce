"""What a WSGI application is told of a request: nothing but the request."""

import sys
from io import BytesIO
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment
from wsgiref.util import FileWrapper

BLOCK_BYTES = 64 * 1024
UNPREFIXED = {b"content-type": "CONTENT_TYPE"}
NOT_PASSED_ON = {b"content-length", b"transfer-encoding"}

_variables: dict[bytes, str] = {}


def environ_of(scope: Any, body: bytes, length: int) -> WSGIEnvironment:
    """Without the process's own environment, which would stand in every report of an error."""
    host, port = scope["server"]
    path: bytes = scope["raw_path"]
    if b"%" in path:
        path = unquote_to_bytes(path)
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": host,
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": f"HTTP/{scope['http_version']}",
        "REMOTE_ADDR": scope["client"][0],
        "REMOTE_PORT": str(scope["client"][1]),
        "CONTENT_LENGTH": str(length) if length else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope["scheme"],
        "wsgi.input": BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.file_wrapper": _blocks,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in scope["headers"]:
        variable = _variables.get(name) or _variable(name)
        if not variable:
            continue
        text = value.decode("latin-1")
        if variable in environ:
            separator = "; " if name == b"cookie" else ","
            text = f"{environ[variable]}{separator}{text}"
        environ[variable] = text
    return environ


def _variable(name: bytes) -> str:
    """Empty for a header that is not passed on.

    One with an underscore would pass for its twin with a hyphen, which a proxy of ours has set.
    """
    if name in NOT_PASSED_ON or b"_" in name:
        return ""
    variable = UNPREFIXED.get(name) or "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
    if len(_variables) < 200:  # not what strangers make up without end
        _variables[name] = variable
    return variable


def _blocks(file: Any, block_size: int) -> FileWrapper:
    return FileWrapper(file, max(block_size, BLOCK_BYTES))
