"""ICAP servers: one that says what a test wants it to say, and c-icap with ClamAV, which knows one signature."""

import os
import pathlib
import re
import select
import socket
import struct
import subprocess
import threading

from harness import free_port, wait_for

MARK = b"this-is-the-bad-thing"  # what the scripted server takes for a virus
MODULES = pathlib.Path("/usr/lib/x86_64-linux-gnu/c_icap")


def eicar():
    """The public test string; in pieces, so that this file is not taken for it."""
    return b"".join([b"X5O!P%@AP[4", b"\\PZX54(P^)7CC)7}$", b"EICAR-STANDARD", b"-ANTIVIRUS-TEST", b"-FILE!$H+H*"])


class Gone(Exception):
    """The client has closed the connection."""


class Talk:
    """One connection of a client, as the server sees it."""

    def __init__(self, server, sock):
        self.server = server
        self.sock = sock
        self.buffer = b""
        self.questions = 0
        self.ended = False

    def receive(self):
        try:
            more = self.sock.recv(65536)
        except OSError:
            raise Gone from None
        if not more:
            raise Gone
        self.server.record(more)
        self.buffer += more

    def until(self, end):
        while end not in self.buffer:
            self.receive()
        out, _, self.buffer = self.buffer.partition(end)
        return out + end

    def exactly(self, count):
        while len(self.buffer) < count:
            self.receive()
        out, self.buffer = self.buffer[:count], self.buffer[count:]
        return out

    def chunks(self):
        """The octets up to the last chunk, and whether it says that they are all."""
        out = bytearray()
        while True:
            line = self.until(b"\r\n").rstrip(b"\r\n")
            size, _, extension = line.partition(b";")
            size = int(size, 16)
            out += self.exactly(size)
            self.exactly(2)
            if size == 0:
                return bytes(out), extension.strip() == b"ieof"

    def say(self, octets):
        try:
            self.sock.sendall(octets if isinstance(octets, bytes) else octets.encode())
        except OSError:
            raise Gone from None

    def stall(self):
        while True:
            self.receive()
            self.buffer = b""

    def wait_for_end(self):
        """Reads nothing; returns when the client has closed or reset."""
        while not self.ended:
            ready = select.poll()
            ready.register(self.sock, select.POLLRDHUP | select.POLLHUP | select.POLLERR)
            self.ended = bool(ready.poll(30000))
        raise Gone

    def close(self):
        raise Gone

    def reset(self):
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Gone

    def options(self, offer):
        lines = "".join(f"{name}: {value}\r\n" for name, value in offer.items() if value is not None)
        self.say(f"ICAP/1.0 200 OK\r\n{lines}Encapsulated: null-body=0\r\n\r\n")

    def question(self):
        """The next request: its head, its enclosed heads; the body is still to be read."""
        head = self.until(b"\r\n\r\n").decode()
        self.questions += 1
        method, url, _ = head.split("\r\n", 1)[0].split(" ")
        field = {k.lower(): v for k, v in re.findall(r"^([^:\r\n]+): *([^\r\n]*)", head, re.M)}
        parts = [(name, int(at)) for name, at in re.findall(r"([a-z-]+)=(\d+)", field.get("encapsulated", ""))]
        heads = self.exactly(parts[-1][1]) if parts else b""
        return {"method": method, "url": url, "fields": field, "parts": parts, "heads": heads, "head": head,
                "body": bool(parts) and parts[-1][0] != "null-body", "preview": "preview" in field}

    def whole_body(self, question):
        if not question["body"]:
            return b""
        data, whole = self.chunks()
        if question["preview"] and not whole:
            self.say("ICAP/1.0 100 Continue\r\n\r\n")
            data += self.chunks()[0]
        return data

    def sent_head(self, question):
        """The head of the message that is asked about."""
        last = [at for name, at in question["parts"] if name.endswith("-hdr")][-1]
        return question["heads"][last:]

    def returns(self, question, head, body, status="200 OK", fields="", last=b"0\r\n\r\n"):
        kind = "req" if head.split(b" ", 1)[1].startswith(b"/") or not head.startswith(b"HTTP/") else "res"
        self.say(f"ICAP/1.0 {status}\r\n{fields}Encapsulated: {kind}-hdr=0, {kind}-body={len(head)}\r\n\r\n".encode() + head +
                 (f"{len(body):x}\r\n".encode() + body + b"\r\n" if body else b"") + last)

    def passes(self):
        self.say("ICAP/1.0 204 No Content\r\nISTag: \"t\"\r\nEncapsulated: null-body=0\r\n\r\n")

    def blocks(self, question):
        # Folded, as c-icap does it.
        self.returns(question, b"HTTP/1.0 403 Forbidden\r\ncontent-type: text/html\r\n\r\n", b"<html>bad</html>",
                     fields="X-Violations-Found: 1\r\n\t-\r\n\tThe-Bad-Thing\r\n\t0\r\n\t0\r\n")

    def judges(self, question):
        body = self.whole_body(question)
        if MARK in body:
            self.blocks(question)
        elif question["preview"] or "204" in question["fields"].get("allow", ""):
            self.passes()
        else:
            self.returns(question, self.sent_head(question), body)


class IcapServer:
    """Answers honestly, but for what `options` and `message` make of the next questions (called with talk and question)."""

    OFFER = {"Methods": "REQMOD, RESPMOD", "Preview": "1024", "Allow": "204", "Options-TTL": "3600", "Max-Connections": "100", "ISTag": '"t"'}

    def __init__(self):
        self.offer = dict(self.OFFER)
        self.on_options = None
        self.on_message = None
        self.seen = []         # questions, without those to OPTIONS
        self.octets = bytearray()  # what clients sent, up to 4 MiB
        self.connections = 0
        self.talks = []
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self):
        return f"icap://127.0.0.1:{self.port}/scan"

    def record(self, octets):
        with self.lock:
            if len(self.octets) < 4 << 20:
                self.octets += octets

    def behave(self, options=None, message=None, offer=None):
        self.on_options, self.on_message = options, message
        self.offer = {**self.OFFER, **(offer or {})}

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(Talk(self, sock),), daemon=True).start()

    def drop_connections(self):
        for talk in self.talks:
            try:
                talk.sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _serve(self, talk):
        self.talks.append(talk)
        try:
            while True:
                question = talk.question()
                if question["method"] == "OPTIONS":
                    self.on_options(talk, question) if self.on_options else talk.options(self.offer)
                    continue
                question.update(talk=talk, done=False)
                self.seen.append(question)
                try:
                    self.on_message(talk, question) if self.on_message else talk.judges(question)
                finally:
                    question["done"] = True
        except Gone:
            pass
        finally:
            talk.ended = True
            talk.sock.close()

    def stop(self):
        if self.listener.fileno() != -1:
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self.listener.close()


class CIcap:
    """c-icap with its virus_scan module, and clamd with a local database of one signature: nothing is downloaded."""

    SIGNATURE = "Louver.Eicar.Test"

    @staticmethod
    def missing():
        """The Debian package that is not installed; empty if all is there."""
        for package, file in {"c-icap": "/usr/bin/c-icap", "libc-icap-mod-virus-scan": MODULES / "clamd_mod.so", "clamav-daemon": "/usr/sbin/clamd"}.items():
            if not pathlib.Path(file).exists():
                return package
        return ""

    def __init__(self, directory):
        self.directory = directory / "c-icap"
        database = self.directory / "signatures"
        database.mkdir(parents=True)
        (self.directory / "tmp").mkdir()
        os.chmod(self.directory, 0o755)
        (database / "local.ndb").write_text(f"{self.SIGNATURE}:0:*:{eicar().hex()}\n")
        self.processes = []
        self._start_clamd(database)
        self._start_c_icap()

    def _start_clamd(self, database):
        socket_path = self.directory / "clamd.ctl"
        config = self.directory / "clamd.conf"
        config.write_text(f"Foreground yes\nLocalSocket {socket_path}\nDatabaseDirectory {database}\nTemporaryDirectory {self.directory}/tmp\n"
                          f"LogFile {self.directory}/clamd.log\nSelfCheck 0\nMaxThreads 10\n")
        self._start(["/usr/sbin/clamd", "-c", str(config)], lambda: self._connects(socket.AF_UNIX, str(socket_path)))

    def _start_c_icap(self):
        self.port = free_port()
        config = self.directory / "c-icap.conf"
        config.write_text(f"""PidFile {self.directory}/c-icap.pid
CommandsSocket {self.directory}/c-icap.ctl
Port 127.0.0.1:{self.port}
StartServers 1
MaxServers 1
ThreadsPerChild 25
MinSpareThreads 1
MaxSpareThreads 25
TmpDir {self.directory}/tmp
MaxMemObject 131072
ServerLog {self.directory}/server.log
AccessLog {self.directory}/access.log
ModulesDir {MODULES}
ServicesDir {MODULES}
LoadMagicFile /etc/c-icap/c-icap.magic
TemplateDir /usr/share/c_icap/templates/
TemplateDefaultLanguage en
Service avscan virus_scan.so
virus_scan.ScanFileTypes TEXT DATA EXECUTABLE ARCHIVE GIF JPEG MSOFFICE DOCUMENT
virus_scan.StartSendPercentDataAfter 64M
virus_scan.MaxObjectSize 64M
virus_scan.DefaultEngine clamd
Module common clamd_mod.so
clamd_mod.ClamdSocket {self.directory}/clamd.ctl
""")
        self._start(["/usr/bin/c-icap", "-N", "-f", str(config)], lambda: self._connects(socket.AF_INET, ("127.0.0.1", self.port)))

    @property
    def url(self):
        return f"icap://127.0.0.1:{self.port}/avscan"

    def verdicts(self):
        """How many messages it has been asked about, by its own log."""
        return sum("MOD" in line for line in (self.directory / "access.log").read_text(errors="replace").splitlines())

    def _start(self, command, answers):
        log = (self.directory / f"{pathlib.Path(command[0]).name}.out").open("wb")
        process = subprocess.Popen(command, stdout=log, stderr=log)
        log.close()
        self.processes.append(process)

        def ready():
            if process.poll() is not None:
                raise AssertionError(f"{command} ended: {pathlib.Path(log.name).read_text()[-2000:]}")
            return answers()

        try:
            wait_for(ready, command[0])
        except AssertionError:
            self.stop()
            raise

    @staticmethod
    def _connects(family, address):
        with socket.socket(family) as s:
            return s.connect_ex(address) == 0

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
            process.wait()
