"""How much of a request is read: each limit once, for server, forms and the API alike."""

JSON_BYTES = 256 * 1024
JSON_FIELDS = 100
"""Of the object that a body is."""
JSON_DEPTH = 32
"""Of objects and lists within each other; a variant's configuration may be 20 deep by itself."""

FORM_BYTES = 1024 * 1024
"""Ten variants at their longest, each character of them percent-encoded."""
FORM_FIELDS = 500
"""Also of an address: its query is read as a form is."""
ENTRANCE_BYTES = 16 * 1024
"""Of a form that anybody may send: to sign in, to reset a password, to take up an invitation."""

API = ("/api/", "/ofrep/", "/mcp")
"""What begins so is answered as JSON, whatever happens to it."""
MAIL_PROGRAMS = "/notices/off/"
"""Mail programs post here, as a form of several parts (RFC 8058) without a file."""
ENTRANCES = ("/accounts/", "/invitations/", "/demo/", "/admin/login/", MAIL_PROGRAMS)


def most_bytes(path: str) -> int:
    """How long a body that is sent to `path` may be."""
    if path.startswith(API):
        return JSON_BYTES
    return ENTRANCE_BYTES if path.startswith(ENTRANCES) else FORM_BYTES
