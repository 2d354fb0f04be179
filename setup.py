"""What pyproject.toml cannot say: where a wheel has the rooms, and the C library of the game."""

import tomllib
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_py import build_py

TOP = ("fernway", "qjerk")
"""Packages that keep their place; the others go into `qjerk`, see qjerk/__init__.py."""


class UnderOneName(build_py):
    """Puts the rooms and the weights into the package `qjerk`, where a wheel is built; a checkout stays as it is."""

    def run(self) -> None:
        """Copies the packages to where the wheel is made from."""
        if not self.editable_mode:
            rooms = [name for name in (*self.packages, "weights") if name.partition(".")[0] not in TOP]
            self.packages = [
                *(name for name in self.packages if name not in rooms),
                *(f"qjerk.{name}" for name in rooms),
            ]
            self.package_dir = {f"qjerk.{name}": name.replace(".", "/") for name in rooms}
            self.package_data = {
                f"qjerk.{name}" if name in rooms else name: files for name, files in self.package_data.items()
            }
        super().run()


def native() -> Extension:
    """The C library, as fernway/pyproject.toml has it, where the game is a distribution of its own."""
    (of,) = tomllib.loads(Path("fernway/pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"][
        "ext-modules"
    ]
    return Extension(
        of["name"],
        [f"fernway/{source}" for source in of["sources"]],
        depends=[f"fernway/{header}" for header in of["depends"]],
        extra_compile_args=of["extra-compile-args"],
    )


setup(cmdclass={"build_py": UnderOneName}, ext_modules=[native()])
