"""Doors in front of a database: what goes through can be cut off and let through again, and replies can be lost."""

import socket
import threading


class DatabaseGate:
    """Listens on a port of its own and carries connections to the database."""

    def __init__(self, host, port):
        self.target = (host, port)
        self.port = 0
        self.pairs = set()
        self.listener = None

    def __enter__(self):
        self.open()
        return self

    def __exit__(self, *_):
        self.close()

    def open(self):
        self.listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, args=(self.listener,), daemon=True).start()

    def close(self):
        """Nobody gets in, and who is in is thrown out."""
        if self.listener is None:
            return
        # Closing alone would leave the thread in accept with the port.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.listener = None
        for pair in list(self.pairs):
            self.cut(pair)

    def lets(self, near, data, is_question):
        """Whether bytes of a connection may pass; the connection breaks where they may not."""
        return True

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(near,), daemon=True).start()

    def serve(self, near):
        try:
            far = socket.create_connection(self.target)
        except OSError:
            near.close()
            return
        self.pairs.add((near, far))
        back = threading.Thread(target=self.carry, args=((near, far), far), daemon=True)
        back.start()
        self.carry((near, far), near)
        back.join()
        self.pairs.discard((near, far))
        near.close()
        far.close()

    def carry(self, pair, source):
        near, far = pair
        try:
            while (data := source.recv(65536)) and self.lets(near, data, source is near):
                (far if source is near else near).sendall(data)
        except OSError:
            pass
        self.cut(pair)

    @staticmethod
    def cut(pair):
        for end in pair:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class LossyGate(DatabaseGate):
    """Loses replies: a commit reaches the database, and whoever sent it never hears of it."""

    def __init__(self, host, port):
        super().__init__(host, port)
        self.armed = threading.Event()
        self.losing = set()
        self.lost = 0

    def lose_next(self):
        """The next commit of anybody is carried out, and its connection breaks instead of an answer."""
        self.armed.set()

    def lets(self, near, data, is_question):
        if is_question:
            if b"COMMIT" in data and self.armed.is_set():
                self.armed.clear()
                self.losing.add(near)
            return True
        if near not in self.losing:
            return True
        # The answer is here, so the transaction is durable; nobody is told.
        self.losing.discard(near)
        self.lost += 1
        return False
