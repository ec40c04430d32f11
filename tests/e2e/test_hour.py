"""Mixed load at a steady pace for an hour: no cost grows with time. CPU for a unit of work and memory of every party, window by window.

Only in the full run (LOUVER_E2E_FULL=1): LOUVER_HOUR_SECONDS (3600). The pace leaves the machine mostly idle, so that the CPU of a
unit of work is that of the work and not of a queue."""

import hashlib
import http.client
import os
import random
import signal
import socket
import statistics
import struct
import time
import unittest

from harness import FULL, SANITIZED, Case, Path
from listening import Echo

SECONDS = int(os.environ.get("LOUVER_HOUR_SECONDS", "3600"))
WINDOWS = 24
ROUND = 0.5  # seconds from the beginning of one round of work to that of the next
SIZES = (1, 100, 4096, 16384, 100000, 1000000)


def run_ns(pid):
    """CPU of a process so far, in ns: every thread's. A thread that ended would be missed, and none of ours does."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="ascii") as file:
            total += int(file.read().split()[0])
    return total


class Hour(Case):
    @unittest.skipUnless(FULL, "an hour of load: LOUVER_E2E_FULL=1")
    def test_no_cost_grows_with_time(self):
        nginx, echo = self.origin(), Echo()
        self.addCleanup(echo.close)
        self.content = {size: nginx.put(f"s{size}", os.urandom(size)) for size in SIZES}
        self.root = nginx.root
        web = self.path(1, origin_port=nginx.port)
        web.offer = {1: {"request-head": "read", "response-head": "write", "request-body": "read", "response-body": "inspect"}}
        web.filters = {1: '[[filter]]\ntype = "log"\n[[filter]]\ntype = "edit"\nadd = { x-edited = "m1" }\n[[filter]]\ntype = "scan"\non_match = "block"\n'
                          '[[filter.rules]]\nname = "one"\npattern = "never to be found, [0-9]{12}"\n'}
        web.http_keys = 'mode = "reverse"\nroute = "web"\n'
        (self.directory / "tcp").mkdir()
        tcp = Path(self.directory / "tcp", 1, "stream/1", echo.port)
        self.addCleanup(tcp.stop)
        tcp.offer = {1: {"upstream": "read", "downstream": "read"}}
        self.paths = [web, tcp]
        for path in self.paths:
            path.debug = ""
            path.start()
        self.kept = http.client.HTTPConnection("127.0.0.1", web.ports[0], timeout=30)
        self.addCleanup(self.kept.close)
        self.lasting = socket.create_connection(("127.0.0.1", tcp.ports[0]), 30)
        self.addCleanup(self.lasting.close)
        begin, windows, done, number = time.monotonic(), [], 0, 0
        cpu = self.cpu()
        while time.monotonic() - begin < SECONDS:
            self.round(number)
            number += 1
            done += 1
            if time.monotonic() - begin >= (len(windows) + 1) * SECONDS / WINDOWS:
                now = self.cpu()
                windows.append(([(a - b) / done / 1e6 for a, b in zip(now, cpu)], [p.rss_mib(peak=False) for p in self.parties()]))
                cpu, done = now, 0
            time.sleep(max(0.0, begin + number * ROUND - time.monotonic()))
        self.judge(windows, number)

    def parties(self):
        return [path.processes[i] for path in self.paths for i in (0, 1, 2)]

    def cpu(self):
        return [run_ns(p.process.pid) for p in self.parties()]

    def round(self, number):
        """A round of work, always the same but for what comes every now and then."""
        web, tcp = self.paths
        address = ("127.0.0.1", web.ports[0])
        for size in SIZES:  # on one connection that lasts
            self.get(self.kept, size)
        for size in SIZES[:3]:  # on connections of their own: joins
            once = http.client.HTTPConnection(*address, timeout=30)
            self.get(once, size)
            once.close()
        body = random.randbytes(50000)
        self.kept.request("PUT", "/up/hour", body, {"Host": f"localhost:{web.ports[0]}"})
        answer = self.kept.getresponse()
        answer.read()
        self.assertIn(answer.status, (201, 204))
        self.assertEqual((self.root / "up" / "hour").read_bytes(), body)
        with socket.create_connection(address, 30) as broken:  # leaves in the middle of an answer
            broken.sendall(b"GET /s1000000 HTTP/1.1\r\nHost: localhost:%d\r\n\r\n" % web.ports[0])
            broken.recv(1000)
            broken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with socket.create_connection(address, 30) as bad:  # and one that the agent refuses
            bad.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
            self.assertIn(b" 400 ", bad.recv(100))
        with socket.create_connection(("127.0.0.1", tcp.ports[0]), 30) as stream:
            self.trips(stream, 20)
        self.trips(self.lasting, 20)
        if number % 60 == 59:  # every half minute
            for path in self.paths:
                path.control(0, "renew")
        if number % 240 == 239:  # every two minutes
            for path in self.paths:
                for i in (0, 1, 2):
                    path.processes[i].process.send_signal(signal.SIGHUP)

    def get(self, connection, size):
        connection.request("GET", f"/s{size}", headers={"Host": f"localhost:{self.paths[0].ports[0]}"})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.getheader("x-edited")), (200, "m1"))
        self.assertEqual(hashlib.sha256(answer.read()).digest(), hashlib.sha256(self.content[size]).digest())

    def trips(self, stream, count):
        for _ in range(count):
            data = os.urandom(300)
            stream.sendall(data)
            got = b""
            while len(got) < len(data):
                got += stream.recv(1000) or self.fail("the stream ended")
            self.assertEqual(got, data)

    def judge(self, windows, rounds):
        third = len(windows) // 3
        grown = []
        print(f"{rounds} rounds in {SECONDS} s; each with 11 requests, 2 sessions broken off or refused, 40 round trips; association renewed every 30 s", flush=True)
        for i, name in enumerate(f"{what} {party}" for what in ("HTTP", "TCP") for party in ("agent", "middlebox", "gateway")):
            cpu, rss = [w[0][i] for w in windows], [w[1][i] for w in windows]
            early, late = (statistics.median(part) for part in (cpu[:third], cpu[-third:]))
            most_early, most_late = max(rss[:third]), max(rss[-third:])
            print(f"{name}: CPU for a round {early:.2f} ms in the first third, {late:.2f} in the last ({min(cpu):.2f}..{max(cpu):.2f}); "
                  f"RSS at most {most_early:.1f} MiB, {most_late:.1f}", flush=True)
            if not SANITIZED and (late > early * 1.25 or most_late > most_early * 1.1 + 2):
                grown.append((name, cpu, rss))
        for path in self.paths:
            for i in (0, 1, 2):
                self.assertEqual([e for e in path.processes[i].find("association.fail") if e.get("alert") != "closed"], [])
                self.assertEqual(path.processes[i].find("config.fail"), [])
        self.assertEqual(grown, [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
