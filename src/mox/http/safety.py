"""Headers that keep browsers from helping an attacker; an application may set its own, stricter ones."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Safety"]

# No inline script or style, nothing from elsewhere, no HTML from strings, and nobody shows us in a frame.
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    b"connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
    b"require-trusted-types-for 'script'; trusted-types 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
# Without subdomains, which may be other machines (RFC 6797 §6.1.2).
_HSTS = (b"strict-transport-security", b"max-age=31536000")


class Safety:
    """Adds them to every answer, but for those of somebody else's pages (`is_foreign` in the state)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def safer(message: Message) -> None:
            if message["type"] == "http.response.start" and not scope["state"].get("is_foreign"):
                headers = list(message.get("headers", ()))
                present = {name for name, _ in headers}
                wanted = (*_HEADERS, _HSTS) if _may_insist(scope) else _HEADERS
                headers += [header for header in wanted if header[0] not in present]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, safer)


def _may_insist(scope: Scope) -> bool:
    """Say whether the host may be told to be visited by TLS only: over TLS, and not a developer's."""
    if scope["state"].get("tls") is None:
        return False
    host = dict(scope["headers"]).get(b"host", b"").partition(b":")[0]
    return bool(host) and host != b"localhost" and not host.replace(b".", b"").isdigit() and host[:1] != b"["
