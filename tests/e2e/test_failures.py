"""Processes that die, peers that are not ours, policies that say no, files that are wrong."""

import os
import socket
import subprocess
import threading
import time
import unittest

from harness import LOUVER, Case, wait_for
from listening import carry


class Deaths(Case):
    def test_killing_any_process_is_an_error_at_curl_and_the_others_go_on(self):
        origin = self.origin()
        origin.put("hi", b"hello")
        origin.put("big", os.urandom(64 * 1024 * 1024))
        path = self.path(2, origin_port=origin.port)
        path.offer = {1: {"request-head": "read"}, 2: {"response-body": "write"}}
        path.start()
        for victim in (1, 2, 3, 0):
            with self.subTest(victim=victim):
                body = self.directory / "cut"
                curl = subprocess.Popen(["curl", "-s", "--limit-rate", "8M", "--max-time", "30", "-x", f"http://127.0.0.1:{path.ports[0]}", "-o", str(body),
                                         "http://site.example/big"])
                wait_for(lambda: body.exists() and body.stat().st_size > 1_000_000, "the transfer to be under way")
                path.processes[victim].kill()
                self.assertNotEqual(curl.wait(30), 0, "a short body must never look like success")
                self.assertLess(body.stat().st_size, 64 * 1024 * 1024)
                body.unlink()
                survivors = [i for i in path.processes if i != victim]
                self.assertTrue(all(path.processes[i].process.poll() is None for i in survivors))
                path.start_party(victim)
                wait_for(lambda: self.curl(path, timeout=5)[1] == b"hello", "to be served again")

    def test_sigterm_drains_and_ends_with_0(self):
        origin = self.origin()
        origin.put("hi", b"hello")
        path = self.path(1, origin_port=origin.port).start()
        self.assertEqual(self.curl(path)[1], b"hello")
        for i in (0, 1, 2):
            self.assertEqual(path.processes[i].stop(), 0, f"party {i}: {path.processes[i].raw[-3:]}")


class Narrow:
    """A relay whose listening queue can be filled, so that the next connection stands only when its first packet is sent again: a second later."""

    def __init__(self, target):
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=0)
        self.port = self.listener.getsockname()[1]
        self.sockets = []
        self.accepted = 0
        threading.Thread(target=self._serve, daemon=True).start()
        self.open = threading.Event()
        self.open.set()

    def fill(self):
        """Takes every place in the queue, once the one who empties it waits for us."""
        self.open.clear()
        before = self.accepted
        self.sockets.append(socket.create_connection(("127.0.0.1", self.port)))
        wait_for(lambda: self.accepted > before, "the queue to be left alone")
        while True:
            one = socket.socket()
            one.settimeout(0.3)
            self.sockets.append(one)
            try:
                one.connect(("127.0.0.1", self.port))
            except TimeoutError:
                return

    def _serve(self):
        while True:
            try:
                near, _ = self.listener.accept()
                self.accepted += 1
                self.open.wait()
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                return
            self.sockets += [near, far]
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=carry, args=(a, b), daemon=True).start()

    def close(self):
        for one in (self.listener, *self.sockets):
            one.close()


class LateConnections(Case):
    def test_an_upload_goes_on_when_its_connection_comes_late(self):
        """What the buffer takes is full by then; whoever waits for room in it must hear of it."""
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        relays = []

        def agent_through_relay(config=path.agent_config):
            relays.append(Narrow(path.ports[1]))
            self.addCleanup(relays[0].close)
            return config().replace(f'connect = "127.0.0.1:{path.ports[1]}"', f'connect = "127.0.0.1:{relays[0].port}"')

        path.agent_config = agent_through_relay
        path.start()
        body = self.directory / "upload"
        body.write_bytes(os.urandom(2 * 1024 * 1024))
        relays[0].fill()
        began = time.monotonic()
        curl = subprocess.Popen(["curl", "-s", "-S", "--fail", "--max-time", "25", "-H", "Expect:", "-x", f"http://127.0.0.1:{path.ports[0]}", "-T", str(body), "-o", "/dev/null",
                                 "http://site.example/up/late"])
        time.sleep(0.4)  # the buffer fills; that it did shows below
        relays[0].open.set()
        self.assertEqual(curl.wait(30), 0)
        self.assertGreater(time.monotonic() - began, 0.8, "the connection was not late: this run shows nothing")
        self.assertEqual((origin.root / "up" / "late").read_bytes(), body.read_bytes())


class Strangers(Case):
    def talk(self, port, first):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as s:
            s.sendall(first)
            said = b""
            while True:
                try:
                    more = s.recv(4096)
                except ConnectionResetError:
                    break
                if not more:
                    break
                said += more
            return said

    def test_other_protocols_are_told_in_words(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port).start()
        hello = bytes.fromhex("16030100050100000100")
        for port in (path.ports[1], path.ports[2]):
            for first in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"SSH-2.0-OpenSSH_9.2\r\n", hello):
                said = self.talk(port, first)
                self.assertIn(b"Louver", said)
                self.assertLessEqual(len(said), 200)
        done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{path.ports[1]}"], input=b"", capture_output=True, timeout=20)
        self.assertNotEqual(done.returncode, 0)

    def test_a_louver_peer_at_the_wrong_role_gets_an_alert(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port).start()
        said = self.talk(path.ports[2], bytes([0x10, 1, 0, 0, 0, 0]))  # DATA as the first frame
        self.assertEqual(said[:1], b"\x03")
        self.assertIn(b"bad_frame", said)
        said = self.talk(path.ports[2], bytes([0x05, 0, 0, 0, 0, 92]) + bytes(92))  # JOIN of nothing
        self.assertIn(b"unknown_association", said)

    def test_silence_is_ended_by_the_deadline(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        path.extra = {1: "", "gateway": ""}
        path.start()
        config = path.directory / "quick.toml"
        config.write_text(path.middlebox_config(1).replace("[describe]", '[limits]\nhandshake_deadline = "500ms"\n[describe]').replace(str(path.ports[1]), "0").replace(str(path.control_path(1)), str(path.control_path(9))))
        from harness import Process

        quick = Process("middlebox", config)
        self.addCleanup(quick.stop)
        begun = time.monotonic()
        said = self.talk(quick.port(), b"")
        self.assertIn(b"timeout", said)
        self.assertLess(time.monotonic() - begun, 5)


class Policies(Case):
    def test_a_lowered_grant_is_kept_and_told_to_the_other_end(self):
        origin = self.origin()
        origin.put("hi", b"hello")
        path = self.path(1, origin_port=origin.port)
        path.offer[1] = {"request-head": "read", "response-body": "write"}
        path.allow[1] = {"request-head": "read", "response-body": "none"}
        path.filters[1] = '[[filter]]\ntype = "log"\n'
        path.start()
        self.assertEqual(self.curl(path)[1], b"hello")
        seen = {e["context"] for e in path.processes[1].wait_event("message")}
        self.assertEqual(seen, {"request-head"})

    def test_a_refused_middlebox_ends_the_association_with_the_reason(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        path.refuse = {1}
        path.start(agree=False)
        self.assertEqual(path.agent.wait_event("association.fail")[0]["alert"], "grant_refused")
        code, _, status = self.curl(path)
        self.assertEqual(code, 0)
        self.assertEqual(status, "502")  # an ALERT frame: the user is not told whose word it is said to be

    def test_an_agent_that_needs_more_than_it_gets_refuses(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        path.offer[1] = {"request-head": "inspect"}
        path.allow[1] = {"request-head": "read"}
        path.filters[1] = ""
        original = path.agent_config
        path.agent_config = lambda: original().replace('grants = { request-head = "inspect" }', 'grants = { request-head = "inspect" }\nminimum = { request-head = "inspect" }')
        path.start(agree=False)
        path.gateway.wait_event("association.fail")
        self.assertEqual(path.agent.wait_event("association.fail")[0]["alert"], "grant_refused")

    def test_an_unknown_next_hop_is_refused(self):
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        original = path.middlebox_config
        path.middlebox_config = lambda i: original(i).replace("gateway.example", "other.example")
        path.start(agree=False)
        self.assertEqual(path.agent.wait_event("association.fail")[0]["alert"], "next_hop_refused")

    def test_a_stranger_in_the_middleboxes_place_is_no_middlebox(self):
        """Right name, wrong authority: the certificate does not lead to a configured anchor."""
        origin = self.origin()
        path = self.path(1, origin_port=origin.port)
        path.certify_by_a_stranger(1)
        path.start(agree=False)
        self.assertIn("handshake_failed", {e["alert"] for e in path.agent.wait_event("association.fail")})


class BadFiles(Case):
    def complaint(self, role, config):
        file = self.directory / "bad.toml"
        file.write_text(config)
        done = subprocess.run([LOUVER, role, "--config", str(file)], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertEqual(len([line for line in done.stderr.splitlines() if not line.startswith("warning")]), 1, done.stderr)
        return done.stderr

    def test_each_gets_one_line_with_place_and_remedy(self):
        path = self.path(1, origin_port=1)
        path.ports = {1: 0, 2: 4000}
        good = path.middlebox_config(1)
        self.assertIn('did you mean "listen"', self.complaint("middlebox", good.replace("listen =", "lisen =")))
        self.assertIn("bad.toml:1:1", self.complaint("middlebox", "nome = 1\n" + good))
        self.assertIn("one for the role server", self.complaint("middlebox", good.replace(f"{path.pki}/m1.example", f"{path.pki}/gateway.example")))
        self.assertIn("No such file", self.complaint("middlebox", good.replace("ca.pem", "nowhere.pem")))
        os.chmod(path.pki / "m1.example.key", 0o644)
        self.assertIn("chmod 600", self.complaint("middlebox", good))
        os.chmod(path.pki / "m1.example.key", 0o600)
        self.assertIn("does not carry the name", self.complaint("middlebox", good.replace('name = "m1.example"', 'name = "m9.example"', 1)))
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.assertIn("in use", self.complaint("middlebox", good.replace("127.0.0.1:0", f"127.0.0.1:{port}")))

    def test_a_missing_file_and_a_missing_option(self):
        done = subprocess.run([LOUVER, "agent", "--config", str(self.directory / "nowhere.toml")], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 2)
        self.assertIn("nowhere.toml", done.stderr)
        self.assertEqual(subprocess.run([LOUVER, "agent"], capture_output=True, timeout=20).returncode, 2)
        self.assertEqual(subprocess.run([LOUVER, "nonsense"], capture_output=True, timeout=20).returncode, 2)


if __name__ == "__main__":
    unittest.main(verbosity=2)
