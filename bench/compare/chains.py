"""Chains of processes that carry a TCP stream, Louver's and others', and an origin that takes what comes out of them."""

import contextlib
import socket

import rig


class Sink(rig.listening.Listening):
    """An origin that is told how many octets will come, and answers when it has them. By number, for not every relay passes on half an end."""

    def serve(self, connection):
        room, total = bytearray(1 << 20), 0
        with connection, contextlib.suppress(OSError):  # who asks only whether the port answers is gone at once
            expected = int.from_bytes(connection.recv(8, socket.MSG_WAITALL), "big")
            while total < expected and (got := connection.recv_into(room)):
                total += got
            connection.sendall(b"all" if total == expected else b"not all")
            while connection.recv_into(room):
                pass

    stop = rig.listening.Listening.close


def send(port, octets, write):
    """Sends, and waits until the origin has said that all of it came."""
    piece = memoryview(bytes(range(256)) * (write // 256))
    with socket.create_connection(("127.0.0.1", port), 60) as s:
        s.sendall(octets.to_bytes(8, "big"))
        for _ in range(octets // write):
            s.sendall(piece)
        answer = s.recv(64)
    if answer != b"all":
        raise AssertionError(f"the origin has not all of {octets} octets: {answer!r}")


def directly(port):
    return port


def nginx_chain(bench, pki, sink, middle, between=directly, resumes=True):
    """Its port; the processes at the start, in the middle and at the end. `between` puts something in front of a port."""
    first, mid, last = (rig.harness.free_port() for _ in range(3))
    server_tls = (f"ssl_certificate {pki}/leaf.pem; ssl_certificate_key {pki}/leaf.key; ssl_protocols TLSv1.3; "
                  f"ssl_conf_command Ciphersuites {rig.CIPHER};")
    client_tls = (f"proxy_ssl on; proxy_ssl_protocols TLSv1.3; proxy_ssl_conf_command Ciphersuites {rig.CIPHER}; proxy_ssl_verify on; "
                  f"proxy_ssl_name {rig.NAME}; proxy_ssl_server_name on; proxy_ssl_trusted_certificate {pki}/ca.pem; proxy_ssl_session_reuse {'on' if resumes else 'off'};")
    end = bench.keep(rig.nginx(bench.directory, f"end-{last}", last, stream=f"server {{ listen 127.0.0.1:{last} ssl; {server_tls} proxy_pass 127.0.0.1:{sink.port}; }}"))
    splits = middle == "split"
    box = bench.keep(rig.nginx(bench.directory, f"mid-{mid}", mid, stream=f"server {{ listen 127.0.0.1:{mid}{' ssl' if splits else ''}; "
                               f"{server_tls + client_tls if splits else ''} proxy_pass 127.0.0.1:{between(last)}; }}"))
    start = bench.keep(rig.nginx(bench.directory, f"start-{first}", first, stream=f"server {{ listen 127.0.0.1:{first}; {client_tls} proxy_pass 127.0.0.1:{between(mid)}; }}"))
    return first, [start, box, end]


def haproxy_chain(bench, pki, sink, middle, connections=2000):
    first, mid, last = (rig.harness.free_port() for _ in range(3))
    bind = f" ssl crt {pki}/both.pem ssl-min-ver TLSv1.3 ciphersuites {rig.CIPHER}"
    server = f" ssl verify required ca-file {pki}/ca.pem verifyhost {rig.NAME} sni str({rig.NAME}) ssl-min-ver TLSv1.3 ciphersuites {rig.CIPHER}"
    splits = middle == "split"

    def one(name, port, bind_options, to, server_options):
        return bench.keep(rig.haproxy(bench.directory, f"{name}-{port}", port, f"listen x\n bind 127.0.0.1:{port}{bind_options}\n server s 127.0.0.1:{to}{server_options}\n", connections))
    end = one("hend", last, bind, sink.port, "")
    box = one("hmid", mid, bind if splits else "", last, server if splits else "")
    return first, [one("hstart", first, "", mid, server), box, end]


def start_behind_agent(path, between=directly):
    """Starts everybody but the agent, with something in front of each port."""
    for i in range(path.n + 1, 0, -1):
        path.start_party(i)
        path.ports[i] = between(path.ports[i])
    return path


def stream_path(bench, name, origin, *grants):
    """Not started yet: a middlebox for each of the grants, on both directions."""
    path = bench.path(name, len(grants), "stream/1", origin.port)
    path.offer = {i: {"upstream": grant, "downstream": grant} for i, grant in enumerate(grants, 1)}
    return path


def louver_path(bench, origin, *grants, between=directly, more=""):
    """Its port, and the processes in the order of the path; `more` is in all their configurations."""
    path = stream_path(bench, "louver-" + "-".join(grants), origin, *grants)
    path.debug = more
    start_behind_agent(path, between)
    path.start_party(0).wait_event("association.open")
    return path.ports[0], [path.processes[i] for i in range(len(grants) + 2)]
