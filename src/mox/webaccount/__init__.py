"""The account site: people look after their account with a browser, programs with the same JSON API.

`account_app` makes it: one page, its files, and the API below ``api/``, described by ``api/openapi.json``
(OpenAPI 3.1). It does not show mail. Each operation works for the account of its session, and for no other.

    app = account_app(AccountParts(identities=..., accounts=..., source=..., store=..., queue=..., ...))
    site = Site(name="account", path="/", app=app, serves_host=...)

Operations raise `mox.http.ProblemError` for what they refuse; making the site raises `OSError`.
"""

from mox.webaccount.parts import AccountParts
from mox.webaccount.site import account_api, account_app, account_door

__all__ = ["AccountParts", "account_api", "account_app", "account_door"]
