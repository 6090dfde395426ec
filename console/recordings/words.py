"""What became of a recording, in words: pushes.md 3.4 and the reasons of `privacy.recordings.fetching`."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy.models import RecordingFile
from privacy.recordings import fetching, retention

PROBLEMS = {
    fetching.HOST: gettext_lazy("its host is not on the list of the upstream any more"),
    fetching.FORBIDDEN: gettext_lazy("its address leads into a private network or to this machine"),
    fetching.REDIRECT: gettext_lazy("the upstream sends us on to a host that is not on its list"),
    fetching.TOO_LARGE: gettext_lazy("the file is larger than is taken"),
    fetching.NO_WAV: gettext_lazy("what came is no WAV file in A-law, 8000 Hz, mono"),
    fetching.TIMEOUT: gettext_lazy("the upstream did not answer in time"),
    fetching.UNREACHABLE: gettext_lazy("the upstream could not be reached"),
    fetching.TLS: gettext_lazy("the upstream's certificate is not good"),
    fetching.CUT: gettext_lazy("the upstream broke off in the middle"),
    fetching.STORAGE: gettext_lazy("our storage was away or full"),
    fetching.KILLED: gettext_lazy("fetching it was broken off on our side each time"),
    retention.TERM_OVER: gettext_lazy("it did not come within its term"),
}


def problem(row: RecordingFile) -> str:
    """Return why it is not here, a word we do not know as it is."""
    kind, _blank, status = row.problem.partition(" ")
    if kind == "status" and status:
        return _("the upstream answered %(status)s") % {"status": status}
    return str(PROBLEMS.get(row.problem, row.problem))
