"""The configurable web server beside the mail: files, redirects, other web servers, our own sites elsewhere.

What answers is the first of `WebHandlers` in `domains.toml` whose host and path fit (reference http.md §5).
It follows the configuration as it changes. TLS, limits and logs are those of `mox.http`.

    server = WebServer(current=lambda: source.current, own_sites={"account": app})
    Site(name="webserver", path="/", app=server, serves_host=server.serves_host, rank=Rank.CONFIGURED,
         takes_websockets=True)
"""

from mox.webserver.serving import WebServer

__all__ = ["WebServer"]
