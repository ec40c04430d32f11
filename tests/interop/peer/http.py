"""What the tests need of profile http/1, from annex A of docs/protocol.md."""

import hashlib


def bound_to(method, authority, target):
    """The first line of request-credentials that are given for this target."""
    said = f"louver http/1 target\n{method} {authority} {target}"
    return b"louver-target: " + hashlib.sha256(said.encode()).hexdigest().encode() + b"\r\n"


def lifted(source, kind, digits, value):
    """The message of a field context, and the marker that stands in the value's place."""
    marker = b"louver-field-" + digits
    return source + b" " + kind + b" " + marker + b"\r\n" + value, marker
