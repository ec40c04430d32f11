"""What a party states of a session, and what the receiving end makes of it: docs/protocol.md section 9."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding

from . import wire
from .crypto import hmac_sha256, sha256
from .plan import K_AUDIT, K_END_AUDIT
from .wire import Audit, ReceiptBody, ReceiptEntry, u

IN, OUT, END = 0, 1, 2  # the field `out`
CURVES = {"secp256r1": (0x0403, hashes.SHA256), "secp384r1": (0x0503, hashes.SHA384), "secp521r1": (0x0603, hashes.SHA512)}
RSA = 0x0804


class Refused(Exception):
    """A value or receipt that ends the association."""


def refuse_unless(condition, what):
    if not condition:
        raise Refused(what)


# --- places and signatures

def end_audit_item(plan, context, d):
    return K_END_AUDIT, d, context, plan.party_at(0, d), plan.party_at(plan.server, d), 255


def places(plan, party):
    """Each (direction, context, out) in which this party states something -> the item whose key makes its values."""
    out = {}
    for (context, d), segments in plan.segments.items():
        if context not in plan.audit:
            continue
        for s in segments:
            name = (K_AUDIT, d, context, s.author, s.sink, 255)
            if s.sink == party:
                out[d, context, IN] = name
            if s.author == party:
                out[d, context, OUT] = name
        if party in (0, plan.server) and end_audit_item(plan, context, d) in plan.items:
            out[d, context, END] = end_audit_item(plan, context, d)
    return out


def parties_that_state(plan):
    return [p for p in range(plan.server + 1) if places(plan, p)]


def signed_octets(body):
    return b" " * 64 + b"louver/1 receipt\0" + body


def sign(key, octets):
    """(SignatureScheme, signature)"""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return 0x0807, key.sign(octets)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        scheme, digest = CURVES[key.curve.name]
        return scheme, key.sign(octets, ec.ECDSA(digest()))
    return RSA, key.sign(octets, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())


def check_signature(key, scheme, signature, octets):
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            refuse_unless(scheme == 0x0807, "algorithm")
            key.verify(signature, octets)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            own, digest = CURVES[key.curve.name]
            refuse_unless(scheme == own, "algorithm")
            key.verify(signature, octets, ec.ECDSA(digest()))
        else:
            refuse_unless(scheme in (RSA, 0x0809), "algorithm")
            key.verify(signature, octets, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    except InvalidSignature:
        raise Refused("signature") from None


class Chains:
    """Count and chain of every place in which a party has stated something."""

    def __init__(self):
        self.places = {}

    def add(self, value):
        old = self.places.get(value.place)
        first, count, chain = (old.first_exchange, old.count, old.chain) if old else (value.exchange, 0, bytes(32))
        chain = sha256(b"louver v1 audit", chain, value.encode())
        self.places[value.place] = ReceiptEntry(*value.place, first, value.exchange, count + 1, chain)

    def entries(self, direction=None):
        return tuple(self.places[p] for p in sorted(self.places) if direction in (None, p[0]))


# --- stating

class Messages:
    """The messages of one place as they come together."""

    def __init__(self):
        self.content, self.exchange, self.redactor, self.under_way = b"", None, 0, False
        self.numbers, self.whole = {}, {}  # exchange -> messages of it so far; (exchange, message) -> content

    def add(self, exchange, content, end):
        """@param content  octets, or (redactor, count). @return ((exchange, message), content, redactor) at the end of a message, else None"""
        if not content and not end:
            return None
        self.exchange, self.under_way = exchange, True
        if isinstance(content, tuple):
            self.redactor = self.redactor or content[0]
            content = b"x" * content[1]
        self.content += content
        if not end:
            return None
        number = self.numbers.get(exchange, 0)
        self.numbers[exchange] = number + 1
        self.whole[exchange, number] = self.content
        out = (exchange, number), self.content, self.redactor
        self.content, self.redactor, self.under_way = b"", 0, False
        return out


class Stating:
    """One party in one session: its values, and the receipts over them.

    @param identity  None: an anonymous client, which signs none
    """

    def __init__(self, keys, manifest_hash, identity):
        self.keys, self.own, self.manifest_hash, self.identity = keys, keys.own, manifest_hash, identity
        self.places = places(keys.plan, self.own)
        self.messages = {place: Messages() for place in self.places}
        self.chains, self.number = Chains(), 0

    def note(self, direction, context, out, exchange, content, end):
        """What passed here. @return the Audit if a message has ended by it and is stated about, else None; `chains` gets it when it is said"""
        place = (direction, context, out)
        if place not in self.places:
            return None
        ended = self.messages[place].add(exchange, content, end)
        if ended is None:
            return None
        key, content, redactor = ended
        changed = self._changed(direction, context, key, content) if out == OUT else 0
        hashed = hmac_sha256(self.keys.secret(self.places[place]), u(key[0], 4) + u(key[1], 4) + content)
        return Audit(self.keys.number, *key, context, direction, out, changed, redactor if out == IN else 0, len(content), hashed)

    def _changed(self, direction, context, key, content):
        taken = self.messages.get((direction, context, IN))
        if taken is None:
            return 0  # an end
        if taken.whole.get(key) == content:
            return 0
        return 1 if taken.under_way or any(k >= key for k in taken.whole) else 2

    def receipt(self, last=1):
        """The ReceiptBody that comes next."""
        self.number += 1
        return ReceiptBody(self.manifest_hash, self.keys.number, self.own, self.number, last, self.chains.entries())

    def sign(self, body):
        """Octets of the Receipt."""
        octets = body.encode()
        return wire.encode_receipt(octets, *sign(self.identity.key.to_cryptography_key(), signed_octets(octets)))


# --- judging

class Heard:
    """What one party has stated to us about one session."""

    def __init__(self):
        self.values, self.chains, self.receipts, self.last = {}, Chains(), 0, False


class Judge:
    """The receiving end's view of one session. @param public_keys  party -> key of its certificate"""

    def __init__(self, plan, own, manifest_hash, session, public_keys):
        self.plan, self.own, self.manifest_hash, self.session, self.public_keys = plan, own, manifest_hash, session, public_keys
        self.direction = 1 if own == 0 else 0  # what this end receives
        self.heard = {p: Heard() for p in parties_that_state(plan) if p != own}
        self.received = {}  # (context, exchange, message) -> {out: own Audit}

    def own_value(self, value):
        self.received.setdefault((value.context, *value.key), {})[value.out] = value

    def take_audit(self, party, body):
        value = Audit.decode(body)
        refuse_unless(party in self.heard, "of who states nothing")
        refuse_unless(value.direction == self.direction and value.place in places(self.plan, party), f"place {value.place} of {party}")
        is_writers_out = value.out == OUT and party not in (0, self.plan.server)
        refuse_unless(value.changed in ((0, 1, 2) if is_writers_out else (0,)), "changed")
        redactors = next((s.redactors for s in self.plan.segments[value.context, value.direction] if s.sink == party), []) if value.out == IN else []
        refuse_unless(value.redactor in [0, *redactors], "redactor")
        heard = self.heard[party]
        before = heard.values.setdefault(value.place, {})
        refuse_unless(not before or value.key > max(before), "order")
        before[value.key] = value
        heard.chains.add(value)

    def take_receipt(self, party, octets):
        body, signed, scheme, signature = wire.decode_receipt(octets)
        refuse_unless(party in self.heard and self.public_keys.get(party) is not None, "of who signs nothing")
        heard = self.heard[party]
        refuse_unless((body.manifest_hash, body.session, body.party) == (self.manifest_hash, self.session, party), "of something else")
        refuse_unless(not heard.last and body.number == heard.receipts + 1 and body.last in (0, 1), "number")
        listed = [entry.place for entry in body.entries]
        refuse_unless(listed == sorted(set(listed)) and all(entry.count for entry in body.entries), "entries")
        refuse_unless(set(listed) <= set(places(self.plan, party)), "an entry of a place that is not its own")
        refuse_unless(tuple(e for e in body.entries if e.direction == self.direction) == heard.chains.entries(self.direction), "chain")
        check_signature(self.public_keys[party], scheme, signature, signed_octets(signed))
        heard.receipts, heard.last = body.number, bool(body.last)

    def unsigned(self):
        """Who owes a last receipt."""
        return [p for p, heard in self.heard.items() if not heard.last and self.public_keys.get(p) is not None]

    def verdicts(self):
        """{(context, exchange, message): verdict} of everything that came or was stated."""
        stated = {(place[1], *key) for heard in self.heard.values() for place, values in heard.values.items() for key in values}
        return {name: self._judge(*name) for name in sorted(stated | set(self.received))}

    def _value(self, party, context, out, key):
        if party == self.own:
            return self.received.get((context, *key), {}).get(out)
        return self.heard[party].values.get((self.direction, context, out), {}).get(key)

    def _judge(self, context, exchange, message):
        found = Findings()
        segments = self.plan.segments[context, self.direction]
        whole = True
        for s in reversed(segments):
            author, sink = (self._value(p, context, out, (exchange, message)) for p, out in ((s.author, OUT), (s.sink, IN)))
            found.segment(s, author, sink)
            if s is segments[0] or author is None:
                continue
            found.writer(s.author, author, self._value(s.author, context, IN, (exchange, message)))
            if author.changed == 2:
                whole = False
                break
        same = whole and not found.redacted and self._end_to_end(context, (exchange, message), segments, found)
        return found.verdict((context, exchange, message) in self.received, same)

    def _end_to_end(self, context, key, segments, found):
        sender = segments[0].author
        first, last = (OUT, IN) if len(segments) == 1 else (END, END)
        said, got = self._value(sender, context, first, key), self._value(self.own, context, last, key)
        if said is None:
            found.missing.add(sender)
        if said is None or got is None:
            return False
        if (said.value, said.length) == (got.value, got.length):
            return True
        if not found.changed and not found.missing:
            found.pairs |= {(sender, s.author) for s in segments[1:]}
        return False


class Findings:
    def __init__(self):
        self.pairs, self.missing, self.changed, self.redacted = set(), set(), set(), set()

    def segment(self, s, author, sink):
        self.missing |= {p for p, value in ((s.author, author), (s.sink, sink)) if value is None}
        if sink is not None and sink.redactor:
            self.redacted.add(sink.redactor)
        elif author is not None and sink is not None and (author.value, author.length) != (sink.value, sink.length):
            self.pairs.add((s.author, s.sink))

    def writer(self, party, sent, took):
        if sent.changed:
            self.changed.add(party)
        if took is not None and (sent.changed == 2 or sent.changed == 0 and sent.length != took.length):
            self.pairs.add((party, party))

    def verdict(self, received, same):
        if self.pairs:
            return "disagreement"
        if not received:
            return "undelivered"
        if self.missing:
            return "unattested"
        if self.redacted:
            return "redacted"
        return "changed" if self.changed and not same else "unmodified"
