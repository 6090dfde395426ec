"""Who signed a request."""

from dataclasses import dataclass

from accounts.models import Application, Upstream


@dataclass(frozen=True)
class Principal:
    """Who signed: an application of ours, an upstream, or (signed_app_key) a vendor's app_key that names both."""

    application: Application | None
    upstream: Upstream | None
    key: str
    signed_app_key: str = ""
