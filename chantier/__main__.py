"""`python -m chantier` is the command line."""

from chantier.cli import main

main()
