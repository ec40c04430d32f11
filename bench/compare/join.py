"""CPU of a joined Louver session against a resumed TLS connection, in one run: real processes on loopback, interleaved rounds.

A  split TLS: nginx as an HTTP proxy with TLS 1.3 on both sides, both resumed, no keepalive (for the middlebox)
B  Louver: a stream/1 session joined to an open association: agent, one reading middlebox, gateway
C  one TLS 1.3 server: nginx that ends a resumed connection and asks a plain origin (for the gateway, which does the same)
D  one TLS 1.3 client: nginx that takes a plain connection and resumes one to a TLS origin (for the agent, which does the same)
Each connection carries a request and an answer of about 100 octets. Figures: user + system CPU of the very process (schedstat, ns),
per connection.
"""

import argparse
import json
import os
import pathlib
import shutil
import socket
import ssl
import statistics
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tests" / "e2e"))
import harness  # noqa: E402  (its folder is known only now)

REQUEST = b"GET / HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\nX-Fill: " + b"q" * 30 + b"\r\n\r\n"
ANSWER = b"a" * 100


class Server:
    """One nginx in one process, so that its CPU is the CPU of one PID."""

    def __init__(self, directory, name, http):
        home = directory / name
        home.mkdir()
        self.config = home / "nginx.conf"
        temporary = "".join(f"{kind}_temp_path {home}/{kind}; " for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.config.write_text(f"daemon off; master_process off; pid {home}/pid; error_log {home}/error; user root;\n"
                               f"events {{ worker_connections 4096; }} http {{ access_log off; {temporary} {http} }}\n")
        self.error = home / "error"
        self.process = harness.subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(self.config)],
                                                stderr=harness.subprocess.DEVNULL)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def exchange(stream):
    with stream:
        stream.sendall(REQUEST)
        answer = b""
        while more := stream.recv(4096):
            answer += more
        if not answer.endswith(ANSWER):
            raise AssertionError(f"not the origin's answer: {answer[:200]!r}")
        return stream.session if isinstance(stream, ssl.SSLSocket) else None


class TlsClient:
    """Makes one full connection, then resumes; a connection that was not resumed is an error, not a slower figure."""

    def __init__(self, port, anchors):
        self.port, self.session = port, None
        self.context = ssl.create_default_context(cafile=str(anchors))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3

    def __call__(self):
        raw = socket.create_connection(("127.0.0.1", self.port), 10)
        stream = self.context.wrap_socket(raw, server_hostname="gateway.example", session=self.session)
        if self.session is not None and not stream.session_reused:
            raise AssertionError("the client's connection was not resumed")
        self.session = exchange(stream)


def certificates(home):
    """A P-256 authority and a leaf for the plain TLS parties: those of louver's own PKI are for its roles only."""
    home.mkdir()
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    harness.run([*new, "-keyout", f"{home}/ca.key", "-out", f"{home}/ca.pem", "-subj", "/CN=Bench CA"])
    harness.run([*new, "-keyout", f"{home}/leaf.key", "-out", f"{home}/leaf.pem", "-subj", "/CN=gateway.example",
                 "-CA", f"{home}/ca.pem", "-CAkey", f"{home}/ca.key", "-addext", "subjectAltName=DNS:gateway.example",
                 "-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"])
    return home


def cpu_ns(started):
    """On-CPU time of each thread. Not /proc/PID/stat: that counts ticks of 10 ms, which is more than a whole quick round of joins."""
    tasks = pathlib.Path(f"/proc/{started.process.pid}/task").iterdir()
    return {task.name: int((task / "schedstat").read_text().split()[0]) for task in tasks}


def cost(processes, connect, count):
    """Microseconds per connection at each process. A figure of 0 or a thread that ended (its time is lost) is an error."""
    before = [cpu_ns(p) for p in processes]
    for _ in range(count):
        connect()
    after = [cpu_ns(p) for p in processes]
    if any(set(b) - set(a) for a, b in zip(after, before)):
        raise AssertionError("a thread ended while it was measured")
    spent = [sum(a.values()) - sum(b.values()) for a, b in zip(after, before)]
    if min(spent) <= 0:
        raise AssertionError("a process used no CPU: it was not on the path")
    return [ns / count / 1e3 for ns in spent]


def wait_port(port):
    def answers():
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", port)) == 0
    harness.wait_for(answers, f"port {port}")


def row(name, goal, louver, other):
    each = [a / b for a, b in zip(louver, other)]
    ratio = statistics.median(each)
    return {"name": name, "ratio": round(ratio, 3), "goal": goal, "missed": ratio > goal, "spread": [round(min(each), 3), round(max(each), 3)],
            "louver_us": round(statistics.median(louver)), "other_us": round(statistics.median(other))}


def measure(directory, rounds, count, started):
    ports = {name: harness.free_port() for name in ("origin", "tls_origin", "split", "end", "start")}
    path = harness.Path(directory, 1, profile="stream/1", origin_port=ports["origin"])
    started.append(path)
    quiet = path.common
    path.common = lambda i: quiet(i).replace('level = "debug"', 'level = "info"')
    path.offer = {1: {"upstream": "read", "downstream": "read"}}
    pki = certificates(directory / "tls")
    tls = (f"ssl_certificate {pki}/leaf.pem; ssl_certificate_key {pki}/leaf.key; "
           "ssl_protocols TLSv1.3; ssl_session_tickets on;")
    answer = f'location / {{ return 200 "{ANSWER.decode()}"; }}'
    log = directory / "resumed"

    def server(name, text):
        made = Server(directory, name, text)
        started.append(made)
        wait_port(ports[name])
        return made

    server("origin", f"server {{ listen 127.0.0.1:{ports['origin']}; {answer} }}")
    server("tls_origin", f"log_format reused $ssl_session_reused; server {{ listen 127.0.0.1:{ports['tls_origin']} ssl; {tls} "
                         f"access_log {log} reused; {answer} }}")
    upstream_tls = (f"proxy_pass https://127.0.0.1:{ports['tls_origin']}; proxy_ssl_protocols TLSv1.3; proxy_ssl_session_reuse on; "
                    f"proxy_ssl_verify on; proxy_ssl_name gateway.example; proxy_ssl_server_name on; proxy_ssl_trusted_certificate {pki}/ca.pem;")
    split = server("split", f"server {{ listen 127.0.0.1:{ports['split']} ssl; {tls} location / {{ {upstream_tls} }} }}")
    begin = server("start", f"server {{ listen 127.0.0.1:{ports['start']}; location / {{ {upstream_tls} }} }}")
    end = server("end", f"server {{ listen 127.0.0.1:{ports['end']} ssl; {tls} location / {{ proxy_pass http://127.0.0.1:{ports['origin']}; }} }}")
    path.start()
    loads = [([split], TlsClient(ports["split"], pki / "ca.pem")), ([end], TlsClient(ports["end"], pki / "ca.pem")),
             ([begin], lambda: exchange(socket.create_connection(("127.0.0.1", ports["start"]), 10))),
             ([path.processes[1], path.gateway, path.agent],
              lambda: exchange(socket.create_connection(("127.0.0.1", path.ports[0]), 10)))]
    for processes, connect in loads:
        cost(processes, connect, 5)
    skipped = len(log.read_text().split())
    results = [[cost(processes, connect, count) for processes, connect in loads] for _ in range(rounds)]
    upstream = log.read_text().split()[skipped:]
    if len(upstream) != 2 * rounds * count or set(upstream) != {"r"}:
        raise AssertionError(f"nginx's own connections upstream were not all resumed: {upstream.count('r')} of {2 * rounds * count}")
    if len(path.agent.find("association.open")) != 1:
        raise AssertionError("more than one association was made: these were not all joins")
    middlebox, gateway, agent = ([r[3][i] for r in results] for i in range(3))
    rows = [row("join: middlebox / split TLS nginx, resumed pair", 0.5, middlebox, [r[0][0] for r in results]),
            row("join: gateway / nginx TLS server, resumed", 1.0, gateway, [r[1][0] for r in results]),
            row("join: agent / nginx TLS client, resumed", 1.0, agent, [r[2][0] for r in results])]
    return {"rows": rows, "rounds": rounds, "connections": count, "louver": harness.LOUVER}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--quick", action="store_true", help="fewer connections in a round")
    options = parser.parse_args()
    directory = pathlib.Path(tempfile.mkdtemp(prefix="louver-bench-"))
    os.chmod(directory, 0o755)
    started = []
    try:
        result = measure(directory, 5, 60 if options.quick else 500, started)
    finally:
        for one in reversed(started):
            one.stop()
        shutil.rmtree(directory, True)
    if options.json:
        print(json.dumps(result))
        return
    print(f"{'median of ' + str(result['rounds']) + ' rounds':<52}{'ratio':>7}{'goal':>6}  {'spread':<16}{'louver us':>10}{'other us':>10}")
    for r in result["rows"]:
        print(f"{r['name']:<52}{r['ratio']:>7}{r['goal']:>6}  {'{}..{}'.format(*r['spread']):<16}{r['louver_us']:>10}{r['other_us']:>10}"
              + ("  missed" if r["missed"] else ""))


if __name__ == "__main__":
    main()
