"""Where recordings and voice files lie: below DATA_DIR, or where MASKLINE_STORAGE_URL says (docs/recordings.md).

file:///srv/maskline                                              a folder
s3://BUCKET/PREFIX?endpoint=https://s3.example:9000&region=r      a bucket; keys in AWS_ACCESS_KEY_ID and _SECRET_
"""

from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from config.environment import Reader

NAME = "MASKLINE_STORAGE_URL"
STORES = ("recordings", "voices")
FILES = "django.core.files.storage.FileSystemStorage"
BUCKET = "common.buckets.BucketStorage"
# What people said in calls is for this program's user only.
PRIVATE = {"base_url": None, "file_permissions_mode": 0o600, "directory_permissions_mode": 0o700}
WRITE = "Write s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION, or file:///FOLDER, or leave it out for DATA_DIR."


def stores(env: Reader, data_dir: Path) -> dict[str, Any]:
    """Return the entries of STORAGES. What is wrong becomes a problem of the environment, which stops the start."""
    url = env.text(NAME)
    if not url:
        return _folders(data_dir)
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return _refused(env, data_dir, "is no address", WRITE)
    if parts.scheme == "file" and not parts.netloc and parts.path.startswith("/") and not parts.query:
        return _folders(Path(unquote(parts.path)))
    if parts.scheme != "s3":
        return _refused(env, data_dir, "is neither an s3:// nor a file:/// address", WRITE)
    return _bucket(env, data_dir, parts)


def _bucket(env: Reader, data_dir: Path, parts: SplitResult) -> dict[str, Any]:
    if parts.username or parts.password:
        cure = "Keep keys out of it: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_SECRET_ACCESS_KEY_FILE)."
        return _refused(env, data_dir, "holds a key", cure)
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(query.keys() - {"endpoint", "region"}):
        return _refused(env, data_dir, f"has an unknown option {unknown[0]!r}", "There are endpoint and region.")
    endpoint = query.get("endpoint", "")
    if not parts.hostname or parts.port or (endpoint and urlsplit(endpoint).scheme not in {"http", "https"}):
        return _refused(env, data_dir, "names no bucket, or an endpoint that is no http(s) address", WRITE)
    key, secret = env.text("AWS_ACCESS_KEY_ID"), env.secret("AWS_SECRET_ACCESS_KEY")
    if bool(key) != bool(secret) or (endpoint and not key):
        cure = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or AWS_SECRET_ACCESS_KEY_FILE)."
        return _refused(env, data_dir, "needs both keys, and one of them is missing", cure)
    common = {
        "bucket_name": parts.netloc,
        "endpoint_url": endpoint or None,
        "region_name": query.get("region") or None,
        "access_key": key or None,
        "secret_key": secret or None,
    }
    prefix = unquote(parts.path).strip("/")
    return {
        name: {"BACKEND": BUCKET, "OPTIONS": {**common, "location": f"{prefix}/{name}".lstrip("/")}} for name in STORES
    }


def _folders(home: Path) -> dict[str, Any]:
    return {name: {"BACKEND": FILES, "OPTIONS": {"location": home / name, **PRIVATE}} for name in STORES}


def _refused(env: Reader, data_dir: Path, problem: str, cure: str) -> dict[str, Any]:
    env.problem("maskline.E008", f"{NAME} {problem}", cure)
    return _folders(data_dir)
