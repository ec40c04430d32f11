"""Origins behind TLS that are played by the test itself, also such as misbehave."""

import shutil
import socket
import ssl
import subprocess

from harness import free_port, wait_for
from listening import Listening


class TlsNginx:
    """nginx with TLS of one version: static files, and PUT under /up/. `lines` has version, server name, number in its connection and status of each request."""

    def __init__(self, directory, files, version):
        self.root = directory / "www"
        (self.root / "up").mkdir(parents=True)
        (directory / "body").mkdir()
        self.log, self.port = directory / "tls.log", free_port()
        config = directory / "nginx.conf"
        config.write_text(
            f"""worker_processes 1; daemon off; pid {directory}/nginx.pid; error_log {directory}/nginx.err; user root; events {{ }}
            http {{ log_format tls '$ssl_protocol $ssl_server_name $connection_requests $status'; access_log {self.log} tls;
              client_max_body_size 0; client_body_temp_path {directory}/body; ssl_protocols {version};
              server {{ listen 127.0.0.1:{self.port} ssl; ssl_certificate {files[0]}; ssl_certificate_key {files[1]}; root {self.root};
                location /up/ {{ dav_methods PUT; }} }} }}""")
        self.process = subprocess.Popen([shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(config)], stderr=subprocess.DEVNULL)
        wait_for(self._answers, "nginx")

    def _answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def lines(self):
        return [line.split() for line in self.log.read_text().splitlines()]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)


def request_of(read):
    """One request without a body, as octets; what is there so far when the peer ends."""
    got = b""
    while b"\r\n\r\n" not in got:
        more = read(65536)
        if not more:
            break
        got += more
    return got


def answer(body, *fields, close=False):
    head = [b"HTTP/1.1 200 OK", b"Content-Length: %d" % len(body), *fields] + ([b"Connection: close"] if close else [])
    return b"\r\n".join(head) + b"\r\n\r\n" + body


class TlsOrigin(Listening):
    """`speak(tls, raw)` has each connection after its handshake; what was decrypted of a peer is in `heard`."""

    def __init__(self, files, speak, client_authority=None, version=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(*files)
        self.context.set_alpn_protocols(["http/1.1"])
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        if client_authority:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(client_authority)
        self.names, self.failed, self.heard, self.peers, self.ended = [], [], [], [], 0
        self.context.sni_callback = lambda tls, name, context: self.names.append(name)
        self.speak = speak
        super().__init__()

    def serve(self, s):
        with s:
            try:
                tls = self.context.wrap_socket(s, server_side=True, suppress_ragged_eofs=False, do_handshake_on_connect=False)
                with tls:
                    tls.do_handshake()
                    self.peers.append((tls.version(), tls.selected_alpn_protocol(), tls.getpeercert()))
                    self.speak(self, tls)
            except (OSError, ssl.SSLError) as e:
                self.failed.append(str(e))
            self.ended += 1


def reset_later(tls):
    """Ends the connection without a close_notify, in order as far as TCP goes."""
    raw = socket.socket(fileno=tls.detach())
    raw.shutdown(socket.SHUT_WR)
    try:
        while raw.recv(65536):
            pass
    except OSError:
        pass
    raw.close()


class Silent(Listening):
    """Accepts and says nothing, or says `words` whatever it hears; keeps what it heard."""

    def __init__(self, words=b""):
        self.words, self.heard = words, b""
        super().__init__()

    def serve(self, s):
        with s:
            s.sendall(self.words)
            try:
                while data := s.recv(65536):
                    self.heard += data
            except OSError:
                pass
