"""The floor for a plan: the shortest honest script that loads the same files, lists the flows and compares."""

import json
import os
from pathlib import Path

import yaml
from globus_sdk import AccessTokenAuthorizer, ConfidentialAppAuthClient, FlowsClient
from globus_sdk.scopes import FlowsScopes

wanted = {}
for name in yaml.load(Path("flows.yaml").read_text(), Loader=yaml.CSafeLoader)["flows"]:
    folder = Path("flows") / name
    wanted[name] = [json.loads((folder / f"{file}.json").read_text()) for file in ("definition", "input_schema")]

auth = ConfidentialAppAuthClient(os.environ["GLOBUS_CLI_CLIENT_ID"], os.environ["GLOBUS_CLI_CLIENT_SECRET"])
tokens = auth.oauth2_client_credentials_tokens(requested_scopes=[FlowsScopes.view_flows])
token = tokens.by_resource_server[FlowsClient.resource_server]["access_token"]
client = FlowsClient(authorizer=AccessTokenAuthorizer(token))
pages = client.paginated.list_flows(filter_roles="flow_owner", orderby="id ASC", query_params={"per_page": 100})
live = {flow["title"]: [flow["definition"], flow["input_schema"]] for page in pages for flow in page["flows"]}
assert live == wanted
