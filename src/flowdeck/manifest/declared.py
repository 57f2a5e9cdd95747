"""What the files of a project declare, in whatever environment: what a new flow must keep clear of."""

import glob
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flowdeck.manifest.files import Files
from flowdeck.manifest.includes import gather


@dataclass(frozen=True, slots=True)
class Declared:
    """Names of flows, also former ones; names by the id that they adopt; patterns of includes with their folders."""

    names: frozenset[str]
    ids: Mapping[str, str]
    includes: tuple[tuple[Path, str], ...]

    def matching(self, folder: Path, files: Iterable[str]) -> frozenset[str]:
        """Those of the files, new ones in the project folder, that the includes will match once they are there."""
        with TemporaryDirectory() as name:
            tree = Path(name).resolve()
            for file in files:
                (tree / file).parent.mkdir(parents=True, exist_ok=True)
                (tree / file).touch()
            found = [
                (tree / place.relative_to(folder) / one).resolve()
                for place, pattern in self.includes
                for one in glob.glob(pattern, root_dir=tree / place.relative_to(folder), recursive=True)
            ]
        return frozenset(one.relative_to(tree).as_posix() for one in found if one.is_relative_to(tree))


def declared(path: Path) -> Declared:
    """What flows.yaml and the files that it includes declare."""
    gathered = gather(path, Files(path.parent, path.parent.resolve()))
    names: set[str] = set()
    ids: dict[str, str] = {}
    includes: list[tuple[Path, str]] = []
    for source in gathered.sources:
        for name, flow in _flows(source.document.value):
            fields = flow if isinstance(flow, dict) else {}
            names |= {name, *_texts([fields.get("moved_from")])}
            ids |= {id.lower(): name for id in _texts([fields.get("id")])}
        includes += [(source.folder, pattern) for pattern in _texts(source.document.value.get("include"))]
    return Declared(frozenset(names), ids, tuple(includes))


def _flows(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    environments = document.get("environments")
    overriding = environments.values() if isinstance(environments, dict) else ()
    for value in (document, *overriding):
        flows = value.get("flows") if isinstance(value, dict) else None
        yield from flows.items() if isinstance(flows, dict) else ()


def _texts(values: Any) -> Iterable[str]:
    return [one for one in values if isinstance(one, str)] if isinstance(values, list) else []
