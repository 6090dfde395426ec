"""The embedded PostgreSQL and Redis, and the supervisor of bin/run. Nothing here imports Django."""

from config.services.layout import ServiceError
from config.services.sharing import Services, data_dir, embedded, revive, use

__all__ = ["ServiceError", "Services", "data_dir", "embedded", "revive", "use"]
