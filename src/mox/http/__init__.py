"""HTTP: sites by host and path on our listeners' streams, sessions of browsers, JSON APIs, static files.

RFC 9110 (semantics), 9112 and 9113 (HTTP/1.1 and HTTP/2, by hypercorn), 9457 (problems), 6797 (HSTS), and
OpenAPI 3.1. It has no pages and knows nothing of mail; what a site shows is the site's.

    site = Site(name="account", path="/", app=app, serves_host=lambda host: host == "mail.example")
    server = HttpServer(sites=[site], clock=clock, shutdown=shutdown)
    Port("https", "192.0.2.1", 443, server.serve, certificates.context(tls, alpn=ALPN, ...))

Applications raise `ProblemError` for what they refuse; it becomes a page for people and JSON for programs.
"""

from mox.http.access import Counting
from mox.http.api import Answer, Api, Cookie, Operation, Parameter
from mox.http.bodies import body_pieces, read_body, read_json
from mox.http.jsontypes import described
from mox.http.problems import ProblemError
from mox.http.routing import DeclinedError, Rank, Site, host_of, is_local_host
from mox.http.server import ALPN, HttpServer
from mox.http.staticsite import StaticFiles, StaticPage, read_files
from mox.http.websession import CSRF_HEADER, Caller, LoginToken, SessionState, WebDoor, check_origin

__all__ = [
    "ALPN",
    "CSRF_HEADER",
    "Answer",
    "Api",
    "Caller",
    "Cookie",
    "Counting",
    "DeclinedError",
    "HttpServer",
    "LoginToken",
    "Operation",
    "Parameter",
    "ProblemError",
    "Rank",
    "SessionState",
    "Site",
    "StaticFiles",
    "StaticPage",
    "WebDoor",
    "body_pieces",
    "check_origin",
    "described",
    "host_of",
    "is_local_host",
    "read_body",
    "read_files",
    "read_json",
]
