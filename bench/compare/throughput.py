"""Octets for each second through a chain of three, by one connection and by 16 at once, in writes of 64 KiB.

Louver   agent, one reading middlebox, gateway (stream/1), one thread each
split    three processes of nginx (stream): TLS begins at the first, is ended and begun at the second, ends at the third
Figures: 10^6 octets for a second of the clock, from the first connect to the origin's last word. The sender and the origin
share the machine with the chain. A ratio above the goal is good here.
"""

import threading
import time

import chains
import rig

WRITE = 65536


def at_once(port, octets, connections):
    """Megabytes for each second; all `octets` together."""
    failed = []

    def one():
        try:
            chains.send(port, octets // connections, WRITE)
        except (OSError, AssertionError) as error:
            failed.append(error)
    senders = [threading.Thread(target=one) for _ in range(connections)]
    begin = time.perf_counter()
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    if failed:
        raise AssertionError(f"{len(failed)} of {connections} connections failed, one of them: {failed[0]}")
    return octets / (time.perf_counter() - begin) / 1e6


def measure(quick):
    rounds, octets = (3, 1 << 25) if quick else (15, 1 << 27)
    rows = []
    with rig.Rig() as bench:
        sink = bench.keep(chains.Sink())
        louver, _ = chains.louver_path(bench, sink, "read")
        split, _ = chains.nginx_chain(bench, rig.certificates(bench.directory / "tls"), sink, "split")
        for connections in (1, 16):
            at_once(louver, octets // 4, connections), at_once(split, octets // 4, connections)  # to warm up
            ours, theirs = zip(*((at_once(louver, octets, connections), at_once(split, octets, connections)) for _ in range(rounds)))
            rows.append(rig.row(f"throughput of {connections} connection{'s' if connections > 1 else ''}: one reading middlebox / nginx split",
                                1.0, ours, theirs, "MB/s", more_is_better=True))
    return rows
