"""Strangers and hostile peers at the ports of real processes. The ids are those of docs/catalogue.md."""

import os
import pathlib
import select
import socket
import struct
import threading
import time
import unittest

from harness import SANITIZED, Case, wait_for

ALERTS = ("bad_frame unsupported_version unsupported_suite not_in_route next_hop_refused handshake_failed certificate_role name_mismatch manifest_mismatch grant_refused "
          "grant_raised bad_record bad_hop truncated blocked_by_policy unknown_association replayed_join revoked limit_exceeded timeout internal_error").split()


def vector(octets, size):
    return len(octets).to_bytes(size, "big") + octets


def hello(route, versions=(1,), suites=(0x1301,), more=b""):
    """A well-formed Hello for stream/1 without any grant."""
    parties = b"".join(vector(name.encode(), 1) + struct.pack("!H", port) for name, port in route)
    contexts = b"\x01\x01" + vector(b"upstream", 1) + b"\x02\x02" + vector(b"downstream", 1)
    body = (vector(b"".join(struct.pack("!H", v) for v in versions), 1) + os.urandom(32) + vector(parties, 2) + vector(contexts, 2) +
            vector(bytes(2 * (len(route) - 1)), 2) + vector(b"".join(struct.pack("!H", s) for s in suites), 1) +
            vector(struct.pack("!H", 3) + vector(b"stream/1", 2) + more, 2))
    return b"\x01\x00\x00" + len(body).to_bytes(3, "big") + body


def alert(code, party=255, text=b""):
    return b"\x03" + bytes([party, 0]) + (1 + len(text)).to_bytes(3, "big") + bytes([code]) + text


def read_all(s):
    said = b""
    while True:
        try:
            more = s.recv(65536)
        except (ConnectionResetError, TimeoutError):
            return said
        if not more:
            return said
        said += more


def frames(octets):
    out = []
    while len(octets) >= 6:
        length = int.from_bytes(octets[3:6], "big")
        out.append((octets[0], octets[1], octets[2], octets[6:6 + length]))
        octets = octets[6 + length:]
    return out


def read_frame(s):
    """The first frame, whole (or what came of it before the end)."""
    said = b""
    while len(said) < 6 or len(said) < 6 + int.from_bytes(said[3:6], "big"):
        more = s.recv(65536)
        if not more:
            break
        said += more
    return said


def accept_spoken(server):
    """The next connection on which something is said, and its first frame. An agent also makes one for a session to come, and closes it without a word if that
    does not come to be."""
    while True:
        peer, _ = server.accept()
        peer.settimeout(5)
        if said := read_frame(peer):
            return peer, said
        peer.close()


def connect(port, source=None):
    return socket.create_connection(("127.0.0.1", port), timeout=20, source_address=(source, 0) if source else None)


def is_over(s):
    """The other end has ended it, or reset it."""
    if not select.select([s], [], [], 0)[0]:
        return False
    try:
        return s.recv(1, socket.MSG_PEEK) == b""
    except OSError:
        return True


def remote_ports(pid):
    """Where the connections that a process has opened lead to (those that it accepted have its own listening port)."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            target = os.readlink(fd)
        except OSError:
            continue
        if target.startswith("socket:["):
            inodes.add(target[8:-1])
    rows = [line.split() for line in pathlib.Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    own = [row for row in rows if row[9] in inodes]
    listening = {row[1].rsplit(":", 1)[1] for row in own if row[3] == "0A"}
    return {int(row[2].rsplit(":", 1)[1], 16) for row in own if row[3] != "0A" and row[1].rsplit(":", 1)[1] not in listening}


class Hostile(Case):
    def serve(self, middleboxes=1, extra=""):
        nginx = self.origin()
        nginx.put("hi", b"hello")
        path = self.path(middleboxes, origin_port=nginx.port)
        path.extra = {i: extra for i in (*range(1, middleboxes + 1), "gateway")}
        return path.start()

    def test_AL_02_no_alert_makes_an_agent_try_anything_weaker_or_anybody_else(self):
        """Whatever its first party answers, an agent connects to nobody else and offers the same again, if anything."""
        path = self.path(1, origin_port=1)
        heard, codes = [], iter(range(1, len(ALERTS) + 1))
        with socket.create_server(("127.0.0.1", 0)) as server:
            path.ports = {1: server.getsockname()[1], 2: 1}

            def answer():
                for code in codes:
                    peer, said = accept_spoken(server)
                    with peer:
                        heard.append(said)
                        peer.sendall(alert(code, 1, b"try TLS 1.0 without m1.example"))

            thread = threading.Thread(target=answer, daemon=True)
            thread.start()
            agent = path.start_party(0)
            statuses, remotes = set(), set()
            deadline = time.monotonic() + 60
            while thread.is_alive() and time.monotonic() < deadline:
                statuses.add(self.curl(path, timeout=30)[2])  # longer than the agent waits
                path.control(0, "renew")  # without the pause between tries
                remotes |= remote_ports(agent.process.pid)
            self.assertLessEqual(remotes, {path.ports[1]})
            self.assertFalse(thread.is_alive(), f"{len(heard)} of {len(ALERTS)} tries")
        self.assertEqual(len(heard), len(ALERTS))
        offers = set()
        for said in heard:
            kind, _, _, body = frames(said)[0]
            self.assertEqual(kind, 1)  # HELLO, and so no TLS, no HTTP
            offers.add(body[:3] + body[35:])  # all but the fresh random
        self.assertEqual(len(offers), 1, "every offer is the first one again")
        self.assertLessEqual(statuses, {"502", "504"})
        self.assertNotIn("TLS 1.0", "".join(agent.raw))  # AL-01: the text is nobody's word

    def test_AL_03_one_alert_for_each_party_and_none_for_an_alert(self):
        path = self.serve()
        for port in (path.ports[1], path.ports[2]):
            with connect(port) as s:  # garbage, and then more of it
                s.sendall(bytes([0x10, 1, 0, 0, 0, 0]) * 100)
                self.assertEqual([f[0] for f in frames(read_all(s))], [3])
            with connect(port) as s:  # an alert is never answered by one
                s.sendall(alert(1) * 100)
                self.assertLessEqual(len(frames(read_all(s))), 1)
        with connect(path.ports[1]) as s:
            s.sendall(hello([("m1.example", 4001), ("gateway.example", 4002)]) + alert(21, 0) * 200)
            told = [f for f in frames(read_all(s)) if f[0] == 3]
            self.assertLessEqual(len(told), 1)
        self.assertEqual(self.curl(path)[1], b"hello")

    def test_AL_04_refused_and_silent_next_parties_look_alike_to_who_asks(self):
        path = self.path(1, origin_port=1)
        path.ports = {2: 1}
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen(0)
            fill = [socket.socket() for _ in range(8)]  # its queue is full: connections to it hang
            for one in fill:
                one.setblocking(False)
                one.connect_ex(silent.getsockname())
            path.extra[1] = '[limits]\nconnect_deadline = "400ms"\n[policy]\nhold_failures = true\n'
            original = path.middlebox_config
            path.middlebox_config = lambda i: original(i) + (
                f'[[next]]\nname = "silent.example"\nport = 1\nconnect = "127.0.0.1:{silent.getsockname()[1]}"\n'
                f'[[next]]\nname = "refused.example"\nport = 1\nconnect = "127.0.0.1:1"\n')
            path.start_party(1)
            answers, times = set(), []
            for name in ("silent.example", "refused.example"):
                with connect(path.ports[1]) as s:
                    begun = time.monotonic()
                    s.sendall(hello([("m1.example", 4001), (name, 1)]))
                    answers.add(read_all(s))
                    times.append(time.monotonic() - begun)
            for one in fill:
                one.close()
        self.assertEqual(answers, {alert(5, 1, b"next_hop_refused")})
        self.assertGreaterEqual(min(times), 0.4)

    def test_DS_01_slow_and_half_open_agreements_end_at_the_deadline_and_others_are_served(self):
        path = self.serve(extra='[limits]\nhandshake_deadline = "2s"\n')
        slow = [connect(path.ports[1], "127.0.0.2") for _ in range(10)]
        octets = hello([("m1.example", 4001), ("gateway.example", 4002)])
        begun = time.monotonic()
        for i in range(len(octets)):  # octet by octet: never idle, never whole in time
            try:
                for s in slow:
                    s.sendall(octets[i:i + 1])
            except OSError:
                break
            if i % 10 == 0:
                self.assertEqual(self.curl(path)[1], b"hello")
            time.sleep(0.05)
        for s in slow:
            self.assertIn(b"timeout", read_all(s))
            s.close()
        self.assertLess(time.monotonic() - begun, 15)

    def test_DS_11_a_source_that_proves_nothing_never_takes_every_place(self):
        """An octet that may begin a JOIN is no more than a connection."""
        path = self.serve(extra="[limits]\nassociations = 40\nassociations_per_source = 40\nsessions = 60\nsessions_per_association = 60\n")  # so 100 connections, 64 of a source that proves nothing
        for party in (1, 2):
            held = [connect(path.ports[party], "127.0.0.9") for _ in range(120)]
            for s in held:
                try:
                    s.sendall(b"\x05")
                except OSError:
                    pass  # it is one of those that were refused
            wait_for(lambda: sum(is_over(s) for s in held) >= 120 - 64, "all above the limit are refused")
            self.assertEqual(sum(is_over(s) for s in held), 120 - 64)
            self.assertEqual(self.curl(path)[1], b"hello")
            for s in held:
                s.close()

    def test_DS_11_the_first_octet_of_a_join_gives_no_second_deadline(self):
        path = self.serve(extra='[limits]\nhandshake_deadline = "2s"\n')
        for party in (1, 2):
            with connect(path.ports[party]) as s:
                begun = time.monotonic()
                time.sleep(1.5)
                s.sendall(b"\x05")
                read_all(s)
                self.assertLess(time.monotonic() - begun, 3.2)

    def test_DS_12_an_application_that_asks_nothing_is_hung_up_on(self):
        nginx = self.origin()
        nginx.put("hi", b"hello")
        path = self.path(1, origin_port=nginx.port)
        path.extra = {"agent": '[limits]\nidle_deadline = "1s"\n'}
        path.start()
        ask = b"GET http://site.example/hi HTTP/1.1\r\nHost: site.example\r\n\r\n"
        for said in (b"", ask[:30], ask, ask + ask[:30]):
            with self.subTest(said=said), connect(path.ports[0]) as s:
                s.settimeout(15)
                begun = time.monotonic()
                s.sendall(said)
                answer = read_all(s)
                self.assertGreater(time.monotonic() - begun, 0.8)
                self.assertLess(time.monotonic() - begun, 10)
                self.assertEqual(answer.count(b"hello"), 1 if said.startswith(ask) else 0)

    def test_who_reads_his_answer_late_gets_all_of_it(self):
        """What an application has not read yet is no silence of its connection."""
        nginx = self.origin()
        data = nginx.put("some", os.urandom(300_000))
        path = self.path(1, origin_port=nginx.port)
        path.extra = {"agent": '[limits]\nidle_deadline = "1s"\n'}
        path.start()
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(20)
            s.connect(("127.0.0.1", path.ports[0]))
            s.sendall(b"GET http://site.example/some HTTP/1.1\r\nHost: site.example\r\n\r\n")
            time.sleep(8)  # idle_deadline, and as long as a closed connection lingers
            answer = b""
            while len(answer) < len(data) and (more := s.recv(65536)):
                answer += more
            self.assertTrue(answer.endswith(data[-1000:]), len(answer))

    def test_DS_02_a_flood_of_canned_hellos_from_one_source_leaves_room_for_others(self):
        path = self.serve(extra='[limits]\nhandshakes = 30\nhandshakes_per_source = 10\nhandshake_deadline = "100s"\n')
        flood = [connect(path.ports[1], "127.0.0.2") for _ in range(60)]
        # Hellos that never end: ones that the gateway answers at once would give their places back meanwhile.
        canned = hello([("m1.example", 4001), ("gateway.example", 4002)])[:-1]
        for s in flood:
            s.sendall(canned)
        # ten are let in, in whatever order the threads take them; the other fifty are told
        self.assertEqual(self.count_refused(flood, 50), 50)
        # an honest client from another address agrees all the same
        path.processes[0].stop()
        path.start_party(0)
        path.agent.wait_event("association.open")
        self.assertEqual(self.curl(path)[1], b"hello")
        for s in flood:
            s.close()

    @staticmethod
    def count_refused(connections, expected):
        """How many are told `limit_exceeded`; looks no further once it is `expected`, or nothing came for 30 s."""
        waiting, refused = list(connections), 0
        while waiting and refused < expected:
            ready, _, _ = select.select(waiting, [], [], 30)
            if not ready:
                break
            for s in ready:
                waiting.remove(s)
                try:
                    refused += b"limit_exceeded" in s.recv(4096)
                except OSError:
                    pass
        return refused

    def test_DS_03_a_middlebox_goes_nowhere_but_where_its_configuration_says(self):
        path = self.serve()
        for name, port in (("127.0.0.1", 80), ("127.1", 80), ("0x7f.1", 80), ("2130706433", 80), ("localhost", 80), ("[::1]", 80), ("::ffff:127.0.0.1", 80),
                           ("169.254.169.254", 80), ("metadata.google.internal", 80), ("gateway.example", 22), ("gateway.example.", 4002), ("GATEWAY.example", 4002),
                           ("gateway.example\0", 4002), ("other.example", 4002), ("m1.example.evil", 4001), ("xn--gateway-9za.example", 4002)):
            with self.subTest(name=name), connect(path.ports[1]) as s:
                s.sendall(hello([("m1.example", 4001), (name, port)]))
                said = frames(read_all(s))
                self.assertEqual(len(said), 1)
                self.assertIn(ALERTS[said[0][3][0] - 1], ("next_hop_refused", "bad_frame"))
        self.assertEqual(len(path.gateway.find("association.fail")), 0, "nothing reached the gateway")

    def test_DS_04_loops_are_refused_or_end_by_the_limits(self):
        path = self.serve()
        for route, expected in (([("m1.example", 4001), ("m1.example", 4001), ("gateway.example", 4002)], "bad_frame"),
                                ([("m1.example", 4001), ("m1.example", 4009), ("gateway.example", 4002)], "bad_frame"),
                                ([(f"m{i}.example", 4000 + i) for i in range(1, 10)] + [("gateway.example", 4002)], "limit_exceeded"),
                                ([(f"m{i}.example", 1) for i in range(1, 252)] + [("gateway.example", 4002)], "limit_exceeded")):
            with connect(path.ports[1]) as s:
                s.sendall(hello(route))
                said = frames(read_all(s))
                self.assertEqual([ALERTS[f[3][0] - 1] for f in said], [expected])
        # a next hop that is the middlebox itself: an operator's mistake that must not turn for ever
        path.stop()
        loop = self.path(1, origin_port=1)
        loop.ports = {2: 1}
        port = loop.start_party(1).port()
        loop.processes[1].stop()
        loop.ports[1] = port
        original = loop.middlebox_config
        loop.extra[1] = '[limits]\nhandshakes_per_source = 5\nhandshake_deadline = "3s"\n'
        loop.middlebox_config = lambda i: original(i) + f'[[next]]\nname = "m2.example"\nport = 1\nconnect = "127.0.0.1:{port}"\n'
        loop.start_party(1)
        with connect(port) as s:
            s.sendall(hello([("m1.example", 4001), ("m2.example", 1), ("gateway.example", 4002)]))
            told = frames(read_all(s))
        # its own channel comes back to it, where it does not belong
        self.assertIn(ALERTS[told[-1][3][0] - 1], ("bad_frame", "limit_exceeded"))
        before = loop.processes[1].cpu_seconds()
        time.sleep(0.5)
        self.assertLess(loop.processes[1].cpu_seconds() - before, 0.1)

    def test_DS_07_who_sends_no_handshake_is_sent_nothing(self):
        """tests/property has the figures for canned handshakes."""
        path = self.path(1, profile="stream/1", origin_port=1).start()
        for port in path.ports[1], path.ports[2]:
            route = [("m1.example", 4001), ("gateway.example", 4002)]
            with connect(port) as s:
                s.sendall(hello(route))
                s.settimeout(1)
                self.assertEqual(read_all(s), b"")
            with connect(port) as s:  # a JOIN of nothing
                s.sendall(b"\x05\x00\x00" + (92).to_bytes(3, "big") + bytes(92))
                self.assertLess(len(read_all(s)), 98)

    def test_JN_07_an_address_in_the_hello_or_the_route_leads_nobody_anywhere(self):
        path = self.path(1, profile="stream/1", origin_port=1).start()
        with socket.create_server(("127.0.0.1", 0)) as bait:
            bait.settimeout(0.5)
            port = bait.getsockname()[1]
            address = vector(b"127.0.0.1", 1) + struct.pack("!H", port)
            octets = hello([("m1.example", 4001), ("gateway.example", 4002)], more=struct.pack("!H", 4) + vector(address, 2))
            with connect(path.ports[1]) as s:
                s.sendall(octets)
                s.settimeout(0.5)
                read_all(s)
            with self.assertRaises(TimeoutError):
                bait.accept()

    @unittest.skipIf(SANITIZED, "the sanitizers' own descriptors and memory are in the way")
    def test_DS_08_without_descriptors_a_process_neither_spins_nor_dies(self):
        path = self.serve()
        pid = path.processes[1].process.pid
        import resource

        soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")) + 4, hard))
        crowd = []
        for _ in range(100):
            try:
                crowd.append(connect(path.ports[1], "127.0.0.2"))
            except OSError:
                break
        before = path.processes[1].cpu_seconds()
        time.sleep(1)
        self.assertLess(path.processes[1].cpu_seconds() - before, 0.2)
        for s in crowd:
            s.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
        wait_for(lambda: self.curl(path, timeout=5)[1] == b"hello", "to be served again")

    def test_DS_09_a_session_that_floods_does_not_starve_others_on_its_thread(self):
        path = self.serve()
        big = pathlib.Path(self.directory / "www" / "big")
        big.write_bytes(bytes(1))
        os.truncate(big, 256 * 1024 * 1024)
        idle = self.slowest(path)
        flood = [threading.Thread(target=self.curl, args=(path,), kwargs={"url": "/big"}) for _ in range(4)]
        begun = time.monotonic()
        for one in flood:
            one.start()
        loaded = self.slowest(path)
        for one in flood:
            one.join()
        lasted = time.monotonic() - begun  # who is starved waits for all of it
        self.assertLess(loaded, max(5 * idle, lasted / 2 if SANITIZED else 2.0))

    def slowest(self, path):
        times = []
        for _ in range(20):
            begun = time.monotonic()
            self.assertEqual(self.curl(path)[1], b"hello")
            times.append(time.monotonic() - begun)
        return max(times)


if __name__ == "__main__":
    unittest.main(verbosity=2)
