"""Projects to measure with: flows of a real size, each with its own files; and the same for Terraform."""

import json
import uuid
from pathlib import Path
from typing import Any

# A transfer and a choice for each part, and two ends: 14 states, 7 KB of indented JSON, as flows with two hops have.
PARTS = 6


def definition(number: int) -> dict[str, Any]:
    """A definition with parameters, choices and catches, in which `number` makes the difference."""
    states: dict[str, Any] = {
        "Done": {"Type": "Pass", "End": True},
        "Failed": {"Type": "Fail", "Error": "TransferFailed", "Cause": "a transfer did not succeed"},
    }
    for part in range(PARTS):
        states[f"Transfer{part}"] = {
            "Comment": f"Copy part {part} of data set {number} to the next place, and catch what goes wrong",
            "Type": "Action",
            "ActionUrl": "https://transfer.actions.globus.org/transfer",
            "Parameters": {
                "source_endpoint.$": f"$.places[{part}].source.id",
                "destination_endpoint.$": f"$.places[{part}].destination.id",
                "label.=": f"'Part {part} of ' + `$.label`",
                "sync_level": 3,
                "verify_checksum": True,
                "DATA": [
                    {
                        "source_path.$": "$.source.path",
                        "destination_path.$": "$.destination.path",
                        "recursive.$": "$.recursive",
                    }
                ],
            },
            "ResultPath": f"$.Transfer{part}Result",
            "WaitTime": 600 + part,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
            "Next": f"Check{part}",
        }
        states[f"Check{part}"] = {
            "Type": "Choice",
            "Choices": [
                {
                    "Variable": f"$.Transfer{part}Result.status",
                    "StringEquals": "SUCCEEDED",
                    "Next": f"Transfer{part + 1}" if part < PARTS - 1 else "Done",
                }
            ],
            "Default": "Failed",
        }
    return {"Comment": f"Flow {number}", "StartAt": "Transfer0", "States": states}


def schema() -> dict[str, Any]:
    """The input schema of each of them."""
    collection = {
        "type": "object",
        "title": "Collection",
        "description": "A collection of Globus Transfer, by its id",
        "format": "globus-collection",
        "properties": {"id": {"type": "string", "format": "uuid"}, "path": {"type": "string"}},
        "required": ["id"],
        "additionalProperties": False,
    }
    place = {"type": "object", "properties": {"source": collection, "destination": collection}}
    path = {"type": "object", "properties": {"path": {"type": "string", "title": "Path"}}, "required": ["path"]}
    properties = {
        "label": {"type": "string", "title": "Label", "description": "What the tasks are called", "maxLength": 128},
        "recursive": {"type": "boolean", "title": "Whole folders", "default": True},
        "source": path,
        "destination": path,
        "places": {"type": "array", "items": place, "minItems": PARTS},
    }
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def name(number: int) -> str:
    """The name of a flow in the manifest, and of its folder."""
    return f"flow-{number:05d}"


def write(folder: Path, count: int) -> None:
    """A project of `count` flows on the service that the environment variables name."""
    lines = ["version: 1", "project: bench", "environments: {bench: {service: globus}}", "flows:"]
    for number in range(count):
        home = folder / "flows" / name(number)
        home.mkdir(parents=True)
        (home / "definition.json").write_text(json.dumps(definition(number), indent=2))
        (home / "input_schema.json").write_text(json.dumps(schema(), indent=2))
        lines.append(f"  {name(number)}: {{subscription: DEFAULT}}")
    (folder / "flows.yaml").write_text("\n".join(lines) + "\n")


def write_terraform(folder: Path, count: int) -> None:
    """As many `terraform_data` with the same definitions, and the state in which all of them exist.

    The state is written here, since an apply of a thousand takes a quarter of an hour: it writes all of it after each.
    """
    wanted = {name(number): definition(number) for number in range(count)}
    resources = {one: {"input": content} for one, content in wanted.items()}
    (folder / "main.tf.json").write_text(json.dumps({"resource": {"terraform_data": resources}}))
    state = {"version": 4, "serial": 1, "lineage": str(uuid.uuid4()), "terraform_version": "1.4.0", "outputs": {}}
    applied = [_applied(one, content) for one, content in wanted.items()]
    (folder / "terraform.tfstate").write_text(json.dumps({**state, "resources": applied}))


def _applied(address: str, content: Any) -> dict[str, Any]:
    value = {"value": content, "type": _type(content)}
    attributes = {"id": str(uuid.uuid4()), "input": value, "output": value, "triggers_replace": None}
    return {
        "mode": "managed",
        "type": "terraform_data",
        "name": address,
        "provider": 'provider["terraform.io/builtin/terraform"]',
        "instances": [{"schema_version": 0, "attributes": attributes}],
    }


def _type(value: Any) -> Any:
    """The type of a value, in the notation of Terraform's state."""
    if isinstance(value, dict):
        return ["object", {key: _type(one) for key, one in value.items()}]
    if isinstance(value, list):
        return ["tuple", [_type(one) for one in value]]
    return "bool" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"
