"""Time to the first octet of an answer where every hop takes 20 ms each way: a relay delays all that passes.

Louver   agent, hop, one reading middlebox, hop, gateway (stream/1): a session joined to an open association, and the very
         first, with its association, from the start of the agent's process
split    nginx (stream) that begins TLS 1.3, hop, nginx that ends and begins it, hop, nginx that ends it
The goals are differences, so they are turned into ratios with the figures of this run: a join saves a round trip on each
hop, the very first takes at most two round trips from end to end more.
"""

import queue
import socket
import statistics
import threading
import time

import chains
import echo
import rig

ONE_WAY = 0.020
HOPS = 2


class Hop:
    """Passes TCP on with a delay each way; what is under way at one time is not limited."""

    def __init__(self, to):
        self.to = to
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._connect, args=(near,), daemon=True).start()

    def _connect(self, near):
        time.sleep(2 * ONE_WAY)  # the handshake of TCP, which loopback has made at once
        far = socket.create_connection(("127.0.0.1", self.to))
        for a, b in ((near, far), (far, near)):
            a.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            waiting = queue.SimpleQueue()
            threading.Thread(target=self._take, args=(a, waiting), daemon=True).start()
            threading.Thread(target=self._give, args=(b, waiting), daemon=True).start()

    @staticmethod
    def _take(a, waiting):
        got = b"more"
        while got:
            try:
                got = a.recv(65536)
            except OSError:
                got = b""
            waiting.put((time.monotonic() + ONE_WAY, got))

    @staticmethod
    def _give(b, waiting):
        while True:
            due, octets = waiting.get()
            time.sleep(max(0.0, due - time.monotonic()))
            try:
                if not octets:
                    b.shutdown(socket.SHUT_WR)
                    return
                b.sendall(octets)
            except OSError:
                return

    def stop(self):
        self.listener.close()


def first_octet(port, begin=None):
    """Milliseconds until there is one; since `begin`, or since it began to connect."""
    begin = begin or time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(b"a" * 100)
        s.recv(1)
        return (time.perf_counter() - begin) * 1e3


def measure(quick):
    rounds = 5 if quick else 20
    trip = 2 * ONE_WAY * 1e3
    with rig.Rig() as bench:
        origin = bench.keep(echo.Echo())
        pki = rig.certificates(bench.directory / "tls")
        split, _ = chains.nginx_chain(bench, pki, origin, "split", between=lambda to: bench.keep(Hop(to)).port)

        def louver(name):
            return chains.start_behind_agent(chains.stream_path(bench, name, origin, "read"), lambda to: bench.keep(Hop(to)).port)
        path = louver("louver")
        path.start_party(0).wait_event("association.open")
        joined, others, very_first = [], [], []
        for number in range(rounds):
            joined.append(first_octet(path.ports[0]))
            others.append(first_octet(split))
        for number in range(min(rounds, 5)):
            other_path = louver(f"first-{number}")
            begin = time.perf_counter()  # the agent begins with the association at once, so its start counts as well
            other_path.start_party(0)
            very_first.append(first_octet(other_path.ports[0], begin))
    base = statistics.median(others)
    return [rig.row("first octet, 20 ms hops: a joined session / nginx split", round((base - HOPS * trip) / base, 3), joined, others, "ms"),
            rig.row("first octet, 20 ms hops: with a new association / nginx split", round((base + 2 * HOPS * trip) / base, 3),
                    very_first, others[:len(very_first)], "ms")]
