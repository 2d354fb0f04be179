"""Properties: statements that hold for every input, asked of inputs that hypothesis draws.

Everybody's default run asks the same inputs, and nothing of it is written down: a test that passes today passes
tomorrow. `./build.sh fuzz` draws new ones, a hundred times as many: it sets QJERK_FUZZ to `draw` and gives hypothesis
a seed. With the same seed and QJERK_FUZZ=shrink, what failed is made as small as can be.
"""

import os
import tempfile

from hypothesis import HealthCheck, Phase, configuration, settings

IS_FUZZING = bool(os.environ.get("QJERK_FUZZ"))

TIMES = 100 if IS_FUZZING else 1
"""How many times the usual number of inputs are asked."""

configuration.set_hypothesis_home_dir(tempfile.gettempdir())  # it keeps tables of its own somewhere, else beside us
settings.register_profile(
    "qjerk",
    database=None,
    deadline=None,  # a machine with much else to do takes its time
    suppress_health_check=[HealthCheck.too_slow],  # likewise
    print_blob=True,
    derandomize=not IS_FUZZING,
)
settings.load_profile("qjerk")


def examples(count: int = 100) -> settings:
    """Settings of a property that is asked so many inputs."""
    phases = (Phase.explicit, Phase.generate) if os.environ.get("QJERK_FUZZ") == "draw" else tuple(Phase)
    return settings(max_examples=count * TIMES, phases=phases)
