from agent.level.detours import without_detours


def test_what_lies_between_two_visits_is_dropped() -> None:
    places = "abcdcbcde"  # to d, back to b, on to e

    def visited(path: list[int], step: int) -> int | None:
        return next((at for at, earlier in enumerate(path) if places[earlier] == places[step]), None)

    led_on = without_detours(len(places), visited)
    assert "".join(places[step] for step in led_on) == "abcde"
    assert led_on == [0, 5, 6, 7, 8], "the last visit goes on, not the first"


def test_who_comes_nowhere_twice_keeps_every_step() -> None:
    assert without_detours(4, lambda path, step: None) == [0, 1, 2, 3]
    assert without_detours(0, lambda path, step: None) == []
