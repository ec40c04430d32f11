"""CPU for each gigabyte with several middleboxes on the path: a party pays for what it is granted, and for nobody else's grants.

Louver   agent, 1, 2, 4 or 8 middleboxes, gateway (stream/1); all of them read, or only the first
beside   Louver with one middlebox, which reads or has no grant: this compares Louver with itself
Figures: user + system CPU of the very process (schedstat), in seconds for 10^9 octets; of several middleboxes the mean.
"""

import statistics

import chains
import rig

WRITE = 65536
ALONE = 1.15  # as for no grant beside a TCP relay: the same work, and room for the caches that more processes share


def linear(readers):
    """What an end may cost beside one with a single reader, where each reader may add the same: 0.45 of end-to-end TLS, as the goal for one allows."""
    return round((1 + 0.45 * readers) / (1 + 0.45), 2)


def measure(quick):
    rounds, octets, lengths = (3, 1 << 25, (2, 4)) if quick else (15, 1 << 27, (2, 4, 8))
    with rig.Rig() as bench:
        sink = bench.keep(chains.Sink())
        grants = [("none",), ("read",)] + [("read",) + (rest,) * (n - 1) for n in lengths for rest in ("none", "read")]
        paths = {granted: chains.louver_path(bench, sink, *granted) for granted in grants}
        spent = {granted: [] for granted in grants}
        for round_number in range(rounds + 1):  # the first is to warm up
            for granted, (port, processes) in paths.items():
                figures = rig.spent_ns(processes, lambda: chains.send(port, octets, WRITE))
                if round_number > 0:
                    spent[granted].append([ns / octets for ns in figures])  # ns for an octet = seconds for 10^9

    def of(granted, first, last=None):
        return [statistics.mean(figures[first:last or first + 1]) for figures in spent[granted]]

    rows = []
    for n in lengths:
        one, every = ("read",) + ("none",) * (n - 1), ("read",) * n
        for what, goal, measured, beside in (
                (f"a middlebox without a grant, one of {n} reads / the only one, no grant", ALONE, of(one, 2, n + 1), of(("none",), 1)),
                (f"the reading middlebox, one of {n} reads / the only one, reads", ALONE, of(one, 1), of(("read",), 1)),
                (f"a middlebox, all of {n} read / the only one, reads", ALONE, of(every, 1, n + 1), of(("read",), 1)),
                (f"agent, one of {n} reads / one of one", ALONE, of(one, 0), of(("read",), 0)),
                (f"gateway, one of {n} reads / one of one", ALONE, of(one, n + 1), of(("read",), 2)),
                (f"agent, all of {n} read / one of one", linear(n), of(every, 0), of(("read",), 0)),
                (f"gateway, all of {n} read / one of one", ALONE, of(every, n + 1), of(("read",), 2))):
            rows.append(rig.row(f"many: {what}", goal, measured, beside, "s/GB"))
    return rows
