"""The page about the emulator, run."""

import re
from pathlib import Path

import requests
import yaml

from flowdeck.emulator import Emulator
from flowdeck.emulator.settings import CHOICES

PAGE = (Path(__file__).parents[2] / "docs" / "emulator.md").read_text(encoding="utf-8")
SEED, FAULTS = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))


def test_seed_and_faults() -> None:
    """The seed and the faults of the page are accepted, and the seed's client is who the page says."""
    with Emulator(seed=SEED, faults=FAULTS) as emulator:
        assert emulator.environment()["GLOBUS_CLI_CLIENT_SECRET"] == "not-a-secret"
        assert requests.get(f"{emulator.url}/_emulator/faults", timeout=10).json()["faults"] == FAULTS


def test_settings() -> None:
    """The page lists every setting with its choices, the default first."""
    for name, choices in CHOICES.items():
        assert f"| `{name}` | {', '.join(f'`{choice}`' for choice in choices)} |" in PAGE


def test_default_client() -> None:
    """The credentials that the page shows are those of the default seed."""
    with Emulator() as emulator:
        for name in ("GLOBUS_CLI_CLIENT_ID", "GLOBUS_CLI_CLIENT_SECRET"):
            assert f"export {name}={emulator.environment()[name]}" in PAGE
