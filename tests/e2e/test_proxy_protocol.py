"""The PROXY protocol: what origins are told, and what an agent takes from proxies; against haproxy and nginx, and by hand where somebody misbehaves."""

import os
import socket
import struct
import subprocess
import time
import unittest

from doors import DoorCase, connect_unix
from harness import DEADLINE, all_of, free_port, wait_for
from listening import Echo
from origins import Server
from recording import Recording

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
ROOT = os.geteuid() == 0
ME = str(os.geteuid())


def read_v2(data):
    """(command, family, addresses, {type: value}, what follows) of a header, by the text of the protocol."""
    assert data[:12] == SIGNATURE, data
    version_command, family, length = struct.unpack("!BBH", data[12:16])
    assert version_command >> 4 == 2
    body, rest = data[16:16 + length], data[16 + length:]
    size = {0x11: 12, 0x21: 36, 0x00: 0}[family]
    addresses, tlvs, told = body[:size], body[size:], {}
    while tlvs:
        kind, length = struct.unpack("!BH", tlvs[:3])
        told[kind], tlvs = tlvs[3:3 + length].decode(), tlvs[3 + length:]
    return version_command & 15, family, addresses, told, rest


class Haproxy(Server):
    """haproxy with the given frontends and backends; `ports` are free ones by name."""

    name = "haproxy-proxy"

    def __init__(self, directory, body):
        self.body = body
        super().__init__(directory)

    def command(self):
        return [self.binary("haproxy"), "-f", self.file("haproxy.cfg", f"""global
  maxconn 200
defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
{self.body.replace("PORT", str(self.port))}
""")]


class Outwards(DoorCase):
    """`proxy_protocol` of an origin."""

    def raw_origin(self):
        """An origin that keeps what comes, and answers each head with 'ok'."""
        class Raw(Recording):
            def serve(self, s):
                kept = bytearray()
                with self.lock:
                    self.connections.append(kept)
                with s:
                    answered = 0
                    try:
                        while data := s.recv(65536):
                            kept += data
                            while answered < kept.count(b"GET "):
                                answered += 1
                                s.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")
                    except OSError:
                        pass

        made = Raw()
        self.addCleanup(made.close)
        return made

    def told_raw(self, version, policy=""):
        self.server = self.raw_origin()
        path = self.door_path(1, origin_port=self.server.port)
        path.origin_keys = f'proxy_protocol = "{version}"\n'
        path.extra["gateway"] = policy
        path.start()
        # two requests on one connection: the header is the connection's, not the request's
        self.assertEqual(self.curl(path, "http://site.example/a", "-o", "/dev/null")[0], 0)
        self.assertEqual(len(self.server.all()), 1)
        return path, self.server.all()[0]

    def test_v1_in_front_of_the_connection_and_once(self):
        path, said = self.told_raw("v1")
        line, rest = said.split(b"\r\n", 1)
        words = line.split(b" ")
        self.assertEqual(words[:4], [b"PROXY", b"TCP4", b"127.0.0.1", b"127.0.0.1"])
        self.assertEqual(int(words[5]), path.ports[2], "the destination is where the session arrived: the gateway")
        self.assertNotIn(int(words[4]), path.ports.values())
        self.assertTrue(rest.startswith(b"GET /"), rest)
        self.assertEqual(said.count(b"PROXY "), 1)
        self.assertEqual(rest.count(b"GET /"), 2)

    def test_v2_tells_the_parties_by_name(self):
        path, said = self.told_raw("v2")
        command, family, addresses, told, rest = read_v2(said)
        self.assertEqual((command, family), (1, 0x11))
        self.assertEqual(struct.unpack("!4s4sHH", addresses)[:2], (b"\x7f\0\0\1", b"\x7f\0\0\1"))
        self.assertEqual(struct.unpack("!HH", addresses[8:])[1], path.ports[2])
        self.assertEqual(told, {0xe0: "alice.example", 0xe1: "m1.example"})
        self.assertTrue(rest.startswith(b"GET /"), rest)

    def test_v2_tells_no_names_where_the_policy_does_not(self):
        _, said = self.told_raw("v2", "policy = { tell_parties = false }\n")
        self.assertEqual(read_v2(said)[3], {})

    def test_a_tcp_origin_is_told_too(self):
        for version in ("v1", "v2"):
            with self.subTest(version):
                self.server = Echo()
                self.addCleanup(self.server.close)
                path = self.door_path(1, origin_port=self.server.port, profile="stream/1")
                path.origin_keys = f'proxy_protocol = "{version}"\n'
                path.start()
                with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=DEADLINE) as s:
                    s.sendall(b"hello")
                    s.shutdown(socket.SHUT_WR)
                    said, whole = all_of(s)  # the origin says everything again, the header too
                self.assertTrue(whole)
                if version == "v1":
                    self.assertRegex(said, rb"\APROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\nhello\Z")
                else:
                    self.assertEqual(read_v2(said)[3:], ({0xe0: "alice.example", 0xe1: "m1.example"}, b"hello"))
                path.stop()

    def test_haproxy_and_nginx_take_it_as_origins(self):
        for version in ("v1", "v2"):
            with self.subTest(version):
                directory = self.directory / version
                directory.mkdir()
                haproxy = Haproxy(directory, """frontend in
  bind 127.0.0.1:PORT accept-proxy
  http-request return status 200 content-type text/plain lf-string "%[src] %[dst_port] %[hdr(louver-client)]"
""")
                self.addCleanup(haproxy.stop)
                path = self.door_path(1, origin_port=haproxy.port)
                path.origin_keys = f'proxy_protocol = "{version}"\n'
                path.start()
                self.assertEqual(self.curl(path)[1].decode(), f"127.0.0.1 {path.ports[2]} alice.example")
                self.assertEqual(self.curl(path, "http://site.example/1", "-o", "/dev/null")[0], 0, "a kept connection")
                path.stop()
        port = free_port()
        nginx = self.origin(f'}} server {{ listen 127.0.0.1:{port} proxy_protocol; location / {{ return 200 "$proxy_protocol_addr $proxy_protocol_server_port"; }} ')
        self.assertNotEqual(nginx.port, port)
        for version in ("v1", "v2"):
            with self.subTest("nginx " + version):
                path = self.door_path(1, origin_port=port)
                path.origin_keys = f'proxy_protocol = "{version}"\n'
                path.start()
                self.assertEqual(self.curl(path)[1].decode(), f"127.0.0.1 {path.ports[2]}")
                path.stop()
        path = self.door_path(1, origin_port=port)  # and without it nginx does not answer: it has read the header
        path.start()
        self.assertEqual(self.curl(path)[2], "502")


class Inwards(DoorCase):
    """`proxy_protocol_from` of a listener."""

    def setUp(self):
        super().setUp()
        self.server = Recording(any_case=True)
        self.addCleanup(self.server.close)
        self.door = self.directory / "door"

    def ready(self, listen="127.0.0.1:0", keys=None):
        path = self.door_path(1, origin_port=self.server.port)
        path.doors = self.reverse_on(listen, keys or f'proxy_protocol_from = ["{ME}"]\n')
        return path.start()

    def say(self, port, *pieces):
        """What comes back when these are sent one after the other, and whether it ended in order."""
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as s:
            s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                for piece in pieces:
                    s.sendall(piece)
                return all_of(s)
            except ConnectionError:
                return b"", False

    REQUEST = b"GET /hi HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\n\r\n"

    def test_haproxy_passes_connections_on(self):
        path = self.ready(keys=f'proxy_protocol_from = ["{ME}"]\nhosts = ["site.example"]\n')
        port = path.agent.port(1)
        for index, send in enumerate(("send-proxy", "send-proxy-v2", "send-proxy-v2 proxy-v2-options crc32c,unique-id check check-send-proxy inter 100ms")):
            with self.subTest(send):
                directory = self.directory / str(index)
                directory.mkdir()
                haproxy = Haproxy(directory, f"""frontend in
  bind 127.0.0.1:PORT
  default_backend behind
backend behind
  option httpchk
  http-check send meth GET uri /health ver HTTP/1.1 hdr Host site.example
  server agent 127.0.0.1:{port} {send}
""")
                self.addCleanup(haproxy.stop)
                done = subprocess.run(["curl", "-s", "-S", "-w", "\n%{local_port} %{http_code}\n", "-H", "Host: site.example", f"http://127.0.0.1:{haproxy.port}/one",
                                       f"http://127.0.0.1:{haproxy.port}/two"], capture_output=True, text=True, timeout=60)
                lines = done.stdout.split("\n")
                self.assertEqual((lines[0], lines[1].split()[1], lines[2]), ("/one", "200", "/two"), done)
                source = f"127.0.0.1:{lines[1].split()[0]}"
                path.agent.wait_event("connection.proxied", source=source)
                if "check" in send:
                    path.agent.wait_event("connection.proxied", source="local")  # haproxy's own checks of health
        # a check that hangs up before it is accepted is nobody's; no header was found wrong
        self.assertEqual([e for e in path.agent.find("connection.refused") if "PROXY header" in e["what"]], [])

    def test_both_versions_in_any_pieces_and_what_follows_is_served(self):
        path = self.ready()
        port = path.agent.port(1)
        request = self.REQUEST % port
        v1 = b"PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n"
        v2 = SIGNATURE + struct.pack("!BBH4s4sHH", 0x21, 0x11, 12, bytes([192, 0, 2, 9]), bytes([198, 51, 100, 2]), 1234, 443)
        local = SIGNATURE + struct.pack("!BBH", 0x20, 0, 0)
        for header in (v1, v2, local, b"PROXY UNKNOWN\r\n"):
            for pieces in ((header + request,), (header, request), tuple(bytes([octet]) for octet in header + request)):
                said, whole = self.say(port, *pieces)
                self.assertTrue(whole)
                self.assertTrue(said.startswith(b"HTTP/1.1 200 ") and said.endswith(b"/hi"), (header, said))
        self.assertEqual(len(path.agent.wait_event("connection.proxied", 3, source="192.0.2.1:1234")), 3)
        self.assertEqual(len(path.agent.wait_event("connection.proxied", 3, source="192.0.2.9:1234")), 3)
        for said in self.server.all():
            self.assertNotIn(b"192.0.2.", said, "what a proxy claims is no authenticated name, and is told to nobody")
            self.assertIn(b"louver-client: alice.example", said)

    def test_who_begins_otherwise_is_hung_up_on_and_reaches_nobody(self):
        path = self.ready()
        port = path.agent.port(1)
        for bad in (self.REQUEST % 1, b"\x16\x03\x01", b"PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\n", b"PROXY TCP4 192.0.2.1 198.51.100.2 01234 443\r\n",
                    b"PROXY UNKNOWN " + b"x" * 200, b"PROXY TCP4 \x00\r\n", SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 65535), SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 0),
                    SIGNATURE + struct.pack("!BBH", 0x31, 0x11, 12), SIGNATURE + struct.pack("!BBH", 0x21, 0x12, 12) + bytes(12),
                    SIGNATURE + struct.pack("!BBH", 0x21, 0x11, 15) + bytes(12) + b"\x03\xff\xff"):
            with self.subTest(bad[:40]):
                self.assertEqual(self.say(port, bad, self.REQUEST % port)[0], b"")
        refused = path.agent.wait_event("connection.refused")[0]
        self.assertIn("PROXY header: there is none in front", refused["what"])
        self.assertIn(f"127.0.0.1:{port}: ", refused["what"])
        self.assertEqual(self.server.all(), [])
        good = b"PROXY UNKNOWN\r\n" + self.REQUEST % port
        self.assertTrue(self.say(port, good)[0].startswith(b"HTTP/1.1 200 "), "the next one is served")

    def test_a_second_header_is_no_request(self):
        path = self.ready()
        port = path.agent.port(1)
        header = b"PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\r\n"
        said, _ = self.say(port, header + header + self.REQUEST % port)
        self.assertTrue(said.startswith(b"HTTP/1.1 400 "), said)
        self.assertEqual(self.server.all(), [])

    def test_who_says_nothing_or_drips_is_hung_up_on_after_the_deadline(self):
        path = self.ready()
        port = path.agent.port(1)
        began = time.monotonic()
        with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as silent, socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as dripping:
            dripping.settimeout(0.5)
            ended = False
            for octet in b"PROXY UNKNOWN " + b"x" * 90:
                try:
                    dripping.sendall(bytes([octet]))
                    ended = dripping.recv(1) == b""
                except TimeoutError:
                    continue
                except ConnectionError:
                    ended = True
                if ended:
                    break
            self.assertTrue(ended)
            self.assertLess(time.monotonic() - began, 15)
            self.assertEqual(all_of(silent)[0], b"")
        self.assertGreater(time.monotonic() - began, 4)
        self.assertIn("did not come in time", path.agent.wait_event("connection.refused")[0]["what"])
        self.assertEqual(self.server.all(), [])

    @unittest.skipUnless(ROOT, "only root can start processes of other users")
    def test_JN_06_only_the_users_that_are_listed_speak_for_others(self):
        path = self.ready(listen=f"unix:{self.door}", keys='socket_mode = "0666"\nproxy_protocol_from = ["4242"]\n')
        program = ("import socket, sys; s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])\n"
                   "s.sendall(b'PROXY TCP4 192.0.2.1 198.51.100.2 1234 443\\r\\nGET /hi HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n')\n"
                   "data = b''\nwhile more := s.recv(65536): data += more\nprint(data.split(b'\\r\\n')[0].decode())")
        listed = subprocess.run(["/usr/bin/python3", "-c", program, str(self.door)], capture_output=True, text=True, timeout=60, cwd="/", user=4242, group=4242, extra_groups=[])
        self.assertEqual(listed.stdout, "HTTP/1.1 200 OK\n", listed.stderr)
        with connect_unix(self.door) as s:  # root, and the agent's own user: not listed, so no proxy
            s.sendall(b"PROXY UNKNOWN\r\nGET /hi HTTP/1.1\r\nHost: localhost\r\n\r\n")
            said = all_of(s)[0]
        self.assertTrue(said.startswith(b"HTTP/1.1 403 "), said)
        self.assertIn(b"(proxy_protocol_from)", said)
        self.assertIn("4242", {r["user"] for r in path.control(0, "status")["routes"]}, "all whom a proxy speaks for share its association")

    def test_JN_06_addresses_elsewhere_than_on_loopback(self):
        path = self.ready(listen="0.0.0.0:0", keys='proxy_protocol_from = ["127.0.0.0/8"]\nhosts = ["localhost"]\n')
        request = b"PROXY UNKNOWN\r\nGET /hi HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        self.assertTrue(self.say(path.agent.port(1), request)[0].startswith(b"HTTP/1.1 200 "))
        path.doors = self.reverse_on("0.0.0.0:0", 'proxy_protocol_from = ["192.0.2.0/24"]\nhosts = ["localhost"]\n')
        path.rewrite(0)
        path.control(0, "reload")
        said = self.say(path.agent.port(1), request)[0]
        self.assertTrue(said.startswith(b"HTTP/1.1 403 "), said)
        self.assertIn("none of theirs", path.agent.wait_event("connection.refused")[0]["what"])
        self.assertEqual(len(self.server.all()), 1)

    def test_streams_behind_haproxy(self):
        echo = Echo()
        self.addCleanup(echo.close)
        path = self.door_path(1, profile="stream/1", origin_port=echo.port)
        path.doors = f'[[tcp]]\nlisten = "unix:{self.door}"\nroute = "web"\nproxy_protocol_from = ["{ME}"]\n'
        path.start()
        haproxy = Haproxy(self.directory, f"""listen in
  mode tcp
  bind 127.0.0.1:PORT
  server agent unix@{self.door} send-proxy-v2
""")
        self.addCleanup(haproxy.stop)
        data = os.urandom(300_000)
        with socket.create_connection(("127.0.0.1", haproxy.port), timeout=DEADLINE) as s:
            source = f"127.0.0.1:{s.getsockname()[1]}"
            s.sendall(data)
            got = b""
            while len(got) < len(data):
                more = s.recv(65536)
                self.assertTrue(more)
                got += more
        self.assertEqual(got, data)
        path.agent.wait_event("connection.proxied", source=source)
        with connect_unix(self.door) as s:
            s.sendall(b"no header")
            self.assertEqual(all_of(s)[0], b"")
        self.assertIn("PROXY header", path.agent.wait_event("connection.refused")[0]["what"])
        wait_for(lambda: echo.accepted >= 1, "the origin was reached")


if __name__ == "__main__":
    unittest.main(verbosity=2)
