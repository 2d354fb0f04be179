"""Refuses settings that are out of their range."""


def require(condition: bool, wanted: str, came: object) -> None:
    """Refuses a setting.

    Raises:
        ValueError: If the condition does not hold.
    """
    if not condition:
        raise ValueError(f"wanted {wanted}, got {came}")
