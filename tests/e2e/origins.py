"""Servers that somebody else wrote, as origins that hand on to a recording one: what they understood is in their access log, and behind them."""

import shutil
import socket
import subprocess

from harness import free_port, wait_for
from recording import Recording


class Server:
    """A server of another make between the gateway and a Recording. Its log has a line for each request that it saw: method, target, status, the field x-case."""

    name = ""

    def __init__(self, directory):
        self.directory = directory / self.name
        self.directory.mkdir()
        self.behind = Recording(any_case=True)
        self.port = free_port()
        self.log = self.directory / "access.log"
        with self.log.open("ab") as log, (self.directory / "errors").open("wb") as errors:
            self.process = subprocess.Popen(self.command(), stdout=log, stderr=errors)
        wait_for(self._answers, self.name)

    def command(self):
        raise NotImplementedError

    def _answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.name} does not start: {(self.directory / 'errors').read_text()}")
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self.behind.close()

    def lines(self):
        """(method, target, status, x-case) of each request that it logged."""
        return [tuple(line.split("\t")) for line in self.log.read_text(errors="replace").splitlines() if line.count("\t") == 3]

    def file(self, name, text):
        path = self.directory / name
        path.write_text(text)
        return str(path)

    @staticmethod
    def binary(name):
        return shutil.which(name) or f"/usr/sbin/{name}"


class NginxBefore(Server):
    name = "nginx"

    def command(self):
        (self.directory / "body").mkdir()
        config = self.file("nginx.conf", f"""worker_processes 1; daemon off; user root; pid {self.directory}/pid; error_log {self.directory}/error.log;
            events {{ worker_connections 1024; }}
            http {{ log_format table "$request_method\\t$request_uri\\t$status\\t$http_x_case $request"; access_log {self.log} table; client_body_temp_path {self.directory}/body; proxy_temp_path {self.directory}/proxy;
              client_max_body_size 0; large_client_header_buffers 8 128k; client_header_buffer_size 4k; proxy_buffer_size 64k; proxy_buffers 8 64k;
              server {{ listen 127.0.0.1:{self.port}; location / {{ proxy_pass http://127.0.0.1:{self.behind.port}; proxy_http_version 1.1; proxy_set_header Host $http_host; proxy_set_header Connection ""; }} }} }}""")
        return [self.binary("nginx"), "-c", config]


class LighttpdBefore(Server):
    name = "lighttpd"

    def command(self):
        config = self.file("lighttpd.conf", f"""server.modules = ("mod_accesslog", "mod_proxy")
server.document-root = "{self.directory}"
server.bind = "127.0.0.1"
server.port = {self.port}
server.errorlog = "{self.directory}/error.log"
server.max-request-field-size = 131072
server.upload-dirs = ("{self.directory}")
server.stream-request-body = 0
server.http-parseopts = ("url-normalize" => "disable", "method-get-body" => "enable", "header-strict" => "enable", "host-strict" => "enable")
accesslog.filename = "{self.log}"
accesslog.format = "%m\\t%r\\t%s\\t%{{x-case}}i"
proxy.server = ("" => (("host" => "127.0.0.1", "port" => {self.behind.port})))
""")
        return [self.binary("lighttpd"), "-D", "-f", config]


class HaproxyBefore(Server):
    name = "haproxy"

    def command(self):
        config = self.file("haproxy.cfg", f"""global
  log stdout len 16384 format raw local0
  tune.bufsize 131072
  tune.http.maxhdr 300
defaults
  mode http
  timeout connect 10s
  timeout client 30s
  timeout server 30s
frontend in
  bind 127.0.0.1:{self.port}
  option http-buffer-request
  log global
  option dontlognull
  http-request capture req.hdr(x-case) len 64
  log-format "%HM\\t%HU\\t%ST\\t%[capture.req.hdr(0)]"
  default_backend behind
backend behind
  http-reuse always
  server one 127.0.0.1:{self.behind.port}
""")
        return [self.binary("haproxy"), "-f", config]


SERVERS = (NginxBefore, LighttpdBefore, HaproxyBefore)
