"""Refuses settings that are out of their range, by the names of their flags."""

from agent.ranges import require


def flag(name: str, group: str = "") -> str:
    """Names the flag of a setting, which may be in a group of settings."""
    return f"--{group}{'.' if group else ''}{name.replace('_', '-')}"


def require_least(settings: object, least: float, *names: str, group: str = "") -> None:
    """Refuses settings that are too small, and those that are no numbers.

    Args:
        settings: Has them.
        least: The smallest value that each may have.
        names: Of the settings.
        group: The group of the command's settings that these are.

    Raises:
        ValueError: If one is smaller.
    """
    for name in names:
        value = getattr(settings, name)
        require(value >= least, f"{flag(name, group)} of at least {least}", value)
