"""Recordings of calls: uploaded by the switch or fetched from an upstream, listened to, deleted after their term.

`keeping` takes uploads, `fetching` asks upstreams, `links` gives customers the file, `retention` ends it.
"""

from privacy.recordings.links import NoRecording, Recording, find, link, opened
from privacy.recordings.store import path_of

__all__ = ["NoRecording", "Recording", "find", "link", "opened", "path_of"]
