"""One thin file per Lambda, with what they share.

Each is tested as a module here and shipped as the text of one `index.py`
(`chantier.bundle`), so it imports names, never modules, from our own packages.
"""
