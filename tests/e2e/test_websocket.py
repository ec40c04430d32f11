"""WebSocket through Upgrade, with a client and a server that others wrote (python3-websockets), and by hand where one misbehaves. HT-09"""

import asyncio
import base64
import hashlib
import http
import os
import socket
import threading
import unittest

import websockets

from harness import DEADLINE, Case, all_of, wait_for
from listening import Listening

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
SECRET = "the-secret-of-the-origin"


def accept_of(key):
    return base64.b64encode(hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()).decode()


class EchoServer:
    """A WebSocket server on a thread of its own: says everything again; `secret` makes it say SECRET; /no is 404."""

    def __init__(self):
        self.headers, self.codes = [], []
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()
        assert self.ready.wait(DEADLINE)

    def _run(self):
        async def serve():
            self.server = await websockets.serve(self._echo, "127.0.0.1", 0, subprotocols=["louver.test"], max_size=None, process_request=self._request)
            self.port = self.server.sockets[0].getsockname()[1]
            self.ready.set()

        self.loop.run_until_complete(serve())
        self.loop.run_forever()

    async def _request(self, path, headers):
        self.headers.append(headers)
        return (http.HTTPStatus.NOT_FOUND, [], b"no such socket\n") if path == "/no" else None

    async def _echo(self, ws, *_):
        try:
            async for message in ws:
                await ws.send(SECRET if message == "secret" else message)
        except websockets.ConnectionClosedError:
            pass
        self.codes.append(ws.close_code)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)


def talk(conversation):
    """Runs the coroutine, within the deadline."""
    return asyncio.run(asyncio.wait_for(conversation, DEADLINE))


class Tunnels(Case):
    def tunnel_path(self, origin_port, scan="", **edits):
        path = self.path(2, origin_port=origin_port)
        path.http_keys = 'mode = "reverse"\nroute = "web"\n'
        path.offer = {1: {"request-head": "read", "request-body": "inspect", "response-head": "read", "response-body": "inspect"},
                      2: {"request-head": "write", "response-head": "write", "response-body": "write"}}
        path.filters = {1: '[[filter]]\ntype = "log"\n' + scan, 2: '[[filter]]\ntype = "edit"\nadd = { x-edited = "by m2" }\n'}
        for name, value in edits.items():
            setattr(path, name, value)
        return path.start()

    def url(self, path, where="/chat"):
        return f"ws://localhost:{path.ports[0]}{where}"

    def handshake(self, path, more="", behind=b""):
        """A connection on which a request for a WebSocket has been sent, and `behind` in the same segment."""
        s = socket.create_connection(("127.0.0.1", path.ports[0]), timeout=DEADLINE)
        self.addCleanup(s.close)
        s.sendall(f"GET /chat HTTP/1.1\r\nHost: localhost:{path.ports[0]}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                  f"Sec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\n{more}\r\n".encode() + behind)
        return s

    @staticmethod
    def head_of(s):
        """The head of an answer, and what came with it."""
        said = b""
        while b"\r\n\r\n" not in said:
            more = s.recv(65536)
            if not more:
                raise AssertionError(f"ended within a head: {said}")
            said += more
        return said


class WebSocket(Tunnels):
    def setUp(self):
        super().setUp()
        self.server = EchoServer()
        self.addCleanup(self.server.stop)

    def test_messages_of_every_kind_come_back_and_the_closing_handshake_ends_all_in_order(self):
        path = self.tunnel_path(self.server.port)
        big = os.urandom(2_000_000)

        async def conversation():
            async with websockets.connect(self.url(path), subprotocols=["louver.test"], max_size=None,
                                          extra_headers={"Cookie": "c=1", "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}) as ws:
                self.assertEqual(ws.subprotocol, "louver.test")
                self.assertEqual(ws.response_headers["x-edited"], "by m2")
                self.assertTrue(ws.extensions, "permessage-deflate was agreed on")
                for message in ("hello", "", "\u00e4" * 70000, b"", b"\x00\xff", big):
                    await ws.send(message)
                    self.assertEqual(await ws.recv(), message)
                await (await ws.ping())
                for i in range(200):  # many small ones on their way at once
                    await ws.send(str(i))
                self.assertEqual([await ws.recv() for _ in range(200)], [str(i) for i in range(200)])
            self.assertEqual(ws.close_code, 1000)

        talk(conversation())
        wait_for(lambda: self.server.codes, "the server saw the end")
        self.assertEqual(self.server.codes, [1000])
        seen = self.server.headers[0]
        self.assertEqual((seen["Cookie"], seen["x-edited"], seen["louver-client"]), ("c=1", "by m2", "alice.example"))
        self.assertEqual(seen["traceparent"], "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
        for party in (0, 3):
            path.processes[party].wait_event("session.end")
            self.assertEqual(path.processes[party].find("session.fail"), [])
        octets = {e["context"]: e["octets"] for e in path.processes[1].wait_event("message", 4)}
        self.assertGreater(octets["request-body"], len(big), "the middlebox sees the tunnel as the bodies")
        self.assertGreater(octets["response-body"], len(big))

    def test_a_refused_handshake_is_an_answer_like_any_other(self):
        path = self.tunnel_path(self.server.port)

        async def conversation():
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await websockets.connect(self.url(path, "/no"))
            self.assertEqual(refused.exception.status_code, 404)
            async with websockets.connect(self.url(path)) as ws:
                await ws.send("then")
                self.assertEqual(await ws.recv(), "then")

        talk(conversation())

    def test_a_session_outlives_the_renewals_of_its_association(self):
        path = self.tunnel_path(self.server.port, route='renew = "1s"\n')

        async def conversation():
            async with websockets.connect(self.url(path)) as ws:
                sent = 0
                while len(path.agent.find("association.open")) < 5:
                    await ws.send(str(sent))
                    self.assertEqual(await ws.recv(), str(sent))
                    sent += 1
                    await asyncio.sleep(0.05)
                await ws.send("still here")
                self.assertEqual(await ws.recv(), "still here")
            self.assertEqual(ws.close_code, 1000)

        talk(conversation())
        self.assertEqual(len(self.server.headers), 1, "one connection through all of them")
        self.assertEqual(path.agent.find("session.fail"), [])

    def test_what_a_middlebox_blocks_never_arrives_and_the_connection_breaks(self):
        scan = ('[[filter]]\ntype = "scan"\ncontexts = ["response-body"]\npass_coded = true\non_match = "block"\n'
                f'[[filter.rules]]\nname = "secret"\npattern = "{SECRET}"\n')
        path = self.tunnel_path(self.server.port, scan)

        async def conversation():
            async with websockets.connect(self.url(path), compression=None) as ws:
                await ws.send("hello")
                self.assertEqual(await ws.recv(), "hello")
                await ws.send("secret")
                with self.assertRaises(websockets.ConnectionClosedError):
                    await ws.recv()
                self.assertEqual(ws.close_code, 1006)

        talk(conversation())
        self.assertEqual(path.processes[1].wait_event("filter.matched")[0]["rule"], "secret")
        self.assertEqual(path.agent.wait_event("filter.blocked")[0]["context"], "response-body")
        wait_for(lambda: self.server.codes, "the server saw the end")
        self.assertEqual(self.server.codes, [1006])

    def test_a_scan_does_not_let_a_tunnel_pass_for_searched(self):
        scan = '[[filter]]\ntype = "scan"\ncontexts = ["request-body"]\n[[filter.rules]]\nname = "x"\npattern = "never there"\n'
        path = self.tunnel_path(self.server.port, scan)

        async def conversation():
            async with websockets.connect(self.url(path)) as ws:  # the handshake holds nothing that cannot be searched
                await ws.send("masked")
                with self.assertRaises(websockets.ConnectionClosedError):
                    await ws.recv()

        talk(conversation())
        self.assertIn("WebSocket", path.agent.wait_event("filter.blocked")[0]["reason"])

    def test_an_origin_behind_nginx(self):
        nginx = self.origin(f"location /chat {{ proxy_pass http://127.0.0.1:{self.server.port}; proxy_http_version 1.1;"
                            " proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade; }")
        nginx.put("hi", b"hello")
        path = self.tunnel_path(nginx.port)

        async def conversation():
            async with websockets.connect(self.url(path)) as ws:
                await ws.send("through nginx")
                self.assertEqual(await ws.recv(), "through nginx")
            # nginx without an upgrade for that place answers the request as if nobody had asked
            with self.assertRaises(websockets.InvalidStatusCode) as refused:
                await websockets.connect(self.url(path, "/hi"))
            self.assertEqual(refused.exception.status_code, 200)

        talk(conversation())

    def test_an_idle_tunnel_ends_and_one_that_pings_does_not(self):
        path = self.path(2, origin_port=self.server.port)
        path.extra["gateway"] = 'limits = { idle_deadline = "1s" }\n'
        path.http_keys = 'mode = "reverse"\nroute = "web"\n'
        path.start()

        async def conversation():
            async with websockets.connect(self.url(path), ping_interval=0.2) as pinging, websockets.connect(self.url(path), ping_interval=None) as silent:
                with self.assertRaises(websockets.ConnectionClosedError):
                    await silent.recv()
                await pinging.send("still here")
                self.assertEqual(await pinging.recv(), "still here")

        talk(conversation())
        self.assertTrue(path.gateway.wait_event("session.fail")[0]["fault"].startswith("timeout"))


class Scripted(Listening):
    """An origin that reads one head, says `answer`, and then everything again up to the end of what it gets."""

    def __init__(self, answer):
        self.answer = answer
        self.got = b""
        self.ended = threading.Event()
        super().__init__()

    def serve(self, s):
        with s:
            try:
                while b"\r\n\r\n" not in self.got:
                    more = s.recv(65536)
                    if not more:
                        return
                    self.got += more
                s.sendall(self.answer)
                said = b""
                while more := s.recv(65536):
                    said += more
                    self.got += more
                s.sendall(said[::-1])
            except OSError:
                pass
            finally:
                self.ended.set()


SWITCH = f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {accept_of(KEY)}\r\n\r\n".encode()


class Attacks(Tunnels):
    def scripted(self, answer):
        origin = Scripted(answer)
        self.addCleanup(origin.close)
        return origin

    def test_half_close_reaches_the_origin_and_the_other_direction_goes_on(self):
        origin = self.scripted(SWITCH)
        path = self.tunnel_path(origin.port)
        s = self.handshake(path)
        head = self.head_of(s)
        self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
        data = os.urandom(1_000_000)
        s.sendall(data)
        s.shutdown(socket.SHUT_WR)
        self.assertEqual(all_of(s), (data[::-1], True))
        path.agent.wait_event("session.end")
        self.assertEqual(path.agent.find("session.fail") + path.gateway.find("session.fail"), [])

    def test_HT_09_octets_before_the_101_are_400_and_reach_no_origin(self):
        smuggled = b"GET /admin HTTP/1.1\r\nHost: localhost\r\n\r\n"
        origin = self.scripted(b"")  # the 101 never comes
        path = self.tunnel_path(origin.port)
        said, _ = all_of(self.handshake(path, behind=smuggled))
        self.assertTrue(said.startswith(b"HTTP/1.1 400 "), said)
        self.assertEqual(origin.accepted, 0)

        s = self.handshake(path)
        wait_for(lambda: b"\r\n\r\n" in origin.got, "the request")
        s.sendall(smuggled)
        said, _ = all_of(s)
        self.assertTrue(said.startswith(b"HTTP/1.1 400 "), said)
        self.assertTrue(origin.ended.wait(DEADLINE))
        self.assertNotIn(b"admin", origin.got)

    def test_HT_09_a_101_that_is_not_authentic_is_502(self):
        for answer in (SWITCH.replace(accept_of(KEY).encode(), accept_of("x").encode()), SWITCH.replace(b"websocket", b"h2c"),
                       SWITCH.replace(b"Connection: Upgrade\r\n", b"")):
            origin = self.scripted(answer + b"origin's words")
            path = self.tunnel_path(origin.port)
            s = self.handshake(path)
            first = self.head_of(s)
            # what follows is HTTP as before, and ends the connection
            s.sendall(f"GET / HTTP/1.1\r\nHost: localhost:{path.ports[0]}\r\nConnection: close\r\n\r\n".encode())
            said = first + all_of(s)[0]
            self.assertEqual(said.count(b"HTTP/1.1 502 "), 2, said)
            self.assertNotIn(b"origin's words", said)
            path.stop()

    def test_HT_09_a_101_that_nobody_asked_for_is_502(self):
        origin = self.scripted(SWITCH + b"origin's words")
        path = self.tunnel_path(origin.port)
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=DEADLINE) as s:
            s.sendall(f"GET / HTTP/1.1\r\nHost: localhost:{path.ports[0]}\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 13\r\nConnection: close\r\n\r\n".encode())
            said, _ = all_of(s)
        self.assertTrue(said.startswith(b"HTTP/1.1 502 "), said)
        self.assertNotIn(b"origin's words", said)

    def test_HT_09_h2c_and_a_false_key_are_400_and_reach_no_origin(self):
        origin = self.scripted(SWITCH)
        path = self.tunnel_path(origin.port)
        host = f"Host: localhost:{path.ports[0]}\r\n"
        for fields in ("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
                       "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: false\r\nSec-WebSocket-Version: 13\r\n",
                       f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: {KEY}\r\nSec-WebSocket-Version: 777\r\n"):
            with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=DEADLINE) as s:
                s.sendall(f"GET /chat HTTP/1.1\r\n{host}{fields}\r\n".encode())
                said, _ = all_of(s)
            self.assertTrue(said.startswith(b"HTTP/1.1 400 "), (fields, said))
        self.assertEqual(origin.accepted, 0)

    def test_HT_13_a_page_of_another_site_opens_no_socket(self):
        origin = self.scripted(SWITCH)
        path = self.tunnel_path(origin.port)
        said, _ = all_of(self.handshake(path, "Origin: http://evil.example\r\n"))
        self.assertTrue(said.startswith(b"HTTP/1.1 403 "), said)
        self.assertEqual(origin.accepted, 0)

    def test_HT_11_an_origin_that_breaks_off_resets_the_application(self):
        class Breaking(Scripted):
            def serve(self, s):
                s.recv(65536)
                s.sendall(SWITCH + b"half of it")
                s.recv(1)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                s.close()

        origin = Breaking(b"")
        self.addCleanup(origin.close)
        path = self.tunnel_path(origin.port)
        s = self.handshake(path)
        said = b""
        while not said.endswith(b"half of it"):
            said += s.recv(65536)
        s.sendall(b"x")
        self.assertEqual(all_of(s), (b"", False))


if __name__ == "__main__":
    unittest.main(verbosity=2)
