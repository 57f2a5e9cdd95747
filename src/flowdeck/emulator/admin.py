"""The emulator's own routes under /_emulator/, for tests and demonstrations in other processes. They need no token."""

from dataclasses import asdict

from flowdeck.emulator import checks, fault_spec, store
from flowdeck.emulator.errors import FaultError
from flowdeck.emulator.exchange import Answer, Call
from flowdeck.emulator.faults import Faults
from flowdeck.emulator.log import RequestLog
from flowdeck.emulator.refusals import Refusal


class Admin:
    """The handlers of the admin routes, over the faults and the log of one emulator."""

    def __init__(self, faults: Faults, log: RequestLog) -> None:
        self._faults, self._log = faults, log

    def health(self, call: Call) -> Answer:
        """GET /_emulator/health."""
        return Answer(200, {"status": "ok"})

    def requests(self, call: Call) -> Answer:
        """GET /_emulator/requests."""
        return Answer(200, {"requests": [asdict(entry) for entry in self._log.entries()]})

    def clear_requests(self, call: Call) -> Answer:
        """DELETE /_emulator/requests."""
        self._log.clear()
        return self.requests(call)

    def faults(self, call: Call) -> Answer:
        """GET /_emulator/faults: those that can still strike."""
        return Answer(200, {"faults": self._faults.pending()})

    def inject(self, call: Call) -> Answer:
        """POST /_emulator/faults: one fault, or a list of them, beside those in force."""
        body = checks.json_body(call.text)
        try:
            self._faults.inject(fault_spec.parse(body if isinstance(body, list) else [body]))
        except FaultError as error:
            raise Refusal(422, "invalid_fault", str(error)) from error
        return Answer(201, {"faults": self._faults.pending()})

    def clear_faults(self, call: Call) -> Answer:
        """DELETE /_emulator/faults."""
        self._faults.clear()
        return self.faults(call)

    def settings(self, call: Call) -> Answer:
        """GET /_emulator/settings."""
        return Answer(200, asdict(call.settings))

    def change_settings(self, call: Call) -> Answer:
        """PATCH /_emulator/settings: those that the body names."""
        try:
            changed = call.settings.changed(checks.json_body(call.text))
        except ValueError as error:
            raise Refusal(422, "invalid_setting", str(error)) from error
        store.write_settings(call.db, changed)
        return Answer(200, asdict(changed))
