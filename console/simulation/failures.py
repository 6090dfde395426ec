"""How calls fail: real causes, each with the three numbers that belong together (pushes.md 6). Pure."""

from dataclasses import dataclass
from enum import Enum
from random import Random


class Stage(Enum):
    """How far a failed call came."""

    BINDING = "before the second leg"
    TRANSFER = "second leg started, never rang"
    RINGING = "rang, never answered"


@dataclass(frozen=True, slots=True)
class Failure:
    """One way to fail: `state_code` of the disconnect (also the release point), Q.850 cause, SIP status.

    `weight` counts among the failures a mode can have; `wait` is how long it takes, in seconds (least, most).
    """

    state_code: int
    cause: int
    sip_status: int
    stage: Stage
    weight: float
    wait: tuple[int, int]
    text: str
    modes: frozenset[str] = frozenset({"AX", "AXB", "AXE", "AXYB", "X"})


def _only(*modes: str) -> frozenset[str]:
    return frozenset(modes)


_B, _T, _R = Stage.BINDING, Stage.TRANSFER, Stage.RINGING

# The pairing of stateCode, Q.850 and SIP is the practical one of pushes.md 6.3; before the second leg there is neither.
FAILURES = (
    Failure(8101, 19, 480, _R, 34, (40, 60), "No answer from the callee."),
    Failure(8102, 17, 486, _T, 21, (2, 5), "The callee is busy."),
    Failure(7502, 16, 487, _R, 14, (3, 25), "The caller hung up while the callee was ringing."),
    Failure(7503, 21, 603, _R, 9, (3, 15), "The callee refused the call."),
    Failure(7504, 21, 403, _T, 3, (1, 3), "The call was rejected."),
    Failure(8104, 20, 480, _T, 7, (3, 8), "The callee is powered off."),
    Failure(8103, 20, 480, _T, 3, (5, 15), "The callee cannot be reached."),
    Failure(8105, 27, 480, _T, 1.5, (2, 5), "The callee is out of service."),
    Failure(8100, 1, 404, _T, 2, (1, 4), "The callee number does not exist."),
    Failure(7501, 16, 487, _T, 2.5, (1, 6), "The caller hung up before the callee rang."),
    Failure(8035, 102, 408, _T, 0.5, (90, 91), "Connecting the callee timed out."),
    Failure(8047, 0, 0, _B, 0.6, (1, 2), "The caller calls too often."),
    Failure(7005, 0, 0, _B, 0.3, (1, 2), "The caller is on a blacklist."),
    Failure(8014, 0, 0, _B, 5, (1, 2), "Invalid AXB call.", _only("AXB", "X")),
    Failure(8013, 0, 0, _B, 3, (1, 2), "There is no temporary callee.", _only("AX")),
    Failure(8022, 0, 0, _B, 3, (6, 14), "The extension is not bound.", _only("AXE")),
    Failure(7516, 0, 0, _B, 4, (2, 9), "The caller hung up before the transfer.", _only("AXE")),
    Failure(8030, 0, 0, _B, 4, (1, 2), "The AXYB binding does not exist.", _only("AXYB")),
)
NORMAL_TEXT = "The user releases the call."
# Nothing is bound, so no binding id can be told; the others know theirs.
WITHOUT_BINDING = frozenset({8014, 8022, 8030, 7516})

_CHOICES = {
    mode: (
        [failure for failure in FAILURES if mode in failure.modes],
        [failure.weight for failure in FAILURES if mode in failure.modes],
    )
    for mode in ("AX", "AXB", "AXE", "AXYB", "X")
}


def choose(rng: Random, mode: str) -> Failure:
    """Return a way a call of this mode fails, the likely ones more often."""
    failures, weights = _CHOICES[mode]
    return rng.choices(failures, weights)[0]
