"""What the tests need of profile http/1, from annex A of docs/protocol.md."""

import hashlib


def bound_to(method, authority, target):
    """The first line of request-credentials that are given for this target."""
    said = f"louver http/1 target\n{method} {authority} {target}"
    return b"louver-target: " + hashlib.sha256(said.encode()).hexdigest().encode() + b"\r\n"
