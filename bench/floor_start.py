"""The floor for a command that asks the service: import FlowsClient, and make the requests of a plan of few flows."""

import os

from globus_sdk import AccessTokenAuthorizer, ConfidentialAppAuthClient, FlowsClient
from globus_sdk.scopes import FlowsScopes

auth = ConfidentialAppAuthClient(os.environ["GLOBUS_CLI_CLIENT_ID"], os.environ["GLOBUS_CLI_CLIENT_SECRET"])
tokens = auth.oauth2_client_credentials_tokens(requested_scopes=[FlowsScopes.view_flows])
token = tokens.by_resource_server[FlowsClient.resource_server]["access_token"]
client = FlowsClient(authorizer=AccessTokenAuthorizer(token))
assert client.list_flows(filter_roles="flow_owner", orderby="id ASC", query_params={"per_page": 100})["flows"]
