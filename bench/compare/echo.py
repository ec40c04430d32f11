"""Round trips of small messages over one open connection, through one reading middlebox and through a split TLS proxy.

Louver   agent, one middlebox with `read`, gateway (stream/1)
split    three processes of nginx (stream): TLS begins at the first, is ended and begun at the second, ends at the third
Figures: median and 99th percentile of the time from the send to the last octet of the echo, in microseconds.
"""

import selectors
import socket
import socketserver
import statistics
import threading
import time

import chains
import rig


class Echo(socketserver.ThreadingTCPServer):
    """Sends back what comes."""

    allow_reuse_address = daemon_threads = True

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while got := self.request.recv(65536):
                    self.request.sendall(got)
            except OSError:
                return

    def __init__(self):
        super().__init__(("127.0.0.1", 0), self.Handler)
        self.port = self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def stop(self):
        self.shutdown()
        self.server_close()


class ManyEchoes:
    """The same for ten thousand connections, on one thread."""

    def __init__(self):
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.over = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while not self.over:
            for key, _ in self.selector.select(0.1):
                if key.fileobj is self.listener:
                    self.selector.register(self.listener.accept()[0], selectors.EVENT_READ)
                else:
                    self._echo(key.fileobj)

    def _echo(self, s):
        try:
            got = s.recv(65536)
            s.sendall(got)
        except OSError:
            got = b""
        if not got:
            self.selector.unregister(s)
            s.close()

    def stop(self):
        self.over = True
        self.thread.join()
        for key in list(self.selector.get_map().values()):
            key.fileobj.close()
        self.selector.close()


def trips(port, octets, count):
    out, message = [], bytes(octets)
    with socket.create_connection(("127.0.0.1", port), 10) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(count + 50):
            begin = time.perf_counter_ns()
            s.sendall(message)
            got = 0
            while got < octets:
                got += len(s.recv(octets - got))
            if i >= 50:
                out.append((time.perf_counter_ns() - begin) / 1e3)
    return out


def measure(quick):
    rounds, count = (3, 500) if quick else (15, 1500)
    with rig.Rig() as bench:
        origin = bench.keep(Echo())
        pki = rig.certificates(bench.directory / "tls")
        split, _ = chains.nginx_chain(bench, pki, origin, "split")
        louver, _ = chains.louver_path(bench, origin, "read")
        rows = []
        for octets in (100, 1000):
            results = [(trips(louver, octets, count), trips(split, octets, count)) for _ in range(rounds)]
            for name, figure, goal in (("p50", statistics.median, 1.0 if octets == 100 else None),
                                       ("p99", lambda times: statistics.quantiles(times, n=100)[98], None)):
                rows.append(rig.row(f"echo of {octets} octets, {name}: one reading middlebox / nginx split", goal,
                                    [figure(louver_times) for louver_times, _ in results], [figure(split_times) for _, split_times in results], "us"))
    return rows
