"""The floor for an apply: only the creates, each thread with a client; their seconds go to a file, and they go again.

python floor_apply.py PARALLELISM FILE
"""

import json
import os
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from globus_sdk import AccessTokenAuthorizer, ConfidentialAppAuthClient, FlowsClient
from globus_sdk.scopes import FlowsScopes

auth = ConfidentialAppAuthClient(os.environ["GLOBUS_CLI_CLIENT_ID"], os.environ["GLOBUS_CLI_CLIENT_SECRET"])
tokens = auth.oauth2_client_credentials_tokens(requested_scopes=[FlowsScopes.manage_flows])
token = tokens.by_resource_server[FlowsClient.resource_server]["access_token"]
own = threading.local()
wanted = [
    (folder.name, *(json.loads((folder / f"{file}.json").read_text()) for file in ("definition", "input_schema")))
    for folder in Path("flows").iterdir()
]


def begin() -> None:
    """Give the thread its client."""
    own.client = FlowsClient(authorizer=AccessTokenAuthorizer(token))


def create(flow: tuple[str, dict[str, object], dict[str, object]]) -> str:
    """The id of a new flow."""
    return str(own.client.create_flow(*flow)["id"])


def delete(id: str) -> None:
    """Take it away again."""
    own.client.delete_flow(id)


with ThreadPoolExecutor(int(sys.argv[1]), initializer=begin) as pool:
    began = time.perf_counter()
    made = list(pool.map(create, wanted))
    Path(sys.argv[2]).write_text(str(time.perf_counter() - began))
    list(pool.map(delete, made))
