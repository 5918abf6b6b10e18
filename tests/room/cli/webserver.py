"""An HTTPS server on loopback with documents by host and path, for commands that fetch."""

import contextlib
import http.server
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from moxkit.testing import make_authority, make_certificate

__all__ = ["serve_https"]


@contextlib.contextmanager
def serve_https(directory: Path, documents: dict[str, str]) -> Iterator[tuple[str, ...]]:
    """Serve documents by ``host/path``; yields the options a command needs to fetch from here."""
    authority = make_authority()
    names = tuple({place.partition("/")[0] for place in documents})
    certificate, key = make_certificate(names, issuer=authority)
    (directory / "ca.pem").write_bytes(authority[0])
    (directory / "server.pem").write_bytes(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(directory / "server.pem")

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = self.headers["Host"].partition(":")[0] + self.path
            body = documents.get(place, "").encode()
            self.send_response(200 if place in documents else 404)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield ("--ca-file", str(directory / "ca.pem"), "--https-port", str(server.server_port))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
