"""The network learns on while the run goes: what it is shown, and when a newer version of it takes over."""

import contextlib
import multiprocessing
import queue
from collections import deque
from collections.abc import Callable
from multiprocessing.queues import Queue

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from agent.actions import ACTION_TABLE, Buttons, buttons, pack
from agent.config import EPISODE_TIMESTEPS, ApprenticeConfig, NetworkConfig, VisionConfig
from agent.imitation import UNKNOWN, Lesson, learn
from agent.knowledge import Arrays, KnowledgeError, checked
from agent.network import QNetwork, from_tensors, to_bytes
from agent.players import Moment
from agent.policy import Policy


class Apprentice:
    """Shows the run's best episodes to a process that learns from them, and fetches what it has learned.

    A process, not a thread: the run goes on at its pace, and goes on without it should it fail.
    """

    def __init__(
        self,
        network: QNetwork,
        vision: VisionConfig,
        network_config: NetworkConfig,
        config: ApprenticeConfig,
        say: Callable[[str], None],
    ) -> None:
        """Prepares; `start` starts the process.

        Args:
            network: The network to learn on from; it stays as it is.
            vision: Its vision.
            network_config: Its sizes.
            config: How to learn.
            say: Tells the user something, one line.
        """
        self._vision = vision
        self._network_config = network_config
        self._config = config
        self._say = say
        context = multiprocessing.get_context("spawn")  # a forked torch may hang
        self._outbox: Queue[Lesson | bytes] = context.Queue(maxsize=config.waiting)
        self._inbox: Queue[bytes] = context.Queue()
        self._process = context.Process(
            target=learn,
            args=(to_bytes(network), vision, network_config, config, self._outbox, self._inbox),
            daemon=True,
        )
        self._index = {pack(buttons(*names)): number for number, names in enumerate(ACTION_TABLE)}
        self._recent = deque[float](maxlen=config.recent)
        self._is_gone = False
        self._learned = b""  # the newest version, as safetensors
        self._restored: QNetwork | None = None  # an earlier run's, until it is fetched
        self.shown = 0
        """Episodes given to the process so far."""
        self.begin_episode()

    @property
    def pid(self) -> int | None:
        """The process's number; None before `start`."""
        return self._process.pid

    def start(self) -> None:
        """Starts the process."""
        self._process.start()

    def close(self) -> None:
        """Ends the process at once: all it knew that is worth anything is here already."""
        if self.pid is not None:
            self._process.kill()
            self._process.join()
        for channel in (self._outbox, self._inbox):
            channel.cancel_join_thread()
            channel.close()

    def begin_episode(self) -> None:
        """Starts an empty record."""
        self._planes: list[NDArray[np.uint8]] = []
        self._actions: list[int] = []
        self._returns: list[float] = []

    def watch(self, moment: Moment, held: Buttons) -> None:
        """Writes down what was seen and what is held now."""
        if len(self._actions) < EPISODE_TIMESTEPS:
            self._planes.append(moment.stack.observation()[-self._vision.planes :])
            self._actions.append(self._index.get(pack(held), UNKNOWN))
            self._returns.append(moment.episode_return)

    def end_episode(self) -> None:
        """Shows the episode to the process if it was one of the better ones of late; without waiting."""
        if not self._returns:
            return
        end = int(np.argmax(self._returns)) + 1
        best = self._returns[end - 1]
        self._recent.append(best)
        if best <= 0 or best < np.quantile(self._recent, 1 - self._config.share):
            return
        lesson = Lesson(
            planes=np.stack(self._planes[:end]),
            actions=np.array(self._actions[:end], np.int8),
            returns=np.array(self._returns[:end], np.float32),
            best_return=best,
        )
        with contextlib.suppress(queue.Full):  # it has more to learn from than it can take in
            self._outbox.put_nowait(lesson)
            self.shown += 1

    def newest(self) -> Policy | None:
        """Returns the newest version of the network, if there is a newer one than last time."""
        if self.pid is not None and not self._is_gone and not self._process.is_alive():
            self._is_gone = True
            self._say("the learning process is gone; the run goes on with what the network knew")
        network, self._restored = self._restored, None
        data = None
        with contextlib.suppress(queue.Empty):
            while True:
                data = self._inbox.get_nowait()
        if data is not None:
            self._learned = data
            network = self._network(data)
        return None if network is None else Policy(network, self._vision)

    def _network(self, weights: bytes) -> QNetwork:
        return from_tensors(load_tensors(weights), self._vision, self._network_config)

    def arrays(self) -> Arrays:
        """Returns what the network has learned: its newest version as safetensors, uint8 [N], empty before the first."""
        return {"weights": np.frombuffer(self._learned, np.uint8)}

    def accept(self, arrays: Arrays) -> Callable[[], None]:
        """Checks what `arrays` returned, and returns what goes on from it when it is called; from nothing if it is empty.

        Raises:
            KnowledgeError: If the weights are not a network of this shape.
        """
        data = checked(arrays, "weights", np.uint8, None).tobytes() if arrays else b""
        if not data:
            return lambda: None
        try:
            network = self._network(data)
        except (SafetensorError, RuntimeError) as error:
            raise KnowledgeError(f"wanted weights of this network's shape: {str(error).splitlines()[0]}") from error

        def take_over() -> None:
            self._learned, self._restored = data, network
            self._outbox.put_nowait(data)  # before any episode: there is room

        return take_over
