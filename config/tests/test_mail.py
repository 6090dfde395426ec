"""EMAIL_URL: what it may say, and what stops the start."""

from pathlib import Path

import pytest

from config import mail
from config.environment import Reader


def read(url: str) -> tuple[mail.Mail, list[str]]:
    env = Reader({"EMAIL_URL": url})
    return mail.read(env, "https://maskline.example"), [problem.message for problem in env.problems]


def test_left_out_it_is_the_log() -> None:
    found, problems = read("")
    assert (found.backend, found.sender, problems) == (mail.CONSOLE, "maskline@maskline.example", [])


@pytest.mark.parametrize(
    ("url", "port", "starttls", "tls"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp://mail.example?starttls=1", 587, True, False),
        ("smtp://u:p@mail.example", 587, True, False),
        ("smtp://u:p@mail.example:2525?starttls=0", 2525, False, False),
        ("smtps://u:p@mail.example", 465, False, True),
    ],
)
def test_a_password_goes_over_tls_unless_said_otherwise(url: str, port: int, starttls: bool, tls: bool) -> None:
    found, problems = read(url)
    assert (found.backend, found.host, problems) == (mail.SMTP, "mail.example", [])
    assert (found.port, found.starttls, found.tls) == (port, starttls, tls)


def test_user_and_password_are_unquoted_and_the_sender_is_taken() -> None:
    found, _ = read("smtps://a%40b:p%2Fw@mail.example?from=alarm@acme.example")
    assert (found.user, found.password, found.sender) == ("a@b", "p/w", "alarm@acme.example")


@pytest.mark.parametrize(
    "url", ["http://mail.example", "smtp://", "smtp://mail.example/x", "smtp://m.example?tls=1", "smtp://m.example:no"]
)
def test_what_cannot_be_used_stops_the_start_without_telling_the_password(url: str) -> None:
    _, problems = read(url)
    assert len(problems) == 1 and problems[0].startswith("EMAIL_URL ")


def test_it_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mail"
    file.write_text("smtp://mail.example\n")
    assert mail.read(Reader({"EMAIL_URL_FILE": str(file)}), "").host == "mail.example"
