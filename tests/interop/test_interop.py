"""A second implementation of the protocol (peer/, written from docs/protocol.md alone) against real processes, in all three roles."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from harness import LOUVER, Case, wait_for  # noqa: E402
from listening import Listening  # noqa: E402
from recording import Recording  # noqa: E402
from trailing import TrailingOrigin  # noqa: E402
from peer import wire  # noqa: E402
from peer.audit import OUT, Stating  # noqa: E402
from peer.channel import Identity  # noqa: E402
from peer.http import bound_to, lifted  # noqa: E402
from peer.party import Client, Middlebox, PeerAlert, Server, honest  # noqa: E402

STREAM = [(1, 1, "upstream"), (2, 2, "downstream")]

HTTP = [(i + 1, 1 if i < 3 else 2, name) for i, name in enumerate(
    ("request-head", "request-credentials", "request-body", "response-head", "response-credentials", "response-body"))]
TRAILERS = HTTP + [(7, 1, "request-trailers"), (8, 2, "response-trailers")]


class Echo:
    """A TCP origin that sends back, reversed, what it got."""

    def __init__(self):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.got = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                peer, _ = self.server.accept()
            except OSError:
                return
            threading.Thread(target=self._echo, args=(peer,), daemon=True).start()

    def _echo(self, peer):
        with peer:
            data = b""
            try:
                while more := peer.recv(65536):
                    data += more
                self.got.append(data)
                peer.sendall(data[::-1])
            except OSError:
                self.got.append(data)

    def stop(self):
        self.server.close()


class Obeying(Listening):
    """An HTTP origin that carries everything out."""

    def __init__(self):
        self.obeyed = []
        super().__init__()

    def serve(self, s):
        with s, s.makefile("rb") as lines, contextlib.suppress(OSError):
            while line := lines.readline():
                self.obeyed.append(line.strip())
                while lines.readline().strip():
                    pass
                s.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone")


class InThread(threading.Thread):
    """Runs a Python party beside the test; join() raises what it raised."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.work, self.result, self.error = work, None, None
        self.start()

    def run(self):
        try:
            self.result = self.work()
        except BaseException as error:  # noqa: B902: handed to the test
            self.error = error

    def get(self, timeout=25):
        self.join(timeout)
        if self.is_alive():
            raise AssertionError("a party of the test hangs")
        if self.error is not None:
            raise self.error
        return self.result


def ask(port, words):
    """Says it, ends its direction, and reads what comes until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as s:
        s.sendall(words)
        s.shutdown(socket.SHUT_WR)
        said = b""
        while more := s.recv(65536):
            said += more
        return said


class Interop(Case):
    def identity(self, path, index):
        name = path.names[index]
        return Identity(f"{path.pki}/{name}.pem", f"{path.pki}/{name}.key")

    def anchors(self, path):
        return f"{path.pki}/ca.pem"

    def listener(self):
        server = socket.create_server(("127.0.0.1", 0))
        server.settimeout(20)
        self.addCleanup(server.close)
        return server

    def echo(self):
        made = Echo()
        self.addCleanup(made.stop)
        return made

    def stream_path(self, n, offer=None):
        echo = self.echo()
        path = self.path(n, profile="stream/1", origin_port=echo.port)
        for i, grants in (offer or {}).items():
            path.offer[i] = grants
        return echo, path

    def start_without_agent(self, path):
        for i in range(path.n + 1, 0, -1):
            path.start_party(i)
        return path

    def hello(self, path, contexts=STREAM, profile="stream/1", **more):
        route = [(path.names[i], 4000 + i) for i in range(1, path.n + 2)]
        levels = ("none", "read", "inspect", "redact", "write")
        grants = bytearray()
        for i in range(1, path.n + 1):
            for _, directions, name in contexts:
                level = levels.index(path.offer[i].get(name, "none"))
                grants.append((level if directions & 1 else 0) | (level << 4 if directions & 2 else 0))
        return wire.Hello(route, contexts, bytes(grants), os.urandom(32), profile=profile, **more)

    def client(self, path, **more):
        hello = more.pop("hello", None) or self.hello(path)
        return Client(hello, self.anchors(path), self.identity(path, 0), path.ports[1], **more)

    # --- with audit

    def audited(self, path):
        """Both real ends, where there are any, audit everything and demand that it is audited."""
        common, agent_config, gateway_config = path.common, path.agent_config, path.gateway_config
        path.common = lambda i: common(i) + (f'[audit]\nlog = "{self.log(i)}"\n' if i in (0, path.n + 1) else "")
        path.agent_config = lambda: agent_config().replace(f'profile = "{path.profile}"\n', f'profile = "{path.profile}"\naudit = "all"\n', 1)
        path.gateway_config = lambda: gateway_config() + '[policy]\naudit = "all"\nrequire_audit = true\n'
        return path

    def log(self, i):
        return self.directory / f"party{i}.audit"

    def accepted_log(self, path, i, verdicts, sessions=1, unsigned_by=()):
        """Ends the process once its sessions are closed, and has its log checked by the program. @return the log's objects"""
        wait_for(lambda: self.log(i).read_text().count('"type":"session_end"') >= sessions, "the end of the sessions in the log")
        self.assertEqual(path.processes[i].stop(), 0, "".join(path.processes[i].raw)[-2000:])
        done = subprocess.run([LOUVER, "audit", "verify", str(self.log(i)), "--trust", self.anchors(path), "--json"], capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stdout[-2000:] + done.stderr)
        self.assertEqual(json.loads(done.stdout)[0]["messages"], verdicts)
        objects = [json.loads(line) for line in self.log(i).read_text().splitlines()]
        ends = [one for one in objects if one["type"] == "session_end"]
        self.assertEqual([(one["whole"], one["unsigned_by"]) for one in ends], [(True, list(unsigned_by))] * sessions)
        return objects

    GRANTS = (("none", "none"), ("read", "read"), ("inspect", "inspect"), ("redact", "redact"), ("write", "write"), ("read", "write"), ("inspect", "none"))


class AsClient(Interop):
    def exchange(self, client, number=1, text=b"hello, origin", size=None):
        data = text if size is None else os.urandom(size)
        session = client.join(number)
        for at in range(0, len(data), 16000):
            session.send(1, data[at:at + 16000], end=False)
        session.send(1, b"", end=True)
        session.finish()
        session.read_until_end()
        self.assertEqual(session.text(2), data[::-1])
        session.wire.close()

    def test_no_to_four_middleboxes(self):
        for n in range(5):
            with self.subTest(n=n):
                _, path = self.stream_path(n, {i: {"upstream": "read", "downstream": "write"} if i % 2 else {"upstream": "write", "downstream": "inspect"} for i in range(1, n + 1)})
                client = self.client(self.start_without_agent(path)).establish()
                self.exchange(client)
                self.exchange(client, 2, size=200_000)
                path.stop()

    def test_every_grant_in_every_suite(self):
        for suite in (0x1301, 0x1302, 0x1303):
            for up, down in self.GRANTS:
                with self.subTest(suite=hex(suite), up=up, down=down):
                    _, path = self.stream_path(1, {1: {"upstream": up, "downstream": down}})
                    path = self.start_without_agent(path)
                    client = self.client(path, hello=self.hello(path, suites=(suite,))).establish()
                    self.exchange(client)
                    path.stop()

    def test_an_anonymous_client_and_many_sessions_of_one_association(self):
        _, path = self.stream_path(1, {1: {"upstream": "inspect"}})
        self.start_without_agent(path)
        client = Client(self.hello(path), self.anchors(path), None, path.ports[1]).establish()
        for number in (1, 2, 5, 4, 3):
            self.exchange(client, number)

    def test_http_with_its_six_contexts(self):
        nginx = self.origin()
        nginx.put("hi", b"hello")
        path = self.path(2, origin_port=nginx.port)
        path.offer = {1: {"request-head": "read", "request-body": "inspect"}, 2: {"response-head": "write", "response-body": "read"}}
        path.filters = {1: '[[filter]]\ntype = "log"\n', 2: '[[filter]]\ntype = "edit"\nadd = { x-edited = "yes" }\n'}
        self.start_without_agent(path)
        client = self.client(path, hello=self.hello(path, HTTP, "http/1")).establish()
        session = client.join()
        for exchange in (1, 2, 3):
            session.send(1, b"GET /hi HTTP/1.1\r\nhost: site.example\r\n\r\n", exchange)
            session.send(2, bound_to("GET", "site.example", "/hi") + b"cookie: a=b\r\n", exchange)
            session.send(3, b"", exchange)
        session.finish()
        session.read_until_end()
        for exchange in (1, 2, 3):
            self.assertTrue(session.text(4, exchange).startswith(b"HTTP/1.1 200 OK\r\n"), session.text(4, exchange))
            self.assertIn(b"x-edited: yes\r\n", session.text(4, exchange))
            self.assertEqual(session.text(6, exchange), b"hello")
        seen = {e["context"] for e in path.processes[1].wait_event("message", 6)}
        self.assertEqual(seen, {"request-head", "request-body"})

    def test_credentials_aimed_at_another_target_reach_no_origin(self):  # HT-04
        nginx = self.origin()
        nginx.put("hi", b"hello")
        path = self.path(1, origin_port=nginx.port)
        path.offer = {1: {"request-head": "write"}}
        self.start_without_agent(path)
        client = self.client(path, hello=self.hello(path, HTTP, "http/1")).establish()
        given = bound_to("GET", "site.example", "/hi")
        for number, (head, credentials) in enumerate(((b"GET /debug HTTP/1.1\r\nhost: site.example\r\n\r\n", given), (b"GET /hi HTTP/1.1\r\nhost: other.example\r\n\r\n", given),
                                  (b"HEAD /hi HTTP/1.1\r\nhost: site.example\r\n\r\n", given), (b"GET /hi HTTP/1.1\r\nhost: site.example\r\n\r\n", b"")), 1):
            session = client.join(number)
            session.send(1, head, 1)
            session.send(2, credentials + b"cookie: a=b\r\n", 1)
            with self.assertRaises(PeerAlert) as refused:
                session.read_until_end()
            self.assertEqual(refused.exception.name, "blocked_by_policy")
        session = client.join(5)
        session.send(1, b"GET /hi HTTP/1.1\r\nhost: site.example\r\n\r\n", 1)
        session.send(2, given, 1)
        session.send(3, b"", 1)
        session.finish()
        session.read_until_end()
        self.assertEqual(session.text(6, 1), b"hello")


    def test_a_lifted_value_is_put_back_where_its_marker_stands(self):  # HT-16
        origin = Recording(any_case=True)
        self.addCleanup(origin.close)
        path = self.path(1, origin_port=origin.port)
        path.offer = {1: {"request-body": "read"}}
        path.extra["gateway"] = '[[context]]\nname = "card"\nfrom = "json:/card"\n'
        self.start_without_agent(path)
        client = self.client(path, hello=self.hello(path, HTTP + [(7, 1, "card")], "http/1")).establish()
        message, marker = lifted(b"json:/card", b"string", b"0123456789abcdef" * 2, b'41"11')
        bodies = ((b'{"n":1,"card":"%b"}' % marker, True), (b'{"n":"%b","card":"%b"}' % (marker, marker), False), (b'{"card":"1"}', False))
        for number, (body, taken) in enumerate(bodies, 1):
            session = client.join(number)
            session.send(1, b"POST /pay HTTP/1.1\r\nhost: site.example\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body), 1)
            session.send(2, bound_to("POST", "site.example", "/pay"), 1)
            session.send(7, message, 1)
            session.send(3, body, 1)
            if taken:
                session.finish()
                session.read_until_end()
                self.assertEqual(session.text(6, 1), b"/pay")
            else:
                with self.assertRaises(PeerAlert) as refused:
                    session.read_until_end()
                self.assertEqual(refused.exception.name, "bad_frame")
        self.assertEqual([octets.split(b"\r\n\r\n")[1] for octets in origin.all()], [b'{"n":1,"card":"41\\"11"}'])

    def trailing_path(self, gateway="trailers = true\n"):
        origin = TrailingOrigin()
        self.addCleanup(origin.close)
        path = self.path(1, origin_port=origin.port)
        path.extra["gateway"] = gateway
        return origin, self.start_without_agent(path)

    def post_with_trailers(self, session, trailers):
        session.send(1, b"POST /p HTTP/1.1\r\nhost: site.example\r\n\r\n", 1)
        session.send(2, bound_to("POST", "site.example", "/p"), 1)
        session.send(3, b"hello", 1)
        session.send(7, trailers, 1)

    def test_trailers_are_carried_and_what_may_be_none_ends_the_session(self):  # HT-07
        origin, path = self.trailing_path()
        client = self.client(path, hello=self.hello(path, TRAILERS, "http/1")).establish()
        session = client.join(1)
        self.post_with_trailers(session, b"x-sum: 17\r\n")
        session.finish()
        session.read_until_end()
        self.assertEqual((session.text(6, 1), session.text(8, 1)), (b"ok", b"x-sum: 3\r\n"))
        self.assertEqual(origin.requests.get(timeout=20).trailers, [b"x-sum: 17"])
        hostile = ((b"authorization: Basic eDp5\r\n", "blocked_by_policy"), (b"x_forwarded_for: 10.0.0.1\r\n", "blocked_by_policy"), (b"louver-client: root.example\r\n", "blocked_by_policy"),
                   (b"X-Sum: 1\r\n", "bad_frame"), (b"x: 1\r\n\r\nGET / HTTP/1.1\r\nhost: a\r\n\r\n", "bad_frame"), (b"x: 1", "bad_frame"), (b"x: 1\r\n" * 401, "limit_exceeded"))
        for number, (trailers, alert) in enumerate(hostile, 2):
            session = client.join(number)
            self.post_with_trailers(session, trailers)
            with self.assertRaises(PeerAlert) as refused:
                session.read_until_end()
            self.assertEqual(refused.exception.name, alert, trailers[:40])
        session = client.join(len(hostile) + 2)  # one that withholds the message
        session.send(1, b"GET /g HTTP/1.1\r\nhost: site.example\r\n\r\n", 1)
        session.send(2, bound_to("GET", "site.example", "/g"), 1)
        session.send(3, b"", 1)
        session.finish()
        with self.assertRaises(PeerAlert) as refused:
            session.read_until_end()
        self.assertEqual(refused.exception.name, "truncated")
        self.assertTrue(origin.requests.empty())

    def test_half_of_the_contexts_for_trailers_or_the_other_way_round_is_refused(self):
        odd = (HTTP + [(7, 1, "request-trailers")], HTTP + [(7, 2, "response-trailers")], HTTP + [(7, 2, "request-trailers"), (8, 1, "response-trailers")],
               HTTP + [(7, 3, "request-trailers"), (8, 3, "response-trailers")], TRAILERS + [(9, 1, "request-trailer")])
        for gateway, offers in (("trailers = true\n", odd), ("", (TRAILERS,))):
            _, path = self.trailing_path(gateway)
            for contexts in offers:
                with self.assertRaises(PeerAlert) as refused:
                    self.client(path, hello=self.hello(path, contexts, "http/1")).establish()
                self.assertEqual(refused.exception.name, "blocked_by_policy", contexts)
            path.stop()

    AUDITED = ((0, {}, "unmodified"), (1, {1: {"upstream": "write", "downstream": "write"}}, "unmodified"), (1, {1: {"upstream": "redact", "downstream": "inspect"}}, "unmodified"),
               (3, {1: {"upstream": "write"}, 2: {"upstream": "inspect", "downstream": "read"}, 3: {"upstream": "write", "downstream": "write"}}, "unmodified"))

    def test_it_states_and_judges_and_the_gateway_s_log_is_accepted(self):  # AU-01, AU-03
        for n, offer, verdict in self.AUDITED:
            with self.subTest(n=n, offer=offer):
                _, path = self.stream_path(n, offer)
                self.start_without_agent(self.audited(path))
                client = self.client(path, hello=self.hello(path, extensions=[(1, b"\1\2")])).establish()
                for number in (1, 2):
                    session = client.join(number)
                    session.send(1, b"hello, ", end=False)
                    session.send(1, b"origin")
                    if number == 2:
                        session.say_receipt(session.stating.receipt(last=0))  # one on the way
                    session.finish()
                    self.assertEqual(session.read_until_end().text(2), b"nigiro ,olleh")
                    self.assertEqual(session.attest(), {(2, 0, 0): verdict})
                    session.wire.close()
                self.accepted_log(path, n + 1, {verdict: 2}, sessions=2)
                path.stop()
                self.log(n + 1).unlink()


    def test_what_is_stated_about_sessions_that_never_join_leaves_the_log_whole(self):  # AU-03
        _, path = self.stream_path(1, {1: {"upstream": "write", "downstream": "write"}})
        self.start_without_agent(self.audited(path))
        client = self.client(path, hello=self.hello(path, extensions=[(1, b"\1\2")])).establish()
        for number in (2, 3):
            never = Stating(client.session_keys(number), client.manifest_hash, client.identity)
            if number == 2:
                value = never.note(0, 1, OUT, 0, b"never sent", True)
                never.chains.add(value)
                client.say(0, wire.AUDIT, value.encode())
            client.say(0, wire.RECEIPT, never.sign(never.receipt()))
        client.flush()
        session = client.join(4)
        session.send(1, b"hello, origin")
        session.finish()
        self.assertEqual(session.read_until_end().attest(), {(2, 0, 0): "unmodified"})
        session.wire.close()
        wait_for(lambda: '"type":"session_end"' in self.log(2).read_text(), "the end of the session in the log")
        client.wire.close()
        path.gateway.wait_event("association.fail")
        objects = self.accepted_log(path, 2, {"unmodified": 1})
        self.assertEqual({one["session"] for one in objects if "session" in one}, {4})

    def test_audit_in_every_suite(self):  # AU-01
        _, path = self.stream_path(1, {1: {"upstream": "write", "downstream": "write"}})
        self.start_without_agent(self.audited(path))
        suites = (0x1301, 0x1302, 0x1303)
        for suite in suites:
            client = self.client(path, hello=self.hello(path, suites=(suite,), extensions=[(1, b"\1\2")])).establish()
            session = client.join()
            session.send(1, b"hello, origin")
            session.finish()
            self.assertEqual(session.read_until_end().attest(), {(2, 0, 0): "unmodified"}, hex(suite))
            session.wire.close()
        self.accepted_log(path, 2, {"unmodified": 3}, sessions=3)

    def test_an_anonymous_client_states_and_signs_nothing(self):  # AU-01
        _, path = self.stream_path(1, {1: {"upstream": "write", "downstream": "write"}})
        self.start_without_agent(self.audited(path))
        client = Client(self.hello(path, extensions=[(1, b"\1\2")]), self.anchors(path), None, path.ports[1]).establish()
        session = client.join()
        session.send(1, b"hello, origin")
        session.finish()
        self.assertEqual(session.read_until_end().attest(), {(2, 0, 0): "unmodified"})
        session.wire.close()
        self.accepted_log(path, 2, {"unmodified": 1}, unsigned_by=[0])

    def test_what_it_lies_about_its_own_message_is_a_pair(self):  # AU-01
        _, path = self.stream_path(1, {1: {"upstream": "write"}})
        self.start_without_agent(self.audited(path))
        client = self.client(path, hello=self.hello(path, extensions=[(1, b"\1\2")])).establish()
        session = client.join(1, lambda name, value: [v._replace(value=bytes(32)) for v in value] if name == "values" else value)
        session.send(1, b"hello, origin")
        session.finish()
        session.read_until_end().attest()
        session.wire.close()
        objects = self.accepted_log(path, 2, {"disagreement": 1})
        self.assertIn([0, 1], next(one for one in objects if one["type"] == "message")["pairs"])

    def test_a_receipt_for_a_session_that_is_closed_changes_nothing(self):
        _, path = self.stream_path(0)
        self.start_without_agent(self.audited(path))
        client = self.client(path, hello=self.hello(path, extensions=[(1, b"\1\2")])).establish()
        for number in (1, 2):
            session = client.join(number)
            session.send(1, b"hello, origin")
            session.finish()
            session.read_until_end().attest()
            wait_for(lambda number=number: self.log(1).read_text().count('"type":"session_end"') == number, "the end of the session")
            session.say_receipt()
            session.wire.close()
        self.accepted_log(path, 1, {"unmodified": 2}, sessions=2)

    def test_it_judges_what_a_real_middlebox_has_changed(self):  # AU-01
        nginx = self.origin()
        nginx.put("hi", b"hello")
        path = self.path(1, origin_port=nginx.port)
        path.offer = {1: {"response-head": "write", "response-body": "write"}}
        path.filters = {1: '[[filter]]\ntype = "edit"\nadd = { x-edited = "yes" }\n'}
        self.start_without_agent(self.audited(path))
        client = self.client(path, hello=self.hello(path, HTTP, "http/1", extensions=[(1, bytes(range(1, 7)))])).establish()
        session = client.join()
        for exchange in (1, 2):
            session.send(1, b"GET /hi HTTP/1.1\r\nhost: site.example\r\n\r\n", exchange)
            session.send(2, bound_to("GET", "site.example", "/hi"), exchange)
            session.send(3, b"", exchange)
        session.finish()
        session.read_until_end()
        self.assertIn(b"x-edited: yes\r\n", session.text(4, 2))
        self.assertEqual(session.attest(), {(context, exchange, 0): "changed" if context == 4 else "unmodified" for context in (4, 5, 6) for exchange in (1, 2)})
        session.wire.close()
        self.accepted_log(path, 2, {"unmodified": 6})


class AsServer(Interop):
    def test_it_states_and_judges_and_the_agent_s_log_is_accepted(self):  # AU-01, AU-03
        for n, offer, verdict in AsClient.AUDITED:
            with self.subTest(n=n, offer=offer):
                _, path = self.stream_path(n, offer)
                listener = self.listener()
                path.ports[n + 1] = listener.getsockname()[1]
                server = Server(listener, self.anchors(path), self.identity(path, n + 1))
                party = InThread(server.establish)
                self.audited(path)
                for i in range(n, -1, -1):
                    path.start_party(i)
                party.get()
                path.agent.wait_event("association.open")

                def serve():
                    session = server.take_session().read_until_end()
                    session.send(2, b"answer to " + session.text(1))
                    session.finish()
                    return session.attest()

                party = InThread(serve)
                self.assertEqual(ask(path.ports[0], b"a question"), b"answer to a question")
                self.assertEqual(party.get(), {(1, 0, 0): verdict})
                self.accepted_log(path, 0, {verdict: 1})
                path.stop()
                self.log(0).unlink()

    def test_no_to_four_middleboxes(self):
        for n in range(5):
            with self.subTest(n=n):
                _, path = self.stream_path(n, {i: {"upstream": "read" if i % 2 else "write", "downstream": "inspect"} for i in range(1, n + 1)})
                listener = self.listener()
                path.ports[n + 1] = listener.getsockname()[1]
                server = Server(listener, self.anchors(path), self.identity(path, n + 1))
                party = InThread(server.establish)
                for i in range(n, -1, -1):
                    path.start_party(i)
                party.get()
                path.agent.wait_event("association.open")

                def serve():
                    session = server.take_session()
                    session.read_until_end()
                    session.send(2, b"answer to " + session.text(1))
                    session.finish()

                party = InThread(serve)
                said = ask(path.ports[0], b"a question")
                party.get()
                self.assertEqual(said, b"answer to a question")
                path.stop()

    def test_two_heads_of_one_exchange_are_two_messages(self):  # AU-01
        path = self.path(1)
        path.offer = {1: {"response-head": "write"}}
        listener = self.listener()
        path.ports[2] = listener.getsockname()[1]
        server = Server(listener, self.anchors(path), self.identity(path, 2))
        party = InThread(server.establish)
        self.audited(path)
        for i in (1, 0):
            path.start_party(i)
        party.get()
        path.agent.wait_event("association.open")

        def serve():
            session = server.take_session()
            while sum(end for _, _, _, end in session.parts) < 3:
                session.step()
            for context, content in ((4, b"HTTP/1.1 103 Early Hints\r\n\r\n"), (4, b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), (5, b""), (6, b"hello")):
                session.send(context, content, 1)
            session.read_until_end()
            session.finish()
            return session.attest()

        party = InThread(serve)
        said = ask(path.ports[0], b"GET http://site.example/hi HTTP/1.1\r\nhost: site.example\r\nconnection: close\r\n\r\n")
        self.assertTrue(said.endswith(b"hello"), said)
        path.agent.stop()
        self.assertEqual(party.get(), {(context, 1, 0): "unmodified" for context in (1, 2, 3)})
        objects = self.accepted_log(path, 0, {"unmodified": 4})
        self.assertEqual([one["message"] for one in objects if one["type"] == "message" and one["context"] == "response-head"], [0, 1])


class AsMiddlebox(Interop):
    def serve(self, n, own, up, down, act=None, check=lambda path, box: None, prepare=lambda path: None, twist=honest):
        echo, path = self.stream_path(n, {i: {"upstream": up, "downstream": down} if i == own else {"upstream": "read"} for i in range(1, n + 1)})
        prepare(path)
        for i in range(n + 1, own, -1):
            path.start_party(i)
        listener = self.listener()
        path.ports[own] = listener.getsockname()[1]
        box = Middlebox(listener, path.ports[own + 1], self.anchors(path), self.identity(path, own), own, twist)
        party = InThread(box.establish)
        for i in range(own - 1, -1, -1):
            path.start_party(i)
        party.get()
        path.agent.wait_event("association.open")
        InThread(box.keep)
        party = InThread(lambda: box.take_session(act).relay())
        said = ask(path.ports[0], b"to and fro")
        session = party.get()
        check(path, box)
        path.stop()
        return echo, said, session

    def test_every_grant(self):
        for up, down in self.GRANTS:
            with self.subTest(up=up, down=down):
                echo, said, session = self.serve(1, 1, up, down)
                self.assertEqual((echo.got[0], said), (b"to and fro", b"to and fro"[::-1]))
                seen = b"".join(c for d, _, c, _ in session.seen if d == 0)
                self.assertEqual(seen, b"" if up == "none" else b"to and fro")

    def test_between_others(self):
        for n, own in ((2, 1), (2, 2), (3, 2), (4, 3)):
            with self.subTest(n=n, own=own):
                echo, said, _ = self.serve(n, own, "inspect", "write")
                self.assertEqual((echo.got[0], said), (b"to and fro", b"to and fro"[::-1]))

    def test_a_writer_writes_and_a_redactor_redacts(self):
        echo, said, _ = self.serve(2, 1, "write", "none", lambda d, s, content, end: content.replace(b"fro", b"from") if d == 0 else None)
        self.assertEqual(echo.got[0], b"to and from")
        echo, said, _ = self.serve(2, 1, "redact", "none", lambda d, s, content, end: "redact" if d == 0 and content else None)
        self.assertEqual(echo.got[0], b"x" * 10)
        self.assertEqual(said, b"x" * 10)

    def test_it_states_and_signs_and_both_logs_are_accepted(self):  # AU-01, AU-03
        def rewrite(d, _segment, content, _end):
            return content.replace(b"fro", b"from") if d == 0 else None

        def redact(d, _segment, content, _end):
            return "redact" if d == 0 and content else None

        for n, own, up, down, act, verdicts in ((1, 1, "write", "write", None, ("unmodified", "unmodified")), (1, 1, "write", "write", rewrite, ("unmodified", "changed")),
                                                (2, 2, "write", "read", rewrite, ("unmodified", "changed")), (1, 1, "redact", "none", redact, ("unmodified", "redacted")),
                                                (3, 2, "read", "write", None, ("unmodified", "unmodified"))):
            with self.subTest(n=n, own=own, up=up, down=down, verdicts=verdicts):
                def check(path, _box, n=n, verdicts=verdicts):
                    for i, verdict in zip((0, n + 1), verdicts):
                        self.accepted_log(path, i, {verdict: 1})
                        self.log(i).unlink()

                self.serve(n, own, up, down, act, check, self.audited)

    def test_a_writer_that_lies_about_what_it_did_stands_in_a_pair(self):  # AU-01
        """It changes a message and states that it has not."""
        def rewrite(d, _segment, content, _end):
            return content.replace(b"fro", b"far") if d == 0 else None

        def check(path, _box):
            objects = self.accepted_log(path, 2, {"disagreement": 1})
            self.assertTrue(next(one for one in objects if one["type"] == "message")["pairs"])

        self.serve(1, 1, "write", "none", rewrite, check, self.audited,
                   lambda name, value: [v._replace(changed=0) for v in value] if name == "values" else value)

    def test_a_writer_that_keeps_its_values_back_is_missing(self):  # AU-01
        def check(path, _box):
            objects = self.accepted_log(path, 2, {"unattested": 1})
            self.assertEqual(next(one for one in objects if one["type"] == "message")["missing"], [1])

        self.serve(1, 1, "write", "none", None, check, self.audited, lambda name, value: [] if name == "values" else value)

    def test_no_close_of_its_own_has_a_request_carried_out_twice(self):  # JN-08
        """It passes a POST on, keeps the answer back, and says in a Close that this session never was."""
        for sides in (("c",), ("s",), ("s", "c")):
            with self.subTest(sides=sides):
                origin = Obeying()
                self.addCleanup(origin.close)
                path = self.path(1, origin_port=origin.port)
                path.start_party(2)
                listener = self.listener()
                path.ports[1] = listener.getsockname()[1]
                path.start_party(0)

                def attack(listener=listener, path=path, origin=origin, sides=sides):
                    for times in range(1, 5):
                        box = Middlebox(listener, path.ports[2], self.anchors(path), self.identity(path, 1), 1).establish()
                        InThread(box.keep)
                        session = box.take_session()
                        honest_process = session._process
                        session._process = lambda half, *more, on=honest_process: [] if half.d == 1 else on(half, *more)
                        InThread(session.relay)
                        wait_for(lambda times=times: len(origin.obeyed) >= times, "the origin to obey")
                        for side in sides:
                            box.state(side, wire.CLOSE, bytes([0]) + wire.u(0, 4) + wire.u(0, 8))

                InThread(attack)
                path.agent.wait_event("association.open")
                self.addCleanup(path.stop)
                code, body, status = self.curl(path, "-d", "", url="/pay")
                path.stop()
                self.assertEqual(origin.obeyed, [b"POST /pay HTTP/1.1"])
                self.assertEqual((code, status, b"Outcome unknown" in body), (0, "502", True), body)


if __name__ == "__main__":
    unittest.main(verbosity=2)
