"""Plays every row of misbehaviours.py against real processes: the party that must notice says so in its log with the alert of the table, the peer hears that alert, nothing
of it is delivered, and the processes go on serving.

MISBEHAVIOURS=regular expression  plays only the rows whose name it finds.
"""

import os
import re
import socket
import unittest
from types import SimpleNamespace

from test_interop import InThread, Interop

from harness import LOUVER, run, wait_for
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from misbehaviours import CHAINS, RECEIPTS, ROWS, VALUES, changed_entry, changed_values
from peer import wire
from peer.audit import END, IN, OUT, Judge, Refused, Stating
from peer.channel import Identity
from peer.crypto import SUITES
from peer.party import Broken, Client, Closed, Middlebox, PeerAlert, RelayedSession, Server, Wire, honest
from peer.plan import Plan
from peer.schedule import SessionKeys

ONLY = re.compile(os.environ.get("MISBEHAVIOURS", ""))
WORD = b"attack"  # what no application and no origin may ever see
QUICK = '[limits]\nhandshake_deadline = "1s"\n'


class Stage:
    """Real parties around the one that misbehaves; `heard` is what the Python party was told."""

    def __init__(self, case, path, echo):
        self.case, self.path, self.echo = case, path, echo
        self.heard = None
        self.extensions = []

    def identity(self, index):
        return self.case.identity(self.path, index)

    def other_identity(self, role, name, tag="other"):
        return self._issue(self.path.pki, role, name, tag)

    def strange_identity(self, role, name):
        other = self.path.directory / "strangers"
        if not other.exists():
            run([LOUVER, "pki", "init", str(other)])
        return self._issue(other, role, name, "strange")

    def _issue(self, pki, role, name, tag):
        out = self.path.directory / f"{tag}-{role}-{name}"
        if not os.path.exists(f"{out}.pem"):
            run([LOUVER, "pki", "issue", str(pki), "--role", role, "--name", name, "--out", str(out)])
        return Identity(f"{out}.pem", f"{out}.key")

    # --- as a client

    def hello(self, **more):
        return self.case.hello(self.path, **{"extensions": self.extensions, **more})

    def hello_frame(self, **more):
        return wire.frame(wire.HELLO, 0, 0, self.hello(**more).encode())

    def client(self, twist=honest, **more):
        return self.case.client(self.path, hello=self.hello(), twist=twist, **more)

    def anonymous_client(self):
        return Client(self.hello(), self.case.anchors(self.path), None, self.path.ports[1])

    def send_raw(self, octets):
        port = self.path.ports[1 if self.notices == "m1" else 2]
        with socket.create_connection(("127.0.0.1", port), timeout=15) as s:
            s.sendall(octets)
            self.hear(Wire(s))

    def hear(self, party):
        """Reads until an alert comes or the connection ends."""
        while True:
            if isinstance(party, Wire):
                octets = party.read()
                if octets[0] == wire.ALERT:
                    raise PeerAlert(octets[6], octets[1], False)
            elif isinstance(party, Client):
                party.step()
            else:
                octets = party.wire.read()
                if octets[0] == wire.ALERT:
                    raise PeerAlert(octets[6], octets[1], False)

    def until_closing(self, client):
        """Both ends are bound by a Close once the server has answered it with its own."""
        while not client.closes:
            client.step()

    # --- as a server

    def serve(self, twist, channel_options=None, identity=None, policy=None):
        server = self._server(twist, channel_options, identity, policy).establish()
        while True:
            server.step()

    def _server(self, twist=honest, channel_options=None, identity=None, policy=None):
        self.path.start_party(0)
        chosen = identity(self) if identity else self.identity(2)
        return Server(self.listener, self.case.anchors(self.path), chosen, policy or (lambda grants: grants), twist, channel_options=channel_options)

    def serve_session(self, play):
        server = self._server().establish()
        with self.ask() as s:
            s.sendall(b"question")
            s.shutdown(socket.SHUT_WR)
            session = server.take_session()
            play(session)
            try:
                self.hear(session)
            finally:
                self.case.assertNotIn(WORD, self.rest(s))

    # --- as a middlebox

    def stand_between(self, twist, channel_options=None, identity=None):
        self._middlebox(twist, channel_options, identity).establish()
        raise AssertionError("the agreement was reached")

    def _middlebox(self, twist=honest, channel_options=None, identity=None):
        self.path.start_party(0)
        chosen = identity(self) if identity else self.identity(1)
        options = channel_options(self) if callable(channel_options) else channel_options
        return Middlebox(self.listener, self.path.ports[2], self.case.anchors(self.path), chosen, 1, twist, options)

    def relay_session(self, twist, change=None):
        box = self._middlebox().establish()
        InThread(box.keep)
        self.path.agent.wait_event("association.open")
        box.twist = twist
        with self.ask() as s:
            s.sendall(b"honest words")
            s.shutdown(socket.SHUT_WR)
            session = box.take_session()
            if change:
                honest_process, seen = session._process, []

                def process(half, segment, number, record):
                    if half.d == 0 and not seen:
                        seen.append(1)
                        return change(half, segment, number, record)
                    return honest_process(half, segment, number, record)

                session._process = process
            session.relay()

    # --- audit

    def attest(self, role, twist, whole, instead=lambda session: None):
        """One session of honest data, about which `twist` lies, to the last receipt; not `whole`: up to the first message, and then what is done `instead`."""
        session = getattr(self, "_" + role.split()[0] + "_attests")(twist, whole, instead)
        if isinstance(session, RelayedSession):
            session.box.ended.wait(10)
            if session.box.alert:
                raise session.box.alert
        else:
            while True:
                session.endpoint.step()

    def _client_attests(self, twist, whole, instead):
        session = self.client().establish().join(1, twist)
        session.send(1, b"all")
        if whole:
            session.finish()
            session.read_until_end().say_receipt()
        else:
            instead(session)
        return session

    def _server_attests(self, twist, whole, instead):
        server = self._server().establish()
        with self.ask() as s:
            s.sendall(b"question")
            s.shutdown(socket.SHUT_WR)
            session = server.take_session().read_until_end()
            session.twist = twist
            session.send(2, b"answer")
            if whole:
                session.finish()
                self.rest(s)
                session.say_receipt()
            else:
                instead(session)
        return session

    def _middlebox_attests(self, twist, whole, instead):
        box = self._middlebox().establish()
        InThread(box.keep)
        box.twist = twist
        with self.ask() as s:
            s.sendall(b"honest words")
            s.shutdown(socket.SHUT_WR)
            session = box.take_session(lambda d, _segment, _content, end: instead(session) if d == 1 and end else None)
            try:
                return session.relay()
            except PeerAlert as alert:
                if alert.name != "revoked":  # as a session is whose association has ended
                    raise
                return session

    # --- both

    def ask(self):
        self.path.agent.wait_event("association.open")
        return socket.create_connection(("127.0.0.1", self.path.ports[0]), timeout=15)

    @staticmethod
    def rest(s):
        said = b""
        try:
            while more := s.recv(65536):
                said += more
        except OSError:
            pass
        return said


class Misbehaviours(Interop):
    NAMES = {"agent": 0, "m1": 1, "gateway": 2}

    def play(self, row, stage):
        path = stage.path
        before = {i: len(p.events) for i, p in path.processes.items()}
        stage.notices = row.notices
        stage.heard = None
        try:
            row.play(stage)
        except PeerAlert as alert:
            stage.heard = alert.name
        except (Closed, Broken) as end:
            stage.heard = f"({end})"
        noticing = [self.NAMES[name] for name in row.notices.split("|")]

        def noticed():
            found = []
            for i in noticing:
                since = path.processes[i].events[0 if i == 0 else before.get(i, 0):]
                found += [e for e in since if "alert" in e and not str(e.get("fault", "")).startswith(("peer_alert", "connection_lost", "closed"))]
            return found

        def as_the_table_says():
            return any(e["alert"] == row.alert for e in noticed())

        try:
            wait_for(as_the_table_says, f"{row.notices} to notice {row.name}", 4)
        except AssertionError:
            everything = {name: [(e.get("alert"), e.get("fault")) for e in path.processes[i].events[before.get(i, 0):] if "alert" in e] for name, i in self.NAMES.items() if i in path.processes}
            raise AssertionError(f"must be {row.alert} by {row.notices}; the peer heard {stage.heard}; logs: {everything}") from None
        if stage.heard and not stage.heard.startswith("("):
            self.assertIn(stage.heard, {row.alert} | {e["alert"] for e in noticed()}, "what the peer heard")
        for data in stage.echo.got:
            self.assertNotIn(WORD, data)
            self.assertIn(data, (b"", b"all", b"first", b"half", b"honest words", b"to and fro"))
        for process in path.processes.values():
            self.assertIsNone(process.process.poll(), f"a process ended: {''.join(process.raw)[-500:]}")

    def rows(self, role):
        chosen = [row for row in ROWS if row.role == role and ONLY.search(row.name)]
        if not chosen:
            self.skipTest("none chosen")
        return chosen

    def path_for(self, audited=False):
        echo, path = self.stream_path(1, {1: {"upstream": "inspect", "downstream": "write"}})
        path.extra = {1: QUICK, "gateway": QUICK, "agent": QUICK}
        if audited:
            self.audited(path)
        original = path.agent_config
        path.agent_config = lambda: original().replace("[[tcp]]", 'minimum = { upstream = "inspect" }\n[[tcp]]')
        return echo, path

    def honest_exchange(self, stage):
        session = stage.client().establish().join()
        session.send(1, b"to and fro")
        session.finish()
        self.assertEqual(session.read_until_end().text(2), b"to and fro"[::-1])
        self.assertIn(session.attest(), ({}, {(2, 0, 0): "unmodified"}))

    def test_as_a_client(self):
        self.as_a_client("client")

    def test_as_a_client_with_audit(self):
        self.as_a_client("client with audit", True)

    def test_as_a_server(self):
        self.as_a_server("server")

    def test_as_a_server_with_audit(self):
        self.as_a_server("server with audit", True)

    def test_as_a_middlebox(self):
        self.as_a_middlebox("middlebox")

    def test_as_a_middlebox_with_audit(self):
        self.as_a_middlebox("middlebox with audit", True)

    def as_a_client(self, role, audited=False):
        rows = self.rows(role)
        echo, path = self.path_for(audited)
        self.start_without_agent(path)
        stage = Stage(self, path, echo)
        stage.extensions = [(1, b"\1\2")] if audited else []
        for row in rows:
            with self.subTest(row.name, id=row.ident):
                self.play(row, stage)
                self.honest_exchange(stage)

    def as_a_server(self, role, audited=False):
        rows = self.rows(role)
        echo, path = self.path_for(audited)
        listener = self.listener()
        path.ports[2] = listener.getsockname()[1]
        path.start_party(1)
        stage = Stage(self, path, echo)
        stage.listener = listener
        for row in rows:
            with self.subTest(row.name, id=row.ident):
                try:
                    self.play(row, stage)
                finally:
                    self.drain(path, listener)
        server = stage._server().establish()
        party = InThread(lambda: server.take_session().read_until_end().text(1))
        with stage.ask() as s:
            s.sendall(b"to and fro")
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(party.get(), b"to and fro")

    def as_a_middlebox(self, role, audited=False):
        rows = self.rows(role)
        echo, path = self.path_for(audited)
        path.start_party(2)
        listener = self.listener()
        path.ports[1] = listener.getsockname()[1]
        stage = Stage(self, path, echo)
        stage.listener = listener
        for row in rows:
            with self.subTest(row.name, id=row.ident):
                try:
                    self.play(row, stage)
                finally:
                    self.drain(path, listener)
        box = stage._middlebox().establish()
        InThread(box.keep)
        party = InThread(lambda: box.take_session().relay())
        with stage.ask() as s:
            s.sendall(b"to and fro")
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(stage.rest(s), b"to and fro"[::-1])
        party.get()

    @staticmethod
    def drain(path, listener):
        """The agent goes, and what it still had on the way to us."""
        path.processes.pop(0).kill()
        listener.settimeout(0)
        try:
            while True:
                listener.accept()[0].close()
        except OSError:
            pass
        listener.settimeout(20)


class Judging(unittest.TestCase):
    """The second implementation's own judgement, as the client of a path whose M1 writes or redacts: it must see through the same lies."""

    PARTIES = (2, 1)

    def setUp(self):
        self.make(bytes([0x02, 0x40]))  # upstream inspect, downstream write

    def make(self, grants):
        self.plan = Plan(1, [(1, 1, "upstream"), (2, 2, "downstream")], grants, (1, 2))
        secrets = {name: os.urandom(32) for name in self.plan.items}
        keys = {1: ec.generate_private_key(ec.SECP384R1()), 2: ed25519.Ed25519PrivateKey.generate()}
        self.parties = {}
        for i in (0, 1, 2):
            identity = SimpleNamespace(key=SimpleNamespace(to_cryptography_key=lambda i=i: keys[i]))
            self.parties[i] = Stating(SessionKeys(SUITES[0x1301], self.plan, i, secrets, 1), bytes(32), identity)
        self.judge = Judge(self.plan, 0, bytes(32), 1, {i: key.public_key() for i, key in keys.items()})

    def say(self, party, out, content, lie=lambda values: values, end=True, heard=True):
        """What `party` took in or sent on of a message of the server."""
        values = [v for v in [self.parties[party].note(1, 2, out, 0, content, end)] if v]
        for value in lie(values):
            self.parties[party].chains.add(value)
            if heard and party:
                self.judge.take_audit(party, value.encode())
            elif heard:
                self.judge.own_value(value)

    def message(self, sent=b"words", passed=b"words", lies={}, arrives=True):
        """One message all the way; `lies` by (party, out)."""
        for party, out, content in ((2, END, sent), (2, OUT, sent), (1, IN, sent), (1, OUT, passed), (0, END, passed), (0, IN, passed)):
            if (party or arrives) and (1, 2, out) in self.parties[party].places:
                self.say(party, out, content, lies.get((party, out), lambda values: values))
        return self.judge.verdicts()

    def test_each_verdict(self):  # AU-01
        self.assertEqual(self.message(), {(2, 0, 0): "unmodified"})
        self.assertEqual(self.message(passed=b"other words")[2, 0, 1], "changed")
        self.assertEqual(self.message(passed=b"swords", lies={(1, OUT): changed_values(changed=0)})[2, 0, 2], "disagreement")
        self.assertEqual(self.message(passed=b"sword", lies={(1, OUT): changed_values(changed=0)})[2, 0, 3], "disagreement")
        self.assertEqual(self.message(lies={(1, IN): changed_values(value=bytes(32))})[2, 0, 4], "disagreement")
        self.assertEqual(self.message(lies={(2, END): changed_values(length=9)})[2, 0, 5], "disagreement")
        self.assertEqual(self.message(arrives=False)[2, 0, 6], "undelivered")

    def test_a_value_that_is_not_there(self):  # AU-01
        for silent in ((2, END), (2, OUT), (1, IN), (1, OUT)):
            self.setUp()
            self.assertEqual(self.message(lies={silent: lambda values: []}), {(2, 0, 0): "unattested"}, silent)

    def test_a_message_that_a_writer_has_made_up(self):  # AU-01
        for party, out in ((1, OUT), (0, END), (0, IN)):
            self.say(party, out, b"made up")
        self.assertEqual(self.judge.verdicts(), {(2, 0, 0): "changed"})
        self.assertEqual(self.judge.heard[1].values[1, 2, OUT][0, 0].changed, 2)

    def test_a_tombstone(self):  # AU-01
        self.make(bytes([0x02, 0x30]))
        self.say(2, OUT, b"secret")
        self.say(0, IN, (1, 6), end=False)
        self.say(0, IN, b"")
        self.assertEqual(self.judge.verdicts(), {(2, 0, 0): "redacted"})

    def test_lies_about_values_are_refused(self):  # AU-04
        for name, _, *lies in VALUES:
            for party, lie in zip(self.PARTIES, lies):
                if "session" not in name:  # which the association looks at
                    with self.subTest(name, party=party), self.assertRaises(Refused):
                        self.setUp()
                        self.message(lies={(party, out): lie for out in (IN, OUT, END)})

    def test_lies_in_receipts_are_refused(self):  # AU-03
        chains = [(name, "", {"receipt": changed_entry(-1, **changes)}) for name, changes in CHAINS]
        more = ("with_a_place_that_is_not_its_own", "", {"receipt": lambda body: body._replace(entries=(wire.ReceiptEntry(0, 1, 1, 0, 0, 1, bytes(32)), *body.entries))})
        for name, _, lies in (("honest", "", {}), *RECEIPTS, *chains, more):
            for party in self.PARTIES:
                with self.subTest(name, party=party):
                    self.setUp()
                    self.message()
                    self.say(0, IN, b"")
                    body = lies.get("receipt", lambda body: body)(self.parties[party].receipt())
                    octets = lies.get("signed", lambda octets: octets)(self.parties[party].sign(body))
                    if not lies:
                        self.judge.take_receipt(party, octets)
                        self.assertNotIn(party, self.judge.unsigned())
                        body = self.parties[party].receipt()
                        octets = self.parties[party].sign(body)  # behind the last
                    with self.assertRaises((Refused, wire.Malformed)):
                        self.judge.take_receipt(party, octets)


class Table(unittest.TestCase):
    def test_it_has_every_alert_that_a_peer_can_provoke_and_each_role(self):
        self.assertEqual({row.alert for row in ROWS}, set(wire.ALERTS[1:]) - {"internal_error"})
        self.assertEqual({row.role for row in ROWS}, {who + how for who in ("client", "server", "middlebox") for how in ("", " with audit")})
        self.assertEqual(len({row.name for row in ROWS}), len(ROWS))


if __name__ == "__main__":
    unittest.main(verbosity=2)
