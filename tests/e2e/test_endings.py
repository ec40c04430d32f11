"""How associations end when nobody says so, or somebody keeps it from being said; and sessions that outlive them."""

import contextlib
import datetime
import os
import socket
import threading
import time
import unittest

from harness import FULL, SANITIZED, Case, Path, run, wait_for
from listening import Echo, Listening

CHANNEL, ALERT = 2, 3  # frame types, docs/protocol.md section 2
ALIVE_MISSING = 30  # seconds, docs/protocol.md section 8
ALIVE_EVERY = 10


class Withholder(Listening):
    """A relay on one hop that looks at frame headers only. While it is told to, it swallows CHANNEL frames (and others), and keeps from each side that the
    other has ended its connection."""

    def __init__(self, target, kinds):
        self.target = target
        self.kinds = kinds
        self.withhold = False
        self.withheld = 0
        super().__init__()

    def serve(self, s):
        try:
            t = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            s.close()
            return
        for source, sink in ((s, t), (t, s)):
            threading.Thread(target=self._pass_frames, args=(source, sink), daemon=True).start()

    def _pass_frames(self, source, sink):
        waiting = b""
        try:
            while data := source.recv(65536):
                waiting += data
                passed = b""
                while len(waiting) >= 6 and len(waiting) >= 6 + int.from_bytes(waiting[3:6], "big"):
                    whole = 6 + int.from_bytes(waiting[3:6], "big")
                    frame, waiting = waiting[:whole], waiting[whole:]
                    if frame[0] in self.kinds and self.withhold:
                        self.withheld += frame[0] == CHANNEL
                    else:
                        passed += frame
                sink.sendall(passed)
        except OSError:
            pass
        while self.withhold:
            time.sleep(0.05)
        for s in (sink, source):  # one way down, both down: the parties do not half-close here
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()


def ends(s, within):
    """Whether the connection ends or is reset in that time; whatever comes before is thrown away."""
    s.settimeout(within)
    try:
        while s.recv(65536):
            pass
        return True
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False


class Endings(Case):
    def say(self, s, words):
        s.sendall(words)
        got = b""
        while len(got) < len(words):
            more = s.recv(65536)
            self.assertTrue(more, "the connection ended")
            got += more
        self.assertEqual(got, words)

    def stream(self, n, name="path"):
        """A path for stream/1 in a folder of its own, and its origin."""
        echo = Echo()
        self.addCleanup(echo.close)
        folder = self.directory / name
        folder.mkdir()
        path = Path(folder, n, profile="stream/1", origin_port=echo.port)
        self.addCleanup(path.stop)
        for i in range(1, n + 1):
            path.offer[i] = {"upstream": "read", "downstream": "read"}
        return path, echo

    def connect(self, path):
        s = socket.create_connection(("127.0.0.1", path.ports[0]), timeout=10)
        self.addCleanup(s.close)
        return s

    @staticmethod
    def associations(path, i):
        return path.control(i, "status")["associations"]

    @staticmethod
    def joins(path, i):
        return path.control(i, "status")["counters"]["louver_joins_accepted_total"]


class Withheld(Endings):
    def relayed(self, name, hop, kinds):
        """A path with a withholding relay on that hop, and a session that runs."""
        path, echo = self.stream(2, name)
        for i in (3, 2, 1, 0):
            if i == hop:
                relay = Withholder(path.ports[hop + 1], kinds)
                self.addCleanup(relay.close)
                real, path.ports[hop + 1] = path.ports[hop + 1], relay.port
                path.start_party(i)
                path.ports[hop + 1] = real
            else:
                path.start_party(i)
        path.agent.wait_event("association.open")
        session = self.connect(path)
        self.say(session, b"before")
        return path, echo, relay, session

    def test_RG_02_a_withdrawal_counts_where_every_CHANNEL_frame_is_withheld(self):
        """RG-02, HP-04: on hop 0 or 1 no channel gets anything through any more when the gateway (or the agent) withdraws M1. Who asked sends nothing more
        at once; everybody else's association is over when Alive has been missing; no join is taken meanwhile."""
        cases = []
        for hop, by, kinds in ((0, 3, {CHANNEL}), (0, 3, {CHANNEL, ALERT}), (1, 3, {CHANNEL, ALERT}), (1, 0, {CHANNEL, ALERT})):
            what = f"hop {hop}, withdrawn by party {by}, frame types {sorted(kinds)}"
            cases.append((*self.relayed(f"hop{hop}-by{by}-{len(kinds)}", hop, kinds), hop, by, what))
        taken = {}
        for path, _, relay, _, _, by, _ in cases:
            relay.withhold = True
            taken[path] = {i: self.joins(path, i) for i in range(4)}
            path.control(by, "withdraw", "m1.example", "--now")
        begun = time.monotonic()
        for _, echo, _, session, _, by, what in cases:
            if by == 0:
                self.assertTrue(ends(session, 3), what)
            else:
                wait_for(lambda echo=echo: echo.ended == 1, f"{what}: the running session ends at the one who asked", 3)
        over = {}
        while len(over) < len(cases) and time.monotonic() - begun < ALIVE_MISSING + ALIVE_EVERY + 20:
            for case in cases:
                path, echo, relay, _, hop, by, what = case
                if path in over:
                    continue
                self.try_to_join(path, echo, what)
                if not any(self.associations(path, i) for i in range(4)):
                    over[path] = time.monotonic() - begun
            time.sleep(0.5)
        for path, echo, relay, session, hop, by, what in cases:
            self.assertIn(path, over, f"{what}: {[self.associations(path, i) for i in range(4)]}")
            self.assertLess(over[path], ALIVE_MISSING + ALIVE_EVERY + 2, what)
            self.assertGreater(relay.withheld, 0, what)
            self.assertTrue(ends(session, 1), what)
            self.assertEqual(self.joins(path, 3), taken[path][3], f"{what}: the gateway took no join")
            self.assertEqual(echo.accepted, 1, what)
            far = path.agent if by == 3 else path.gateway
            alerts = {e["alert"] for e in far.find("association.fail")}
            self.assertTrue(alerts & {"timeout", "revoked", "truncated"}, f"{what}: {alerts}")
            print(f"RG-02, {what}: over everywhere after {over[path]:.1f} s; {relay.withheld} CHANNEL frames withheld; alerts at the other end {sorted(alerts)}")
        for path, _, relay, _, hop, by, what in cases:  # and with the attacker gone, all is as the operator wants it
            relay.withhold = False
            if by == 3:
                path.control(by, "restore", "m1.example")

            def works(path=path):
                try:
                    with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=15) as s:
                        s.sendall(b"again")
                        return s.recv(100) == b"again"
                except OSError:
                    return False

            wait_for(works, f"{what}: served again", 60)

    def try_to_join(self, path, echo, what):
        """Nothing that an application says gets to the origin."""
        with contextlib.suppress(TimeoutError, ConnectionResetError):
            with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=1) as s:
                s.settimeout(0.3)
                s.sendall(b"may I")
                self.assertEqual(s.recv(100), b"", what)
        self.assertEqual(echo.accepted, 1, what)


class Expiry(Endings):
    USAGE = {"client": "2.999.1.1", "middlebox": "2.999.1.2", "server": "2.999.1.3"}

    def issue_until(self, path, role, name, end):
        """A certificate of that party that ends in that second, from the path's authority."""
        work = path.directory / f"ca-{name}"
        work.mkdir()
        (work / "index").write_text("")
        (work / "serial").write_text(os.urandom(8).hex().upper() + "\n")
        (work / "conf").write_text(
            f"[ca]\ndefault_ca = d\n[d]\ndatabase = {work}/index\nserial = {work}/serial\nnew_certs_dir = {work}\ndefault_md = sha256\npolicy = p\n"
            f"certificate = {path.pki}/ca.pem\nprivate_key = {path.pki}/ca.key\n[p]\ncommonName = supplied\n"
            f"[e]\nbasicConstraints = critical,CA:FALSE\nkeyUsage = critical,digitalSignature\nextendedKeyUsage = {self.USAGE[role]}\n"
            f"subjectAltName = DNS:{name}\nsubjectKeyIdentifier = hash\nauthorityKeyIdentifier = keyid\n")
        key, csr, out = path.pki / f"{name}.key", work / "csr", path.pki / f"{name}.pem"
        key.unlink(missing_ok=True)
        out.unlink(missing_ok=True)
        run(["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(csr)])
        key.chmod(0o600)
        text = {what: when.strftime("%Y%m%d%H%M%SZ") for what, when in (("start", end - datetime.timedelta(hours=1)), ("end", end))}
        run(["openssl", "ca", "-batch", "-notext", "-config", str(work / "conf"), "-extensions", "e", "-in", str(csr), "-out", str(out),
             "-startdate", text["start"], "-enddate", text["end"]])

    def test_RS_02_an_association_ends_with_the_first_certificate_of_its_path(self):
        """RS-02: whosever certificate it is; at the latest 60 s after its end, everywhere, with `revoked`, and no join is taken behind it."""
        lives = 40 if FULL or SANITIZED else 15
        end = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0) + datetime.timedelta(seconds=lives)
        cases = []
        for role, i in (("client", 0), ("middlebox", 1), ("server", 2)):
            path, echo = self.stream(1, role)
            self.issue_until(path, role, path.names[i], end)
            path.start()
            session = self.connect(path)
            self.say(session, b"before")
            cases.append((role, i, path, echo, session))
        for role, i, path, _, _ in cases:
            self.assertEqual(self.associations(path, 0)[0]["expires"] if i != 1 else int(end.timestamp()), int(end.timestamp()), role)
        self.assertLess(time.time(), end.timestamp() - 1, "the processes started in time")
        for role, i, path, echo, session in cases:
            self.assertTrue(ends(session, end.timestamp() - time.time() + 60), role)
            late = time.time() - end.timestamp()
            self.assertGreater(late, -1, role)
            self.assertLess(late, 60, role)
            print(f"RS-02 certificate of the {role}: its session ended {late:.1f} s after the certificate")
        for role, i, path, echo, session in cases:
            for party in range(3):
                wait_for(lambda: not self.associations(path, party), f"{role}: no association at party {party}", 60)
            alerts = {e["alert"] for p in path.processes.values() for e in p.find("association.fail")}
            self.assertIn("revoked", alerts, role)
            faults = [e["fault"] for p in path.processes.values() for e in p.find("association.fail")]
            self.assertTrue(any("certificate" in f and "expired" in f for f in faults), f"{role}: {faults}")
            before = self.joins(path, 2)
            with contextlib.suppress(ConnectionResetError):  # it may come before the connection has been told of
                with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=20) as s:
                    self.assertTrue(ends(s, 20), role)
            self.assertEqual((self.joins(path, 2), echo.accepted), (before, 1), role)
        role, i, path, echo, _ = cases[1]  # and with a new certificate it goes on
        for kind in ("pem", "key"):
            (path.pki / f"{path.names[i]}.{kind}").unlink()
        path.issue(role, path.names[i])
        self.assertTrue(path.control(i, "reload")["ok"])
        path.control(0, "renew")
        wait_for(lambda: self.associations(path, 0), "a new association")
        self.say(self.connect(path), b"after")


class Outliving(Endings):
    def test_a_stream_outlives_its_association_and_new_ones_take_the_next(self):
        """The gateway's lifetime ends the association with a Close; ten seconds later its secrets are erased; the stream goes on in both directions."""
        path, echo = self.stream(2)
        original = path.gateway_config
        path.gateway_config = lambda: original() + '[policy]\nlifetime = "6s"\n'
        path.start()
        old = self.associations(path, 0)[0]["association"]
        stream = self.connect(path)
        begun = time.monotonic()
        said = 0
        states = set()
        while time.monotonic() - begun < 6 + 10 + 3:  # lifetime, grace, and some
            self.say(stream, os.urandom(20000))
            said += 1
            states |= {a["state"] for a in self.associations(path, 3) if a["association"] == old}
            time.sleep(0.05)
        self.assertEqual(states, {"open", "closing"})
        self.assertGreater(said, 10 if SANITIZED else 50)
        for i in range(4):
            with_it = [a for a in self.associations(path, i) if a["association"] == old]
            self.assertEqual([(a["state"], a["sessions"], a["joins"]) for a in with_it], [("closing", 1, 1)], i)
        fresh = self.connect(path)
        self.say(fresh, b"new")
        self.say(stream, b"old")
        at_gateway = {a["association"]: a for a in self.associations(path, 3)}
        self.assertEqual(at_gateway[old]["joins"], 1)
        self.assertEqual(sum(a["joins"] for name, a in at_gateway.items() if name != old and a["sessions"]), 1)
        stream.shutdown(socket.SHUT_WR)  # half closed it still hears the rest
        self.assertEqual(stream.recv(100), b"")
        for i in range(4):
            wait_for(lambda i=i: old not in {a["association"] for a in self.associations(path, i)}, f"the old association is gone at {i}", ALIVE_EVERY + 5)
        self.say(fresh, b"still there")
        self.assertEqual({e["alert"] for p in path.processes.values() for e in p.find("association.fail")}, set(), "nobody calls that a failure")

    def test_a_slow_answer_outlives_its_association(self):
        """The same for one HTTP answer that takes its time, over agent's renewals: whole at the end; other requests meanwhile go over newer associations."""
        origin = SlowOrigin()
        self.addCleanup(origin.close)
        path = self.path(1, origin_port=origin.port)
        path.offer[1] = {"response-body": "read"}
        original = path.agent_config
        path.agent_config = lambda: original().replace("default = true", 'default = true\nrenew = "1s"', 1)
        path.start()
        got = []
        slow = threading.Thread(target=lambda: got.append(self.curl(path, url="/slow", timeout=60)))
        slow.start()
        wait_for(lambda: origin.asked, "the request at the origin")
        old = path.agent.find("association.open")[0]["association"]
        # a second later another serves, ten later the old one is closed, ten later its secrets are erased
        wait_for(lambda: [a for a in self.associations(path, 2) if a["association"] == old and a["state"] == "closing"], "the Close", 20)
        for _ in range(5):
            self.assertEqual(self.curl(path, url="/quick")[1:], (b"quick", "200"), f"{origin.heads}\n{''.join(path.gateway.raw)[-4000:]}")
        time.sleep(11)
        self.assertEqual([(a["state"], a["sessions"]) for a in self.associations(path, 2) if a["association"] == old], [("closing", 1)])
        origin.go_on.set()
        slow.join(30)
        self.assertEqual(got, [(0, SlowOrigin.BODY, "200")])


class SlowOrigin(Listening):
    """/slow gives the second half of its answer when it is told to; everything else answers at once."""

    BODY = b"first half, " + b"x" * 100_000 + b"second half"

    def __init__(self):
        self.asked = False
        self.heads = []  # of requests, as they came
        self.go_on = threading.Event()
        super().__init__()

    def serve(self, s):
        with s:
            head = b""
            while b"\r\n\r\n" not in head:
                more = s.recv(65536)
                if not more:
                    return
                head += more
            self.heads.append(head)
            body = self.BODY if head.startswith(b"GET /slow") else b"quick"
            half = len(body) // 2
            s.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body[:half])
            if body is self.BODY:
                self.asked = True
                self.go_on.wait(60)
            s.sendall(body[half:])

    def close(self):
        self.go_on.set()
        super().close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
