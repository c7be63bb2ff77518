from aops.inventory import nesting


def test_a_circle_is_found_and_given_as_a_way() -> None:
    assert nesting.circle_through(1, {1: [2, 4], 2: [3], 3: [1], 4: []}) == [1, 2, 3, 1]


def test_a_group_in_itself_is_a_circle() -> None:
    assert nesting.circle_through(1, {1: [1]}) == [1, 1]


def test_two_ways_to_the_same_group_are_no_circle() -> None:
    assert nesting.circle_through(1, {1: [2, 3], 2: [4], 3: [4]}) is None


def test_a_circle_of_others_is_not_found_and_does_not_hang() -> None:
    assert nesting.circle_through(1, {1: [2], 2: [3], 3: [2]}) is None


def test_nesting_has_a_limit() -> None:
    allowed = {number: [number + 1] for number in range(1, nesting.MAX_DEPTH)}

    assert not nesting.is_too_deep(allowed)
    assert nesting.is_too_deep(allowed | {nesting.MAX_DEPTH: [99]})
    assert nesting.is_too_deep({1: [2], 2: [1]})
