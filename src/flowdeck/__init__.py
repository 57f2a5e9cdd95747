"""flowdeck: infrastructure as code for Globus Flows.

The doors, in the order of the sentence; each takes and returns the frozen values of `flowdeck.model`:

    manifest.load(path, environment)             -> Manifest | None, Diagnostics
    observe.observe(manifest, reader)            -> Live, Diagnostics
    plan.build(manifest, live, service)          -> Plan
    apply.execute(plan, writer, reader, ...)     -> Result
    render.plan_text.plan(plan, paint)           -> str

`flowdeck.workflow` walks through them; `flowdeck.service.globus` makes the Reader and the Writer.
"""

__version__ = "0.1.0"
