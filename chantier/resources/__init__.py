"""One file per concern of the template, each usable alone.

A builder receives the parts that are already built and refers to them as
objects, so Python's argument order is the dependency order and a dangling
reference cannot be typed. It reads `functions` only as text.
"""
