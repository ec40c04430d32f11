"""Memory of a session in which nothing moves, and of an association: what a process's resident memory grows by for each more.

Louver   agent, one middlebox with `read`, gateway (stream/1); each connection is a session joined to one association. For
         associations agents with many routes over the same parties: one for each, with a session that came and went
split    HAProxy (one thread) that ends TLS 1.3 on one side and begins it on the other
Each connection carries 100 octets each way, then stays open. They come 200 at a time with a pause behind, as sessions that stay
open come over time: what a party keeps for a session in which something moves is not what it keeps for an idle one. The first
ones do not count: with them a process takes what it takes once (heaps, pools, pages of code). Figures: KiB for each; for an
association kB (10^3 octets) beside the 120 of the goal.
"""

import contextlib
import pathlib
import re
import socket
import sys
import time

import chains
import echo
import rig

ASSOCIATION_KB = 120
AT_A_TIME = 200
PAUSE = 0.7            # longer than it takes a party to see that a session is idle
FIRST = 200            # connections that do not count
BATCH = 25             # associations that one agent makes at once; those of the first one do not count
OTHER_FILES = 500      # of the party that has the most, beside two for each connection
KIB_FOR_EACH = 300     # of the whole machine, kernel included, for a connection through either chain: a generous guess


def resident_kib(started):
    return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{started.process.pid}/status").read_text())[1])


def converse(s):
    s.sendall(bytes(100))
    got = 0
    while got < 100:
        more = len(s.recv(100))
        if not more:
            raise AssertionError("a connection ended that should be idle")
        got += more


def grown(processes, port, count):
    """KiB that each process has grown by, for each of `count` connections."""
    with contextlib.ExitStack() as open_ones:
        def more(number):
            for i in range(number):
                if i % AT_A_TIME == 0:
                    time.sleep(PAUSE)
                converse(open_ones.enter_context(socket.create_connection(("127.0.0.1", port), 10)))
        more(FIRST)
        before = [resident_kib(p) for p in processes]
        more(count)
        time.sleep(PAUSE)
        return [(resident_kib(p) - b) / count for p, b in zip(processes, before)]


def possible(count):
    """As many of so many connections as this machine can hold, in hundreds, and what stands against more."""
    low, high = map(int, pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    available = int(re.search(r"MemAvailable:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1])
    files = rig.raise_file_limit(2 * (count + FIRST) + OTHER_FILES)
    most, why = min((count, None), ((high - low) // 2 - FIRST, f"there are {high - low} local ports"),
                    (available // KIB_FOR_EACH - FIRST, f"{available // 1024} MiB of memory are available"),
                    ((files - OTHER_FILES) // 2 - FIRST, f"a process may have {files} files"), key=lambda one: one[0])
    return most // 100 * 100, why


def sessions(count):
    limits = f'[limits]\nsessions = {2 * count + FIRST}\nsessions_per_association = {2 * count + FIRST}\nidle_deadline = "1h"\n'
    with rig.Rig() as bench:
        origin = bench.keep(echo.ManyEchoes())
        louver, louver_processes = chains.louver_path(bench, origin, "read", more=limits)
        split, split_processes = chains.haproxy_chain(bench, rig.certificates(bench.directory / "tls"), origin, "split", count + FIRST + 100)
        ours, theirs = grown(louver_processes, louver, count), grown(split_processes, split, count)
    return [rig.row(f"memory of an idle session, {count} open: {party} / HAProxy {other}", goal, [ours[i]], [theirs[i]], "KiB")
            for i, party, other, goal in ((1, "middlebox", "split", 0.25), (0, "agent", "TLS client", None), (2, "gateway", "TLS server", None))]


class ManyRoutes:
    """An agent of its own, with so many routes along the path; each has an association, and a session that came and went."""

    def __init__(self, path, count):
        self.path = path
        known = len(path.processes[1].find("association.open"))
        head, route = path.agent_config().replace(str(path.control_path(0)), str(path.directory / f"control-agent-{known}")).split("[[route]]\n", 1)
        config = path.directory / f"agent-{known}.toml"
        config.write_text(head + "".join("[[route]]\n" + route.replace('"web"', f'"web{i}"') for i in range(count)))
        self.agent = rig.harness.Process("agent", config)
        self.agent.wait_event("association.open", count)
        path.processes[1].wait_event("association.open", known + count)
        for i in range(count):
            with socket.create_connection(("127.0.0.1", self.agent.port(i)), 10) as s:
                converse(s)

    def stop(self):
        self.agent.stop()


def associations(batches):
    count = batches * BATCH
    limits = "[limits]\n" + "".join(f"{key} = {count + BATCH}\n" for key in ("associations", "associations_per_source", "handshakes", "handshakes_per_source"))
    with rig.Rig() as bench:
        path = chains.stream_path(bench, "louver", bench.keep(echo.ManyEchoes()), "read")
        path.debug = limits
        chains.start_behind_agent(path)
        bench.keep(ManyRoutes(path, BATCH))
        before = [resident_kib(path.processes[i]) for i in (1, 2)]
        for _ in range(batches):
            bench.keep(ManyRoutes(path, BATCH))
        figures = [(resident_kib(path.processes[i]) - b) * 1.024 / count for i, b in zip((1, 2), before)]
    return [rig.row(f"memory of an association, {count} open: {party} / {ASSOCIATION_KB} kB", goal, [figure], [ASSOCIATION_KB], "kB")
            for party, goal, figure in (("middlebox", 1.0, figures[0]), ("gateway", None, figures[1]))]


def measure(quick):
    counts = {}  # in order, each once
    for wanted in (200,) if quick else (1000, 10000):
        count, why = possible(wanted)
        counts[count] = True
        if why:
            print(f"idle: {count} sessions instead of {wanted}: {why}", file=sys.stderr)
    rows = [row for count in counts if count > 0 for row in sessions(count)]
    return rows + associations(2 if quick else 20)
