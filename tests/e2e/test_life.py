"""Operating: the control socket, reloading, renewal without anybody noticing, what happens when a party goes away."""

import json
import os
import pathlib
import signal
import socket
import stat
import subprocess
import threading
import time
import unittest

from harness import DEADLINE, FULL, LOUVER, Case, wait_for
from listening import Echo, Listening

COUNT = 1000 if FULL else 100


def counters(status):
    return status["counters"]


def joins(path, i):
    return counters(path.control(i, "status"))["louver_joins_accepted_total"]


class Control(Case):
    def test_status_tells_what_a_party_is_and_has_done(self):
        origin = self.origin()
        origin.put("hi", b"hello")
        path = self.path(2, origin_port=origin.port)
        path.offer[1] = {"request-head": "read"}
        path.start()
        for _ in range(3):
            self.assertEqual(self.curl(path)[1], b"hello")
        for i, role in ((0, "agent"), (1, "middlebox"), (2, "middlebox"), (3, "gateway")):
            status = path.control(i, "status")
            self.assertEqual((status["role"], status["name"]), (role, path.names[i]))
            self.assertEqual(status["associations_total"], 1, i)
            self.assertEqual(len({a["association"] for a in status["associations"]}), 1)
            self.assertEqual(status["associations"][0]["joins"], 3, i)
            self.assertEqual(counters(status)["louver_joins_accepted_total"], 3, i)
            self.assertGreater(counters(status)["louver_bytes_total"]["s2c"], 0)
        self.assertEqual(path.control(3, "status")["approved"], ["m1.example", "m2.example"])
        self.assertEqual(path.control(0, "status")["routes"][0]["state"], "ready")
        text = subprocess.run([LOUVER, "control", str(path.control_path(3)), "status"], capture_output=True, text=True, timeout=20).stdout
        self.assertIn("gateway.example", text)

    def test_the_socket_is_its_owners_only_and_takes_no_nonsense(self):
        """AD: whoever is not the process's user gets nothing; whatever comes is bounded."""
        origin = self.origin()
        old = os.umask(0)
        self.addCleanup(os.umask, old)
        path = self.path(0, origin_port=origin.port).start()
        for i in (0, 1):
            self.assertEqual(stat.S_IMODE(path.control_path(i).stat().st_mode), 0o600)
        for said in (b"nonsense\n", b'{"command": 7}\n', b'{"command": "dance"}\n', b"[" * 4000 + b"\n", b"x" * 5000, b'{"command":"withdraw"}\n'):
            with socket.socket(socket.AF_UNIX) as s:
                s.settimeout(10)
                s.connect(str(path.control_path(1)))
                s.sendall(said)
                answer = json.loads(s.makefile("rb").readline())
                self.assertFalse(answer["ok"])
        # eight that say nothing do not keep the process from its work
        silent = []
        for _ in range(20):
            s = socket.socket(socket.AF_UNIX)
            s.connect(str(path.control_path(1)))
            silent.append(s)
        origin.put("hi", b"hello")
        self.assertEqual(self.curl(path)[1], b"hello")
        for s in silent:
            s.close()
        wait_for(lambda: subprocess.run([LOUVER, "control", str(path.control_path(1)), "status"], capture_output=True, timeout=20).returncode == 0, "served again")
        if os.geteuid() == 0:
            os.chmod(path.control_path(1), 0o666)  # even then
            code = ("import os,socket,sys; os.setuid(65534); s=socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect(sys.argv[1])\n"
                    "try:\n  s.sendall(b'{\"command\":\"status\"}\\n')\n  sys.exit(len(s.recv(100)))\nexcept ConnectionError: sys.exit(0)")
            done = subprocess.run(["python3", "-c", code, str(path.control_path(1))], capture_output=True, text=True, timeout=20)
            self.assertEqual(done.returncode, 0, done.stderr)
            path.gateway.wait_event("connection.refused", what="the control socket refused user 65534")
        path.stop()
        self.assertFalse(path.control_path(1).exists())

    def test_a_socket_left_behind_is_replaced_but_nothing_else(self):
        origin = self.origin()
        path = self.path(0, origin_port=origin.port).start()
        path.gateway.kill()
        self.assertTrue(path.control_path(1).exists())
        path.start_party(1)
        self.assertEqual(path.control(1, "status")["role"], "gateway")
        second = self.directory / "second.toml"
        second.write_text(path.config_path(1).read_text().replace(f":{path.ports[1]}", ":0", 1))
        done = subprocess.run([LOUVER, "gateway", "--config", str(second)], capture_output=True, text=True, timeout=20)
        self.assertEqual(done.returncode, 2)
        self.assertIn("in use by another process", done.stderr)
        self.assertNotEqual(subprocess.run([LOUVER, "control", str(self.directory / "nowhere"), "status"], capture_output=True).returncode, 0)


class Reload(Case):
    def ready(self, n=1, **options):
        origin = self.origin()
        origin.put("hi", b"hello")
        path = self.path(n, origin_port=origin.port, **options)
        return origin, path

    def reload(self, path, i):
        path.rewrite(i)
        return path.control(i, "reload")

    def test_PK_05_a_bad_file_changes_nothing_and_is_told_with_its_place(self):
        _, path = self.ready()
        path.start()
        good = path.config_path(2).read_text()
        path.config_path(2).write_text(good.replace("[[middlebox]]", "[[middelbox]]"))
        answer = path.control(2, "reload", expect=1)
        self.assertRegex(answer["error"], r"party2\.toml:\d+:\d+: unknown key .*did you mean")
        path.gateway.process.send_signal(signal.SIGHUP)
        self.assertRegex(path.gateway.wait_event("config.error", 2)[1]["fault"], r"party2\.toml:\d+:\d+: ")
        self.assertEqual(self.curl(path)[1], b"hello")
        self.assertEqual(len(path.agent.find("association.open")), 1)
        # a key without its certificate
        path.config_path(2).write_text(good.replace("gateway.example.key", "m1.example.key"))
        path.control(2, "reload", expect=1)
        path.config_path(2).write_text(good)
        self.assertTrue(path.control(2, "reload")["ok"])
        self.assertEqual(self.curl(path)[1], b"hello")
        self.assertEqual(len(path.agent.find("association.open")), 1, "the same file again ends nothing")

    def test_what_cannot_be_reloaded_is_said(self):
        _, path = self.ready(0)
        path.start()
        file = path.config_path(1)
        file.write_text("threads = 3\n" + file.read_text().replace('name = "gateway.example"', 'name = "other.example"', 1))
        path.issue("server", "other.example")
        answer = path.control(1, "reload")
        self.assertEqual(answer["needs_restart"], ["threads", "name"])
        self.assertIn("threads, name", path.gateway.wait_event("config.warning")[0]["what"])
        self.assertEqual(self.curl(path)[1], b"hello")

    def test_RG_01_a_lowered_grant_at_the_gateway_ends_the_association_and_makes_another(self):
        _, path = self.ready()
        path.offer[1] = {"request-head": "read", "response-body": "read"}
        path.filters[1] = '[[filter]]\ntype = "log"\n'
        path.start()
        self.assertEqual(self.curl(path)[1], b"hello")
        path.processes[1].wait_event("message", context="response-body")
        path.allow[1] = {"request-head": "read"}
        begun = time.monotonic()
        self.reload(path, 2)
        path.agent.wait_event("association.open", 2)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual(path.gateway.wait_event("association.end")[0]["alert"], "revoked")
        before = len(path.processes[1].find("message", context="response-body"))
        heads = len(path.processes[1].find("message", context="request-head"))
        self.assertEqual(self.curl(path)[1], b"hello")
        path.processes[1].wait_event("message", heads + 1, context="request-head")
        self.assertEqual(len(path.processes[1].find("message", context="response-body")), before)

    def test_a_route_with_other_grants_at_the_agent(self):
        _, path = self.ready()
        path.offer[1] = {"request-head": "read"}
        path.allow[1] = {"request-head": "write", "response-body": "write"}
        path.filters[1] = '[[filter]]\ntype = "log"\n'
        path.start()
        self.assertEqual(self.curl(path)[1], b"hello")
        path.offer[1] = {"request-head": "read", "response-body": "read"}
        self.reload(path, 0)  # raised: a new association, the old one is still allowed
        path.agent.wait_event("association.open", 2)
        self.assertEqual(self.curl(path)[1], b"hello")
        path.processes[1].wait_event("message", context="response-body")
        self.assertFalse(path.agent.find("association.end"))
        path.offer[1] = {"request-head": "read"}
        self.reload(path, 0)  # lowered: the old one goes
        path.agent.wait_event("association.open", 3)
        path.agent.wait_event("association.end")
        self.assertEqual(self.curl(path)[1], b"hello")

    def test_withdraw_refuses_until_restored(self):
        """RS-02: a withdrawn party gets nothing, whoever asks; sessions end with `revoked`."""
        _, path = self.ready(2)
        path.offer = {1: {"request-head": "read"}, 2: {"request-head": "read"}}
        path.start()
        self.assertEqual(self.curl(path)[1], b"hello")
        self.assertEqual(path.control(3, "withdraw", "m2.exmaple")["associations"], 0, "a misspelled name is seen")
        path.control(3, "restore", "m2.exmaple")
        self.assertEqual(path.control(3, "withdraw", "m2.example", "--now")["associations"], 1)
        self.assertEqual(path.control(3, "status")["withdrawn"], ["m2.example"])
        self.assertEqual(path.agent.wait_event("association.fail")[0]["alert"], "grant_refused")
        self.assertNotEqual(self.curl(path)[2], "200")
        self.assertTrue(path.control(3, "reload")["ok"])
        self.assertNotEqual(self.curl(path)[2], "200", "a reload does not bring it back")
        path.control(3, "restore", "m2.example")
        wait_for(lambda: self.curl(path, timeout=12)[1] == b"hello", "to be served again")
        # at the agent: offered nothing, but the path goes on
        opened = len(path.agent.find("association.open"))
        path.control(0, "withdraw", "m1.example")
        path.agent.wait_event("association.open", opened + 1)
        self.assertEqual(self.curl(path)[1], b"hello")
        # at a middlebox: the server
        path.control(1, "withdraw", "gateway.example")
        self.assertNotEqual(self.curl(path, timeout=15)[2], "200")

    def test_running_sessions_end_by_the_drain(self):
        """RG-01 with a session that runs: `--now` cuts it at once, otherwise drain_deadline counts."""
        echo = Echo()
        self.addCleanup(echo.close)
        path = self.path(1, profile="stream/1", origin_port=echo.port)
        path.offer[1] = {"upstream": "read"}
        path.start()
        with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=10) as s:
            s.sendall(b"one")
            self.assertEqual(s.recv(10), b"one")
            begun = time.monotonic()
            path.control(2, "withdraw", "m1.example", "--now")
            s.settimeout(5)
            self.assertEqual(dry(s), b"")
            self.assertLess(time.monotonic() - begun, 2)
        self.assertIn("revoked", {e["alert"] for e in path.processes[1].wait_event("session.fail")})

    def test_certificates_are_read_anew(self):
        _, path = self.ready(1)
        path.start()
        self.assertEqual(self.curl(path)[1], b"hello")
        fresh = self.directory / "fresh"
        subprocess.run([LOUVER, "pki", "issue", str(path.pki), "--role", "middlebox", "--name", "m1.example", "--out", str(fresh)], check=True, capture_output=True)
        for kind in ("pem", "key"):
            made = next(fresh.glob(f"*.{kind}")) if fresh.is_dir() else pathlib.Path(f"{fresh}.{kind}")
            made.replace(path.pki / f"m1.example.{kind}")
        self.assertTrue(path.control(1, "reload")["ok"])
        path.control(0, "renew")
        path.agent.wait_event("association.open", 2)
        self.assertEqual(self.curl(path)[1], b"hello")

    def test_RS_02_an_authority_that_is_no_longer_trusted_ends_what_it_vouched_for(self):
        _, path = self.ready(1)
        other = self.directory / "other"
        subprocess.run([LOUVER, "pki", "init", str(other)], check=True, capture_output=True)
        path.start()
        self.assertEqual(self.curl(path)[1], b"hello")
        text = path.config_path(2).read_text()
        path.config_path(2).write_text(text.replace(f"{path.pki}/ca.pem", f"{other}/ca.pem"))
        self.assertTrue(path.control(2, "reload")["ok"])
        self.assertIn("no longer trusted", path.gateway.wait_event("association.end")[0]["fault"])
        self.assertNotEqual(self.curl(path, timeout=15)[2], "200")
        path.config_path(2).write_text(text)
        self.assertTrue(path.control(2, "reload")["ok"])
        wait_for(lambda: self.curl(path, timeout=12)[1] == b"hello", "to be served again")

    def test_PK_05_many_hangups_under_load_on_every_thread(self):
        _, path = self.ready(1)
        path.extra = {1: "threads = 2\n", "gateway": "threads = 2\n", "agent": "threads = 2\n"}
        path.start()
        count = 1000 if FULL else 150
        failed, done = [], threading.Event()

        def load():
            while not done.is_set():
                code, body, status = self.curl(path)
                if body != b"hello":
                    failed.append((code, status, body))

        workers = [threading.Thread(target=load) for _ in range(4)]
        for worker in workers:
            worker.start()
        before = {i: p.rss_mib(peak=False) for i, p in path.processes.items()}
        for _ in range(count):
            self.hang_up(path)
            time.sleep(0.002)
        wait_for(lambda: self.hang_up(path) or min(self.reloads(path)) > 5, "reloads of every party", 60)
        done.set()
        for worker in workers:
            worker.join()
        self.assertEqual(failed, [])
        self.assertEqual(len(path.agent.find("association.open")), 1)
        for i, process in path.processes.items():
            self.assertLess(process.rss_mib(peak=False), before[i] + 24, f"party {i} grows")

    @staticmethod
    def hang_up(path):
        for process in path.processes.values():
            process.process.send_signal(signal.SIGHUP)

    @staticmethod
    def reloads(path):
        return [path.control(i, "status")["configuration"]["reloads"] for i in path.processes]


class Daily(Case):
    def test_one_association_carries_all_sessions_of_many_processes(self):
        """1,000 curls with LOUVER_E2E_FULL=1; two associations when a middlebox is restarted in the middle."""
        origin = self.origin()
        origin.put("hi", b"hello")
        path = self.path(2, origin_port=origin.port)
        path.offer = {1: {"request-head": "read"}, 2: {"response-head": "write"}}
        path.start()
        for k in range(COUNT):
            code, body, status = self.curl(path)
            self.assertEqual((code, body, status), (0, b"hello", "200"), k)
        for i in range(4):
            status = path.control(i, "status")
            self.assertEqual(counters(status)["louver_associations_agreed_total"], 1, i)
            self.assertEqual(counters(status)["louver_joins_accepted_total"], COUNT, i)
        path.processes[1].kill()
        path.start_party(1)
        for k in range(COUNT // 2):
            code, body, status = self.curl(path)
            self.assertEqual((code, body, status), (0, b"hello", "200"), k)
        for i in (0, 2, 3):
            self.assertEqual(counters(path.control(i, "status"))["louver_associations_agreed_total"], 2, i)
        figures = {i: (counters(path.control(i, "status"))["louver_associations_agreed_total"], joins(path, i)) for i in range(4)}
        print(f"{COUNT} + {COUNT // 2} curls, M1 restarted between: (associations, joins) by party {figures}")
        self.assertGreaterEqual(joins(path, 0), COUNT + COUNT // 2)
        self.assertEqual(joins(path, 1), COUNT // 2)

    def test_renewal_under_load_is_not_noticed(self):
        origin = self.origin()
        origin.put("hi", b"hello")
        path = self.path(1, origin_port=origin.port)
        path.offer[1] = {"request-head": "read"}
        original = path.agent_config
        path.agent_config = lambda: original().replace("default = true", 'default = true\nrenew = "1s"', 1)
        path.start()
        failed, end = [], time.monotonic() + 8

        def load():
            while time.monotonic() < end:
                got = self.curl(path)
                if got != (0, b"hello", "200"):
                    failed.append(got)

        workers = [threading.Thread(target=load) for _ in range(4)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        self.assertEqual(failed, [])
        self.assertGreaterEqual(len(path.agent.find("association.open")), 5)

    def test_JN_02_only_what_may_be_repeated_is_sent_again(self):
        """The first party takes one session's connection and cuts it: GET is answered, POST is told `unknown`."""
        origin = self.origin()
        origin.put("hi", b"hello")
        path = self.path(1, origin_port=origin.port)
        path.offer[1] = {"request-head": "read"}
        cutter = Cutter()
        self.addCleanup(cutter.close)
        original = path.agent_config
        path.agent_config = lambda: original().replace(f'connect = "127.0.0.1:{path.ports[1]}"', f'connect = "127.0.0.1:{cutter.port}"')
        path.start_party(2)
        path.start_party(1)
        cutter.target = path.ports[1]
        path.start_party(0)
        path.agent.wait_event("association.open")
        cutter.cut = 1
        self.assertEqual(self.curl(path), (0, b"hello", "200"))
        self.assertEqual(cutter.cut, 0)
        cutter.cut = 1
        code, body, status = self.curl(path, "-X", "POST", "-d", "pay")
        self.assertEqual((code, status), (0, "502"))
        self.assertIn(b"Outcome unknown", body)
        self.assertEqual(cutter.cut, 0)
        self.assertEqual(self.curl(path), (0, b"hello", "200"))
        self.assertEqual(len(path.agent.find("association.open")), 1)


class Early(Case):
    """Who waits for the association has a connection for his session by the time that it stands."""

    def together(self, then):
        """An agent whose association gets nowhere before another connection has come, which `then` is done to."""
        origin = Echo()
        self.addCleanup(origin.close)
        path = self.path(1, "stream/1", origin.port)
        path.offer = {1: {"upstream": "read"}}
        for i in (2, 1):
            path.start_party(i)
        relay = Holding(path.ports[1], then)
        self.addCleanup(relay.close)
        path.ports[1] = relay.port
        path.start_party(0)
        with socket.create_connection(("127.0.0.1", path.ports[0]), DEADLINE) as s:
            s.sendall(b"hello")
            self.assertEqual(s.recv(5, socket.MSG_WAITALL), b"hello")
        self.assertEqual(len(path.agent.find("association.open")), 1)
        return relay

    def test_the_first_session_joins_on_a_connection_that_was_made_early(self):
        relay = self.together(lambda s: None)
        self.assertEqual(relay.joined, [True])
        self.assertEqual(relay.accepted, 2)

    def test_one_that_has_ended_meanwhile_is_not_used(self):
        self.assertEqual(self.together(lambda s: s.shutdown(socket.SHUT_RDWR)).joined, [False])

    def test_one_on_which_somebody_speaks_is_not_used(self):
        self.assertEqual(self.together(lambda s: s.sendall(b"x")).joined, [False])


class Holding(Listening):
    """A relay before the first middlebox that passes no Hello on until a silent connection has come as well and `then` was done to it."""

    def __init__(self, target, then):
        self.target, self.then = target, then
        self.connections, self.early, self.joined = [], None, []  # joined: was it the early one, for each JOIN
        super().__init__()

    def serve(self, s):
        self.connections.append(s)
        with s:
            try:
                first = s.recv(65536)
            except OSError:
                return
            if first[:1] == b"\x05":
                self.joined.append(s is self.early)
            elif first:
                self.early = wait_for(lambda: next((one for one in self.connections if one is not s), None), "an early connection")
                self.then(self.early)
            with socket.create_connection(("127.0.0.1", self.target)) as t:
                t.sendall(first)
                back = threading.Thread(target=pump, args=(t, s), daemon=True)
                back.start()
                pump(s, t)
                back.join()


class Cutter(Listening):
    """A relay on the first hop that swallows and cuts as many sessions as it is told to; frames of type 5 are JOINs."""

    def __init__(self):
        self.target, self.cut = 0, 0
        super().__init__()

    def serve(self, s):
        with s:
            first = s.recv(65536)
            if first[:1] == b"\x05" and self.cut > 0:
                self.cut -= 1
                return
            with socket.create_connection(("127.0.0.1", self.target)) as t:
                t.sendall(first)
                back = threading.Thread(target=pump, args=(t, s), daemon=True)
                back.start()
                pump(s, t)
                back.join()


def pump(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def dry(s):
    """What still comes until the end; a reset is an end."""
    out = b""
    try:
        while True:
            more = s.recv(4096)
            if not more:
                return out
            out += more
    except ConnectionResetError:
        return out


if __name__ == "__main__":
    unittest.main(verbosity=2)
