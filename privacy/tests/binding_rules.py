"""What each mode answers to a bind, and who is reached: the modes of `binding_world` (northbound.md 3-6, 9). Pure."""

from privacy.tests.binding_world import (
    EXTENSIONS,
    NUMBERS_OF_A,
    PAIRS,
    PARTIES,
    Bound,
    Refused,
    Standing,
    World,
    X,
)

EVERY_EXTENSION = [str(digit) for digit in range(1, EXTENSIONS + 1)]


def reached(world: World, x: str, caller: str) -> tuple[str, str] | None:
    """Return which binding a caller of X meets, and as whom; None when nobody is bound that way."""
    for bound in world.on(x):
        if bound.a == caller:
            return bound.id, "A"
        if bound.b and not bound.parent and bound.b == caller:
            return bound.id, "B"
    for bound in world.on(x):
        if not (bound.b or bound.extension or bound.parent):
            return bound.id, "anyone"
    return None


def reached_by_extension(world: World, x: str, extension: str) -> tuple[str, str] | None:
    """Return which binding an extension of X leads to."""
    for bound in world.on(x):
        if bound.extension == extension:
            return bound.id, "extension"
    return None


# --- AXB


def bind_axb(world: World, owner: str, a: str, b: str, x: str, area: str, loose: bool) -> set[str]:
    """Return the X's that A and B may be bound on. Raises Refused."""
    if x:
        world.check_named(owner, x, "1012001")
        check_pair(world, x, a, b)
        if len(world.on(x)) >= PAIRS:
            raise Refused("1012008")
        return {x}

    def fits(candidate: X, standing: Standing) -> bool:
        number = candidate.number
        bound = standing.on(number)
        met = any({a, b} & {one.a, one.b} for one in bound)
        return not (met or len(bound) >= PAIRS or standing.cools(number, a, b) or standing.cools(number, b, a))

    return _some(world.allowed(owner, area or PARTIES[a], loose, fits), "1012008")


def check_pair(world: World, x: str, a: str, b: str, *, but: str = "") -> None:
    """Raise Refused when A or B is bound on X already, on either side, by another binding than `but`."""
    if any({a, b} & {one.a, one.b} for one in world.on(x) if one.id != but):
        raise Refused("1012010")


# --- AX, and the AX of AXYB


def bind_ax(world: World, owner: str, a: str, x: str, area: str, loose: bool, none_left: str = "1011002") -> set[str]:
    """Return the X's that A may be given. Raises Refused. An X may be named in AX only."""
    if x:
        world.check_named(owner, x, "1011001")
        if bound := world.on(x):
            raise Refused("1016002" if bound[0].a == a else "1011005")
        check_load(world, owner, a)
        return {x}
    check_load(world, owner, a)

    def fits(candidate: X, standing: Standing) -> bool:
        return not standing.on(candidate.number) and not standing.cools(candidate.number, "anyone", a)

    return _some(world.allowed(owner, area or PARTIES[a], loose, fits), none_left)


def check_load(world: World, owner: str, a: str) -> None:
    """Raise Refused when A has as many X of the application as he may have."""
    held = [bound for bound in world.live() if bound.owner == owner and bound.a == a and not bound.parent]
    if len(held) >= NUMBERS_OF_A:
        raise Refused("1011003")


def bind_yb(world: World, owner: str, ax: Bound, b: str, area: str, loose: bool) -> set[str]:
    """Return the Y's that may stand for B towards the A of an AX. Raises Refused."""
    if any(child.parent == ax.id and child.b == b for child in world.live()):
        raise Refused("1012010")

    def fits(candidate: X, standing: Standing) -> bool:
        bound = standing.on(candidate.number)
        return all(one.parent for one in bound) and all(one.a != ax.a for one in bound)

    def serves_as_y(candidate: X, standing: Standing) -> bool:
        return bool(standing.on(candidate.number))

    # One that is a Y already comes first: one that is nothing yet can still be an X.
    return _some(world.allowed(owner, area or PARTIES[b], loose, fits, serves_as_y), "1012008")


# --- AXE


def bind_axe(world: World, owner: str, a: str, x: str, extension: str, area: str, loose: bool) -> set[tuple[str, str]]:
    """Return the X's and extensions that A may be given. Raises Refused."""
    if x:
        world.check_named(owner, x, "1012001")
        bound = world.on(x)
        if any(one.a == a for one in bound):
            raise Refused("1013102")
        taken = {one.extension for one in bound}
        if extension in taken or len(taken) == EXTENSIONS:
            raise Refused("1020167")
        free = [extension] if extension else _fresh(world.standing(), x, a)
        return {(x, each) for each in _some(set(free), "1020167")}

    def fits(candidate: X, standing: Standing) -> bool:
        bound = standing.on(candidate.number)
        free = _fresh(standing, candidate.number, a)
        return all(one.a != a for one in bound) and (extension in free if extension else bool(free))

    found = _some(world.allowed(owner, area or PARTIES[a], loose, fits), "1012008")
    return {
        (number, each)
        for number in found
        for each in ([extension] if extension else _fresh(world.standing(), number, a))
    }


def _fresh(standing: Standing, x: str, a: str) -> list[str]:
    """Return the extensions of X that are free and not kept from A."""
    taken = {one.extension for one in standing.on(x)}
    return [each for each in EVERY_EXTENSION if each not in taken and not standing.cools(x, f"extension {each}", a)]


def _some(found: set[str], code: str) -> set[str]:
    if not found:
        raise Refused(code)
    return found
