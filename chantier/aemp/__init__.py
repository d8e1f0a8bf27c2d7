"""ISO 15143-3 (AEMP 2.0): the fleet snapshot that makers' portals and this site exchange.

`known` says a machine's last values, `writing` makes a snapshot of them; `tree` and
`equipment` read one in whatever dialect, `matching` finds whose it is, `feeding` makes
readings of it. None of them opens a connection.
"""
