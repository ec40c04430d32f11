"""Time to the first octet of an answer, with 20 ms each way on every hop between the parties, and with none.

Louver   agent, hop, one reading middlebox, hop, gateway (stream/1): a session joined to an open association, and the very
         first, with its association: that of a user of the machine whom the agent has not served before (for its own user it
         makes one when it starts). Only root can connect as many users; others don't get that row
split    nginx (stream) that begins TLS 1.3, hop, nginx that ends and begins it, hop, nginx that ends it; resumed after the first
The goals are differences, so they are turned into ratios with the figures of this run: a join saves a round trip on each
hop, the very first takes at most two round trips from end to end more. Figures: milliseconds.
"""

import ctypes
import os
import socket
import statistics
import sys
import time

import chains
import echo
import hops
import rig

ONE_WAY = 0.020
HOPS = 2
FIRST_USER = 50000


def socket_of(user):
    """A socket which the kernel says is that user's; only root may make one."""
    libc = ctypes.CDLL(None)
    libc.setfsuid(user)
    try:
        return socket.socket()
    finally:
        libc.setfsuid(0)


def first_octet(port, make_socket=socket.socket):
    """Milliseconds until there is one, since it began to connect."""
    with make_socket() as s:
        s.settimeout(10)
        begin = time.perf_counter()
        s.connect(("127.0.0.1", port))
        s.sendall(b"a" * 100)
        if not s.recv(1):
            raise AssertionError("the connection ended without an answer")
        return (time.perf_counter() - begin) * 1e3


def measure_with(bench, rounds, between):
    """Milliseconds: joined sessions, split TLS, the very first sessions of users."""
    origin = bench.keep(echo.Echo())
    split, _ = chains.nginx_chain(bench, rig.certificates(bench.directory / "tls"), origin, "split", between=between)
    path = chains.stream_path(bench, "louver", origin, "read")
    path.users = '"any"'
    chains.start_behind_agent(path, between).start_party(0).wait_event("association.open")
    port = path.ports[0]
    first_octet(port), first_octet(split)  # to warm up; from here on TLS is resumed
    pairs = [(first_octet(port), first_octet(split)) for _ in range(rounds)]
    if len(path.agent.find("association.open")) != 1:
        raise AssertionError("a session that should join had an association made")
    very_first = [first_octet(port, lambda: socket_of(FIRST_USER + number)) for number in range(rounds if os.geteuid() == 0 else 0)]
    path.agent.wait_event("association.open", 1 + len(very_first))
    return [joined for joined, _ in pairs], [other for _, other in pairs], very_first


def rows_of(where, goals, joined, others, very_first):
    rows = [rig.row(f"first octet, {where}: a joined session / nginx split", goals[0], joined, others, "ms")]
    if very_first:
        rows.append(rig.row(f"first octet, {where}: with a new association / nginx split", goals[1], very_first, others, "ms"))
    else:
        print("first: left out: the very first session: only root can connect as another user", file=sys.stderr)
    return rows


def measure(quick):
    rounds, trip = 4 if quick else 20, 2 * ONE_WAY * 1e3
    with rig.Rig() as bench:
        between = hops.late(bench, ONE_WAY)
        late = measure_with(bench, rounds, between)
    base = statistics.median(late[1])
    if (soonest := min(sum(late, []))) < HOPS * trip:
        raise AssertionError(f"the hops were not late: an answer came after {soonest:.1f} ms")
    goals = round((base - HOPS * trip) / base, 3), round((base + 2 * HOPS * trip) / base, 3)
    with rig.Rig() as bench:
        return (rows_of(f"20 ms hops ({between.name})", goals, *late) +
                rows_of("no delay", (None, None), *measure_with(bench, 4 * rounds, chains.directly)))
