"""Octets on both hops of a chain of three, both ways together, as relays on the hops count them: what TCP carries, with all
handshakes and ends, without the headers of TCP and IP (how large packets are is the network's doing).

Louver   agent, one reading middlebox, gateway: a page of 50 objects of 200 to 4,000 octets over one kept connection (http/1),
         and 16 MiB in one direction (stream/1)
split    three processes of nginx (stream): TLS 1.3 on both hops, around the very octets that client and origin send
A page is fetched over a new connection: a session of an open association beside resumed TLS, the very first with its
association beside full TLS. Figures: kB (10^3 octets).
"""

import http.client
import socket
import threading

import chains
import rig

OBJECTS = {f"/object{i}.js": bytes((i + j) % 64 + 48 for j in range(200 + 3800 * i // 49)) for i in range(50)}
HEADERS = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", "Accept": "*/*", "Accept-Language": "en-US,en;q=0.5",
           "Referer": "http://localhost/page.html", "Cookie": "session=0123456789abcdef0123456789abcdef; theme=dark", "Connection": "keep-alive"}
BULK = 1 << 24


class Relay(rig.listening.Listening):
    """Passes TCP on and counts."""

    def __init__(self, to):
        self.to, self.octets, self.open = to, 0, 0
        self.lock = threading.Lock()
        super().__init__()

    def serve(self, near):
        far = socket.create_connection(("127.0.0.1", self.to))
        with self.lock:
            self.open += 1
        halves = [threading.Thread(target=self._pass, args=pair, daemon=True) for pair in ((near, far), (far, near))]
        for half in halves:
            half.start()
        for half in halves:
            half.join()
        near.close()
        far.close()
        with self.lock:
            self.open -= 1

    def _pass(self, source, sink):
        source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while got := source.recv(1 << 18):
                with self.lock:
                    self.octets += len(got)
                sink.sendall(got)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # a reset: the other half sees the end of its own

    stop = rig.listening.Listening.close


class Hops:
    """The relays of one chain."""

    def __init__(self, bench):
        self.bench, self.relays = bench, []

    def __call__(self, to):
        self.relays.append(self.bench.keep(Relay(to)))
        return self.relays[-1].port

    def count(self, stay_open=0):
        """Octets so far, when no more connections than `stay_open` for each hop are left."""
        rig.harness.wait_for(lambda: all(r.open <= stay_open for r in self.relays), "the end of the connections that are counted")
        return sum(r.octets for r in self.relays)

    def spent(self, work, stay_open=0):
        before = self.count(stay_open)
        work()
        counted = self.count(stay_open) - before
        if counted < len(self.relays):
            raise AssertionError("nothing went over the hops that are counted")
        return counted / 1e3


def fetch_page(port):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    for target, body in OBJECTS.items():
        connection.request("GET", target, headers={"Host": f"localhost:{port}", **HEADERS})
        answer = connection.getresponse()
        if answer.status != 200 or answer.read() != body:
            raise AssertionError(f"not the origin's answer to {target}: {answer.status}")
    connection.close()


def page_origin(bench):
    port, root = rig.harness.free_port(), bench.directory / "page"
    root.mkdir()
    for target, body in OBJECTS.items():
        (root / target[1:]).write_bytes(body)
    return bench.keep(rig.nginx(bench.directory, "origin", port, http=f"types {{ text/javascript js; }} server {{ listen 127.0.0.1:{port}; root {root}; }}"))


def louver_pages(bench, origin):
    """The very first page with its association, and one over a new session of it."""
    hops = Hops(bench)
    path = bench.path("louver-page", 1, "http/1", origin.port)
    path.offer = {1: {context: "read" for context in ("request-head", "request-body", "response-head", "response-body")}}
    path.http_keys = 'mode = "reverse"\nroute = "web"\n'
    chains.start_behind_agent(path, hops)

    def very_first():
        path.start_party(0).wait_event("association.open")
        fetch_page(path.ports[0])
    return hops.spent(very_first, stay_open=1), hops.spent(lambda: fetch_page(path.ports[0]), stay_open=1)


def split_pages(bench, pki, origin):
    """With full handshakes, and resumed."""
    figures = []
    for resumes in (False, True):
        hops = Hops(bench)
        port, _ = chains.nginx_chain(bench, pki, origin, "split", hops, resumes)
        fetch_page(port)
        figures.append(hops.spent(lambda: fetch_page(port)))
    if figures[1] >= figures[0]:
        raise AssertionError("resumed TLS took no fewer octets than full: it was not resumed")
    return figures


def measure(quick):
    del quick  # octets are what they are: one round says it all
    with rig.Rig() as bench:
        pki = rig.certificates(bench.directory / "tls")
        origin = page_origin(bench)
        (ours_first, ours), (theirs_full, theirs_resumed) = louver_pages(bench, origin), split_pages(bench, pki, origin)
        sink, hops, other_hops = bench.keep(chains.Sink()), Hops(bench), Hops(bench)
        louver, _ = chains.louver_path(bench, sink, "read", between=hops)
        split, _ = chains.nginx_chain(bench, pki, sink, "split", other_hops)
        for port in (louver, split):  # what looked whether a port answers is gone when this has passed
            chains.send(port, 65536, 65536)
        ours_bulk = hops.spent(lambda: chains.send(louver, BULK, 65536), stay_open=1)
        theirs_bulk = other_hops.spent(lambda: chains.send(split, BULK, 65536))
    return [rig.row("octets on the wire, page of 50 objects: a joined session / nginx split, resumed", None, [ours], [theirs_resumed], "kB"),
            rig.row("octets on the wire, page of 50 objects: a new association / nginx split, full", None, [ours_first], [theirs_full], "kB"),
            rig.row(f"octets on the wire, {BULK >> 20} MiB one way: one reading middlebox / nginx split", None, [ours_bulk], [theirs_bulk], "kB")]
