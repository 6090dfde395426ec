"""What the names in a provision file's URLs mean as of now: asked before its transaction begins."""

from collections.abc import Iterable

from accounts.provision_file import Entry
from accounts.provisioning import APPLICATION_URLS
from common import resolving

URLS = (*APPLICATION_URLS, "stop_url")


def judge_names(entries: Iterable[Entry]) -> None:
    """Raise ProvisionError for the first URL whose name leads where nothing may be sent."""
    given = [(entry, name, entry.given[name]) for entry in entries for name in URLS if entry.given.get(name)]
    problems = resolving.objections(url for _, _, url in given)
    for entry, name, url in given:
        if (problem := problems.get(url)) is not None:
            raise entry.error(name, problem.problem, problem.cure)
