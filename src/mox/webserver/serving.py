"""Finds who answers, and has it done."""

import ssl
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from mox.config import ConfigSnapshot, WebHandler, WebInternal, compile_pattern
from mox.http import DeclinedError, ProblemError, host_of
from mox.webserver.files import file_answer
from mox.webserver.redirects import PathMismatchError, redirect_target
from moxkit.domain import parse_domain

if TYPE_CHECKING:
    from mox.webserver.forwarding import Forwarder

__all__ = ["WebServer"]


class WebServer:
    """An ASGI application that answers as the configuration says at the time."""

    def __init__(
        self,
        *,
        current: Callable[[], ConfigSnapshot],
        own_sites: Mapping[str, ASGIApp],
        make_context: Callable[[], ssl.SSLContext] = ssl.create_default_context,
    ) -> None:
        """Remember what there is.

        Args:
            current: The configuration.
            own_sites: Our sites, by the names that WebInternal has for them.
            make_context: Makes the context for other web servers with https, when it is first needed.
        """
        self._current = current
        self._own_sites = own_sites
        self._make_context = make_context
        self._made_forwarder: Forwarder | None = None
        self._seen: ConfigSnapshot | None = None
        self._redirects: dict[str, str] = {}
        self._handlers: dict[str, list[tuple[str, WebHandler]]] = {}

    def serves_host(self, host: str) -> bool:
        """Say whether something is configured for a host."""
        self._look()
        return host in self._redirects or host in self._handlers

    async def close(self) -> None:
        """Close connections to other web servers."""
        if self._made_forwarder is not None:
            await self._made_forwarder.close()

    def _forwarder(self) -> "Forwarder":
        if self._made_forwarder is None:
            # 9 MB, only for who forwards something.
            from mox.webserver.forwarding import Forwarder  # noqa: PLC0415  see above

            self._made_forwarder = Forwarder(self._make_context)
        return self._made_forwarder

    def _look(self) -> None:
        snapshot = self._current()
        if snapshot is self._seen:
            return
        self._seen = snapshot
        self._redirects = {
            parse_domain(source).ascii: parse_domain(target).ascii
            for source, target in snapshot.dynamic.web_domain_redirects.items()
        }
        self._handlers = {}
        for number, handler in enumerate(snapshot.dynamic.web_handlers):
            name = handler.log_name or str(number)
            self._handlers.setdefault(parse_domain(handler.domain).ascii, []).append((name, handler))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or a WebSocket.

        Raises:
            DeclinedError: Nothing is configured for it, or what is leaves it to others.
            ProblemError: It is refused, or cannot be answered.
        """
        self._look()
        headers = dict(scope["headers"])
        host = host_of(headers.get(b"host", b"").decode("latin-1"))
        if scope["type"] == "websocket":
            await self._websocket(scope, receive, send, host)
            return
        request = Request(scope, receive)
        if (target := self._redirects.get(host)) is not None:
            scope["state"] |= {"handler": "(domainredirect)", "is_foreign": True}
            url = request.url.replace(scheme="https", netloc=target)
            await RedirectResponse(str(url), 308)(scope, receive, send)
            return
        for name, handler in self._fitting(host, scope["path"]):
            try:
                await self._answer(request, send, host, name, handler)
            except DeclinedError:
                scope["state"].pop("is_foreign", None)
                continue
            return
        scope["state"].pop("is_compressed", None)
        raise DeclinedError

    def _fitting(self, host: str, path: str) -> list[tuple[str, WebHandler]]:
        return [
            (name, handler)
            for name, handler in self._handlers.get(host, ())
            if compile_pattern(handler.path_regexp).is_in(path)
        ]

    async def _answer(self, request: Request, send: Send, host: str, name: str, handler: WebHandler) -> None:
        scope, receive = request.scope, request.receive
        state = scope["state"]
        state |= {
            "handler": name,
            "is_foreign": handler.web_internal is None,
            "is_compressed": handler.compress or handler.web_internal is not None,
        }
        if not handler.dont_redirect_plain_http and not state["is_secure"]:
            url = request.url.replace(scheme="https", netloc=host)
            await RedirectResponse(str(url), 308)(scope, receive, send)
        elif handler.web_static is not None:
            response = await file_answer(request, handler.web_static, scope["path"])
            await response(scope, receive, send)
        elif handler.web_redirect is not None:
            await self._redirect(request, send, handler)
        elif handler.web_forward is not None:
            await self._forwarder().answer(request, handler, handler.web_forward, send)
        elif handler.web_internal is not None:
            await self._internal(scope, receive, send, handler.web_internal)

    async def _redirect(self, request: Request, send: Send, handler: WebHandler) -> None:
        if (redirect := handler.web_redirect) is None:
            raise DeclinedError
        try:
            target = redirect_target(
                redirect,
                scheme=request.scope["scheme"],
                host=request.headers.get("host", ""),
                path=request.scope["path"],
                query=request.scope["query_string"].decode("latin-1"),
            )
        except PathMismatchError as error:
            raise ProblemError(404, "There is no page at this address.") from error
        if target is None:
            raise DeclinedError
        await RedirectResponse(target, redirect.status_code)(request.scope, request.receive, send)

    async def _internal(self, scope: Scope, receive: Receive, send: Send, internal: WebInternal) -> None:
        app = self._own_sites.get(internal.service)
        if app is None:
            raise ProblemError(404, f"There is no {internal.service} in this version.")
        path, base = scope["path"], internal.base_path
        if f"{path}/" == base:
            await RedirectResponse(base, 303)(scope, receive, send)
            return
        if not path.startswith(base):
            raise DeclinedError
        scope["state"]["base_path"] = base
        await app({**scope, "root_path": base.removesuffix("/")}, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send, host: str) -> None:
        for name, handler in self._fitting(host, scope["path"]):
            if handler.web_forward is not None:
                scope["state"]["handler"] = name
                websocket = WebSocket(scope, receive, send)
                await self._forwarder().tunnel(websocket, handler, handler.web_forward)
                return
        raise DeclinedError
