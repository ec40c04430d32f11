"""CPU of a joined session and of a new association, against resumed and full TLS 1.3, one connection after the other.

Louver   agent, one reading middlebox, gateway (stream/1): a join to an open association; an association made anew
split    nginx as an HTTP proxy with TLS 1.3 on both sides, no keepalive: both sides resumed; both in full (for the middlebox)
end      nginx that ends a connection, resumed or full, and asks a plain origin (for the gateway, which does the same)
start    nginx that takes a plain connection and begins one, resumed or full, to a TLS origin (for the agent)
Each connection carries a request and an answer of about 100 octets. nginx checks the certificate of the server on the
sides that it begins; a Louver association authenticates every party to every other.
"""

import socket
import ssl

import rig

REQUEST = b"GET / HTTP/1.1\r\nHost: gateway.example\r\nConnection: close\r\nX-Fill: " + b"q" * 30 + b"\r\n\r\n"
ANSWER = b"a" * 100


def exchange(stream):
    with stream:
        stream.sendall(REQUEST)
        answer = b""
        while more := stream.recv(4096):
            answer += more
        if not answer.endswith(ANSWER):
            raise AssertionError(f"not the origin's answer: {answer[:200]!r}")
        return stream.session if isinstance(stream, ssl.SSLSocket) else None


def plain(port):
    return lambda: exchange(socket.create_connection(("127.0.0.1", port), 10))


class TlsClient:
    """Makes full connections, or one and then resumes; one that was not resumed is an error, not a slower figure."""

    def __init__(self, port, anchors, resumes):
        self.port, self.session, self.resumes = port, None, resumes
        self.context = ssl.create_default_context(cafile=str(anchors))
        self.context.minimum_version = ssl.TLSVersion.TLSv1_3

    def __call__(self):
        raw = socket.create_connection(("127.0.0.1", self.port), 10)
        stream = self.context.wrap_socket(raw, server_hostname=rig.NAME, session=self.session)
        if self.session is not None and not stream.session_reused:
            raise AssertionError("the client's connection was not resumed")
        session = exchange(stream)
        self.session = session if self.resumes else None


class Tls:
    """nginx in the three places, with or without resumption; `loads` are the processes, what makes one connection, and how many it makes upstream."""

    def __init__(self, bench, pki, origin, resumes):
        self.log = bench.directory / f"reused-{resumes}"
        self.expected = "r" if resumes else "."
        upstream, split, end, start = (rig.harness.free_port() for _ in range(4))
        tls = (f"ssl_certificate {pki}/leaf.pem; ssl_certificate_key {pki}/leaf.key; ssl_protocols TLSv1.3; "
               f"ssl_conf_command Ciphersuites {rig.CIPHER}; ssl_session_tickets {'on' if resumes else 'off'}; ssl_session_cache {'none' if resumes else 'off'};")
        onward = (f"proxy_pass https://127.0.0.1:{upstream}; proxy_ssl_protocols TLSv1.3; proxy_ssl_session_reuse {'on' if resumes else 'off'}; "
                  f"proxy_ssl_verify on; proxy_ssl_name {rig.NAME}; proxy_ssl_server_name on; proxy_ssl_trusted_certificate {pki}/ca.pem;")
        answer = f'location / {{ return 200 "{ANSWER.decode()}"; }}'

        def server(name, port, text):
            return bench.keep(rig.nginx(bench.directory, f"{name}-{resumes}", port, http=text))
        server("upstream", upstream, f"log_format reused $ssl_session_reused; server {{ listen 127.0.0.1:{upstream} ssl; {tls} access_log {self.log} reused; {answer} }}")
        box = server("split", split, f"server {{ listen 127.0.0.1:{split} ssl; {tls} location / {{ {onward} }} }}")
        first = server("start", start, f"server {{ listen 127.0.0.1:{start}; location / {{ {onward} }} }}")
        last = server("end", end, f"server {{ listen 127.0.0.1:{end} ssl; {tls} location / {{ proxy_pass http://127.0.0.1:{origin}; }} }}")
        self.loads = [([box], TlsClient(split, pki / "ca.pem", resumes)), ([last], TlsClient(end, pki / "ca.pem", resumes)), ([first], plain(start))]
        self.skipped = 0

    def warm_up(self, count):
        for _, connect in self.loads:
            for _ in range(count):
                connect()
        self.skipped = len(self._logged(2 * count))

    def _logged(self, count):
        """nginx writes a line when it has already answered."""
        return rig.harness.wait_for(lambda: len(lines := self.log.read_text().split()) >= count and lines, f"{count} lines of nginx's log")

    def check(self, count):
        seen = self._logged(self.skipped + 2 * count)[self.skipped:]
        if len(seen) != 2 * count or set(seen) != {self.expected}:
            raise AssertionError(f"nginx's connections upstream are not what they are taken for: {seen.count(self.expected)} of {2 * count}")


def per_connection(processes, connect, count):
    """Milliseconds at each process."""
    def work():
        for _ in range(count):
            connect()
    return [ns / count / 1e6 for ns in rig.spent_ns(processes, work)]


def measure(quick):
    rounds, joins, full = 5, (60 if quick else 500), (10 if quick else 100)
    with rig.Rig() as bench:
        origin = rig.harness.free_port()
        bench.keep(rig.nginx(bench.directory, "origin", origin, http=f'server {{ listen 127.0.0.1:{origin}; location / {{ return 200 "{ANSWER.decode()}"; }} }}'))
        pki = rig.certificates(bench.directory / "tls")
        resumed, whole = Tls(bench, pki, origin, True), Tls(bench, pki, origin, False)
        path = bench.path("louver", 1, "stream/1", origin)
        path.offer = {1: {"upstream": "read", "downstream": "read"}}
        path.start()
        parties = [path.processes[1], path.gateway, path.agent]
        ask = plain(path.ports[0])

        def anew():
            """The agent gives up its association and makes another, on which the connection joins."""
            known = len(path.agent.find("association.open"))
            path.control(0, "renew")
            path.agent.wait_event("association.open", known + 1)
            ask()
        for tls in (resumed, whole):
            tls.warm_up(5)
        for _ in range(5):
            ask()
        results = []
        for _ in range(rounds):
            one = {"join": per_connection(parties, ask, joins), "new": per_connection(parties, anew, full)}
            one["resumed"] = [per_connection(p, c, joins)[0] for p, c in resumed.loads]
            one["full"] = [per_connection(p, c, full)[0] for p, c in whole.loads]
            results.append(one)
        resumed.check(rounds * joins)
        whole.check(rounds * full)
        if len(path.agent.find("association.open")) != 1 + rounds * full:
            raise AssertionError("other associations were made than those that were asked for")
    rows = []
    for i, (party, other) in enumerate((("middlebox", "split"), ("gateway", "server"), ("agent", "client"))):
        for what, against, goal in (("join", "resumed", (0.35, 0.8, 0.8)[i]), ("new", "full", (1.0, 2.0, 2.0)[i])):
            name = "joined session" if what == "join" else "new association, its session"
            rows.append(rig.row(f"{name}: {party} / TLS {other} at nginx, {against}", goal,
                                [r[what][i] for r in results], [r[against][i] for r in results], "ms"))
    return rows
