"""docs/vectors against the second implementation (peer/, written from docs/protocol.md alone): every secret, JOIN, tag and plaintext is
computed here too, and the TLS channels of the recorded session are opened with its key log."""

import hashlib
import hmac
import json
import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from cryptography.exceptions import InvalidSignature  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: E402

from peer import plan as kinds  # noqa: E402
from peer import records, wire  # noqa: E402
from peer.crypto import SUITES, hmac_sha256, sha256  # noqa: E402
from peer.plan import Plan  # noqa: E402
from peer.schedule import EndpointSecrets, SessionKeys, digests, middlebox_table  # noqa: E402

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "docs", "vectors")
NAMES = {0x1301: "AES-128-GCM-SHA256", 0x1302: "AES-256-GCM-SHA384", 0x1303: "CHACHA20-POLY1305-SHA256"}
MAKINGS = {(True, True): "both_ends", (True, False): "client_alone", (False, True): "server_alone", (False, False): "halves"}
LABELS = {1: "Describe", 2: "Accept", 3: "Confirm", 4: "Keys", 5: "Ready", 6: "Go", 7: "Alive", 12: "Close"}


def documents(form):
    out = {}
    for name in sorted(os.listdir(FOLDER)):
        if name.endswith(".json"):
            with open(os.path.join(FOLDER, name), encoding="ascii") as file:
                document = json.load(file)
            if document["format"] == form:
                out[name] = document
    return out


def maybe_hex(octets):
    return None if octets is None else octets.hex()


class World:
    """Everybody's secrets of one association, and everybody's keys of one session of it."""

    def __init__(self, hello, accept, e2e, seeds, number, epoch_shift=22):
        self.suite, self.suite_name = SUITES[accept.suite], NAMES[accept.suite]
        self.sealed = {}  # (segment, sequence) -> what no party on its way may change
        self.plan = Plan(hello.middleboxes, hello.contexts, accept.grants, dict(accept.extensions).get(1, b""))
        self.server = self.plan.server
        self.ends = {end: EndpointSecrets(self.suite, self.plan, end, e2e) for end in (0, self.server)}
        for end, seed in zip((0, self.server), seeds):
            self.ends[end].seed = seed or bytes(self.suite.length)
        self.tables = {end: known.table() for end, known in self.ends.items()}
        for m in range(1, self.server):
            self.tables[m] = middlebox_table(self.suite, self.plan, m, self.ends[0].parts_for(m), self.ends[self.server].parts_for(m))
        self.keys = {p: SessionKeys(self.suite, self.plan, p, self.tables[p], number, epoch_shift) for p in self.tables}

    def party_keys(self, name):
        return self.keys[min(self.plan.items[name])]

    def given_part(self, end, name):
        for m in range(1, self.server):
            for given, part in self.ends[end].parts_for(m):
                if given == name:
                    return part
        return None

    def secret_row(self, name):
        """A row of `secrets` of docs/vectors/README.md."""
        suite, keys, holders = self.suite, self.party_keys(name), self.plan.items[name]
        secret = keys.secret(name)
        row = {"name": bytes(name).hex(), "holders": sorted(holders), "making": MAKINGS[0 in holders, self.server in holders],
               "client_part": maybe_hex(self.given_part(0, name)), "server_part": maybe_hex(self.given_part(self.server, name)),
               "digest": dict(digests(self.tables[min(holders)]))[name].hex(), "session_secret": secret.hex(),
               "secret": {str(p): self.tables[p][name].hex() for p in holders}}
        if name[0] not in (kinds.K_JOIN, kinds.K_AUDIT, kinds.K_END_AUDIT):
            row["key"], row["iv"] = suite.expand(secret, b"key", b"", suite.key_octets).hex(), suite.expand(secret, b"iv", b"", 12).hex()
        if name[0] == kinds.K_READ:
            later = suite.expand(secret, b"update", b"", suite.length)
            row["epoch_1"] = {"secret": later.hex(), "key": suite.expand(later, b"key", b"", suite.key_octets).hex(),
                              "iv": suite.expand(later, b"iv", b"", 12).hex()}
        if name[0] == kinds.K_JOIN or name[:2] == (kinds.K_HOP, 0):
            row["join_key"] = suite.expand(secret, b"join end" if name[0] == kinds.K_JOIN else b"join hop", b"", 32).hex()
        return row

    def joins(self, association, alive):
        out, octets = [], records.join_frame(self.keys[0], association, alive)
        for hop in range(self.server):
            out.append((octets[:66] + self.keys[hop].join_hop_tag(hop, octets[:66])).hex())
        return out

    def tags(self, frame, segment, number, rank):
        """The named tags of a row of `records`, computed from everybody's keys."""
        plan, d = self.plan, segment.direction

        def tag(name, aad):
            return self.party_keys(name).key(name).tag(number, aad).hex()

        def witnesses(parties, aad):
            passed = {p: plan.rank(p, d) <= rank for p in parties}
            return {str(p): tag((kinds.K_WITNESS, d, segment.context, p, segment.sink, 255), aad) if passed[p] else "00" * 16 for p in parties}

        if frame[0] == wire.REDACTED:
            redactor, stated = frame[10], frame[:14]
            return {"redactor": redactor, "original_length": int.from_bytes(frame[11:14], "big"),
                    "redact": {str(v): tag((kinds.K_REDACT, d, segment.context, redactor, segment.sink, v), stated)
                               for v in plan.behind(segment.readers, redactor, d) + [segment.sink]},
                    "witness": witnesses(plan.behind(segment.witnesses, redactor, d), stated)}
        sealed = frame[:len(frame) - 16 * (1 + len(segment.verifiers) + len(segment.witnesses))]
        if self.sealed.setdefault((segment, number), sealed) != sealed:
            raise AssertionError("a record has changed on its way")
        return {"tag": sealed[-16:].hex(),
                "verify": {str(v): tag((kinds.K_VERIFY, d, segment.context, segment.author, segment.sink, v), sealed) for v in segment.verifiers},
                "witness": witnesses(segment.witnesses, sealed)}


class Hop:
    """The receiving party of one hop in one direction."""

    def __init__(self, world, direction, rank):
        self.world, self.d, self.rank = world, direction, rank
        self.party = world.plan.party_at(rank + 1, direction)
        self.half = records.Half(world.keys[self.party], direction)

    def take(self, octets):
        """@return (tags of the row, what the receiver took, whether it may open it)"""
        segment, number = self.half.accept(octets)
        named = self.world.tags(octets, segment, number, self.rank)
        named["hop_tag"] = octets[-16:].hex()
        taken = {"context": octets[1], "exchange": int.from_bytes(octets[6:10], "big"), "seq": number, "fin": octets[0] == wire.DATA and bool(octets[2] & wire.FIN)}
        opens = self.party in segment.readers or self.party == segment.sink
        if not opens:
            return named, taken, False
        opened = self.half.open(bytearray(octets), segment, number)
        if octets[0] == wire.REDACTED:
            taken.update(end=False, content="", redacted_octets=opened[1])
        elif not taken["fin"] and (opened or octets[2] & wire.EOM):
            taken.update(end=bool(octets[2] & wire.EOM), content=opened.hex(), redacted_octets=None)
        return named, taken, True


def hops_of(world):
    return {(d, rank): Hop(world, d, rank) for d in (0, 1) for rank in range(world.server)}


class Attesting:
    """What the parties state of audited messages (protocol.md section 9), from the records on the hops and the keys alone."""

    def __init__(self, world, number):
        self.world, self.plan, self.number = world, world.plan, number
        self.hops = hops_of(world)
        self.sent, self.taken = {}, {}  # segment -> content of the message under way; .. and the first redactor
        self.messages, self.chains = {}, {}

    def content(self, octets, segment, number):
        sealed = octets[10:len(octets) - 16 * (1 + len(segment.verifiers) + len(segment.witnesses))]
        name = (kinds.K_READ, segment.direction, segment.context, segment.author, segment.sink, 255)
        keys = self.world.party_keys(name)
        plain = keys.key(name, number >> keys.epoch_shift).open(number, sealed, octets[:10])
        return plain[:len(plain) - 2 - int.from_bytes(plain[-2:], "big")] if octets[2] & wire.PAD else plain

    def record(self, octets, d, rank):
        segment, number = self.hops[d, rank].half.accept(octets)  # of every record, since hop tags count them
        if segment.context not in self.plan.audit:
            return
        if octets[0] == wire.REDACTED:
            there = int.from_bytes(octets[11:14], "big") - 4 - 16 * (2 + len(segment.verifiers) + len(segment.witnesses))
            redactor, content = octets[10], b"x" * there
        else:
            redactor, content = 0, self.content(octets, segment, number)
        if rank == self.plan.rank(segment.author, d):
            self.sent[segment] = self.sent.get(segment, b"") + content
        if rank + 1 == self.plan.rank(segment.sink, d):
            before = self.taken.get(segment, (0, b""))
            self.taken[segment] = before[0] or redactor, before[1] + content

    def value(self, party, place, item, content, message, redactor=0, changed=0):
        d, context, exchange, which = message
        key = self.world.party_keys(item).secret(item)
        octets = (wire.u(self.number, 8) + wire.u(exchange, 4) + wire.u(which, 4) + bytes([context, d, place, changed, redactor]) + wire.u(len(content), 8) +
                  hmac_sha256(key, wire.u(exchange, 4) + wire.u(which, 4) + content))
        first, _, count, chain = self.chains.get((party, d, context, place), (exchange, 0, 0, bytes(32)))
        chain = sha256(b"louver v1 audit", chain, octets)
        self.chains[party, d, context, place] = first, exchange, count + 1, chain
        return {"party": party, "audit": octets.hex(), "chain": chain.hex()}

    def end(self, d, context, exchange):
        """The rows of `audit`, and the row of `judged`, of the message that has just ended."""
        which = self.messages.get((d, context, exchange), 0)
        self.messages[d, context, exchange] = which + 1
        segments, message, rows = self.plan.segments[context, d], (d, context, exchange, which), []
        sent, taken = [self.sent.pop(s, b"") for s in segments], [self.taken.pop(s, (0, b"")) for s in segments]
        items = [(kinds.K_AUDIT, d, context, s.author, s.sink, 255) for s in segments]
        item8 = (kinds.K_END_AUDIT, d, context, segments[0].author, segments[-1].sink, 255)
        changed = [s.author for s, out, into in zip(segments[1:], sent[1:], taken) if out != into[1]]
        if len(segments) > 1:
            rows.append(self.value(segments[0].author, 2, item8, sent[0], message))
        for i, s in enumerate(segments):
            rows.append(self.value(s.author, 1, items[i], sent[i], message, changed=int(s.author in changed)))
            if i == len(segments) - 1 and i > 0:
                rows.append(self.value(s.sink, 2, item8, taken[i][1], message))
            rows.append(self.value(s.sink, 0, items[i], taken[i][1], message, redactor=taken[i][0]))
        redacted = sorted({redactor for redactor, _ in taken} - {0})
        same = not redacted and sent[0] == taken[-1][1]
        verdict = "redacted" if redacted else "changed" if changed and not same else "unmodified"
        return rows, {"context": context, "exchange": exchange, "message": which, "verdict": verdict, "end_to_end": same, "pairs": [], "missing": [],
                      "changed": sorted(changed), "redacted": redacted}

    def parties(self):
        return sorted({party for party, *_ in self.chains})

    def receipt_body(self, manifest_hash, party):
        entries = b"".join(bytes(place) + wire.u(first, 4) + wire.u(last, 4) + wire.u(count, 8) + chain
                           for (who, *place), (first, last, count, chain) in sorted(self.chains.items()) if who == party)
        return manifest_hash + wire.u(self.number, 8) + bytes([party]) + wire.u(1, 4) + bytes([1]) + wire.vector(entries, 3)


class ComputedPaths(unittest.TestCase):
    maxDiff = None

    def world(self, inputs):
        hello = wire.Hello.decode(bytes.fromhex(inputs["hello"]))
        manifest = wire.Manifest.read(wire.Reader(bytes.fromhex(inputs["manifest"])))
        seeds = [bytes.fromhex(inputs[name]) if name in inputs else None for name in ("client_seed", "server_seed")]
        return World(hello, manifest.accept, bytes.fromhex(inputs["e2e"]), seeds, inputs["session"], inputs["epoch_shift"])

    def each(self):
        found = documents("louver-vectors/1")
        self.assertEqual(len(found), 10)
        return [(document, self.world(document["inputs"])) for document in found.values()]

    def test_hashes(self):
        for document, world in self.each():
            inputs = document["inputs"]
            self.assertEqual(document["suite"], world.suite_name)
            manifest_hash = sha256(b"louver v1 manifest", bytes.fromhex(inputs["manifest"]))
            self.assertEqual(document["hello_hash"], sha256(bytes.fromhex(inputs["hello"])).hex())
            self.assertEqual(document["manifest_hash"], manifest_hash.hex())
            self.assertEqual(document["association"], manifest_hash[:16].hex())

    def test_secrets(self):
        for document, world in self.each():
            check_secrets(self, document, world)

    def test_joins(self):
        for document, world in self.each():
            self.assertEqual(document["joins"], world.joins(bytes.fromhex(document["association"]), document["inputs"]["alive"]))

    def test_records(self):
        for document, world in self.each():
            hops = hops_of(world)
            for said, step in zip(document["inputs"]["steps"], document["steps"], strict=True):
                d, delivered = ("c2s", "s2c").index(said["direction"]), []
                for row in step["records"]:
                    rank = row["hop"] if d == 0 else world.server - 1 - row["hop"]
                    named, taken, _ = hops[d, rank].take(bytes.fromhex(row["frame"]))
                    self.assertEqual({k: v for k, v in row.items() if k not in ("hop", "frame")}, named)
                    if rank == world.server - 1:
                        delivered.append(taken)
                self.assertEqual(step["delivered"], delivered)
                if "finish" in said:
                    self.assertTrue(all(one["fin"] for one in delivered))
                    continue
                self.assertEqual({(one["context"], one["exchange"]) for one in delivered}, {(said["context"], said["exchange"])})
                self.assertEqual(any(one.get("end") for one in delivered), said["end"])
                if not said["at"]:
                    self.assertEqual("".join(one.get("content", "") for one in delivered), said["plaintext"])

    def attested(self):
        """Documents with an audit, their worlds, and what was stated in them."""
        out = []
        for document, world in self.each():
            stated = Attesting(world, document["inputs"]["session"])
            audited = bool(world.plan.audit)
            for said, step in zip(document["inputs"]["steps"], document["steps"], strict=True):
                d, rows, judged = ("c2s", "s2c").index(said["direction"]), [], []
                of_audited = said.get("context") in list(world.plan.audit)
                for row in step["records"] if audited else []:
                    stated.record(bytes.fromhex(row["frame"]), d, row["hop"] if d == 0 else world.server - 1 - row["hop"])
                if of_audited and said["end"]:
                    rows, one = stated.end(d, said["context"], said["exchange"])
                    judged = [one]
                self.assertEqual({"audit": step.get("audit"), "judged": step.get("judged")},
                                 {"audit": rows if audited else None, "judged": judged if audited else None})
            if audited:
                out.append((document, stated))
        return out

    def test_values_chains_and_verdicts(self):
        verdicts = {one["verdict"] for document, _ in self.attested() for step in document["steps"] for one in step["judged"]}
        self.assertEqual(verdicts, {"unmodified", "changed", "redacted"})

    # AU-03
    def test_receipts(self):
        found = self.attested()
        self.assertEqual(len(found), 2)
        for document, stated in found:
            self.assertEqual(sorted(document["inputs"]["receipt_keys"]), [str(party) for party in stated.parties()])
            self.assertEqual([row["party"] for row in document["receipts"]], stated.parties())
            for row in document["receipts"]:
                key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(document["inputs"]["receipt_keys"][str(row["party"])]))
                body = stated.receipt_body(bytes.fromhex(document["manifest_hash"]), row["party"])
                signed = b" " * 64 + b"louver/1 receipt\0" + body
                signature = key.sign(signed)
                self.assertEqual(row, {"party": row["party"], "public_key": key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex(), "body": body.hex(),
                                       "algorithm": 0x0807, "signature": signature.hex(),
                                       "receipt": (body + wire.u(0x0807, 2) + wire.vector(signature, 2)).hex()})
                public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(row["public_key"]))
                public.verify(bytes.fromhex(row["signature"]), signed)
                for other in (body, signed[:-1] + bytes([signed[-1] ^ 1])):  # without its context string; of another chain
                    with self.assertRaises(InvalidSignature):
                        public.verify(signature, other)
        for document in documents("louver-vectors/1").values():
            self.assertEqual(bool(document["receipts"]), "receipt_keys" in document["inputs"])


def check_secrets(case, document, world):
    names = sorted(world.plan.items)
    case.assertEqual([row["name"] for row in document["secrets"]], [bytes(name).hex() for name in names])
    for row, name in zip(document["secrets"], names):
        case.assertEqual({**row, "holders": sorted(row["holders"])}, world.secret_row(name))


class Tls:
    """The key schedule and record layer of RFC 8446 for one connection whose secrets are logged."""

    def __init__(self, suite, secrets):
        self.suite, self.secrets = suite, secrets

    def expand(self, secret, label, context, length):
        label = b"tls13 " + label
        info = length.to_bytes(2, "big") + bytes([len(label)]) + label + bytes([len(context)]) + context
        out, block, i = b"", b"", 1
        while len(out) < length:
            block = hmac.new(secret, block + info + bytes([i]), self.suite.hash_name).digest()
            out, i = out + block, i + 1
        return out[:length]

    def digest(self, octets):
        return hashlib.new(self.suite.hash_name, octets).digest()

    def export(self, label, context, length):
        secret = self.expand(bytes.fromhex(self.secrets["EXPORTER_SECRET"]), label, self.digest(b""), self.suite.length)
        return self.expand(secret, b"exporter", self.digest(context), length)

    def unseal(self, secret, number, record):
        key, iv = self.expand(secret, b"key", b"", self.suite.key_octets), self.expand(secret, b"iv", b"", 12)
        nonce = bytes(a ^ b for a, b in zip(iv, number.to_bytes(12, "big")))
        plain = self.suite.aead(key).decrypt(nonce, record[5:], record[:5]).rstrip(b"\0")
        return plain[-1], plain[:-1]

    def read(self, stream, end):
        """(leaf or None, application data) of one end's stream."""
        handshake, traffic = (bytes.fromhex(self.secrets[f"{end}_{name}"]) for name in ("HANDSHAKE_TRAFFIC_SECRET", "TRAFFIC_SECRET_0"))
        taken, said, hidden, secret, number = [], b"", b"", handshake, 0
        while stream:
            length = 5 + int.from_bytes(stream[3:5], "big")
            taken.append(stream[:length])
            stream = stream[length:]
        for record in taken[1:]:  # behind the Hello
            kind, content = self.unseal(secret, number, record)
            number += 1
            if secret is traffic:
                if kind != 23:
                    raise AssertionError(f"content type {kind} behind Finished")
                said += content
                continue
            hidden += content
            if self.has_finished(hidden):
                secret, number = traffic, 0
        return self.leaf(hidden), said

    @staticmethod
    def messages(octets):
        while len(octets) >= 4:
            end = 4 + int.from_bytes(octets[1:4], "big")
            yield octets[0], octets[4:end]
            octets = octets[end:]

    def has_finished(self, hidden):
        return any(kind == 20 and len(body) == self.suite.length for kind, body in self.messages(hidden))

    def leaf(self, hidden):
        for kind, body in self.messages(hidden):
            if kind == 11:
                r = wire.Reader(body)
                r.vector(1)
                certificates = wire.Reader(r.vector(3))
                return certificates.vector(3) if certificates.more() else None
        return None


class RecordedSession(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.document = documents("louver-session/1")["session.json"]
        cls.inputs = cls.document["inputs"]
        cls.streams = {}
        for hop in cls.inputs["association"]:
            for d, way in enumerate(("c2s", "s2c")):
                gathered = {}
                for text in hop[way]:
                    frame = bytes.fromhex(text)
                    if frame[0] == wire.CHANNEL:
                        name = "e" if frame[1] == 0 else "cs"[frame[2]] + str(frame[1])
                        gathered[name] = gathered.get(name, b"") + frame[6:]
                for name, octets in gathered.items():
                    if cls.streams.setdefault((name, d), octets) != octets:
                        raise AssertionError(f"channel {name} differs between hops")
        cls.hello = bytes.fromhex(cls.inputs["association"][0]["c2s"][0])[6:]
        cls.manifest_octets = bytes.fromhex(cls.document["manifest"])
        cls.manifest = wire.Manifest.read(wire.Reader(cls.manifest_octets))

    def tls(self, name):
        hello = self.streams[name, 1]  # record header 5, message header 4, version 2, random 32, session id
        at = 44 + hello[43]
        suite = int.from_bytes(hello[at:at + 2], "big")
        self.assertEqual(self.document["channels"][name]["tls_suite"], NAMES[suite])
        return Tls(SUITES[suite], self.inputs["key_log"][name])

    def world(self):
        e2e = self.tls("e").export(b"EXPERIMENTAL-louver-v1 e2e", sha256(b"louver v1 manifest", self.manifest_octets), SUITES[self.manifest.accept.suite].length)
        self.assertEqual(self.document["e2e"], e2e.hex())
        join = bytes.fromhex(self.inputs["session"][0]["c2s"][0])
        seeds = [bytes.fromhex(self.inputs[name]) for name in ("client_seed", "server_seed")]
        self.alive = int.from_bytes(join[30:34], "big")
        return World(wire.Hello.decode(self.hello), self.manifest.accept, e2e, seeds, int.from_bytes(join[22:30], "big"))

    def test_channels_open_with_the_key_log(self):
        self.assertEqual(sorted(self.document["channels"]), sorted(self.inputs["key_log"]))
        for name, channel in self.document["channels"].items():
            for d, (end, side) in enumerate((("CLIENT", "client"), ("SERVER", "server"))):
                leaf, said = self.tls(name).read(self.streams[name, d], end)
                messages, rest = wire.split_messages(said)
                self.assertEqual(rest, b"")
                self.assertEqual(channel[side]["messages"], [{"type": LABELS[kind], "body": body.hex()} for kind, body in messages])
                self.assertEqual(channel[side]["leaf_hash"], None if leaf is None else sha256(leaf).hex())

    def test_the_manifest_follows(self):
        channels = self.document["channels"]
        self.assertEqual(self.document["hello_hash"], sha256(self.hello).hex())
        self.assertEqual(self.manifest.session_id, self.tls("e").export(b"EXPERIMENTAL-louver-v1 id", b"", 32))
        self.assertEqual(self.manifest.accept.encode().hex(), channels["e"]["server"]["messages"][0]["body"])
        members = [(bytes(32), bytes(32))]
        for m in range(1, len(self.manifest.members) - 1):
            mine = channels[f"c{m}"]["server"]
            self.assertEqual(mine["messages"][0], channels[f"s{m}"]["client"]["messages"][0])
            members.append((bytes.fromhex(mine["leaf_hash"]), sha256(bytes.fromhex(mine["messages"][0]["body"]))))
        members.append((bytes.fromhex(channels["e"]["server"]["leaf_hash"]), bytes(32)))
        self.assertEqual(self.manifest.members, members)
        manifest_hash = sha256(b"louver v1 manifest", self.manifest_octets)
        self.assertEqual((self.document["manifest_hash"], self.document["association"]), (manifest_hash.hex(), manifest_hash[:16].hex()))

    def test_everybody_said_what_follows(self):
        world, channels = self.world(), self.document["channels"]
        manifest_hash = sha256(b"louver v1 manifest", self.manifest_octets)
        for m in range(1, world.server):
            ready = wire.encode_ready(manifest_hash, digests(world.tables[m])).hex()
            for name, mine, other, end in ((f"c{m}", "server", "client", 0), (f"s{m}", "client", "server", world.server)):
                keys = wire.encode_keys(self.manifest_octets, world.ends[end].parts_for(m)).hex()
                self.assertEqual(channels[name][mine]["messages"][1], {"type": "Ready", "body": ready})
                self.assertEqual(channels[name][other]["messages"][:2], [{"type": "Keys", "body": keys}, {"type": "Go", "body": manifest_hash.hex()}])

    def test_secrets_and_joins(self):
        world = self.world()
        self.assertEqual(self.document["suite"], world.suite_name)
        check_secrets(self, self.document, world)
        self.assertEqual(self.document["joins"], world.joins(bytes.fromhex(self.document["association"]), self.alive))
        self.assertEqual(self.document["joins"], [hop["c2s"][0] for hop in self.inputs["session"]])

    def test_records(self):
        world, rows = self.world(), []
        for d, way in enumerate(("c2s", "s2c")):
            for rank in range(world.server):
                hop = Hop(world, d, rank)
                number = rank if d == 0 else world.server - 1 - rank
                for text in self.inputs["session"][number][way][1 if d == 0 else 0:]:
                    named, taken, opened = hop.take(bytes.fromhex(text))
                    rows.append({"hop": number, "direction": way, "receiver": hop.party, "taken": {**taken, "opened": opened}, **named})
        self.assertEqual(self.document["records"], rows)
        self.assertIn(b"ANSWER, as M2 writes it\n".hex(), [row["taken"].get("content") for row in rows])


if __name__ == "__main__":
    unittest.main()
