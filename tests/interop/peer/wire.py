"""Octets to structures and back: docs/protocol.md sections 2, 3, 4, 7, 9, 10. Nothing here checks more than the form."""

import struct
from typing import NamedTuple

HELLO, CHANNEL, ALERT, ANNOUNCE, JOIN, DATA, REDACTED = 1, 2, 3, 4, 5, 0x10, 0x11
EOM, FIN, PAD = 1, 2, 8
DESCRIBE, ACCEPT, CONFIRM, KEYS, READY, GO, ALIVE, AUDIT, RECEIPT, BLOCKED, ALERT_MESSAGE, CLOSE = range(1, 13)
NONE, READ, INSPECT, REDACT, WRITE = range(5)
ALERTS = (None, "bad_frame", "unsupported_version", "unsupported_suite", "not_in_route", "next_hop_refused", "handshake_failed", "certificate_role", "name_mismatch",
          "manifest_mismatch", "grant_refused", "grant_raised", "bad_record", "bad_hop", "truncated", "blocked_by_policy", "unknown_association", "replayed_join", "revoked",
          "limit_exceeded", "timeout", "internal_error")


class Malformed(Exception):
    pass


def vector(octets, size):
    return len(octets).to_bytes(size, "big") + octets


def u(value, size):
    return value.to_bytes(size, "big")


class Reader:
    def __init__(self, octets):
        self.octets, self.at = octets, 0

    def take(self, count):
        if self.at + count > len(self.octets):
            raise Malformed("too short")
        self.at += count
        return self.octets[self.at - count:self.at]

    def number(self, size):
        return int.from_bytes(self.take(size), "big")

    def vector(self, size):
        return self.take(self.number(size))

    def more(self):
        return self.at < len(self.octets)

    def end(self):
        if self.more():
            raise Malformed("trailing octets")


# --- frames

def frame(kind, ident, flags, body):
    return bytes([kind, ident, flags]) + u(len(body), 3) + body


def split_frames(buffer):
    """Whole frames at the front of `buffer`, and what is left."""
    out = []
    while len(buffer) >= 6:
        end = 6 + int.from_bytes(buffer[3:6], "big")
        if len(buffer) < end:
            break
        out.append(bytes(buffer[:end]))
        buffer = buffer[end:]
    return out, buffer


def alert_frame(code, party):
    return frame(ALERT, party, 0, bytes([code]) + ALERTS[code].encode())


# --- Hello

class Hello:
    def __init__(self, route, contexts, grants, random, suites=(0x1301,), versions=(1,), max_record=1 << 14, profile="stream/1", extensions=()):
        self.route, self.contexts, self.grants, self.random = route, contexts, grants, random
        self.suites, self.versions = suites, versions
        self.extensions = [(2, u(max_record, 4)), (3, profile.encode()), *extensions]

    def encode(self):
        return (vector(b"".join(u(v, 2) for v in self.versions), 1) + self.random +
                vector(b"".join(vector(name.encode(), 1) + u(port, 2) for name, port in self.route), 2) +
                vector(b"".join(bytes([i, d]) + vector(name.encode(), 1) for i, d, name in self.contexts), 2) +
                vector(self.grants, 2) + vector(b"".join(u(s, 2) for s in self.suites), 1) + vector(encode_extensions(self.extensions), 2))

    @staticmethod
    def decode(body):
        r = Reader(body)
        versions, random = numbers(r.vector(1)), r.take(32)
        parties, route = Reader(r.vector(2)), []
        while parties.more():
            route.append((parties.vector(1).decode(), parties.number(2)))
        listed, contexts = Reader(r.vector(2)), []
        while listed.more():
            contexts.append((listed.number(1), listed.number(1), listed.vector(1).decode()))
        grants, suites = r.vector(2), numbers(r.vector(1))
        extensions = decode_extensions(r.vector(2))
        r.end()
        hello = Hello(route, contexts, grants, random, suites, versions)
        hello.extensions = extensions
        return hello

    @property
    def middleboxes(self):
        return len(self.route) - 1


def numbers(octets):
    return tuple(struct.unpack(f"!{len(octets) // 2}H", octets))


def encode_extensions(extensions):
    return b"".join(u(kind, 2) + vector(data, 2) for kind, data in extensions)


def decode_extensions(octets):
    r, out = Reader(octets), []
    while r.more():
        out.append((r.number(2), r.vector(2)))
    return out


# --- messages in channels

def message(kind, body):
    return bytes([kind]) + u(len(body), 3) + body


def split_messages(buffer):
    out = []
    while len(buffer) >= 4:
        end = 4 + int.from_bytes(buffer[1:4], "big")
        if len(buffer) < end:
            break
        out.append((buffer[0], bytes(buffer[4:end])))
        buffer = buffer[end:]
    return out, buffer


def encode_describe(operator, purpose, software, contact, nonce, extensions=()):
    return vector(operator, 1) + vector(purpose, 2) + vector(software, 1) + vector(contact, 1) + nonce + vector(encode_extensions(extensions), 2)


class Accept:
    def __init__(self, hello_hash, suite, grants, extensions, version=1):
        self.hello_hash, self.version, self.suite, self.grants, self.extensions = hello_hash, version, suite, grants, extensions

    def encode(self):
        return self.hello_hash + u(self.version, 2) + u(self.suite, 2) + vector(self.grants, 2) + vector(encode_extensions(self.extensions), 2)

    @staticmethod
    def read(r):
        hello_hash, version, suite = r.take(32), r.number(2), r.number(2)
        return Accept(hello_hash, suite, r.vector(2), decode_extensions(r.vector(2)), version)

    @staticmethod
    def decode(body):
        r = Reader(body)
        accept = Accept.read(r)
        r.end()
        return accept


class Manifest:
    def __init__(self, session_id, accept, members):
        self.session_id, self.accept, self.members = session_id, accept, members

    def encode(self):
        return self.session_id + self.accept.encode() + vector(b"".join(leaf + describe for leaf, describe in self.members), 2)

    @staticmethod
    def read(r):
        session_id, accept = r.take(32), Accept.read(r)
        members = r.vector(2)
        if len(members) % 64:
            raise Malformed("members")
        return Manifest(session_id, accept, [(members[i:i + 32], members[i + 32:i + 64]) for i in range(0, len(members), 64)])


def encode_keys(manifest, parts):
    return manifest + vector(b"".join(bytes(name) + vector(part, 1) for name, part in parts), 3)


def decode_keys(body):
    """(octets of the manifest, Manifest, [(name, part)])"""
    r = Reader(body)
    manifest = Manifest.read(r)
    octets = body[:r.at]
    items, parts = Reader(r.vector(3)), []
    r.end()
    while items.more():
        parts.append((tuple(items.take(6)), items.vector(1)))
    return octets, manifest, parts


def encode_ready(manifest_hash, digests):
    return manifest_hash + vector(b"".join(bytes(name) + digest for name, digest in digests), 3)


def decode_ready(body):
    r = Reader(body)
    manifest_hash, items, digests = r.take(32), Reader(r.vector(3)), []
    r.end()
    while items.more():
        digests.append((tuple(items.take(6)), items.take(32)))
    return manifest_hash, digests


# --- audit

class Audit(NamedTuple):
    session: int
    exchange: int
    message: int
    context: int
    direction: int
    out: int
    changed: int
    redactor: int
    length: int
    value: bytes

    SHAPE = "!QIIBBBBBQ32s"

    def encode(self):
        return struct.pack(self.SHAPE, *self)

    @staticmethod
    def decode(body):
        if len(body) != 61:
            raise Malformed("Audit")
        return Audit(*struct.unpack(Audit.SHAPE, body))

    @property
    def place(self):
        return self.direction, self.context, self.out

    @property
    def key(self):
        return self.exchange, self.message


class ReceiptEntry(NamedTuple):
    direction: int
    context: int
    out: int
    first_exchange: int
    last_exchange: int
    count: int
    chain: bytes

    SHAPE = "!BBBIIQ32s"

    @property
    def place(self):
        return self.direction, self.context, self.out


class ReceiptBody(NamedTuple):
    manifest_hash: bytes
    session: int
    party: int
    number: int
    last: int
    entries: tuple

    def encode(self):
        entries = b"".join(struct.pack(ReceiptEntry.SHAPE, *entry) for entry in self.entries)
        return self.manifest_hash + u(self.session, 8) + u(self.party, 1) + u(self.number, 4) + u(self.last, 1) + vector(entries, 3)


def encode_receipt(body, algorithm, signature):
    return body + u(algorithm, 2) + vector(signature, 2)


def decode_receipt(octets):
    """(ReceiptBody, its octets, algorithm, signature)"""
    r = Reader(octets)
    head = r.take(32), r.number(8), r.number(1), r.number(4), r.number(1)
    listed, entries = Reader(r.vector(3)), []
    body = octets[:r.at]
    algorithm, signature = r.number(2), r.vector(2)
    r.end()
    while listed.more():
        entries.append(ReceiptEntry(*struct.unpack(ReceiptEntry.SHAPE, listed.take(51))))
    return ReceiptBody(*head, tuple(entries)), body, algorithm, signature
