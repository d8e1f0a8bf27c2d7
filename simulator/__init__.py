"""A simulated fleet: machines with habits, physics, incidents and their own certificate.

    plan, machine (physics) -> agent (batch, urgent at once) -> link (MQTT); a clock, real or not

Everything below `link` and `fleet` is pure: the same seed gives the same bytes.
Nothing here knows AWS, a template or a stack.
"""
