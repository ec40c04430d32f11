"""Paths of 0 to 8 middleboxes, sizes, many at a time, memory."""

import concurrent.futures
import os
import random
import socket
import struct
import threading
import unittest

from harness import DEADLINE, FULL, Case, raise_file_limit, sha256
from listening import Listening, carry

MIB = 1024 * 1024
READ_LOG = '[[filter]]\ntype = "log"\n'
EDIT = '[[filter]]\ntype = "edit"\nadd = { x-edited = "yes" }\n'


def read_and_write(path):
    path.offer = {1: {"request-head": "read", "response-body": "read", "request-body": "read"}, 2: {"response-head": "write", "request-body": "write", "response-body": "write"}}
    path.filters = {1: READ_LOG, 2: EDIT}
    return path


class Greeting(Listening):
    """A server that speaks first, as those of mail do: a JOIN must not wait for what the client says."""

    def serve(self, s):
        with s, s.makefile("rb") as lines:
            s.sendall(b"220 ready\r\n")
            for line in lines:
                s.sendall(b"250 " + line)


def packets_with_data(connection):
    """How many have come: tcpi_data_segs_in."""
    return struct.unpack_from("=I", connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 160), 152)[0]


class Relay(Listening):
    """Stands in front of a port and keeps what each connection brought first, and in how many packets."""

    def __init__(self, to):
        self.to, self.first = to, []
        super().__init__()

    def serve(self, s):
        with s, socket.create_connection(("127.0.0.1", self.to)) as onward:
            threading.Thread(target=carry, args=(onward, s), daemon=True).start()
            first = s.recv(65536)
            self.first.append((first, packets_with_data(s)))
            onward.sendall(first)
            carry(s, onward)


class Paths(Case):
    def test_a_server_may_speak_first(self):
        server = Greeting()
        self.addCleanup(server.close)
        for n in (0, 1, 3):
            with self.subTest(middleboxes=n):
                path = self.path(n, "stream/1", origin_port=server.port)
                path.offer = {i: {"upstream": "read", "downstream": "read"} for i in range(1, n + 1)}
                path.start()
                with socket.create_connection(("127.0.0.1", path.ports[0]), timeout=DEADLINE) as s, s.makefile("rb") as lines:
                    self.assertEqual(lines.readline(), b"220 ready\r\n")
                    s.sendall(b"EHLO me\r\n")
                    self.assertEqual(lines.readline(), b"250 EHLO me\r\n")
                    s.shutdown(socket.SHUT_WR)
                    self.assertEqual(lines.read(), b"")
                path.stop()

    def test_every_length_carries_requests_both_ways(self):
        origin = self.origin()
        data = origin.put("data", random.Random(1).randbytes(300_000))
        for n in (0, 1, 2, 4, 8):
            with self.subTest(middleboxes=n):
                path = self.path(n, origin_port=origin.port)
                for i in range(1, n + 1):
                    path.offer[i] = [{"request-head": "read"}, {"response-body": "write"}, {"request-body": "inspect"}, {"response-head": "redact"}][i % 4]
                path.start()
                code, body, status = self.curl(path, url="/data")
                self.assertEqual((code, status, sha256(body)), (0, "200", sha256(data)))
                upload = self.directory / "upload"
                upload.write_bytes(data)
                code, _, status = self.curl(path, "-T", str(upload), url=f"/up/{n}")
                self.assertEqual((code, status), (0, "201"))
                self.assertEqual((origin.root / "up" / str(n)).read_bytes(), data)
                path.stop()

    def test_what_comes_behind_a_join_goes_on_with_it(self):
        origin = self.origin()
        origin.put("hi", b"hello")
        path = read_and_write(self.path(2, origin_port=origin.port))
        relays = {}
        for i in (3, 2):  # one before each party behind a middlebox
            path.start_party(i)
            relays[i] = Relay(path.ports[i])
            self.addCleanup(relays[i].close)
            path.ports[i] = relays[i].port
        path.start_party(1)
        path.start_party(0).wait_event("association.open")
        for _ in range(5):
            self.assertEqual(self.curl(path)[1], b"hello")
        join, header, frame_end = 5, 6, 98
        for relay in relays.values():
            joins = [(first, packets) for first, packets in relay.first if first[0] == join]
            self.assertGreaterEqual(len(joins), 5)
            for first, packets in joins:
                self.assertEqual(header + int.from_bytes(first[2:6], "big"), frame_end)
                self.assertGreater(len(first), frame_end)
                self.assertEqual(packets, 1)

    def test_bulk_in_bounded_memory(self):
        origin = self.origin()
        size = 1024 * MIB if FULL else 96 * MIB
        big = origin.root / "big"
        with open(big, "wb") as out:
            for _ in range(size // MIB):
                out.write(os.urandom(MIB))
        path = read_and_write(self.path(2, origin_port=origin.port)).start()
        code, body, _ = self.curl(path, url="/big", timeout=300)
        self.assertEqual((code, sha256(body)), (0, sha256(big.read_bytes())))
        code, _, status = self.curl(path, "-T", str(big), url="/up/big", timeout=300)
        self.assertEqual((code, status), (0, "201"))
        self.assertEqual(sha256((origin.root / "up/big").read_bytes()), sha256(body))
        for i, process in path.processes.items():
            self.assertLess(process.rss_mib(), 64, f"party {i}")

    def test_a_slow_reader_bounds_memory_everywhere(self):
        origin = self.origin()
        origin.put("big", bytes(200 * MIB))
        path = read_and_write(self.path(2, origin_port=origin.port)).start()
        code, _, _ = self.curl(path, "--limit-rate", "2M", url="/big", timeout=4)
        self.assertEqual(code, 28)  # curl's own deadline: it was reading slowly all the time
        for i, process in path.processes.items():
            self.assertLess(process.rss_mib(), 64, f"party {i}")
        self.assertEqual(self.curl(path, url="/big", timeout=60)[0], 0)

    def test_many_transfers_at_once_all_intact(self):
        raise_file_limit()
        origin = self.origin()
        count = 500 if FULL else 120
        dice = random.Random(7)
        want = {}
        for i in range(count):
            want[i] = sha256(origin.put(f"r{i}", dice.randbytes(int(10 ** dice.uniform(0, 6.2)))))
        path = read_and_write(self.path(2, origin_port=origin.port)).start()
        with concurrent.futures.ThreadPoolExecutor(count) as pool:
            got = list(pool.map(lambda i: self.curl(path, url=f"/r{i}", timeout=60), range(count)))
        for i, (code, body, status) in enumerate(got):
            self.assertEqual((i, code, status, sha256(body)), (i, 0, "200", want[i]))

    def test_an_idle_path_burns_no_cpu(self):
        """A silent next hop must not put anybody into a busy loop."""
        origin = self.origin()
        origin.put("hi", b"hello")
        path = read_and_write(self.path(2, origin_port=origin.port)).start()
        self.assertEqual(self.curl(path)[1], b"hello")
        before = {i: p.cpu_seconds() for i, p in path.processes.items()}
        path.gateway.process.send_signal(19)  # SIGSTOP: silent, but connected
        self.curl(path, timeout=3)
        path.gateway.process.send_signal(18)
        for i, process in path.processes.items():
            self.assertLess(process.cpu_seconds() - before[i], 0.6, f"party {i}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
