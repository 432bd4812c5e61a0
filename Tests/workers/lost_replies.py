"""A way to PostgreSQL that loses replies: a commit reaches the server, and whoever sent it never hears of it."""

import select
import socket
import threading


class LossyProxy:
    """Listens on a port of its own and carries connections to a PostgreSQL on loopback."""

    def __init__(self, port):
        self.target = port
        self.armed = threading.Event()
        self.lost = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def lose_next(self):
        """The next commit of anybody is carried out, and its connection breaks instead of an answer."""
        self.armed.set()

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.target))
        except OSError:
            client.close()
            return
        try:
            is_lost = False
            while True:
                for end in select.select([client, server], [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    if end is server:
                        if is_lost:
                            # The answer is here, so the transaction is durable; nobody is told.
                            self.lost += 1
                            return
                        client.sendall(data)
                        continue
                    if b"COMMIT" in data and self.armed.is_set():
                        self.armed.clear()
                        is_lost = True
                    server.sendall(data)
        except OSError:
            pass
        finally:
            client.close()
            server.close()
