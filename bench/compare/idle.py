"""Memory of a session in which nothing moves: what a process's resident memory grows by with so many open connections.

Louver   agent, one middlebox with `read`, gateway (stream/1); each connection is a session joined to one association
split    HAProxy (one thread) that ends TLS 1.3 on one side and begins it on the other
Each connection carries 100 octets each way, then stays open. Figures: KiB for each.
"""

import contextlib
import pathlib
import re
import socket

import chains
import echo
import rig


def resident_kib(started):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{started.process.pid}/status").read_text())[1])


def grown(processes, port, count):
    """KiB that each process has grown by, for each of `count` connections."""
    before = [resident_kib(p) for p in processes]
    with contextlib.ExitStack() as open_ones:
        for _ in range(count):
            s = open_ones.enter_context(socket.create_connection(("127.0.0.1", port), 10))
            s.sendall(bytes(100))
            got = 0
            while got < 100:
                got += len(s.recv(100))
        return [(resident_kib(p) - b) / count for p, b in zip(processes, before)]


def measure(quick):
    rig.harness.raise_file_limit()
    count = 300 if quick else 1000
    with rig.Rig() as bench:
        origin = bench.keep(echo.Echo())
        pki = rig.certificates(bench.directory / "tls")
        split, split_processes = chains.haproxy_chain(bench, pki, origin, "split")
        louver, louver_processes = chains.louver_path(bench, origin, "read")
        ours, theirs = grown(louver_processes, louver, count), grown(split_processes, split, count)
    return [rig.row(f"memory of an idle session, {count} open: {party} / HAProxy {other}", goal, [ours[i]], [theirs[i]], "KiB")
            for i, party, other, goal in ((1, "middlebox", "split", 0.25), (0, "agent", "TLS client", None), (2, "gateway", "TLS server", None))]
