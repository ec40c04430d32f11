"""TLS at the edges: origins that speak ordinary TLS behind a gateway, honest ones, wrong ones and hostile ones. HT-18 HT-11 HT-06"""

import base64
import hashlib
import os
import signal
import socket
import ssl
import subprocess
import time
import unittest

from cryptography.x509.oid import ExtendedKeyUsageOID
from OpenSSL import SSL

from harness import LOUVER, Case, wait_for
from listening import Listening
from tls_origins import Silent, TlsNginx, TlsOrigin, answer, request_of, reset_later
from web_pki import WebAuthority

NAME = "shop.example"


class Edges(Case):
    def setUp(self):
        super().setUp()
        self.web = WebAuthority(self.directory)
        self.good = self.web.issue(NAME)

    def behind(self, port, keys=None, profile="http/1", limits=""):
        """A path to an origin with TLS; its `tls_keys` are the rest of the gateway's [[origin]]."""
        path = self.path(1, profile=profile, origin_port=port)
        path.tls_keys = f'tls_name = "{NAME}"\ntls_trust = "{self.web.pem}"\n' if keys is None else keys
        plain = path.gateway_config
        path.gateway_config = lambda: plain() + "tls = true\n" + path.tls_keys
        path.extra["gateway"] = limits
        return path

    def tls_origin(self, speak, **options):
        made = TlsOrigin(options.pop("files", self.good), speak, **options)
        self.addCleanup(made.close)
        return made

    def check(self, path):
        """What `louver gateway --check` makes of it: exit code and words."""
        path.ports[2] = 0
        path.rewrite(2)
        done = subprocess.run([LOUVER, "gateway", "--check", "--config", str(path.config_path(2))], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **path.environment})
        return done.returncode, done.stderr

    def assert_refused(self, path, reason):
        """A request gets 502, and the log names the origin and the reason."""
        code, _, status = self.curl(path)
        self.assertEqual((code, status), (0, "502"))
        line = path.gateway.wait_event("origin.fail")[-1]
        self.assertEqual(line["origin"], f"127.0.0.1:{path.origin_port}")
        self.assertIn(reason, line["fault"])
        return line["fault"]


def serve_many(origin, tls):
    """Answers each request with its own target."""
    while request := request_of(tls.recv):
        if not request.endswith(b"\r\n\r\n"):
            return
        origin.heard.append(request)
        tls.sendall(answer(request.split(b" ")[1]))
    try:
        tls.unwrap()
    except OSError:
        pass


class Honest(Edges):
    def nginx_serves(self, version):
        directory = self.directory / "nginx"
        directory.mkdir()
        os.chmod(directory, 0o755)
        nginx = TlsNginx(directory, self.good, version)
        self.addCleanup(nginx.stop)
        big = os.urandom(5_000_000)
        (nginx.root / "big").write_bytes(big)
        path = self.behind(nginx.port).start()
        code, body, status = self.curl(path, "-D", "-", "http://site.example/big", "-o", str(self.directory / "first"), url="/big")
        self.assertEqual((code, body == big, (self.directory / "first").read_bytes() == big), (0, True, True), status)
        source = self.directory / "source"
        source.write_bytes(big)
        self.assertEqual(self.curl(path, "-T", str(source), url="/up/big")[2], "201")
        self.assertEqual((nginx.root / "up/big").read_bytes(), big)
        lines = nginx.lines()
        self.assertEqual({(line[0], line[1]) for line in lines}, {(version, NAME)})
        self.assertIn("2", {line[2] for line in lines}, "the connection is kept")
        self.assertEqual(path.gateway.find("origin.fail"), [])

    def test_nginx_over_1_2(self):
        self.nginx_serves("TLSv1.2")

    def test_nginx_over_1_3(self):
        self.nginx_serves("TLSv1.3")

    def test_one_connection_serves_many_requests_though_tickets_come_unasked(self):
        origin = self.tls_origin(serve_many)  # TLS 1.3: two tickets behind the handshake
        path = self.behind(origin.port).start()
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=20) as s:
            for i in range(20):
                s.sendall(b"GET http://site.example/%d HTTP/1.1\r\nHost: site.example\r\n\r\n" % i)
                self.assertIn(b"/%d" % i, self.one_answer(s))
        self.assertEqual(origin.accepted, 1)
        self.assertEqual(origin.peers[0][:2], ("TLSv1.3", "http/1.1"))
        self.assertEqual(origin.names, [NAME])

    @staticmethod
    def one_answer(s):
        got = b""
        while b"\r\n\r\n" not in got or len(got.split(b"\r\n\r\n", 1)[1]) < int(got.lower().split(b"content-length: ")[1].split(b"\r\n")[0]):
            more = s.recv(65536)
            if not more:
                raise AssertionError(f"ended behind {got!r}")
            got += more
        return got

    def test_the_systems_authorities_count_where_no_file_is_named(self):
        origin = self.tls_origin(serve_many)
        path = self.behind(origin.port, f'tls_name = "{NAME}"\n')
        path.environment = {"SSL_CERT_FILE": str(self.web.pem), "SSL_CERT_DIR": str(self.directory / "none")}
        path.start()
        self.assertEqual(self.curl(path, url="/system")[1], b"/system")
        path.environment = {"SSL_CERT_FILE": str(self.directory / "no"), "SSL_CERT_DIR": str(self.directory / "none")}
        code, words = self.check(path)
        self.assertEqual(code, 2)
        self.assertIn("no store of trusted authorities", words)

    def test_the_address_is_the_name_where_there_is_no_other(self):
        origin = self.tls_origin(serve_many, files=self.web.issue("127.0.0.1"))
        path = self.behind(origin.port, f'tls_trust = "{self.web.pem}"\n').start()
        self.assertEqual(self.curl(path, url="/address")[1], b"/address")
        self.assertEqual(origin.names, [None], "an address is no server name")

    def test_a_wildcard_stands_for_one_label(self):
        origin = self.tls_origin(serve_many, files=self.web.issue("*." + NAME))
        path = self.behind(origin.port)
        path.tls_keys = path.tls_keys.replace(NAME, "www." + NAME)
        self.assertEqual(self.curl(path.start(), url="/wild")[1], b"/wild")

    def test_a_client_certificate_is_shown_to_whom_asks(self):
        people = WebAuthority(self.directory, "people")
        chain, key = people.issue("gateway.example", usage=ExtendedKeyUsageOID.CLIENT_AUTH)
        origin = self.tls_origin(serve_many, client_authority=people.pem)
        path = self.behind(origin.port)
        path.tls_keys += f'tls_chain = "{chain}"\ntls_key = "{key}"\n'
        path.start()
        self.assertEqual(self.curl(path, url="/known")[1], b"/known")
        self.assertEqual(origin.peers[0][2]["subjectAltName"], (("DNS", "gateway.example"),))
        os.chmod(key, 0o640)
        code, words = self.check(path)
        self.assertEqual(code, 2)
        self.assertIn("group or others", words)
        path.tls_keys = path.tls_keys.replace(str(chain), f"{path.pki}/gateway.example.pem").replace(str(key), f"{path.pki}/gateway.example.key")
        code, words = self.check(path)
        self.assertEqual(code, 2)
        self.assertIn("never shown to an origin", words)

    def test_a_changed_table_counts_after_a_reload_and_a_bad_one_changes_nothing(self):
        origin = self.tls_origin(serve_many)
        path = self.behind(origin.port).start()
        self.assertEqual(self.curl(path, url="/1")[1], b"/1")
        good = path.tls_keys
        path.tls_keys = good.replace(str(self.web.pem), str(self.directory / "gone.pem"))
        path.rewrite(2)
        path.gateway.process.send_signal(signal.SIGHUP)
        self.assertIn("gone.pem", str(path.gateway.wait_event("config.error")[0]))
        self.assertEqual(self.curl(path, url="/2")[1], b"/2")
        path.tls_keys = good.replace(NAME, "bank.example")
        path.rewrite(2)
        path.gateway.process.send_signal(signal.SIGHUP)
        path.gateway.wait_event("config.loaded", 1)
        wait_for(lambda: self.curl(path, url="/3")[2] == "502", "the new name counts")
        self.assertIn("bank.example", path.gateway.wait_event("origin.fail")[0]["fault"])

    def test_a_stream_goes_over_tls_with_both_ends_of_it(self):
        def echo(origin, tls):
            while data := tls.recv(65536):
                tls.sendall(data)
            origin.heard.append("close_notify")
            tls.unwrap()

        origin = self.tls_origin(echo)
        path = self.behind(origin.port, profile="stream/1").start()
        data = os.urandom(3_000_000)
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=30) as s:
            s.settimeout(30)
            got, sent = b"", memoryview(data)
            while sent:
                count = s.send(sent[:100_000])
                sent = sent[count:]
                while len(got) < len(data) - len(sent):
                    got += s.recv(1 << 20)
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(s.recv(1), b"")
        self.assertEqual(got, data)
        wait_for(lambda: origin.heard == ["close_notify"], "the origin is told the end")
        self.assertEqual(origin.peers[0][1], None, "no protocol is claimed for a stream")

    def test_a_websocket_goes_over_tls(self):
        def echo(origin, tls):
            request = request_of(tls.recv)
            key = request.lower().split(b"sec-websocket-key: ")[1]
            key = request[len(request) - len(key):].split(b"\r\n")[0]
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            tls.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            while data := tls.recv(65536):
                tls.sendall(data)
            tls.unwrap()

        origin = self.tls_origin(echo)
        path = self.behind(origin.port)
        path.http_keys = 'mode = "reverse"\nroute = "web"\n'
        path.start()
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=30) as s:
            s.sendall(b"GET / HTTP/1.1\r\nHost: localhost:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                      b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n" % path.ports[0])
            got = b""
            while b"\r\n\r\n" not in got:
                got += s.recv(1000)
            self.assertTrue(got.startswith(b"HTTP/1.1 101 "), got)
            data = os.urandom(300_000)
            s.sendall(data)
            back = got.split(b"\r\n\r\n", 1)[1]
            while len(back) < len(data):
                back += s.recv(1 << 20)
            self.assertEqual(back, data)
            s.shutdown(socket.SHUT_WR)
            self.assertEqual(s.recv(1), b"")

    def test_a_stalled_reader_holds_little_of_an_endless_answer(self):
        def endless(origin, tls):
            request_of(tls.recv)
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000000\r\n\r\n")
            while True:
                tls.sendall(bytes(1 << 20))
                origin.heard.append(1)

        origin = self.tls_origin(endless)
        path = self.behind(origin.port).start()
        before = path.gateway.rss_mib(peak=False)
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=20) as s:
            s.sendall(b"GET http://site.example/ HTTP/1.1\r\nHost: site.example\r\n\r\n")
            self.assertTrue(s.recv(1000))
            still = [-1, time.monotonic()]

            def quiet():
                if len(origin.heard) != still[0]:
                    still[:] = [len(origin.heard), time.monotonic()]
                return time.monotonic() - still[1] > 1

            wait_for(quiet, "the origin is made to wait")
            self.assertLess(path.gateway.rss_mib(peak=False) - before, 16)
        wait_for(lambda: origin.ended == 1, "the origin's connection is given up")


class Wrong(Edges):
    """Nothing of a request reaches whoever is not the origin."""

    def refused(self, files, reason, keys=None, environment=None):
        origin = self.tls_origin(serve_many, files=files)
        path = self.behind(origin.port, keys)
        path.environment = environment or {}
        path.start()
        fault = self.assert_refused(path, reason)
        wait_for(lambda: origin.ended, "the connection ends")
        self.assertEqual(origin.heard, [])
        path.stop()
        return fault

    def test_another_name(self):
        self.assertIn("tls_name", self.refused(self.web.issue("bank.example", "*.shop.example"), f'"bank.example", "*.shop.example", not for "{NAME}"'))

    def test_a_common_name_is_no_name_and_a_partial_wildcard_neither(self):
        self.refused(self.web.issue("sh*.example"), "not for")

    def test_expired_and_not_yet_valid(self):
        self.refused(self.web.issue(NAME, begins=-9, ends=-1), "expired at")
        self.refused(self.web.issue(NAME, begins=1), "not valid before")

    def test_an_unknown_authority(self):
        self.refused(WebAuthority(self.directory, "other").issue(NAME), "leads to no authority that is trusted")

    def test_a_certificate_for_another_purpose(self):
        self.refused(self.web.issue(NAME, usage=ExtendedKeyUsageOID.CLIENT_AUTH), "purpose")

    # HT-18
    def test_louvers_own_authority_never_counts_for_an_origin(self):
        path = self.path(1, origin_port=1)
        louver = WebAuthority(self.directory, "louver", of=(path.pki / "ca.pem", path.pki / "ca.key"))
        path = self.behind(1, f'tls_name = "{NAME}"\ntls_trust = "{louver.pem}"\n')
        code, words = self.check(path)
        self.assertEqual(code, 2)
        self.assertIn("Louver's own anchors", words)
        system = self.directory / "system.pem"
        system.write_bytes(louver.pem.read_bytes() + self.web.pem.read_bytes())
        self.refused(louver.issue(NAME), "neither counts for an origin", keys=f'tls_name = "{NAME}"\n', environment={"SSL_CERT_FILE": str(system)})

    # HT-18
    def test_an_origins_authority_never_counts_for_a_party(self):
        origin = self.tls_origin(serve_many)
        path = self.behind(origin.port)
        chain, key = self.web.issue("m1.example")  # the right name, from an authority that counts for origins only
        (path.pki / "m1.example.pem").write_bytes(chain.read_bytes())
        (path.pki / "m1.example.key").write_bytes(key.read_bytes())
        path.start(agree=False)
        path.agent.wait_event("association.fail")
        self.assertEqual(self.curl(path)[2], "502")
        self.assertEqual(origin.accepted, 0)

    def test_who_does_not_speak_tls(self):
        origin = Silent(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
        self.addCleanup(origin.close)
        self.assert_refused(self.behind(origin.port).start(), "does not speak TLS")
        self.assertNotIn(b"GET", origin.heard)

    def test_who_speaks_only_older_versions(self):
        old = ssl.TLSVersion.TLSv1_1
        origin = self.tls_origin(serve_many, version=old)
        origin.context.set_ciphers("ALL:@SECLEVEL=0")
        self.assert_refused(self.behind(origin.port).start(), "TLS")
        self.assertEqual(origin.heard, [])

    def test_who_stalls_in_the_handshake(self):
        origin = Silent()
        self.addCleanup(origin.close)
        path = self.behind(origin.port, limits='limits.connect_deadline = "500ms"\n').start()
        self.assert_refused(path, "not complete in time")
        wait_for(lambda: len(origin.heard) > 100, "it had a ClientHello")
        self.assertNotIn(b"GET", origin.heard)

    def test_keys_that_do_not_belong_together(self):
        path = self.behind(1)
        for keys, reason in [(f'tls_chain = "{self.good[0]}"\n', "belong together"), ('tls_trust = "gone.pem"\n', "gone.pem"),
                             (f'tls_trust = "{self.good[0]}"\n', "not that of an authority"), ('tls_name = "*.example"\n', "tls_name")]:
            path.tls_keys = keys
            code, words = self.check(path)
            self.assertEqual(code, 2, keys)
            self.assertIn(reason, words)


class Hostile(Edges):
    def cut(self, finish, head=b"HTTP/1.1 200 OK\r\n\r\n", **options):
        """curl's exit code for an answer that ends as `finish(tls)` does."""
        def speak(origin, tls):
            request_of(tls.recv)
            tls.sendall(head + b"half of it")
            finish(tls)

        origin = self.tls_origin(speak, **options)
        path = self.behind(origin.port).start()
        code, body, _ = self.curl(path)
        path.stop()
        return code, body, path

    # HT-11
    def test_a_body_until_the_end_is_whole_only_with_close_notify(self):
        code, body, path = self.cut(lambda tls: tls.unwrap())
        self.assertEqual((code, body), (0, b"half of it"))
        self.assertEqual(path.gateway.find("origin.fail"), [])
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            code, _, path = self.cut(reset_later, version=version)
            self.assertIn(code, (18, 56), version)
            self.assertIn("close_notify", path.gateway.wait_event("origin.fail")[0]["fault"])

    # HT-11
    def test_a_body_with_a_length_is_cut_either_way(self):
        head = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n"
        for finish in (reset_later, lambda tls: tls.unwrap()):
            self.assertIn(self.cut(finish, head)[0], (18, 56))

    def test_garbage_behind_the_handshake_and_within_a_body(self):
        def garbage(tls):
            raw = socket.socket(fileno=tls.detach())
            raw.sendall(b"\x17\x03\x03\x00\x40" + bytes(64))
            while raw.recv(65536):
                pass
            raw.close()

        code, _, path = self.cut(garbage)
        self.assertIn(code, (18, 56))
        self.assertIn("origin", path.gateway.wait_event("origin.fail")[0])

        def at_once(origin, tls):
            garbage(tls)

        origin = self.tls_origin(at_once)
        path = self.behind(origin.port).start()
        self.assertEqual(self.curl(path)[2], "502")

    # HT-06
    def test_an_unasked_answer_belongs_to_no_request(self):
        def speak(origin, tls):
            while request := request_of(tls.recv):
                origin.heard.append(request)
                target = request.split(b" ")[1]
                tls.sendall(answer(target) + (answer(b"unasked") if target == b"/0" else b""))

        origin = self.tls_origin(speak)
        path = self.behind(origin.port).start()
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=20) as s:
            for i in range(5):
                s.sendall(b"GET http://site.example/%d HTTP/1.1\r\nHost: site.example\r\n\r\n" % i)
                self.assertTrue(Honest.one_answer(s).endswith(b"\r\n\r\n/%d" % i))
        self.assertGreaterEqual(origin.accepted, 2, "that connection was given up")

    # HT-06
    def test_an_answer_that_comes_while_the_connection_rests(self):
        sent = []

        def speak(origin, tls):
            first = request_of(tls.recv)
            tls.sendall(answer(first.split(b" ")[1]))
            wait_for(lambda: sent, "the client has the first answer")
            tls.sendall(answer(b"unasked"))
            sent.append("unasked")
            if second := request_of(tls.recv):
                origin.heard.append(second)
                tls.sendall(answer(b"second"))

        origin = self.tls_origin(speak)
        path = self.behind(origin.port).start()
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=20) as s:
            s.sendall(b"GET http://site.example/a HTTP/1.1\r\nHost: site.example\r\n\r\n")
            self.assertTrue(Honest.one_answer(s).endswith(b"/a"))
            sent.append("answered")
            wait_for(lambda: "unasked" in sent, "it was sent")
            s.sendall(b"GET http://site.example/b HTTP/1.1\r\nHost: site.example\r\n\r\n")
            self.assertTrue(Honest.one_answer(s).endswith(b"/b"))
        self.assertEqual(origin.heard, [])

    def test_a_renegotiation_is_refused(self):
        context = SSL.Context(SSL.TLS_SERVER_METHOD)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        context.use_certificate_chain_file(str(self.good[0]))
        context.use_privatekey_file(str(self.good[1]))

        class Renegotiating(Listening):
            outcome = []

            def serve(self, s):
                s.settimeout(20)
                s.setblocking(True)
                tls = SSL.Connection(context, s)
                tls.set_accept_state()
                try:
                    tls.do_handshake()
                    request_of(tls.recv)
                    tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf ")
                    tls.renegotiate()
                    tls.do_handshake()
                    tls.recv(100)
                    self.outcome.append("renegotiated")
                except (SSL.Error, OSError) as e:
                    self.outcome.append(repr(e))
                s.close()

        origin = Renegotiating()
        self.addCleanup(origin.close)
        path = self.behind(origin.port).start()
        self.assertIn(self.curl(path)[0], (18, 56))
        self.assertIn("renegotiation", path.gateway.wait_event("origin.fail")[0]["fault"])
        wait_for(lambda: origin.outcome, "it was told")
        self.assertNotEqual(origin.outcome, ["renegotiated"])

    def test_a_stream_that_is_cut_is_cut_for_the_application(self):
        def cut(origin, tls):
            tls.sendall(b"half")
            reset_later(tls)

        origin = self.tls_origin(cut)
        path = self.behind(origin.port, profile="stream/1").start()
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=20) as s:
            got = b""
            with self.assertRaises(ConnectionResetError):
                while more := s.recv(100):
                    got += more
        self.assertIn(got, (b"", b"half"))
        self.assertIn("close_notify", str(path.gateway.wait_event("session.fail")[0]))


if __name__ == "__main__":
    unittest.main()
