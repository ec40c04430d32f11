"""Plays every row of misbehaviours.py against real processes: the party that must notice says so in its log with the alert of the table, the peer hears that alert, nothing
of it is delivered, and the processes go on serving.

MISBEHAVIOURS=regular expression  plays only the rows whose name it finds.
"""

import os
import re
import socket
import unittest

from test_interop import InThread, Interop

from harness import LOUVER, run, wait_for
from misbehaviours import ROWS
from peer import wire
from peer.channel import Identity
from peer.party import Broken, Client, Closed, Middlebox, PeerAlert, Server, Wire, honest

ONLY = re.compile(os.environ.get("MISBEHAVIOURS", ""))
WORD = b"attack"  # what no application and no origin may ever see
QUICK = '[limits]\nhandshake_deadline = "1s"\n'


class Stage:
    """Real parties around the one that misbehaves; `heard` is what the Python party was told."""

    def __init__(self, case, path, echo):
        self.case, self.path, self.echo = case, path, echo
        self.heard = None

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
        return self.case.hello(self.path, **more)

    def hello_frame(self, **more):
        return wire.frame(wire.HELLO, 0, 0, self.hello(**more).encode())

    def client(self, twist=honest, **more):
        return self.case.client(self.path, twist=twist, **more)

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

    def path_for(self):
        echo, path = self.stream_path(1, {1: {"upstream": "inspect", "downstream": "write"}})
        path.extra = {1: QUICK, "gateway": QUICK, "agent": QUICK}
        original = path.agent_config
        path.agent_config = lambda: original().replace("[[tcp]]", 'minimum = { upstream = "inspect" }\n[[tcp]]')
        return echo, path

    def honest_exchange(self, stage):
        session = stage.client().establish().join()
        session.send(1, b"to and fro")
        session.finish()
        self.assertEqual(session.read_until_end().text(2), b"to and fro"[::-1])

    def test_as_a_client(self):
        echo, path = self.path_for()
        self.start_without_agent(path)
        stage = Stage(self, path, echo)
        for row in self.rows("client"):
            with self.subTest(row.name, id=row.ident):
                self.play(row, stage)
                self.honest_exchange(stage)

    def test_as_a_server(self):
        echo, path = self.path_for()
        listener = self.listener()
        path.ports[2] = listener.getsockname()[1]
        path.start_party(1)
        stage = Stage(self, path, echo)
        stage.listener = listener
        for row in self.rows("server"):
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

    def test_as_a_middlebox(self):
        echo, path = self.path_for()
        path.start_party(2)
        listener = self.listener()
        path.ports[1] = listener.getsockname()[1]
        stage = Stage(self, path, echo)
        stage.listener = listener
        for row in self.rows("middlebox"):
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


class Table(unittest.TestCase):
    def test_it_has_every_alert_that_a_peer_can_provoke_and_each_role(self):
        self.assertEqual({row.alert for row in ROWS}, set(wire.ALERTS[1:]) - {"internal_error"})
        self.assertEqual({row.role for row in ROWS}, {"client", "server", "middlebox"})
        self.assertEqual(len({row.name for row in ROWS}), len(ROWS))


if __name__ == "__main__":
    unittest.main(verbosity=2)
