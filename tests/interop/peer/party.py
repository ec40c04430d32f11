"""Associations and sessions of a client, a middlebox and a server over TCP: docs/protocol.md sections 3, 4, 7, 8, 9.

Every place where a party says something asks `twist(name, value)` first: it returns what is said instead (octets; for "frames" a list of them). The honest twist returns
the value. That is how misbehaviours.py lies.
"""

import os
import socket
import threading
import time

from . import records, wire
from .audit import END, IN, OUT, Judge, Refused, Stating
from .channel import C, E, S, Channel, ChannelFailed
from .crypto import SUITES, sha256
from .plan import Plan
from .schedule import EndpointSecrets, SessionKeys, digests, middlebox_table
from .wire import ALERT, ANNOUNCE, CHANNEL, HELLO, JOIN

DEADLINE = 20


class PeerAlert(Exception):
    """An alert that came: its name, who is said to have noticed, and whether a channel vouches for it."""

    def __init__(self, code, party, authenticated):
        self.name, self.party, self.authenticated = wire.ALERTS[code], party, authenticated
        super().__init__(f"{self.name} by {party}{'' if authenticated else ' (unauthenticated)'}")


class Closed(Exception):
    """The connection ended, or nothing came in time."""


class Broken(Exception):
    """What came is not what docs/protocol.md says."""


def need(condition, what):
    if not condition:
        raise Broken(what)


class Wire:
    """A socket that gives whole frames."""

    def __init__(self, sock):
        self.sock, self.buffer, self.frames = sock, b"", []

    @staticmethod
    def connect(port):
        return Wire(socket.create_connection(("127.0.0.1", port), timeout=DEADLINE))

    def send(self, octets):
        try:
            self.sock.sendall(octets)
        except OSError as error:
            raise Closed(str(error)) from None

    def read(self, deadline=None):
        """The next frame. @raise Closed"""
        deadline = deadline or time.monotonic() + DEADLINE
        while not self.frames:
            self.sock.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                more = self.sock.recv(262144)
            except OSError as error:
                raise Closed(str(error)) from None
            if not more:
                raise Closed("end")
            self.frames, self.buffer = wire.split_frames(self.buffer + more)
        return self.frames.pop(0)

    def fileno(self):
        return self.sock.fileno()

    def close(self):
        self.sock.close()


def honest(_name, value):
    return value


class Endpoint:
    """What client and server share: channels by index (0 end to end), the agreement, Alive and Close."""

    def __init__(self, own_index_of, twist):
        self.twist = twist
        self.channels, self.pending, self.described, self.readys = {}, {}, {}, {}
        self.accept = self.manifest = self.manifest_hash = self.confirmed = None
        self.wire = None
        self.alive_received = self.alive_sent = 0
        self.blocked, self.closes = [], []
        self.opened, self.joined, self.judges = False, 0, {}
        self._own_index_of = own_index_of

    def set_up(self, hello_body):
        self.hello_body, self.hello = hello_body, wire.Hello.decode(hello_body)
        self.n = self.hello.middleboxes
        self.own = self._own_index_of(self.n)
        self.pending = {i: b"" for i in range(self.n + 1)}

    def channel_frame(self, index, octets):
        return wire.frame(CHANNEL, index, 0 if index == 0 or self.own == 0 else 1, octets)

    def flush(self):
        for index, channel in self.channels.items():
            octets = channel.output()
            for at in range(0, len(octets), 16384):
                for one in self.twist("frames", [self.channel_frame(index, octets[at:at + 16384])]):
                    self.wire.send(one)

    def say(self, index, kind, body):
        body = self.twist({1: "describe", 2: "accept", 3: "confirm", 4: f"keys{index}", 6: f"go{index}", 7: "alive", 12: "close"}.get(kind, "message"), body)
        if body is None:
            return
        self.channels[index].send(wire.message(kind, body))
        self.twist("said", (self, index, kind))

    def step(self, deadline=None):
        """Takes one frame and everything that follows from it. @raise PeerAlert, Closed, Broken"""
        octets = self.wire.read(deadline)
        kind, index, body = octets[0], octets[1], octets[6:]
        if kind == ALERT:
            raise PeerAlert(body[0], index, False)
        if kind == ANNOUNCE:
            raise Broken("ANNOUNCE")
        need(kind == CHANNEL and index in self.channels, f"frame {kind} {index}")
        channel = self.channels[index]
        try:
            channel.receive(body)
        except ChannelFailed as error:
            self.flush()
            raise Broken(f"channel {index}: {error}") from None
        messages, channel.received = wire.split_messages(channel.received)
        for message_kind, message_body in messages:
            self.take(index, message_kind, message_body)
        self.flush()

    def take(self, index, kind, body):
        if kind == wire.ALERT_MESSAGE:
            raise PeerAlert(body[9], body[8], True)
        if kind == wire.DESCRIBE:
            self.described[index] = body
        elif kind == wire.ACCEPT:
            self.accept = wire.Accept.decode(body)
        elif kind == wire.CONFIRM:
            self.confirmed = body
        elif kind == wire.READY:
            self.readys[index] = body
        elif kind == wire.ALIVE:
            number = int.from_bytes(body, "big")
            need(number == self.alive_received + 1, "Alive")
            self.alive_received = number
        elif kind in (wire.AUDIT, wire.RECEIPT):
            self._take_audit(index, kind, body)
        elif kind == wire.BLOCKED:
            self.blocked.append((index, body))
        elif kind == wire.CLOSE:
            self.closes.append((index, body))
        else:
            raise Broken(f"message {kind}")

    def _take_audit(self, index, kind, body):
        need(self.opened and self.plan.audit, "an audit before the agreement, or where none was agreed")
        at = 0 if kind == wire.AUDIT else 32
        session = int.from_bytes(body[at:at + 8], "big")
        need(1 <= session <= self.joined + (1024 if self.own else 0), f"audit of session {session}")
        party = index or (self.plan.server if self.own == 0 else 0)
        try:
            (self.judge_of(session).take_audit if kind == wire.AUDIT else self.judge_of(session).take_receipt)(party, body)
        except (Refused, wire.Malformed) as error:
            raise Broken(f"{'Audit' if kind == wire.AUDIT else 'Receipt'} of {party}: {error}") from None

    def judge_of(self, session):
        if session not in self.judges:
            keys = {index or (self.plan.server if self.own == 0 else 0): channel.peer_public_key() for index, channel in self.channels.items()}
            self.judges[session] = Judge(self.plan, self.own, self.manifest_hash, session, keys)
        return self.judges[session]

    def all_verified(self):
        return all(channel.established for channel in self.channels.values()) and len(self.described) == self.n

    def agree_on(self, accept):
        """The manifest and secrets, once every channel is complete."""
        e = self.channels[0]
        client = e.peer_der() if self.own else self.identity.der if self.identity else None
        cid = e.export("EXPERIMENTAL-louver-v1 cid", b"", 32)
        server_der = self.identity.der if self.own else e.peer_der()
        members = [(sha256(client, cid) if client else bytes(32), bytes(32))]
        members += [(sha256(self.channels[i].peer_der()), sha256(self.described[i])) for i in range(1, self.n + 1)]
        members.append((sha256(server_der), bytes(32)))
        self.manifest = self.twist("manifest", wire.Manifest(e.export("EXPERIMENTAL-louver-v1 id", b"", 32), accept, members).encode())
        self.manifest_hash = sha256(b"louver v1 manifest", self.manifest)
        self.suite = SUITES[accept.suite]
        audit = dict(accept.extensions).get(1, b"")
        self.plan = Plan(self.n, self.hello.contexts, accept.grants, audit)
        self.secrets = EndpointSecrets(self.suite, self.plan, self.own, e.export("EXPERIMENTAL-louver-v1 e2e", self.manifest_hash, self.suite.length))

    def say_keys(self):
        for i in range(1, self.n + 1):
            parts = self.twist(f"parts{i}", self.secrets.parts_for(i))
            self.say(i, wire.KEYS, wire.encode_keys(self.manifest, parts))

    def check_readys(self):
        if not self.twist("check", True):
            return
        own = dict(digests(self.secrets.table()))
        seen = {}
        for i in range(1, self.n + 1):
            manifest_hash, listed = wire.decode_ready(self.readys[i])
            need(manifest_hash == self.manifest_hash, f"Ready of M{i}: manifest")
            need([name for name, _ in listed] == self.plan.held_by(i), f"Ready of M{i}: items")
            for name, digest in listed:
                need(own.get(name, digest) == digest and seen.setdefault(name, digest) == digest, f"Ready of M{i}: digest of {name}")

    def go(self):
        for i in range(1, self.n + 1):
            self.say(i, wire.GO, self.manifest_hash)
        self.opened = True
        self.flush()

    @property
    def association(self):
        return self.manifest_hash[:16]

    def session_keys(self, number):
        return SessionKeys(self.suite, self.plan, self.own, self.secrets.table(), number)

    def close(self, code=0, drain_ms=0, last=0):
        for i in self.channels:
            self.say(i, wire.CLOSE, bytes([code]) + wire.u(drain_ms, 4) + wire.u(last, 8))
        self.flush()


class Client(Endpoint):
    """@param identity  or None: anonymous"""

    def __init__(self, hello, anchors, identity, port, twist=honest, channel_options=None):
        super().__init__(lambda n: 0, twist)
        self.identity, self.port = identity, port
        self.set_up(hello.encode())
        options = channel_options or {}
        alpns = {0: E}
        for i in range(self.n + 1):
            name = hello.route[-1][0] if i == 0 else hello.route[i - 1][0]
            arguments = {"alpn": alpns.get(i, C), "identity": identity if i == 0 else None, "peer_name": name, **options.get(i, {})}
            self.channels[i] = Channel(False, anchors=anchors, **arguments)

    def start(self):
        self.wire = Wire.connect(self.port)
        self.wire.send(self.twist("hello", wire.frame(HELLO, 0, 0, self.hello_body)))
        for channel in self.channels.values():
            channel.start()
        self.flush()

    def establish(self):
        """Steps 1 and 4 of section 4."""
        self.start()
        while not (self.all_verified() and self.accept):
            self.step()
        need(self.accept.hello_hash == sha256(self.hello_body) and self.accept.suite in self.hello.suites, "Accept")
        self.agree_on(self.accept)
        self.say(0, wire.CONFIRM, self.manifest_hash)
        self.say_keys()
        self.flush()
        while not (self.confirmed and len(self.readys) == self.n):
            self.step()
        need(self.confirmed == self.manifest_hash, "Confirm")
        self.check_readys()
        self.go()
        return self

    def join(self, number=1, twist=None):
        """A session of ours: JOIN, and whatever `send` puts behind it."""
        return Session(self, number, Wire.connect(self.port), twist or self.twist).start()


class Session:
    """A session at an endpoint."""

    def __init__(self, endpoint, number, connection, twist=honest):
        self.endpoint, self.wire, self.twist = endpoint, connection, twist
        self.keys = endpoint.session_keys(number)
        out, into = (0, 1) if endpoint.own == 0 else (1, 0)
        self.out, self.into = records.Half(self.keys, out), records.Half(self.keys, into)
        self.parts, self.ended = [], set()
        endpoint.joined = max(endpoint.joined, number)
        self.stating = Stating(self.keys, endpoint.manifest_hash, endpoint.identity)
        self.judge = endpoint.judge_of(number)

    def start(self):
        join = records.join_frame(self.keys, self.endpoint.association, self.endpoint.alive_received)
        for octets in self.twist("join", [join]):
            self.wire.send(octets)
        return self

    def put(self, *octets):
        for one in self.twist("records", list(octets)):
            self.wire.send(one)

    def send(self, context, content, exchange=0, end=True, flags=0):
        apart = end and content and self.keys.plan.ends_apart(context, self.out.d)
        if content or not end:
            self.put(self.out.send(context, exchange, content, flags | (wire.EOM if end and not apart else 0)))
        if end and (apart or not content):
            self.put(self.out.send(context, exchange, b"", wire.EOM))
        self.state(context, exchange, content, end)

    def state(self, context, exchange, content, end):
        """The values of what was sent, if a message has ended by it."""
        values = [self.stating.note(self.out.d, context, out, exchange, content, end) for out in (END, OUT)]
        for value in self.twist("values", [v for v in values if v]):
            self.stating.chains.add(value)
            self.say_audit(value)

    def say_audit(self, value):
        self.endpoint.say(0, wire.AUDIT, value.encode())
        self.endpoint.flush()

    def say_receipt(self, body=None):
        """The last receipt, or what is said instead."""
        body = self.twist("receipt", body or self.stating.receipt())
        self.endpoint.say(0, wire.RECEIPT, self.twist("signed", self.stating.sign(body)))
        self.endpoint.flush()

    def attest(self):
        """The own last receipt, and everybody else's. @return the verdicts"""
        if self.endpoint.identity is not None and self.stating.places:
            self.say_receipt()
        while self.judge.unsigned():
            self.endpoint.step()
        return self.judge.verdicts()

    def finish(self):
        self.put(*self.out.finish())

    def step(self):
        octets = bytearray(self.wire.read())
        if octets[0] == ALERT:
            raise PeerAlert(octets[6], octets[1], False)
        segment, number = self.into.accept(octets)
        content = self.into.open(octets, segment, number)
        if octets[0] == wire.DATA and octets[2] & wire.FIN:
            self.ended.add(octets[1])
        else:
            exchange, end = int.from_bytes(octets[6:10], "big"), bool(octets[0] == wire.DATA and octets[2] & wire.EOM)
            self.parts.append((octets[1], exchange, content, end))
            values = [self.stating.note(self.into.d, octets[1], out, exchange, content, end) for out in (END, IN)]
            for value in filter(None, values):
                self.stating.chains.add(value)
                self.judge.own_value(value)

    def read_until_end(self):
        flows = [f for f in self.keys.plan.flows[self.into.d] if f[0].sink == self.endpoint.own]
        while len(self.ended) < len(flows):
            self.step()
        return self

    def text(self, context, exchange=0):
        return b"".join(c if isinstance(c, bytes) else b"x" * c[1] for k, x, c, _ in self.parts if (k, x) == (context, exchange))


class Server(Endpoint):
    """One association, and one session of it, of a server that listens on `listener`.

    @param policy  grants octets of the Hello -> those of the Accept
    """

    def __init__(self, listener, anchors, identity, policy=lambda grants: grants, twist=honest, wants_client=True, channel_options=None):
        super().__init__(lambda n: n + 1, twist)
        self.listener, self.anchors, self.identity, self.policy, self.wants_client = listener, anchors, identity, policy, wants_client
        self.channel_options = channel_options or {}

    def take_hello(self):
        while True:
            sock, _ = self.listener.accept()
            self.wire = Wire(sock)
            octets = self.wire.read()
            if octets[0] == HELLO:
                break
            self.wire.close()
        self.set_up(octets[6:])
        for i in range(self.n + 1):
            arguments = {"alpn": E if i == 0 else S, "identity": self.identity, "peer_name": None if i == 0 else self.hello.route[i - 1][0],
                         "wants_certificate": i > 0 or self.wants_client, **self.channel_options.get(i, {})}
            self.channels[i] = Channel(True, anchors=self.anchors, **arguments)
        known = dict(self.hello.extensions)
        extensions = [(k, v) for k, v in self.hello.extensions if k in (1, 2, 3) and k in known]
        self.accept = wire.Accept(sha256(self.hello_body), self.hello.suites[0], self.policy(self.hello.grants), extensions)
        self.say(0, wire.ACCEPT, self.accept.encode())

    def establish(self):
        self.take_hello()
        while not self.all_verified():
            self.step()
        self.agree_on(self.accept)
        while not self.confirmed:
            self.step()
        need(self.confirmed == self.manifest_hash, "Confirm")
        self.say(0, wire.CONFIRM, self.manifest_hash)
        self.say_keys()
        self.flush()
        while len(self.readys) < self.n:
            self.step()
        self.check_readys()
        self.go()
        return self

    def take_session(self):
        while True:
            sock, _ = self.listener.accept()
            connection = Wire(sock)
            octets = connection.read()
            if octets[0] == JOIN:
                break
            connection.close()
        need(octets[6:22] == self.association, "association")
        session = Session(self, int.from_bytes(octets[22:30], "big"), connection, self.twist)
        need(session.keys.join_hop_tag(self.n, octets[:66]) == octets[66:98], "JOIN hop tag")
        need(session.keys.join_end_tag(octets[:34]) == octets[34:66], "JOIN end tag")
        return session


class Middlebox:
    """Mi: takes one association on `listener`, and connects on to `next_port`."""

    def __init__(self, listener, next_port, anchors, identity, index, twist=honest, channel_options=None):
        self.listener, self.next_port, self.anchors, self.identity, self.own, self.twist = listener, next_port, anchors, identity, index, twist
        self.channel_options = channel_options or {}
        self.channels, self.keys, self.gone, self.table = {}, {}, set(), None
        self.ready_sent = False
        self.ended, self.alert = threading.Event(), None  # keep() has come to its end, and by which alert
        self.lock = threading.RLock()  # a session states on the channels while keep() serves them
        self.describe = wire.encode_describe(b"Example", b"interop", b"python", b"", os.urandom(32))

    def _flush(self):
        for side, channel in self.channels.items():
            octets = channel.output()
            flags = 0 if side == "c" else 1
            for at in range(0, len(octets), 16384):
                to = self.client if side == "c" else self.server
                for one in self.twist("frames", [wire.frame(CHANNEL, self.own, flags, octets[at:at + 16384])]):
                    to.send(one)

    def _say(self, side, kind, body):
        body = self.twist({1: "describe", 5: "ready", 7: "alive", 10: "blocked", 12: "close"}.get(kind, "message") + "_" + side, body)
        if body is not None:
            self.channels[side].send(wire.message(kind, body))
            self.twist("said_" + side, (self, kind))

    def take_hello(self):
        while True:
            sock, _ = self.listener.accept()
            self.client = Wire(sock)
            octets = self.client.read()
            if octets[0] == HELLO:
                break
            self.client.close()
        self.hello_body = octets[6:]
        self.hello = wire.Hello.decode(self.hello_body)
        self.n = self.hello.middleboxes
        self.server = Wire.connect(self.next_port)
        self.server.send(self.twist("hello", octets))
        c = {"alpn": C, "identity": self.identity, "wants_certificate": False, **self.channel_options.get("c", {})}
        s = {"alpn": S, "identity": self.identity, "peer_name": self.hello.route[-1][0], **self.channel_options.get("s", {})}
        self.channels = {"c": Channel(True, anchors=self.anchors, **c), "s": Channel(False, anchors=self.anchors, **s)}
        self._say("c", wire.DESCRIBE, self.describe)
        self._say("s", wire.DESCRIBE, self.describe)
        self.channels["s"].start()
        self._flush()

    def establish(self):
        """Until Go from both ends."""
        self.take_hello()
        while self.gone != {"c", "s"}:
            self.step()
        return self

    def keep(self):
        """Goes on passing the others' frames on, until the association's connections end."""
        try:
            while True:
                self.step()
        except (Closed, PeerAlert) as end:
            self.alert = end if isinstance(end, PeerAlert) else None
            self.client.close()
            self.server.close()
        finally:
            self.ended.set()

    def step(self):
        from_, octets = self._next_frame()
        kind, index, flags, body = octets[0], octets[1], octets[2], octets[6:]
        if kind == ALERT:
            raise PeerAlert(body[0], index, False)
        side = "s" if flags == 1 else "c"
        mine = kind == CHANNEL and index == self.own and (side == "c") == (from_ is self.client)
        with self.lock:
            if mine:
                self._take_piece(side, body)
            else:
                (self.server if from_ is self.client else self.client).send(self.twist("forward", octets))

    def _take_piece(self, side, body):
        try:
            self.channels[side].receive(body)
        except ChannelFailed as error:
            self._flush()
            raise Broken(f"channel {side}: {error}") from None
        messages, self.channels[side].received = wire.split_messages(self.channels[side].received)
        for message_kind, message_body in messages:
            self._take(side, message_kind, message_body)
        self._flush()

    def _next_frame(self):
        import select

        deadline = time.monotonic() + DEADLINE
        while True:
            for one in (self.client, self.server):
                if one.frames:
                    return one, one.frames.pop(0)
            ready, _, _ = select.select([self.client, self.server], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise Closed("nothing came")
            for one in ready:
                octets = one.read(deadline)
                return one, octets

    def _take(self, side, kind, body):
        if kind == wire.ALERT_MESSAGE:
            raise PeerAlert(body[9], body[8], True)
        if kind == wire.KEYS:
            self.keys[side] = wire.decode_keys(body)
            if len(self.keys) == 2:
                self._agree()
        elif kind == wire.GO:
            need(body == self.manifest_hash, "Go")
            self.gone.add(side)
        elif kind not in (wire.CLOSE,):
            raise Broken(f"message {kind}")

    def _agree(self):
        octets, manifest, from_client = self.keys["c"]
        need(octets == self.keys["s"][0], "the two manifests differ")
        need(manifest.accept.hello_hash == sha256(self.hello_body) and len(manifest.members) == self.n + 2, "manifest")
        need(manifest.members[self.own] == (sha256(self.identity.der), sha256(self.describe)), "own member")
        need(manifest.members[-1][0] == sha256(self.channels["s"].peer_der()), "the server's member")
        self.suite = SUITES[manifest.accept.suite]
        self.plan = Plan(self.n, self.hello.contexts, manifest.accept.grants, dict(manifest.accept.extensions).get(1, b""))
        from_server = self.keys["s"][2]
        for end, parts in ((0, from_client), (self.plan.server, from_server)):
            need([name for name, _ in parts] == [x for x in self.plan.held_by(self.own) if end in self.plan.givers(x)], f"items of {end}")
        self.manifest_hash = sha256(b"louver v1 manifest", octets)
        self.table = middlebox_table(self.suite, self.plan, self.own, from_client, from_server)
        for side in ("c", "s"):
            self._say(side, wire.READY, wire.encode_ready(self.manifest_hash, digests(self.table)))
        self.ready_sent = True

    # --- a session

    def state(self, side, kind, body):
        """An Audit or a Receipt."""
        with self.lock:
            self._say(side, kind, body)
            self._flush()

    def take_session(self, act=None):
        """Takes a JOIN and passes it on. @param act  (direction, segment, content or (redactor, octets), end) -> None: pass; octets: a writer's; "redact" """
        while True:
            sock, _ = self.listener.accept()
            client = Wire(sock)
            octets = bytearray(client.read())
            if octets[0] == JOIN:
                break
            client.close()
        need(bytes(octets[6:22]) == self.manifest_hash[:16], "association")
        return RelayedSession(self, client, octets, act)


class RelayedSession:
    def __init__(self, middlebox, client, join, act):
        self.box, self.client, self.act = middlebox, client, act or (lambda *_: None)
        self.twist = middlebox.twist
        self.keys = SessionKeys(middlebox.suite, middlebox.plan, middlebox.own, middlebox.table, int.from_bytes(join[22:30], "big"))
        need(self.keys.join_hop_tag(middlebox.own - 1, bytes(join[:66])) == join[66:98], "JOIN hop tag")
        join[66:98] = self.keys.join_hop_tag(middlebox.own, bytes(join[:66]))
        self.server = Wire.connect(middlebox.next_port)
        for octets in self.twist("join", [bytes(join)]):
            self.server.send(octets)
        self.halves = [records.Half(self.keys, 0), records.Half(self.keys, 1)]
        self.seen, self.fins = [], [set(), set()]
        self.stating = Stating(self.keys, middlebox.manifest_hash, middlebox.identity)

    def relay(self):
        """Until both connections are at their end; then it signs. @raise PeerAlert with the first alert that came, passed on"""
        import select

        open_sides = {self.client, self.server}
        while open_sides:
            for one in list(open_sides):
                while one.frames:
                    self._frame(one, one.frames.pop(0))
            ready, _, _ = select.select(list(open_sides), [], [], DEADLINE)
            if not ready:
                raise Closed("nothing came")
            for one in ready:
                try:
                    octets = one.read()  # which replaces the list
                    one.frames.insert(0, octets)
                except Closed:
                    open_sides.discard(one)
                    (self.server if one is self.client else self.client).sock.shutdown(socket.SHUT_WR) if open_sides else None
        if self.stating.places:
            self.say_receipt()
        return self

    def say_receipt(self, body=None, sides=("c", "s")):
        body = self.twist("receipt", body or self.stating.receipt())
        for side in sides:
            self.box.state(side, wire.RECEIPT, self.twist("signed", self.stating.sign(body)))

    def state(self, d, context, exchange, took, sent):
        """The values of what a writer took in and sent on, each (content, end) or None."""
        values = [self.stating.note(d, context, out, exchange, *what) for out, what in ((IN, took), (OUT, sent)) if what is not None]
        for value in self.twist("values", [v for v in values if v]):
            self.stating.chains.add(value)
            self.box.state("s" if d == 0 else "c", wire.AUDIT, value.encode())

    def _frame(self, from_, octets):
        to = self.server if from_ is self.client else self.client
        if octets[0] == ALERT:
            to.send(octets)
            raise PeerAlert(octets[6], octets[1], False)
        d = 0 if from_ is self.client else 1
        half = self.halves[d]
        record = bytearray(octets)
        segment, number = half.accept(record)
        for out in self.twist("relay", self._process(half, segment, number, record)):
            to.send(out)

    def _process(self, half, segment, number, record):
        plan, own, d = self.keys.plan, self.box.own, half.d
        context, flags, exchange = record[1], record[2], int.from_bytes(record[6:10], "big")
        if not plan.may_open(own, context, d):
            return [half.stamp(record)]
        content = half.open(record, segment, number)
        fin = record[0] == wire.DATA and flags & wire.FIN
        end = bool(record[0] == wire.DATA and flags & wire.EOM)
        if not fin:
            self.seen.append((d, context, content, end))
        verdict = None if fin else self.act(d, segment, content, end)
        if segment.sink == own:  # a writer
            if fin:
                self.fins[d].add(id(segment.flow))
                mine = {id(f) for f in plan.flows[d] if f[0].sink == own}
                return half.finish() if self.fins[d] == mine else []
            new = verdict if verdict is not None else content if isinstance(content, bytes) else b"x" * content[1]
            self.state(d, context, exchange, (content, end), (new, end))
            if not new and not end:
                return []  # padding
            apart = end and new and plan.ends_apart(context, d)
            out = [half.send(context, exchange, new, 0 if apart or not end else wire.EOM)]
            return out + ([half.send(context, exchange, b"", wire.EOM)] if apart else [])
        if verdict == "redact" and record[0] == wire.DATA and content:
            return [half.stamp(half.tombstone(record, segment, number))]
        half.bear_witness(record, segment, number)
        return [half.stamp(record)]
