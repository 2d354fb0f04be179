from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from agent.network.card import WeightsError
from agent.rules import ACTION_TABLE
from fernway.vector import INSIDE
from training.network import insider as insiders
from training.network.insider import Insider


def insider(seed: int = 0) -> Insider:
    torch.manual_seed(seed)
    found = Insider(temperature=0.25)
    found.scale_to(torch.randn(50, INSIDE) * 3 + 1)
    return found


def test_it_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    path, saved = tmp_path / "insider.safetensors", insider()
    insiders.save(path, saved, {"seed": 3})
    loaded, about = insiders.load(path)
    inside = torch.randn(7, INSIDE)
    assert (loaded(inside) == saved(inside)).all()
    assert (loaded.temperature, about) == (0.25, {"seed": 3})


def test_its_q_values_are_its_value_and_its_policy() -> None:
    found, inside = insider(), torch.randn(7, INSIDE)
    value, log_policy = found.value_and_policy(inside)
    assert log_policy.shape == (7, len(ACTION_TABLE))
    assert torch.allclose(log_policy.exp().sum(1), torch.ones(7))
    assert torch.allclose(0.25 * torch.logsumexp(found(inside) / 0.25, 1), value, atol=1e-5)


def test_where_others_round_to_bfloat16_it_does_not() -> None:
    found, inside = insider(), torch.randn(7, INSIDE)
    exact = found(inside)
    with torch.autocast("cpu", torch.bfloat16):
        rounded = found(inside)
    assert rounded.dtype == torch.float32
    assert (rounded == exact).all()


def test_what_comes_in_is_scaled_by_what_was_seen() -> None:
    found = insider()
    found.scale_to(torch.full((9, INSIDE), 4.0))  # nothing varies
    assert (found.mean == 4).all()
    assert (found.spread == insiders.LEAST_SPREAD).all()


@pytest.mark.parametrize("content", [b"", b"no tensors", b"\xff" * 64])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "insider.safetensors"
    path.write_bytes(content)
    with pytest.raises(WeightsError, match=r"cannot use the insider .*insider\.safetensors"):
        insiders.load(path)


@pytest.mark.parametrize(
    "said", ["[]", "{}", '{"format": "1", "temperature": 0.25}', '{"format": "1", "about": {}}', "{"]
)
def test_a_file_that_says_something_else_is_refused(tmp_path: Path, said: str) -> None:
    path = tmp_path / "insider.safetensors"
    save_file(insider().state_dict(), path, {"insider": said})
    with pytest.raises(WeightsError, match="insider"):
        insiders.load(path)


def test_a_missing_file_the_agents_weights_and_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot use the insider"):
        insiders.load(tmp_path / "there is none")
    with pytest.raises(
        WeightsError, match="no insider of this version: `python -m training train --sees inside` makes"
    ):
        insiders.load(Path(__file__).parents[3] / "weights" / "qjerk.safetensors")
    broken = insider()
    with torch.no_grad():
        broken.value.weight[0, 0] = float("nan")
    insiders.save(tmp_path / "broken.safetensors", broken, {})
    with pytest.raises(WeightsError, match="not finite"):
        insiders.load(tmp_path / "broken.safetensors")
