from common.errors import BadInput, Conflict, MasklineError, NotReady


def test_bad_input_says_field_problem_and_cure() -> None:
    assert str(BadInput("price", "negative", "give 0 or more")) == "price: negative; give 0 or more"
    assert str(BadInput("price", "negative")) == "price: negative"


def test_only_what_may_pass_is_tried_again() -> None:
    assert NotReady.retry and not any(error.retry for error in (MasklineError, BadInput, Conflict))
