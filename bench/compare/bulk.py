"""CPU for each gigabyte that passes, in one run: real processes on loopback, interleaved rounds, one connection at a time.

Louver   agent, one middlebox with a grant on what is sent, gateway (stream/1)
split    nginx or HAProxy that ends TLS 1.3 on one side and begins it on the other
relay    nginx or HAProxy that passes TCP
ends     nginx that takes plain TCP and begins TLS 1.3, nginx that ends TLS 1.3 and goes on in plain TCP: the agent's and the
         gateway's work, with a TCP relay between them (end-to-end TLS)
Figures: user + system CPU of the very process (schedstat), in seconds for 10^9 octets.
"""

import chains
import rig

GRANTS = ("none", "read", "inspect", "redact", "write")


def measure_with(bench, rounds, octets, write):
    sink = bench.keep(chains.Sink())
    pki = rig.certificates(bench.directory / "tls")
    paths = {f"louver {grant}": chains.louver_path(bench, sink, grant) for grant in GRANTS}
    for other, make in (("nginx", chains.nginx_chain), ("haproxy", chains.haproxy_chain)):
        for middle in ("split", "relay"):
            paths[f"{other} {middle}"] = make(bench, pki, sink, middle)
    spent = {name: [] for name in paths}
    for round_number in range(rounds + 1):  # the first is to warm up
        for name, (port, processes) in paths.items():
            figures = rig.spent_ns(processes, lambda: chains.send(port, octets, write))
            if round_number > 0:
                spent[name].append([ns / octets for ns in figures])  # ns for an octet = seconds for 10^9

    def of(name, position):
        return [figures[position] for figures in spent[name]]

    split = of("nginx split", 1)
    relay = [min(pair) for pair in zip(of("nginx relay", 1), of("haproxy relay", 1))]
    size = f"{write // 1024} KiB writes"
    rows = [rig.row(f"bulk, {size}: middlebox, {grant} / nginx split", goal, of(f"louver {grant}", 1), split, "s/GB")
            for grant, goal in (("read", 0.60), ("inspect", 0.75), ("redact", None), ("write", 0.90))]
    rows.append(rig.row(f"bulk, {size}: middlebox, none / cheapest TCP relay", 1.15, of("louver none", 1), relay, "s/GB"))
    rows.append(rig.row(f"bulk, {size}: middlebox, read / HAProxy split", None, of("louver read", 1), of("haproxy split", 1), "s/GB"))
    rows.append(rig.row(f"bulk, {size}: agent, one reader / TLS client at nginx", 1.45, of("louver read", 0), of("nginx relay", 0), "s/GB"))
    rows.append(rig.row(f"bulk, {size}: gateway, one reader / TLS server at nginx", 1.45, of("louver read", 2), of("nginx relay", 2), "s/GB"))
    return rows


def measure(quick):
    rounds, octets = (3, 1 << 25) if quick else (15, 1 << 27)
    rows = []
    for write in (65536,) if quick else (16384, 65536):
        with rig.Rig() as bench:
            rows += measure_with(bench, rounds, octets, write)
    return rows
