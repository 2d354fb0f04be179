import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from properties import examples

from agent.rules import ACTION_TABLE, BUTTONS, action_buttons, buttons, pack, unpack


def test_buttons_are_in_the_order_of_the_wire() -> None:
    assert buttons("RIGHT", "B").tolist() == [1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0]


def test_an_unknown_button_is_named() -> None:
    with pytest.raises(ValueError, match="got 'TURBO'"):
        buttons("TURBO")


def test_the_table_holds_each_combination_once_and_no_opposites() -> None:
    table = action_buttons()
    assert table.shape == (len(ACTION_TABLE), len(BUTTONS))
    assert len({tuple(row) for row in table.tolist()}) == len(table)
    for names in ACTION_TABLE:
        assert not {"LEFT", "RIGHT"} <= set(names)
        assert "START" not in names


@examples()
@given(st.integers(0, (1 << len(BUTTONS)) - 1))
def test_pack_undoes_unpack(packed: int) -> None:
    assert pack(unpack(packed)) == packed


def test_pack_puts_button_i_at_bit_i() -> None:
    assert pack(buttons("RIGHT", "B")) == (1 << 7) + 1
    assert pack(np.ones(len(BUTTONS), np.int8)) == (1 << 12) - 1


@pytest.mark.parametrize("packed", [-1, 1 << 12])
def test_bits_beyond_the_buttons_are_refused(packed: int) -> None:
    with pytest.raises(ValueError, match=str(packed)):
        unpack(packed)
