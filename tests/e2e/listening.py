"""Origins and relays that are played by the test itself."""

import socket
import threading


def carry(source, to):
    """Everything that comes from one connection goes to the other, and then its end."""
    try:
        while data := source.recv(65536):
            to.sendall(data)
        to.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Listening:
    """Listens on a free port and has `serve(connection)` run for each connection, on a thread of its own."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.accepted = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                s, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)  # else whoever waits in accept() keeps the port alive
        self.listener.close()


class Echo(Listening):
    """A TCP origin that says everything again, and counts who came and went."""

    def __init__(self):
        self.ended = 0
        super().__init__()

    def serve(self, s):
        with s:
            try:
                while data := s.recv(65536):
                    s.sendall(data)
            except OSError:
                pass
            self.ended += 1
