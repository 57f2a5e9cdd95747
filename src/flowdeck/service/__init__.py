"""The wire: what flowdeck asks of a flow service, and the Globus Flows service behind it."""
