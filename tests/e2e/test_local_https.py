"""https between applications and their agent, by an authority that the agent made on this machine. HT-18"""

import os
import pathlib
import socket
import ssl
import subprocess
import unittest

from cryptography import x509
from cryptography.x509.oid import ExtensionOID

from harness import LOUVER, Case, wait_for
from tls_origins import TlsOrigin, answer, request_of
from web_pki import WebAuthority

SHOP, OTHER = "shop.example", "bank.example"


class LocalHttps(Case):
    def setUp(self):
        super().setUp()
        self.nginx = self.origin()
        self.nginx.put("hi", b"hello")

    def https(self, name="ca", hosts=(SHOP,), start=True):
        """A path whose agent has an https listener for `hosts`, with its authority in the folder `name`."""
        folder = self.directory / name
        folder.mkdir(exist_ok=True)
        path = self.path(1, origin_port=self.nginx.port)
        path.ca, path.key = folder / "ca.pem", folder / "ca.key"
        path.extra["agent"] = f'[local_ca]\ncertificate = "{path.ca}"\nkey = "{path.key}"\n'
        listed = ", ".join(f'"{host}"' for host in hosts)
        path.http_keys = f'mode = "reverse"\nroute = "web"\ntls = true\nhosts = [{listed}]\n'
        return path.start() if start else path

    def check(self, path, role="agent", party=0):
        path.ports.setdefault(1, 1)
        path.ports.setdefault(2, 1)
        path.rewrite(party)
        done = subprocess.run([LOUVER, role, "--check", "--config", str(path.config_path(party))], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stderr

    def fetch(self, port, authority, *arguments, host=SHOP, url="/hi"):
        done = subprocess.run(["curl", "-s", "-S", "--max-time", "20", "--cacert", str(authority), "--resolve", f"{host}:{port}:127.0.0.1", *arguments,
                               f"https://{host}:{port}{url}"], capture_output=True, timeout=60)
        return done.returncode, done.stdout, done.stderr.decode()

    @staticmethod
    def handshake(port, authority, name, protocols=("http/1.1",)):
        context = ssl.create_default_context(cafile=authority)
        context.check_hostname = name is not None
        context.set_alpn_protocols(list(protocols))
        with socket.create_connection(("127.0.0.1", port), timeout=20) as s, context.wrap_socket(s, server_hostname=name) as tls:
            return tls.getpeercert(binary_form=True), tls.selected_alpn_protocol()


class Served(LocalHttps):
    def test_curl_trusts_the_agent_for_the_hosts_that_are_mapped(self):
        path = self.https(hosts=(SHOP, "127.0.0.1"))
        port = path.ports[0]
        self.assertEqual(self.fetch(port, path.ca), (0, b"hello", ""))
        self.assertEqual(self.fetch(port, path.ca, host="127.0.0.1")[1], b"hello")
        data = os.urandom(2_000_000)
        source = self.directory / "source"
        source.write_bytes(data)
        self.assertEqual(self.fetch(port, path.ca, "-T", str(source), "-w", "%{http_code}", url="/up/x")[1], b"201")
        self.assertEqual(self.fetch(port, path.ca, url="/up/x")[1], data)
        der, protocol = self.handshake(port, path.ca, SHOP)
        leaf = x509.load_der_x509_certificate(der)
        self.assertEqual(protocol, "http/1.1")
        self.assertLessEqual((leaf.not_valid_after - leaf.not_valid_before).total_seconds(), 25 * 3600)
        self.assertEqual(self.handshake(port, path.ca, SHOP)[0], der, "the certificate is kept")

    def test_a_host_field_for_another_name_is_421(self):
        path = self.https()
        self.assertEqual(self.fetch(path.ports[0], path.ca, "-o", "/dev/null", "-w", "%{http_code}", "-H", f"Host: {OTHER}")[1], b"421")

    def test_a_second_start_keeps_the_authority(self):
        path = self.https()
        before = path.ca.read_bytes()
        path.agent.stop()
        path.start_party(0)
        path.agent.wait_event("association.open")
        self.assertEqual(path.ca.read_bytes(), before)
        self.assertEqual(self.fetch(path.ports[0], path.ca)[1], b"hello")

    def test_check_makes_nothing(self):
        path = self.https(start=False)
        self.assertEqual(self.check(path)[0], 0)
        self.assertEqual(list(path.ca.parent.iterdir()), [])


class Refused(LocalHttps):
    # HT-18
    def test_a_name_that_is_not_mapped_gets_an_alert_and_no_certificate(self):
        path = self.https()
        for name in (OTHER, None, "x." + SHOP):
            with self.subTest(name), self.assertRaises(ssl.SSLError) as refused:
                self.handshake(path.ports[0], path.ca, name)
            self.assertIn("UNRECOGNIZED_NAME", str(refused.exception))
        self.assertNotEqual(self.fetch(path.ports[0], path.ca, host=OTHER)[0], 0)
        self.assertIn(OTHER, path.agent.wait_event("connection.refused")[0]["what"])
        self.assertEqual(self.fetch(path.ports[0], path.ca)[1], b"hello")

    def test_another_protocol_and_plain_http(self):
        path = self.https()
        with self.assertRaises(ssl.SSLError):
            self.handshake(path.ports[0], path.ca, SHOP, protocols=("h2",))
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=20) as s:
            s.sendall(b"GET /hi HTTP/1.1\r\nHost: shop.example\r\n\r\n")
            s.shutdown(socket.SHUT_WR)
            said = b""
            try:
                while more := s.recv(1000):
                    said += more
            except ConnectionResetError:
                pass
        self.assertNotIn(b"HTTP", said)
        self.assertIn("does not speak TLS", str(path.agent.wait_event("connection.refused", 2)))

    # HT-18
    def test_a_stolen_key_makes_no_certificate_for_another_name(self):
        path = self.https()
        thief = WebAuthority(self.directory, "thief", of=(path.ca, path.key))
        mine, others = thief.issue(SHOP), [thief.issue(OTHER), thief.issue("10.0.0.1")]
        for files in others:
            done = subprocess.run(["openssl", "verify", "-CAfile", str(path.ca), str(files[0])], capture_output=True, text=True)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("subtree", done.stdout + done.stderr)
        done = subprocess.run(["openssl", "verify", "-CAfile", str(path.ca), str(mine[0])], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, "the attack itself is sound")
        for files, host, code in ((others[0], OTHER, 60), (mine, SHOP, 0)):
            server = TlsOrigin(files, lambda origin, tls: request_of(tls.recv) and tls.sendall(answer(b"stolen", close=True)))
            self.addCleanup(server.close)
            self.assertEqual(self.fetch(server.port, path.ca, host=host)[0], code)

    # HT-18 PK-01 PK-03
    def test_every_install_has_a_key_of_its_own_that_nobody_else_can_read(self):
        before = os.umask(0)
        self.addCleanup(os.umask, before)
        made = []
        for name in ("one", "two"):
            path = self.https(name)
            self.assertEqual(path.key.stat().st_mode & 0o777, 0o600)
            self.assertEqual(path.ca.stat().st_mode & 0o777, 0o644)
            made.append(x509.load_pem_x509_certificate(path.ca.read_bytes()))
            path.stop()
        one, two = made
        self.assertNotEqual(one.public_key().public_numbers(), two.public_key().public_numbers())
        self.assertNotEqual(one.subject, two.subject)
        limits = one.extensions.get_extension_for_oid(ExtensionOID.NAME_CONSTRAINTS)
        self.assertTrue(limits.critical)
        self.assertIn(x509.DNSName(SHOP), limits.value.permitted_subtrees)
        self.assertTrue(one.extensions.get_extension_for_oid(ExtensionOID.BASIC_CONSTRAINTS).value.path_length == 0)

    # PK-01
    def test_nothing_is_written_through_what_was_planted(self):
        for planted in ("key", "ca"):
            path = self.https(planted, start=False)
            target = self.directory / f"target-{planted}"
            getattr(path, planted).symlink_to(target)
            path.ports.update({1: 1, 2: 1})
            path.rewrite(0)
            done = subprocess.run([LOUVER, "agent", "--config", str(path.config_path(0))], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn(str(path.ca.parent), done.stderr)
            self.assertFalse(target.exists())

    # HT-18
    def test_it_is_no_anchor_for_louver_nor_for_origins(self):
        path = self.https()
        ca = path.ca.read_text()
        path.stop()
        real = (path.pki / "ca.pem").read_text()
        (path.pki / "ca.pem").write_text(real + ca)
        for role, party in (("agent", 0), ("middlebox", 1), ("gateway", 2)):
            code, words = self.check(path, role, party)
            self.assertEqual(code, 2, role)
            self.assertIn("vouches for no party", words)
        (path.pki / "ca.pem").write_text(real)
        plain = path.gateway_config
        path.gateway_config = lambda: plain() + f'tls = true\ntls_trust = "{path.ca}"\n'
        code, words = self.check(path, "gateway", 2)
        self.assertEqual(code, 2)
        self.assertIn("never counts for an origin", words)

    def test_what_does_not_fit_is_told_at_start(self):
        path = self.https()
        path.stop()
        path.http_keys = path.http_keys.replace(f'"{SHOP}"', f'"{SHOP}", "{OTHER}"')
        code, words = self.check(path)
        self.assertEqual(code, 2)
        self.assertIn(f'made without "{OTHER}"', words)
        path.http_keys = path.http_keys.replace(f', "{OTHER}"', "")
        self.assertEqual(self.check(path)[0], 0)
        path.key.chmod(0o640)
        self.assertEqual(self.check(path)[0], 2)
        path.key.chmod(0o600)
        web = WebAuthority(self.directory)
        chain, key = web.issue(SHOP)
        path.ca.write_bytes(pathlib.Path(chain).read_bytes())
        self.assertIn("do not belong together", self.check(path)[1])
        path.key.write_bytes(key.read_bytes())
        self.assertIn("no authority that an agent made", self.check(path)[1])
        path.extra["agent"] = ""
        self.assertIn("[local_ca]", self.check(path)[1])
        path.http_keys = path.http_keys.replace('mode = "reverse"\nroute = "web"\n', "")
        self.assertEqual(self.check(path)[0], 2)

    def test_who_stalls_in_the_handshake_is_hung_up_on(self):
        path = self.https(start=False)
        path.extra["agent"] = 'limits.handshake_deadline = "500ms"\n' + path.extra["agent"]
        path.start()
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=20) as s:
            self.assertEqual(s.recv(1), b"")
        self.assertIn("not complete in time", path.agent.wait_event("connection.refused")[0]["what"])
        wait_for(lambda: self.fetch(path.ports[0], path.ca)[1] == b"hello", "others are served")


if __name__ == "__main__":
    unittest.main()
