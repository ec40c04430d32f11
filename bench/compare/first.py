"""Time to the first octet of an answer, with 20 ms each way on every hop between the parties, and with none.

Louver   agent, hop, one reading middlebox, hop, gateway (stream/1): a session joined to an open association, and the very
         first, with its association, from the start of the agent's process
split    nginx (stream) that begins TLS 1.3, hop, nginx that ends and begins it, hop, nginx that ends it; resumed after the first
The goals are differences, so they are turned into ratios with the figures of this run: a join saves a round trip on each
hop, the very first takes at most two round trips from end to end more. Figures: milliseconds.
"""

import socket
import statistics
import time

import chains
import echo
import hops
import rig

ONE_WAY = 0.020
HOPS = 2


def first_octet(port, begin=None):
    """Milliseconds until there is one; since `begin`, or since it began to connect."""
    begin = begin or time.perf_counter()
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.sendall(b"a" * 100)
        if not s.recv(1):
            raise AssertionError("the connection ended without an answer")
        return (time.perf_counter() - begin) * 1e3


def measure_with(bench, rounds, between):
    """Milliseconds: joined sessions, split TLS, the very first sessions."""
    origin = bench.keep(echo.Echo())
    split, _ = chains.nginx_chain(bench, rig.certificates(bench.directory / "tls"), origin, "split", between=between)

    def louver(name):
        return chains.start_behind_agent(chains.stream_path(bench, name, origin, "read"), between)
    path = louver("louver")
    path.start_party(0).wait_event("association.open")
    pairs = [(first_octet(path.ports[0]), first_octet(split)) for _ in range(rounds)]
    very_first = []
    for number in range(min(rounds, 5)):
        other_path = louver(f"first-{number}")
        begin = time.perf_counter()  # the agent begins with the association at once, so its start counts as well
        other_path.start_party(0)
        very_first.append(first_octet(other_path.ports[0], begin))
    return [joined for joined, _ in pairs], [other for _, other in pairs], very_first


def rows_of(where, goals, joined, others, very_first):
    return [rig.row(f"first octet, {where}: a joined session / nginx split", goals[0], joined, others, "ms"),
            rig.row(f"first octet, {where}: with a new association / nginx split", goals[1], very_first, others[:len(very_first)], "ms")]


def measure(quick):
    rounds, trip = 5 if quick else 20, 2 * ONE_WAY * 1e3
    with rig.Rig() as bench:
        between = hops.late(bench, ONE_WAY)
        late = measure_with(bench, rounds, between)
    base = statistics.median(late[1])
    if min(map(min, late)) < HOPS * trip:
        raise AssertionError(f"the hops were not late: an answer came after {min(map(min, late)):.1f} ms")
    goals = round((base - HOPS * trip) / base, 3), round((base + 2 * HOPS * trip) / base, 3)
    with rig.Rig() as bench:
        return (rows_of(f"20 ms hops ({between.name})", goals, *late) +
                rows_of("no delay", (None, None), *measure_with(bench, rounds, chains.directly)))
