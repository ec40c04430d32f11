"""CPU for each gigabyte that passes, in one run: real processes on loopback, interleaved rounds, one connection at a time.

Louver   agent, one middlebox with a grant on what is sent, gateway (stream/1)
split    nginx or HAProxy that ends TLS 1.3 on one side and begins it on the other
relay    nginx or HAProxy that passes TCP
ends     nginx that takes plain TCP and begins TLS 1.3, nginx that ends TLS 1.3 and goes on in plain TCP: the agent's and the
         gateway's work, with a TCP relay between them (end-to-end TLS)
Figures: user + system CPU of the very process (schedstat), in seconds for 10^9 octets.
"""

import contextlib
import socket
import threading

import rig

GRANTS = ("none", "read", "inspect", "redact", "write")


class Sink:
    """An origin that answers when it has so many octets. By number, for not every relay passes on half an end."""

    def __init__(self, octets):
        self.octets = octets
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._take, args=(connection,), daemon=True).start()

    def _take(self, connection):
        room, total = bytearray(1 << 20), 0
        with connection, contextlib.suppress(OSError):  # who asks only whether the port answers is gone at once
            while total < self.octets and (got := connection.recv_into(room)):
                total += got
            connection.sendall(b"all" if total == self.octets else b"not all")
            while connection.recv_into(room):
                pass

    def stop(self):
        self.listener.close()


def send(port, octets, write):
    """Sends, and waits until the origin has said that all of it came."""
    piece = memoryview(bytes(range(256)) * (write // 256))
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        for _ in range(octets // write):
            s.sendall(piece)
        answer = s.recv(64)
    if answer != b"all":
        raise AssertionError(f"the origin has not all of {octets} octets: {answer!r}")


def nginx_chain(bench, pki, sink, middle, between=lambda to: to):
    """Its port; the processes at the start, in the middle and at the end. `between` puts something in front of a port."""
    first, mid, last = (rig.harness.free_port() for _ in range(3))
    server_tls = (f"ssl_certificate {pki}/leaf.pem; ssl_certificate_key {pki}/leaf.key; ssl_protocols TLSv1.3; "
                  f"ssl_conf_command Ciphersuites {rig.CIPHER};")
    client_tls = (f"proxy_ssl on; proxy_ssl_protocols TLSv1.3; proxy_ssl_conf_command Ciphersuites {rig.CIPHER}; proxy_ssl_verify on; "
                  f"proxy_ssl_name {rig.NAME}; proxy_ssl_server_name on; proxy_ssl_trusted_certificate {pki}/ca.pem;")
    end = bench.keep(rig.nginx(bench.directory, f"end-{last}", last, stream=f"server {{ listen 127.0.0.1:{last} ssl; {server_tls} proxy_pass 127.0.0.1:{sink.port}; }}"))
    splits = middle == "split"
    box = bench.keep(rig.nginx(bench.directory, f"mid-{mid}", mid, stream=f"server {{ listen 127.0.0.1:{mid}{' ssl' if splits else ''}; "
                               f"{server_tls + client_tls if splits else ''} proxy_pass 127.0.0.1:{between(last)}; }}"))
    start = bench.keep(rig.nginx(bench.directory, f"start-{first}", first, stream=f"server {{ listen 127.0.0.1:{first}; {client_tls} proxy_pass 127.0.0.1:{between(mid)}; }}"))
    return first, [start, box, end]


def haproxy_chain(bench, pki, sink, middle):
    first, mid, last = (rig.harness.free_port() for _ in range(3))
    bind = f" ssl crt {pki}/both.pem ssl-min-ver TLSv1.3 ciphersuites {rig.CIPHER}"
    server = f" ssl verify required ca-file {pki}/ca.pem verifyhost {rig.NAME} sni str({rig.NAME}) ssl-min-ver TLSv1.3 ciphersuites {rig.CIPHER}"
    splits = middle == "split"

    def one(name, port, bind_options, to, server_options):
        return bench.keep(rig.haproxy(bench.directory, f"{name}-{port}", port, f"listen x\n bind 127.0.0.1:{port}{bind_options}\n server s 127.0.0.1:{to}{server_options}\n"))
    end = one("hend", last, bind, sink.port, "")
    box = one("hmid", mid, bind if splits else "", last, server if splits else "")
    return first, [one("hstart", first, "", mid, server), box, end]


def louver_path(bench, sink, grant):
    path = bench.path(f"louver-{grant}", 1, "stream/1", sink.port)
    path.offer = {1: {"upstream": grant, "downstream": grant}}
    path.start()
    return path.ports[0], [path.agent, path.processes[1], path.gateway]


def measure_with(bench, rounds, octets, write):
    sink = bench.keep(Sink(octets))
    pki = rig.certificates(bench.directory / "tls")
    chains = {f"louver {grant}": louver_path(bench, sink, grant) for grant in GRANTS}
    for make in (nginx_chain, haproxy_chain):
        for middle in ("split", "relay"):
            chains[f"{make.__name__.split('_')[0]} {middle}"] = make(bench, pki, sink, middle)
    spent = {name: [] for name in chains}
    for round_number in range(rounds + 1):  # the first is to warm up
        for name, (port, processes) in chains.items():
            figures = rig.spent_ns(processes, lambda: send(port, octets, write))
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
    rounds, octets = (3, 1 << 26) if quick else (5, 1 << 29)
    rows = []
    for write in (65536,) if quick else (16384, 65536):
        with rig.Rig() as bench:
            rows += measure_with(bench, rounds, octets, write)
    return rows
